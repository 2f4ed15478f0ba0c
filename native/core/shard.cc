// Allocation and release of a shard's chunks.
#include "core/shard.h"

namespace nanotally {

Shard::~Shard() {
  for (std::uint32_t i = 0; i < chunk_count(); ++i) {
    if (double* memory = chunk(i); memory != nullptr && chunks_[i].from_arena)
      arena_.FreeChunk(memory, slots_);
  }
}

double* Shard::EnsureChunk(std::uint32_t index) {
  if (double* memory = chunk(index)) return memory;
  double* memory = arena_.AllocateChunk(slots_);
  if (memory != nullptr) Publish(index, memory, true);
  return memory;
}

void Shard::Publish(std::uint32_t index, double* memory, bool from_arena) {
  while (chunks_.size() <= index) chunks_.Append([](Chunk&) {});
  chunks_[index].from_arena = from_arena;
  chunks_[index].memory.store(
      memory, std::memory_order_release);  // release: pairs with chunk(), publishes zeroed cells
}

}  // namespace nanotally
