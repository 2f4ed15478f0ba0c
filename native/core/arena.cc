// Allocation and release of chunks, and moving them.
#include "core/arena.h"

#include <new>

namespace nanotally {

double* Arena::AllocateChunk(Slots slots) noexcept {
  const std::size_t bytes = slots.count * kChunkBytes;
  auto* memory = static_cast<double*>(pages_.Allocate(bytes));
  if (memory == nullptr) return nullptr;
  const bool has_one_writer = slots.count == 1;
  try {
    const std::lock_guard lock(mutex_);
    chunks_.emplace(memory,
                    Chunk{bytes, has_one_writer ? std::this_thread::get_id() : std::thread::id()});
  } catch (const std::bad_alloc&) {
    pages_.Free(memory, bytes);
    return nullptr;
  }
  bytes_.fetch_add(bytes, std::memory_order_relaxed);
  if (has_one_writer) {
    pages_.PlaceNearCaller(memory, bytes);
  } else {
    for (std::uint32_t cpu = 0; cpu < slots.cpus; ++cpu)
      pages_.PlaceNear(memory + cpu * kCellsPerChunk, kChunkBytes, cpu);
  }
  return memory;
}

void Arena::FreeChunk(double* chunk, Slots slots) noexcept {
  const std::size_t bytes = slots.count * kChunkBytes;
  {
    const std::lock_guard lock(mutex_);
    chunks_.erase(chunk);
  }
  pages_.Free(chunk, bytes);
  bytes_.fetch_sub(bytes, std::memory_order_relaxed);
}

std::vector<ArenaChunk> Arena::Chunks() const {
  const std::lock_guard lock(mutex_);
  std::vector<ArenaChunk> chunks;
  chunks.reserve(chunks_.size());
  for (const auto& [memory, chunk] : chunks_) chunks.push_back({memory, chunk.bytes, chunk.writer});
  return chunks;
}

std::size_t Arena::MoveChunks(std::thread::id writer, int node) {
  std::size_t moved = 0;
  // One at a time, so that no other thread that needs a chunk waits for all of them.
  for (const ArenaChunk& listed : Chunks()) {
    if (listed.writer != writer) continue;
    const std::lock_guard lock(mutex_);
    const auto found = chunks_.find(const_cast<double*>(listed.memory));
    if (found == chunks_.end() || found->second.writer != writer) continue;
    if (pages_.MoveToNode(found->first, found->second.bytes, node)) moved += found->second.bytes;
  }
  return moved;
}

}  // namespace nanotally
