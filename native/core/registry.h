// A registry: metrics, the shards that record into them, and the snapshot protocol between the two.
//
// Locks, all cold. `registration_` guards definitions, series tables and the allocator; `merge_` is
// held shared while cells are read and exclusively while a shard is listed, folded and unlisted, or
// cells are cleared; `tick_mutex_` guards the tick. registration_ and merge_ are never held
// together; tick_mutex_ is a leaf. Recording takes none of them, and formatting happens after all
// are released.
//
// Removing a metric. It leaves the table at once and is marked, so snapshots that start later skip
// its cells. Its cells are reused only after every shard that was listed at that time has
// acknowledged (its recorder has redirected its handles) or ended: the metric waits in graves_
// until then. An acknowledging shard zeroes its own cells, as it is their only writer, under the
// exclusive lock, so a snapshot that still reads the metric is over by then.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/arena.h"
#include "core/cell_allocator.h"
#include "core/derived_gauge.h"
#include "core/merge_lock.h"
#include "core/metric.h"
#include "core/retired_totals.h"
#include "core/shard.h"
#include "core/snapshot.h"
#include "core/status.h"

namespace nanotally {

using MetricId = std::uint32_t;

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
  // Takes everything out, for good. Idempotent.
  void Close();
  [[nodiscard]] bool IsClosed() const { return closed_.load(std::memory_order_acquire); }

  // Series. kMetricRemoved once the metric is gone.
  Result<ResolvedSeries> Resolve(MetricId metric, std::span<const std::string> values);
  Result<CellAddress> ResolveBlock(MetricId metric, std::uint32_t series, std::int32_t number);
  // nullptr when there is no such metric (any more).
  [[nodiscard]] std::shared_ptr<Metric> Find(MetricId metric) const;
  // nullptr likewise.
  [[nodiscard]] std::shared_ptr<Metric> FindByName(const std::string& name) const;

  // Fills the reserve of blocks of an exponential histogram's series up to `blocks`, with the
  // chunks that they lie in already in `shard`.
  Status ReserveBlocks(MetricId metric, std::uint32_t series, std::uint32_t blocks, Shard& shard);

  // Shards. The registry owns them; one belongs to the recorder that opened it: an environment, on
  // whose thread all of these run, or the native threads, see native/record/.
  [[nodiscard]] Shard* OpenShard(Slots slots = {});
  // Folds what the shard holds into the retired totals and frees its chunks. Without
  // memory for the totals it throws std::bad_alloc and has folded nothing: the shard counts on.
  void EndShard(Shard* shard);
  // The chunk's cells; nullptr when there is no memory.
  [[nodiscard]] double* EnsureChunk(Shard& shard, std::uint32_t index);
  // The same with memory that the environment's runtime owns.
  void AdoptChunk(Shard& shard, std::uint32_t index, double* memory);

  // The removed metrics that `shard` has yet to acknowledge, and acknowledging them: by then no
  // handle of the environment leads to their cells any more.
  [[nodiscard]] std::vector<MetricId> PendingRemovals(const Shard& shard) const;
  void Acknowledge(Shard& shard, std::span<const MetricId> metrics);
  // Calls `listener` after each removal, on the removing thread, which holds no lock. At most one;
  // an empty function ends it.
  void OnRemoval(std::function<void()> listener);

  // Reading.
  [[nodiscard]] Snapshot TakeSnapshot(Clock::time_point now);

  // Called about every 100 ms: advances the tick that orders gauge values, and samples the rates.
  void Tick(Clock::time_point now);

  void CountRejection(MetricId metric, Rejection reason);
  // Recordings that belong to no metric (any more). Takes no lock.
  void CountRejection(Rejection reason, std::uint64_t count = 1);

 private:
  // A removed metric, and the ordinals of the shards whose acknowledgement it waits for.
  struct Grave {
    std::shared_ptr<Metric> metric;
    std::set<std::uint32_t> pending;
  };

  Status CheckNameLockHeld(const std::string& name, bool is_histogram) const;
  void BuryLockHeld(std::shared_ptr<Metric> metric);
  void TellRemoved();
  void ReleasePending(std::uint32_t ordinal, std::span<const MetricId> metrics);
  void Reclaim(std::vector<std::shared_ptr<Metric>> metrics);
  void AdvanceTick();
  void PublishTickLockHeld(double* chunk) const;
  [[nodiscard]] std::vector<std::shared_ptr<Metric>> Metrics() const;
  [[nodiscard]] std::vector<std::shared_ptr<DerivedGauge>> DerivedGauges() const;
  [[nodiscard]] std::vector<MetricSnapshot> Merge(std::span<const std::shared_ptr<Metric>> metrics);

  Arena& arena_;
  const std::uint32_t id_;
  const std::string name_;
  std::atomic<bool> closed_{
      false};  // release when closing, acquire in IsClosed: no data depends on it
  std::atomic<bool> orders_gauges_{
      false};  // whether any gauge needs the tick; relaxed: a late tick costs 100 ms of order
  std::array<std::atomic<std::uint64_t>, kRejectionNames.size()>
      rejected_{};  // relaxed: statistics

  mutable std::mutex registration_;
  std::map<std::string, std::shared_ptr<Metric>> metrics_;
  std::map<std::string, std::shared_ptr<DerivedGauge>> derived_;
  std::unordered_map<MetricId, std::shared_ptr<Metric>> by_id_;
  MetricId next_id_ = 1;
  CellAllocator cells_;
  std::set<std::uint32_t> live_shards_;  // ordinals
  std::vector<Grave> graves_;
  std::function<void()> on_removal_;

  MergeLock merge_;
  std::vector<std::unique_ptr<Shard>> shards_;  // ascending by ordinal
  RetiredTotals retired_;
  std::uint32_t next_ordinal_ = 0;

  std::mutex tick_mutex_;
  double tick_ = 1;  // 0 would read as "never set"
};

}  // namespace nanotally
