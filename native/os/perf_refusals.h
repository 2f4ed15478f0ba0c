// Why an event is not counted, in words, and what to change.
#pragma once

#include <optional>
#include <string>

#include "os/perf_events.h"

namespace nanotally {

// What a refusal is explained from.
struct PerfSurroundings {
  bool is_linux = true;
  bool has_core_pmu = false;
  bool has_seccomp = false;     // system calls are filtered: Seccomp in /proc/self/status
  std::optional<int> paranoid;  // kernel.perf_event_paranoid
};

struct PerfRefusal {
  std::string reason;
  std::string message;
  std::string hint;
};

// Of what perf_event_open(2) answered: an errno.
[[nodiscard]] PerfRefusal ExplainPerfError(const PerfSurroundings& surroundings,
                                           const PerfEvent& event, int error);

// Of what is refused without asking the kernel: "no_pmu" of the uncore, "not_listed", "processor",
// "not_counting" (`ran`: whether it was on a counter at all), "sampling".
[[nodiscard]] PerfRefusal ExplainPerfReason(std::string_view reason, std::string_view message,
                                            bool ran = true);

}  // namespace nanotally
