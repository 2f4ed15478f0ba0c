// The machine as the kernel tells of it: NUMA nodes, CPUs, caches, and what of them this process
// may use. What the kernel does not tell, or tells in no form that is known, is absent.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "os/cpu_list.h"

namespace nanotally {

class NumaLibrary;

struct CpuPlace {
  std::uint32_t number = 0;
  bool is_online = true;
  bool is_allowed = true;                // by the process's affinity and its cgroup's cpuset
  std::optional<std::uint32_t> node;     // absent: not known, or offline; so the next three
  std::optional<std::uint32_t> package;  // any number: 36 on some arm64 machines with one package
  std::optional<std::uint32_t> die;      // within the package
  std::optional<std::uint32_t> core;  // within the package, die or cluster: `siblings` is the core
  // Hardware threads of its core, itself included; itself alone where that is not known.
  CpuList siblings;
  std::string kind;  // of hybrid processors: "performance" or "efficiency"
};

struct Cache {
  int level = 0;
  std::string type;  // "data", "instruction", "unified"
  std::optional<std::uint64_t> bytes;
  std::optional<std::uint32_t> line_bytes;
  std::optional<std::uint32_t> ways;
  CpuList cpus;  // that share it; online ones
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

// Where the nodes are from; the rest is from sysfs with either of the first two.
enum class TopologySource : std::uint8_t { kLibnuma, kSysfs, kFlat };

struct Topology {
  TopologySource source = TopologySource::kFlat;
  std::vector<NumaNode> nodes;      // ascending; at least one: those online
  std::vector<CpuPlace> cpus;       // ascending; at least one: all that are present
  std::vector<Cache> caches;        // by level, then by type, then by their first CPU
  std::optional<CpuList> affinity;  // of the main thread: where new threads start with it
  std::optional<CpuList> cpuset;    // of the cgroup
  std::optional<double> cpu_quota;  // CPUs' worth of time that the cgroup may use
};

// `root` is what all paths are below: "" for this machine, a folder of recorded files in tests.
// Where there is no sysfs: one node with all CPUs. Any thread. Reads about 15 small files a CPU.
[[nodiscard]] Topology ReadTopology(const std::string& root);

// The same with another libnuma, or none.
[[nodiscard]] Topology ReadTopology(const std::string& root, const NumaLibrary* library);

}  // namespace nanotally
