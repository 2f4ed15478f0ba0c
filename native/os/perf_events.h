// The events that nanotally can count, and what this machine says to each: perf_event_open(2).
//
// An event has one name everywhere ("branch_misses"); what the kernel is asked for it depends on
// the processor's vendor and model (os/perf_encodings.h). A machine that does not count an event
// says why, and what would change that: it is never a zero.
//
// Events of the processor are counted while it runs the program, not the kernel or a hypervisor
// for it: regions are about the program's own instructions, and where kernel.perf_event_paranoid is
// 2, as it mostly is, nothing else is allowed. Software events are the kernel's doing, so they are
// counted wherever they happen; where that is not allowed, faults are those of the program's own
// instructions alone, and context switches and migrations are not offered, as they would read 0.
// Uncore events are of the whole socket.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace nanotally {

class PerfKernel;

enum class PerfKind : std::uint8_t { kHardware, kSoftware, kUncore };

// Events that are read at one moment, so that ratios between them are of the same instructions.
// A group has at most 4: fewer than any PMU has counters.
struct PerfEvent {
  std::string_view name;   // [a-z0-9_]+, such as "l1d_load_misses"
  std::string_view group;  // such as "l1d"; the events of a group follow each other
  PerfKind kind;
  std::string_view unit;  // "seconds", "bytes", or "" for a count
  double scale;  // one count in `unit`: 1e-9 for a clock in nanoseconds, 64 for a cache line
  std::string_view help;  // one sentence
};

using PerfEventId = std::uint32_t;  // index into PerfEvents()

[[nodiscard]] std::span<const PerfEvent> PerfEvents();
[[nodiscard]] std::optional<PerfEventId> FindPerfEvent(std::string_view name);

// What the kernel is asked for, on one PMU.
struct PerfPart {
  std::uint32_t type = 0;  // perf_event_attr.type
  std::uint64_t config = 0;
  std::uint64_t config1 = 0;
  std::uint64_t config2 = 0;
  // Set in config1 besides, so that a thread may read it by itself: from a counter of 64 bits, and
  // of 32, where none of 64 is to be had.
  std::uint64_t user_config1 = 0;
  std::uint64_t short_user_config1 = 0;
  std::uint32_t pmu = 0;            // the PMU's number: only events of one PMU are of one group
  double factor = 1;                // one count of it in counts of the event
  std::vector<std::uint32_t> cpus;  // uncore: opened on these alone, one a socket
};

// What a machine says to an event.
struct PerfOffer {
  bool is_available = false;
  // Where it is not: "no_pmu", "not_listed", "not_counting", "permission", "seccomp", "kernel",
  // "processor", "system" (no Linux), "sampling", "descriptors" (none was left).
  std::string reason;
  std::string message;  // what is the matter, in a sentence
  std::string hint;     // what to change; empty where nothing can be
  // Where it is: how it is asked for ("cpu/event=0xc4,umask=0x00/", "software/page-faults/") and
  // the manual's section that says so.
  std::string encoding;
  std::string source;
  bool has_user_reads = false;  // may be read without a system call
  // What is opened for it. Of several the counts are added: the two kinds of core of a hybrid
  // processor, the channels of a memory controller.
  std::vector<PerfPart> parts;
  // Uncore: the CPUs that it is opened on, one a socket, as PerfTarget{.pid = -1, .cpu}; ascending.
  std::vector<std::uint32_t> cpus;
};

// How a kernel and a processor let themselves be counted.
struct PerfMachine {
  std::string vendor;  // "intel", "amd", "arm", ""
  std::string model;   // as the vendor writes it: "06_8FH", "19h-21h", "0x41-0xd0c"
  std::string model_name;
  std::vector<std::string> pmus;   // names below /sys/bus/event_source/devices
  std::optional<int> paranoid;     // kernel.perf_event_paranoid
  std::optional<int> user_access;  // arm64: kernel.perf_user_access
  bool is_container = false;
  bool may_count_cpus = false;    // system-wide, per CPU: uncore, too
  std::vector<PerfOffer> offers;  // [PerfEvents().size()]
};

// Of this machine, found once by opening each event on the calling thread; never destroyed. Any
// thread. Takes some ten milliseconds the first time, most of it in the kernel.
[[nodiscard]] const PerfMachine& ThisPerfMachine();

// The same of a kernel and of the files below `root`.
[[nodiscard]] PerfMachine ReadPerfMachine(PerfKernel& kernel, const std::string& root);

}  // namespace nanotally
