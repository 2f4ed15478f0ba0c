// Asking Linux. The system call is made directly: libnuma, which wraps it, need not be there.
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "os/numa_memory.h"

namespace nanotally {

int AskKernelForNodes(std::size_t count, const void* const* pages, int* nodes) {
  return syscall(SYS_move_pages, 0, count, pages, nullptr, nodes, 0) == 0 ? 0 : errno;
}

}  // namespace nanotally
