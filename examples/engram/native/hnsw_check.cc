// The check of a mutable index, and what breaks it on purpose.
#include <algorithm>
#include <cmath>

#include "graph_check.h"
#include "hnsw.h"
#include "pool.h"

namespace engram {

void Integrity::Add(const Integrity& other) noexcept {
  nodes += other.nodes;
  edges += other.edges;
  out_of_range += other.out_of_range;
  self_loops += other.self_loops;
  over_degree += other.over_degree;
  wrong_layer += other.wrong_layer;
  bad_vectors += other.bad_vectors;
  bad_entries += other.bad_entries;
  bad_encoding += other.bad_encoding;
  reached += other.reached;
}

Integrity Hnsw::CheckIntegrity() const {
  Integrity found;
  found.nodes = nodes_.size();
  if (nodes_.empty()) return found;
  int top = 0;
  for (std::uint32_t node = 0; node < nodes_.size(); ++node) {
    top = std::max(top, nodes_[node].top_layer);
    if (!IsUnit(nodes_[node].vector, options_.dimensions)) ++found.bad_vectors;
    for (int layer = 0; layer <= nodes_[node].top_layer; ++layer)
      CheckEdges(*this, node, layer, EdgesOf(node, layer), MostEdges(layer), found);
  }
  if (entry_ >= nodes_.size() || top_layer_ != top || nodes_[entry_].top_layer != top)
    ++found.bad_entries;
  found.reached = CountReached(*this);
  return found;
}

bool Hnsw::Corrupt(Fault fault, std::uint64_t seed) {
  if (nodes_.size() < 8) return false;
  Random random(seed);
  const auto any = [&] { return static_cast<std::uint32_t>(random.Below(nodes_.size())); };
  // A node with edges: all have some but the first, which had nobody to meet.
  std::uint32_t victim = any();
  while (nodes_[victim].edges.count == 0) victim = any();
  EdgeList& list = nodes_[victim].edges;
  std::uint32_t& edge = list.to[random.Below(list.count)];

  switch (fault) {
    case Fault::kRange:
      edge = static_cast<std::uint32_t>(nodes_.size() + random.Below(1000));
      return true;
    case Fault::kSelfLoop:
      edge = victim;
      return true;
    case Fault::kDegree: {
      const std::size_t too_many = MostEdges(0) + 1;
      if (list.capacity < too_many && !Grow(list, too_many)) return false;
      while (list.count < too_many) {
        const std::uint32_t to = any();
        if (to != victim) list.to[list.count++] = to;
      }
      return true;
    }
    case Fault::kLayer: {
      // An edge of a layer above to a node that is in layer 0 only.
      const auto above = std::find_if(nodes_.begin(), nodes_.end(), [](const Node& node) {
        return node.top_layer > 0 && node.above[0].count > 0;
      });
      const auto below = std::find_if(nodes_.begin(), nodes_.end(),
                                      [](const Node& node) { return node.top_layer == 0; });
      if (above == nodes_.end() || below == nodes_.end()) return false;
      above->above[0].to[0] = static_cast<std::uint32_t>(below - nodes_.begin());
      return true;
    }
    case Fault::kEntry:
      // Where there is one layer only, no node is below the top.
      entry_ = victim;
      for (std::uint32_t node = 0; node < nodes_.size(); ++node) {
        if (nodes_[node].top_layer < top_layer_) {
          entry_ = node;
          return true;
        }
      }
      entry_ = static_cast<std::uint32_t>(nodes_.size());
      return true;
    case Fault::kReach:
      // Nobody leads to a twentieth of the nodes any more.
      for (std::uint32_t node = 0; node < nodes_.size(); ++node) {
        EdgeList& of = nodes_[node].edges;
        const auto kept = std::remove_if(of.to, of.to + of.count, [&](std::uint32_t to) {
          return to % 20 == seed % 20 && to != entry_;
        });
        of.count = static_cast<std::uint32_t>(kept - of.to);
      }
      return true;
    case Fault::kVector:
      nodes_[victim].vector[random.Below(options_.dimensions)] = NAN;
      return true;
    case Fault::kSegment:
      break;
  }
  return false;
}

}  // namespace engram
