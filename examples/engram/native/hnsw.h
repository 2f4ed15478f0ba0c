// A mutable HNSW index (Malkov and Yashunin, 2018) of unit vectors by their cosine. Vectors and
// edges lie in blocks of the process's pools.
//
// Not synchronised: its owner lets in many searches, or one insertion. About 4 bytes a dimension,
// 8 M for edges and 100 of book-keeping for each vector.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "graph_search.h"
#include "random.h"

namespace engram {

struct HnswOptions {
  std::size_t dimensions = 64;        // a multiple of kFloatsPerTurn, at most 1024
  std::size_t m = 16;                 // edges of a new node in each layer; twice as many in layer 0
  std::size_t ef_construction = 100;  // candidates that an insertion looks at
  std::uint64_t seed = 1;             // of the layers
  std::size_t capacity = 0;           // vectors that it takes at most
};

enum class InsertStatus { kOk, kNotUnit, kBroken, kNoMemory, kFull };

// What a check of a graph found. All but `share_reached` are counts of what must not be, or of what
// was looked at.
struct Integrity {
  std::uint64_t nodes = 0, edges = 0;
  std::uint64_t out_of_range = 0;  // edges to no node
  std::uint64_t self_loops = 0;
  std::uint64_t over_degree = 0;   // nodes with more edges than their layer allows
  std::uint64_t wrong_layer = 0;   // edges to a node that is not in the layer
  std::uint64_t bad_vectors = 0;   // not finite, or not of unit length
  std::uint64_t bad_entries = 0;   // 1: no entry point, or one that is not on the top layer
  std::uint64_t bad_encoding = 0;  // sealed: edges that cannot be decoded, or are not ascending
  std::uint64_t reached = 0;       // nodes that layer 0 leads to from the entry point

  // Pruning may leave a node without an edge to it: none of 10 000 with real vectors was seen, a
  // few where half of the vectors are equal.
  static constexpr double kLeastReached = 0.99;
  double ShareReached() const noexcept {
    return nodes == 0 ? 1 : static_cast<double>(reached) / static_cast<double>(nodes);
  }
  bool IsSound() const noexcept {
    return out_of_range + self_loops + over_degree + wrong_layer + bad_vectors + bad_entries +
                   bad_encoding ==
               0 &&
           ShareReached() >= kLeastReached;
  }
  void Add(const Integrity& other) noexcept;
};

// What can be broken on purpose; a segment is MemoryIndex's to break.
enum class Fault { kRange, kSelfLoop, kDegree, kLayer, kEntry, kReach, kVector, kSegment };

class Hnsw {
 public:
  explicit Hnsw(const HnswOptions& options);
  ~Hnsw();
  Hnsw(const Hnsw&) = delete;
  Hnsw& operator=(const Hnsw&) = delete;

  // Copies the vector. kBroken: it met an edge that cannot be, and changed nothing.
  [[nodiscard]] InsertStatus Insert(std::uint32_t id, const float* vector, Trace& trace);

  // Many threads at once. In scratch.best: up to `ef` nodes, the nearest first.
  void Search(const Query& query, std::size_t ef, Trace& trace, SearchScratch& scratch) const {
    SearchGraph(*this, query, ef, trace, scratch);
  }

  // Looks at every node and edge: as a search, but 2 to 7 ms for 10 000 vectors.
  Integrity CheckIntegrity() const;

  // Breaks some of the graph on purpose; what is random comes of the seed. False where there is
  // nothing to break: in a graph with less than 8 vectors.
  bool Corrupt(Fault fault, std::uint64_t seed);

  std::size_t size() const noexcept { return nodes_.size(); }
  bool IsFull() const noexcept { return nodes_.size() >= options_.capacity; }
  const HnswOptions& options() const noexcept { return options_; }
  std::uint32_t IdOf(std::uint32_t node) const noexcept { return nodes_[node].id; }
  const float* VectorOf(std::uint32_t node) const noexcept { return nodes_[node].vector; }
  // Bytes asked of the pools, and of the book-keeping.
  std::size_t Bytes() const noexcept;

  // As SearchLayer wants a graph.
  int top_layer() const noexcept { return top_layer_; }
  std::uint32_t entry() const noexcept { return entry_; }
  int LayerOf(std::uint32_t node) const noexcept { return nodes_[node].top_layer; }
  std::span<const std::uint32_t> Edges(std::uint32_t node, int layer, EdgeRoom&) const noexcept {
    return EdgesOf(node, layer);
  }
  float Distance(const Query& query, std::uint32_t node, Trace& trace) const noexcept {
    ++trace.distances;
    return 1 - query.kernel.dot(query.vector, nodes_[node].vector, query.dimensions);
  }
  std::uintptr_t Place(std::uint32_t node) const noexcept {
    return reinterpret_cast<std::uintptr_t>(nodes_[node].vector);
  }
  void Prefetch(std::uint32_t node) const noexcept {
#if defined(__GNUC__)
    __builtin_prefetch(nodes_[node].vector);
#else
    (void)node;
#endif
  }

 private:
  struct EdgeList {
    std::uint32_t* to = nullptr;  // a block of the edge arena, with room for `capacity`
    std::uint32_t count = 0, capacity = 0;
  };
  struct Node {
    float* vector;  // a block of the vector arena
    std::uint32_t id;
    int top_layer;
    EdgeList edges;                     // layer 0
    std::unique_ptr<EdgeList[]> above;  // [layer - 1]
  };
  using Chosen = std::array<std::vector<Candidate>, kLayers>;

  std::span<const std::uint32_t> EdgesOf(std::uint32_t node, int layer) const noexcept;
  EdgeList& ListOf(Node& node, int layer) const noexcept {
    return layer == 0 ? node.edges : node.above[layer - 1];
  }
  std::size_t MostEdges(int layer) const noexcept {
    return layer == 0 ? 2 * options_.m : options_.m;
  }
  float Between(std::uint32_t a, std::uint32_t b) const noexcept;
  int DrawLayer() noexcept;
  bool FindNeighbours(const Query& query, int layer, Trace& trace, Chosen& chosen) const;
  void AddEdgesOfTwin(const Query& query, int layer, Trace& trace,
                      std::vector<Candidate>& candidates) const;
  void Select(std::vector<Candidate>& candidates, std::size_t most) const;
  bool Grow(EdgeList& list, std::size_t capacity) noexcept;
  bool AddEdge(std::uint32_t from, std::uint32_t to, float distance, int layer);
  void Release(Node& node) noexcept;

  const HnswOptions options_;
  Random random_;
  std::vector<Node> nodes_;
  std::uint32_t entry_ = 0;
  int top_layer_ = -1;
  std::vector<Candidate> shrinking_;  // AddEdge's, kept to allocate once
};

// Whether it is finite and of unit length, to a thousandth.
bool IsUnit(const float* vector, std::size_t dimensions) noexcept;

}  // namespace engram
