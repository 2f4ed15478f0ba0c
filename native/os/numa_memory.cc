// Which pages are asked for, and what they stand for.
#include "os/numa_memory.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

namespace nanotally {
namespace {

// The smallest there is. Where pages are larger, several parts of one tell the same.
constexpr std::size_t kPageBytes = 4096;

}  // namespace

MemoryLook LookAtMemory(std::span<const MemoryRange> ranges, std::size_t max_pages,
                        AskForNodes ask) {
  MemoryLook look;
  std::size_t pages = 0;
  for (const MemoryRange& range : ranges) pages += range.bytes / kPageBytes;
  if (pages == 0) return look;
  // Odd: chunks have even numbers of pages, and each is to be looked at in another place. Their
  // first pages alone would not do: these are touched at once.
  const std::size_t step = pages <= max_pages ? 1 : ((pages - 1) / max_pages + 1) | 1;
  std::vector<const void*> asked;
  asked.reserve(pages / step + 1);
  std::size_t next = 0;  // page of the present range
  for (const MemoryRange& range : ranges) {
    const std::size_t size = range.bytes / kPageBytes;
    for (; next < size; next += step)
      asked.push_back(static_cast<const char*>(range.memory) + next * kPageBytes);
    next -= size;
  }
  std::vector<int> nodes(asked.size(), kUnplaced);
  look.error = ask(asked.size(), asked.data(), nodes.data());
  if (look.error != 0) return look;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    // A negative errno: ENOENT, not there; EFAULT, the page of zeros that reading brings in.
    look.bytes[std::max(nodes[i], kUnplaced)] += std::min(step, pages - i * step) * kPageBytes;
  }
  return look;
}

NoLook WhyNoLook(int error) {
  if (error == EPERM || error == EACCES) {
    return {"seccomp", "move_pages is refused, as containers' seccomp filters do",
            "run the container with a seccomp profile that allows move_pages: Docker's own does "
            "not, whatever the capabilities"};
  }
  if (error == ENOTSUP) return {"system", "only Linux tells where pages lie", ""};
  if (error == ENOSYS) return {"kernel", "this kernel has no move_pages (CONFIG_NUMA)", ""};
  return {"kernel", std::string("move_pages failed: ") + std::strerror(error), ""};
}

}  // namespace nanotally
