// Registries and their sources, started and stopped.
#include "binding/hardware_collection.h"

#include <algorithm>
#include <utility>

namespace nanotally {

Status HardwareCollection::Start(const std::shared_ptr<Registry>& registry,
                                 std::vector<PerfEventId> events, bool per_cpu) {
  if (events.empty()) events = HardwareMetrics::DefaultEvents();
  std::sort(events.begin(), events.end());
  events.erase(std::unique(events.begin(), events.end()), events.end());
  const std::lock_guard lock(mutex_);
  if (const auto found = told_.find(registry->id()); found != told_.end()) {
    Told& told = found->second;
    if (told.events != events || told.per_cpu != per_cpu) {
      return {ErrorCode::kMetricConflict,
              "hardware metrics of other events, or of other CPUs, are collected into this "
              "registry already: stop those, or use another registry"};
    }
    ++told.starts;
    return {};
  }
  auto metrics = std::make_shared<HardwareMetrics>(events, per_cpu);
  if (Status status = registry->AddSource(metrics); !status.ok()) return status;
  if (Status status = registry->AddSource(numa_); !status.ok()) {
    registry->RemoveSource(*metrics);
    return status;
  }
  told_.emplace(registry->id(), Told{std::move(events), per_cpu, std::move(metrics), 1});
  return {};
}

void HardwareCollection::Stop(Registry& registry) {
  const std::lock_guard lock(mutex_);
  const auto found = told_.find(registry.id());
  if (found == told_.end() || --found->second.starts > 0) return;
  registry.RemoveSource(*found->second.metrics);
  registry.RemoveSource(*numa_);
  told_.erase(found);
}

}  // namespace nanotally
