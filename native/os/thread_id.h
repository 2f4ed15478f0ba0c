// The system's number of the calling thread, as /proc/self/task has it.
#pragma once

#ifdef __linux__
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace nanotally {

// 0 where there is none that others can look up.
inline int ThreadId() {
#ifdef __linux__
  return static_cast<int>(
      syscall(SYS_gettid));  // glibc 2.30 has a function for it, which is too new
#else
  return 0;
#endif
}

}  // namespace nanotally
