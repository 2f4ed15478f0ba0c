// Opening events in groups, and reading them.
#include "os/perf_counters.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>

#include "os/perf_kernel.h"
#include "os/perf_page.h"

namespace nanotally {
namespace {

// Of the kernel's groups. No group in PerfEvents() has more.
constexpr std::size_t kMaxMembers = 4;
constexpr std::uint64_t kTimes = kPerfReadEnabled | kPerfReadRunning;

struct Member {
  std::uint32_t event;  // index into events()
  int descriptor;
  const PerfPage* page;  // nullptr: not mapped
  double factor;
  bool has_times;  // its times are the event's: not those of a further part on the same PMU
};

// What the kernel puts on the PMU's counters at once.
struct Group {
  std::string_view name;
  std::uint32_t pmu;
  std::array<Member, kMaxMembers> members;  // [size], the leader first
  std::size_t size;
};

class OpenCounters final : public PerfCounters {
 public:
  OpenCounters(PerfKernel& kernel, const PerfMachine& machine, const PerfTarget& target,
               std::span<const PerfEventId> events)
      : kernel_(kernel), target_(target), events_(events.begin(), events.end()) {
    errors_.reserve(events_.size());
    kinds_.reserve(events_.size());
    // Nothing is to be thrown once there is something to be closed.
    std::size_t parts = 0;
    for (const PerfEventId event : events_) parts += machine.offers[event].parts.size();
    groups_.reserve(parts);
    for (std::uint32_t i = 0; i < events_.size(); ++i) {
      kinds_.push_back(PerfEvents()[events_[i]].kind);
      errors_.push_back(OpenEvent(i, machine.offers[events_[i]]));
    }
    has_user_reads_ = !groups_.empty() && std::ranges::all_of(groups_, IsMapped);
  }

  ~OpenCounters() override {
    // The members before their leader: the kernel need not make leaders of them.
    for (Group& group : groups_)
      while (group.size > 0) CloseLast(group);
  }

  [[nodiscard]] std::span<const PerfEventId> events() const override { return events_; }
  [[nodiscard]] int error(std::size_t index) const override { return errors_[index]; }
  [[nodiscard]] bool HasUserReads() const override {
    PerfPageReading ignored;
    return has_user_reads_ && std::ranges::all_of(groups_, [&](const Group& group) {
             return std::all_of(
                 group.members.begin(), group.members.begin() + group.size,
                 [&](const Member& m) { return ReadPerfPage(kernel_, *m.page, ignored); });
           });
  }

  void Read(std::span<PerfReading> readings) noexcept override {
    for (std::size_t i = 0; i < readings.size(); ++i)
      readings[i] = {.is_open = i < errors_.size() && errors_[i] == 0};
    for (const Group& group : groups_) {
      if (ReadInUserSpace(group, readings)) continue;
      if (target_.with_children)
        ReadSingly(group, readings);
      else
        ReadTogether(group, readings);
    }
  }

 private:
  static bool IsMapped(const Group& group) {
    return std::all_of(group.members.begin(), group.members.begin() + group.size,
                       [](const Member& member) { return member.page != nullptr; });
  }

  // The errno, or 0. An event of which a part cannot be opened is not counted at all: the rest
  // would be passed off as the whole.
  int OpenEvent(std::uint32_t index, const PerfOffer& offer) {
    if (!offer.is_available) return offer.reason == "permission" ? EACCES : ENOENT;
    std::size_t opened = 0;
    int error = ENODEV;
    // A thread goes from one kind of core to another, and an instruction that reads a counter of
    // the one may come to be executed on the other, which need not have it: that ends the program.
    const bool is_hybrid = std::ranges::any_of(
        offer.parts, [&](const PerfPart& part) { return part.pmu != offer.parts[0].pmu; });
    const bool wants_user_reads = WantsUserReads(kinds_[index]) && !is_hybrid;
    for (auto at = offer.parts.begin(); at != offer.parts.end(); ++at) {
      const PerfPart& part = *at;
      if (kinds_[index] == PerfKind::kUncore &&
          std::ranges::find(part.cpus, static_cast<std::uint32_t>(target_.cpu)) == part.cpus.end())
        continue;
      const bool is_first_of_pmu = std::none_of(
          offer.parts.begin(), at, [&](const PerfPart& one) { return one.pmu == part.pmu; });
      error = OpenPart(index, part, wants_user_reads, is_first_of_pmu);
      if (error != 0) break;
      ++opened;
    }
    // Each is the last of its group.
    for (; error != 0 && opened > 0; --opened) {
      const auto group = std::ranges::find_if(groups_, [&](const Group& g) {
        return g.size > 0 && g.members[g.size - 1].event == index;
      });
      CloseLast(*group);
    }
    std::erase_if(groups_, [](const Group& group) { return group.size == 0; });
    return error;
  }

  int OpenPart(std::uint32_t index, const PerfPart& part, bool wants_user_reads,
               bool is_first_of_pmu) noexcept {
    const std::string_view name = PerfEvents()[events_[index]].group;
    const auto group = std::ranges::find_if(groups_.rbegin(), groups_.rend(), [&](const Group& g) {
      return g.name == name && g.pmu == part.pmu;
    });
    int descriptor = -EINVAL;
    if (group != groups_.rend() && group->size < kMaxMembers)
      descriptor = OpenDescriptor(index, part, group->members[0].descriptor, wants_user_reads);
    const bool joins = descriptor >= 0;
    if (!joins) descriptor = OpenDescriptor(index, part, -1, wants_user_reads);
    if (descriptor < 0) return -descriptor;
    const PerfPage* page = wants_user_reads ? kernel_.Map(descriptor) : nullptr;
    if (page != nullptr && !AllowsUserReads(*page)) {
      kernel_.Unmap(page);
      page = nullptr;
    }
    // There is place: see the constructor.
    if (!joins) groups_.push_back({.name = name, .pmu = part.pmu, .members = {}, .size = 0});
    Group& joined = joins ? *group : groups_.back();
    const bool has_times = is_first_of_pmu || kinds_[index] == PerfKind::kUncore;
    joined.members[joined.size++] = {index, descriptor, page, part.factor, has_times};
    return 0;
  }

  // With what a kernel may refuse first, then without: user-space reads (arm64: of 64 bits, where
  // the processor joins two counters for them, and at all, where they are off), threads alone
  // (before 5.13), and the kernel's own part of software events.
  int OpenDescriptor(std::uint32_t index, const PerfPart& part, int leader,
                     bool wants_user_reads) noexcept {
    const PerfKind kind = kinds_[index];
    PerfAttributes attributes{.type = part.type,
                              .config = part.config,
                              .read_format = kTimes,
                              .config1 = part.config1,
                              .config2 = part.config2};
    if (kind == PerfKind::kHardware)
      attributes.flags |= kPerfExcludeKernel | kPerfExcludeHypervisor;
    if (target_.with_children)
      attributes.flags |= kPerfInherit | (target_.threads_only ? kPerfInheritThread : 0);
    else
      attributes.read_format |= kPerfReadGroup;
    if (target_.from_exec_on && leader < 0) attributes.flags |= kPerfDisabled | kPerfEnableOnExec;

    const auto open = [&] { return kernel_.Open(attributes, target_.pid, target_.cpu, leader); };
    int descriptor = -EINVAL;
    for (const std::uint64_t asked : {part.user_config1, part.short_user_config1}) {
      if (!wants_user_reads || asked == 0) continue;
      attributes.config1 = part.config1 | asked;
      descriptor = open();
      if (descriptor != -EINVAL && descriptor != -EOPNOTSUPP) break;
    }
    if (descriptor == -EINVAL || descriptor == -EOPNOTSUPP) {
      attributes.config1 = part.config1;
      descriptor = open();
    }
    if (descriptor == -EINVAL && (attributes.flags & kPerfInheritThread) != 0) {
      attributes.flags &= ~kPerfInheritThread;
      descriptor = open();
    }
    if (descriptor == -EACCES && kind == PerfKind::kSoftware && HappensInPrograms(index)) {
      attributes.flags |= kPerfExcludeKernel;
      descriptor = open();
    }
    return descriptor;
  }

  // Whether a software event that the kernel's own part is left out of still counts something.
  [[nodiscard]] bool HappensInPrograms(std::uint32_t index) const noexcept {
    const std::string_view name = PerfEvents()[events_[index]].name;
    return name != "context_switches" && name != "cpu_migrations";
  }

  // An inherited event's page has its parent's counts alone.
  [[nodiscard]] bool WantsUserReads(PerfKind kind) const noexcept {
    return target_.wants_user_reads && target_.pid == 0 && !target_.with_children &&
           kind == PerfKind::kHardware;
  }

  void CloseLast(Group& group) noexcept {
    const Member& member = group.members[--group.size];
    if (member.page != nullptr) kernel_.Unmap(member.page);
    kernel_.Close(member.descriptor);
  }

  void Add(const Member& member, std::uint64_t value, std::uint64_t enabled_ns,
           std::uint64_t running_ns, std::span<PerfReading> readings) const noexcept {
    if (member.event >= readings.size()) return;
    PerfReading& reading = readings[member.event];
    reading.value += member.factor == 1
                         ? value
                         : static_cast<std::uint64_t>(static_cast<double>(value) * member.factor);
    if (!member.has_times) return;
    reading.running_ns += running_ns;
    // A thread runs on one kind of core at a time, and the other's counters then stand still. The
    // channels of a memory controller all count all the time.
    if (kinds_[member.event] == PerfKind::kUncore)
      reading.enabled_ns += enabled_ns;
    else
      reading.enabled_ns = std::max(reading.enabled_ns, enabled_ns);
  }

  bool ReadInUserSpace(const Group& group, std::span<PerfReading> readings) const noexcept {
    if (!IsMapped(group)) return false;
    std::array<PerfPageReading, kMaxMembers> read;
    for (std::size_t i = 0; i < group.size; ++i)
      if (!ReadPerfPage(kernel_, *group.members[i].page, read[i])) return false;
    for (std::size_t i = 0; i < group.size; ++i)
      Add(group.members[i], read[i].value, read[i].enabled_ns, read[i].running_ns, readings);
    return true;
  }

  // A refused read leaves 0 of 0 ns: nothing is known.
  void ReadTogether(const Group& group, std::span<PerfReading> readings) const noexcept {
    std::array<std::uint64_t, 3 + kMaxMembers> words{};  // number, enabled, running, values
    const auto wanted = static_cast<std::ptrdiff_t>((3 + group.size) * sizeof(std::uint64_t));
    if (kernel_.Read(group.members[0].descriptor, words) < wanted) return;
    for (std::size_t i = 0; i < group.size; ++i)
      Add(group.members[i], words[3 + i], words[1], words[2], readings);
  }

  void ReadSingly(const Group& group, std::span<PerfReading> readings) const noexcept {
    for (std::size_t i = 0; i < group.size; ++i) {
      std::array<std::uint64_t, 3> words{};  // value, enabled, running
      if (kernel_.Read(group.members[i].descriptor, words) <
          static_cast<std::ptrdiff_t>(sizeof words))
        continue;
      Add(group.members[i], words[0], words[1], words[2], readings);
    }
  }

  PerfKernel& kernel_;
  const PerfTarget target_;
  const std::vector<PerfEventId> events_;
  std::vector<PerfKind> kinds_;  // [events_.size()]
  std::vector<int> errors_;      // [events_.size()]
  std::vector<Group> groups_;    // none of them empty
  bool has_user_reads_ = false;
};

}  // namespace

std::unique_ptr<PerfCounters> PerfCounters::Open(PerfKernel& kernel, const PerfMachine& machine,
                                                 const PerfTarget& target,
                                                 std::span<const PerfEventId> events) {
  return std::make_unique<OpenCounters>(kernel, machine, target, events);
}

std::unique_ptr<PerfCounters> PerfCounters::Open(const PerfTarget& target,
                                                 std::span<const PerfEventId> events) {
  return Open(PerfKernel::OfThisMachine(), ThisPerfMachine(), target, events);
}

}  // namespace nanotally
