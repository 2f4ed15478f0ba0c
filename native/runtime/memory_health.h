// Health checks of memory, from what the kernel tells.
#pragma once

#include <optional>

#include "os/cgroup_files.h"
#include "os/pressure_files.h"
#include "runtime/health.h"

namespace nanotally {

// Of the whole machine.
[[nodiscard]] HealthResult AssessMemoryPressure(const Pressure& memory);

// Of the process's control group; nothing where it has none of memory.
[[nodiscard]] HealthResult AssessCgroupMemory(const std::optional<CgroupMemory>& memory);

}  // namespace nanotally
