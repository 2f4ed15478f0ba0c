// How many file descriptors the process has open, without a listing of their directory, which costs
// an allocation and a look-up for each. Any thread.
#pragma once

#include <string>

#include "os/kernel_text.h"

namespace nanotally {

// The size of /proc/self/fd, which tells it from Linux 6.2 on. Absent before, and where none is
// open.
[[nodiscard]] Reading CountOpenFilesBySize(const std::string& root);

// The descriptors below `slots` (see ProcessStatus) that poll(2) does not call invalid, by a call
// for each 1024 of them. One opened with O_PATH is invalid to it. Absent without slots.
[[nodiscard]] Reading CountOpenFilesByPoll(Reading slots);

// The soft limit, RLIMIT_NOFILE. Absent where there is none.
[[nodiscard]] Reading MaxOpenFiles() noexcept;

}  // namespace nanotally
