// IdleWatch: when series are looked at, what counts as activity, and who was given up.
#include "core/idle_watch.h"

#include <gtest/gtest.h>

#include <limits>

#include "test/support/environment.h"

namespace nanotally {
namespace {

using std::chrono::milliseconds;

TEST(IdleWatch, LooksFourTimesInTheTimeout) {
  IdleWatch watch;
  int looks = 0;
  for (int ms = 0; ms < 1000; ++ms) looks += watch.IsDue(At(ms), milliseconds(100)) ? 1 : 0;
  EXPECT_EQ(looks, 40);
}

TEST(IdleWatch, ALateLookIsNotMadeUpFor) {
  IdleWatch watch;
  EXPECT_TRUE(watch.IsDue(At(0), milliseconds(100)));
  EXPECT_TRUE(watch.IsDue(At(1000), milliseconds(100)));
  EXPECT_FALSE(watch.IsDue(At(1024), milliseconds(100)));
  EXPECT_TRUE(watch.IsDue(At(1025), milliseconds(100)));
}

TEST(IdleWatch, TheFirstLookIsActivityWhateverItReads) {
  for (const double activity : {0.0, 5.0, -1.0}) {
    IdleWatch watch;
    EXPECT_TRUE(watch.Look(3, activity, At(10)));
    EXPECT_EQ(watch.IdleFor(3, At(15)), milliseconds(5));
    EXPECT_FALSE(watch.Look(3, activity, At(20)));
    EXPECT_EQ(watch.IdleFor(3, At(20)), milliseconds(10));
  }
}

TEST(IdleWatch, OnlyGrowthIsActivity) {
  IdleWatch watch;
  watch.Look(0, 10, At(0));
  EXPECT_FALSE(watch.Look(0, 10, At(10)));
  EXPECT_FALSE(watch.Look(0, 4, At(20))) << "the end of a writer";
  EXPECT_EQ(watch.IdleFor(0, At(20)), milliseconds(20));
  EXPECT_TRUE(watch.Look(0, 5, At(30))) << "from there on";
  EXPECT_EQ(watch.IdleFor(0, At(30)), milliseconds(0));
  EXPECT_TRUE(watch.Look(0, std::numeric_limits<double>::infinity(), At(40)));
  EXPECT_FALSE(watch.Look(0, std::numeric_limits<double>::infinity(), At(50)));
}

TEST(IdleWatch, SeriesDoNotKnowOfEachOther) {
  IdleWatch watch;
  for (std::uint32_t series = 0; series < 100; ++series) watch.Look(series, series, At(series));
  watch.Look(50, 51, At(200));
  for (std::uint32_t series = 0; series < 100; ++series) {
    EXPECT_EQ(watch.IdleFor(series, At(200)), milliseconds(series == 50 ? 0 : 200 - series));
  }
}

TEST(IdleWatch, AnewSeriesInASlotIsNotTheOldOne) {
  IdleWatch watch;
  watch.Look(0, 10, At(0));
  static_cast<void>(watch.WasGivenUp(0));
  watch.Restart(0);
  watch.Restart(7);  // was never looked at
  EXPECT_TRUE(watch.Look(0, 0, At(100))) << "0 is more than what the last one left";
  EXPECT_EQ(watch.IdleFor(0, At(100)), milliseconds(0));
  EXPECT_FALSE(watch.WasGivenUp(0));
}

TEST(IdleWatch, GivenUpAtTwoLooksWithNothingBetween) {
  IdleWatch watch;
  watch.Look(0, 10, At(0));
  EXPECT_FALSE(watch.WasGivenUp(0));
  watch.Look(0, 10, At(25));
  EXPECT_TRUE(watch.WasGivenUp(0));
  watch.Look(0, 11, At(50));
  EXPECT_FALSE(watch.WasGivenUp(0)) << "somebody recorded in between";
  watch.Look(0, 3, At(75));
  EXPECT_TRUE(watch.WasGivenUp(0)) << "a fall is no recording";
}

}  // namespace
}  // namespace nanotally
