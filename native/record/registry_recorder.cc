// Opening and giving up native series.
#include "record/registry_recorder.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "os/rseq.h"

namespace nanotally {
namespace {

// How many blocks wait for new octaves of a series: 64 octaves' worth, and at least 16. They are
// refilled on the recorder's tick.
constexpr std::uint32_t kReservedOctaves = 64;
constexpr std::uint32_t kReservedBlocks = 16;

std::uint32_t ReserveOf(const BucketMapping& mapping) {
  const int octave_bits = std::max(mapping.schema(), 0);
  return std::max(kReservedBlocks, (kReservedOctaves << octave_bits) >> mapping.BlockBits());
}

}  // namespace

RegistryRecorder::RegistryRecorder(std::shared_ptr<Registry> registry)
    : registry_(std::move(registry)), shard_(registry_->OpenShard(NativeSlots(), true)) {}

double* RegistryRecorder::Cells(CellAddress address) {
  double* chunk = registry_->EnsureChunk(*shard_, ChunkOf(address));
  return chunk == nullptr ? nullptr : chunk + OffsetOf(address);
}

Status RegistryRecorder::Reserve(const Metric& metric, std::uint32_t series) {
  return registry_->ReserveBlocks(metric.id(), series, ReserveOf(metric.mapping()), *shard_);
}

Result<NativeSeries*> RegistryRecorder::Get(std::shared_ptr<Metric> metric,
                                            std::span<const std::string> values) {
  const std::lock_guard lock(mutex_);
  if (shard_ == nullptr) return MetricRemoved();
  const auto resolved = registry_->Resolve(*shard_, metric->id(), values);
  if (!resolved.ok()) return resolved.status();
  // A removal that comes now calls CatchUp, which waits for the mutex: what is opened here is
  // redirected there.
  MetricHandles& handles = metrics_[metric->id()];
  handles.metric = metric;
  const std::uint32_t index = resolved.value().index;
  std::unique_ptr<NativeSeries>& series = handles.series[index];
  if (series == nullptr) {
    auto made = Make(std::move(metric), resolved.value());
    if (!made.ok()) {
      registry_->LetGo(*shard_, handles.metric->id(), index);
      handles.series.erase(index);
      if (handles.open == 0) metrics_.erase(handles.metric->id());
      return made.status();
    }
    series = std::move(made.value());
  }
  ++series->handles;
  ++handles.open;
  return series.get();
}

Result<std::unique_ptr<NativeSeries>> RegistryRecorder::Make(std::shared_ptr<Metric> metric,
                                                             const ResolvedSeries& resolved) {
  double* cells = Cells(resolved.address);
  if (cells == nullptr)
    return Status{ErrorCode::kOutOfMemory, "no memory for another chunk of cells"};
  if (metric->definition().type != MetricType::kHistogram)
    return std::make_unique<NativeSeries>(this, std::move(metric), resolved.index, cells);
  if (metric->IsExponential()) {
    if (Status status = Reserve(*metric, resolved.index); !status.ok()) return status;
  }
  return std::unique_ptr<NativeSeries>(
      std::make_unique<NativeHistogram>(this, std::move(metric), resolved.index, cells));
}

void RegistryRecorder::Release(NativeSeries& series) {
  const std::lock_guard lock(mutex_);
  const auto found = metrics_.find(series.metric().id());
  MetricHandles& handles = found->second;
  --handles.open;
  if (--series.handles == 0) {
    const std::uint32_t index = series.index();
    const std::uint64_t removal = series.removal;
    handles.series.erase(index);  // `series` is gone
    if (removal != 0) {
      AcknowledgeLockHeld({removal});
    } else if (shard_ != nullptr) {
      registry_->LetGo(*shard_, found->first, index);
    }
  }
  if (handles.open > 0) return;
  const std::uint64_t removal = handles.removal;
  metrics_.erase(found);
  if (removal != 0) AcknowledgeLockHeld({removal});
}

void RegistryRecorder::CatchUp() {
  const std::lock_guard lock(mutex_);
  if (shard_ == nullptr) return;
  std::vector<std::uint64_t> given_up;
  std::vector<std::uint64_t> redirected;
  for (const Removal& removal : registry_->PendingRemovals(*shard_)) {
    const auto found = metrics_.find(removal.metric);
    if (found == metrics_.end()) {
      given_up.push_back(removal.epoch);
      continue;
    }
    MetricHandles& handles = found->second;
    if (removal.series) {
      const auto series = handles.series.find(*removal.series);
      if (series == handles.series.end()) {
        given_up.push_back(removal.epoch);
      } else {
        series->second->Redirect();
        series->second->removal = removal.epoch;
      }
      continue;
    }
    for (auto& [index, series] : handles.series) series->Redirect();
    handles.removal = removal.epoch;
    if (handles.metric->definition().type != MetricType::kGauge)
      redirected.push_back(removal.epoch);
  }
  // The order matters: whoever added atomically before the fence is seen after it.
  if (!redirected.empty() && Rseq::Fence() && !NativeSeries::AddedAtomically())
    given_up.insert(given_up.end(), redirected.begin(), redirected.end());
  AcknowledgeLockHeld(given_up);
}

void RegistryRecorder::AcknowledgeLockHeld(const std::vector<std::uint64_t>& removals) {
  if (shard_ != nullptr && !removals.empty()) registry_->Acknowledge(*shard_, removals);
}

void RegistryRecorder::Refill() {
  if (!drew_on_reserve_.exchange(false, std::memory_order_relaxed)) return;
  const std::lock_guard lock(mutex_);
  if (shard_ == nullptr) return;
  for (const auto& [id, handles] : metrics_) {
    if (!handles.metric->IsExponential() || handles.metric->IsRemoved()) continue;
    for (const auto& [index, series] : handles.series) {
      if (series->removal != 0) continue;
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
