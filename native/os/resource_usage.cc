// getrusage, where POSIX is.
#include "os/resource_usage.h"

#if __has_include(<sys/resource.h>)
#include <sys/resource.h>
#endif

namespace nanotally {

#if __has_include(<sys/resource.h>)

namespace {

double Seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

}  // namespace

ResourceUsage ReadResourceUsage() noexcept {
  rusage usage;
  if (getrusage(RUSAGE_SELF, &usage) != 0) return {};
  ResourceUsage read;
  read.user_seconds = Seconds(usage.ru_utime);
  read.system_seconds = Seconds(usage.ru_stime);
  read.cpu_seconds = *read.user_seconds + *read.system_seconds;
  read.minor_faults = usage.ru_minflt;
  read.major_faults = usage.ru_majflt;
  read.voluntary_switches = usage.ru_nvcsw;
  read.involuntary_switches = usage.ru_nivcsw;
#if defined(__APPLE__)
  read.peak_resident_bytes = usage.ru_maxrss;  // in bytes there
#endif
  return read;
}

#else

ResourceUsage ReadResourceUsage() noexcept { return {}; }

#endif

}  // namespace nanotally
