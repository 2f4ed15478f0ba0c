// The append-only vector: elements stay where they are, and readers see none that is incomplete.
#include "core/segmented_vector.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace nanotally {
namespace {

struct Pair {
  std::size_t first = 0;
  std::string second;
};

TEST(SegmentedVector, HoldsWhatWasAppendedAndNeverMovesIt) {
  SegmentedVector<Pair, 4> vector;
  EXPECT_EQ(vector.size(), 0u);
  std::vector<const Pair*> addresses;
  constexpr std::size_t kCount = 1000;  // segments of 4, 8, ... 512
  for (std::size_t i = 0; i < kCount; ++i) {
    const std::size_t index = vector.Append([&](Pair& pair) {
      EXPECT_EQ(vector.size(), i) << "not there before it is complete";
      pair = {i, std::to_string(i)};
    });
    ASSERT_EQ(index, i);
    ASSERT_EQ(vector.size(), i + 1);
    addresses.push_back(&vector[i]);
  }
  for (std::size_t i = 0; i < kCount; ++i) {
    ASSERT_EQ(&vector[i], addresses[i]);
    ASSERT_EQ(vector[i].first, i);
    ASSERT_EQ(vector[i].second, std::to_string(i));
  }
}

TEST(SegmentedVector, AnElementThatThrewIsNotThere) {
  SegmentedVector<Pair, 4> vector;
  EXPECT_THROW(vector.Append([](Pair&) { throw std::bad_alloc(); }), std::bad_alloc);
  EXPECT_EQ(vector.size(), 0u);
  EXPECT_EQ(vector.Append([](Pair& pair) { pair.first = 7; }), 0u);
  EXPECT_EQ(vector[0].first, 7u);
}

TEST(SegmentedVector, ReadersBesideAnAppenderSeeCompleteElements) {
  constexpr std::size_t kCount = 20'000;
  SegmentedVector<Pair, 2> vector;
  std::vector<std::thread> readers;
  std::atomic<std::size_t> looked_at{0};
  std::atomic<int> ready{0};
  for (int r = 0; r < 3; ++r) {
    readers.emplace_back([&] {
      ++ready;
      std::size_t seen = 0;
      std::size_t checked = 0;
      while (seen < kCount) {
        const std::size_t size = vector.size();
        ASSERT_GE(size, seen) << "it never shrinks";
        // All that is new, and the first of each segment again.
        for (std::size_t i = seen; i < size; ++i, ++checked) {
          ASSERT_EQ(vector[i].first, i);
          ASSERT_EQ(vector[i].second.size(), i % 40);
        }
        for (std::size_t i = 1; i < size; i *= 2) ASSERT_EQ(vector[i - 1].first, i - 1);
        seen = size;
      }
      looked_at += checked;
    });
  }
  while (ready < 3) std::this_thread::yield();
  for (std::size_t i = 0; i < kCount; ++i) {
    vector.Append([&](Pair& pair) { pair = {i, std::string(i % 40, 'x')}; });
  }
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(looked_at, 3 * kCount);
}

}  // namespace
}  // namespace nanotally
