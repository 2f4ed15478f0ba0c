// What the process's control groups hold, and what they allow. Kernel: Documentation/admin-guide/
// cgroup-v2.rst and cgroup-v1/. Absent is what the group, or its version, has not; a limit that
// is not set is absent as well. Any thread.
#pragma once

#include "os/cgroup_folders.h"
#include "os/cpu_list.h"
#include "os/kernel_text.h"

namespace nanotally {

// Usage is of the own group with all below it.
struct CgroupMemory {
  Reading usage_bytes;        // with the page cache
  Reading working_set_bytes;  // without what of it was not used lately, as Kubernetes reckons
  Reading peak_bytes;
  Reading swap_bytes;
  // The lowest of the own group and its ancestors.
  Reading limit_bytes;
  Reading throttling_bytes;  // v2's memory.high
  Reading headroom_bytes;    // what the tightest level has left, which others may use as well
  // Of the level whose working set fills the most of its limit: that share, and the limit.
  Reading fullest_ratio;
  Reading fullest_limit_bytes;
  // How often the group went below its protection, above memory.high, against its limit; how often
  // it was out of memory, and how many processes were killed for it.
  Reading low_events;
  Reading high_events;
  Reading max_events;
  Reading oom_events;
  Reading oom_kill_events;
};
[[nodiscard]] CgroupMemory ReadCgroupMemory(const CgroupFolder& folder);

struct CgroupCpu {
  Reading seconds;      // of all CPUs
  Reading limit_cores;  // the lowest quota of the own group and its ancestors, as a number of CPUs
  // How often the own group's quota was dealt out anew, how often it had been used up, and how long
  // threads waited for it.
  Reading periods;
  Reading throttled_periods;
  Reading throttled_seconds;
};
// `usage` is where v1 counts the seconds; v2 does it in `folder`.
[[nodiscard]] CgroupCpu ReadCgroupCpu(const CgroupFolder& folder,
                                      const std::optional<CgroupFolder>& usage);

// The CPUs of the group's cpuset, those of its ancestors taken into account. Nothing: the group has
// no such file, so may use all.
[[nodiscard]] std::optional<CpuList> ReadCgroupCpuset(const CgroupFolder& folder);

// Processes and threads.
struct CgroupPids {
  Reading count;
  Reading limit;  // the lowest of the own group and its ancestors
};
[[nodiscard]] CgroupPids ReadCgroupPids(const CgroupFolder& folder);

}  // namespace nanotally
