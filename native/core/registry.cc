// Definitions, series, shards and reading; the life of series is in registry_life.cc. The protocol
// is told at the head of registry.h.
#include "core/registry.h"

#include <algorithm>
#include <utility>

#include "core/histogram_math.h"
#include "core/merge.h"
#include "core/self_metrics.h"

namespace nanotally {
namespace {

constexpr std::array<std::string_view, 3> kReservedSuffixes = {"_bucket", "_sum", "_count"};

Status Conflict(const std::string& name, const std::string& why) {
  return {ErrorCode::kMetricConflict, "metric " + name + " " + why};
}

Status Closed(const std::string& registry) {
  return {ErrorCode::kRegistryClosed,
          registry.empty() ? "the registry is closed" : "the registry " + registry + " is closed"};
}

Status NoSuchHistogram(const Metric& metric) {
  return {ErrorCode::kInvalidArgument, metric.name() + ": no such series of a histogram"};
}

}  // namespace

Registry::Registry(Arena& arena, std::uint32_t id, std::string name)
    : arena_(arena), id_(id), name_(std::move(name)) {}

Status Registry::CheckNameLockHeld(const std::string& name, bool is_histogram) const {
  if (SelfMetrics::IsName(name)) {
    return Conflict(name, "is one of nanotally's own");
  }
  for (const auto& source : sources_) {
    const auto names = source->Names();
    if (std::find(names.begin(), names.end(), name) != names.end())
      return Conflict(name, "is told by nanotally itself");
  }
  for (const std::string_view suffix : kReservedSuffixes) {
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
  // A gauge is idle when its stamp does not change.
  if (definition.IsOrdered() ||
      (definition.type == MetricType::kGauge && definition.idle_timeout.count() > 0)) {
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

Status Registry::AddSource(std::shared_ptr<FamilySource> source) {
  const std::lock_guard lock(registration_);
  if (IsClosed()) return Closed(name_);
  if (std::find(sources_.begin(), sources_.end(), source) != sources_.end()) return {};
  for (const std::string_view told : source->Names()) {
    const std::string name(told);
    if (metrics_.contains(name) || derived_.contains(name))
      return Conflict(name, "is already defined, and nanotally would tell it itself");
    if (Status status = CheckNameLockHeld(name, false); !status.ok()) return status;
  }
  sources_.push_back(std::move(source));
  return {};
}

void Registry::RemoveSource(const FamilySource& source) {
  const std::lock_guard lock(registration_);
  std::erase_if(sources_, [&](const auto& one) { return one.get() == &source; });
}

std::shared_ptr<Metric> Registry::FindLockHeld(MetricId metric) const {
  const auto found = by_id_.find(metric);
  return found == by_id_.end() ? nullptr : found->second;
}

std::shared_ptr<Metric> Registry::Find(MetricId metric) const {
  const std::lock_guard lock(registration_);
  return FindLockHeld(metric);
}

std::shared_ptr<Metric> Registry::FindByName(const std::string& name) const {
  const std::lock_guard lock(registration_);
  const auto found = metrics_.find(name);
  return found == metrics_.end() ? nullptr : found->second;
}

Result<ResolvedSeries> Registry::Resolve(Shard& shard, MetricId id,
                                         std::span<const std::string> values) {
  for (bool again = true;; again = false) {
    {
      std::unique_lock lock(registration_);
      const auto metric = FindLockHeld(id);
      if (metric == nullptr) return MetricRemoved();
      // Before memory is taken, what only waits to be freed is.
      const bool may_free = again && graveyard_.HasFree(epochs_->Oldest());
      if (!may_free || metric->Find(values)) {
        auto resolved = metric->Resolve(values, cells_);
        if (!resolved.ok()) return resolved;
        const std::uint32_t index = resolved.value().index;
        const bool is_new_holder = graveyard_.Hold(shard.ordinal(), metric, index);
        if (!metric->definition().IsOrdered()) return resolved;
        resolved.value().ordered_holders = metric->series()[index].holders;
        lock.unlock();
        // What it records is later than what others have, and than what ended ones had.
        if (is_new_holder) AdvanceTick();
        return resolved;
      }
    }
    Reclaim();
  }
}

Result<CellAddress> Registry::ResolveBlock(MetricId id, std::uint32_t series, std::int32_t number) {
  const std::lock_guard lock(registration_);
  const auto metric = FindLockHeld(id);
  if (metric == nullptr) return MetricRemoved();
  return metric->ResolveBlock(series, number, cells_);
}

Status Registry::RecordExemplar(MetricId metric, std::uint32_t series, double value,
                                const TraceIds& ids) {
  const auto found = Find(metric);
  return found == nullptr ? MetricRemoved() : found->RecordExemplar(series, value, ids);
}

Status Registry::ReserveBlocks(MetricId metric, std::uint32_t series, std::uint32_t blocks,
                               Shard& shard) {
  const std::lock_guard lock(registration_);
  const auto found = FindLockHeld(metric);
  if (found == nullptr) return MetricRemoved();
  Metric& histogram = *found;
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

Shard* Registry::OpenShard(Slots slots, bool pins) {
  Shard* shard = nullptr;
  {
    const auto lock = merge_.Exclusive();
    shards_.push_back(std::make_unique<Shard>(arena_, next_ordinal_++, slots));
    shard = shards_.back().get();
  }
  const std::lock_guard lock(registration_);
  graveyard_.AddRecorder(shard->ordinal(), pins);
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
      if (shard->chunk(i) != nullptr) static_cast<void>(remainders_.retired.At(MakeAddress(i, 0)));
    }
    for (const auto& metric : metrics) {
      if (!metric->IsRemoved()) FoldShard(*metric, *shard, remainders_);
    }
    const auto listed = std::find_if(shards_.begin(), shards_.end(),
                                     [&](const auto& s) { return s.get() == shard; });
    ended = std::move(*listed);
    shards_.erase(listed);
  }
  {
    const std::lock_guard lock(registration_);
    graveyard_.RemoveRecorder(ordinal);
  }
  Reclaim();
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

std::vector<std::shared_ptr<FamilySource>> Registry::Sources() const {
  const std::lock_guard lock(registration_);
  return sources_;
}

std::vector<MetricSnapshot> Registry::Merge(std::span<const std::shared_ptr<Metric>> metrics,
                                            const std::function<bool(const Metric&)>& is_wanted) {
  std::vector<MetricSnapshot> merged;
  merged.reserve(metrics.size());
  const auto lock = merge_.Shared();
  for (const auto& metric : metrics) {
    if (metric->IsRemoved()) continue;
    if (is_wanted(*metric)) {
      merged.push_back(MergeMetric(metric, shards_, remainders_));
    } else {
      merged.emplace_back().metric = metric;
    }
  }
  return merged;
}

Snapshot Registry::TakeSnapshot(Clock::time_point now, NameFilter filter) {
  AdvanceTick();
  auto derived = DerivedGauges();
  std::erase_if(derived, [&](const auto& gauge) {
    return !filter.Selects(gauge->definition().name, MetricType::kGauge);
  });
  std::set<const Metric*> operands;
  std::vector<std::uint64_t> samples;
  for (const auto& gauge : derived) {
    samples.push_back(gauge->Samples());
    for (const Operand& operand : gauge->definition().of) operands.insert(operand.metric.get());
    for (const Operand& operand : gauge->definition().to) operands.insert(operand.metric.get());
  }
  Snapshot snapshot;
  snapshot.pin = epochs_->Pin();
  const bool counts_series = SelfMetrics::CountsSeries(filter);
  snapshot.metrics = Merge(Metrics(), [&](const Metric& metric) {
    return counts_series || filter.Selects(metric.definition()) || operands.contains(&metric);
  });
  for (std::size_t i = 0; i < derived.size(); ++i)
    snapshot.computed.push_back(derived[i]->Evaluate(snapshot.metrics, now, samples[i]));
  for (const auto& source : Sources()) source->Read(filter, snapshot.computed);
  std::sort(snapshot.computed.begin(), snapshot.computed.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  snapshot.filter = std::move(filter);
  for (std::size_t i = 0; i < rejected_.size(); ++i) {
    snapshot.rejected[i] = rejected_[i].load(std::memory_order_relaxed);
  }
  // Nor where nothing is recorded, as with NANOTALLY_DISABLED: then nothing at all is exposed.
  if (!name_.empty() && !snapshot.metrics.empty()) {
    snapshot.statistics = {arena_.BytesInUse(), renders_.load(std::memory_order_relaxed),
                           rendered_bytes_.load(std::memory_order_relaxed),
                           static_cast<double>(render_ns_.load(std::memory_order_relaxed)) / 1e9};
  }
  return snapshot;
}

Result<HistogramValue> Registry::ReadHistogram(MetricId id, std::uint32_t series) {
  const auto metric = Find(id);
  if (metric == nullptr) return MetricRemoved();
  if (metric->definition().type != MetricType::kHistogram || series >= metric->series().size()) {
    return NoSuchHistogram(*metric);
  }
  const auto pin = epochs_->Pin();
  const auto lock = merge_.Shared();
  const Series& one = metric->series()[series];
  if (metric->IsRemoved() || !one.HoldsCounts()) return MetricRemoved();
  return ReadSeries(*metric, one, shards_, remainders_);
}

Result<HistogramValue> Registry::ReadHistogramTotal(MetricId id) {
  const std::vector<std::shared_ptr<Metric>> metrics{Find(id)};
  if (metrics[0] == nullptr) return MetricRemoved();
  const MetricDefinition& definition = metrics[0]->definition();
  if (definition.type != MetricType::kHistogram) return NoSuchHistogram(*metrics[0]);
  HistogramValue total;
  if (!definition.schema) total.explicit_counts.resize(definition.bounds.size() + 1);
  const auto pin = epochs_->Pin();
  const auto merged = Merge(metrics);
  if (merged.empty()) return MetricRemoved();
  for (const HistogramValue& value : merged[0].histograms) AddHistogram(total, value);
  return total;
}

bool Registry::Tick(Clock::time_point now) {
  Reclaim();
  AdvanceTick();
  const auto pin = epochs_->Pin();
  for (const auto& gauge : DerivedGauges()) {
    if (!gauge->IsSampleDue(now)) continue;
    std::vector<std::shared_ptr<Metric>> operands;
    for (const Operand& operand : gauge->definition().of) {
      if (auto metric = Find(operand.metric->id())) operands.push_back(std::move(metric));
    }
    gauge->Sample(Merge(operands), now);
  }
  for (const auto& metric : Metrics()) WatchIdle(metric, now);
  const std::lock_guard lock(registration_);
  return graveyard_.TakeNews();
}

void Registry::AdvanceTick(bool in_any_case) {
  if (!in_any_case && !orders_gauges_.load(std::memory_order_relaxed)) return;
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

void Registry::CountRender(std::chrono::nanoseconds took, std::size_t bytes) noexcept {
  renders_.fetch_add(1, std::memory_order_relaxed);
  rendered_bytes_.fetch_add(bytes, std::memory_order_relaxed);
  render_ns_.fetch_add(took.count(), std::memory_order_relaxed);
}

void Registry::NoteScrape(Clock::time_point at) noexcept {
  last_scrape_.store(at.time_since_epoch(), std::memory_order_relaxed);
}

std::optional<Clock::time_point> Registry::LastScrape() const noexcept {
  const auto last = last_scrape_.load(std::memory_order_relaxed);
  return last == Clock::duration::zero() ? std::nullopt : std::optional(Clock::time_point(last));
}

std::uint64_t Registry::Rejected() const {
  std::uint64_t rejected = 0;
  for (const auto& count : rejected_) rejected += count.load(std::memory_order_relaxed);
  for (const auto& metric : Metrics()) {
    for (std::size_t reason = 0; reason < kRejectionNames.size(); ++reason)
      rejected += metric->Rejected(static_cast<Rejection>(reason));
  }
  return rejected;
}

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
