// Reading.
#include "os/topology_sysfs.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

namespace nanotally {
namespace {

constexpr int kMaxCachesOfACpu = 16;
// Cores of one kind differ in capacity by what they may clock at; the smaller kind of each arm64
// machine that was looked up has less than 0.61 of the larger one's.
constexpr double kEfficiencyCapacity = 2.0 / 3;

template <class Number>
std::optional<Number> ReadWhole(const std::string& path) {
  const Reading read = ReadCount(path);
  if (!read || *read > 0xFFFFFFFFu) return std::nullopt;
  return static_cast<Number>(*read);
}

std::optional<std::uint32_t> ReadNumber(const std::string& path) {
  return ReadWhole<std::uint32_t>(path);
}

// What is written as 0 is not known.
std::optional<std::uint32_t> ReadPositive(const std::string& path) {
  const auto number = ReadNumber(path);
  return number == 0u ? std::nullopt : number;
}

std::optional<std::string> ReadLine(const std::string& path) {
  const auto text = ReadKernelFile(path);
  if (!text) return std::nullopt;
  std::string_view rest = *text;
  return std::string(TakeLine(rest));
}

std::string CpuFolder(const std::string& root, std::uint32_t cpu) {
  return root + "/sys/devices/system/cpu/cpu" + std::to_string(cpu);
}

void ReadPlace(const std::string& root, CpuPlace& cpu) {
  const std::string topology = CpuFolder(root, cpu.number) + "/topology/";
  cpu.package = ReadNumber(topology + "physical_package_id");
  cpu.die = ReadNumber(topology + "die_id");
  cpu.core = ReadNumber(topology + "core_id");
  auto siblings = ReadCpuList(topology + "core_cpus_list");
  if (!siblings) siblings = ReadCpuList(topology + "thread_siblings_list");  // before Linux 5.3
  if (siblings && Contains(*siblings, cpu.number)) cpu.siblings = std::move(*siblings);
}

// x86 has a PMU for each kind of its cores. "lowpower" are those on the SoC tile.
bool ReadKindsByPmu(const std::string& root, std::vector<CpuPlace>& cpus) {
  bool found = false;
  const std::pair<const char*, const char*> kinds[] = {
      {"cpu_core", "performance"}, {"cpu_atom", "efficiency"}, {"cpu_lowpower", "efficiency"}};
  for (const auto& [pmu, kind] : kinds) {
    const auto members = ReadCpuList(root + "/sys/devices/" + pmu + "/cpus");
    if (!members) continue;
    found = true;
    for (CpuPlace& cpu : cpus) {
      if (Contains(*members, cpu.number)) cpu.kind = kind;
    }
  }
  return found;
}

void ReadKindsByCapacity(const std::string& root, std::vector<CpuPlace>& cpus) {
  std::vector<double> capacities;  // 0: not told
  for (const CpuPlace& cpu : cpus) {
    const std::string file = CpuFolder(root, cpu.number) + "/cpu_capacity";
    capacities.push_back(cpu.is_online ? ReadCount(file).value_or(0) : 0);
    // Few machines have the file, and then for all of their CPUs.
    if (cpu.is_online && capacities.back() == 0) return;
  }
  if (capacities.empty()) return;
  const double limit = kEfficiencyCapacity * *std::ranges::max_element(capacities);
  const auto is_small = [&](double capacity) { return capacity > 0 && capacity < limit; };
  if (std::ranges::none_of(capacities, is_small)) return;
  for (std::size_t i = 0; i < cpus.size(); ++i) {
    if (capacities[i] > 0) cpus[i].kind = is_small(capacities[i]) ? "efficiency" : "performance";
  }
}

// "48K", "12288K", "1M" or bytes.
std::optional<std::uint64_t> ReadCacheBytes(const std::string& path) {
  const auto line = ReadLine(path);
  if (!line || line->empty()) return std::nullopt;
  std::string_view text = *line;
  double unit = 1;
  if (text.back() == 'K') unit = 1024;
  if (text.back() == 'M') unit = 1024 * 1024;
  if (unit > 1) text.remove_suffix(1);
  const auto bytes = WholeBytes(ParseCount(text, unit));
  return bytes == 0u ? std::nullopt : bytes;
}

std::string CacheType(std::string_view type) {
  if (type == "Data") return "data";
  if (type == "Instruction") return "instruction";
  return type == "Unified" ? "unified" : "";
}

// "Node 0 MemTotal:       16303428 kB"
std::optional<std::uint64_t> FindNodeBytes(std::string_view meminfo, std::string_view key) {
  while (!meminfo.empty()) {
    std::string_view line = TakeLine(meminfo);
    TakeWord(line);
    TakeWord(line);
    if (TakeWord(line) == key) return WholeBytes(ParseCount(TakeWord(line), 1024));
  }
  return std::nullopt;
}

std::vector<std::uint32_t> ReadDistances(const std::string& path, std::size_t nodes) {
  const auto line = ReadLine(path);
  std::string_view rest = line ? std::string_view(*line) : std::string_view();
  std::vector<std::uint32_t> distances;
  for (auto word = TakeWord(rest); !word.empty(); word = TakeWord(rest)) {
    const Reading distance = ParseCount(word);
    if (!distance || *distance > 0xFFFFFFFFu) return {};
    distances.push_back(static_cast<std::uint32_t>(*distance));
  }
  // A row is of the nodes that were online as it was written.
  if (distances.size() != nodes) return {};
  return distances;
}

}  // namespace

std::optional<std::uint64_t> WholeBytes(Reading bytes) {
  if (!bytes || *bytes > 0x1p53) return std::nullopt;
  return static_cast<std::uint64_t>(*bytes);
}

std::vector<CpuPlace> ReadCpuPlaces(const std::string& root) {
  const std::string folder = root + "/sys/devices/system/cpu/";
  const auto online = ReadCpuList(folder + "online");
  auto present = ReadCpuList(folder + "present");
  if (!present || present->empty()) present = online;
  std::vector<CpuPlace> cpus;
  if (!present) return cpus;
  for (const std::uint32_t number : *present) {
    CpuPlace& cpu = cpus.emplace_back();
    cpu.number = number;
    cpu.is_online = !online || Contains(*online, number);
    cpu.siblings = {number};
    if (cpu.is_online) ReadPlace(root, cpu);
  }
  if (!ReadKindsByPmu(root, cpus)) ReadKindsByCapacity(root, cpus);
  return cpus;
}

std::vector<Cache> ReadCaches(const std::string& root, const std::vector<CpuPlace>& cpus) {
  std::map<std::tuple<int, std::string, CpuList>, Cache> caches;
  // By index and sharers: with many CPUs most of the files are of caches that were read before.
  std::set<std::pair<int, CpuList>> seen;
  for (const CpuPlace& cpu : cpus) {
    if (!cpu.is_online) continue;
    for (int index = 0; index < kMaxCachesOfACpu; ++index) {
      const std::string folder =
          CpuFolder(root, cpu.number) + "/cache/index" + std::to_string(index) + "/";
      CpuList sharers = ReadCpuList(folder + "shared_cpu_list").value_or(CpuList{});
      if (!Contains(sharers, cpu.number)) sharers = {cpu.number};
      if (seen.contains({index, sharers})) continue;
      const auto level = ReadPositive(folder + "level");
      if (!level) break;
      const std::string type = CacheType(ReadLine(folder + "type").value_or(""));
      if (type.empty() || *level > kMaxCachesOfACpu) continue;
      seen.emplace(index, sharers);
      const int depth = static_cast<int>(*level);
      const auto [found, is_new] = caches.try_emplace({depth, type, sharers});
      if (!is_new) continue;
      found->second = {depth,
                       type,
                       ReadCacheBytes(folder + "size"),
                       ReadPositive(folder + "coherency_line_size"),
                       ReadPositive(folder + "ways_of_associativity"),
                       std::move(sharers)};
    }
  }
  std::vector<Cache> sorted;  // by the key's order
  for (auto& [key, cache] : caches) sorted.push_back(std::move(cache));
  return sorted;
}

std::vector<NumaNode> ReadNodes(const std::string& root) {
  const std::string folder = root + "/sys/devices/system/node/";
  const auto online = ReadCpuList(folder + "online");
  std::vector<NumaNode> nodes;
  if (!online) return nodes;
  for (const std::uint32_t number : *online) {
    const std::string own = folder + "node" + std::to_string(number);
    NumaNode& node = nodes.emplace_back();
    node.number = number;
    node.cpus = ReadCpuList(own + "/cpulist").value_or(CpuList{});
    const std::string meminfo = ReadKernelFile(own + "/meminfo").value_or("");
    node.memory_bytes = FindNodeBytes(meminfo, "MemTotal:");
    node.free_bytes = FindNodeBytes(meminfo, "MemFree:");
    node.distances = ReadDistances(own + "/distance", online->size());
  }
  return nodes;
}

}  // namespace nanotally
