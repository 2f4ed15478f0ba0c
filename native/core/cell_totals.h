// A double-double for each cell, beside the shards.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/cell.h"
#include "core/double_double.h"

namespace nanotally {

// Guarded by the registry's merge lock: exclusive to change, shared to read. 128 KiB for each chunk
// that has any.
class CellTotals {
 public:
  // nullptr where the cell's chunk has none.
  [[nodiscard]] const DoubleDouble* Find(CellAddress address) const noexcept {
    const std::uint32_t index = ChunkOf(address);
    if (index >= chunks_.size() || chunks_[index] == nullptr) return nullptr;
    return &(*chunks_[index])[OffsetOf(address)];
  }

  // Made zero if missing. Throws std::bad_alloc.
  [[nodiscard]] DoubleDouble& At(CellAddress address) {
    const std::uint32_t index = ChunkOf(address);
    if (index >= chunks_.size()) chunks_.resize(index + 1);
    if (chunks_[index] == nullptr) chunks_[index] = std::make_unique<Chunk>();
    return (*chunks_[index])[OffsetOf(address)];
  }

  void Clear(CellAddress address, std::uint32_t cells) noexcept {
    if (Find(address) == nullptr) return;
    for (std::uint32_t i = 0; i < cells; ++i)
      (*chunks_[ChunkOf(address)])[OffsetOf(address) + i] = DoubleDouble();
  }

 private:
  using Chunk = std::array<DoubleDouble, kCellsPerChunk>;
  std::vector<std::unique_ptr<Chunk>> chunks_;
};

// What belongs to the cells of a registry beside its shards.
struct Remainders {
  // What ended environments recorded. What a cell's total means is up to its metric, see
  // core/merge.cc.
  CellTotals retired;
  // What the cells held at the last reset: it is taken off what they hold. Of a gauge, the stamp
  // up to which it counts as never set.
  CellTotals baselines;

  void Clear(CellAddress address, std::uint32_t cells) noexcept {
    retired.Clear(address, cells);
    baselines.Clear(address, cells);
  }
};

}  // namespace nanotally
