// The arena: hands out 64 KiB chunks of cells from a page source, near who will write them, and
// knows where they are and for whom.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "core/cell.h"
#include "core/page_source.h"

namespace nanotally {

// How many slots a chunk has: of the first `cpus` each belongs to one CPU, by its number.
struct Slots {
  std::uint32_t count = 1;
  std::uint32_t cpus = 0;
};

struct ArenaChunk {
  const double* memory = nullptr;
  std::size_t bytes = 0;
  std::thread::id writer;  // none for a chunk with several slots
};

// Any thread. Lives as long as the store, so chunks may be freed late.
class Arena {
 public:
  explicit Arena(PageSource& pages) : pages_(pages) {}

  // A zeroed chunk: kCellsPerChunk cells for each slot, one slot behind the other, those of CPUs
  // near them. One with a single slot is near the calling thread, which is its only writer. nullptr
  // when the page source has none.
  [[nodiscard]] double* AllocateChunk(Slots slots = {}) noexcept;
  void FreeChunk(double* chunk, Slots slots = {}) noexcept;

  [[nodiscard]] std::size_t BytesInUse() const noexcept {
    return bytes_.load(std::memory_order_relaxed);
  }

  // Ascending by address. They may be freed meanwhile. Throws std::bad_alloc.
  [[nodiscard]] std::vector<ArenaChunk> Chunks() const;

  // The chunks of a thread go with it to another node: see PageSource::MoveToNode. How many bytes
  // the system agreed to move. Takes about 0.1 ms a chunk; the thread waits for a page at most.
  // Throws std::bad_alloc.
  std::size_t MoveChunks(std::thread::id writer, int node);

 private:
  struct Chunk {
    std::size_t bytes;
    std::thread::id writer;
  };

  PageSource& pages_;
  std::atomic<std::size_t> bytes_{0};  // relaxed: a statistic, no data depends on it

  // Held while a chunk is moved: memory that was freed may be somebody else's by then.
  mutable std::mutex mutex_;
  std::map<double*, Chunk> chunks_;
};

}  // namespace nanotally
