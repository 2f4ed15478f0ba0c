// The index of an engine's memories, in three tiers. New vectors come into a mutable HNSW (hot);
// when that is full it is sealed and becomes the newest warm segment. Of more than `warm_segments`
// the oldest goes to a file (cold), and of more than `cold_segments` of those the oldest is let go.
//
// Thread-safe: many searches at once, or one insertion, check or repair, by a shared_mutex. Sealing
// and moving happen in the insertion that makes them due, some milliseconds for 2000 vectors.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <span>
#include <vector>

#include "hnsw.h"
#include "metrics.h"
#include "segment.h"

namespace engram {

enum Tier { kHot, kWarm, kCold, kTiers };

struct MemoryIndexOptions {
  HnswOptions hot;
  std::size_t warm_segments = 4, cold_segments = 8;
};

struct Hit {
  float score;  // the cosine; in warm and cold segments of the quantised vector
  std::uint32_t id;
  Tier tier;
};

// What an index counts of itself: plain integers, in no way by way of metrics.
struct MemoryIndexBooks {
  std::uint64_t inserted = 0, not_unit = 0, broken = 0, no_memory = 0;
  std::uint64_t seals = 0, to_cold = 0, dropped_segments = 0, dropped_vectors = 0;
  std::uint64_t searches = 0, faults = 0;
  std::array<std::uint64_t, kTiers> graphs_searched{};  // a search looks at each segment
  std::array<double, kTiers> seconds{};                 // of searches
  std::array<std::uint64_t, kTiers> hits{};
  // Of what engram_hnsw_traversal_hops observed.
  std::array<std::array<std::uint64_t, kLayers>, kQueryTypes> hops_count{}, hops_sum{};
  std::uint64_t distances = 0;
  std::array<std::uint64_t, 2> near{}, far{};  // [prefetched]
};

// What is in a tier now.
struct TierContents {
  std::uint64_t segments = 0, vectors = 0, memory_bytes = 0, file_bytes = 0;
  std::uint64_t raw_edge_bytes = 0, encoded_edge_bytes = 0;
};

class MemoryIndex {
 public:
  explicit MemoryIndex(const MemoryIndexOptions& options);
  ~MemoryIndex();
  MemoryIndex(const MemoryIndex&) = delete;
  MemoryIndex& operator=(const MemoryIndex&) = delete;

  // `sealed` tells whether it was the last one that its segment had room for.
  [[nodiscard]] InsertStatus Insert(std::uint32_t id, const float* vector, bool& sealed);

  struct Searched {
    bool is_unit = false;  // false: the query is none, and nothing was searched
    std::size_t count = 0;
    std::array<double, kTiers> seconds{};
    Trace total;  // hops of all segments, added up
  };
  // The best of all tiers in `hits`, as many as it has room for, the highest score first.
  [[nodiscard]] Searched Search(const float* query, std::size_t ef, QueryType type,
                                std::span<Hit> hits) const;

  // Of each tier. From a graph that is not sound on, insertions are refused, until Repair.
  std::array<Integrity, kTiers> CheckIntegrity();
  bool IsBroken() const noexcept { return broken_.load(std::memory_order_relaxed); }

  // Breaks the hot graph, or with kSegment the newest warm segment. False: there is none to break.
  bool Corrupt(Fault fault, std::uint64_t seed);

  struct Repaired {
    std::uint64_t kept = 0, lost = 0;  // vectors of the graphs that were built anew
  };
  // Builds every graph that is not sound anew from its vectors. Lost are those that are none.
  Repaired Repair();

  std::array<TierContents, kTiers> Contents() const;
  MemoryIndexBooks Books() const;
  const MemoryIndexOptions& options() const noexcept { return options_; }

 private:
  using Segments = std::deque<std::unique_ptr<Segment>>;  // the oldest first

  std::unique_ptr<Hnsw> NewHnsw();
  void Seal();
  void MakeRoom();
  Integrity CheckTier(Tier tier) const;
  void RepairSegment(std::unique_ptr<Segment>& segment, Repaired& repaired);
  void Note(QueryType type, const Trace& trace) const noexcept;

  const MemoryIndexOptions options_;
  // Who changes the index holds the turnstile while it waits, so that searches that come later wait
  // too: a shared_mutex alone lets them pass for ever.
  mutable std::mutex turnstile_;
  mutable std::shared_mutex mutex_;  // of the graphs
  std::unique_ptr<Hnsw> hot_;
  Segments warm_, cold_;
  std::uint64_t next_seed_;

  // relaxed: it tells insertions to give up; nothing is read because of it. Searches set it too.
  mutable std::atomic<bool> broken_{false};

  mutable std::mutex books_mutex_;  // taken last
  mutable MemoryIndexBooks books_;
};

}  // namespace engram
