// A metric: its definition (what makes it the same metric), and its table of series.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/bucket_mapping.h"
#include "core/cell.h"
#include "core/cell_allocator.h"
#include "core/segmented_vector.h"
#include "core/status.h"

namespace nanotally {

enum class MetricType : std::uint8_t { kCounter, kGauge, kHistogram };

// How the values that several environments set for one gauge become one.
enum class Aggregate : std::uint8_t { kSum, kLast, kMin, kMax, kAverage };

// What the end of an environment does to its gauge values. kDefault: `last` keeps; `min`, `max`,
// `average` drop; `sum` keeps what was only incremented and decremented and drops what was set.
enum class OnExit : std::uint8_t { kDefault, kKeep, kDrop };

// What a gauge is told as by the formats that know more than gauges: a set of facts in labels whose
// value is 1, or one of several states, the one whose value is 1.
enum class GaugeKind : std::uint8_t { kPlain, kInfo, kStateSet };

// Why a recording was dropped, in the order of RejectionName.
enum class Rejection : std::uint8_t {
  kNotANumber,
  kNegative,
  kInfinite,
  kLabels,
  kRemoved,
  kDefinition,
  kCollect,
  kMemory,
  kNoHandle
};
inline constexpr std::array<const char*, 9> kRejectionNames = {
    "not_a_number", "negative", "infinite", "labels",   "removed",
    "definition",   "collect",  "memory",   "no_handle"};

// What is left of lib's validation here: memory safety. Names and label names were checked by lib.
struct MetricDefinition {
  std::string name;
  std::string help;
  std::string unit;
  MetricType type = MetricType::kCounter;
  std::vector<std::string> labels;  // the optional ones last
  std::uint32_t optional_labels = 0;
  Aggregate aggregate = Aggregate::kSum;  // gauges
  OnExit on_exit = OnExit::kDefault;      // gauges
  GaugeKind gauge_kind = GaugeKind::kPlain;
  std::optional<int> schema;   // exponential histograms
  std::vector<double> bounds;  // explicit histograms: ascending finite upper bounds, +Inf implied
  // Exponential histograms: which boundaries the text formats show. Those of a coarser schema, or
  // these, each a boundary of `schema`; by default render/classic_buckets.h chooses.
  std::optional<int> classic_schema;
  std::vector<double> classic_bounds;
  std::uint32_t max_series = 2000;
  std::chrono::milliseconds idle_timeout{0};  // 0: series do not expire

  // Help, max_series and idle_timeout are not part of a metric's identity: the first definition's
  // hold.
  [[nodiscard]] bool IsSameMetric(const MetricDefinition& other) const {
    return name == other.name && type == other.type && unit == other.unit &&
           labels == other.labels && optional_labels == other.optional_labels &&
           aggregate == other.aggregate && on_exit == other.on_exit &&
           gauge_kind == other.gauge_kind && schema == other.schema && bounds == other.bounds &&
           classic_schema == other.classic_schema && classic_bounds == other.classic_bounds;
  }
};

// The cells of a gauge series. A stamp of 0 means never set; otherwise its magnitude is the
// registry's tick at the last record, and it is negative once `set` was called (rather than only
// inc and dec).
struct GaugeCells {
  static constexpr std::uint32_t kValue = 0, kStamp = 1, kCount = 2;
};

// The cells of an explicit-bucket histogram series: these, then a bucket for each bound, then the
// one up to +Inf.
struct ExplicitCells {
  static constexpr std::uint32_t kSum = 0, kNaN = 1, kBuckets = 2;
  static constexpr std::size_t kMaxBounds = 1000;
};

// The cells at the head of an exponential histogram series. Behind them lie its first blocks of
// bucket cells; further ones lie elsewhere. From
// kFirstOctave on they hold int32 words that only the owning thread reads, its short way to the
// blocks, and no part of any merge: lib/instruments/exponential.ts tells what they say.
struct ExponentialCells {
  static constexpr std::uint32_t kSum = 0, kZero = 1, kNaN = 2, kPositiveInfinity = 3,
                                 kNegativeInfinity = 4, kFirstOctave = 5, kDirectory = 8,
                                 kDirectorySlots = 32, kCount = kDirectory + kDirectorySlots / 2;
  static_assert(kCount % kCellsPerLine == 0, "heads are whole cache lines");
};

// A block of buckets of one series. Either it has a number from the start, or it lies in reserve
// for native threads, one of which gives it the number that it needs: see Series::ClaimBlock.
struct Block {
  static constexpr std::int32_t kReserved = std::numeric_limits<std::int32_t>::min();

  // key >> BlockBits, set once. relaxed: the rest of a block is published with its list, and
  // whoever misses a number misses counts that it may miss anyway.
  std::atomic<std::int32_t> number;
  const CellAddress address;
  Block* const next;
};

// One series. Complete when it is published in the table; only its list of blocks grows afterwards.
// Several blocks may have the same number, where threads needed it at the same time.
struct Series {
  std::string labels;  // escaped and joined as the text formats want it: method="GET",status="200"
  CellAddress address = kNowhere;
  double created = 0;  // seconds since the Unix epoch
  // release store when a block is put in front: pairs with the acquire load in ForEachBlock,
  // publishes the block.
  std::atomic<Block*> blocks{nullptr};

  template <typename Visit>
  void ForEachBlock(Visit&& visit) const {
    for (const Block* block = blocks.load(std::memory_order_acquire); block != nullptr;
         block = block->next) {
      visit(*block);
    }
  }

  // Any thread; neither locks nor allocates. The address of a block of that number for which
  // is_usable(address), made of a reserved one if there is none; kNowhere when the reserve is used
  // up.
  template <typename IsUsable>
  [[nodiscard]] CellAddress ClaimBlock(std::int32_t number, IsUsable&& is_usable) const noexcept {
    for (const bool may_claim : {false, true}) {
      for (Block* block = blocks.load(std::memory_order_acquire); block != nullptr;
           block = block->next) {
        std::int32_t found = may_claim ? Block::kReserved : number;
        const bool has_number =
            block->number.compare_exchange_strong(found, number, std::memory_order_relaxed);
        if ((has_number || found == number) && is_usable(block->address)) return block->address;
      }
    }
    return kNowhere;
  }
};

struct ResolvedSeries {
  std::uint32_t index = 0;
  CellAddress address = kNowhere;
  bool overflow = false;
};

// Reads are for any thread; what changes the table is called under the registry's registration
// mutex. Shared ownership: a snapshot keeps the metrics that it shows alive while it is being
// rendered.
class Metric {
 public:
  Metric(std::uint32_t id, MetricDefinition definition);
  ~Metric();
  Metric(const Metric&) = delete;
  Metric& operator=(const Metric&) = delete;

  [[nodiscard]] std::uint32_t id() const { return id_; }
  [[nodiscard]] const MetricDefinition& definition() const { return definition_; }
  [[nodiscard]] const std::string& name() const { return definition_.name; }
  [[nodiscard]] bool IsExponential() const { return definition_.schema.has_value(); }
  // Exponential histograms only.
  [[nodiscard]] const BucketMapping& mapping() const {
    return BucketMapping::ForSchema(*definition_.schema);
  }
  // Cells at the address of each series; for exponential histograms the head and its blocks.
  [[nodiscard]] std::uint32_t CellsPerSeries() const { return cells_per_series_; }

  [[nodiscard]] const SegmentedVector<Series>& series() const { return series_; }

  // Registration mutex held. The series with these label values (as many as labels; empty =
  // optional and absent), made if missing; past max_series the one overflow series, counted.
  Result<ResolvedSeries> Resolve(std::span<const std::string> values, CellAllocator& cells);

  // Registration mutex held. The address of a block of a series, made if missing. Exponential
  // histograms only.
  Result<CellAddress> ResolveBlock(std::uint32_t series, std::int32_t number, CellAllocator& cells);

  // Registration mutex held. Puts another block in reserve for `series`, whose cells lie at
  // `address`.
  void ReserveBlock(std::uint32_t series, CellAddress address);
  // Any thread.
  [[nodiscard]] std::uint32_t ReservedBlocks(std::uint32_t series) const;

  // Calls visit(address, cells) for every range that the metric's series hold.
  template <typename Visit>
  void ForEachRange(Visit&& visit) const {
    const std::size_t count = series_.size();
    for (std::size_t i = 0; i < count; ++i) {
      visit(series_[i].address, cells_per_series_);
      series_[i].ForEachBlock([&](const Block& block) {
        const bool is_in_head = block.address - series_[i].address < cells_per_series_;
        if (!is_in_head) visit(block.address, mapping().BlockCells());
      });
    }
  }

  void CountRejection(Rejection reason) {
    rejected_[static_cast<std::size_t>(reason)].fetch_add(
        1, std::memory_order_relaxed);  // relaxed: a statistic
  }
  [[nodiscard]] std::uint64_t Rejected(Rejection reason) const {
    return rejected_[static_cast<std::size_t>(reason)].load(std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t Overflowed() const {
    return overflowed_.load(std::memory_order_relaxed);
  }

  // Set once, before any environment acknowledges the removal. release/acquire: whoever sees it set
  // under the merge lock leaves the metric's cells alone.
  void MarkRemoved() { removed_.store(true, std::memory_order_release); }
  [[nodiscard]] bool IsRemoved() const { return removed_.load(std::memory_order_acquire); }

 private:
  Result<ResolvedSeries> AddSeries(std::string labels, CellAllocator& cells);
  void AddBlock(Series& series, std::int32_t number, CellAddress address);

  const std::uint32_t id_;
  const MetricDefinition definition_;
  const std::uint32_t cells_per_series_;
  SegmentedVector<Series> series_;
  std::unordered_map<std::string_view, std::uint32_t>
      index_;  // label text -> series; views into series_
  std::optional<ResolvedSeries> overflow_;
  std::array<std::atomic<std::uint64_t>, kRejectionNames.size()> rejected_{};
  std::atomic<std::uint64_t> overflowed_{0};
  std::atomic<bool> removed_{false};
};

}  // namespace nanotally
