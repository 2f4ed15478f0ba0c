// A registry: metrics, the shards that record into them, and the snapshot protocol between the two.
//
// Locks, all cold. `registration_` guards definitions, series tables and the allocator; `merge_` is
// held shared while cells are read and exclusively while a shard is listed, folded and unlisted, or
// cells are cleared; `tick_mutex_` guards the tick. registration_ and merge_ are never held
// together; tick_mutex_ is a leaf. Recording takes none of them, and formatting happens after all
// are released.
//
// The life of a series. A label set that is asked for takes a free slot of its metric's table
// (kLive). Its cells lie at one address in every shard; a recorder that holds a handle may write
// its own at any time, without any lock. From there:
//
// - Removal (RemoveSeries, Clear, Remove, Close): at once the series is kRemoved, or its metric is
//   marked, so snapshots that start later skip it, and its label set leads to a new series. Every
//   recorder that held it redirects its handles and acknowledges; one that ends has acknowledged
//   all. Then, and when no snapshot that may name it is left (core/epochs.h), whoever finds that
//   zeroes its cells in all shards: nobody else can write them, and a recorder that let go of it
//   long ago may have left its share. Cells and slot are used anew.
// - Idleness (a metric's idle_timeout): a tick that finds its cells unchanged for so long hides it
//   (kIdle) and asks the recorders that hold it to let go: each does that unless its user may still
//   record through a handle. A tick that sees the cells change, or a lookup, makes it kLive again,
//   as it was. When nobody holds it at two ticks, and nothing changed between them, it is kExpired:
//   its label set leads to a new series, and once no snapshot may name it, its count is added to
//   its metric's total and it is cleared as above. A series that native threads hold is never idle.
//
// Slots that are not free count against max_series: a recorder that does not answer delays reuse
// and lets label sets overflow, but it cannot make memory grow. Everything that zeroes or folds
// cells holds the exclusive merge lock, so no snapshot sees half of it. The table itself and all
// states change under `registration_`; kExpired to kRemoved, with the folding, under `merge_`.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/arena.h"
#include "core/cell_allocator.h"
#include "core/cell_totals.h"
#include "core/derived_gauge.h"
#include "core/epochs.h"
#include "core/family_source.h"
#include "core/graveyard.h"
#include "core/merge_lock.h"
#include "core/metric.h"
#include "core/shard.h"
#include "core/snapshot.h"
#include "core/status.h"

namespace nanotally {

// A removal, as a recorder is told of it.
struct Removal {
  std::uint64_t epoch = 0;  // to acknowledge it by
  MetricId metric = 0;
  std::optional<std::uint32_t> series;  // none: the whole metric
  // Of the series; empty for the overflow series, and for a metric.
  std::vector<std::string> values;
};

struct DefinedMetric {
  MetricId id = 0;
  bool help_differs = false;  // it was defined before with another help text, which holds
};

// Any thread, where nothing else is said.
class Registry {
 public:
  // `name` is empty for a registry that is private to one environment.
  Registry(Arena& arena, std::uint32_t id, std::string name);
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  [[nodiscard]] std::uint32_t id() const { return id_; }
  [[nodiscard]] const std::string& name() const { return name_; }

  // Definitions. Defining the same metric again returns it; kMetricConflict for another under the
  // same name, or for a name that is a sample of an existing family (x_count beside a histogram x).
  Result<DefinedMetric> Define(MetricDefinition definition);
  Status DefineDerived(DerivedDefinition definition);
  // Takes a metric or a derived gauge out; false when there is none of that name.
  bool Remove(const std::string& name);
  // From now on each snapshot tells what the source does. kMetricConflict where one of its names is
  // taken; nothing happens where it is there already.
  Status AddSource(std::shared_ptr<FamilySource> source);
  void RemoveSource(const FamilySource& source);
  // Takes everything out, for good. Idempotent.
  void Close();
  [[nodiscard]] bool IsClosed() const { return closed_.load(std::memory_order_acquire); }

  // Series. kMetricRemoved once the metric is gone. The recorder of `shard` holds what it resolves.
  Result<ResolvedSeries> Resolve(Shard& shard, MetricId metric,
                                 std::span<const std::string> values);
  Result<CellAddress> ResolveBlock(MetricId metric, std::uint32_t series, std::int32_t number);
  // See Metric::RecordExemplar. kMetricRemoved once the metric is gone.
  Status RecordExemplar(MetricId metric, std::uint32_t series, double value, const TraceIds& ids);
  // The recorder of `shard` has no handle of the series any more that anybody could record through.
  void LetGo(Shard& shard, MetricId metric, std::uint32_t series);
  // Ends a series; false when there is none of these values.
  Result<bool> RemoveSeries(MetricId metric, std::span<const std::string> values);
  // Ends all series of a metric. How many there were.
  Result<std::size_t> Clear(MetricId metric);
  // All series of the metric read as if they had just begun; no cell is written. Recordings made
  // meanwhile may count either way.
  Status Reset(MetricId metric);
  // nullptr when there is no such metric (any more).
  [[nodiscard]] std::shared_ptr<Metric> Find(MetricId metric) const;
  // nullptr likewise.
  [[nodiscard]] std::shared_ptr<Metric> FindByName(const std::string& name) const;

  // Fills the reserve of blocks of an exponential histogram's series up to `blocks`, with the
  // chunks that they lie in already in `shard`.
  Status ReserveBlocks(MetricId metric, std::uint32_t series, std::uint32_t blocks, Shard& shard);

  // Shards. The registry owns them; one belongs to the recorder that opened it: an environment, on
  // whose thread all of these run, or the native threads, see native/record/.
  // `pins`: series that the recorder holds do not become idle.
  [[nodiscard]] Shard* OpenShard(Slots slots = {}, bool pins = false);
  // Folds what the shard holds into the retired totals and frees its chunks. Without
  // memory for the totals it throws std::bad_alloc and has folded nothing: the shard counts on.
  void EndShard(Shard* shard);
  // The chunk's cells; nullptr when there is no memory.
  [[nodiscard]] double* EnsureChunk(Shard& shard, std::uint32_t index);
  // The same with memory that the environment's runtime owns.
  void AdoptChunk(Shard& shard, std::uint32_t index, double* memory);

  // What was removed and `shard` has yet to acknowledge, in that order, and acknowledging it: by
  // then no handle of the recorder leads to those cells any more.
  [[nodiscard]] std::vector<Removal> PendingRemovals(const Shard& shard);
  void Acknowledge(Shard& shard, std::span<const std::uint64_t> epochs);
  // The idle series that the recorder of `shard` was asked to let go of since the last call and
  // still holds; `epoch` means nothing.
  [[nodiscard]] std::vector<Removal> TakeIdle(const Shard& shard);
  // Calls `listener` after each removal, on the removing thread, which holds no lock. At most one;
  // an empty function ends it.
  void OnRemoval(std::function<void()> listener);

  // Reading. What `filter` leaves out is not merged, unless a derived gauge needs it.
  [[nodiscard]] Snapshot TakeSnapshot(Clock::time_point now, NameFilter filter = {});

  // One series of a histogram, over all shards, or all that a snapshot would show together.
  // kMetricRemoved once the metric or the series is gone.
  [[nodiscard]] Result<HistogramValue> ReadHistogram(MetricId metric, std::uint32_t series);
  [[nodiscard]] Result<HistogramValue> ReadHistogramTotal(MetricId metric);

  // Called as often as core/tick_period.h has it for what is defined here: advances the tick that
  // orders gauge values, samples the rates, hides and expires idle series. True when recorders have
  // removals or idle series to look at.
  bool Tick(Clock::time_point now);

  // Notes that so many bytes were rendered.
  void CountRender(std::chrono::nanoseconds took, std::size_t bytes) noexcept;
  // Notes that an exposition was made, for whoever keeps what it tells.
  void NoteScrape(Clock::time_point at) noexcept;
  // Nothing before the first.
  [[nodiscard]] std::optional<Clock::time_point> LastScrape() const noexcept;

  void CountRejection(MetricId metric, Rejection reason);
  // Recordings that belong to no metric (any more). Takes no lock.
  void CountRejection(Rejection reason, std::uint64_t count = 1);
  // All recordings that were dropped so far, of all metrics there are.
  [[nodiscard]] std::uint64_t Rejected() const;

 private:
  Status CheckNameLockHeld(const std::string& name, bool is_histogram) const;
  [[nodiscard]] std::shared_ptr<Metric> FindLockHeld(MetricId metric) const;
  void BuryLockHeld(std::shared_ptr<Metric> metric);
  void EndSeriesLockHeld(const std::shared_ptr<Metric>& metric, std::uint32_t series,
                         SeriesState to);
  void TellRemoved();
  void Reclaim();
  void WatchIdle(const std::shared_ptr<Metric>& metric, Clock::time_point now);
  // Does nothing where no gauge needs the order, but `in_any_case`.
  void AdvanceTick(bool in_any_case = false);
  void PublishTickLockHeld(double* chunk) const;
  [[nodiscard]] std::vector<std::shared_ptr<Metric>> Metrics() const;
  [[nodiscard]] std::vector<std::shared_ptr<DerivedGauge>> DerivedGauges() const;
  [[nodiscard]] std::vector<std::shared_ptr<FamilySource>> Sources() const;
  // Those of `metrics` that `is_wanted` tells of, and the others without series.
  [[nodiscard]] std::vector<MetricSnapshot> Merge(
      std::span<const std::shared_ptr<Metric>> metrics,
      const std::function<bool(const Metric&)>& is_wanted = [](const Metric&) { return true; });

  Arena& arena_;
  const std::uint32_t id_;
  const std::string name_;
  std::atomic<bool> closed_{
      false};  // release when closing, acquire in IsClosed: no data depends on it
  std::atomic<bool> orders_gauges_{
      false};  // whether any gauge needs the tick; relaxed: a late tick costs a period of order
  std::array<std::atomic<std::uint64_t>, kRejectionNames.size()>
      rejected_{};  // relaxed: statistics
  // relaxed: likewise.
  std::atomic<std::uint64_t> renders_{0};
  std::atomic<std::uint64_t> rendered_bytes_{0};
  std::atomic<std::int64_t> render_ns_{0};
  std::atomic<Clock::duration> last_scrape_{Clock::duration::zero()};  // since the clock's epoch

  mutable std::mutex registration_;
  std::map<std::string, std::shared_ptr<Metric>> metrics_;
  std::map<std::string, std::shared_ptr<DerivedGauge>> derived_;
  std::vector<std::shared_ptr<FamilySource>> sources_;
  std::unordered_map<MetricId, std::shared_ptr<Metric>> by_id_;
  MetricId next_id_ = 1;
  CellAllocator cells_;
  Graveyard graveyard_;
  std::function<void()> on_removal_;

  MergeLock merge_;
  std::vector<std::unique_ptr<Shard>> shards_;  // ascending by ordinal
  Remainders remainders_;
  std::uint32_t next_ordinal_ = 0;

  const std::shared_ptr<Epochs> epochs_ = std::make_shared<Epochs>();

  std::mutex tick_mutex_;
  double tick_ = 1;  // 0 would read as "never set"
};

}  // namespace nanotally
