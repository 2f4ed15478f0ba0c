// From an event's name to what the kernel is asked for on this machine: the table of encodings
// over the PMUs that are there. Opens nothing. Any thread.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "os/perf_encodings.h"
#include "os/perf_events.h"
#include "os/pmu_files.h"

namespace nanotally {

struct PerfRequest {
  std::vector<PerfPart> parts;  // none: it is not to be had
  std::string encoding;
  std::string source;
  // Where there are no parts: as in PerfOffer, or empty where the table has no row.
  std::string reason;
  std::string message;
};

// An event of the processor's core is asked for on all core PMUs, or not at all: a thread may run
// on each of them.
[[nodiscard]] PerfRequest MakePerfRequest(std::span<const Pmu> pmus,
                                          std::span<const EncodingTable> tables,
                                          const PerfEvent& event);

}  // namespace nanotally
