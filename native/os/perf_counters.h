// Open counters: some events of one thread, process or CPU.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "os/perf_events.h"

namespace nanotally {

// What is counted.
struct PerfTarget {
  int pid = 0;                   // a thread's number; 0: the calling thread; -1: all, on `cpu`
  int cpu = -1;                  // -1: wherever the thread runs
  bool with_children = false;    // also threads and processes that it starts from now on
  bool from_exec_on = false;     // counts nothing before the target's next execve(2)
  bool wants_user_reads = true;  // where the kernel offers them
};

// Both times are of the kernel (time_enabled, time_running, in ns): where more is counted than the
// PMU has counters for, an event runs for a part of the time, and value * enabled / running is an
// estimate. `is_open` false: the event could not be opened, all else is 0.
struct PerfReading {
  std::uint64_t value = 0;
  std::uint64_t enabled_ns = 0;
  std::uint64_t running_ns = 0;
  bool is_open = false;
};

// Used by one thread at a time; with user-space reads by the counted thread alone.
class PerfCounters {
 public:
  // Opens what can be opened. Throws std::bad_alloc.
  [[nodiscard]] static std::unique_ptr<PerfCounters> Open(const PerfTarget& target,
                                                          std::span<const PerfEventId> events);
  PerfCounters(const PerfCounters&) = delete;
  PerfCounters& operator=(const PerfCounters&) = delete;
  virtual ~PerfCounters() = default;

  [[nodiscard]] virtual std::span<const PerfEventId> events() const = 0;
  // Why an event is not open: an errno; 0 for one that is.
  [[nodiscard]] virtual int error(std::size_t index) const = 0;
  // Whether all that is open is read without a system call, as it stands.
  [[nodiscard]] virtual bool HasUserReads() const = 0;

  // One for each of events(), in that order. Neither locks nor allocates.
  virtual void Read(std::span<PerfReading> readings) noexcept = 0;
};

}  // namespace nanotally
