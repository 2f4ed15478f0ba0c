// The arena: hands out 64 KiB chunks of cells from a page source and knows how many bytes are in
// use.
#pragma once

#include <atomic>
#include <cstddef>

#include "core/cell.h"
#include "core/page_source.h"

namespace nanotally {

// Any thread. Lives as long as the store, so chunks may be freed late.
class Arena {
 public:
  explicit Arena(PageSource& pages) : pages_(pages) {}

  // A zeroed chunk of kCellsPerChunk cells, or nullptr when the page source has none.
  [[nodiscard]] double* AllocateChunk() noexcept {
    void* memory = pages_.Allocate(kChunkBytes);
    // relaxed: a statistic, no data depends on it.
    if (memory != nullptr) bytes_.fetch_add(kChunkBytes, std::memory_order_relaxed);
    return static_cast<double*>(memory);
  }

  void FreeChunk(double* chunk) noexcept {
    pages_.Free(chunk, kChunkBytes);
    bytes_.fetch_sub(kChunkBytes, std::memory_order_relaxed);  // relaxed: as above
  }

  [[nodiscard]] std::size_t BytesInUse() const noexcept {
    return bytes_.load(std::memory_order_relaxed);
  }

 private:
  PageSource& pages_;
  std::atomic<std::size_t> bytes_{0};
};

}  // namespace nanotally
