// Reading an event through its mapped page, without a system call, as told beside
// perf_event_mmap_page in include/uapi/linux/perf_event.h. By the counted thread alone.
#pragma once

#include <atomic>

#include "os/perf_kernel.h"

namespace nanotally {

struct PerfPageReading {
  std::uint64_t value;
  std::uint64_t enabled_ns;
  std::uint64_t running_ns;
};

// Whether the kernel lets this event be read so. Also with its times: they stand still in the page
// while the thread runs, and would make the ratio of a short region a wrong one.
[[nodiscard]] inline bool AllowsUserReads(const PerfPage& page) noexcept {
  constexpr std::uint64_t kBoth = kPerfUserCounter | kPerfUserTime;
  return (page.capabilities & kBoth) == kBoth;
}

// `cycles` of the page's clock, in ns since the kernel's last update of the page.
[[nodiscard]] inline std::uint64_t PerfPageTime(const PerfPage& page,
                                                std::uint64_t cycles) noexcept {
  if ((page.capabilities & kPerfUserTimeShort) != 0)
    cycles = page.time_cycles + ((cycles - page.time_cycles) & page.time_mask);
  const std::uint64_t whole = cycles >> page.time_shift;
  const std::uint64_t rest = cycles & ((std::uint64_t{1} << page.time_shift) - 1);
  return page.time_offset + whole * page.time_mult + ((rest * page.time_mult) >> page.time_shift);
}

// A counter of `bits` bits, sign-extended: the kernel sets counters below 0 so that they overflow
// in time.
[[nodiscard]] inline std::int64_t SignExtended(std::uint64_t counter, unsigned bits) noexcept {
  if (bits == 0 || bits >= 64) return static_cast<std::int64_t>(counter);
  const unsigned unused = 64 - bits;
  return static_cast<std::int64_t>(counter << unused) >> unused;
}

// False where the event is on no counter now, or was interrupted again and again: then the system
// call tells.
inline bool ReadPerfPage(PerfKernel& kernel, const PerfPage& mapped,
                         PerfPageReading& reading) noexcept {
  constexpr int kTries = 8;
  const volatile std::uint32_t& lock = mapped.lock;
  for (int tries = 0; tries < kTries; ++tries) {
    const std::uint32_t before = lock;
    // The kernel writes on this CPU: what must not move is the compiler's alone.
    std::atomic_signal_fence(std::memory_order_seq_cst);
    const PerfPage page = mapped;
    if (page.index == 0 || !AllowsUserReads(page)) return false;
    const std::uint64_t counter = kernel.ReadCounter(page.index);
    const std::uint64_t cycles = kernel.ReadClock();
    std::atomic_signal_fence(std::memory_order_seq_cst);
    if (lock != before) continue;
    const std::uint64_t since = PerfPageTime(page, cycles);
    reading.value =
        static_cast<std::uint64_t>(page.offset + SignExtended(counter, page.counter_bits));
    reading.enabled_ns = page.time_enabled + since;
    reading.running_ns = page.time_running + since;
    return true;
  }
  return false;
}

}  // namespace nanotally
