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
  bool threads_only = false;     // of these the threads alone; before Linux 5.13 both
  bool from_exec_on = false;     // counts nothing before the target's next execve(2)
  bool wants_user_reads = true;  // where the kernel offers them
};

// Both times are of the kernel (time_enabled, time_running, in ns): where more is counted than the
// PMU has counters for, an event runs for a part of the time, and value * enabled / running is an
// estimate; running 0: it never ran, and nothing is known. `is_open` false: the event could not be
// opened, all else is 0. Where several PMUs count an event (PerfOffer::parts) the value is their
// sum, and the times stand in the ratio that scales it.
struct PerfReading {
  std::uint64_t value = 0;
  std::uint64_t enabled_ns = 0;
  std::uint64_t running_ns = 0;
  bool is_open = false;
};

// The events of a group (PerfEvent::group) are opened as one, so that they count the same
// instructions, and are read in one system call; with children, each in one of its own. An event
// that cannot be counted together with those before it is opened by itself. Each open event is a
// file descriptor, and a mapped page (4 KiB, of the user's limit kernel.perf_event_mlock_kb) where
// it is read in user space. What was started before is not among the children.
//
// Used by one thread at a time; with user-space reads by the counted thread alone, and not in a
// child process of fork(2), which has not the pages. Counters of several kinds of core are read by
// system calls.
class PerfCounters {
 public:
  // Opens what can be opened: what is not offered (ThisPerfMachine) is not tried, an uncore event
  // only on one of its CPUs. Throws std::bad_alloc.
  [[nodiscard]] static std::unique_ptr<PerfCounters> Open(const PerfTarget& target,
                                                          std::span<const PerfEventId> events);
  // The same of a kernel and a machine, which outlive it.
  [[nodiscard]] static std::unique_ptr<PerfCounters> Open(PerfKernel& kernel,
                                                          const PerfMachine& machine,
                                                          const PerfTarget& target,
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

 protected:
  PerfCounters() = default;
};

}  // namespace nanotally
