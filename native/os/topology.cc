// Putting together what sysfs, libnuma, /proc and the cgroup tell.
#include "os/topology.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "os/cgroup_files.h"
#include "os/libnuma.h"
#include "os/topology_sysfs.h"

namespace nanotally {
namespace {

// "Cpus_allowed_list:\t0-3" of proc_pid_status(5).
std::optional<CpuList> FindList(std::string_view status, std::string_view key) {
  while (!status.empty()) {
    std::string_view line = TakeLine(status);
    if (TakeWord(line) == key) return ParseCpuList(TakeWord(line));
  }
  return std::nullopt;
}

std::vector<CpuPlace> AllCpus() {
  std::vector<CpuPlace> cpus(std::max(1u, std::thread::hardware_concurrency()));
  for (std::uint32_t number = 0; number < cpus.size(); ++number) {
    cpus[number].number = number;
    cpus[number].siblings = {number};
  }
  return cpus;
}

// For a kernel without NUMA.
NumaNode OnlyNode(const std::string& root, const std::vector<CpuPlace>& cpus) {
  NumaNode node;
  for (const CpuPlace& cpu : cpus) {
    if (cpu.is_online) node.cpus.push_back(cpu.number);
  }
  const std::string meminfo = ReadKernelFile(root + "/proc/meminfo").value_or("");
  node.memory_bytes = WholeBytes(FindCount(meminfo, "MemTotal:", 1024));
  node.free_bytes = WholeBytes(FindCount(meminfo, "MemFree:", 1024));
  node.distances = {10};
  return node;
}

void ReadLimits(const std::string& root, Topology& topology) {
  const std::string status = ReadKernelFile(root + "/proc/self/status").value_or("");
  topology.affinity = FindList(status, "Cpus_allowed_list:");
  const CgroupFolders folders = CgroupLocator(root).Locate();
  if (folders.cpuset) topology.cpuset = ReadCgroupCpuset(*folders.cpuset);
  if (folders.cpu) topology.cpu_quota = ReadCgroupCpu(*folders.cpu, folders.cpu_usage).limit_cores;
  for (CpuPlace& cpu : topology.cpus) {
    for (const auto& allowed : {topology.affinity, topology.cpuset}) {
      if (allowed && !Contains(*allowed, cpu.number)) cpu.is_allowed = false;
    }
  }
  if (const auto memories = FindList(status, "Mems_allowed_list:")) {
    for (NumaNode& node : topology.nodes) node.is_allowed = Contains(*memories, node.number);
  }
}

}  // namespace

Topology ReadTopology(const std::string& root) {
  return ReadTopology(root, root.empty() ? LoadNumaLibrary() : nullptr);
}

Topology ReadTopology(const std::string& root, const NumaLibrary* library) {
  Topology topology;
  topology.cpus = ReadCpuPlaces(root);
  topology.source = TopologySource::kSysfs;
  if (topology.cpus.empty()) {
    topology.cpus = AllCpus();
    topology.source = TopologySource::kFlat;
  }
  topology.caches = ReadCaches(root, topology.cpus);
  if (library != nullptr) topology.nodes = library->Nodes();
  if (!topology.nodes.empty()) {
    topology.source = TopologySource::kLibnuma;
  } else {
    topology.nodes = ReadNodes(root);
  }
  if (topology.nodes.empty()) topology.nodes.push_back(OnlyNode(root, topology.cpus));

  // Each list is of those online as it was read, and CPUs come and go in between.
  const auto is_offline = [&](std::uint32_t number) {
    const auto cpu = std::ranges::lower_bound(topology.cpus, number, {}, &CpuPlace::number);
    return cpu == topology.cpus.end() || cpu->number != number || !cpu->is_online;
  };
  for (NumaNode& node : topology.nodes) std::erase_if(node.cpus, is_offline);
  for (Cache& cache : topology.caches) std::erase_if(cache.cpus, is_offline);

  for (const NumaNode& node : topology.nodes) {
    for (CpuPlace& cpu : topology.cpus) {
      if (cpu.is_online && Contains(node.cpus, cpu.number)) cpu.node = node.number;
    }
  }
  ReadLimits(root, topology);
  return topology;
}

}  // namespace nanotally
