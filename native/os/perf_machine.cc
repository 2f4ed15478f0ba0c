// What a machine offers: by asking its kernel for each event.
#include <algorithm>
#include <cerrno>
#include <string_view>

#include "os/kernel_text.h"
#include "os/perf_counters.h"
#include "os/perf_encodings.h"
#include "os/perf_events.h"
#include "os/perf_exercise.h"
#include "os/perf_kernel.h"
#include "os/perf_refusals.h"
#include "os/perf_requests.h"
#include "os/pmu_files.h"

namespace nanotally {
namespace {

constexpr std::string_view kSysctl = "/proc/sys/kernel/";

std::optional<int> ReadSetting(const std::string& root, std::string_view name) {
  auto text = ReadKernelFile(root + std::string(kSysctl) + std::string(name));
  if (!text) return std::nullopt;
  std::string_view rest = *text;
  std::string_view line = TakeLine(rest);
  // -1 allows everything.
  const bool is_negative = line.starts_with('-');
  if (is_negative) line.remove_prefix(1);
  const Reading value = ParseCount(line);
  if (!value) return std::nullopt;
  return static_cast<int>(is_negative ? -*value : *value);
}

bool HasSeccomp(const std::string& root) {
  const auto status = ReadKernelFile(root + "/proc/self/status");
  return status && FindCount(*status, "Seccomp:").value_or(0) > 0;
}

// By the marks that Docker and Podman leave, and by the root's file system, which runtimes of
// Kubernetes overlay as well.
bool IsContainer(const std::string& root) {
  if (ReadKernelFile(root + "/.dockerenv") || ReadKernelFile(root + "/run/.containerenv"))
    return true;
  const auto mounts = ReadKernelFile(root + "/proc/self/mounts");
  std::string_view rest = mounts ? std::string_view(*mounts) : std::string_view();
  while (!rest.empty()) {
    std::string_view line = TakeLine(rest);
    TakeWord(line);
    if (TakeWord(line) == "/") return TakeWord(line) == "overlay";
  }
  return false;
}

// Of a CPU, everything that runs there.
bool MayCountCpus(PerfKernel& kernel) {
  PerfAttributes attributes;
  attributes.type = kPerfSoftware;
  const int descriptor = kernel.Open(attributes, -1, 0, -1);
  if (descriptor < 0) return false;
  kernel.Close(descriptor);
  return true;
}

// Some tens of microseconds of instructions, cycles and branches.
void Spin() {
  constexpr int kTurns = 20000;
  for (volatile int turn = 0; turn < kTurns;) turn = turn + 1;
}

void Refuse(PerfOffer& offer, PerfRefusal refusal) {
  offer.is_available = false;
  offer.has_user_reads = false;
  offer.reason = std::move(refusal.reason);
  offer.message = std::move(refusal.message);
  offer.hint = std::move(refusal.hint);
  offer.parts.clear();
  offer.cpus.clear();
  offer.encoding.clear();
  offer.source.clear();
}

// Asks one event after another, each as it will be asked for later.
class Prober {
 public:
  Prober(PerfKernel& kernel, PerfMachine& machine, const PerfSurroundings& surroundings)
      : kernel_(kernel), machine_(machine), surroundings_(surroundings) {}

  void Probe(PerfEventId id, PerfRequest request) {
    const PerfEvent& event = PerfEvents()[id];
    PerfOffer& offer = machine_.offers[id];
    if (request.parts.empty()) {
      if (request.reason.empty()) request.reason = "processor";
      // A processor that never has it comes first; then whether anything may be counted at all.
      const int error = request.message.empty() ? GenericError(event) : 0;
      Refuse(offer, error != 0 ? ExplainPerfError(surroundings_, event, error)
                               : ExplainPerfReason(request.reason, request.message));
      return;
    }
    offer.is_available = true;
    offer.parts = std::move(request.parts);
    offer.encoding = std::move(request.encoding);
    offer.source = std::move(request.source);
    if (event.kind == PerfKind::kUncore)
      ProbeUncore(id, event, offer);
    else
      ProbeThread(id, event, offer);
  }

 private:
  // What the kernel says to the plainest hardware event, where there is no core PMU to count one.
  int GenericError(const PerfEvent& event) {
    if (!kernel_.IsLinux()) return ENOSYS;
    if (event.kind != PerfKind::kHardware || surroundings_.has_core_pmu) return 0;
    PerfAttributes attributes;
    attributes.type = kPerfHardware;
    attributes.flags = kPerfExcludeKernel | kPerfExcludeHypervisor;
    const int descriptor = kernel_.Open(attributes, 0, -1, -1);
    if (descriptor < 0) return -descriptor;
    kernel_.Close(descriptor);
    return 0;
  }

  void ProbeThread(PerfEventId id, const PerfEvent& event, PerfOffer& offer) {
    const auto counters = PerfCounters::Open(kernel_, machine_, {}, {&id, 1});
    if (const int error = counters->error(0); error != 0) {
      Refuse(offer, ExplainPerfError(surroundings_, event, error));
      return;
    }
    if (event.kind != PerfKind::kHardware) return;
    const auto read = [&] {
      PerfReading reading;
      counters->Read({&reading, 1});
      return reading;
    };
    Spin();
    PerfReading reading = read();
    // Whoever counts whole CPUs has the counters until the kernel's next turn, a few ms away.
    for (; reading.running_ns == 0 && patience_ > 0; --patience_) {
      Spin();
      reading = read();
    }
    if (reading.running_ns == 0) {
      Refuse(offer, ExplainPerfReason("not_counting", "", false));
      return;
    }
    offer.has_user_reads = counters->HasUserReads();
    // Most have counted something by now, and save the work.
    if (reading.value > 0 || !IsExercised(event.name) || !ExerciseProcessor()) return;
    if (read().value == 0) Refuse(offer, ExplainPerfReason("not_counting", "", true));
  }

  // On each of its CPUs.
  void ProbeUncore(PerfEventId id, const PerfEvent& event, PerfOffer& offer) {
    for (const PerfPart& part : offer.parts)
      offer.cpus.insert(offer.cpus.end(), part.cpus.begin(), part.cpus.end());
    std::ranges::sort(offer.cpus);
    const auto repeated = std::ranges::unique(offer.cpus);
    offer.cpus.erase(repeated.begin(), repeated.end());
    int error = offer.cpus.empty() ? ENODEV : 0;
    for (const std::uint32_t cpu : offer.cpus) {
      const PerfTarget target{.pid = -1, .cpu = static_cast<int>(cpu)};
      if (error == 0) error = PerfCounters::Open(kernel_, machine_, target, {&id, 1})->error(0);
    }
    if (error != 0) Refuse(offer, ExplainPerfError(surroundings_, event, error));
  }

  PerfKernel& kernel_;
  PerfMachine& machine_;
  const PerfSurroundings& surroundings_;
  // Spins for all events together: some ten milliseconds.
  int patience_ = 500;
};

}  // namespace

PerfMachine ReadPerfMachine(PerfKernel& kernel, const std::string& root) {
  const Processor processor = ReadProcessor(root);
  const std::vector<Pmu> pmus = ReadPmus(root);
  PerfMachine machine;
  machine.vendor = processor.vendor;
  machine.model = processor.model_code;
  machine.model_name = processor.model_name;
  for (const Pmu& pmu : pmus) machine.pmus.push_back(pmu.name);
  machine.paranoid = ReadSetting(root, "perf_event_paranoid");
  machine.user_access = ReadSetting(root, "perf_user_access");
  machine.is_container = IsContainer(root);
  machine.may_count_cpus = MayCountCpus(kernel);

  PerfSurroundings surroundings;
  surroundings.is_linux = kernel.IsLinux();
  surroundings.has_core_pmu = std::ranges::any_of(pmus, &Pmu::is_core);
  surroundings.has_seccomp = HasSeccomp(root);
  surroundings.paranoid = machine.paranoid;

  const auto events = PerfEvents();
  const std::vector<EncodingTable> tables = EncodingsOf(processor);
  machine.offers.resize(events.size());
  Prober prober(kernel, machine, surroundings);
  for (PerfEventId id = 0; id < events.size(); ++id)
    prober.Probe(id, MakePerfRequest(pmus, tables, events[id]));
  return machine;
}

const PerfMachine& ThisPerfMachine() {
  static const auto* const machine =
      new PerfMachine(ReadPerfMachine(PerfKernel::OfThisMachine(), ""));
  return *machine;
}

}  // namespace nanotally
