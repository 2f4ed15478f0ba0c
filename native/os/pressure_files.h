// Pressure stall information (PSI): how long tasks waited for a CPU, memory or I/O. Kernel:
// Documentation/accounting/psi.rst. Absent where the kernel has none or has it switched off. Any
// thread.
#pragma once

#include <string>

#include "os/kernel_text.h"

namespace nanotally {

// Some: at least one task waited. Full: all that were not idle did, at once. In all, and the share
// of the last 10 s, 0 to 1.
struct Pressure {
  Reading some_seconds;
  Reading full_seconds;
  Reading some_ratio;
  Reading full_ratio;
};

// A file such as /proc/pressure/memory or a cgroup's memory.pressure.
[[nodiscard]] Pressure ReadPressure(const std::string& path);

}  // namespace nanotally
