// Finding and making what a native thread asks for.
#include "record/recorder.h"

#include <algorithm>

#include "core/tick_period.h"

namespace nanotally {
namespace {

Status Conflict(const std::string& name, const std::string& why) {
  return {ErrorCode::kMetricConflict, "metric " + name + " " + why};
}

// The label values in the metric's order; a label that is not given is empty.
Result<std::vector<std::string>> ValuesFor(const MetricDefinition& metric,
                                           const SeriesRequest& request) {
  std::vector<std::string> values(metric.labels.size());
  std::vector<bool> given(metric.labels.size());
  for (const auto& [name, value] : request.labels) {
    const auto found = std::find(metric.labels.begin(), metric.labels.end(), name);
    if (found == metric.labels.end()) return Conflict(metric.name, "has no label " + name);
    const auto index = static_cast<std::size_t>(found - metric.labels.begin());
    values[index] = value;
    given[index] = true;
  }
  const std::size_t required = metric.labels.size() - metric.optional_labels;
  for (std::size_t i = 0; i < required; ++i) {
    if (!given[i]) return Conflict(metric.name, "needs the label " + metric.labels[i]);
  }
  return values;
}

}  // namespace

Recorder::Recorder(Store& store, TickEvery tick_every, bool enabled)
    : store_(store),
      tick_every_(std::move(tick_every)),
      enabled_(enabled),
      default_registry_(store.Open(SeriesRequest().registry)) {}

Result<NativeSeries*> Recorder::Get(const SeriesRequest& request) {
  if (!enabled_) {
    const bool is_histogram = request.definition.type == MetricType::kHistogram;
    return is_histogram ? &off_histogram_ : &off_;
  }
  const auto registry = request.in != nullptr ? request.in : store_.Open(request.registry);
  auto metric = registry->FindByName(request.definition.name);
  if (metric == nullptr) {
    const auto defined = registry->Define(request.definition);
    if (!defined.ok()) return defined.status();
    metric = registry->Find(defined.value().id);
    if (metric == nullptr)
      return Status{ErrorCode::kMetricRemoved, "the metric was removed from its registry"};
  }
  if (metric->definition().type != request.definition.type)
    return Conflict(metric->name(), "is already defined with another type");
  const auto values = ValuesFor(metric->definition(), request);
  if (!values.ok()) return values.status();
  // How soon what was drawn on reserves is made up for.
  if (metric->IsExponential()) tick_every_(kLongestTick);
  if (metric->definition().IsOrdered()) tick_every_(kShortestTick);
  const auto opened = Open(registry)->Get(std::move(metric), values.value());
  if (!opened.ok()) DropIfOver(registry->id());
  return opened;
}

std::shared_ptr<RegistryRecorder> Recorder::Open(const std::shared_ptr<Registry>& registry) {
  const std::lock_guard lock(mutex_);
  auto& recorder = recorders_[registry->id()];
  if (recorder == nullptr) {
    recorder = std::make_shared<RegistryRecorder>(registry);
    registry->OnRemoval([this, id = registry->id()] { CatchUp(id); });
  }
  return recorder;
}

std::shared_ptr<RegistryRecorder> Recorder::Find(std::uint32_t registry) {
  const std::lock_guard lock(mutex_);
  const auto found = recorders_.find(registry);
  return found == recorders_.end() ? nullptr : found->second;
}

void Recorder::CatchUp(std::uint32_t registry) {
  if (const auto recorder = Find(registry)) recorder->CatchUp();
  DropIfOver(registry);
}

void Recorder::DropIfOver(std::uint32_t registry) {
  const auto recorder = Find(registry);
  if (recorder == nullptr || !recorder->EndIfOver()) return;
  const std::lock_guard lock(mutex_);
  recorders_.erase(registry);
}

void Recorder::Release(NativeSeries& series) {
  if (series.owner() == nullptr) return;
  const std::uint32_t registry = series.owner()->registry().id();
  series.owner()->Release(series);
  DropIfOver(registry);
}

void Recorder::Tick() {
  std::vector<std::shared_ptr<RegistryRecorder>> recorders;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, recorder] : recorders_) recorders.push_back(recorder);
  }
  for (const auto& recorder : recorders) recorder->Refill();
}

void Recorder::CountNoHandle(std::uint64_t recordings) noexcept {
  if (enabled_) default_registry_->CountRejection(Rejection::kNoHandle, recordings);
}

}  // namespace nanotally
