// What the process does to the processor, and where it may be told, what all of the machine does:
// counters of the kernel (os/perf_counters.h), read when a snapshot is taken. What was not measured
// is absent, and perf_event_available says why.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/family_source.h"
#include "os/perf_counters.h"
#include "os/perf_events.h"
#include "os/topology.h"

namespace nanotally {

// What of a machine is used; tests give others.
struct HardwareAccess {
  const PerfMachine& machine = ThisPerfMachine();
  std::function<std::unique_ptr<PerfCounters>(const PerfTarget&, std::span<const PerfEventId>)>
      open = [](const PerfTarget& target, std::span<const PerfEventId> events) {
        return PerfCounters::Open(target, events);
      };
  std::string root;  // what the paths of threads and topology are below: "" for this machine
  std::size_t max_files = 0;  // that may be open for it; 0: a quarter of what the process may open
};

// A count as it is told: an estimate where the event did not run all the time.
struct HardwareCount {
  double value = 0;
  double enabled_ns = 0;
  double running_ns = 0;
  bool is_measured = false;
};

// Any thread, several at once; reading locks.
//
// A file is open for each event (on each kind of core) and each thread that the process has when
// this is made; threads that these start later are counted with them, and take none. A thread that
// is started while this is being made may be missed. Where the files do not suffice, the last
// events go without.
class HardwareMetrics final : public FamilySource {
 public:
  // Begins to count. `events`: none: DefaultEvents().
  explicit HardwareMetrics(std::span<const PerfEventId> events, bool per_cpu,
                           HardwareAccess access = {});
  ~HardwareMetrics() override;

  [[nodiscard]] std::span<const std::string_view> Names() const override;
  // A system call for each group of events of each thread; ascending by name.
  void Read(const NameFilter& filter, std::vector<ComputedFamily>& families) override;

  // Few, as each costs a file for each thread.
  [[nodiscard]] static std::vector<PerfEventId> DefaultEvents();

 private:
  // Counters that are told together: of all threads, of a CPU, of the memory of a node.
  struct Counted;
  struct Refusal {
    PerfEventId event;
    std::string reason;
  };

  [[nodiscard]] std::size_t FilesOf(std::span<const PerfEventId> events) const;
  void OpenThreads(std::vector<PerfEventId> events);
  void OpenCpus(const Topology& topology, std::span<const PerfEventId> events);
  void OpenUncore(const Topology& topology, std::span<const PerfEventId> events);
  void Refuse(PerfEventId event, std::string_view reason);

  const HardwareAccess access_;
  std::size_t files_left_;
  std::vector<PerfEventId> asked_;
  std::vector<Refusal> refusals_;  // by event at most one

  std::mutex mutex_;  // of what is read
  std::unique_ptr<Counted> threads_;
  std::vector<std::unique_ptr<Counted>> cpus_;
  std::vector<std::unique_ptr<Counted>> uncore_;
};

}  // namespace nanotally
