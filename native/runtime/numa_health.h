// Whether NUMA nodes are used evenly enough.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "runtime/health.h"

namespace nanotally {

// A node, and the share of its memory that is in use and could not be dropped.
using NodeUse = std::pair<std::uint32_t, double>;

// The fullest one's share less the emptiest one's; nothing for fewer than two.
[[nodiscard]] std::optional<double> MemoryImbalance(const std::vector<NodeUse>& nodes);

// `nodes`: with CPUs, and memory that the process may use.
[[nodiscard]] HealthResult AssessNumaImbalance(const std::vector<NodeUse>& nodes);

}  // namespace nanotally
