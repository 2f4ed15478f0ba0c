// Which counters are open, and how they become samples.
#include "runtime/hardware_metrics.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "core/label_text.h"
#include "os/kernel_text.h"
#include "os/open_files.h"
#include "runtime/hardware_families.h"

namespace nanotally {
namespace {

// What is left to the program of the files that it may open.
constexpr std::size_t kShareOfFiles = 4;
// Where the limit is not known.
constexpr std::size_t kMaxFiles = 256;

constexpr std::string_view kNoFiles = "descriptors";

std::string_view ReasonOf(int error) {
  switch (error) {
    case EMFILE:
    case ENFILE:
      return kNoFiles;
    case EACCES:
    case EPERM:
      return "permission";
    default:
      return "kernel";
  }
}

// The threads of the process; none where the system does not list them.
std::vector<int> Threads(const std::string& root) {
  std::vector<int> threads;
  std::error_code error;
  std::filesystem::directory_iterator entry(root + "/proc/self/task", error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    if (const Reading tid = ParseCount(entry->path().filename().native()))
      threads.push_back(static_cast<int>(*tid));
  }
  std::sort(threads.begin(), threads.end());
  return threads;
}

PerfTarget OfCpu(const CpuPlace& cpu) {
  PerfTarget target;
  target.pid = -1;
  target.cpu = static_cast<int>(cpu.number);
  target.wants_user_reads = false;
  return target;
}

std::string Label(std::string_view name, std::string_view value) {
  std::string text;
  AppendLabel(text, name, value);
  return text;
}

// The kernel counts its own events all the time. (It may begin with them up to a time slice late,
// for a thread that runs when they are opened.)
bool IsMultiplexed(PerfEventId event) { return PerfEvents()[event].kind != PerfKind::kSoftware; }

// The families that a filter selects, as samples are added.
class Families {
 public:
  Families(const NameFilter& filter, std::vector<ComputedFamily>& families)
      : filter_(filter), families_(families) {}

  void Add(const HardwareFamily& family, std::string labels, double value) {
    if (!filter_.Selects(family.name, family.type)) return;
    const auto found = std::find_if(added_.begin(), added_.end(), [&](const ComputedFamily& one) {
      return one.name == family.name;
    });
    ComputedFamily& one = found != added_.end()
                              ? *found
                              : added_.emplace_back(ComputedFamily{std::string(family.name),
                                                                   std::string(family.help),
                                                                   std::string(family.unit),
                                                                   family.type,
                                                                   {}});
    one.samples.push_back({std::move(labels), value});
  }

  void Finish() {
    std::sort(added_.begin(), added_.end(),
              [](const auto& a, const auto& b) { return a.name < b.name; });
    std::move(added_.begin(), added_.end(), std::back_inserter(families_));
  }

 private:
  const NameFilter& filter_;
  std::vector<ComputedFamily>& families_;
  std::vector<ComputedFamily> added_;
};

}  // namespace

struct HardwareMetrics::Counted {
  std::string labels;                               // of what is counted: none for the process
  std::vector<PerfEventId> events;                  // [event]
  std::vector<HardwareCount> counts;                // [event], as told last
  std::vector<std::unique_ptr<PerfCounters>> sets;  // each of `events`

  explicit Counted(std::span<const PerfEventId> of, std::string with = {})
      : labels(std::move(with)), events(of.begin(), of.end()), counts(of.size()) {}

  // Adds up the sets. An estimate may fall from one reading to the next: what was told stays.
  void Read() {
    std::vector<HardwareCount> sums(events.size());
    std::vector<PerfReading> readings(events.size());
    for (const auto& set : sets) {
      set->Read(readings);
      for (std::size_t i = 0; i < events.size(); ++i) {
        const PerfReading& one = readings[i];
        if (!one.is_open) continue;
        const auto enabled = static_cast<double>(one.enabled_ns);
        const auto running = static_cast<double>(one.running_ns);
        sums[i].enabled_ns += enabled;
        sums[i].running_ns += running;
        // What has not run for any part of the time is not known, rather than 0.
        if (running == 0 && enabled > 0) continue;
        sums[i].is_measured = true;
        const auto value = static_cast<double>(one.value);
        const bool is_estimate = IsMultiplexed(events[i]) && running > 0 && running < enabled;
        sums[i].value += is_estimate ? value * (enabled / running) : value;
      }
    }
    for (std::size_t i = 0; i < events.size(); ++i) {
      sums[i].value = std::max(sums[i].value, counts[i].value);
      sums[i].is_measured = sums[i].is_measured || counts[i].is_measured;
      counts[i] = sums[i];
    }
  }

  // As HardwareRatio has it.
  [[nodiscard]] std::optional<double> Sum(std::span<const std::string_view> names,
                                          const PerfMachine& machine) const {
    std::optional<double> sum;
    for (const std::string_view name : names) {
      if (name.empty()) break;
      const auto id = FindPerfEvent(name);
      if (!id) return std::nullopt;
      if (!machine.offers[*id].is_available) continue;
      const auto found = std::find(events.begin(), events.end(), *id);
      if (found == events.end()) return std::nullopt;
      const HardwareCount& count = counts[static_cast<std::size_t>(found - events.begin())];
      if (!count.is_measured) return std::nullopt;
      sum = sum.value_or(0) + count.value;
    }
    return sum;
  }
};

std::vector<PerfEventId> HardwareMetrics::DefaultEvents() {
  std::vector<PerfEventId> events;
  for (const std::string_view name : kDefaultHardwareEvents) {
    if (const auto event = FindPerfEvent(name)) events.push_back(*event);
  }
  std::sort(events.begin(), events.end());
  return events;
}

HardwareMetrics::HardwareMetrics(std::span<const PerfEventId> events, bool per_cpu,
                                 HardwareAccess access)
    : access_(std::move(access)), files_left_(access_.max_files) {
  if (files_left_ == 0) {
    const Reading limit = MaxOpenFiles();
    files_left_ = limit ? static_cast<std::size_t>(*limit) / kShareOfFiles : kMaxFiles;
  }
  asked_.assign(events.begin(), events.end());
  if (asked_.empty()) asked_ = DefaultEvents();
  std::sort(asked_.begin(), asked_.end());
  asked_.erase(std::unique(asked_.begin(), asked_.end()), asked_.end());

  std::vector<PerfEventId> of_threads;
  std::vector<PerfEventId> of_uncore;
  for (const PerfEventId event : asked_) {
    const PerfOffer& offer = access_.machine.offers[event];
    if (!offer.is_available) {
      Refuse(event, offer.reason);
    } else if (PerfEvents()[event].kind == PerfKind::kUncore) {
      of_uncore.push_back(event);
    } else {
      of_threads.push_back(event);
    }
  }
  OpenThreads(of_threads);
  if (!per_cpu && of_uncore.empty()) return;
  const Topology topology = ReadTopology(access_.root);
  OpenUncore(topology, of_uncore);
  if (per_cpu) OpenCpus(topology, threads_->events);
}

HardwareMetrics::~HardwareMetrics() = default;

void HardwareMetrics::Refuse(PerfEventId event, std::string_view reason) {
  const bool is_known = std::any_of(refusals_.begin(), refusals_.end(),
                                    [&](const Refusal& one) { return one.event == event; });
  if (!is_known) refusals_.push_back({event, std::string(reason)});
}

// Of one thread or CPU: one for each PMU's part of an event.
std::size_t HardwareMetrics::FilesOf(std::span<const PerfEventId> events) const {
  std::size_t files = 0;
  for (const PerfEventId event : events)
    files += std::max<std::size_t>(access_.machine.offers[event].parts.size(), 1);
  return files;
}

// An event that one of the threads refuses would be counted too low: it is let go of.
void HardwareMetrics::OpenThreads(std::vector<PerfEventId> events) {
  const std::vector<int> threads = Threads(access_.root);
  while (FilesOf(events) * threads.size() > files_left_) {
    Refuse(events.back(), kNoFiles);
    events.pop_back();
  }
  threads_ = std::make_unique<Counted>(events);
  if (events.empty()) return;
  std::vector<PerfEventId> lost;
  for (const int tid : threads) {
    PerfTarget target;
    target.pid = tid;
    target.with_children = true;
    target.threads_only = true;
    target.wants_user_reads = false;
    auto set = access_.open(target, events);
    for (std::size_t i = 0; i < events.size(); ++i) {
      const int error = set->error(i);
      if (error == 0 || error == ESRCH) continue;  // a thread that has ended is none of them
      Refuse(events[i], ReasonOf(error));
      lost.push_back(events[i]);
    }
    threads_->sets.push_back(std::move(set));
  }
  if (lost.empty()) {
    files_left_ -= FilesOf(events) * threads.size();
    return;
  }
  std::erase_if(events, [&](PerfEventId event) {
    return std::find(lost.begin(), lost.end(), event) != lost.end();
  });
  threads_.reset();  // before more files are opened
  OpenThreads(std::move(events));
}

void HardwareMetrics::OpenCpus(const Topology& topology, std::span<const PerfEventId> events) {
  if (!access_.machine.may_count_cpus || events.empty()) return;
  for (const CpuPlace& cpu : topology.cpus) {
    if (!cpu.is_online || FilesOf(events) > files_left_) continue;
    auto set = access_.open(OfCpu(cpu), events);
    files_left_ -= FilesOf(events);
    cpus_.push_back(std::make_unique<Counted>(events, Label("cpu", std::to_string(cpu.number))));
    cpus_.back()->sets.push_back(std::move(set));
  }
}

// What a socket counts is opened on one of its CPUs.
void HardwareMetrics::OpenUncore(const Topology& topology, std::span<const PerfEventId> events) {
  for (const CpuPlace& cpu : topology.cpus) {
    std::vector<PerfEventId> here;
    std::copy_if(events.begin(), events.end(), std::back_inserter(here), [&](PerfEventId event) {
      const auto& cpus = access_.machine.offers[event].cpus;
      return std::find(cpus.begin(), cpus.end(), cpu.number) != cpus.end();
    });
    if (here.empty()) continue;
    auto set = access_.open(OfCpu(cpu), here);
    for (std::size_t i = 0; i < here.size(); ++i) {
      if (const int error = set->error(i); error != 0) Refuse(here[i], ReasonOf(error));
    }
    uncore_.push_back(std::make_unique<Counted>(
        here, cpu.node ? Label("node", std::to_string(*cpu.node)) : std::string()));
    uncore_.back()->sets.push_back(std::move(set));
  }
}

std::span<const std::string_view> HardwareMetrics::Names() const { return kHardwareNames; }

void HardwareMetrics::Read(const NameFilter& filter, std::vector<ComputedFamily>& families) {
  const auto selects = [&](const HardwareFamily* family) {
    return filter.Selects(family->name, family->type);
  };
  if (std::none_of(kHardwareFamilies.begin(), kHardwareFamilies.end(), selects)) return;
  Families told(filter, families);
  const std::lock_guard lock(mutex_);

  threads_->Read();
  for (std::size_t i = 0; i < threads_->events.size(); ++i) {
    const HardwareCount& count = threads_->counts[i];
    const PerfEvent& event = PerfEvents()[threads_->events[i]];
    const std::string label = Label("event", event.name);
    if (count.is_measured) told.Add(kHardwareEvents, label, count.value * event.scale);
    if (count.enabled_ns > 0 && IsMultiplexed(threads_->events[i]))
      told.Add(kHardwareMultiplexing, label, count.running_ns / count.enabled_ns);
  }
  for (const HardwareRatio& ratio : kHardwareRatios) {
    const auto of = threads_->Sum(ratio.of, access_.machine);
    const auto to = threads_->Sum(ratio.to, access_.machine);
    // More misses than accesses: what the processor counts as the one is no part of the other.
    if (!of || !to || *to == 0 || (ratio.of_the_rest && *of > *to)) continue;
    const double value = ratio.of_the_rest ? 1 - *of / *to : *of / *to;
    told.Add(*ratio.family,
             ratio.label.empty() ? std::string() : Label(ratio.label, ratio.label_value), value);
  }
  for (const auto& cpu : cpus_) {
    cpu->Read();
    for (std::size_t i = 0; i < cpu->events.size(); ++i) {
      const PerfEvent& event = PerfEvents()[cpu->events[i]];
      if (!cpu->counts[i].is_measured) continue;
      std::string labels = cpu->labels;
      AppendLabel(labels, "event", event.name);
      told.Add(kHardwareCpuEvents, std::move(labels), cpu->counts[i].value * event.scale);
    }
  }
  for (const auto& node : uncore_) {
    node->Read();
    for (std::size_t i = 0; i < node->events.size(); ++i) {
      const PerfEvent& event = PerfEvents()[node->events[i]];
      const auto moved = std::find_if(kHardwareMoves.begin(), kHardwareMoves.end(),
                                      [&](const auto& one) { return one.event == event.name; });
      if (!node->counts[i].is_measured || moved == kHardwareMoves.end()) continue;
      std::string labels = node->labels;
      AppendLabel(labels, "direction", moved->direction);
      told.Add(*moved->family, std::move(labels), node->counts[i].value * event.scale);
    }
  }
  for (const PerfEventId event : asked_) {
    const auto refusal = std::find_if(refusals_.begin(), refusals_.end(),
                                      [&](const Refusal& one) { return one.event == event; });
    std::string labels = Label("event", PerfEvents()[event].name);
    if (refusal != refusals_.end()) AppendLabel(labels, "reason", refusal->reason);
    told.Add(kHardwareAvailable, std::move(labels), refusal == refusals_.end() ? 1 : 0);
  }
  told.Finish();
}

}  // namespace nanotally
