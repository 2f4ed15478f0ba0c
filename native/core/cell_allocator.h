// Hands out ranges of cell addresses within one registry. It deals in addresses only: the memory
// behind an address comes into being in each shard when that shard's environment first needs it.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "core/cell.h"

namespace nanotally {

// Not thread-safe: the registry calls it under its registration mutex. A range never straddles
// chunks.
//
// Whole cache lines (histogram heads and blocks) and odd sizes (counters, gauges) come from
// separate chunks, so that the former stay aligned to lines without padding. Freed ranges are
// reused first, the best fit, split when larger.
class CellAllocator {
 public:
  // kNowhere when the registry's addresses are used up. `cells` is 1..MaxRange().
  [[nodiscard]] CellAddress Allocate(std::uint32_t cells);

  // `address` came from Allocate with the same `cells`, and no shard holds anything but zero there.
  void Free(CellAddress address, std::uint32_t cells);

  static constexpr std::uint32_t MaxRange() { return kCellsPerChunk - kFirstFreeCell; }

 private:
  struct Pool {
    CellAddress next = kNowhere;  // first never-used cell of the open chunk
    std::uint32_t left = 0;       // never-used cells in it
    std::map<std::uint32_t, std::vector<CellAddress>> free;  // size in cells -> ranges
  };

  Pool& PoolFor(std::uint32_t cells) { return cells % kCellsPerLine == 0 ? lines_ : odd_; }

  Pool lines_;
  Pool odd_;
  std::uint32_t chunks_ = 0;
};

}  // namespace nanotally
