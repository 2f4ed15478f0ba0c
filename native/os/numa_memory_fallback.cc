// Systems that are not asked.
#include <cerrno>

#include "os/numa_memory.h"

namespace nanotally {

int AskKernelForNodes(std::size_t, const void* const*, int*) { return ENOTSUP; }

}  // namespace nanotally
