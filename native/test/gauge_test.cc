// Gauges: every aggregate over live and ended environments, every exit rule, stamps and ties.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "test/support/environment.h"

namespace nanotally {
namespace {

constexpr Aggregate kAggregates[] = {Aggregate::kSum, Aggregate::kLast, Aggregate::kMin,
                                     Aggregate::kMax, Aggregate::kAverage};

// A gauge in a registry of its own, and environments by number.
class GaugeTest {
 public:
  explicit GaugeTest(Aggregate aggregate, OnExit on_exit = OnExit::kDefault)
      : id_(registry.Define(GaugeOf("g", aggregate, on_exit))) {}

  GaugeTest& Begin(std::size_t number) {
    if (environments_.size() <= number) environments_.resize(number + 1);
    environments_[number] = std::make_unique<Environment>(registry.registry);
    return *this;
  }
  // Begin, and have the series before it is recorded into, which advances the tick.
  GaugeTest& BeginHolding(std::size_t number) {
    Begin(number).Gauge(number);
    return *this;
  }
  GaugeTest& Set(std::size_t number, double value) {
    environments_[number]->SetGauge(Gauge(number), value);
    return *this;
  }
  GaugeTest& Add(std::size_t number, double amount) {
    environments_[number]->AddToGauge(Gauge(number), amount);
    return *this;
  }
  GaugeTest& End(std::size_t number) {
    environments_[number]->End();
    return *this;
  }
  GaugeTest& Tick() {
    registry->Tick(At(0));
    return *this;
  }

  // What a scrape shows; nothing when the gauge is absent.
  [[nodiscard]] std::optional<double> Value() {
    const Snapshot snapshot = registry->TakeSnapshot(At(0));
    const MetricSnapshot& metric = GetMetric(snapshot, "g");
    if (metric.series.empty()) return std::nullopt;
    return metric.values[0];
  }

  TestRegistry registry;

 private:
  CellAddress Gauge(std::size_t number) { return environments_[number]->Resolve(id_).address; }

  MetricId id_;
  std::vector<std::unique_ptr<Environment>> environments_;
};

TEST(Gauge, IsAbsentUntilItIsSet) {
  for (const Aggregate aggregate : kAggregates) {
    GaugeTest gauge(aggregate);
    EXPECT_EQ(gauge.Value(), std::nullopt) << "no series";
    gauge.Begin(0).Begin(1);
    Must(gauge.registry.Resolve(1, {}));
    EXPECT_EQ(gauge.Value(), std::nullopt) << "resolved, never set: its stamp is 0";
    gauge.Set(1, 0);
    EXPECT_EQ(gauge.Value(), 0.0) << "set to 0, by one of two";
  }
}

TEST(Gauge, AggregatesOverLiveEnvironments) {
  const auto value = [](Aggregate aggregate) {
    GaugeTest gauge(aggregate);
    for (std::size_t i = 0; i < 4; ++i) gauge.Begin(i);
    gauge.Set(2, 5).Tick().Set(0, -2).Tick().Set(1, 3);  // 3 never sets it
    return gauge.Value();
  };
  EXPECT_EQ(value(Aggregate::kSum), 6);
  EXPECT_EQ(value(Aggregate::kLast), 3);
  EXPECT_EQ(value(Aggregate::kMin), -2);
  EXPECT_EQ(value(Aggregate::kMax), 5);
  EXPECT_EQ(value(Aggregate::kAverage), 2);
}

TEST(Gauge, SumOfTenthsIsRoundedOnce) {
  GaugeTest gauge(Aggregate::kSum);
  for (std::size_t i = 0; i < 10; ++i) gauge.Begin(i).Add(i, 0.1);
  EXPECT_EQ(gauge.Value(), 1.0);
}

TEST(Gauge, KeptValuesTakePartLikeLiveOnes) {
  // The same three values, ended one by one in every order, give the same result throughout.
  const std::vector<std::vector<std::size_t>> orders = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                                        {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
  for (const Aggregate aggregate : kAggregates) {
    for (const auto& order : orders) {
      GaugeTest gauge(aggregate, OnExit::kKeep);
      gauge.Begin(0).Begin(1).Begin(2).Set(1, 4).Tick().Set(2, -1).Tick().Set(0, 3);
      const auto before = gauge.Value();
      for (const std::size_t ended : order) {
        gauge.End(ended);
        ASSERT_EQ(gauge.Value(), before) << int(aggregate) << " after the end of " << ended;
      }
      // And a new environment joins them.
      gauge.Begin(3).Tick().Set(3, 10);
      const std::vector<double> joined = {16, 10, -1, 10, 4};
      EXPECT_EQ(gauge.Value(), joined[static_cast<std::size_t>(aggregate)]) << int(aggregate);
    }
  }
}

// Without any tick: the registry is ticked for a gauge that several environments hold at once.
TEST(Gauge, WhoeverCameLastHasTheLatestValue) {
  GaugeTest gauge(Aggregate::kLast);
  gauge.Begin(0).Begin(1).Set(0, 1).Set(0, 2).Set(1, 3);
  EXPECT_EQ(gauge.Value(), 3);
  gauge.End(1).Begin(2).Set(2, 4).End(2);
  EXPECT_EQ(gauge.Value(), 4) << "both have ended, in this order";
  gauge.End(0).Begin(3).Set(3, 5);
  EXPECT_EQ(gauge.Value(), 5);
}

TEST(Gauge, TellsHowManyHoldASeriesWhoseLatestValueIsTold) {
  TestRegistry registry;
  const MetricId last = registry.Define(GaugeOf("last", Aggregate::kLast));
  const MetricId sum = registry.Define(GaugeOf("sum", Aggregate::kSum));
  Environment first(registry.registry);
  Environment second(registry.registry);
  EXPECT_EQ(first.Resolve(last).ordered_holders, 1u);
  EXPECT_EQ(first.Resolve(last).ordered_holders, 1u) << "the same one again";
  EXPECT_EQ(second.Resolve(last).ordered_holders, 2u);
  EXPECT_EQ(first.Resolve(sum).ordered_holders, 0u);
  EXPECT_EQ(second.Resolve(sum).ordered_holders, 0u);
}

TEST(Gauge, DroppedValuesAreGone) {
  for (const Aggregate aggregate : kAggregates) {
    GaugeTest gauge(aggregate, OnExit::kDrop);
    gauge.Begin(0).Begin(1).Set(0, 7).Tick().Add(1, 100).End(1);
    EXPECT_EQ(gauge.Value(), 7) << int(aggregate);
    gauge.End(0);
    EXPECT_EQ(gauge.Value(), std::nullopt) << int(aggregate);
  }
}

TEST(Gauge, DefaultExitRules) {
  const auto after_exit = [](Aggregate aggregate, auto&& record) {
    GaugeTest gauge(aggregate);
    gauge.Begin(0).Begin(1).Begin(2).Set(0, 10).Tick();
    record(gauge);
    gauge.End(1);
    return gauge.Value();
  };
  const auto sets = [](GaugeTest& gauge) { gauge.Set(1, 20); };
  EXPECT_EQ(after_exit(Aggregate::kLast, sets), 20) << "last stays";
  EXPECT_EQ(after_exit(Aggregate::kMin, sets), 10);
  EXPECT_EQ(after_exit(Aggregate::kMax, sets), 10) << "min, max and average drop";
  EXPECT_EQ(after_exit(Aggregate::kAverage, sets), 10);
  EXPECT_EQ(after_exit(Aggregate::kSum, sets), 10) << "sum drops what was set";
  const auto adds = [](GaugeTest& gauge) { gauge.Add(1, 20).Add(1, -5); };
  EXPECT_EQ(after_exit(Aggregate::kSum, adds), 25) << "and keeps what was only added";
  const auto sets_then_adds = [](GaugeTest& gauge) { gauge.Set(1, 20).Add(1, 1); };
  EXPECT_EQ(after_exit(Aggregate::kSum, sets_then_adds), 10) << "once set, set it is";
  const auto adds_then_sets = [](GaugeTest& gauge) { gauge.Add(1, 1).Set(1, 20); };
  EXPECT_EQ(after_exit(Aggregate::kSum, adds_then_sets), 10);
  const auto never = [](GaugeTest&) {};
  for (const Aggregate aggregate : kAggregates) EXPECT_EQ(after_exit(aggregate, never), 10);
}

TEST(Gauge, ADropOfTheOnlyValueMakesItAbsentAndAKeptZeroDoesNot) {
  GaugeTest kept(Aggregate::kSum);
  kept.Begin(0).Add(0, 5).Add(0, -5).End(0);
  EXPECT_EQ(kept.Value(), 0.0) << "in-flight requests of an ended worker: none, and known";
  GaugeTest dropped(Aggregate::kSum);
  dropped.Begin(0).Set(0, 5).End(0);
  EXPECT_EQ(dropped.Value(), std::nullopt);
}

TEST(Gauge, AverageWeighsEveryEnvironmentOnce) {
  GaugeTest gauge(Aggregate::kAverage, OnExit::kKeep);
  gauge.Begin(0).Begin(1).Begin(2).Begin(3).Set(0, 1).Set(1, 2).Set(2, 3);
  gauge.End(0).End(1);
  EXPECT_EQ(gauge.Value(), 2);
  gauge.Set(3, 10);
  EXPECT_EQ(gauge.Value(), 4);
  gauge.End(2).End(3);
  EXPECT_EQ(gauge.Value(), 4);
}

TEST(Gauge, LastIsTheHighestTick) {
  GaugeTest gauge(Aggregate::kLast);
  gauge.Begin(0).Begin(1);
  gauge.Set(1, 1).Tick().Set(0, 2);
  EXPECT_EQ(gauge.Value(), 2);
  gauge.Tick().Set(1, 3);
  EXPECT_EQ(gauge.Value(), 3);
  gauge.Tick().Add(0, 0.5);
  EXPECT_EQ(gauge.Value(), 2.5) << "adding is recording too";
}

TEST(Gauge, ASnapshotAdvancesTheTick) {
  GaugeTest gauge(Aggregate::kLast);
  gauge.BeginHolding(0).BeginHolding(1).Set(1, 1);
  EXPECT_EQ(gauge.Value(), 1);
  gauge.Set(0, 2);  // no Tick() in between
  EXPECT_EQ(gauge.Value(), 2);
}

TEST(Gauge, TiesGoToTheYoungestShard) {
  GaugeTest gauge(Aggregate::kLast);
  gauge.BeginHolding(0).BeginHolding(1).BeginHolding(2);
  gauge.Set(2, 30).Set(0, 10).Set(1, 20);
  EXPECT_EQ(gauge.Value(), 30) << "whatever the order of the calls within one tick";
}

TEST(Gauge, TicksReachEveryChunkAndNewOnes) {
  TestRegistry registry;
  registry.Define(GaugeOf("g", Aggregate::kLast));
  Environment first(registry.registry);
  Environment second(registry.registry);
  const auto tick_of = [](Environment& e, std::uint32_t chunk) {
    return e.Tick(MakeAddress(chunk, kFirstFreeCell));
  };
  EXPECT_EQ(tick_of(first, 0), 1);
  registry->Tick(At(0));
  registry->Tick(At(100));
  EXPECT_EQ(tick_of(first, 0), 3);
  EXPECT_EQ(tick_of(first, 2), 3) << "a new chunk starts with the present tick";
  EXPECT_EQ(tick_of(second, 0), 3);
  alignas(kCacheLineBytes) static double memory[kCellsPerChunk];
  registry->AdoptChunk(second.shard(), 1, memory);
  EXPECT_EQ(memory[kTickCell], 3);
  registry->Tick(At(200));
  for (const std::uint32_t chunk : {0u, 2u}) EXPECT_EQ(tick_of(first, chunk), 4);
  for (const std::uint32_t chunk : {0u, 1u}) EXPECT_EQ(tick_of(second, chunk), 4);
}

TEST(Gauge, NothingTicksWhereNothingNeedsOrder) {
  TestRegistry registry;
  const MetricId id = registry.Define(GaugeOf("g", Aggregate::kSum));
  Environment environment(registry.registry);
  const CellAddress gauge = environment.Resolve(id).address;
  registry->Tick(At(0));
  EXPECT_EQ(registry->TakeSnapshot(At(0)).metrics.size(), 1u);
  EXPECT_EQ(environment.Tick(gauge), 1) << "never 0: that would read as never set";
}

TEST(Gauge, TakesAnyNumber) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  GaugeTest gauge(Aggregate::kMax);
  gauge.Begin(0).Begin(1).Set(0, -kInfinity);
  EXPECT_EQ(gauge.Value(), -kInfinity);
  gauge.Set(1, std::nan(""));
  EXPECT_EQ(gauge.Value(), -kInfinity) << "a NaN gives way to a number";
  gauge.Set(0, std::nan(""));
  EXPECT_TRUE(std::isnan(*gauge.Value()));
  gauge.Set(1, -0.0).Set(0, -1);
  EXPECT_TRUE(std::signbit(*gauge.Value()));
}

TEST(Gauge, AnythingSetByOneEnvironmentReadsBackAsItIs) {
  for (const Aggregate aggregate : kAggregates) {
    for (const double value : {-0.0, 5e-324, -1e308, 0x1p53 + 2, 0.1}) {
      GaugeTest gauge(aggregate, OnExit::kKeep);
      gauge.Begin(0).Set(0, value);
      EXPECT_EQ(std::bit_cast<std::uint64_t>(*gauge.Value()), std::bit_cast<std::uint64_t>(value));
      gauge.End(0);
      EXPECT_EQ(std::bit_cast<std::uint64_t>(*gauge.Value()), std::bit_cast<std::uint64_t>(value));
    }
  }
}

}  // namespace
}  // namespace nanotally
