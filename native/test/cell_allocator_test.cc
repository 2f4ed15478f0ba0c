// The cell allocator against a naive oracle: every range inside one chunk, apart from all others,
// in its pool, best fit first.
#include "core/cell_allocator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <vector>

namespace nanotally {
namespace {

struct Range {
  CellAddress address;
  std::uint32_t cells;
};

bool IsLines(std::uint32_t cells) { return cells % kCellsPerLine == 0; }

// Checks each allocation against everything that it has seen.
class CheckedAllocator {
 public:
  Range Allocate(std::uint32_t cells) {
    const Range range{allocator_.Allocate(cells), cells};
    EXPECT_NE(range.address, kNowhere);
    const std::uint32_t offset = OffsetOf(range.address);
    EXPECT_GE(offset, kFirstFreeCell) << "the head of a chunk is not for series";
    EXPECT_LE(offset + cells, kCellsPerChunk) << "a range never straddles chunks";
    if (IsLines(cells)) {
      EXPECT_EQ(offset % kCellsPerLine, 0u) << "whole lines are aligned to lines";
    }
    const auto pool = pool_of_chunk_.emplace(ChunkOf(range.address), IsLines(cells)).first;
    EXPECT_EQ(pool->second, IsLines(cells)) << "lines and odd sizes have chunks of their own";

    // Apart from its neighbours on either side.
    const auto after = live_.lower_bound(range.address);
    if (after != live_.end()) {
      EXPECT_LE(range.address + cells, after->first);
    }
    if (after != live_.begin()) {
      EXPECT_LE(std::prev(after)->first + std::prev(after)->second, range.address);
    }
    live_.emplace(range.address, cells);
    TakeFromOracle(range);
    return range;
  }

  void Free(Range range) {
    allocator_.Free(range.address, range.cells);
    live_.erase(range.address);
    free_.push_back(range);
  }

  [[nodiscard]] std::size_t chunks() const { return pool_of_chunk_.size(); }
  [[nodiscard]] std::size_t reused() const { return reused_; }

 private:
  // The oracle: free ranges in a plain list, and the never-used rest of each pool's open chunk.
  void TakeFromOracle(Range range) {
    const bool lines = IsLines(range.cells);
    const Range* best = nullptr;
    for (const Range& free : free_) {
      const bool same_pool = pool_of_chunk_.at(ChunkOf(free.address)) == lines;
      if (!same_pool || free.cells < range.cells) continue;
      if (best == nullptr || free.cells < best->cells) best = &free;
    }
    if (best == nullptr) {
      Range& fresh = fresh_[lines];
      if (fresh.cells < range.cells) {
        if (fresh.cells > 0) free_.push_back(fresh);
        fresh = {MakeAddress(ChunkOf(range.address), kFirstFreeCell), CellAllocator::MaxRange()};
      }
      EXPECT_EQ(range.address, fresh.address) << "fresh cells are used up in order";
      fresh = {fresh.address + range.cells, fresh.cells - range.cells};
      return;
    }
    const auto taken = std::find_if(free_.begin(), free_.end(),
                                    [&](const Range& f) { return f.address == range.address; });
    ASSERT_NE(taken, free_.end()) << "a freed range fits, so none is broken out of fresh cells";
    ASSERT_EQ(taken->cells, best->cells) << "the smallest that fits";
    ++reused_;
    const Range rest{taken->address + range.cells, taken->cells - range.cells};
    free_.erase(taken);
    if (rest.cells > 0) free_.push_back(rest);
  }

  CellAllocator allocator_;
  std::map<CellAddress, std::uint32_t> live_;
  std::map<std::uint32_t, bool> pool_of_chunk_;  // chunk -> whether it is the lines' pool
  std::vector<Range> free_;
  Range fresh_[2] = {{kNowhere, 0}, {kNowhere, 0}};  // by whether it is the lines' pool
  std::size_t reused_ = 0;
};

TEST(CellAllocator, FirstAddressesAreBehindTheHeadOfAChunkOfTheirOwn) {
  CellAllocator allocator;
  const CellAddress counter = allocator.Allocate(1);
  const CellAddress block = allocator.Allocate(8);
  EXPECT_EQ(OffsetOf(counter), kFirstFreeCell);
  EXPECT_EQ(OffsetOf(block), kFirstFreeCell);
  EXPECT_NE(ChunkOf(counter), ChunkOf(block));
  EXPECT_EQ(allocator.Allocate(1), counter + 1);
  EXPECT_EQ(allocator.Allocate(16), block + 8);
}

TEST(CellAllocator, TheRestOfAFullChunkIsUsedForWhatFits) {
  CellAllocator allocator;
  const CellAddress first = allocator.Allocate(CellAllocator::MaxRange() - 16);
  const CellAddress second = allocator.Allocate(256);
  EXPECT_NE(ChunkOf(first), ChunkOf(second));
  EXPECT_EQ(allocator.Allocate(16), first + CellAllocator::MaxRange() - 16);
}

TEST(CellAllocator, EverySizeUpToAWholeChunk) {
  CheckedAllocator allocator;
  for (std::uint32_t cells = 1; cells <= CellAllocator::MaxRange(); cells += 13) {
    allocator.Free(allocator.Allocate(cells));
    if (HasFailure()) return;
  }
  const Range whole = allocator.Allocate(CellAllocator::MaxRange());
  EXPECT_EQ(OffsetOf(whole.address), kFirstFreeCell);
}

TEST(CellAllocator, RandomAllocationsAndReleases) {
  std::mt19937_64 random(20251124);
  constexpr std::uint32_t kSizes[] = {1, 1, 1, 2, 2, 3, 5, 8, 8, 13, 16, 24, 64, 131, 256, 1003};
  CheckedAllocator allocator;
  std::vector<Range> live;
  for (int i = 0; i < 30'000; ++i) {
    // Three thousand operations that mostly allocate, then as many that mostly free.
    const bool grow = live.empty() || random() % 10 < (i / 3000 % 2 == 0 ? 7u : 3u);
    if (grow) {
      live.push_back(allocator.Allocate(kSizes[random() % std::size(kSizes)]));
      if (HasFailure()) FAIL() << "at operation " << i;
    } else {
      std::swap(live[random() % live.size()], live.back());
      allocator.Free(live.back());
      live.pop_back();
    }
  }
  EXPECT_GT(allocator.reused(), 5000u);
}

TEST(CellAllocator, TheSameMetricsAgainNeedNoMoreChunks) {
  CheckedAllocator allocator;
  std::size_t chunks_of_first_round = 0;
  for (int round = 0; round < 20; ++round) {
    std::vector<Range> live;
    for (const std::uint32_t cells : {1u, 2u, 24u, 8u, 8u, 14u, 1003u, 256u}) {
      for (int i = 0; i < 20; ++i) live.push_back(allocator.Allocate(cells));
    }
    for (const Range& range : live) allocator.Free(range);
    if (round == 0) chunks_of_first_round = allocator.chunks();
    ASSERT_EQ(allocator.chunks(), chunks_of_first_round) << "round " << round;
  }
}

TEST(CellAllocator, RefusesWhenTheAddressesAreUsedUpAndRecovers) {
  CellAllocator allocator;
  CellAddress last = kNowhere;
  for (std::uint32_t i = 0; i < kMaxChunks; ++i) {
    last = allocator.Allocate(CellAllocator::MaxRange());
    ASSERT_NE(last, kNowhere) << i;
  }
  EXPECT_EQ(ChunkOf(last), kMaxChunks - 1);
  EXPECT_LT(last, std::uint32_t{1} << 30) << "a small integer in JavaScript";
  EXPECT_EQ(allocator.Allocate(8), kNowhere);
  EXPECT_EQ(allocator.Allocate(1), kNowhere);
  allocator.Free(last, CellAllocator::MaxRange());
  EXPECT_EQ(allocator.Allocate(8), last);
}

}  // namespace
}  // namespace nanotally
