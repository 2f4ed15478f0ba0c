// A metric: its definition (what makes it the same metric), and its table of series, whose slots
// are used anew.
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
#include "core/double_double.h"
#include "core/exemplar_slots.h"
#include "core/idle_watch.h"
#include "core/segmented_vector.h"
#include "core/series.h"
#include "core/status.h"

namespace nanotally {

using MetricId = std::uint32_t;

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
  kNoHandle,
  kExemplar,  // of an observation that is recorded, without it
  // Runs of regions (record/perf_region.h): ended out of order, begun too deep, or still open when
  // their job of JavaScript was over.
  kUnpaired,
  kDepth,
  kAsync
};
inline constexpr std::array<const char*, 13> kRejectionNames = {
    "not_a_number", "negative",  "infinite", "labels",   "removed", "definition", "collect",
    "memory",       "no_handle", "exemplar", "unpaired", "depth",   "async"};

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

  [[nodiscard]] bool IsOrdered() const {
    return type == MetricType::kGauge && aggregate == Aggregate::kLast;
  }

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

struct ResolvedSeries {
  std::uint32_t index = 0;
  CellAddress address = kNowhere;
  bool overflow = false;
  // Of a gauge whose latest value is told, how many recorders hold the series; while it is more
  // than one the registry has to tick every kShortestTick.
  std::uint32_t ordered_holders = 0;
};

// Reads are for any thread; what changes the table is called under the registry's registration
// mutex. Shared ownership: a snapshot keeps the metrics that it shows alive while it is being
// rendered.
class Metric {
 public:
  Metric(MetricId id, MetricDefinition definition);
  Metric(const Metric&) = delete;
  Metric& operator=(const Metric&) = delete;

  [[nodiscard]] MetricId id() const { return id_; }
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

  // The table. All of these: registration mutex held.
  //
  // The series with these label values (as many as labels; empty = optional and absent), made if
  // missing, live again if idle; once max_series slots are in use the one overflow series, counted.
  Result<ResolvedSeries> Resolve(std::span<const std::string> values, CellAllocator& cells);
  // The live or idle series with these label values.
  [[nodiscard]] std::optional<std::uint32_t> Find(std::span<const std::string> values) const;
  // Every live or idle series, the overflow series among them.
  [[nodiscard]] std::vector<std::uint32_t> Indices() const;
  // Ends a live or idle series: kRemoved or kExpired. Its label set leads to a new one from now on.
  void TakeOut(std::uint32_t series, SeriesState to);
  // Frees the cells and the slot of a series that was taken out; nobody looks at it any more.
  void Free(std::uint32_t series, CellAllocator& cells);
  void AddHolder(std::uint32_t series, bool pins);
  void RemoveHolder(std::uint32_t series, bool pins);
  void SetState(std::uint32_t series, SeriesState state) {
    series_[series].state.store(state, std::memory_order_release);
  }
  [[nodiscard]] bool HasRoom() const { return InUse() < definition_.max_series; }
  [[nodiscard]] bool IsOverflow(std::uint32_t series) const {
    return overflow_ && overflow_->index == series;
  }
  [[nodiscard]] IdleWatch& idle_watch() { return idle_watch_; }

  // Registration mutex held. The address of a block of a series, made if missing. Exponential
  // histograms only.
  Result<CellAddress> ResolveBlock(std::uint32_t series, std::int32_t number, CellAllocator& cells);

  // Registration mutex held. Puts another block in reserve for `series`, whose cells lie at
  // `address`.
  void ReserveBlock(std::uint32_t series, CellAddress address);
  // Any thread.
  [[nodiscard]] std::uint32_t ReservedBlocks(std::uint32_t series) const;

  // Any thread that holds the series. Keeps an exemplar of an observation in it, taken now; of NaN,
  // which no bucket holds, there is none. kInvalidArgument: no such series of a histogram. Throws
  // std::bad_alloc.
  Status RecordExemplar(std::uint32_t series, double value, const TraceIds& ids);
  // Any thread. One that is being stored meanwhile may stay.
  void ClearExemplars(std::uint32_t series) { series_[series].exemplars.Clear(); }

  // Calls visit(address, cells) for every range of cells of one series.
  template <typename Visit>
  void ForEachRangeOf(const Series& series, Visit&& visit) const {
    visit(series.address, cells_per_series_);
    series.ForEachBlock([&](const Block& block) {
      const bool is_in_head = block.address - series.address < cells_per_series_;
      if (!is_in_head) visit(block.address, mapping().BlockCells());
    });
  }

  // Calls visit(index, series) for every series that has not ended.
  template <typename Visit>
  void ForEachSeries(Visit&& visit) const {
    const auto count = static_cast<std::uint32_t>(series_.size());
    for (std::uint32_t i = 0; i < count; ++i) {
      const Series& series = series_[i];
      if (series.Is(SeriesState::kLive) || series.Is(SeriesState::kIdle)) visit(i, series);
    }
  }

  // What expired series held: a counter's value, a histogram's observations. Guarded by the merge
  // lock.
  DoubleDouble expired;

  // Exclusive merge lock held, as snapshots read it, and the epoch pinned.
  void SetCreated(std::uint32_t series, double created) { series_[series].created = created; }

  void CountRejection(Rejection reason, std::uint64_t count = 1) {
    rejected_[static_cast<std::size_t>(reason)].fetch_add(
        count, std::memory_order_relaxed);  // relaxed: a statistic
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
  std::size_t TakeSlot();
  // Slots that are not free; the overflow series has one beside them.
  [[nodiscard]] std::size_t InUse() const {
    return series_.size() - free_slots_.size() - (overflow_ ? 1 : 0);
  }
  void AddBlock(Series& series, std::int32_t number, CellAddress address);

  const MetricId id_;
  const MetricDefinition definition_;
  const std::uint32_t cells_per_series_;
  SegmentedVector<Series> series_;
  std::unordered_map<std::string_view, std::uint32_t>
      index_;  // label text -> series, live or idle; views into series_
  std::vector<std::uint32_t> free_slots_;
  std::optional<ResolvedSeries> overflow_;
  IdleWatch idle_watch_;
  std::array<std::atomic<std::uint64_t>, kRejectionNames.size()> rejected_{};
  std::atomic<std::uint64_t> overflowed_{0};
  std::atomic<bool> removed_{false};
};

}  // namespace nanotally
