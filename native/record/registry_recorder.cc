// Opening and giving up native series.
#include "record/registry_recorder.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "os/rseq.h"

namespace nanotally {
namespace {

// How many blocks wait for new octaves of a series: 64 octaves' worth, and at least 16. They are
// refilled on the tick, every 100 ms.
constexpr std::uint32_t kReservedOctaves = 64;
constexpr std::uint32_t kReservedBlocks = 16;

std::uint32_t ReserveOf(const BucketMapping& mapping) {
  const int octave_bits = std::max(mapping.schema(), 0);
  return std::max(kReservedBlocks, (kReservedOctaves << octave_bits) >> mapping.BlockBits());
}

}  // namespace

RegistryRecorder::RegistryRecorder(std::shared_ptr<Registry> registry)
    : registry_(std::move(registry)), shard_(registry_->OpenShard(NativeSlots())) {}

double* RegistryRecorder::Cells(CellAddress address) {
  double* chunk = registry_->EnsureChunk(*shard_, ChunkOf(address));
  return chunk == nullptr ? nullptr : chunk + OffsetOf(address);
}

Status RegistryRecorder::Reserve(const Metric& metric, std::uint32_t series) {
  return registry_->ReserveBlocks(metric.id(), series, ReserveOf(metric.mapping()), *shard_);
}

Result<NativeSeries*> RegistryRecorder::Open(std::shared_ptr<Metric> metric,
                                             const ResolvedSeries& resolved) {
  const std::lock_guard lock(mutex_);
  // A removal marks the metric before it calls CatchUp, which waits for the mutex: what is opened
  // here unmarked is redirected there.
  if (metric->IsRemoved() || shard_ == nullptr)
    return Status{ErrorCode::kMetricRemoved, "the metric was removed from its registry"};
  MetricHandles& handles = metrics_[metric->id()];
  handles.metric = metric;
  std::unique_ptr<NativeSeries>& series = handles.series[resolved.index];
  if (series == nullptr) {
    double* cells = Cells(resolved.address);
    if (cells == nullptr)
      return Status{ErrorCode::kOutOfMemory, "no memory for another chunk of cells"};
    if (metric->definition().type == MetricType::kHistogram) {
      if (metric->IsExponential()) {
        if (Status status = Reserve(*metric, resolved.index); !status.ok()) return status;
      }
      series = std::make_unique<NativeHistogram>(this, std::move(metric), resolved.index, cells);
    } else {
      series = std::make_unique<NativeSeries>(this, std::move(metric), resolved.index, cells);
    }
  }
  ++series->handles;
  ++handles.open;
  return series.get();
}

void RegistryRecorder::Release(NativeSeries& series) {
  const std::lock_guard lock(mutex_);
  const auto found = metrics_.find(series.metric().id());
  MetricHandles& handles = found->second;
  --series.handles;
  if (--handles.open > 0 || !handles.metric->IsRemoved()) return;
  const MetricId id = found->first;
  metrics_.erase(found);
  AcknowledgeLockHeld({id});
}

void RegistryRecorder::CatchUp() {
  const std::lock_guard lock(mutex_);
  if (shard_ == nullptr) return;
  std::vector<MetricId> given_up;
  std::vector<MetricId> redirected;
  for (const MetricId id : registry_->PendingRemovals(*shard_)) {
    const auto found = metrics_.find(id);
    if (found == metrics_.end() || found->second.open == 0) {
      if (found != metrics_.end()) metrics_.erase(found);
      given_up.push_back(id);
      continue;
    }
    for (auto& [index, series] : found->second.series) series->Redirect();
    if (found->second.metric->definition().type != MetricType::kGauge) redirected.push_back(id);
  }
  // The order matters: whoever added atomically before the fence is seen after it.
  if (!redirected.empty() && Rseq::Fence() && !NativeSeries::AddedAtomically())
    given_up.insert(given_up.end(), redirected.begin(), redirected.end());
  AcknowledgeLockHeld(given_up);
}

void RegistryRecorder::AcknowledgeLockHeld(const std::vector<MetricId>& metrics) {
  if (shard_ != nullptr && !metrics.empty()) registry_->Acknowledge(*shard_, metrics);
}

void RegistryRecorder::Refill() {
  if (!drew_on_reserve_.exchange(false, std::memory_order_relaxed)) return;
  const std::lock_guard lock(mutex_);
  if (shard_ == nullptr) return;
  for (const auto& [id, handles] : metrics_) {
    if (!handles.metric->IsExponential() || handles.metric->IsRemoved()) continue;
    for (const auto& [index, series] : handles.series) {
      // Refused, the reserve stays as small as it is; what then needs a block asks again.
      static_cast<void>(Reserve(*handles.metric, index));
    }
  }
}

bool RegistryRecorder::EndIfOver() {
  const std::lock_guard lock(mutex_);
  if (shard_ == nullptr) return true;
  const bool open = std::any_of(metrics_.begin(), metrics_.end(),
                                [](const auto& m) { return m.second.open > 0; });
  if (!registry_->IsClosed() || open) return false;
  registry_->OnRemoval({});
  registry_->EndShard(std::exchange(shard_, nullptr));
  return true;
}

double* RegistryRecorder::FindBlock(const Series& series, std::int32_t number) noexcept {
  // A block that an environment made may lie in a chunk that this shard has not yet.
  const CellAddress address = series.ClaimBlock(
      number, [this](CellAddress at) { return shard_->chunk(ChunkOf(at)) != nullptr; });
  drew_on_reserve_.store(true, std::memory_order_relaxed);
  return address == kNowhere ? nullptr : shard_->chunk(ChunkOf(address)) + OffsetOf(address);
}

double* RegistryRecorder::MakeBlock(const Metric& metric, std::uint32_t series,
                                    std::int32_t number) {
  const auto address = registry_->ResolveBlock(metric.id(), series, number);
  return address.ok() ? Cells(address.value()) : nullptr;
}

}  // namespace nanotally
