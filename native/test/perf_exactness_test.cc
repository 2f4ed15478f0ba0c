// What is counted of a loop of a known number of instructions, by this machine's PMU: nothing where
// it has none. Each count is the least of some: an interrupt may add to one, and so does, where
// QEMU emulates the PMU, another CPU that has its turn meanwhile.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "os/perf_counters.h"
#include "test/support/pinned.h"

namespace nanotally {
namespace {

// Two instructions a turn, and none besides that depend on `turns`.
[[gnu::noinline]] void Loop(std::uint64_t turns) {
#if defined(__aarch64__)
  asm volatile("1: subs %0, %0, #1\n b.ne 1b" : "+r"(turns) : : "cc");
#elif defined(__x86_64__)
  asm volatile("1: dec %0\n jnz 1b" : "+r"(turns) : : "cc");
#endif
}
// Twice it takes a part of the time between two of the kernel's ticks.
constexpr std::uint64_t kTurns = 250'000;
// Of what reads a counter before the loop and after it.
constexpr std::uint64_t kOverhead = 20'000;

#if defined(__aarch64__) || defined(__x86_64__)
constexpr bool kHasLoop = true;
#else
constexpr bool kHasLoop = false;
#endif

// Why instructions are not counted here; nothing where they are.
std::optional<std::string> Refusal() {
  if (!kHasLoop) return "there is no loop of known instructions for this processor";
  const PerfOffer& offer = ThisPerfMachine().offers[*FindPerfEvent("instructions")];
  if (!offer.is_available) return offer.message;
  return std::nullopt;
}

// Instructions of the loop, with those of two readings.
std::uint64_t Instructions(PerfCounters& counters, std::uint64_t turns) {
  std::uint64_t least = UINT64_MAX;
  for (int i = 0; i < 20; ++i) {
    PerfReading before;
    PerfReading after;
    counters.Read({&before, 1});
    Loop(turns);
    counters.Read({&after, 1});
    EXPECT_TRUE(after.is_open);
    least = std::min(least, after.value - before.value);
  }
  return least;
}

void ExpectExact(PerfCounters& counters) {
  Instructions(counters, 1);
  const std::uint64_t once = Instructions(counters, kTurns);
  EXPECT_GE(once, 2 * kTurns);
  EXPECT_LT(once, 2 * kTurns + kOverhead);
  EXPECT_EQ(Instructions(counters, 2 * kTurns) - once, 2 * kTurns);
}

std::unique_ptr<PerfCounters> OpenInstructions(bool wants_user_reads) {
  const std::array events = {*FindPerfEvent("instructions")};
  return PerfCounters::Open({.wants_user_reads = wants_user_reads}, events);
}

TEST(ExactCounts, OfALoopBySystemCalls) {
  if (const auto refusal = Refusal()) GTEST_SKIP() << *refusal;
  const auto counters = OpenInstructions(false);
  EXPECT_FALSE(counters->HasUserReads());
  ExpectExact(*counters);
}

TEST(ExactCounts, AreTheSameReadInUserSpace) {
  if (const auto refusal = Refusal()) GTEST_SKIP() << *refusal;
  if (!ThisPerfMachine().offers[*FindPerfEvent("instructions")].has_user_reads)
    GTEST_SKIP() << "this kernel lets no program read counters by itself";
  const PinnedToOneCpu pinned;
  const auto user = OpenInstructions(true);
  const auto system = OpenInstructions(false);
  ASSERT_TRUE(user->HasUserReads());
  ExpectExact(*user);
  ExpectExact(*system);
  // Of the same run by both: the outer one has the inner one's readings besides.
  PerfReading user_before, user_after, system_before, system_after;
  system->Read({&system_before, 1});
  user->Read({&user_before, 1});
  Loop(kTurns);
  user->Read({&user_after, 1});
  system->Read({&system_after, 1});
  const std::uint64_t by_user = user_after.value - user_before.value;
  const std::uint64_t by_system = system_after.value - system_before.value;
  EXPECT_GE(by_system, by_user);
  EXPECT_LT(by_system, by_user + kOverhead);
  EXPECT_TRUE(user->HasUserReads()) << "to the end";
}

// More of them than any PMU has counters: each runs for a part of the time, and what it would have
// counted in all of it is estimated.
TEST(ExactCounts, AreEstimatesWhereCountersAreShared) {
  if (const auto refusal = Refusal()) GTEST_SKIP() << *refusal;
  std::vector<std::unique_ptr<PerfCounters>> all;
  for (int i = 0; i < 24; ++i) all.push_back(OpenInstructions(false));
  // The kernel exchanges them a few hundred times a second.
  constexpr std::uint64_t kManyTurns = 100'000'000;
  std::vector<PerfReading> before(all.size());
  std::vector<PerfReading> after(all.size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i]->Read({&before[i], 1});
  Loop(kManyTurns);
  int shared = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i]->Read({&after[i], 1});
    const auto value = static_cast<double>(after[i].value - before[i].value);
    const auto enabled = static_cast<double>(after[i].enabled_ns - before[i].enabled_ns);
    const auto running = static_cast<double>(after[i].running_ns - before[i].running_ns);
    ASSERT_GT(enabled, 0);
    EXPECT_LE(running, enabled);
    if (running < enabled) ++shared;
    ASSERT_GT(running, 0) << "counter " << i << " never had its turn";
    EXPECT_NEAR(value * enabled / running, 2.0 * kManyTurns, 0.2 * kManyTurns) << "counter " << i;
  }
  EXPECT_GT(shared, 0) << "a PMU of 24 counters is news";
}

}  // namespace
}  // namespace nanotally
