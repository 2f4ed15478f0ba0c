// Removing metrics: when their cells may be reused, that these are zero then, and that nothing of
// the old metric shows in the new one.
#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "test/support/environment.h"

namespace nanotally {
namespace {

using Strings = std::vector<std::string>;

class RemovalTest : public ::testing::Test {
 protected:
  // Defines a counter and resolves its one series.
  CellAddress NewCounter(const std::string& name) {
    return Must(registry_.Resolve(registry_.Define(CounterOf(name)), {})).address;
  }
  void Record(Environment& environment, CellAddress address, double amount) {
    AddToCell(environment.Cells(address), amount);
  }
  double ValueOf(const std::string& name) {
    return GetMetric(registry_->TakeSnapshot(At(0)), name).values.at(0);
  }

  TestRegistry registry_;
};

TEST_F(RemovalTest, ARemovedMetricIsGoneAtOnce) {
  Environment environment(registry_.registry);
  const CellAddress address = NewCounter("a");
  const MetricId id = registry_->FindByName("a")->id();
  Record(environment, address, 5);
  EXPECT_TRUE(registry_->Remove("a"));
  EXPECT_FALSE(registry_->Remove("a"));
  EXPECT_FALSE(registry_->Remove("never defined"));
  EXPECT_EQ(registry_->FindByName("a"), nullptr);
  EXPECT_EQ(registry_->Find(id), nullptr);
  EXPECT_TRUE(registry_->TakeSnapshot(At(0)).metrics.empty());
  EXPECT_EQ(registry_.Resolve(id, {}).status().code, ErrorCode::kMetricRemoved);
  // A late recording through an old handle hurts nobody.
  Record(environment, address, 1);
  EXPECT_TRUE(registry_->TakeSnapshot(At(0)).metrics.empty());
}

TEST_F(RemovalTest, TheNameCanBeAnythingAfterwards) {
  NewCounter("a");
  const MetricId first = registry_->FindByName("a")->id();
  registry_->Remove("a");
  const MetricId second = registry_.Define(ExponentialOf("a", 3));
  EXPECT_NE(second, first) << "an id is never used twice";
  registry_->Remove("a");
  registry_.Define(CounterOf("a_count"));
  registry_->Remove("a_count");
  registry_.Define(ExponentialOf("a", 3));
}

TEST_F(RemovalTest, CellsWaitForEveryEnvironmentThatWasThere) {
  Environment first(registry_.registry);
  Environment second(registry_.registry);
  const CellAddress address = NewCounter("a");
  Record(first, address, 1);
  Record(second, address, 2);
  registry_->Remove("a");
  EXPECT_NE(NewCounter("b"), address) << "nobody has acknowledged";
  EXPECT_EQ(first.CatchUp(), 1u);
  EXPECT_EQ(first.CatchUp(), 0u);
  EXPECT_NE(NewCounter("c"), address) << "one has";
  Record(second, address, 1);  // the other may still record
  EXPECT_EQ(second.CatchUp(), 1u);
  EXPECT_EQ(NewCounter("d"), address) << "all have";
  EXPECT_EQ(*first.Cells(address), 0);
  EXPECT_EQ(*second.Cells(address), 0);
  EXPECT_EQ(ValueOf("d"), 0);
  Record(second, address, 7);
  EXPECT_EQ(ValueOf("d"), 7);
}

TEST_F(RemovalTest, TheEndOfAnEnvironmentAcknowledges) {
  auto first = std::make_unique<Environment>(registry_.registry);
  Environment second(registry_.registry);
  const CellAddress address = NewCounter("a");
  Record(*first, address, 1);
  Record(second, address, 2);
  registry_->Remove("a");
  second.CatchUp();
  EXPECT_NE(NewCounter("b"), address);
  first.reset();
  EXPECT_EQ(NewCounter("c"), address);
  EXPECT_EQ(ValueOf("c"), 0) << "what the first left unacknowledged is not retired into it";
}

TEST_F(RemovalTest, EnvironmentsThatCameLaterAreNotWaitedFor) {
  Environment first(registry_.registry);
  const CellAddress address = NewCounter("a");
  Record(first, address, 1);
  registry_->Remove("a");
  Environment later(registry_.registry);
  EXPECT_EQ(later.CatchUp(), 0u);
  first.CatchUp();
  EXPECT_EQ(NewCounter("b"), address);
}

TEST_F(RemovalTest, WithoutEnvironmentsCellsAreFreeAtOnce) {
  {
    Environment worker(registry_.registry);
    Record(worker, NewCounter("a"), 5);
  }
  const CellAddress address = NewCounter("a2");
  const CellAddress removed = Must(registry_.Resolve(registry_->FindByName("a")->id(), {})).address;
  EXPECT_NE(removed, address);
  registry_->Remove("a");
  EXPECT_EQ(NewCounter("b"), removed);
  EXPECT_EQ(ValueOf("b"), 0) << "the retired 5 were the old metric's";
}

TEST_F(RemovalTest, RetiredTotalsNeverLeakIntoTheNextMetric) {
  // Some of the total is retired before the removal, some after it, some by an acknowledgement.
  auto before = std::make_unique<Environment>(registry_.registry);
  auto after = std::make_unique<Environment>(registry_.registry);
  Environment acknowledging(registry_.registry);
  const CellAddress address = NewCounter("a");
  for (Environment* environment : {before.get(), after.get(), &acknowledging}) {
    Record(*environment, address, 100);
  }
  before.reset();
  EXPECT_EQ(ValueOf("a"), 300);
  registry_->Remove("a");
  after.reset();
  acknowledging.CatchUp();
  ASSERT_EQ(NewCounter("b"), address);
  EXPECT_EQ(ValueOf("b"), 0);
  Record(acknowledging, address, 1);
  acknowledging.End();
  EXPECT_EQ(ValueOf("b"), 1);
}

TEST_F(RemovalTest, AGaugeOverACountersCellsWasNeverSet) {
  // A gauge's two cells where a histogram with one bound had its four.
  Environment environment(registry_.registry);
  const MetricId old = registry_.Define(ExplicitOf("old", {1}));
  double* cells = environment.Bind(old);
  for (int i = 0; i < 4; ++i) StoreCell(cells + i, 5);
  {
    Environment ended(registry_.registry);
    double* retired = ended.Bind(old);
    for (int i = 0; i < 4; ++i) StoreCell(retired + i, 5);
  }
  registry_->Remove("old");
  environment.CatchUp();
  const MetricId gauge = registry_.Define(GaugeOf("g", Aggregate::kAverage, OnExit::kKeep));
  ASSERT_EQ(environment.Bind(gauge), cells);
  EXPECT_TRUE(GetMetric(registry_->TakeSnapshot(At(0)), "g").series.empty());
}

TEST_F(RemovalTest, HistogramsGiveBackHeadsAndBlocks) {
  Environment environment(registry_.registry);
  const auto record = [&](const std::string& name) {
    const auto metric = registry_->Find(registry_.Define(ExponentialOf(name, 3)));
    const auto series = environment.Resolve(metric->id());
    for (double value = 1e-6; value < 1e6; value *= 1.7) {
      environment.ObserveExponential(*metric, series, value);
    }
    environment.ObserveExponential(*metric, series, 0);
    std::set<CellAddress> held;
    metric->ForEachSeries([&](std::uint32_t, const Series& one) {
      metric->ForEachRangeOf(one, [&](CellAddress address, std::uint32_t cells) {
        for (std::uint32_t i = 0; i < cells; ++i) held.insert(address + i);
      });
    });
    return held;
  };
  const auto first = record("h");
  const double count = registry_->TakeSnapshot(At(0)).metrics[0].histograms[0].Count();
  EXPECT_EQ(count, 54);
  registry_->Remove("h");
  environment.CatchUp();
  for (const CellAddress address : first) ASSERT_EQ(*environment.Cells(address), 0);
  const auto second = record("k");
  EXPECT_EQ(second, first) << "the same cells, none more";
  EXPECT_EQ(registry_->TakeSnapshot(At(0)).metrics[0].histograms[0].Count(), count);
}

TEST_F(RemovalTest, SeveralRemovalsArePendingTogether) {
  Environment environment(registry_.registry);
  std::set<CellAddress> removed;
  for (const char* name : {"a", "b", "c"}) {
    removed.insert(NewCounter(name));
    registry_->Remove(name);
  }
  EXPECT_EQ(registry_->PendingRemovals(environment.shard()).size(), 3u);
  // Acknowledging one lets go of that one only.
  const auto pending = EpochsOf(registry_->PendingRemovals(environment.shard()));
  registry_->Acknowledge(environment.shard(), std::vector<std::uint64_t>{pending[1]});
  EXPECT_EQ(registry_->PendingRemovals(environment.shard()).size(), 2u);
  EXPECT_TRUE(removed.contains(NewCounter("d")));
  EXPECT_FALSE(removed.contains(NewCounter("e")));
  environment.CatchUp();
  EXPECT_TRUE(removed.contains(NewCounter("f")));
  EXPECT_TRUE(removed.contains(NewCounter("g")));
}

TEST_F(RemovalTest, AcknowledgingAgainOrTheUnknownDoesNothing) {
  Environment first(registry_.registry);
  Environment second(registry_.registry);
  const CellAddress address = NewCounter("a");
  registry_->Remove("a");
  const auto pending = EpochsOf(registry_->PendingRemovals(first.shard()));
  for (int i = 0; i < 3; ++i) registry_->Acknowledge(first.shard(), pending);
  registry_->Acknowledge(first.shard(), std::vector<std::uint64_t>{4711});
  EXPECT_NE(NewCounter("b"), address) << "the second has not acknowledged";
  second.CatchUp();
  EXPECT_EQ(NewCounter("c"), address);
  Record(first, address, 3);
  registry_->Acknowledge(first.shard(), pending);  // very late
  EXPECT_EQ(ValueOf("c"), 3) << "the cells are another metric's by now";
}

TEST_F(RemovalTest, ClosingBuriesEverythingAndLetsGoOfItsMemory) {
  auto first = std::make_unique<Environment>(registry_.registry);
  Environment second(registry_.registry);
  for (const char* name : {"a", "b", "c"}) {
    const CellAddress address = NewCounter(name);
    Record(*first, address, 1);
    Record(second, address, 1);
  }
  registry_->Close();
  EXPECT_EQ(registry_->PendingRemovals(second.shard()).size(), 3u);
  first.reset();
  second.End();
  EXPECT_EQ(registry_.pages.live_bytes(), 0u);
  EXPECT_TRUE(registry_->TakeSnapshot(At(0)).metrics.empty());
}

// A long life of definitions, removals, beginnings and ends: what every scrape shows equals a plain
// model of it, and the addresses in use stay few.
TEST_F(RemovalTest, ALongRandomLifeEqualsItsModel) {
  std::mt19937_64 random(20251202);
  struct Modelled {
    double total = 0;
    CellAddress address = kNowhere;
  };
  std::map<std::string, Modelled> model;
  std::vector<std::unique_ptr<Environment>> environments(5);
  std::set<CellAddress> addresses;
  int removals = 0;
  for (int i = 0; i < 30'000; ++i) {
    const std::string name = "m" + std::to_string(random() % 12);
    auto& environment = environments[random() % environments.size()];
    const auto found = model.find(name);
    switch (random() % 12) {
      case 0:
        if (environment != nullptr) environment.reset();
        break;
      case 1:
        EXPECT_EQ(registry_->Remove(name), found != model.end());
        removals += found != model.end() ? 1 : 0;
        if (found != model.end()) model.erase(found);
        break;
      case 2:
        if (environment != nullptr) environment->CatchUp();
        break;
      case 3: {
        const Snapshot snapshot = registry_->TakeSnapshot(At(0));
        ASSERT_EQ(snapshot.metrics.size(), model.size());
        for (const MetricSnapshot& metric : snapshot.metrics) {
          ASSERT_EQ(metric.values.at(0), model.at(metric.metric->name()).total) << i;
        }
        break;
      }
      default: {
        if (environment == nullptr) {
          environment = std::make_unique<Environment>(registry_.registry);
        }
        environment->CatchUp();
        Modelled& modelled = model[name];
        if (modelled.address == kNowhere) {
          modelled.address = NewCounter(name);
          addresses.insert(modelled.address);
        }
        const auto amount = static_cast<double>(random() % 100);
        Record(*environment, modelled.address, amount);
        modelled.total += amount;
      }
    }
  }
  EXPECT_GT(removals, 1000);
  EXPECT_LE(addresses.size(), 200u) << "cells are reused";
}

}  // namespace
}  // namespace nanotally
