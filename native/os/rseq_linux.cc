// Finding glibc's rseq registration, and the membarrier that waits for sequences.
#include <dlfcn.h>
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/rseq.h"

namespace nanotally {
namespace {

// MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ and its registration (Linux 5.10), which older headers
// lack.
constexpr int kFence = 1 << 7;
constexpr int kRegisterFence = 1 << 8;

bool Membarrier(int command) noexcept { return syscall(SYS_membarrier, command, 0, 0) == 0; }

}  // namespace

std::atomic<std::uint64_t> Rseq::aborts_{0};
std::ptrdiff_t Rseq::offset_ = 0;

bool Rseq::IsAvailable() noexcept {
  static const bool available = [] {
#if defined(__x86_64__) || defined(__aarch64__)
    const auto* offset = static_cast<const std::ptrdiff_t*>(dlsym(RTLD_DEFAULT, "__rseq_offset"));
    const auto* size = static_cast<const unsigned*>(dlsym(RTLD_DEFAULT, "__rseq_size"));
    // A size of 0: glibc did not register, as told or as the kernel refused.
    if (offset == nullptr || size == nullptr || *size == 0) return false;
    offset_ = *offset;
    return true;
#else
    return false;
#endif
  }();
  return available;
}

bool Rseq::CanFence() noexcept {
  static const bool can = IsAvailable() && Membarrier(kRegisterFence);
  return can;
}

bool Rseq::Fence() noexcept { return CanFence() && Membarrier(kFence); }

}  // namespace nanotally
