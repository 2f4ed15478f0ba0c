// A shard: the chunks of cells of one recorder in one registry. A recorder is an environment, or
// all native threads together.
#pragma once

#include <atomic>
#include <cstdint>

#include "core/arena.h"
#include "core/cell.h"
#include "core/segmented_vector.h"

namespace nanotally {

// cells = shard.chunk(ChunkOf(address))[slot * kCellsPerChunk + OffsetOf(address)]. An
// environment's shard has one slot, written by its thread. That of the native threads has one for
// each CPU and a few more (native/record tells who writes them).
//
// Chunks are added by the recorder; any thread that holds the registry's merge lock reads. A chunk
// is there from the recorder's first need of it until the shard ends, which is after its fold,
// under the exclusive merge lock: then nothing reads it any more.
class Shard {
 public:
  // `ordinal` grows in the order of birth: it breaks ties between equally late gauge values.
  Shard(Arena& arena, std::uint32_t ordinal, Slots slots = {})
      : arena_(arena), ordinal_(ordinal), slots_(slots) {}
  ~Shard();
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  [[nodiscard]] std::uint32_t ordinal() const { return ordinal_; }
  [[nodiscard]] std::uint32_t slots() const { return slots_.count; }

  // Any thread. The chunk's cells of slot 0, or nullptr where this recorder never needed that
  // chunk.
  [[nodiscard]] double* chunk(std::uint32_t index) const noexcept {
    if (index >= chunks_.size()) return nullptr;
    return chunks_[index].memory.load(std::memory_order_acquire);  // acquire: pairs with Publish
  }
  [[nodiscard]] std::uint32_t chunk_count() const noexcept {
    return static_cast<std::uint32_t>(chunks_.size());
  }

  // The recorder, one thread at a time. The chunk, allocated from the arena if missing; nullptr
  // when the arena has no memory.
  [[nodiscard]] double* EnsureChunk(std::uint32_t index);

  // Owning thread. Takes memory that the environment's runtime owns and frees, for runtimes that
  // forbid external buffers.
  void AdoptChunk(std::uint32_t index, double* memory) { Publish(index, memory, false); }

 private:
  struct Chunk {
    std::atomic<double*> memory{nullptr};
    bool from_arena = false;
  };

  void Publish(std::uint32_t index, double* memory, bool from_arena);

  Arena& arena_;
  const std::uint32_t ordinal_;
  const Slots slots_;
  SegmentedVector<Chunk> chunks_;
};

}  // namespace nanotally
