// The scheduler of the other tests: it reaches every order, finds what is wrong in one, and is
// itself proven to fail.
#include "test/support/schedule.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <string>

namespace nanotally {
namespace {

TEST(Explore, ReachesEveryOrderOfStepsAndNoneTwice) {
  std::set<std::string> orders;
  const auto make = [&] {
    const auto order = std::make_shared<std::string>();
    const auto actor = [order](char name) {
      return [order, name] {
        for (int i = 0; i < 3; ++i) {
          Step();
          *order += name;
        }
      };
    };
    return Scenario{{{"a", actor('a')}, {"b", actor('b')}},
                    [order, &orders] { orders.insert(*order); }};
  };
  const Explored explored = Explore(100, make);
  EXPECT_EQ(orders.size(), 20u) << "6 over 3";
  EXPECT_GE(explored.schedules, 20u);
}

TEST(Explore, CountsPreemptionsOnly) {
  std::set<std::string> orders;
  const auto make = [&] {
    const auto order = std::make_shared<std::string>();
    const auto actor = [order](char name) {
      return [order, name] {
        *order += name;
        Step();
        *order += name;
      };
    };
    return Scenario{{{"a", actor('a')}, {"b", actor('b')}, {"c", actor('c')}},
                    [order, &orders] { orders.insert(*order); }};
  };
  EXPECT_EQ(Explore(0, make).schedules, 6u) << "the orders of three threads that are never cut";
  EXPECT_EQ(orders.size(), 6u);
  Explore(1, make);
  EXPECT_TRUE(orders.contains("abbacc"));
  EXPECT_FALSE(orders.contains("abccab")) << "that takes two";
  Explore(2, make);
  EXPECT_TRUE(orders.contains("abccab"));
  EXPECT_FALSE(orders.contains("abcabc")) << "that takes three";
  Explore(3, make);
  EXPECT_TRUE(orders.contains("abcabc"));
}

// A lost update, which only some orders show.
template <typename Add>
std::set<int> Totals(Add add) {
  std::set<int> totals;
  Explore(2, [&] {
    const auto total = std::make_shared<int>(0);
    const auto lock = std::make_shared<std::mutex>();
    const auto actor = [=] { add(*total, *lock); };
    return Scenario{{{"a", actor}, {"b", actor}}, [&totals, total] { totals.insert(*total); }};
  });
  return totals;
}

TEST(Explore, FindsALostUpdate) {
  const auto unlocked = [](int& total, std::mutex&) {
    const int read = total;
    Step();
    total = read + 1;
  };
  EXPECT_EQ(Totals(unlocked), (std::set<int>{1, 2}));
  const auto locked_twice = [](int& total, std::mutex& mutex) {
    int read = 0;
    {
      const std::lock_guard lock(mutex);
      read = total;
    }
    const std::lock_guard lock(mutex);
    total = read + 1;
  };
  EXPECT_EQ(Totals(locked_twice), (std::set<int>{1, 2})) << "locks alone are places to switch at";
  const auto locked = [](int& total, std::mutex& mutex) {
    const std::lock_guard lock(mutex);
    const int read = total;
    Step();
    total = read + 1;
  };
  EXPECT_EQ(Totals(locked), std::set<int>{2});
}

TEST(Explore, HonoursSharedLocks) {
  int most_readers = 0;
  Explore(3, [&] {
    struct State {
      std::shared_mutex mutex;
      int readers = 0;
      int writers = 0;
    };
    const auto state = std::make_shared<State>();
    const auto reader = [state, &most_readers] {
      const std::shared_lock lock(state->mutex);
      most_readers = std::max(most_readers, ++state->readers);
      EXPECT_EQ(state->writers, 0);
      Step();
      --state->readers;
    };
    const auto writer = [state] {
      const std::unique_lock lock(state->mutex);
      ++state->writers;
      EXPECT_EQ(state->readers, 0);
      Step();
      --state->writers;
    };
    return Scenario{{{"r1", reader}, {"r2", reader}, {"w", writer}}};
  });
  EXPECT_EQ(most_readers, 2);
}

TEST(ExploreDeathTest, ReportsADeadlock) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_DEATH(
      Explore(1,
              [] {
                const auto first = std::make_shared<std::mutex>();
                const auto second = std::make_shared<std::mutex>();
                const auto actor = [](auto a, auto b) {
                  return [a, b] {
                    const std::lock_guard outer(*a);
                    const std::lock_guard inner(*b);
                  };
                };
                return Scenario{{{"a", actor(first, second)}, {"b", actor(second, first)}}};
              }),
      "deadlock after");
}

// In a process of its own, which says by its exit code what it saw: 2 runs, the second one failed.
TEST(ExploreDeathTest, StopsAtAFailedExpectation) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  const auto explore = [] {
    int runs = 0;
    Explore(1, [&] {
      return Scenario{{{"a", [] { Step(); }}, {"b", [] { Step(); }}},
                      [&runs] { EXPECT_NE(++runs, 2); }};
    });
    std::exit(::testing::Test::HasFailure() ? runs : 0);
  };
  EXPECT_EXIT(explore(), ::testing::ExitedWithCode(2), "");
}

}  // namespace
}  // namespace nanotally
