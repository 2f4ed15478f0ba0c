// What the checks of mutable indexes and of sealed segments share. Graphs as graph_search.h has
// them; no edge is trusted.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "hnsw.h"

namespace engram {

// Looks at the edges of a node in a layer.
template <typename Graph>
void CheckEdges(const Graph& graph, std::uint32_t node, int layer,
                std::span<const std::uint32_t> edges, std::size_t most, Integrity& found) {
  found.edges += edges.size();
  if (edges.size() > most) ++found.over_degree;
  for (const std::uint32_t to : edges) {
    if (to >= graph.size()) {
      ++found.out_of_range;
    } else if (to == node) {
      ++found.self_loops;
    } else if (graph.LayerOf(to) < layer) {
      ++found.wrong_layer;
    }
  }
}

// How many nodes the edges of layer 0 lead to from the entry point, itself among them.
template <typename Graph>
std::uint64_t CountReached(const Graph& graph) {
  if (graph.entry() >= graph.size()) return 0;
  std::vector<bool> seen(graph.size());
  std::vector<std::uint32_t> to_follow{graph.entry()};
  seen[graph.entry()] = true;
  EdgeRoom room;
  std::uint64_t reached = 0;
  while (!to_follow.empty()) {
    const std::uint32_t node = to_follow.back();
    to_follow.pop_back();
    ++reached;
    for (const std::uint32_t to : graph.Edges(node, 0, room)) {
      if (to >= graph.size() || seen[to]) continue;
      seen[to] = true;
      to_follow.push_back(to);
    }
  }
  return reached;
}

}  // namespace engram
