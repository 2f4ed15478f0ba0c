// The search within a layer that the mutable index and the sealed segments share: Algorithm 2 of
// Malkov and Yashunin, "Efficient and robust approximate nearest neighbor search using Hierarchical
// Navigable Small World graphs" (2018). It trusts no edge: a broken graph gives worse answers and
// counts faults, never a read out of bounds.
//
// A Graph has
//   size(), top_layer(), entry()                the last two only where size() > 0
//   LayerOf(node)                               the highest layer that the node is in
//   Edges(node, layer, room)                    a span of its edges, in `room` or its own memory
//   Distance(query, node, trace)                1 - cosine; NaN for a vector that is none
//   Place(node)                                 a number of bytes: where its vector begins
//   Prefetch(node)                              or nothing
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels.h"
#include "metrics.h"

namespace engram {

// Edges that a node has at most in a layer, whatever M is.
inline constexpr std::size_t kMostEdges = 128;
// What Edges() may write to: more than a sound node has, so that an unsound one shows.
using EdgeRoom = std::array<std::uint32_t, kMostEdges + 64>;

struct Query {
  const float* vector;
  std::size_t dimensions;
  const Kernel& kernel;
};

struct Candidate {
  float distance;
  std::uint32_t node;
  // Where distances are equal, as those of equal vectors, the newer node comes first. Each of many
  // equal ones then has edges to those that came shortly before it, and they are one chain; if the
  // oldest came first, all would lead to the same few and nothing to the others.
  friend bool operator<(const Candidate& a, const Candidate& b) noexcept {
    return a.distance != b.distance ? a.distance < b.distance : a.node > b.node;
  }
};

// What a thread's searches reuse: after the first ones they allocate nothing.
struct SearchScratch {
  std::vector<std::uint32_t> visited;  // [node]: the search that came last
  std::uint32_t search = 0;
  std::vector<Candidate> to_expand;  // a heap, the nearest first
  std::vector<Candidate> best;       // a heap, the farthest first; in the end sorted
  EdgeRoom room;

  void Begin(std::size_t nodes) {
    if (visited.size() < nodes) visited.resize(nodes, 0);
    if (++search == 0) {
      std::fill(visited.begin(), visited.end(), 0);
      search = 1;
    }
    to_expand.clear();
    best.clear();
  }
  bool Visit(std::uint32_t node) noexcept {
    if (visited[node] == search) return false;
    visited[node] = search;
    return true;
  }
};

inline SearchScratch& ThisThreadsScratch() {
  static thread_local SearchScratch scratch;
  return scratch;
}

inline constexpr std::uintptr_t kPageBytes = 4096;

// The `ef` nodes of a layer that are nearest to the query, as found from the entries: in
// scratch.best, the nearest first. `entries` must not lie in the scratch.
template <typename Graph>
void SearchLayer(const Graph& graph, const Query& query, std::span<const Candidate> entries,
                 std::size_t ef, int layer, Trace& trace, SearchScratch& scratch) {
  const auto nearest_first = [](const Candidate& a, const Candidate& b) { return b < a; };
  scratch.Begin(graph.size());
  auto& [visited, search, to_expand, best, room] = scratch;

  for (const Candidate& entry : entries) {
    if (!scratch.Visit(entry.node)) continue;
    to_expand.push_back(entry);
    best.push_back(entry);
  }
  std::make_heap(to_expand.begin(), to_expand.end(), nearest_first);
  std::make_heap(best.begin(), best.end());
  while (best.size() > ef) {
    std::pop_heap(best.begin(), best.end());
    best.pop_back();
  }

  std::uintptr_t last_page = 0;
  while (!to_expand.empty()) {
    std::pop_heap(to_expand.begin(), to_expand.end(), nearest_first);
    const Candidate next = to_expand.back();
    to_expand.pop_back();
    if (best.size() >= ef && best.front() < next) break;
    ++trace.hops[layer];
    const std::span<const std::uint32_t> edges = graph.Edges(next.node, layer, room);
    for (std::size_t i = 0; i < edges.size(); ++i) {
      if (i + 1 < edges.size() && edges[i + 1] < graph.size()) graph.Prefetch(edges[i + 1]);
      const std::uint32_t to = edges[i];
      if (to >= graph.size() || graph.LayerOf(to) < layer) {
        ++trace.faults;
        continue;
      }
      if (!scratch.Visit(to)) continue;
      const std::uintptr_t page = graph.Place(to) / kPageBytes;
      ++(page == last_page ? trace.near : trace.far);
      last_page = page;
      const float distance = graph.Distance(query, to, trace);
      if (std::isnan(distance)) {
        ++trace.faults;
        continue;
      }
      const Candidate found{distance, to};
      if (best.size() >= ef && !(found < best.front())) continue;
      to_expand.push_back(found);
      std::push_heap(to_expand.begin(), to_expand.end(), nearest_first);
      best.push_back(found);
      std::push_heap(best.begin(), best.end());
      if (best.size() > ef) {
        std::pop_heap(best.begin(), best.end());
        best.pop_back();
      }
    }
  }
  std::sort_heap(best.begin(), best.end());
}

// From the entry point down to `layer`, taking the nearest node of each layer above it: the node to
// begin with in `layer`. The distance is NaN where the graph is too broken to begin.
template <typename Graph>
Candidate Descend(const Graph& graph, const Query& query, int layer, Trace& trace,
                  SearchScratch& scratch) {
  Candidate at{NAN, graph.entry()};
  if (at.node < graph.size()) at.distance = graph.Distance(query, at.node, trace);
  if (std::isnan(at.distance)) ++trace.faults;
  for (int above = graph.top_layer(); above > layer && !std::isnan(at.distance); --above) {
    SearchLayer(graph, query, {&at, 1}, 1, above, trace, scratch);
    at = scratch.best.front();
  }
  return at;
}

// The nodes nearest to the query: in scratch.best, the nearest first.
template <typename Graph>
void SearchGraph(const Graph& graph, const Query& query, std::size_t ef, Trace& trace,
                 SearchScratch& scratch) {
  scratch.best.clear();
  if (graph.size() == 0) return;
  trace.layers = graph.top_layer() + 1;
  const Candidate start = Descend(graph, query, 0, trace, scratch);
  if (std::isnan(start.distance)) {
    scratch.best.clear();
    return;
  }
  SearchLayer(graph, query, {&start, 1}, ef, 0, trace, scratch);
}

}  // namespace engram
