// What collectHardwareMetrics() makes registries tell. One for the process; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "core/registry.h"
#include "os/perf_events.h"
#include "runtime/hardware_metrics.h"

namespace nanotally {

class HardwareCollection {
 public:
  // `numa`: what registries tell besides.
  explicit HardwareCollection(std::shared_ptr<FamilySource> numa) : numa_(std::move(numa)) {}

  // From now on the registry tells HardwareMetrics and of NUMA nodes, until it was stopped as
  // often. Fails where it tells those of other events already. Throws std::bad_alloc.
  Status Start(const std::shared_ptr<Registry>& registry, std::vector<PerfEventId> events,
               bool per_cpu);
  void Stop(Registry& registry);

 private:
  struct Told {
    std::vector<PerfEventId> events;
    bool per_cpu;
    std::shared_ptr<HardwareMetrics> metrics;
    int starts;
  };

  const std::shared_ptr<FamilySource> numa_;
  std::mutex mutex_;
  std::map<std::uint32_t, Told> told_;  // by registry id
};

}  // namespace nanotally
