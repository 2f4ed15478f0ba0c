// The restartable add by itself: it adds, it starts over when it is interrupted, it stops at null,
// it says when it cannot, and the fence ends what was under way.
#include "os/rseq.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "core/cell.h"
#include "test/support/native_threads.h"

namespace nanotally {
namespace {

// CMakeLists.txt runs the suites that record natively without rseq, too; scripts say what there is.
bool IsRseqExpected() {
  const char* tunables = std::getenv("GLIBC_TUNABLES");
  if (tunables != nullptr && std::string(tunables).find("pthread.rseq=0") != std::string::npos)
    return false;
  const char* expected = std::getenv("NANOTALLY_TEST_RSEQ");
  return expected == nullptr ? Rseq::IsAvailable() : std::string(expected) == "1";
}

struct PerCpuCells {
  std::uint32_t cpus = static_cast<std::uint32_t>(sysconf(_SC_NPROCESSORS_CONF));
  std::vector<double> memory = std::vector<double>(cpus * kCellsPerChunk);
  std::atomic<double*> live{memory.data()};

  PerCpuAdd Add(double amount) { return Rseq::Add(live, memory.data(), amount, cpus); }
  [[nodiscard]] double Sum() const {
    double sum = 0;
    for (std::uint32_t cpu = 0; cpu < cpus; ++cpu) sum += LoadCell(&memory[cpu * kCellsPerChunk]);
    return sum;
  }
};

TEST(Rseq, IsThereWhenItShouldBe) {
  EXPECT_EQ(Rseq::IsAvailable(), IsRseqExpected());
  if (!Rseq::IsAvailable()) {
    EXPECT_FALSE(Rseq::CanFence());
    EXPECT_FALSE(Rseq::Fence());
  }
}

class WithRseq : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!Rseq::IsAvailable()) GTEST_SKIP() << "no restartable sequences in this process";
  }
  PerCpuCells cells;
};

TEST_F(WithRseq, AddsInTheCellOfItsCpu) {
  const PinnedToOneCpu pinned;
  const int cpu = sched_getcpu();
  EXPECT_EQ(cells.Add(1.5), PerCpuAdd::kDone);
  EXPECT_EQ(cells.Add(2), PerCpuAdd::kDone);
  EXPECT_EQ(cells.memory[static_cast<std::size_t>(cpu) * kCellsPerChunk], 3.5);
  EXPECT_EQ(cells.Sum(), 3.5);
}

TEST_F(WithRseq, AddsNothingOnceItIsNotLive) {
  cells.live = nullptr;
  EXPECT_EQ(cells.Add(1), PerCpuAdd::kGone);
  EXPECT_EQ(cells.Sum(), 0);
}

TEST_F(WithRseq, AddsNothingOnACpuWithoutASlot) {
  EXPECT_EQ(Rseq::Add(cells.live, cells.memory.data(), 1, 0), PerCpuAdd::kNoCpu);
  EXPECT_EQ(cells.Sum(), 0);
}

TEST_F(WithRseq, AddsNothingInAThreadThatIsNotRegistered) {
  std::thread([&] {
    ASSERT_TRUE(WithdrawRseq());
    EXPECT_EQ(cells.Add(1), PerCpuAdd::kNoCpu);
  }).join();
  EXPECT_EQ(cells.Sum(), 0);
}

TEST_F(WithRseq, LosesNothingUnderSignalsAndCountsItsAborts) {
  const std::uint64_t before = Rseq::Aborts();
  SignalStorm storm;
  std::atomic<std::uint64_t> added{0};
  // Until enough signals landed inside: how many that takes is up to the machine.
  storm.Run(2, [&](int) {
    std::uint64_t mine = 0;
    for (; mine < 2'000'000'000 && Rseq::Aborts() < before + 100; ++mine) cells.Add(1);
    added += mine;
  });
  EXPECT_GE(Rseq::Aborts(), before + 100) << storm.sent << " signals were sent";
  EXPECT_EQ(cells.Sum(), static_cast<double>(added));
}

TEST_F(WithRseq, LosesNothingWhileThreadsAreMovedFromCpuToCpu) {
  std::atomic<std::uint64_t> added{0};
  RunMigrating(4, [&](int, const std::atomic<int>& moves) {
    std::uint64_t mine = 0;
    while (moves < 1000) {
      for (int i = 0; i < 1000; ++i, ++mine) cells.Add(1);
    }
    added += mine;
  });
  EXPECT_EQ(cells.Sum(), static_cast<double>(added));
}

TEST_F(WithRseq, TheFenceEndsWhatWasUnderWay) {
  ASSERT_TRUE(Rseq::CanFence());
  constexpr int kRounds = 50;
  std::atomic<bool> ended{false};
  std::vector<std::thread> adders;
  for (int i = 0; i < Cpus(); ++i) {
    adders.emplace_back([&] {
      while (!ended) cells.Add(1);
    });
  }
  double after_fence = 0;
  for (int round = 0; round < kRounds; ++round) {
    while (cells.Sum() == after_fence) std::this_thread::yield();  // they are adding
    cells.live = nullptr;
    ASSERT_TRUE(Rseq::Fence());
    after_fence = cells.Sum();
    for (int i = 0; i < 5; ++i) std::this_thread::yield();
    EXPECT_EQ(cells.Sum(), after_fence) << "an add landed after the fence, in round " << round;
    cells.live = cells.memory.data();
  }
  ended = true;
  for (std::thread& adder : adders) adder.join();
}

}  // namespace
}  // namespace nanotally
