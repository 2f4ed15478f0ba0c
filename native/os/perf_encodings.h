// What the kernel is asked for an event, by the processor's vendor and model. Beside each code
// stands the public text that it is from:
//   Intel perfmon SKX        github.com/intel/perfmon, SKX/events: where the Intel SDM, volume 3B
//                            (Performance Monitoring Events), sends its readers for the tables
//   AMD PPR 19h              Processor Programming Reference of the family, Performance Monitor
//                            Counters; Linux has the same in tools/perf/pmu-events/arch/x86
//   Arm ARM                  DDI 0487, part D, "PMU events and event numbers"
//   Arm Neoverse N1 TRM      Technical Reference Manual, "PMU events"; Linux has the same in
//                            tools/perf/pmu-events/arch/arm64
//   Linux                    the kernel's own mapping of its generic events
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace nanotally {

struct Processor {
  std::string vendor;      // "intel", "amd", "arm", ""
  unsigned family = 0;     // Arm: the implementer
  unsigned model = 0;      // Arm: the part
  std::string model_code;  // as PerfMachine::model
  std::string model_name;
};

// From the first processor of /proc/cpuinfo.
[[nodiscard]] Processor ReadProcessor(const std::string& root);

// Where an event is counted, in PerfEncoding::pmu:
inline constexpr std::string_view kSoftwarePmu = "software";  // terms: a name in kGenericEvents
inline constexpr std::string_view kGenericPmu = "generic";    // likewise
inline constexpr std::string_view kCorePmu = "core";          // each of the core's own PMUs
// Not at all: `terms` is the reason, `source` what is told of it.
inline constexpr std::string_view kNoPmu = "none";
// Anything else is a PMU by name, or all of that name with a number behind it (uncore_imc_0).

struct PerfEncoding {
  std::string_view event;
  std::string_view pmu;
  // A name that the PMU lists ("cas_count_read"), or terms in its format ("event=0xc4"); of
  // kGenericPmu a name in kGenericEvents. Several with "+" between them are added.
  std::string_view terms;
  std::string_view source = {};  // the section, in the text of the table; empty: all of it
  double factor = 1;  // one count of it in counts of the event; of a listed event as it is listed
};

// Rows of one event are alternatives, the best first; only those of "cpu_core" and "cpu_atom"
// belong together.
struct EncodingTable {
  std::string_view title;  // of the text that PerfEncoding::source is a section of
  std::span<const PerfEncoding> rows;
};

// The first that has a row for an event is the one that counts.
[[nodiscard]] std::vector<EncodingTable> EncodingsOf(const Processor& processor);

// The kernel's own events, by perf's names (include/uapi/linux/perf_event.h).
struct GenericEvent {
  std::string_view name;
  unsigned type;
  unsigned config;
};
[[nodiscard]] const GenericEvent* FindGenericEvent(std::string_view name);

}  // namespace nanotally
