// The system calls, and the instructions that read counters.
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "os/perf_kernel.h"

namespace nanotally {
namespace {

constexpr unsigned long kCloseOnExec = 1u << 3;  // PERF_FLAG_FD_CLOEXEC, Linux 3.14

#if defined(__aarch64__)
// "mrs" has the register's name in the instruction: one for each number.
std::uint64_t ReadEventCounter(std::uint32_t number) noexcept {
  std::uint64_t value = 0;
#define NANOTALLY_COUNTER(n)                                  \
  case n:                                                     \
    asm volatile("mrs %0, pmevcntr" #n "_el0" : "=r"(value)); \
    break;
  switch (number) {
    NANOTALLY_COUNTER(0)
    NANOTALLY_COUNTER(1)
    NANOTALLY_COUNTER(2)
    NANOTALLY_COUNTER(3)
    NANOTALLY_COUNTER(4)
    NANOTALLY_COUNTER(5)
    NANOTALLY_COUNTER(6)
    NANOTALLY_COUNTER(7)
    NANOTALLY_COUNTER(8)
    NANOTALLY_COUNTER(9)
    NANOTALLY_COUNTER(10)
    NANOTALLY_COUNTER(11)
    NANOTALLY_COUNTER(12)
    NANOTALLY_COUNTER(13)
    NANOTALLY_COUNTER(14)
    NANOTALLY_COUNTER(15)
    NANOTALLY_COUNTER(16)
    NANOTALLY_COUNTER(17)
    NANOTALLY_COUNTER(18)
    NANOTALLY_COUNTER(19)
    NANOTALLY_COUNTER(20)
    NANOTALLY_COUNTER(21)
    NANOTALLY_COUNTER(22)
    NANOTALLY_COUNTER(23)
    NANOTALLY_COUNTER(24)
    NANOTALLY_COUNTER(25)
    NANOTALLY_COUNTER(26)
    NANOTALLY_COUNTER(27)
    NANOTALLY_COUNTER(28)
    NANOTALLY_COUNTER(29)
    NANOTALLY_COUNTER(30)
    default:  // 31: the cycle counter (ARMV8_PMU_CYCLE_IDX)
      asm volatile("mrs %0, pmccntr_el0" : "=r"(value));
  }
#undef NANOTALLY_COUNTER
  return value;
}
#endif

class LinuxPerfKernel final : public PerfKernel {
 public:
  [[nodiscard]] bool IsLinux() const noexcept override { return true; }

  int Open(const PerfAttributes& attributes, int pid, int cpu, int group) noexcept override {
    const long descriptor =
        syscall(SYS_perf_event_open, &attributes, pid, cpu, group, kCloseOnExec);
    return descriptor < 0 ? -errno : static_cast<int>(descriptor);
  }

  std::ptrdiff_t Read(int descriptor, std::span<std::uint64_t> words) noexcept override {
    ssize_t bytes = 0;
    do {
      bytes = read(descriptor, words.data(), words.size_bytes());
    } while (bytes < 0 && errno == EINTR);
    return bytes < 0 ? -errno : bytes;
  }

  void Close(int descriptor) noexcept override { close(descriptor); }

  const PerfPage* Map(int descriptor) noexcept override {
    void* page = mmap(nullptr, PageBytes(), PROT_READ, MAP_SHARED, descriptor, 0);
    return page == MAP_FAILED ? nullptr : static_cast<const PerfPage*>(page);
  }

  void Unmap(const PerfPage* page) noexcept override {
    munmap(const_cast<PerfPage*>(page), PageBytes());
  }

  [[nodiscard]] std::uint64_t ReadCounter(std::uint32_t index) noexcept override {
#if defined(__x86_64__)
    std::uint32_t low = 0;
    std::uint32_t high = 0;
    asm volatile("rdpmc" : "=a"(low), "=d"(high) : "c"(index - 1));
    return std::uint64_t{high} << 32 | low;
#elif defined(__aarch64__)
    return ReadEventCounter(index - 1);
#else
    static_cast<void>(index);
    return 0;
#endif
  }

  [[nodiscard]] std::uint64_t ReadClock() noexcept override {
#if defined(__x86_64__)
    std::uint32_t low = 0;
    std::uint32_t high = 0;
    asm volatile("rdtsc" : "=a"(low), "=d"(high));
    return std::uint64_t{high} << 32 | low;
#elif defined(__aarch64__)
    std::uint64_t ticks = 0;
    asm volatile("mrs %0, cntvct_el0" : "=r"(ticks));
    return ticks;
#else
    return 0;
#endif
  }

 private:
  static std::size_t PageBytes() noexcept {
    static const auto bytes = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    return bytes;
  }
};

}  // namespace

PerfKernel& PerfKernel::OfThisMachine() {
  static auto* const kernel = new LinuxPerfKernel;
  return *kernel;
}

}  // namespace nanotally
