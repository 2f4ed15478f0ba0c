// Stands for what is around a registry in the addon: its memory, definitions in short, and
// environments that record as lib/instruments does, but in C++.
#pragma once

#include <cmath>
#include <cstdint>
#include <map>
#include <span>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "core/registry.h"
#include "core/snapshot.h"
#include "test/support/pages.h"

namespace nanotally {

// The value of a result that has to be one.
template <typename T>
T Must(Result<T> result) {
  if (!result.ok()) throw std::runtime_error(result.status().message);
  return std::move(result.value());
}
inline void Must(const Status& status) {
  if (!status.ok()) throw std::runtime_error(status.message);
}

inline MetricDefinition CounterOf(std::string name, std::vector<std::string> labels = {}) {
  MetricDefinition definition;
  definition.name = std::move(name);
  definition.help = "A counter.";
  definition.labels = std::move(labels);
  return definition;
}

inline MetricDefinition GaugeOf(std::string name, Aggregate aggregate,
                                OnExit on_exit = OnExit::kDefault) {
  MetricDefinition definition;
  definition.name = std::move(name);
  definition.help = "A gauge.";
  definition.type = MetricType::kGauge;
  definition.aggregate = aggregate;
  definition.on_exit = on_exit;
  return definition;
}

inline MetricDefinition ExponentialOf(std::string name, int schema,
                                      std::vector<std::string> labels = {}) {
  MetricDefinition definition;
  definition.name = std::move(name);
  definition.help = "A histogram.";
  definition.type = MetricType::kHistogram;
  definition.schema = schema;
  definition.labels = std::move(labels);
  return definition;
}

inline MetricDefinition ExplicitOf(std::string name, std::vector<double> bounds,
                                   std::vector<std::string> labels = {}) {
  MetricDefinition definition;
  definition.name = std::move(name);
  definition.help = "A histogram.";
  definition.type = MetricType::kHistogram;
  definition.bounds = std::move(bounds);
  definition.labels = std::move(labels);
  return definition;
}

// By a recorder that ends at once.
inline Result<ResolvedSeries> ResolveOnce(Registry& registry, MetricId metric,
                                          std::span<const std::string> values = {}) {
  Shard* shard = registry.OpenShard();
  auto resolved = registry.Resolve(*shard, metric, values);
  registry.EndShard(shard);
  return resolved;
}

// A registry over counted pages. Environments must end before it does.
struct TestRegistry {
  TestPages pages;
  Arena arena{pages};
  Registry registry;

  // Without a name it is private: nothing but what a test defines is exposed.
  explicit TestRegistry(std::string name = {}) : registry(arena, 1, std::move(name)) {}

  Registry* operator->() { return &registry; }
  MetricId Define(MetricDefinition definition) {
    return Must(registry.Define(std::move(definition))).id;
  }
  Result<ResolvedSeries> Resolve(MetricId metric, std::span<const std::string> values) {
    return ResolveOnce(registry, metric, values);
  }
};

// A time that tests count from.
inline Clock::time_point At(std::int64_t ms) {
  return Clock::time_point(std::chrono::hours(1) + std::chrono::milliseconds(ms));
}

// A metric of a snapshot by its name; nullptr when it is not there.
inline const MetricSnapshot* FindMetric(const Snapshot& snapshot, std::string_view name) {
  for (const MetricSnapshot& metric : snapshot.metrics) {
    if (metric.metric->name() == name) return &metric;
  }
  return nullptr;
}

inline const MetricSnapshot& GetMetric(const Snapshot& snapshot, std::string_view name) {
  const MetricSnapshot* found = FindMetric(snapshot, name);
  if (found == nullptr) throw std::runtime_error("no metric " + std::string(name));
  return *found;
}

inline std::vector<std::uint64_t> EpochsOf(std::span<const Removal> removals) {
  std::vector<std::uint64_t> epochs;
  for (const Removal& removal : removals) epochs.push_back(removal.epoch);
  return epochs;
}

// One environment: a shard, used by one thread at a time. Ends with the object at the latest.
class Environment {
 public:
  explicit Environment(Registry& registry) : registry_(registry), shard_(registry.OpenShard()) {}
  ~Environment() { End(); }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  void End() {
    if (Shard* shard = std::exchange(shard_, nullptr)) registry_.EndShard(shard);
  }

  [[nodiscard]] Shard& shard() { return *shard_; }

  ResolvedSeries Resolve(MetricId metric, const std::vector<std::string>& values = {}) {
    return Must(registry_.Resolve(*shard_, metric, values));
  }

  // This environment's cells from `address` on.
  double* Cells(CellAddress address) {
    double* chunk = registry_.EnsureChunk(*shard_, ChunkOf(address));
    if (chunk == nullptr) throw std::bad_alloc();
    return chunk + OffsetOf(address);
  }

  // Resolves a series and returns its cells.
  double* Bind(MetricId metric, const std::vector<std::string>& values = {}) {
    return Cells(Resolve(metric, values).address);
  }

  // As BoundGauge.set and .inc: the value first, then the stamp.
  void SetGauge(CellAddress gauge, double value) {
    double* cells = Cells(gauge);
    StoreCell(cells + GaugeCells::kValue, value);
    StoreStamp(cells, -Tick(gauge));
  }
  void AddToGauge(CellAddress gauge, double amount) {
    double* cells = Cells(gauge);
    AddToCell(cells + GaugeCells::kValue, amount);
    const double tick = Tick(gauge);
    StoreStamp(cells, LoadCell(cells + GaugeCells::kStamp) < 0 ? -tick : tick);
  }

  // As BoundExponential.observe: the bucket first, then the sum.
  void ObserveExponential(const Metric& metric, const ResolvedSeries& series, double value) {
    double* head = Cells(series.address);
    if (std::isnan(value)) {
      AddToCell(head + ExponentialCells::kNaN, 1);
    } else if (std::abs(value) <= kZeroThreshold) {
      AddToCell(head + ExponentialCells::kZero, 1);
    } else if (std::isinf(value)) {
      AddToCell(head + (value > 0 ? ExponentialCells::kPositiveInfinity
                                  : ExponentialCells::kNegativeInfinity),
                1);
    } else {
      const BucketMapping& mapping = metric.mapping();
      const std::int32_t key = mapping.KeyOf(value);
      const std::uint32_t offset = static_cast<std::uint32_t>(key) & (mapping.BlockCells() - 1);
      AddToCell(Cells(BlockAddress(metric.id(), series.index, key >> mapping.BlockBits()) + offset),
                1);
    }
    AddToCell(head + ExponentialCells::kSum, value);
  }

  // As BoundExplicit.observe.
  void ObserveExplicit(const Metric& metric, const ResolvedSeries& series, double value) {
    const auto& bounds = metric.definition().bounds;
    double* cells = Cells(series.address);
    std::uint32_t cell = ExplicitCells::kNaN;
    if (!std::isnan(value)) {
      cell = ExplicitCells::kBuckets;
      for (const double bound : bounds) cell += value > bound ? 1 : 0;
    }
    AddToCell(cells + cell, 1);
    AddToCell(cells + ExplicitCells::kSum, value);
  }

  // As Registry._catchUp: how many removals were acknowledged.
  std::size_t CatchUp() {
    const auto epochs = EpochsOf(registry_.PendingRemovals(*shard_));
    if (!epochs.empty()) registry_.Acknowledge(*shard_, epochs);
    return epochs.size();
  }

  // The registry's tick as the chunk of `address` has it.
  double Tick(CellAddress address) {
    return LoadCell(Cells(MakeAddress(ChunkOf(address), kTickCell)));
  }

 private:
  // release: as strong as the order in which x86-64 keeps the two stores of JavaScript.
  static void StoreStamp(double* cells, double stamp) {
    std::atomic_ref<double>(cells[GaugeCells::kStamp]).store(stamp, std::memory_order_release);
  }

  CellAddress BlockAddress(MetricId metric, std::uint32_t series, std::int32_t number) {
    CellAddress& address = blocks_[{metric, series, number}];
    if (address == kNowhere) address = Must(registry_.ResolveBlock(metric, series, number));
    return address;
  }

  Registry& registry_;
  Shard* shard_;
  std::map<std::tuple<MetricId, std::uint32_t, std::int32_t>, CellAddress> blocks_;
};

}  // namespace nanotally
