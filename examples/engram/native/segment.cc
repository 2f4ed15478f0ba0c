#include "segment.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "graph_check.h"

namespace engram {
namespace {

ColdReader& ThisThreadsReader() {
  static thread_local ColdReader reader;
  return reader;
}

}  // namespace

Segment::Segment(const Hnsw& index)
    : dimensions_(index.options().dimensions), m_(index.options().m), entry_(index.entry()) {
  const auto nodes = static_cast<std::uint32_t>(index.size());
  above_.resize(index.top_layer());
  EdgeRoom room;
  std::vector<std::uint32_t> sorted;
  for (std::uint32_t node = 0; node < nodes; ++node) {
    ids_.push_back(index.IdOf(node));
    layers_.push_back(static_cast<std::uint8_t>(index.LayerOf(node)));
    starts_.push_back(static_cast<std::uint32_t>(records_.size()));

    const std::span vector(index.VectorOf(node), dimensions_);
    float largest = 0;
    for (const float x : vector) largest = std::max(largest, std::abs(x));
    const float scale = largest / 127;
    std::array<std::uint8_t, sizeof scale> scale_bytes;
    std::memcpy(scale_bytes.data(), &scale, sizeof scale);
    records_.insert(records_.end(), scale_bytes.begin(), scale_bytes.end());
    for (const float x : vector) {
      const auto quantised = static_cast<std::int8_t>(std::lround(x / scale));
      records_.push_back(static_cast<std::uint8_t>(quantised));
    }

    const auto edges = index.Edges(node, 0, room);
    sorted.assign(edges.begin(), edges.end());
    std::sort(sorted.begin(), sorted.end());
    AppendDeltas(sorted, records_);
    raw_edge_bytes_ += sizeof(std::uint32_t) * (1 + sorted.size());

    for (int layer = 1; layer <= index.LayerOf(node); ++layer) {
      Layer& above = above_[layer - 1];
      const auto list = index.Edges(node, layer, room);
      above.nodes.push_back(node);
      above.starts.push_back(static_cast<std::uint32_t>(above.to.size()));
      above.to.insert(above.to.end(), list.begin(), list.end());
    }
  }
  starts_.push_back(static_cast<std::uint32_t>(records_.size()));
  for (Layer& above : above_) above.starts.push_back(static_cast<std::uint32_t>(above.to.size()));
  records_.shrink_to_fit();
  encoded_edge_bytes_ = records_.size() - nodes * VectorBytes() + sizeof(std::uint32_t) * nodes;
}

bool Segment::MoveToFile() {
  file_ = ColdFile::Write(records_);
  if (file_ == nullptr) return false;
  records_ = {};
  return true;
}

std::size_t Segment::MemoryBytes() const noexcept {
  std::size_t numbers = ids_.size() + starts_.size();
  for (const Layer& above : above_)
    numbers += above.nodes.size() + above.starts.size() + above.to.size();
  return sizeof *this + numbers * sizeof(std::uint32_t) + layers_.size() + records_.size();
}

void Segment::Open() const {
  if (IsCold()) ThisThreadsReader().Open(*file_, FileBytes());
}

std::span<const std::uint8_t> Segment::Bytes(std::size_t start, std::size_t count) const noexcept {
  if (IsCold()) return ThisThreadsReader().Bytes(start, count);
  return std::span(records_).subspan(start, count);
}

float Segment::Distance(const Query& query, std::uint32_t node, Trace& trace) const noexcept {
  ++trace.distances;
  const auto bytes = Bytes(starts_[node], VectorBytes());
  if (bytes.empty()) return NAN;
  float scale;
  std::memcpy(&scale, bytes.data(), sizeof scale);
  const auto* quantised = reinterpret_cast<const std::int8_t*>(bytes.data() + sizeof scale);
  return 1 - scale * query.kernel.dot_int8(query.vector, quantised, dimensions_);
}

Decoded Segment::DecodeEdges(std::uint32_t node, EdgeRoom& room) const noexcept {
  const std::size_t start = starts_[node] + VectorBytes();
  return DecodeDeltas(Bytes(start, starts_[node + 1] - start), room);
}

std::span<const std::uint32_t> Segment::Edges(std::uint32_t node, int layer,
                                              EdgeRoom& room) const noexcept {
  if (layer == 0) return {room.data(), DecodeEdges(node, room).count};
  if (layer > top_layer()) return {};
  const Layer& above = above_[layer - 1];
  const auto found = std::lower_bound(above.nodes.begin(), above.nodes.end(), node);
  if (found == above.nodes.end() || *found != node) return {};
  const auto place = static_cast<std::size_t>(found - above.nodes.begin());
  const std::uint32_t start = above.starts[place];
  return {above.to.data() + start, above.starts[place + 1] - start};
}

bool Segment::Restore(std::uint32_t node, std::vector<float>& vector) const {
  const auto bytes = Bytes(starts_[node], VectorBytes());
  if (bytes.empty()) return false;
  vector.resize(dimensions_);
  double sum = 0;
  for (std::size_t i = 0; i < dimensions_; ++i) {
    vector[i] = static_cast<float>(static_cast<std::int8_t>(bytes[sizeof(float) + i]));
    sum += double{vector[i]} * vector[i];
  }
  for (float& x : vector) x = static_cast<float>(x / std::sqrt(sum));
  return sum > 0;
}

Integrity Segment::CheckIntegrity() const {
  Integrity found;
  found.nodes = size();
  Open();
  EdgeRoom room;
  for (std::uint32_t node = 0; node < size(); ++node) {
    const Decoded decoded = DecodeEdges(node, room);
    if (!decoded.is_whole) ++found.bad_encoding;
    CheckEdges(*this, node, 0, std::span(room).first(decoded.count), 2 * m_, found);
    for (int layer = 1; layer <= LayerOf(node); ++layer)
      CheckEdges(*this, node, layer, Edges(node, layer, room), m_, found);

    const auto bytes = Bytes(starts_[node], VectorBytes());
    float scale = NAN;
    if (!bytes.empty()) std::memcpy(&scale, bytes.data(), sizeof scale);
    double sum = 0;
    for (std::size_t i = sizeof scale; i < bytes.size(); ++i) {
      const double x = static_cast<std::int8_t>(bytes[i]);
      sum += x * x;
    }
    // Off by the quantisation: half a step, at most 1 / 254 of the largest, in each dimension.
    const double length = std::sqrt(sum) * scale;
    if (!(std::abs(length - 1) <= 0.02)) ++found.bad_vectors;
  }
  if (entry_ >= size() || LayerOf(entry_) != top_layer()) ++found.bad_entries;
  found.reached = CountReached(*this);
  return found;
}

bool Segment::Corrupt(std::uint64_t seed) noexcept {
  if (IsCold()) return false;
  Random random(seed);
  const auto node = static_cast<std::uint32_t>(random.Below(size()));
  for (std::size_t at = starts_[node] + VectorBytes(); at < starts_[node + 1]; ++at)
    records_[at] = 0xff;
  return true;
}

}  // namespace engram
