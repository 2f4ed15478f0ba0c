// Compiled alone by test/native/disassembly.test.ts, which looks for the acquire loads and release
// stores in the machine code: where what is shared is read and written without a lock.
#include "core/segmented_vector.h"
#include "core/shard.h"

namespace nanotally {

std::size_t ProbeSize(const SegmentedVector<long>& vector) { return vector.size(); }

std::size_t ProbeAppend(SegmentedVector<long>& vector) {
  return vector.Append([](long& element) { element = 7; });
}

double* ProbeChunk(const Shard& shard, std::uint32_t index) { return shard.chunk(index); }

// The counterpart: it asks for no order and has to show none.
std::size_t ProbeRelaxed(const std::atomic<std::size_t>& size) {
  return size.load(std::memory_order_relaxed);
}

}  // namespace nanotally
