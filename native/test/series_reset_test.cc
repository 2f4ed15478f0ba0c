// reset(): series read as if they had just begun, exactly, whoever ends before or after it, and no
// cell is written.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "test/support/series_life.h"

namespace nanotally {
namespace {

using Strings = std::vector<std::string>;

class SeriesReset : public ::testing::Test {
 protected:
  MetricSnapshot Read(const std::string& name = "m") {
    return GetMetric(registry_->TakeSnapshot(At(0)), name);
  }
  MetricId Define(MetricDefinition definition, std::int64_t idle_timeout_ms = 0) {
    return registry_.Define(Limited(std::move(definition), 10, idle_timeout_ms));
  }

  TestRegistry registry_;
  Environment environment_{registry_.registry};
};

TEST_F(SeriesReset, ACounterCountsFromZeroAndNoCellIsWritten) {
  const MetricId id = Define(CounterOf("m"));
  const MetricId other = Define(CounterOf("other"));
  double* x = environment_.Bind(id, {"x"});
  double* y = environment_.Bind(id, {"y"});
  AddToCell(x, 5);
  AddToCell(environment_.Bind(other, {"x"}), 5);
  const double created = Read().series.at(0).created;
  for (int times = 0; times < 3; ++times) {
    Must(registry_->Reset(id));
    EXPECT_EQ(ValueOf(Read(), "x"), 0);
    EXPECT_EQ(ValueOf(Read(), "y"), 0);
    EXPECT_EQ(*x, 5 + times);
    AddToCell(x, 1);
    EXPECT_EQ(ValueOf(Read(), "x"), 1);
  }
  EXPECT_EQ(*y, 0);
  for (const SeriesView& series : Read().series) EXPECT_GE(series.created, created);
  EXPECT_EQ(ValueOf(Read("other"), "x"), 5) << "another metric";
}

// Many fractional shares, some retired before the reset, the others after it in another order than
// they were read in: nothing is left of them in the last bits.
TEST_F(SeriesReset, StaysExactWhoeverEndsInWhateverOrder) {
  std::mt19937_64 random(20261123);
  std::uniform_real_distribution<double> amount(0, 1e6);
  int checked = 0;
  for (int round = 0; round < 20; ++round) {
    TestRegistry registry;
    const MetricId id = registry.Define(Limited(CounterOf("m"), 10));
    const auto value = [&] {
      return ValueOf(GetMetric(registry->TakeSnapshot(At(0)), "m"), "x").value();
    };
    std::vector<std::unique_ptr<Environment>> environments;
    for (int i = 0; i < 60; ++i) {
      environments.push_back(std::make_unique<Environment>(registry.registry));
      AddToCell(environments.back()->Bind(id, {"x"}), amount(random) * 0.1);
      if (i < 20) environments.back().reset();
    }
    Must(registry->Reset(id));
    Environment recording(registry.registry);
    double* cell = recording.Bind(id, {"x"});
    std::shuffle(environments.begin(), environments.end(), random);
    double recorded = 0;
    for (auto& environment : environments) {
      EXPECT_EQ(value(), recorded);
      environment.reset();
      EXPECT_EQ(value(), recorded);
      AddToCell(cell, 0.1);
      recorded += 0.1;
      ++checked;
    }
    recording.End();
    EXPECT_EQ(value(), recorded);
  }
  EXPECT_EQ(checked, 20 * 60);
}

// Shares of very different size: their sum has more digits than are kept, and depends on the order
// in which it is made up.
TEST_F(SeriesReset, WhatFoldingLeavesInTheLastBitsIsNotShown) {
  std::mt19937_64 random(20261125);
  std::uniform_real_distribution<double> mantissa(1, 2);
  int checked = 0;
  for (int round = 0; round < 20; ++round) {
    TestRegistry registry;
    const MetricId id = registry.Define(Limited(CounterOf("m"), 10));
    std::vector<std::unique_ptr<Environment>> environments;
    for (int i = 0; i < 40; ++i) {
      environments.push_back(std::make_unique<Environment>(registry.registry));
      AddToCell(environments.back()->Bind(id, {"x"}), std::ldexp(mantissa(random), i * 2));
    }
    Must(registry->Reset(id));
    std::shuffle(environments.begin(), environments.end(), random);
    for (auto& environment : environments) {
      environment.reset();
      ASSERT_EQ(GetMetric(registry->TakeSnapshot(At(0)), "m").values.at(0), 0);
      ++checked;
    }
  }
  EXPECT_EQ(checked, 20 * 40);
}

// One that goes on recording while it is reset again and again never reads negative, and the parts
// add up to the whole.
TEST_F(SeriesReset, PartsAddUpToTheWhole) {
  const MetricId id = Define(CounterOf("m"));
  double* cell = environment_.Bind(id, {"x"});
  double parts = 0;
  for (int i = 1; i <= 1000; ++i) {
    AddToCell(cell, i);
    const double value = ValueOf(Read(), "x").value();
    ASSERT_GE(value, 0);
    if (i % 7 == 0) {
      parts += value;
      Must(registry_->Reset(id));
    }
  }
  EXPECT_EQ(parts + ValueOf(Read(), "x").value(), 1000 * 1001 / 2);
}

TEST_F(SeriesReset, AnExplicitHistogram) {
  const MetricId id = Define(ExplicitOf("m", {1, 10}));
  const auto metric = registry_->Find(id);
  const ResolvedSeries series = environment_.Resolve(id, {"x"});
  {
    Environment ended(registry_.registry);
    ended.ObserveExplicit(*metric, ended.Resolve(id, {"x"}), 0.3);
  }
  for (const double value : {0.5, 5.5, 50.0}) environment_.ObserveExplicit(*metric, series, value);
  // Not by way of ObserveExplicit: the sum of a NaN stays one, whatever is taken off it.
  AddToCell(environment_.Cells(series.address) + ExplicitCells::kNaN, 1);
  Must(registry_->Reset(id));
  EXPECT_EQ(Read().histograms.at(0).Count(), 0);
  EXPECT_EQ(Read().histograms.at(0).sum, 0);
  environment_.ObserveExplicit(*metric, series, 5.5);
  const HistogramValue value = Read().histograms.at(0);
  EXPECT_EQ(value.explicit_counts, (std::vector<double>{0, 1, 0}));
  EXPECT_EQ(value.nan, 0);
  EXPECT_EQ(value.sum, 5.5);
  environment_.End();
  EXPECT_EQ(Read().histograms.at(0).explicit_counts, value.explicit_counts);
  EXPECT_EQ(Read().histograms.at(0).sum, value.sum);
}

TEST_F(SeriesReset, AnExponentialHistogramWithBlocksFromBeforeAndAfter) {
  const MetricId id = Define(ExponentialOf("m", 3));
  const auto metric = registry_->Find(id);
  const ResolvedSeries series = environment_.Resolve(id, {"x"});
  for (double value = 1e-9; value < 1e9; value *= 3)
    environment_.ObserveExponential(*metric, series, value);
  environment_.ObserveExponential(*metric, series, 0);
  {
    Environment ended(registry_.registry);
    ended.ObserveExponential(*metric, ended.Resolve(id, {"x"}), 1e-3);
  }
  EXPECT_EQ(Read().histograms.at(0).Count(), 40);
  Must(registry_->Reset(id));
  const HistogramValue empty = Read().histograms.at(0);
  EXPECT_EQ(empty.Count(), 0);
  EXPECT_TRUE(empty.buckets.empty());
  EXPECT_EQ(empty.sum, 0);
  environment_.ObserveExponential(*metric, series, 1);     // a block from before
  environment_.ObserveExponential(*metric, series, 1e30);  // a block of its own
  environment_.ObserveExponential(*metric, series, 0);
  for (const bool ended : {false, true}) {
    if (ended) environment_.End();
    const HistogramValue value = Read().histograms.at(0);
    ASSERT_EQ(value.buckets.size(), 2u);
    EXPECT_EQ(value.buckets[0].key, metric->mapping().KeyOf(1));
    EXPECT_EQ(value.buckets[0].count, 1);
    EXPECT_EQ(value.buckets[1].key, metric->mapping().KeyOf(1e30));
    EXPECT_EQ(value.zero, 1);
    EXPECT_EQ(value.Count(), 3);
  }
}

TEST_F(SeriesReset, AGaugeWasNeverSetWhateverItsAggregate) {
  int checked = 0;
  for (const Aggregate aggregate :
       {Aggregate::kSum, Aggregate::kLast, Aggregate::kMin, Aggregate::kMax, Aggregate::kAverage}) {
    TestRegistry registry;
    const MetricId id = registry.Define(Limited(GaugeOf("m", aggregate, OnExit::kKeep), 10));
    const auto read = [&] { return GetMetric(registry->TakeSnapshot(At(0)), "m"); };
    auto before = std::make_unique<Environment>(registry.registry);
    auto across = std::make_unique<Environment>(registry.registry);
    Environment after(registry.registry);
    const CellAddress gauge = before->Resolve(id, {"x"}).address;
    before->SetGauge(gauge, 5);
    across->SetGauge(across->Resolve(id, {"x"}).address, 7);
    before.reset();
    ASSERT_TRUE(ValueOf(read(), "x").has_value());
    Must(registry->Reset(id));
    EXPECT_TRUE(read().series.empty());
    EXPECT_EQ(across->Cells(gauge)[GaugeCells::kValue], 7) << "no cell is written";
    across.reset();
    EXPECT_TRUE(read().series.empty()) << "what ends later was set before";
    after.SetGauge(after.Resolve(id, {"x"}).address, 3);
    EXPECT_EQ(ValueOf(read(), "x"), 3) << "the 5 and the 7 take no part";
    after.End();
    EXPECT_EQ(ValueOf(read(), "x"), 3) << "kept";
    ++checked;
  }
  EXPECT_EQ(checked, 5);
}

TEST_F(SeriesReset, TheOverflowSeriesAndIdleSeriesTooButNotWhatHasExpired) {
  MetricDefinition definition = Limited(CounterOf("m"), 2, 100);
  const MetricId id = registry_.Define(definition);
  AddToCell(environment_.Bind(id, {"expires"}), 3);
  const std::uint32_t expires = environment_.Resolve(id, {"expires"}).index;
  for (const int ms : {0, 100}) registry_->Tick(At(ms));
  registry_->LetGo(environment_.shard(), id, expires);
  for (const int ms : {200, 300, 400}) registry_->Tick(At(ms));
  ASSERT_EQ(Read().expired, 3);

  double* idle = environment_.Bind(id, {"idle"});
  AddToCell(idle, 5);
  environment_.Resolve(id, {"live"});
  AddToCell(environment_.Bind(id, {"overflows"}), 7);
  for (const int ms : {500, 600}) registry_->Tick(At(ms));
  EXPECT_EQ(Read().expired, 3 + 5);
  Must(registry_->Reset(id));
  EXPECT_EQ(AccountsOf(Read()).live, 0);
  EXPECT_EQ(Read().expired, 3);
  EXPECT_EQ(Read().idle_series, 2u) << "a reset is no recording";
  registry_->Tick(At(700));
  EXPECT_EQ(Read().idle_series, 2u);
  AddToCell(idle, 1);
  registry_->Tick(At(800));
  EXPECT_EQ(ValueOf(Read(), "idle"), 1);
}

// As much between any two looks, and a reset between them: it reads the same each time.
TEST_F(SeriesReset, DoesNotMakeAnActiveSeriesIdle) {
  const MetricId counter = Define(CounterOf("c"), 100);
  const MetricId histogram = Define(ExplicitOf("h", {1}), 100);
  const auto metric = registry_->Find(histogram);
  double* cell = environment_.Bind(counter, {"x"});
  const ResolvedSeries observed = environment_.Resolve(histogram, {"x"});
  for (int ms = 0; ms < 1000; ms += 25) {
    AddToCell(cell, 5);
    environment_.ObserveExplicit(*metric, observed, 0.5);
    registry_->Tick(At(ms));
    EXPECT_EQ(ValueOf(Read("c"), "x"), 5) << ms;
    EXPECT_EQ(AccountsOf(Read("h")).live, 1) << ms;
    for (const MetricId id : {counter, histogram}) Must(registry_->Reset(id));
  }
}

TEST_F(SeriesReset, ItsBaselineDiesWithTheSeries) {
  for (const MetricDefinition& definition : {CounterOf("c"), ExplicitOf("h", {1})}) {
    const MetricId id = Define(definition);
    const auto record = [&](const ResolvedSeries& series, double amount) {
      double* cells = environment_.Cells(series.address);
      AddToCell(cells + (definition.bounds.empty() ? 0 : ExplicitCells::kBuckets), amount);
    };
    const ResolvedSeries old = environment_.Resolve(id, {"x"});
    record(old, 100);
    Must(registry_->Reset(id));
    Must(registry_->RemoveSeries(id, Strings{"x"}));
    environment_.CatchUp();
    const ResolvedSeries next = environment_.Resolve(id, {"y"});
    ASSERT_EQ(next.address, old.address);
    record(next, 1);
    EXPECT_EQ(AccountsOf(Read(definition.name)).Total(), 1);
  }
}

// A gauge's baseline is a stamp. What uses its cells next is set from the first stamp on.
TEST_F(SeriesReset, AGaugesBaselineDiesWithItsMetric) {
  const MetricId gauge = Define(GaugeOf("g", Aggregate::kLast));
  const CellAddress address = environment_.Resolve(gauge, {"x"}).address;
  environment_.SetGauge(address, 5);
  Must(registry_->Reset(gauge));
  registry_->Remove("g");
  environment_.CatchUp();
  const MetricId next = Define(GaugeOf("next", Aggregate::kLast));
  ASSERT_EQ(environment_.Resolve(next, {"x"}).address, address);
  StoreCell(environment_.Cells(address) + GaugeCells::kStamp, 1);
  EXPECT_EQ(ValueOf(Read("next"), "x"), 0) << "set at the first tick there ever was";
}

}  // namespace
}  // namespace nanotally
