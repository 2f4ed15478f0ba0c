// The registry's operations; the protocol is told at the head of registry.h.
#include "core/registry.h"

#include <algorithm>
#include <utility>

#include "core/merge.h"

namespace nanotally {
namespace {

constexpr std::array<std::string_view, 3> kHistogramSuffixes = {"_bucket", "_sum", "_count"};

// Families that every registry makes by itself; see render/.
constexpr std::array<std::string_view, 2> kBuiltIn = {"nanotally_rejected_total",
                                                      "nanotally_overflowed_total"};

Status Conflict(const std::string& name, const std::string& why) {
  return {ErrorCode::kMetricConflict, "metric " + name + " " + why};
}

Status Closed(const std::string& registry) {
  return {ErrorCode::kRegistryClosed,
          registry.empty() ? "the registry is closed" : "the registry " + registry + " is closed"};
}

Status Removed() { return {ErrorCode::kMetricRemoved, "the metric was removed from its registry"}; }

}  // namespace

Registry::Registry(Arena& arena, std::uint32_t id, std::string name)
    : arena_(arena), id_(id), name_(std::move(name)) {}

Status Registry::CheckNameLockHeld(const std::string& name, bool is_histogram) const {
  if (std::find(kBuiltIn.begin(), kBuiltIn.end(), name) != kBuiltIn.end()) {
    return Conflict(name, "is one of nanotally's own");
  }
  for (const std::string_view suffix : kHistogramSuffixes) {
    if (name.ends_with(suffix)) {
      const auto base = metrics_.find(name.substr(0, name.size() - suffix.size()));
      if (base != metrics_.end() && base->second->definition().type == MetricType::kHistogram) {
        return Conflict(name, "is a sample of the histogram " + base->first);
      }
    }
    const std::string sample = name + std::string(suffix);
    if (is_histogram && (metrics_.contains(sample) || derived_.contains(sample))) {
      return Conflict(name, "would have a sample named as the metric " + sample);
    }
  }
  return {};
}

Result<DefinedMetric> Registry::Define(MetricDefinition definition) {
  const std::lock_guard lock(registration_);
  if (IsClosed()) return Closed(name_);
  if (const auto found = metrics_.find(definition.name); found != metrics_.end()) {
    const MetricDefinition& first = found->second->definition();
    if (!first.IsSameMetric(definition)) {
      return Conflict(definition.name,
                      "is already defined with another type, unit, labels, buckets or aggregate");
    }
    return DefinedMetric{found->second->id(), first.help != definition.help};
  }
  if (derived_.contains(definition.name))
    return Conflict(definition.name, "is already a derived gauge");
  if (Status status = CheckNameLockHeld(definition.name, definition.type == MetricType::kHistogram);
      !status.ok()) {
    return status;
  }
  if (definition.type == MetricType::kGauge && definition.aggregate == Aggregate::kLast) {
    orders_gauges_.store(true, std::memory_order_relaxed);
  }
  const MetricId id = next_id_++;
  auto metric = std::make_shared<Metric>(id, std::move(definition));
  by_id_.emplace(id, metric);
  metrics_.emplace(metric->name(), metric);
  return DefinedMetric{id, false};
}

Status Registry::DefineDerived(DerivedDefinition definition) {
  const std::lock_guard lock(registration_);
  if (IsClosed()) return Closed(name_);
  if (const auto found = derived_.find(definition.name); found != derived_.end()) {
    if (found->second->definition().IsSameMetric(definition)) return {};
    return Conflict(definition.name, "is already a derived gauge of another definition");
  }
  if (metrics_.contains(definition.name))
    return Conflict(definition.name, "is already defined and not derived");
  if (Status status = CheckNameLockHeld(definition.name, false); !status.ok()) return status;
  std::string name = definition.name;
  derived_.emplace(std::move(name), std::make_shared<DerivedGauge>(std::move(definition)));
  return {};
}

void Registry::BuryLockHeld(std::shared_ptr<Metric> metric) {
  metric->MarkRemoved();
  by_id_.erase(metric->id());
  graves_.push_back({std::move(metric), live_shards_});
}

bool Registry::Remove(const std::string& name) {
  {
    const std::lock_guard lock(registration_);
    if (derived_.erase(name) > 0) return true;
    const auto found = metrics_.find(name);
    if (found == metrics_.end()) return false;
    BuryLockHeld(std::move(found->second));
    metrics_.erase(found);
  }
  TellRemoved();
  return true;
}

void Registry::Close() {
  {
    const std::lock_guard lock(registration_);
    closed_.store(true, std::memory_order_release);
    for (auto& [name, metric] : metrics_) BuryLockHeld(std::move(metric));
    metrics_.clear();
    derived_.clear();
  }
  TellRemoved();
}

void Registry::TellRemoved() {
  ReleasePending(0, {});  // no shard may have been listed at all
  const auto listener = [&] {
    const std::lock_guard lock(registration_);
    return on_removal_;
  }();
  if (listener) listener();
}

void Registry::OnRemoval(std::function<void()> listener) {
  const std::lock_guard lock(registration_);
  on_removal_ = std::move(listener);
}

std::shared_ptr<Metric> Registry::Find(MetricId metric) const {
  const std::lock_guard lock(registration_);
  const auto found = by_id_.find(metric);
  return found == by_id_.end() ? nullptr : found->second;
}

std::shared_ptr<Metric> Registry::FindByName(const std::string& name) const {
  const std::lock_guard lock(registration_);
  const auto found = metrics_.find(name);
  return found == metrics_.end() ? nullptr : found->second;
}

Result<ResolvedSeries> Registry::Resolve(MetricId metric, std::span<const std::string> values) {
  const std::lock_guard lock(registration_);
  const auto found = by_id_.find(metric);
  if (found == by_id_.end()) return Removed();
  return found->second->Resolve(values, cells_);
}

Result<CellAddress> Registry::ResolveBlock(MetricId metric, std::uint32_t series,
                                           std::int32_t number) {
  const std::lock_guard lock(registration_);
  const auto found = by_id_.find(metric);
  if (found == by_id_.end()) return Removed();
  return found->second->ResolveBlock(series, number, cells_);
}

Status Registry::ReserveBlocks(MetricId metric, std::uint32_t series, std::uint32_t blocks,
                               Shard& shard) {
  const std::lock_guard lock(registration_);
  const auto found = by_id_.find(metric);
  if (found == by_id_.end()) return Removed();
  Metric& histogram = *found->second;
  for (std::uint32_t have = histogram.ReservedBlocks(series); have < blocks; ++have) {
    const std::uint32_t size = histogram.mapping().BlockCells();
    const CellAddress address = cells_.Allocate(size);
    if (address == kNowhere) return {ErrorCode::kOutOfCells, "no cell addresses are left"};
    if (EnsureChunk(shard, ChunkOf(address)) == nullptr) {
      cells_.Free(address, size);
      return {ErrorCode::kOutOfMemory, "no memory for another chunk of cells"};
    }
    histogram.ReserveBlock(series, address);
  }
  return {};
}

Shard* Registry::OpenShard(Slots slots) {
  Shard* shard = nullptr;
  {
    const auto lock = merge_.Exclusive();
    shards_.push_back(std::make_unique<Shard>(arena_, next_ordinal_++, slots));
    shard = shards_.back().get();
  }
  const std::lock_guard lock(registration_);
  live_shards_.insert(shard->ordinal());
  return shard;
}

void Registry::EndShard(Shard* shard) {
  const std::uint32_t ordinal = shard->ordinal();
  const auto metrics = Metrics();
  std::unique_ptr<Shard> ended;
  {
    const auto lock = merge_.Exclusive();
    // All the memory first: a fold that ran out of it half way would be counted twice.
    for (std::uint32_t i = 0; i < shard->chunk_count(); ++i) {
      if (shard->chunk(i) != nullptr) static_cast<void>(retired_.At(MakeAddress(i, 0)));
    }
    for (const auto& metric : metrics) {
      if (!metric->IsRemoved()) FoldShard(*metric, *shard, retired_);
    }
    const auto listed = std::find_if(shards_.begin(), shards_.end(),
                                     [&](const auto& s) { return s.get() == shard; });
    ended = std::move(*listed);
    shards_.erase(listed);
  }
  std::vector<MetricId> pending = [&] {
    const std::lock_guard lock(registration_);
    live_shards_.erase(ordinal);
    std::vector<MetricId> ids;
    for (const Grave& grave : graves_) ids.push_back(grave.metric->id());
    return ids;
  }();
  ReleasePending(ordinal, pending);
}

double* Registry::EnsureChunk(Shard& shard, std::uint32_t index) {
  if (double* chunk = shard.chunk(index)) return chunk;
  const std::lock_guard lock(tick_mutex_);
  double* chunk = shard.EnsureChunk(index);
  if (chunk != nullptr) PublishTickLockHeld(chunk);
  return chunk;
}

void Registry::AdoptChunk(Shard& shard, std::uint32_t index, double* memory) {
  const std::lock_guard lock(tick_mutex_);
  shard.AdoptChunk(index, memory);
  PublishTickLockHeld(memory);
}

std::vector<MetricId> Registry::PendingRemovals(const Shard& shard) const {
  const std::lock_guard lock(registration_);
  std::vector<MetricId> metrics;
  for (const Grave& grave : graves_) {
    if (grave.pending.contains(shard.ordinal())) metrics.push_back(grave.metric->id());
  }
  return metrics;
}

void Registry::Acknowledge(Shard& shard, std::span<const MetricId> metrics) {
  std::vector<std::shared_ptr<Metric>> buried;
  {
    const std::lock_guard lock(registration_);
    for (const Grave& grave : graves_) {
      if (std::find(metrics.begin(), metrics.end(), grave.metric->id()) != metrics.end())
        buried.push_back(grave.metric);
    }
  }
  {
    const auto lock = merge_.Exclusive();
    for (const auto& metric : buried) ClearShard(*metric, shard);
  }
  ReleasePending(shard.ordinal(), metrics);
}

// Notes that the shard is done with `metrics`, and reclaims every grave that no shard is left to
// wait for.
void Registry::ReleasePending(std::uint32_t ordinal, std::span<const MetricId> metrics) {
  std::vector<std::shared_ptr<Metric>> free;
  {
    const std::lock_guard lock(registration_);
    for (auto grave = graves_.begin(); grave != graves_.end();) {
      if (std::find(metrics.begin(), metrics.end(), grave->metric->id()) != metrics.end())
        grave->pending.erase(ordinal);
      if (grave->pending.empty()) {
        free.push_back(std::move(grave->metric));
        grave = graves_.erase(grave);
      } else {
        ++grave;
      }
    }
  }
  if (!free.empty()) Reclaim(std::move(free));
}

void Registry::Reclaim(std::vector<std::shared_ptr<Metric>> metrics) {
  {
    const auto lock = merge_.Exclusive();
    for (const auto& metric : metrics) {
      metric->ForEachRange(
          [&](CellAddress address, std::uint32_t cells) { retired_.Clear(address, cells); });
    }
  }
  const std::lock_guard lock(registration_);
  for (const auto& metric : metrics) {
    metric->ForEachRange(
        [&](CellAddress address, std::uint32_t cells) { cells_.Free(address, cells); });
  }
}

std::vector<std::shared_ptr<Metric>> Registry::Metrics() const {
  const std::lock_guard lock(registration_);
  std::vector<std::shared_ptr<Metric>> metrics;
  metrics.reserve(metrics_.size());
  for (const auto& [name, metric] : metrics_) metrics.push_back(metric);
  return metrics;
}

std::vector<std::shared_ptr<DerivedGauge>> Registry::DerivedGauges() const {
  const std::lock_guard lock(registration_);
  std::vector<std::shared_ptr<DerivedGauge>> derived;
  for (const auto& [name, gauge] : derived_) derived.push_back(gauge);
  return derived;
}

std::vector<MetricSnapshot> Registry::Merge(std::span<const std::shared_ptr<Metric>> metrics) {
  std::vector<MetricSnapshot> merged;
  merged.reserve(metrics.size());
  const auto lock = merge_.Shared();
  for (const auto& metric : metrics) {
    if (!metric->IsRemoved()) merged.push_back(MergeMetric(metric, shards_, retired_));
  }
  return merged;
}

Snapshot Registry::TakeSnapshot(Clock::time_point now) {
  AdvanceTick();
  const auto derived = DerivedGauges();
  std::vector<std::uint64_t> samples;
  for (const auto& gauge : derived) samples.push_back(gauge->Samples());
  Snapshot snapshot;
  snapshot.metrics = Merge(Metrics());
  for (std::size_t i = 0; i < derived.size(); ++i)
    snapshot.derived.push_back(derived[i]->Evaluate(snapshot.metrics, now, samples[i]));
  for (std::size_t i = 0; i < rejected_.size(); ++i) {
    snapshot.rejected[i] = rejected_[i].load(std::memory_order_relaxed);
  }
  return snapshot;
}

void Registry::Tick(Clock::time_point now) {
  AdvanceTick();
  for (const auto& gauge : DerivedGauges()) {
    if (!gauge->IsSampleDue(now)) continue;
    std::vector<std::shared_ptr<Metric>> operands;
    for (const Operand& operand : gauge->definition().of) {
      if (auto metric = Find(operand.metric->id())) operands.push_back(std::move(metric));
    }
    gauge->Sample(Merge(operands), now);
  }
}

void Registry::AdvanceTick() {
  if (!orders_gauges_.load(std::memory_order_relaxed)) return;
  const auto shared = merge_.Shared();
  const std::lock_guard lock(tick_mutex_);
  tick_ += 1;
  for (const auto& shard : shards_) {
    for (std::uint32_t i = 0; i < shard->chunk_count(); ++i) {
      if (double* chunk = shard->chunk(i)) PublishTickLockHeld(chunk);
    }
  }
}

// A chunk is published before its tick is written, both under tick_mutex_, so no chunk is left with
// an older tick.
void Registry::PublishTickLockHeld(double* chunk) const { StoreCell(chunk + kTickCell, tick_); }

void Registry::CountRejection(MetricId metric, Rejection reason) {
  if (const auto found = Find(metric)) {
    found->CountRejection(reason);
  } else {
    CountRejection(reason);
  }
}

void Registry::CountRejection(Rejection reason, std::uint64_t count) {
  rejected_[static_cast<std::size_t>(reason)].fetch_add(
      count, std::memory_order_relaxed);  // relaxed: a statistic
}

}  // namespace nanotally
