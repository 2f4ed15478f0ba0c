// The machine as the kernel tells of it: NUMA nodes, CPUs, caches, and what of them this process
// may use.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nanotally {

using CpuList = std::vector<std::uint32_t>;  // ascending

struct CpuPlace {
  std::uint32_t number = 0;
  bool is_online = true;
  bool is_allowed = true;                // by the affinity of the process and its cgroup's cpuset
  std::optional<std::uint32_t> node;     // absent: not known, or offline
  std::optional<std::uint32_t> package;  // likewise
  std::optional<std::uint32_t> die;      // within the package
  std::optional<std::uint32_t> core;     // within the package
  CpuList siblings;                      // hardware threads of its core, itself included
  std::string kind;                      // of hybrid processors: "performance" or "efficiency"
};

struct Cache {
  int level = 0;
  std::string type;  // "data", "instruction", "unified"
  std::optional<std::uint64_t> bytes;
  std::optional<std::uint32_t> line_bytes;
  std::optional<std::uint32_t> ways;
  CpuList cpus;  // that share it
};

struct NumaNode {
  std::uint32_t number = 0;
  CpuList cpus;                               // online ones; none for a node of memory alone
  std::optional<std::uint64_t> memory_bytes;  // 0 for a node of CPUs alone
  std::optional<std::uint64_t> free_bytes;
  std::vector<std::uint32_t>
      distances;           // [nodes.size()], in that order; 10 is local. Empty: not told
  bool is_allowed = true;  // for memory: Mems_allowed
};

enum class TopologySource : std::uint8_t { kLibnuma, kSysfs, kFlat };

struct Topology {
  TopologySource source = TopologySource::kFlat;
  std::vector<NumaNode> nodes;      // ascending; at least one
  std::vector<CpuPlace> cpus;       // ascending; at least one: all that are present
  std::vector<Cache> caches;        // by level, then by type, then by their first CPU
  std::optional<double> cpu_quota;  // CPUs' worth of time that the cgroup may use
};

// `root` is what all paths are below: "" for this machine, a folder of recorded files in tests.
// Where there is no sysfs: one node with all CPUs. Any thread.
[[nodiscard]] Topology ReadTopology(const std::string& root);

}  // namespace nanotally
