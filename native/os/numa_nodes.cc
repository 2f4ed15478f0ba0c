// Reading the folders of nodes.
#include "os/numa_nodes.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <new>

#include "os/cpu_list.h"

namespace nanotally {
namespace {

constexpr double kKibibyte = 1024;

std::string NodesFolder(const std::string& root) { return root + "/sys/devices/system/node/"; }

std::string NodeFolder(const std::string& root, std::uint32_t node) {
  return NodesFolder(root) + "node" + std::to_string(node) + "/";
}

// Empty where it is not told.
NodeList ReadList(const std::string& path) { return ReadCpuList(path).value_or(NodeList()); }

// What is behind `key` in /proc/self/status; nothing where that is not told.
std::optional<NodeList> FindList(std::string_view status, std::string_view key) {
  while (!status.empty()) {
    std::string_view line = TakeLine(status);
    if (TakeWord(line) == key) return ParseCpuList(TakeWord(line));
  }
  return std::nullopt;
}

NodeList Intersection(const NodeList& a, const NodeList& b) {
  NodeList both;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
  return both;
}

// "Node 0 MemTotal:        5596960 kB"
Reading FindNodeCount(std::string_view text, std::string_view key) {
  while (!text.empty()) {
    std::string_view line = TakeLine(text);
    TakeWord(line);
    TakeWord(line);
    if (TakeWord(line) == key) return ParseCount(TakeWord(line), kKibibyte);
  }
  return std::nullopt;
}

// The nearest of `candidates`, by node `from`'s distances, which are in the order of `online`.
int Nearest(const std::string& root, std::uint32_t from, const NodeList& online,
            const NodeList& candidates) {
  const auto text = ReadKernelFile(NodeFolder(root, from) + "distance");
  if (!text) return -1;
  std::string_view rest = *text;
  std::string_view line = TakeLine(rest);
  int nearest = -1;
  double shortest = std::numeric_limits<double>::infinity();
  for (const std::uint32_t node : online) {
    const Reading distance = ParseCount(TakeWord(line));
    if (!distance || *distance >= shortest) continue;
    if (!std::binary_search(candidates.begin(), candidates.end(), node)) continue;
    shortest = *distance;
    nearest = static_cast<int>(node);
  }
  return nearest;
}

}  // namespace

NumaNodes ReadNumaNodes(const std::string& root) {
  NumaNodes nodes;
  nodes.online = ReadList(NodesFolder(root) + "online");
  if (nodes.online.size() < 2) {
    nodes.of_memory = nodes.of_main_memory = nodes.of_both = nodes.online;
    return nodes;
  }
  nodes.of_memory = ReadList(NodesFolder(root) + "has_memory");
  const std::string status = ReadKernelFile(root + "/proc/self/status").value_or("");
  if (const auto allowed = FindList(status, "Mems_allowed_list:"))
    nodes.of_memory = Intersection(nodes.of_memory, *allowed);
  nodes.of_main_memory = Intersection(nodes.of_memory, ReadList(NodesFolder(root) + "has_cpu"));
  nodes.of_both = nodes.of_main_memory;
  if (const auto allowed = FindList(status, "Cpus_allowed_list:")) {
    std::erase_if(nodes.of_both, [&](std::uint32_t node) {
      return Intersection(ReadList(NodeFolder(root, node) + "cpulist"), *allowed).empty();
    });
  }
  return nodes;
}

NodeMemory ReadNodeMemory(const std::string& root, std::uint32_t node) {
  NodeMemory memory;
  const auto text = ReadKernelFile(NodeFolder(root, node) + "meminfo");
  if (!text) return memory;
  const Reading total = FindNodeCount(*text, "MemTotal:");
  const Reading shared = FindNodeCount(*text, "Shmem:");
  memory.free_bytes = FindNodeCount(*text, "MemFree:");
  memory.file_bytes = FindNodeCount(*text, "FilePages:");
  memory.anonymous_bytes = FindNodeCount(*text, "AnonPages:");
  if (!total || !memory.free_bytes || !memory.file_bytes) return memory;
  // The kernel counts them one after the other.
  const double used =
      std::max(*total - *memory.free_bytes - *memory.file_bytes + shared.value_or(0), 0.0);
  if (memory.anonymous_bytes)
    memory.other_bytes =
        std::max(*total - *memory.free_bytes - *memory.file_bytes - *memory.anonymous_bytes, 0.0);
  if (*total > 0) memory.use_ratio = std::min(used / *total, 1.0);
  return memory;
}

NodeAllocations ReadNodeAllocations(const std::string& root, std::uint32_t node) {
  NodeAllocations allocations;
  // Turned off (admin-guide/sysctl/vm.rst): then the kernel tells zeros.
  if (ReadCount(root + "/proc/sys/vm/numa_stat") == 0) return allocations;
  const auto text = ReadKernelFile(NodeFolder(root, node) + "numastat");
  if (!text) return allocations;
  allocations.hits = FindCount(*text, "numa_hit");
  allocations.misses = FindCount(*text, "numa_miss");
  allocations.foreign = FindCount(*text, "numa_foreign");
  allocations.local = FindCount(*text, "local_node");
  allocations.remote = FindCount(*text, "other_node");
  return allocations;
}

std::vector<int> ReadMemoryNodes(const std::string& root) {
  const NumaNodes nodes = ReadNumaNodes(root);
  if (nodes.online.size() < 2) return {};
  std::vector<int> memory_nodes;
  for (const std::uint32_t node : ReadList(NodesFolder(root) + "has_cpu")) {
    const bool has_memory =
        std::binary_search(nodes.of_memory.begin(), nodes.of_memory.end(), node);
    const int place =
        has_memory ? static_cast<int>(node) : Nearest(root, node, nodes.online, nodes.of_memory);
    for (const std::uint32_t cpu : ReadList(NodeFolder(root, node) + "cpulist")) {
      if (cpu >= memory_nodes.size()) memory_nodes.resize(cpu + 1, -1);
      memory_nodes[cpu] = place;
    }
  }
  return memory_nodes;
}

const std::vector<int>& MemoryNodes() noexcept {
  static const auto* const nodes = []() -> const std::vector<int>* {
    try {
      return new std::vector<int>(ReadMemoryNodes(""));
    } catch (const std::bad_alloc&) {
      static const std::vector<int> kNone;
      return &kNone;
    }
  }();
  return *nodes;
}

}  // namespace nanotally
