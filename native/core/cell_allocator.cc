// Best fit over freed ranges, then the open chunk, then a new chunk.
#include "core/cell_allocator.h"

namespace nanotally {

CellAddress CellAllocator::Allocate(std::uint32_t cells) {
  Pool& pool = PoolFor(cells);
  if (auto fit = pool.free.lower_bound(cells); fit != pool.free.end()) {
    const std::uint32_t size = fit->first;
    const CellAddress address = fit->second.back();
    fit->second.pop_back();
    if (fit->second.empty()) pool.free.erase(fit);
    if (size > cells) pool.free[size - cells].push_back(address + cells);
    return address;
  }
  if (pool.left < cells) {
    if (chunks_ == kMaxChunks) return kNowhere;
    if (pool.left > 0) pool.free[pool.left].push_back(pool.next);
    pool.next = MakeAddress(chunks_++, kFirstFreeCell);
    pool.left = MaxRange();
  }
  const CellAddress address = pool.next;
  pool.next += cells;
  pool.left -= cells;
  return address;
}

void CellAllocator::Free(CellAddress address, std::uint32_t cells) {
  PoolFor(cells).free[cells].push_back(address);
}

}  // namespace nanotally
