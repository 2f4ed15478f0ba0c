// What getrusage(2) tells of the process: all its threads, also those that have ended. Absent where
// the system has no such call. Any thread.
//
// CPU time is the kernel's own, in microseconds; /proc/self/stat has the same rounded down to ticks
// of 10 ms. Context switches are those of the whole process; /proc/self/status has the main
// thread's alone.
#pragma once

#include "os/kernel_text.h"

namespace nanotally {

struct ResourceUsage {
  Reading user_seconds;
  Reading system_seconds;
  Reading cpu_seconds;   // both
  Reading minor_faults;  // served without I/O
  Reading major_faults;
  Reading voluntary_switches;
  Reading involuntary_switches;
  // Absent on Linux, where the value outlives exec(2), so that it may be another program's: see
  // os/process_files.h.
  Reading peak_resident_bytes;
};

[[nodiscard]] ResourceUsage ReadResourceUsage() noexcept;

}  // namespace nanotally
