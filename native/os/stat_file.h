// The one line of /proc/PID/stat and /proc/PID/task/TID/stat, proc_pid_stat(5). Any thread.
#pragma once

#include <string_view>

#include "os/kernel_text.h"

namespace nanotally {

// A field by its number in the manual page, from 3 on, as a multiple of `unit`. The second one, the
// program's name, may hold anything, also blanks and parentheses.
[[nodiscard]] Reading StatField(std::string_view text, int number, double unit = 1);

// A tick of the clock that times are told in there: 10 ms wherever Linux runs. 0 where there are
// none.
[[nodiscard]] double TickSeconds() noexcept;

}  // namespace nanotally
