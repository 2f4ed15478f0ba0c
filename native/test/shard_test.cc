// Arena and shards: chunks are zeroed, aligned, counted, refused when there is no memory, and freed
// with their shard.
#include "core/shard.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <thread>
#include <vector>

#include "os/page_source_os.h"
#include "test/support/pages.h"

namespace nanotally {
namespace {

bool IsZeroed(const double* chunk) {
  return std::all_of(chunk, chunk + kCellsPerChunk, [](double cell) { return cell == 0; });
}

bool IsAligned(const double* chunk) {
  return reinterpret_cast<std::uintptr_t>(chunk) % kCacheLineBytes == 0;
}

TEST(Arena, CountsWhatIsInUse) {
  TestPages pages;
  Arena arena(pages);
  EXPECT_EQ(arena.BytesInUse(), 0u);
  double* first = arena.AllocateChunk();
  double* second = arena.AllocateChunk();
  EXPECT_EQ(arena.BytesInUse(), 2 * kChunkBytes);
  EXPECT_TRUE(IsZeroed(first));
  arena.FreeChunk(first);
  arena.FreeChunk(second);
  EXPECT_EQ(arena.BytesInUse(), 0u);
  EXPECT_EQ(pages.live_bytes(), 0u);
}

TEST(Arena, PassesRefusalOnAndCountsNothing) {
  TestPages pages;
  pages.limit_bytes = kChunkBytes;
  Arena arena(pages);
  double* chunk = arena.AllocateChunk();
  EXPECT_EQ(arena.AllocateChunk(), nullptr);
  EXPECT_EQ(arena.BytesInUse(), kChunkBytes);
  arena.FreeChunk(chunk);
}

TEST(Arena, TheSystemsPagesAreZeroedAlignedAndReturned) {
  OsPageSource pages;
  Arena arena(pages);
  for (int i = 0; i < 100; ++i) {
    double* chunk = arena.AllocateChunk();
    ASSERT_NE(chunk, nullptr);
    ASSERT_TRUE(IsAligned(chunk));
    ASSERT_TRUE(IsZeroed(chunk));
    std::fill(chunk, chunk + kCellsPerChunk, 1.0);
    arena.FreeChunk(chunk);
  }
}

TEST(Shard, HasTheChunksThatWereEnsured) {
  TestPages pages;
  Arena arena(pages);
  {
    Shard shard(arena, 7);
    EXPECT_EQ(shard.ordinal(), 7u);
    EXPECT_EQ(shard.chunk(0), nullptr);
    EXPECT_EQ(shard.chunk_count(), 0u);
    double* fifth = shard.EnsureChunk(5);
    ASSERT_NE(fifth, nullptr);
    EXPECT_TRUE(IsAligned(fifth));
    EXPECT_TRUE(IsZeroed(fifth));
    EXPECT_EQ(shard.EnsureChunk(5), fifth) << "once";
    EXPECT_EQ(shard.chunk(5), fifth);
    EXPECT_EQ(shard.chunk(4), nullptr);
    EXPECT_EQ(shard.chunk(6), nullptr);
    double* first = shard.EnsureChunk(0);
    EXPECT_NE(first, fifth);
    EXPECT_EQ(shard.chunk_count(), 6u);
    EXPECT_EQ(pages.live_bytes(), 2 * kChunkBytes);
  }
  EXPECT_EQ(pages.live_bytes(), 0u);
}

TEST(Shard, AChunkThatWasRefusedCanBeHadLater) {
  TestPages pages;
  pages.limit_bytes = 0;
  Arena arena(pages);
  Shard shard(arena, 0);
  EXPECT_EQ(shard.EnsureChunk(3), nullptr);
  EXPECT_EQ(shard.chunk(3), nullptr);
  pages.limit_bytes = kChunkBytes;
  EXPECT_NE(shard.EnsureChunk(3), nullptr);
}

TEST(Shard, LeavesAdoptedMemoryToItsOwner) {
  TestPages pages;
  Arena arena(pages);
  alignas(kCacheLineBytes) static double memory[kCellsPerChunk];
  memory[kCellsPerChunk - 1] = 42;
  {
    Shard shard(arena, 0);
    shard.AdoptChunk(1, memory);
    EXPECT_EQ(shard.chunk(1), memory);
    EXPECT_EQ(shard.EnsureChunk(1), memory);
    EXPECT_EQ(arena.BytesInUse(), 0u);
  }
  EXPECT_EQ(memory[kCellsPerChunk - 1], 42);
}

// Readers find a chunk only once its cells are zeroed. (The reader's side of Publish; the owner
// keeps adding.)
TEST(Shard, ReadersBesideItsOwnerSeeZeroedOrRecordedCells) {
  TestPages pages;
  Arena arena(pages);
  Shard shard(arena, 0);
  constexpr std::uint32_t kChunks = 200;
  std::vector<std::thread> readers;
  std::atomic<int> ready{0};
  for (int r = 0; r < 2; ++r) {
    readers.emplace_back([&] {
      ++ready;
      for (std::uint32_t present = 0; present < kChunks;) {
        present = 0;
        for (std::uint32_t i = 0; i < shard.chunk_count(); ++i) {
          const double* chunk = shard.chunk(i);
          if (chunk == nullptr) continue;
          ++present;
          const double cell = LoadCell(chunk + i);
          ASSERT_TRUE(cell == 0 || cell == 1) << cell;
          ASSERT_EQ(LoadCell(chunk + kCellsPerChunk - 1), 0);
        }
      }
    });
  }
  while (ready < 2) std::this_thread::yield();
  for (std::uint32_t i = 0; i < kChunks; ++i) {
    const std::uint32_t index = i ^ 3;  // not in ascending order
    AddToCell(shard.EnsureChunk(index) + index, 1);
  }
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(arena.BytesInUse(), kChunks * kChunkBytes);
}

}  // namespace
}  // namespace nanotally
