// Spread.
#include "runtime/numa_health.h"

#include <algorithm>
#include <limits>
#include <string>

namespace nanotally {
namespace {

// What is wanted from a node that is full comes from another, and is read from there ever after.
// Below a half, when one node is full, all others are at least half full: then the machine is short
// of memory rather than unevenly used. Above, as much again as the emptiest node holds would still
// fit there. It slows a program down and ends nothing, so it is never unhealthy.
constexpr HealthLimits kSpread = {0.5, std::numeric_limits<double>::infinity()};

bool IsEmptier(const NodeUse& a, const NodeUse& b) { return a.second < b.second; }

std::string Described(const NodeUse& node) {
  return "NUMA node " + std::to_string(node.first) + " is " + Printed("%.0f", node.second * 100) +
         " % in use";
}

}  // namespace

std::optional<double> MemoryImbalance(const std::vector<NodeUse>& nodes) {
  if (nodes.size() < 2) return std::nullopt;
  const auto [emptiest, fullest] = std::minmax_element(nodes.begin(), nodes.end(), &IsEmptier);
  return fullest->second - emptiest->second;
}

HealthResult AssessNumaImbalance(const std::vector<NodeUse>& nodes) {
  const char* const name = "numa_imbalance";
  const auto imbalance = MemoryImbalance(nodes);
  if (!imbalance)
    return Unavailable(name,
                       "there is one NUMA node with CPUs and memory that this process may use, or "
                       "none is told of");
  const auto [emptiest, fullest] = std::minmax_element(nodes.begin(), nodes.end(), &IsEmptier);
  return Judge(name, *imbalance, kSpread, Described(*fullest) + ", " + Described(*emptiest));
}

}  // namespace nanotally
