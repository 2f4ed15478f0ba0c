// NUMA nodes as far as placement goes: which there are, which this process may use, the memory of
// each (Documentation/ABI/stable/sysfs-devices-node, admin-guide/numastat.rst). Read anew each
// time, a few small files: os/topology.h tells all there is, and reads hundreds.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "os/kernel_text.h"

namespace nanotally {

using NodeList = std::vector<std::uint32_t>;  // ascending

// Empty where the kernel does not tell.
struct NumaNodes {
  NodeList online;
  NodeList of_memory;  // have memory that this process may use
  // Of those, the ones with online CPUs: what has none (CXL, persistent memory, a GPU's) is not
  // meant to be as full as the others.
  NodeList of_main_memory;
  NodeList of_both;  // of those, the ones with CPUs that the process's main thread may use
};
[[nodiscard]] NumaNodes ReadNumaNodes(const std::string& root);

// The states come to the node's memory.
struct NodeMemory {
  Reading free_bytes;
  Reading file_bytes;       // the page cache, with shared memory
  Reading anonymous_bytes;  // heaps and stacks
  Reading other_bytes;      // the kernel's own
  Reading use_ratio;        // that is neither free nor could be dropped: 0 to 1
};
[[nodiscard]] NodeMemory ReadNodeMemory(const std::string& root, std::uint32_t node);

// Pages since boot, for all processes. Nothing where the system counts none (vm.numa_stat=0).
struct NodeAllocations {
  Reading hits;     // wanted from this node, and had
  Reading misses;   // had from this node, though wanted from another
  Reading foreign;  // wanted from this node, and had from another
  Reading local;    // had by threads that ran on this node
  Reading remote;   // had by threads that ran on another
};
[[nodiscard]] NodeAllocations ReadNodeAllocations(const std::string& root, std::uint32_t node);

// [cpu] The node that memory for a thread on that CPU comes from: its own, or where that has none
// that this process may use, the nearest that has. -1 where it is not known. Empty where there is
// one node.
[[nodiscard]] std::vector<int> ReadMemoryNodes(const std::string& root);

// The same of this machine, read once. Never destroyed.
[[nodiscard]] const std::vector<int>& MemoryNodes() noexcept;

}  // namespace nanotally
