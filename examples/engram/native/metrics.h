// All that the addon records through nanotally.h, in this file and metrics.cc. The families are
// those of nanotally/catalogs/graph and memory, by their names and labels: where JavaScript has
// defined them, these are found. Until Attach nothing is recorded, and nothing counted as lost.
#pragma once

#include <napi.h>  // before nanotally.h, which then declares nanotally_attach

#include <array>
#include <atomic>
#include <cstdint>

#include "nanotally.h"

namespace engram {

// Layers that an index has at most; with 16 edges a node there are 4 from 65 536 nodes on.
inline constexpr int kLayers = 4;

enum QueryType { kSimilarity, kBatchSimilarity, kInsertion, kQueryTypes };
inline constexpr std::array<const char*, kQueryTypes> kQueryTypeNames = {
    "similarity", "batch_similarity", "insertion"};

// What one search in one graph did.
struct Trace {
  std::array<std::uint32_t, kLayers> hops{};  // nodes whose edges were followed, by layer
  int layers = 0;                             // that it went through, from 0 on
  std::uint64_t distances = 0;                // that were computed
  std::uint64_t near = 0;    // visits of a node whose vector begins in the page of the one before
  std::uint64_t far = 0;     // visits of another
  std::uint64_t faults = 0;  // edges or vectors that cannot be: the graph is broken
  bool prefetched = false;   // whether vectors were asked for ahead
};

// Counts what a search did, at its end: an observation of hops for each layer, and the visits.
void RecordSearch(QueryType type, const Trace& trace) noexcept;

// Adds to what encoded edges take, and would take as plain integers; negative when they are gone.
void RecordEdgeBytes(double raw, double encoded) noexcept;

// One series each; NULL until Attach.
template <typename T>
class Handle {
 public:
  // acquire: pairs with Set, and publishes what nanotally made.
  T* Get() const noexcept { return handle_.load(std::memory_order_acquire); }
  void Set(T* handle) noexcept { handle_.store(handle, std::memory_order_release); }

 private:
  std::atomic<T*> handle_{nullptr};
};

enum PoolType { kVectorArena, kEdgeArena, kPoolTypes };
inline constexpr std::array<const char*, kPoolTypes> kPoolTypeNames = {"vector_arena",
                                                                       "edge_arena"};

struct PoolMetrics {
  Handle<nanotally_counter> allocated_bytes, freed_bytes;
  Handle<nanotally_gauge> capacity, fragmented, fragmentable;
};
extern std::array<PoolMetrics, kPoolTypes> pool_metrics;

// `bytes` are those of the size class.
void RecordAllocation(const PoolMetrics& metrics, std::uint64_t bytes, bool aligned) noexcept;
void RecordFree(const PoolMetrics& metrics, std::uint64_t bytes) noexcept;
void RecordCapacity(const PoolMetrics& metrics, std::uint64_t bytes) noexcept;
void RecordFragmentation(const PoolMetrics& metrics, std::uint64_t fragmented,
                         std::uint64_t fragmentable) noexcept;

// Takes what nanotally's nativeInterface() returned. Every thread that loads the addon may call it;
// the first one does the work.
nanotally_status Attach(Napi::Value native_interface);

}  // namespace engram
