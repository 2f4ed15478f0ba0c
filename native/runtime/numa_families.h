// The families that tell of NUMA nodes: where nanotally's memory lies, whether threads run beside
// theirs, and what the kernel counts for each node.
#pragma once

#include <array>

#include "os/numa_nodes.h"
#include "runtime/family_table.h"

namespace nanotally {

struct ArenaShare {
  Reading bytes;
};
inline constexpr auto kArenaNodeFamilies = std::to_array<FamilyRow<ArenaShare>>({
    {{"nanotally_arena_node_bytes", MetricType::kGauge, "bytes", "node",
      "Memory for cells, by the NUMA node that the kernel says its pages lie on; \"unplaced\" is "
      "not touched yet. The cells of native threads are one set for each CPU, on its node: these "
      "threads record locally wherever they run."},
     {{{"", &ArenaShare::bytes}}}},
});

struct ThreadLocality {
  Reading local;
  Reading remote;
  Reading local_ratio;
  Reading cpu_changes;
  Reading node_changes;
};
inline constexpr auto kThreadPlacementFamilies = std::to_array<FamilyRow<ThreadLocality>>({
    {{"numa_local_ratio", MetricType::kGauge, "ratio", "thread",
      "Share of the samples that found the thread on the NUMA node that its cells lie on: its "
      "records were local."},
     {{{"", &ThreadLocality::local_ratio}}}},
    {{"numa_thread_migrations_total", MetricType::kCounter, "", "thread,kind",
      "Times that a sample found the thread on another CPU, or on one of another NUMA node, than "
      "the sample before: what it did in between is not seen."},
     {{{"cpu", &ThreadLocality::cpu_changes}, {"node", &ThreadLocality::node_changes}}}},
    {{"numa_thread_samples_total", MetricType::kCounter, "", "thread,locality",
      "Samples of the thread, up to 20 a second while its event loop turns, by whether it ran on "
      "the NUMA node that its cells lie on."},
     {{{"local", &ThreadLocality::local}, {"remote", &ThreadLocality::remote}}}},
});

inline constexpr auto kNodeMemoryFamilies = std::to_array<FamilyRow<NodeMemory>>({
    {{"numa_node_memory_bytes", MetricType::kGauge, "bytes", "node,state",
      "Memory of the NUMA node: free, the page cache with shared memory (file), heaps and stacks "
      "(anonymous), the kernel's own (other)."},
     {{{"free", &NodeMemory::free_bytes},
       {"file", &NodeMemory::file_bytes},
       {"anonymous", &NodeMemory::anonymous_bytes},
       {"other", &NodeMemory::other_bytes}}}},
});

inline constexpr auto kNodeAllocationFamilies = std::to_array<FamilyRow<NodeAllocations>>({
    {{"numa_node_allocations_total", MetricType::kCounter, "", "node,kind",
      "Pages allocated since boot, for all processes: wanted from the node and had (hit), had "
      "though wanted from another (miss), wanted and had from another (foreign); had by threads on "
      "the node (local) or on others (remote). Each page is a hit or a miss, and local or remote."},
     {{{"hit", &NodeAllocations::hits},
       {"miss", &NodeAllocations::misses},
       {"foreign", &NodeAllocations::foreign},
       {"local", &NodeAllocations::local},
       {"remote", &NodeAllocations::remote}}}},
});

struct NumaImbalance {
  Reading memory;
  Reading arena;
};
inline constexpr auto kImbalanceFamilies = std::to_array<FamilyRow<NumaImbalance>>({
    {{"numa_imbalance_ratio", MetricType::kGauge, "ratio", "of",
      "0 is even. memory: how much more of the fullest NUMA node's memory is in use than of the "
      "emptiest one's, without the page cache; of nodes with CPUs. arena: how far nanotally's "
      "cells are from being shared out evenly among the nodes whose CPUs and memory the process "
      "may use, 1 if all lie on one, which is as it should be while all threads run there."},
     {{{"memory", &NumaImbalance::memory}, {"arena", &NumaImbalance::arena}}}},
});

}  // namespace nanotally
