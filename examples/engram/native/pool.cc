#include "pool.h"

#include <algorithm>
#include <bit>
#include <new>

#include "metrics.h"

namespace engram {

static_assert(Pool::kMaxBytes <= UINT16_MAX, "Slab::requested holds it");

Pool::~Pool() {
  for (auto& [address, slab] : slabs_)
    ::operator delete(slab->memory, std::align_val_t{kSlabBytes});
}

Pool::SizeClass Pool::ClassOf(std::size_t bytes) noexcept {
  if (bytes <= kSmallClasses * kAlignment) {
    const std::size_t number = (bytes - 1) / kAlignment;
    return {number, (number + 1) * kAlignment};
  }
  // floor < bytes <= 2 * floor
  const std::size_t log = static_cast<std::size_t>(std::bit_width(bytes - 1)) - 1;
  const std::size_t floor = std::size_t{1} << log, step = floor / 4;
  const std::size_t quarter = (bytes - 1 - floor) / step;
  return {kSmallClasses + (log - 10) * 4 + quarter, floor + (quarter + 1) * step};
}

void Pool::ListPartly(Slab* slab) {
  std::vector<Slab*>& list = partly_[slab->size_class];
  slab->place = list.size();
  list.push_back(slab);
}

void Pool::UnlistPartly(Slab* slab) noexcept {
  std::vector<Slab*>& list = partly_[slab->size_class];
  list[slab->place] = list.back();
  list[slab->place]->place = slab->place;
  list.pop_back();
}

// A slab with a free block, in the list of those; nullptr where there is no memory. All that may
// throw comes before anything is changed.
Pool::Slab* Pool::SlabFor(SizeClass size_class) {
  std::vector<Slab*>& list = partly_[size_class.number];
  if (!list.empty()) return list.back();
  if (empty_.empty()) {
    auto slab = std::make_unique<Slab>();
    empty_.reserve(slabs_.size() + 1);  // so that Free needs no memory
    void* memory = ::operator new(kSlabBytes, std::align_val_t{kSlabBytes}, std::nothrow);
    if (memory == nullptr) return nullptr;
    slab->memory = static_cast<std::byte*>(memory);
    Slab* const made = slab.get();
    try {
      slabs_.emplace(reinterpret_cast<std::uintptr_t>(memory), std::move(slab));
    } catch (...) {
      ::operator delete(memory, std::align_val_t{kSlabBytes});
      throw;
    }
    empty_.push_back(made);
    books_.capacity += kSlabBytes;
    books_.empty += kSlabBytes;
    ++books_.slabs;
    if (metrics_ != nullptr) RecordCapacity(*metrics_, books_.capacity);
  }
  list.reserve(slabs_.size());  // as above
  Slab* const slab = empty_.back();
  empty_.pop_back();
  slab->size_class = size_class.number;
  slab->block_bytes = size_class.bytes;
  slab->blocks = static_cast<std::uint32_t>(kSlabBytes / size_class.bytes);
  ListPartly(slab);
  books_.empty -= kSlabBytes;
  books_.external += kSlabBytes;
  return slab;
}

void* Pool::Allocate(std::size_t bytes) noexcept {
  const std::lock_guard lock(mutex_);
  Slab* slab = nullptr;
  try {
    if (bytes > 0 && bytes <= kMaxBytes) slab = SlabFor(ClassOf(bytes));
  } catch (const std::bad_alloc&) {
  }
  if (slab == nullptr) {
    ++books_.failures;
    return nullptr;
  }
  std::size_t word = 0;
  while (~slab->is_out[word] == 0) ++word;
  const std::size_t block = word * 64 + std::countr_one(slab->is_out[word]);
  slab->is_out[word] |= std::uint64_t{1} << (block % 64);
  slab->requested[block] = static_cast<std::uint16_t>(bytes);
  if (++slab->out == slab->blocks) UnlistPartly(slab);

  void* const memory = slab->memory + block * slab->block_bytes;
  const bool aligned = reinterpret_cast<std::uintptr_t>(memory) % kAlignment == 0;
  books_.used += slab->block_bytes;
  books_.requested += bytes;
  books_.external -= slab->block_bytes;
  ++books_.allocations;
  books_.allocated_bytes += slab->block_bytes;
  if (aligned) ++books_.aligned;
  if (metrics_ != nullptr) RecordAllocation(*metrics_, slab->block_bytes, aligned);
  return memory;
}

bool Pool::Free(void* block) noexcept {
  if (block == nullptr) return true;
  const auto address = reinterpret_cast<std::uintptr_t>(block);
  const std::lock_guard lock(mutex_);
  const auto found = slabs_.find(address & ~std::uintptr_t{kSlabBytes - 1});
  Slab* const slab = found == slabs_.end() ? nullptr : found->second.get();
  // Of an empty slab no block is out: its bits are all 0.
  const std::size_t offset = address % kSlabBytes;
  const std::size_t number =
      slab == nullptr || slab->block_bytes == 0 ? 0 : offset / slab->block_bytes;
  const std::uint64_t bit = std::uint64_t{1} << (number % 64);
  if (slab == nullptr || slab->block_bytes == 0 || offset % slab->block_bytes != 0 ||
      (slab->is_out[number / 64] & bit) == 0) {
    ++books_.refused;
    return false;
  }
  slab->is_out[number / 64] &= ~bit;
  books_.used -= slab->block_bytes;
  books_.requested -= slab->requested[number];
  books_.external += slab->block_bytes;
  ++books_.frees;
  if (slab->out-- == slab->blocks) ListPartly(slab);
  if (slab->out == 0) {
    UnlistPartly(slab);
    empty_.push_back(slab);
    books_.external -= kSlabBytes;
    books_.empty += kSlabBytes;
  }
  if (metrics_ != nullptr) RecordFree(*metrics_, slab->block_bytes);
  return true;
}

std::size_t Pool::Trim() noexcept {
  const std::lock_guard lock(mutex_);
  const std::size_t bytes = empty_.size() * kSlabBytes;
  for (Slab* slab : empty_) {
    std::byte* const memory = slab->memory;
    slabs_.erase(reinterpret_cast<std::uintptr_t>(memory));
    ::operator delete(memory, std::align_val_t{kSlabBytes});
    --books_.slabs;
  }
  empty_.clear();
  books_.capacity -= bytes;
  books_.empty -= bytes;
  if (metrics_ != nullptr) RecordCapacity(*metrics_, books_.capacity);
  return bytes;
}

PoolBooks Pool::Books() const noexcept {
  const std::lock_guard lock(mutex_);
  return books_;
}

void Pool::Record() const noexcept {
  if (metrics_ == nullptr) return;
  const std::lock_guard lock(mutex_);
  const std::uint64_t in_use = books_.capacity - books_.empty;
  RecordCapacity(*metrics_, books_.capacity);
  RecordFragmentation(*metrics_, in_use - books_.requested, in_use);
}

Pool& VectorArena() noexcept {
  static Pool* const pool = new Pool(&pool_metrics[kVectorArena]);
  return *pool;
}

Pool& EdgeArena() noexcept {
  static Pool* const pool = new Pool(&pool_metrics[kEdgeArena]);
  return *pool;
}

}  // namespace engram
