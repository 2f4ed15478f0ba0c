// How often what is defined needs ticks: within bounds, and only where something waits for them.
#include "core/tick_period.h"

#include <gtest/gtest.h>

namespace nanotally {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

MetricDefinition Metric(MetricType type, milliseconds idle_timeout = milliseconds(0),
                        Aggregate aggregate = Aggregate::kSum) {
  MetricDefinition definition;
  definition.type = type;
  definition.idle_timeout = idle_timeout;
  definition.aggregate = aggregate;
  return definition;
}

DerivedDefinition Rate(milliseconds window) {
  DerivedDefinition definition;
  definition.window = window;
  return definition;
}

TEST(TickPeriod, IsNoneWhereNothingWaitsForTicks) {
  for (const MetricType type : {MetricType::kCounter, MetricType::kGauge, MetricType::kHistogram})
    EXPECT_EQ(TickPeriod(Metric(type)), std::nullopt);
  for (const Aggregate aggregate :
       {Aggregate::kLast, Aggregate::kMin, Aggregate::kMax, Aggregate::kAverage})
    EXPECT_EQ(TickPeriod(Metric(MetricType::kGauge, milliseconds(0), aggregate)), std::nullopt);
  EXPECT_EQ(TickPeriod(Rate(milliseconds(0))), std::nullopt) << "a ratio";
}

TEST(TickPeriod, FollowsWhatIsWaitedForWithinBounds) {
  const auto idle = [](milliseconds timeout) {
    return TickPeriod(Metric(MetricType::kCounter, timeout));
  };
  EXPECT_EQ(idle(milliseconds(100)), kShortestTick);
  EXPECT_EQ(idle(milliseconds(400)), milliseconds(100));
  EXPECT_EQ(idle(milliseconds(2000)), milliseconds(500)) << "four looks";
  EXPECT_EQ(idle(hours(24)), kLongestTick);
  EXPECT_EQ(TickPeriod(Rate(milliseconds(100))), kShortestTick);
  EXPECT_EQ(TickPeriod(Rate(milliseconds(8000))), milliseconds(500)) << "16 samples";
  EXPECT_EQ(TickPeriod(Rate(hours(1))), kLongestTick);
}

}  // namespace
}  // namespace nanotally
