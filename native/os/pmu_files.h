// The PMUs that the kernel lists below /sys/bus/event_source/devices, and the text that their
// events are told in ("event=0x3c,umask=0x01"). Kernel:
// Documentation/ABI/testing/sysfs-bus-event_source-devices-format and -events. Any thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nanotally {

// A run of bits of perf_event_attr.config (word 0), config1 (1) or config2 (2). A field's value
// goes into its runs one after another, the lowest bits first.
struct PmuBits {
  int word = 0;
  unsigned first = 0;
  unsigned last = 0;  // inclusive
};

struct ListedPmuEvent {
  std::string terms;
  // One count in bytes, where it is told so (.scale and .unit): 64 for a cache line.
  std::optional<double> bytes;
};

struct Pmu {
  std::string name;        // the folder's: "cpu", "armv8_pmuv3_0", "uncore_imc_3"
  std::uint32_t type = 0;  // perf_event_attr.type
  std::map<std::string, std::vector<PmuBits>, std::less<>> fields;
  std::map<std::string, ListedPmuEvent, std::less<>> events;
  std::vector<std::uint32_t> cpus;  // `cpumask`: to open its events on, of uncore PMUs; or none
  bool is_core = false;             // counts for threads: "cpu", or what has a list of its `cpus`
};

// Ascending by name. What is malformed is left out. `root`: what all paths are below.
[[nodiscard]] std::vector<Pmu> ReadPmus(const std::string& root);

struct PmuConfig {
  std::uint64_t words[3] = {};  // config, config1, config2
};

// What `terms` asks a PMU for; nothing where it knows a field not, or where a value is too large
// for its field. A term without a value is 1.
[[nodiscard]] std::optional<PmuConfig> EncodePmuTerms(const Pmu& pmu, std::string_view terms);

}  // namespace nanotally
