// perf_event_open(2) and what is read with it: the seam at the system calls, where tests answer in
// the kernel's place.
//
// The kernel's structures are declared here as far as they are used: their layout is fixed for
// good (include/uapi/linux/perf_event.h), and no system's headers need to be as new as its kernel.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace nanotally {

// perf_event_attr.type; PMUs have further numbers in their `type` files.
inline constexpr std::uint32_t kPerfHardware = 0;
inline constexpr std::uint32_t kPerfSoftware = 1;
inline constexpr std::uint32_t kPerfCache = 3;
inline constexpr std::uint32_t kPerfRaw = 4;  // the core's own PMU

// Bits of perf_event_attr.flags.
inline constexpr std::uint64_t kPerfDisabled = 1u << 0;
inline constexpr std::uint64_t kPerfInherit = 1u << 1;
inline constexpr std::uint64_t kPerfExcludeKernel = 1u << 5;
inline constexpr std::uint64_t kPerfExcludeHypervisor = 1u << 6;
inline constexpr std::uint64_t kPerfEnableOnExec = 1u << 12;
inline constexpr std::uint64_t kPerfInheritThread = std::uint64_t{1} << 35;  // Linux 5.13

// Bits of perf_event_attr.read_format.
inline constexpr std::uint64_t kPerfReadEnabled = 1u << 0;
inline constexpr std::uint64_t kPerfReadRunning = 1u << 1;
inline constexpr std::uint64_t kPerfReadGroup = 1u << 3;

// The first version of perf_event_attr that has config2 (PERF_ATTR_SIZE_VER1, Linux 2.6.33).
struct PerfAttributes {
  std::uint32_t type = 0;
  std::uint32_t size = 72;
  std::uint64_t config = 0;
  std::uint64_t sample_period = 0;
  std::uint64_t sample_type = 0;
  std::uint64_t read_format = 0;
  std::uint64_t flags = 0;
  std::uint32_t wakeup_events = 0;
  std::uint32_t breakpoint_type = 0;
  std::uint64_t config1 = 0;
  std::uint64_t config2 = 0;
};
static_assert(sizeof(PerfAttributes) == 72 && offsetof(PerfAttributes, flags) == 40);

// Bits of perf_event_mmap_page.capabilities.
inline constexpr std::uint64_t kPerfUserCounter = 1u << 2;    // cap_user_rdpmc
inline constexpr std::uint64_t kPerfUserTime = 1u << 3;       // cap_user_time
inline constexpr std::uint64_t kPerfUserTimeShort = 1u << 5;  // cap_user_time_short

// The head of perf_event_mmap_page. The kernel writes it on the CPU that the counted thread runs
// on, and only while that thread does not run: it reads itself without any barrier of the
// processor's, and finds an interruption by the change of `lock`.
struct PerfPage {
  std::uint32_t version;
  std::uint32_t compat_version;
  std::uint32_t lock;   // changes with each update of what follows
  std::uint32_t index;  // the counter's number, plus 1; 0: it is not on a counter now
  std::int64_t offset;  // to be added to the counter
  std::uint64_t time_enabled;
  std::uint64_t time_running;
  std::uint64_t capabilities;
  std::uint16_t counter_bits;  // pmc_width
  std::uint16_t time_shift;
  std::uint32_t time_mult;
  std::uint64_t time_offset;
  std::uint64_t time_zero;
  std::uint32_t size;
  std::uint32_t reserved;
  std::uint64_t time_cycles;  // with kPerfUserTimeShort
  std::uint64_t time_mask;
};
static_assert(offsetof(PerfPage, time_enabled) == 24 && offsetof(PerfPage, counter_bits) == 48 &&
              offsetof(PerfPage, time_offset) == 56 && offsetof(PerfPage, time_mask) == 88);

// Any thread, but for the two readers of counters: those are of the thread that calls.
class PerfKernel {
 public:
  // This machine's; never destroyed.
  static PerfKernel& OfThisMachine();
  virtual ~PerfKernel() = default;

  // Whether the operating system is Linux.
  [[nodiscard]] virtual bool IsLinux() const noexcept = 0;

  // A file descriptor that execve(2) closes, or an errno below 0. `group`: the leader's, or -1.
  virtual int Open(const PerfAttributes& attributes, int pid, int cpu, int group) noexcept = 0;
  // read(2): the number of bytes, or an errno below 0.
  virtual std::ptrdiff_t Read(int descriptor, std::span<std::uint64_t> words) noexcept = 0;
  virtual void Close(int descriptor) noexcept = 0;
  // The event's page, or nullptr.
  virtual const PerfPage* Map(int descriptor) noexcept = 0;
  virtual void Unmap(const PerfPage* page) noexcept = 0;

  // The counter that a page's index names, as it stands in the processor: rdpmc, mrs.
  [[nodiscard]] virtual std::uint64_t ReadCounter(std::uint32_t index) noexcept = 0;
  // The clock that a page's time_mult is of: rdtsc, cntvct_el0.
  [[nodiscard]] virtual std::uint64_t ReadClock() noexcept = 0;
};

}  // namespace nanotally
