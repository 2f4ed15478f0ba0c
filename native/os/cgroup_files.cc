// The files of both versions.
#include "os/cgroup_files.h"

#include <algorithm>

namespace nanotally {
namespace {

constexpr double kMicrosecond = 1e-6;
constexpr double kNanosecond = 1e-9;
// v1 writes "none" as the largest multiple of the page size.
constexpr double kNoLimit = 0x1p62;

void Lower(Reading& lowest, Reading value) {
  if (value && (!lowest || *value < *lowest)) lowest = value;
}

// v2 writes "none" as "max", which is no count.
Reading ReadLimit(const std::string& path) {
  const Reading limit = ReadCount(path);
  return limit && *limit < kNoLimit ? limit : std::nullopt;
}

// A quota by its period: "200000 100000" is two cores. v1 has a file for each; no quota is "max" or
// -1.
Reading ReadQuota(const std::string& level, bool is_v2) {
  Reading quota;
  Reading period;
  if (!is_v2) {
    quota = ReadCount(level + "/cpu.cfs_quota_us");
    period = ReadCount(level + "/cpu.cfs_period_us");
  } else if (const auto text = ReadKernelFile(level + "/cpu.max")) {
    std::string_view rest = *text;
    std::string_view line = TakeLine(rest);
    quota = ParseCount(TakeWord(line));
    period = ParseCount(TakeWord(line));
  }
  return quota && period && *period > 0 ? Reading(*quota / *period) : std::nullopt;
}

struct CgroupUse {
  Reading usage_bytes;
  Reading working_set_bytes;
  Reading swap_bytes;  // v1
};

CgroupUse ReadUse(const std::string& level, bool is_v2) {
  CgroupUse use;
  use.usage_bytes = ReadCount(level + (is_v2 ? "/memory.current" : "/memory.usage_in_bytes"));
  const auto text = ReadKernelFile(level + "/memory.stat");
  if (!text) return use;
  if (!is_v2) use.swap_bytes = FindCount(*text, "total_swap");
  const Reading unused = FindCount(*text, is_v2 ? "inactive_file" : "total_inactive_file");
  if (use.usage_bytes && unused) use.working_set_bytes = std::max(0.0, *use.usage_bytes - *unused);
  return use;
}

void ReadLimits(const CgroupFolder& folder, CgroupMemory& memory) {
  for (const std::string& level : folder.Levels()) {
    const Reading limit =
        ReadLimit(level + (folder.is_v2 ? "/memory.max" : "/memory.limit_in_bytes"));
    Lower(memory.limit_bytes, limit);
    if (folder.is_v2) Lower(memory.throttling_bytes, ReadLimit(level + "/memory.high"));
    if (!limit) continue;
    const CgroupUse use = level == folder.own
                              ? CgroupUse{memory.usage_bytes, memory.working_set_bytes, {}}
                              : ReadUse(level, folder.is_v2);
    if (use.usage_bytes) Lower(memory.headroom_bytes, std::max(0.0, *limit - *use.usage_bytes));
    // Nothing fits into a limit of 0.
    const Reading share = use.working_set_bytes && *limit > 0
                              ? Reading(*use.working_set_bytes / *limit)
                              : std::nullopt;
    if (share && (!memory.fullest_ratio || *share > *memory.fullest_ratio)) {
      memory.fullest_ratio = share;
      memory.fullest_limit_bytes = limit;
    }
  }
}

void ReadEvents(const CgroupFolder& folder, CgroupMemory& memory) {
  if (!folder.is_v2) {
    memory.max_events = ReadCount(folder.own + "/memory.failcnt");
    if (const auto text = ReadKernelFile(folder.own + "/memory.oom_control"))
      memory.oom_kill_events = FindCount(*text, "oom_kill");
  } else if (const auto text = ReadKernelFile(folder.own + "/memory.events")) {
    memory.low_events = FindCount(*text, "low");
    memory.high_events = FindCount(*text, "high");
    memory.max_events = FindCount(*text, "max");
    memory.oom_events = FindCount(*text, "oom");
    memory.oom_kill_events = FindCount(*text, "oom_kill");
  }
}

}  // namespace

CgroupMemory ReadCgroupMemory(const CgroupFolder& folder) {
  const bool is_v2 = folder.is_v2;
  CgroupMemory memory;
  const CgroupUse use = ReadUse(folder.own, is_v2);
  memory.usage_bytes = use.usage_bytes;
  memory.working_set_bytes = use.working_set_bytes;
  memory.peak_bytes =
      ReadCount(folder.own + (is_v2 ? "/memory.peak" : "/memory.max_usage_in_bytes"));
  memory.swap_bytes = is_v2 ? ReadCount(folder.own + "/memory.swap.current") : use.swap_bytes;
  ReadLimits(folder, memory);
  ReadEvents(folder, memory);
  return memory;
}

CgroupCpu ReadCgroupCpu(const CgroupFolder& folder, const std::optional<CgroupFolder>& usage) {
  CgroupCpu cpu;
  for (const std::string& level : folder.Levels())
    Lower(cpu.limit_cores, ReadQuota(level, folder.is_v2));
  if (!folder.is_v2 && usage) cpu.seconds = ReadCount(usage->own + "/cpuacct.usage", kNanosecond);
  const auto text = ReadKernelFile(folder.own + "/cpu.stat");
  if (!text) return cpu;
  cpu.periods = FindCount(*text, "nr_periods");
  cpu.throttled_periods = FindCount(*text, "nr_throttled");
  cpu.throttled_seconds = folder.is_v2 ? FindCount(*text, "throttled_usec", kMicrosecond)
                                       : FindCount(*text, "throttled_time", kNanosecond);
  if (folder.is_v2) cpu.seconds = FindCount(*text, "usage_usec", kMicrosecond);
  return cpu;
}

// A v2 group has the file only where its parent has handed the controller on to it.
std::optional<CpuList> ReadCgroupCpuset(const CgroupFolder& folder) {
  for (const std::string& level : folder.Levels()) {
    const char* file = folder.is_v2 ? "/cpuset.cpus.effective" : "/cpuset.effective_cpus";
    if (auto cpus = ReadCpuList(level + file)) return cpus;
  }
  return std::nullopt;
}

CgroupPids ReadCgroupPids(const CgroupFolder& folder) {
  CgroupPids pids;
  pids.count = ReadCount(folder.own + "/pids.current");
  for (const std::string& level : folder.Levels())
    Lower(pids.limit, ReadLimit(level + "/pids.max"));
  return pids;
}

}  // namespace nanotally
