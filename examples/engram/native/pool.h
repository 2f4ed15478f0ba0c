// A memory pool: blocks that begin at a cache line, in size classes, cut from slabs of 64 KiB.
// Thread-safe: one mutex, held for some tens of nanoseconds, or while a slab is got or given back.
// A slab's book-keeping, 2.2 KiB, lies apart from it: whoever writes past a block breaks blocks,
// not the pool.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace engram {

struct PoolMetrics;

// Bytes and counts of a pool at one moment. In bytes,
//   capacity = requested + internal + external + empty     and     used = requested + internal.
struct PoolBooks {
  std::uint64_t capacity = 0;   // of all slabs
  std::uint64_t used = 0;       // of the blocks that are out, each as large as its size class
  std::uint64_t requested = 0;  // what was asked for of these
  std::uint64_t external = 0;   // in slabs with a block out: free blocks, and the rest at the end
  std::uint64_t empty = 0;      // of slabs with no block out: any size class may have them
  std::uint64_t slabs = 0;
  std::uint64_t allocations = 0;
  std::uint64_t allocated_bytes = 0;  // of all blocks that ever went out
  std::uint64_t frees = 0;
  std::uint64_t aligned = 0;   // allocations that began at a cache line, by their addresses
  std::uint64_t failures = 0;  // allocations that gave nothing
  std::uint64_t refused = 0;   // frees of what is no block of this pool, or not out

  // Handed out, of all there is.
  double Utilization() const noexcept { return capacity == 0 ? 0 : Share(used, capacity); }

  // Of the bytes in slabs that cannot be given back, those in which nothing asked for lies:
  // (internal + external) / (capacity - empty). 0 where no block is out.
  double Fragmentation() const noexcept {
    return capacity == empty ? 0 : Share(capacity - empty - requested, capacity - empty);
  }

 private:
  static double Share(std::uint64_t part, std::uint64_t all) noexcept {
    return static_cast<double>(part) / static_cast<double>(all);
  }
};

class Pool {
 public:
  static constexpr std::size_t kAlignment = 64;
  static constexpr std::size_t kSlabBytes = 64 * 1024;
  static constexpr std::size_t kMaxBytes = 8 * 1024;

  // `metrics`: where to record too; it outlives the pool.
  explicit Pool(const PoolMetrics* metrics = nullptr) noexcept : metrics_(metrics) {}
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // A block of `bytes` or more, not cleared; nullptr for 0 bytes, for more than kMaxBytes, and
  // where there is no memory.
  [[nodiscard]] void* Allocate(std::size_t bytes) noexcept;

  // Takes a block back. Anything else (what this pool never gave, an address within a block, one
  // that is back already) is refused and counted, and never read or written. nullptr is ignored.
  bool Free(void* block) noexcept;

  // Gives the empty slabs back to the system: how many bytes.
  std::size_t Trim() noexcept;

  PoolBooks Books() const noexcept;

  // Sets the gauges of capacity and fragmentation. The first is set as it changes, too; the others
  // whenever whoever looks after the pools calls this.
  void Record() const noexcept;

 private:
  // 64 to 1024 in steps of 64, then four a doubling: a block is at most a quarter larger than what
  // was asked for from 256 bytes on.
  static constexpr std::size_t kSmallClasses = 16, kClasses = 28;
  static constexpr std::size_t kMaxBlocks = kSlabBytes / kAlignment;
  struct SizeClass {
    std::size_t number, bytes;
  };
  static SizeClass ClassOf(std::size_t bytes) noexcept;

  struct Slab {
    std::byte* memory = nullptr;
    std::size_t size_class = 0, block_bytes = 0;
    std::uint32_t blocks = 0, out = 0;
    std::size_t place = 0;  // in partly_[size_class], while it is there
    std::array<std::uint64_t, kMaxBlocks / 64> is_out{};  // a bit for each block
    std::array<std::uint16_t, kMaxBlocks> requested{};    // bytes, for each block that is out
  };

  Slab* SlabFor(SizeClass size_class);
  void ListPartly(Slab* slab);
  void UnlistPartly(Slab* slab) noexcept;

  const PoolMetrics* const metrics_;
  mutable std::mutex mutex_;                                         // of all below
  std::unordered_map<std::uintptr_t, std::unique_ptr<Slab>> slabs_;  // by address
  std::array<std::vector<Slab*>, kClasses> partly_;  // with a free block and one out
  std::vector<Slab*> empty_;
  PoolBooks books_;
};

// Those of the process, for all indexes; never destroyed.
Pool& VectorArena() noexcept;
Pool& EdgeArena() noexcept;

}  // namespace engram
