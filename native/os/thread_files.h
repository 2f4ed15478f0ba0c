// What /proc/self/task/TID tells of one thread of the process. Any thread.
#pragma once

#include <string>

#include "os/kernel_text.h"

namespace nanotally {

struct ThreadStatistics {
  Reading user_seconds;  // to 10 ms, of which the kernel keeps the sum of both exact
  Reading system_seconds;
  Reading run_queue_seconds;  // ready to run and waiting for a CPU
  Reading voluntary_switches;
  Reading involuntary_switches;
};

// All absent for a thread that has ended, or is another process's.
[[nodiscard]] ThreadStatistics ReadThreadStatistics(const std::string& root, int tid);

}  // namespace nanotally
