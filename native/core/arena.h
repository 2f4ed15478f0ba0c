// The arena: hands out 64 KiB chunks of cells from a page source and knows how many bytes are in
// use.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "core/cell.h"
#include "core/page_source.h"

namespace nanotally {

// How many slots a chunk has: of the first `cpus` each belongs to one CPU, by its number.
struct Slots {
  std::uint32_t count = 1;
  std::uint32_t cpus = 0;
};

// Any thread. Lives as long as the store, so chunks may be freed late.
class Arena {
 public:
  explicit Arena(PageSource& pages) : pages_(pages) {}

  // A zeroed chunk: kCellsPerChunk cells for each slot, one slot behind the other, those of CPUs
  // near them. nullptr when the page source has none.
  [[nodiscard]] double* AllocateChunk(Slots slots = {}) noexcept {
    auto* memory = static_cast<double*>(pages_.Allocate(slots.count * kChunkBytes));
    if (memory == nullptr) return nullptr;
    // relaxed: a statistic, no data depends on it.
    bytes_.fetch_add(slots.count * kChunkBytes, std::memory_order_relaxed);
    for (std::uint32_t cpu = 0; cpu < slots.cpus; ++cpu)
      pages_.PlaceNear(memory + cpu * kCellsPerChunk, kChunkBytes, cpu);
    return memory;
  }

  void FreeChunk(double* chunk, Slots slots = {}) noexcept {
    pages_.Free(chunk, slots.count * kChunkBytes);
    bytes_.fetch_sub(slots.count * kChunkBytes, std::memory_order_relaxed);  // relaxed: as above
  }

  [[nodiscard]] std::size_t BytesInUse() const noexcept {
    return bytes_.load(std::memory_order_relaxed);
  }

 private:
  PageSource& pages_;
  std::atomic<std::size_t> bytes_{0};
};

}  // namespace nanotally
