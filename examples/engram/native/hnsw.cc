#include "hnsw.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "pool.h"

namespace engram {
namespace {

// Closer than this two vectors are twins: 1 - cosine of equal ones is off by roundings only.
constexpr float kTwins = 1e-6f;
constexpr std::size_t kLeastCapacity = 8;

}  // namespace

bool IsUnit(const float* vector, std::size_t dimensions) noexcept {
  double sum = 0;
  for (std::size_t i = 0; i < dimensions; ++i) sum += double{vector[i]} * vector[i];
  return std::abs(std::sqrt(sum) - 1) <= 1e-3;  // false for NaN and infinity
}

Hnsw::Hnsw(const HnswOptions& options) : options_(options), random_(options.seed) {
  nodes_.reserve(options.capacity);
}

Hnsw::~Hnsw() {
  for (Node& node : nodes_) Release(node);
}

void Hnsw::Release(Node& node) noexcept {
  VectorArena().Free(node.vector);
  for (int layer = 0; layer <= node.top_layer; ++layer) EdgeArena().Free(ListOf(node, layer).to);
}

std::span<const std::uint32_t> Hnsw::EdgesOf(std::uint32_t node, int layer) const noexcept {
  const Node& of = nodes_[node];
  if (layer > of.top_layer) return {};
  const EdgeList& list = layer == 0 ? of.edges : of.above[layer - 1];
  return {list.to, list.count};
}

std::size_t Hnsw::Bytes() const noexcept {
  std::size_t bytes = nodes_.size() * (sizeof(Node) + options_.dimensions * sizeof(float));
  for (const Node& node : nodes_) {
    bytes += node.edges.capacity * sizeof(std::uint32_t);
    for (int layer = 1; layer <= node.top_layer; ++layer)
      bytes += sizeof(EdgeList) + node.above[layer - 1].capacity * sizeof(std::uint32_t);
  }
  return bytes;
}

float Hnsw::Between(std::uint32_t a, std::uint32_t b) const noexcept {
  return 1 - ActiveKernel().dot(nodes_[a].vector, nodes_[b].vector, options_.dimensions);
}

// Section 4 of the paper: -ln(uniform) / ln(M), rounded down.
int Hnsw::DrawLayer() noexcept {
  const double drawn = -std::log1p(-random_.Uniform()) / std::log(static_cast<double>(options_.m));
  return static_cast<int>(std::min(drawn, double{kLayers - 1}));
}

// Algorithm 4: of the candidates, the nearest first, keeps those that are nearer to the base than
// to any that was kept, so that edges lead in all directions; then fills up with the nearest of the
// others. Twins of the base say nothing of directions, and only one of them is kept before all
// others: many equal vectors would else have edges to each other alone, an island.
void Hnsw::Select(std::vector<Candidate>& candidates, std::size_t most) const {
  if (candidates.size() <= most) return;
  std::array<Candidate, kMostEdges> kept;
  std::vector<Candidate> others;
  others.reserve(candidates.size());
  std::size_t count = 0;
  bool has_twin = false;
  for (const Candidate& candidate : candidates) {
    const bool is_twin = candidate.distance < kTwins;
    const bool is_new =
        is_twin ? !has_twin : std::all_of(kept.begin(), kept.begin() + count, [&](const auto& one) {
          return one.distance < kTwins || candidate.distance < Between(candidate.node, one.node);
        });
    has_twin |= is_twin;
    if (is_new && count < most) {
      kept[count++] = candidate;
    } else {
      others.push_back(candidate);
    }
  }
  for (std::size_t i = 0; count < most; ++i) kept[count++] = others[i];
  candidates.assign(kept.begin(), kept.begin() + count);
}

// Where the nearest candidate is a twin, its neighbours are candidates too: among many twins the
// nearest are all of them, and the way to others would be lost.
void Hnsw::AddEdgesOfTwin(const Query& query, int layer, Trace& trace,
                          std::vector<Candidate>& candidates) const {
  if (candidates.empty() || candidates.front().distance >= kTwins) return;
  for (const std::uint32_t to : EdgesOf(candidates.front().node, layer)) {
    const bool is_known = std::any_of(candidates.begin(), candidates.end(),
                                      [to](const Candidate& one) { return one.node == to; });
    if (is_known || to >= nodes_.size() || LayerOf(to) < layer) continue;
    candidates.push_back({Distance(query, to, trace), to});
    if (std::isnan(candidates.back().distance)) candidates.pop_back();
  }
  std::sort(candidates.begin(), candidates.end());
}

// The neighbours that a new vector gets in each layer up to `layer`. Changes nothing; false where
// an edge cannot be.
bool Hnsw::FindNeighbours(const Query& query, int layer, Trace& trace, Chosen& chosen) const {
  SearchScratch& scratch = ThisThreadsScratch();
  trace.layers = top_layer_ + 1;
  std::vector<Candidate> entries{Descend(*this, query, layer, trace, scratch)};
  if (std::isnan(entries.front().distance)) return false;
  for (int at = std::min(layer, top_layer_); at >= 0; --at) {
    SearchLayer(*this, query, entries, options_.ef_construction, at, trace, scratch);
    entries = scratch.best;
    chosen[at] = scratch.best;
    AddEdgesOfTwin(query, at, trace, chosen[at]);
    Select(chosen[at], options_.m);
  }
  return trace.faults == 0;
}

InsertStatus Hnsw::Insert(std::uint32_t id, const float* vector, Trace& trace) {
  if (!IsUnit(vector, options_.dimensions)) return InsertStatus::kNotUnit;
  if (IsFull()) return InsertStatus::kFull;
  trace.prefetched = true;
  const int layer = DrawLayer();
  Chosen chosen;
  if (!nodes_.empty()) {
    const Query query{vector, options_.dimensions, ActiveKernel()};
    if (!FindNeighbours(query, layer, trace, chosen)) return InsertStatus::kBroken;
  }

  Node node{nullptr, id, layer, {}, layer > 0 ? std::make_unique<EdgeList[]>(layer) : nullptr};
  node.vector = static_cast<float*>(VectorArena().Allocate(options_.dimensions * sizeof(float)));
  bool has_memory = node.vector != nullptr;
  for (int at = 0; at <= layer && has_memory; ++at)
    has_memory = Grow(ListOf(node, at), std::max(chosen[at].size(), kLeastCapacity));
  if (!has_memory) {
    Release(node);
    return InsertStatus::kNoMemory;
  }
  std::memcpy(node.vector, vector, options_.dimensions * sizeof(float));
  const auto number = static_cast<std::uint32_t>(nodes_.size());
  for (int at = 0; at <= layer; ++at) {
    EdgeList& list = ListOf(node, at);
    for (const Candidate& neighbour : chosen[at]) list.to[list.count++] = neighbour.node;
  }
  nodes_.push_back(std::move(node));  // there is room: see the constructor

  // A neighbour that there is no memory for goes without the edge back: the graph stays sound.
  for (int at = 0; at <= layer; ++at) {
    for (const Candidate& neighbour : chosen[at])
      (void)AddEdge(neighbour.node, number, neighbour.distance, at);
  }
  if (layer > top_layer_) {
    top_layer_ = layer;
    entry_ = number;
  }
  return InsertStatus::kOk;
}

bool Hnsw::Grow(EdgeList& list, std::size_t capacity) noexcept {
  auto* const to = static_cast<std::uint32_t*>(EdgeArena().Allocate(capacity * sizeof(*list.to)));
  if (to == nullptr) return false;
  std::copy_n(list.to, list.count, to);
  EdgeArena().Free(list.to);
  list.to = to;
  list.capacity = static_cast<std::uint32_t>(capacity);
  return true;
}

bool Hnsw::AddEdge(std::uint32_t from, std::uint32_t to, float distance, int layer) {
  EdgeList& list = ListOf(nodes_[from], layer);
  const std::size_t most = MostEdges(layer);
  if (list.count < most) {
    if (list.count == list.capacity && !Grow(list, std::min<std::size_t>(most, 2 * list.capacity)))
      return false;
    list.to[list.count++] = to;
    return true;
  }
  shrinking_.clear();
  shrinking_.push_back({distance, to});
  for (const std::uint32_t known : std::span(list.to, list.count))
    shrinking_.push_back({Between(from, known), known});
  std::sort(shrinking_.begin(), shrinking_.end());
  Select(shrinking_, most);
  list.count = 0;
  for (const Candidate& kept : shrinking_) list.to[list.count++] = kept.node;
  return true;
}

}  // namespace engram
