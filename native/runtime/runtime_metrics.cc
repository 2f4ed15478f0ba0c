// Which reader fills which table.
#include "runtime/runtime_metrics.h"

#include <algorithm>
#include <utility>

#include "os/open_files.h"
#include "runtime/process_families.h"
#include "runtime/surroundings_families.h"

namespace nanotally {
namespace {

// Calls `read` with the group of a table, unless nothing of it is wanted, and appends what it
// added.
template <typename T, std::size_t size, typename ReadGroup>
void Fill(const std::array<FamilyRow<T>, size>& table, const NameFilter& filter,
          std::vector<ComputedFamily>& families, ReadGroup read) {
  FamilyGroup<T> group(table, filter);
  if (group.IsEmpty()) return;
  read(group);
  group.MoveTo(families);
}

// What `read` returned the first time.
template <typename ReadOnce>
class Lazy {
 public:
  explicit Lazy(ReadOnce read) : read_(std::move(read)) {}
  [[nodiscard]] const auto& Get() {
    if (!value_) value_ = read_();
    return *value_;
  }

 private:
  ReadOnce read_;
  std::optional<decltype(read_())> value_;
};

Reading StartUnixSeconds(const std::string& root) {
  const Reading boot = BootUnixSeconds();
  const Reading since_boot = ReadStartSinceBoot(root);
  return boot && since_boot ? Reading(*boot + *since_boot) : std::nullopt;
}

std::string PressureLabels(std::string_view resource, std::string_view scope) {
  std::string labels;
  AppendLabel(labels, "resource", resource);
  AppendLabel(labels, "scope", scope);
  return labels;
}

template <typename T, std::size_t size>
void AppendHeads(const std::array<FamilyRow<T>, size>& table, std::vector<FamilyHead>& heads) {
  for (const FamilyRow<T>& row : table) heads.push_back(row.head);
}

std::vector<FamilyHead> AllHeads() {
  std::vector<FamilyHead> heads;
  AppendHeads(kUsageFamilies, heads);
  AppendHeads(kStatusFamilies, heads);
  AppendHeads(kOpenFileFamilies, heads);
  AppendHeads(kFileLimitFamilies, heads);
  AppendHeads(kStartFamilies, heads);
  AppendHeads(kIoFamilies, heads);
  AppendHeads(kAllocatorFamilies, heads);
  AppendHeads(kThreadFamilies, heads);
  AppendHeads(kInterfaceFamilies, heads);
  AppendHeads(kTcpFamilies, heads);
  AppendHeads(kPressureFamilies, heads);
  AppendHeads(kCgroupMemoryFamilies, heads);
  AppendHeads(kCgroupCpuFamilies, heads);
  AppendHeads(kCgroupPidsFamilies, heads);
  std::sort(heads.begin(), heads.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  const auto is_same = [](const auto& a, const auto& b) { return a.name == b.name; };
  heads.erase(std::unique(heads.begin(), heads.end(), is_same), heads.end());
  return heads;
}

}  // namespace

RuntimeMetrics::RuntimeMetrics(Threads threads, std::string root, Portable portable)
    : threads_(std::move(threads)),
      portable_(std::move(portable)),
      root_(std::move(root)),
      start_(StartUnixSeconds(root_)),
      cgroup_(root_) {}

// Never destroyed: a native thread may read while the process ends.
const std::vector<FamilyHead>& RuntimeMetrics::Heads() {
  static const auto* const heads = new std::vector<FamilyHead>(AllHeads());
  return *heads;
}

std::span<const std::string_view> RuntimeMetrics::Names() const {
  static const auto* const names = [] {
    auto* made = new std::vector<std::string_view>;
    for (const FamilyHead& head : Heads()) made->push_back(head.name);
    return made;
  }();
  return *names;
}

void RuntimeMetrics::Read(const NameFilter& filter, std::vector<ComputedFamily>& families) {
  const auto before = static_cast<std::ptrdiff_t>(families.size());
  ReadProcess(filter, families);
  ReadThreads(filter, families);
  ReadNetwork(filter, families);
  ReadCgroup(filter, families);
  std::sort(families.begin() + before, families.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
}

void RuntimeMetrics::ReadProcess(const NameFilter& filter, std::vector<ComputedFamily>& families) {
  Lazy status([&] {
    ProcessStatus read = ReadProcessStatus(root_);
    if (!read.resident_bytes) read.resident_bytes = portable_().resident_bytes;
    return read;
  });
  Fill(kUsageFamilies, filter, families, [&](auto& group) {
    ResourceUsage usage = ReadResourceUsage();
    if (!usage.cpu_seconds) {
      const PortableReadings read = portable_();
      usage.user_seconds = read.user_seconds;
      usage.system_seconds = read.system_seconds;
      if (read.user_seconds && read.system_seconds)
        usage.cpu_seconds = *read.user_seconds + *read.system_seconds;
    }
    group.Add(usage);
  });
  Fill(kStatusFamilies, filter, families, [&](auto& group) { group.Add(status.Get()); });
  Fill(kOpenFileFamilies, filter, families, [&](auto& group) {
    Reading open = CountOpenFilesBySize(root_);
    if (!open) open = CountOpenFilesByPoll(status.Get().descriptor_slots);
    group.Add({open});
  });
  Fill(kFileLimitFamilies, filter, families, [](auto& group) { group.Add({MaxOpenFiles()}); });
  Fill(kStartFamilies, filter, families, [&](auto& group) { group.Add({start_}); });
  Fill(kIoFamilies, filter, families, [&](auto& group) { group.Add(ReadProcessIo(root_)); });
  Fill(kAllocatorFamilies, filter, families, [&](auto& group) { group.Add(allocator_.Read()); });
}

void RuntimeMetrics::ReadThreads(const NameFilter& filter, std::vector<ComputedFamily>& families) {
  Fill(kThreadFamilies, filter, families, [&](auto& group) {
    for (const ThreadName& thread : threads_()) {
      std::string labels;
      AppendLabel(labels, "thread", thread.name);
      group.Add(ReadThreadStatistics(root_, thread.tid), labels);
    }
  });
}

void RuntimeMetrics::ReadNetwork(const NameFilter& filter, std::vector<ComputedFamily>& families) {
  Fill(kInterfaceFamilies, filter, families, [&](auto& group) {
    for (const NetworkInterface& interface : ReadNetworkInterfaces(root_)) {
      std::string labels;
      AppendLabel(labels, "interface", interface.name);
      group.Add(interface, labels);
    }
  });
  Fill(kTcpFamilies, filter, families, [&](auto& group) { group.Add(ReadTcpStatistics(root_)); });
}

void RuntimeMetrics::ReadCgroup(const NameFilter& filter, std::vector<ComputedFamily>& families) {
  Lazy folders([&] { return cgroup_.Locate(); });
  Fill(kCgroupMemoryFamilies, filter, families, [&](auto& group) {
    if (const auto& memory = folders.Get().memory) group.Add(ReadCgroupMemory(*memory));
  });
  Fill(kCgroupCpuFamilies, filter, families, [&](auto& group) {
    const CgroupFolders& found = folders.Get();
    if (found.cpu) group.Add(ReadCgroupCpu(*found.cpu, found.cpu_usage));
  });
  Fill(kCgroupPidsFamilies, filter, families, [&](auto& group) {
    if (const auto& pids = folders.Get().pids) group.Add(ReadCgroupPids(*pids));
  });
  Fill(kPressureFamilies, filter, families, [&](auto& group) {
    for (const std::string resource : {"cpu", "memory", "io"}) {
      Pressure system = ReadPressure(root_ + "/proc/pressure/" + resource);
      // Always 0, as it is undefined for the whole system (psi.rst).
      if (resource == "cpu") system.full_seconds = system.full_ratio = std::nullopt;
      group.Add(system, PressureLabels(resource, "system"));
      const auto& unified = folders.Get().unified;
      if (!unified) continue;
      const Pressure own = ReadPressure(unified->own + "/" + resource + ".pressure");
      group.Add(own, PressureLabels(resource, "cgroup"));
    }
  });
}

}  // namespace nanotally
