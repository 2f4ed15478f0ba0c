// What is counted of a loop of a known number of instructions, by this machine's PMU: nothing
// where it has none. scripts/test-guests.sh runs this where every count is exact, which it says by
// NANOTALLY_TEST_EXACT_COUNTS=1; elsewhere an interrupt may add to a count.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "os/perf_counters.h"
#include "record/perf_region.h"
#include "test/support/native_threads.h"

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
constexpr std::uint64_t kTurns = 1'000'000;
// Of what reads a counter before the loop and after it.
constexpr std::uint64_t kOverhead = 20'000;

bool IsExact() {
  const char* value = std::getenv("NANOTALLY_TEST_EXACT_COUNTS");
  return value != nullptr && std::string(value) == "1";
}

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

void ExpectDifference(double once, double twice) {
  const double difference = twice - once;
  if (IsExact()) {
    EXPECT_EQ(difference, 2.0 * kTurns);
  } else {
    EXPECT_NEAR(difference, 2.0 * kTurns, 0.02 * kTurns);
  }
}

// Instructions of the loop, with those of two readings.
std::uint64_t Instructions(PerfCounters& counters, std::uint64_t turns) {
  PerfReading before;
  PerfReading after;
  counters.Read({&before, 1});
  Loop(turns);
  counters.Read({&after, 1});
  EXPECT_TRUE(after.is_open);
  return after.value - before.value;
}

std::unique_ptr<PerfCounters> OpenInstructions(bool wants_user_reads) {
  const std::array events = {*FindPerfEvent("instructions")};
  return PerfCounters::Open({.wants_user_reads = wants_user_reads}, events);
}

TEST(ExactCounts, OfALoopBySystemCalls) {
  if (const auto refusal = Refusal()) GTEST_SKIP() << *refusal;
  RecordProperty("branch", "instructions are counted");
  const auto counters = OpenInstructions(false);
  EXPECT_FALSE(counters->HasUserReads());
  Instructions(*counters, 1);
  const std::uint64_t once = Instructions(*counters, kTurns);
  EXPECT_GE(once, 2 * kTurns);
  EXPECT_LT(once, 2 * kTurns + kOverhead);
  ExpectDifference(static_cast<double>(once),
                   static_cast<double>(Instructions(*counters, 2 * kTurns)));
}

TEST(ExactCounts, AreTheSameReadInUserSpace) {
  if (const auto refusal = Refusal()) GTEST_SKIP() << *refusal;
  if (!ThisPerfMachine().offers[*FindPerfEvent("instructions")].has_user_reads)
    GTEST_SKIP() << "this kernel lets no program read counters by itself";
  RecordProperty("branch", "user-space reads");
  const PinnedToOneCpu pinned;
  const auto user = OpenInstructions(true);
  const auto system = OpenInstructions(false);
  ASSERT_TRUE(user->HasUserReads());
  Instructions(*user, 1);
  const std::uint64_t once = Instructions(*user, kTurns);
  ExpectDifference(static_cast<double>(once), static_cast<double>(Instructions(*user, 2 * kTurns)));
  ExpectDifference(static_cast<double>(Instructions(*system, kTurns)),
                   static_cast<double>(Instructions(*system, 2 * kTurns)));
  EXPECT_TRUE(user->HasUserReads()) << "to the end";
  // Of the same run by both.
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
  // An event that was never off its counter ran all the time, by either.
  EXPECT_EQ(user_after.enabled_ns, user_after.running_ns);
  EXPECT_EQ(system_after.enabled_ns, system_after.running_ns);
}

// More of them than any PMU has counters: each runs for a part of the time, and what it would have
// counted in all of it is estimated.
TEST(ExactCounts, AreEstimatesWhereCountersAreShared) {
  if (const auto refusal = Refusal()) GTEST_SKIP() << *refusal;
  std::vector<std::unique_ptr<PerfCounters>> all;
  for (int i = 0; i < 24; ++i) all.push_back(OpenInstructions(false));
  // The kernel exchanges them a few hundred times a second.
  constexpr std::uint64_t kManyTurns = 200'000'000;
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
    EXPECT_NEAR(value * enabled / running, 2.0 * kManyTurns, 0.1 * kManyTurns) << "counter " << i;
  }
  EXPECT_GT(shared, 0) << "a PMU of 24 counters is news";
  RecordProperty("branch", "counters are shared");
  RecordProperty("shared", shared);
}

// The whole way: a region's begin and end, its native series, a scrape.
TEST(ExactCounts, OfALoopInARegion) {
  if (const auto refusal = Refusal()) GTEST_SKIP() << *refusal;
  RecordProperty("branch", "a region counts instructions");
  NativeThreads native;
  PerfRegions regions(native.store, native.recorder, true);
  RegionRequest request;
  request.name = "loop";
  request.events = {*FindPerfEvent("instructions")};
  PerfRegion& region = *Must(regions.Get(request));
  const auto measure = [&](std::uint64_t turns) {
    const double before = native.Value("perf_region_events_total");
    region.Begin();
    Loop(turns);
    EXPECT_TRUE(region.End());
    return native.Value("perf_region_events_total") - before;
  };
  region.Begin();
  EXPECT_TRUE(region.End());
  measure(1);
  const double once = measure(kTurns);
  EXPECT_GE(once, 2 * kTurns);
  EXPECT_LT(once, 2 * kTurns + kOverhead);
  ExpectDifference(once, measure(2 * kTurns));
  EXPECT_EQ(native.Value("perf_region_runs_total"), 4);
  regions.Release(region);
}

}  // namespace
}  // namespace nanotally
