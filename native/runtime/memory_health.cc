// Pressure and headroom.
#include "runtime/memory_health.h"

namespace nanotally {
namespace {

// Shares of the time in which some task waited for memory. Where nothing is short they are 0; a
// machine that waits for a tenth of the time is felt to be slow.
constexpr HealthLimits kMemoryPressure = {0.1, 0.4};
// The kernel kills at 1.
constexpr HealthLimits kCgroupUse = {0.85, 0.95};

constexpr double kMebibyte = 1024 * 1024;

}  // namespace

HealthResult AssessMemoryPressure(const Pressure& memory) {
  const char* const name = "memory_pressure";
  if (!memory.some_ratio) return Unavailable(name, "the kernel tells no pressure (PSI)");
  return Judge(name, *memory.some_ratio, kMemoryPressure,
               "tasks of this machine waited for memory for " +
                   Printed("%.1f", *memory.some_ratio * 100) + " % of the last 10 s");
}

HealthResult AssessCgroupMemory(const std::optional<CgroupMemory>& memory) {
  const char* const name = "cgroup_memory";
  if (!memory) return Unavailable(name, "no control group of memory is to be seen");
  if (!memory->limit_bytes) return Unavailable(name, "the control group has no limit of memory");
  if (!memory->fullest_ratio)
    return Unavailable(name, "the control group's use of memory cannot be read");
  HealthResult result =
      Judge(name, *memory->fullest_ratio, kCgroupUse,
            Printed("%.0f", *memory->fullest_ratio * 100) + " % of " +
                Printed("%.0f MiB", *memory->fullest_limit_bytes / kMebibyte) + " in use");
  result.critical = true;
  return result;
}

}  // namespace nanotally
