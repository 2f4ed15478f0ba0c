// What nanotally itself can say of the process's health, from what it can read without asking any
// thread.
#pragma once

#include <mutex>
#include <vector>

#include "binding/health_board.h"
#include "core/registry.h"
#include "os/cgroup_folders.h"

namespace nanotally {

class Process;

// Of a registry that is served and outlives it. Any thread.
class SystemHealth {
 public:
  SystemHealth(Process& process, const Registry& registry)
      : process_(process), registry_(registry), rejected_(registry.Rejected()) {}

  // The built-in checks, ascending by name. Each says what it saw; one that cannot be made here is
  // kUnavailable and says why.
  [[nodiscard]] std::vector<HealthResult> Assess();

 private:
  [[nodiscard]] HealthResult Rejections(LoopClock::time_point now);

  Process& process_;
  const Registry& registry_;
  CgroupLocator cgroup_{""};

  std::mutex mutex_;
  std::uint64_t rejected_;                                            // as last seen
  LoopClock::time_point rejected_at_ = LoopClock::time_point::min();  // when they were last more
};

}  // namespace nanotally
