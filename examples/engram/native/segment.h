// A sealed index: the graph of an Hnsw that changes no more, in a fourth of its memory. A vector is
// a scale and bytes, the edges of layer 0 are delta-encoded; both of a node lie together, in one
// record. The records are in memory (warm), or in a file and read at each access (cold).
//
// Any number of threads may search; moving to a file, and Corrupt, want it to be nobody's else.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "cold_file.h"
#include "delta.h"
#include "graph_search.h"
#include "hnsw.h"

namespace engram {

class Segment {
 public:
  // Of an index with a vector or more.
  explicit Segment(const Hnsw& index);

  // Moves the records to a file. False where there is none to be had: nothing has changed then.
  bool MoveToFile();
  bool IsCold() const noexcept { return file_ != nullptr; }

  void Search(const Query& query, std::size_t ef, Trace& trace, SearchScratch& scratch) const {
    Open();
    SearchGraph(*this, query, ef, trace, scratch);
  }

  Integrity CheckIntegrity() const;

  // Makes a node's edges what no list is. False where the segment is cold.
  bool Corrupt(std::uint64_t seed) noexcept;

  // To be called by each thread before Restore, Edges and Distance: what it knows of the file is
  // forgotten. Search and CheckIntegrity do it themselves.
  void Open() const;

  // The vector as it was quantised, of unit length again. False where it cannot be read.
  bool Restore(std::uint32_t node, std::vector<float>& vector) const;

  std::uint32_t IdOf(std::uint32_t node) const noexcept { return ids_[node]; }
  std::size_t MemoryBytes() const noexcept;
  std::size_t FileBytes() const noexcept { return IsCold() ? starts_.back() : 0; }
  // Edges of layer 0 with their starts: as 32-bit integers, and as they are here.
  std::uint64_t RawEdgeBytes() const noexcept { return raw_edge_bytes_; }
  std::uint64_t EncodedEdgeBytes() const noexcept { return encoded_edge_bytes_; }

  // As SearchLayer wants a graph.
  std::size_t size() const noexcept { return ids_.size(); }
  int top_layer() const noexcept { return static_cast<int>(above_.size()); }
  std::uint32_t entry() const noexcept { return entry_; }
  int LayerOf(std::uint32_t node) const noexcept { return layers_[node]; }
  std::span<const std::uint32_t> Edges(std::uint32_t node, int layer,
                                       EdgeRoom& room) const noexcept;
  float Distance(const Query& query, std::uint32_t node, Trace& trace) const noexcept;
  std::uintptr_t Place(std::uint32_t node) const noexcept { return starts_[node]; }
  void Prefetch(std::uint32_t) const noexcept {}

 private:
  // A record: the scale (a float), a byte for each dimension, the edges of layer 0.
  std::size_t VectorBytes() const noexcept { return sizeof(float) + dimensions_; }
  // Bytes of the records, from memory or the file; empty where they cannot be read.
  std::span<const std::uint8_t> Bytes(std::size_t start, std::size_t count) const noexcept;
  Decoded DecodeEdges(std::uint32_t node, EdgeRoom& room) const noexcept;

  // The edges of a layer above 0, of the few nodes that are in it: those of nodes[i] are
  // to[starts[i]] .. to[starts[i + 1] - 1]. Not encoded: a sixteenth of all.
  struct Layer {
    std::vector<std::uint32_t> nodes, starts, to;
  };

  const std::size_t dimensions_, m_;
  const std::uint32_t entry_;
  std::vector<std::uint32_t> ids_;     // [node]
  std::vector<std::uint8_t> layers_;   // [node]
  std::vector<std::uint32_t> starts_;  // [node], and the end: bytes
  std::vector<Layer> above_;           // [layer - 1]
  std::vector<std::uint8_t> records_;  // empty when they are in the file
  std::unique_ptr<ColdFile> file_;
  std::uint64_t raw_edge_bytes_ = 0, encoded_edge_bytes_ = 0;
};

}  // namespace engram
