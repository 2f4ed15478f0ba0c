// What malloc holds, and how seldom it is walked.
#include "os/allocator.h"

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <thread>
#include <vector>

namespace nanotally {
namespace {

using std::chrono::microseconds;

// An allocator of which each walk takes `took`, on a clock of its own.
struct PacedAllocator {
  int walks = 0;
  microseconds took{1000};
  Allocator::Clock::time_point now{};
  Allocator allocator{[this] {
                        ++walks;
                        now += took;
                        AllocatorStatistics read;
                        read.used_bytes = walks;
                        return read;
                      },
                      [this] { return now; }};

  double Read() { return allocator.Read().used_bytes.value_or(-1); }
};

TEST(AllocatorPace, AWalkStandsForAThousandTimesAsLong) {
  PacedAllocator paced;
  EXPECT_EQ(paced.Read(), 1);
  paced.now += microseconds(999'999);
  EXPECT_EQ(paced.Read(), 1);
  paced.now += microseconds(1);
  paced.took = microseconds(50'000);
  EXPECT_EQ(paced.Read(), 2);
  paced.now += microseconds(49'999'999);
  EXPECT_EQ(paced.Read(), 2) << "a slower walk is repeated more seldom";
  paced.now += microseconds(1);
  EXPECT_EQ(paced.Read(), 3);
}

TEST(AllocatorPace, WalksTakeAThousandthOfTheTimeAtMost) {
  PacedAllocator paced;
  microseconds walking{0};
  const auto begin = paced.now;
  for (int i = 0; i < 100'000; ++i) {
    const int before = paced.walks;
    paced.took = microseconds(1 + i % 700);
    paced.Read();
    if (paced.walks != before) walking += paced.took;
    paced.now += microseconds(100);
  }
  EXPECT_GT(paced.walks, 20);
  // The last walk's time may not be over.
  EXPECT_LE(1000 * walking, paced.now - begin + 1000 * microseconds(700));
}

TEST(AllocatorPace, SeveralThreadsGetTheSame) {
  PacedAllocator paced;
  paced.took = std::chrono::hours(1);
  std::atomic<int> others{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < 1000; ++k) others += paced.Read() == 1 ? 0 : 1;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(others, 0);
  EXPECT_EQ(paced.walks, 1);
}

TEST(AllocatorWalk, TellsOfAllocations) {
  const AllocatorStatistics before = WalkAllocator();
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
  EXPECT_FALSE(before.used_bytes) << "malloc is the sanitizer's, mallinfo2 glibc's";
#else
  if (dlsym(RTLD_DEFAULT, "mallinfo2") == nullptr) {
    EXPECT_FALSE(before.used_bytes || before.free_chunks);
    return;
  }
  ASSERT_TRUE(before.used_bytes && before.free_bytes && before.mapped_bytes && before.free_chunks);
  constexpr std::size_t kLarge = std::size_t{64} << 20;
  const std::unique_ptr<void, decltype(&std::free)> large(std::malloc(kLarge), std::free);
  std::vector<std::unique_ptr<char[]>> small;
  for (int i = 0; i < 10'000; ++i) small.push_back(std::make_unique<char[]>(1000));
  const AllocatorStatistics during = WalkAllocator();
  EXPECT_GE(*during.mapped_bytes, *before.mapped_bytes + kLarge);
  EXPECT_LT(*during.mapped_bytes, *before.mapped_bytes + kLarge + (1 << 20));
  EXPECT_GT(*during.used_bytes, *before.used_bytes + 1e7);
  EXPECT_LT(*during.used_bytes, *before.used_bytes + 1.2e7);
  for (std::size_t i = 0; i < small.size(); i += 2) small[i].reset();
  const AllocatorStatistics after = WalkAllocator();
  EXPECT_LT(*after.used_bytes, *during.used_bytes - 4.5e6);
  EXPECT_GT(*after.free_chunks, *during.free_chunks + 4000) << "holes";
#endif
}

}  // namespace
}  // namespace nanotally
