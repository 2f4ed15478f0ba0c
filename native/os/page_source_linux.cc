// Anonymous pages by mmap(2), placed by mbind(2). The system call is made directly: libnuma, which
// wraps it, need not be there.
#include <linux/mempolicy.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <vector>

#include "os/current_cpu.h"
#include "os/numa_nodes.h"
#include "os/page_source_os.h"

namespace nanotally {
namespace {

constexpr std::size_t kHugePageBytes = std::size_t{2}
                                       << 20;  // the smallest that x86-64 and AArch64 have

// Whether the thread's pages lie where they are first touched. Others were told where to by the
// user, who is to be obeyed.
bool HasDefaultPolicy() noexcept {
  int policy = MPOL_DEFAULT;
  if (syscall(SYS_get_mempolicy, &policy, nullptr, 0, nullptr, 0) != 0) return true;
  return policy == MPOL_DEFAULT || policy == MPOL_LOCAL;
}

// Preferred, not bound: a full node must not fail the program.
bool Prefer(void* memory, std::size_t bytes, int node, unsigned flags) noexcept {
  constexpr unsigned kMaskBits = 1024;  // the kernel's limit of nodes (CONFIG_NODES_SHIFT <= 10)
  constexpr unsigned kWordBits = 8 * sizeof(unsigned long);
  if (node < 0 || node >= static_cast<int>(kMaskBits) || !HasDefaultPolicy()) return false;
  unsigned long mask[kMaskBits / kWordBits] = {};
  mask[node / kWordBits] = 1ul << (node % kWordBits);
  return syscall(SYS_mbind, memory, bytes, MPOL_PREFERRED, mask, kMaskBits + 1, flags) == 0;
}

}  // namespace

void* OsPageSource::Allocate(std::size_t bytes) noexcept {
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return nullptr;
  // So much is asked for only where there are many CPUs: the first touch of one CPU's slot shall
  // not make those of its neighbours resident. Kernels without huge pages refuse, which is as good.
  if (bytes >= kHugePageBytes) madvise(memory, bytes, MADV_NOHUGEPAGE);
  return memory;
}

void OsPageSource::Free(void* memory, std::size_t bytes) noexcept { munmap(memory, bytes); }

void OsPageSource::PlaceNear(void* memory, std::size_t bytes, std::uint32_t cpu) noexcept {
  const std::vector<int>& nodes = MemoryNodes();
  if (cpu < nodes.size()) static_cast<void>(Prefer(memory, bytes, nodes[cpu], 0));
}

void OsPageSource::PlaceNearCaller(void* memory, std::size_t bytes) noexcept {
  if (const int cpu = CurrentCpu(); cpu >= 0) PlaceNear(memory, bytes, static_cast<unsigned>(cpu));
}

bool OsPageSource::MoveToNode(void* memory, std::size_t bytes, int node) noexcept {
  return Prefer(memory, bytes, node, MPOL_MF_MOVE);
}

}  // namespace nanotally
