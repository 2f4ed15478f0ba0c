// The removal and the idle expiry of series: what shows at once, when slots and cells are used
// anew, and that live, idle and expired together are what was recorded.
#include "test/support/series_life.h"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace nanotally {
namespace {

using Strings = std::vector<std::string>;

constexpr std::int64_t kTimeoutMs = 100;

class SeriesLife : public ::testing::Test {
 protected:
  // Of the counter "c" as a snapshot shows it.
  MetricSnapshot Read() { return GetMetric(registry_->TakeSnapshot(At(0)), "c"); }
  bool Remove(const std::string& series) {
    return Must(registry_->RemoveSeries(id_, Strings{series}));
  }
  void DefineIdling(std::uint32_t max_series = 10) {
    id_ = registry_.Define(Limited(CounterOf("c"), max_series, kTimeoutMs));
  }
  // Lets `looks` looks pass, a quarter of the timeout each.
  void Pass(int looks) {
    for (int i = 0; i < looks; ++i) registry_->Tick(At(now_ms_ += kTimeoutMs / IdleWatch::kLooks));
  }
  // Until what is not recorded into is hidden.
  void PassTimeout() { Pass(IdleWatch::kLooks + 1); }
  // Until what nobody holds has expired and its slot is free.
  void PassExpiry() {
    PassTimeout();
    Pass(3);
  }

  TestRegistry registry_;
  MetricId id_ = 0;
  std::int64_t now_ms_ = 0;
  Environment first_{registry_.registry};
  Environment second_{registry_.registry};
};

TEST_F(SeriesLife, ARemovedSeriesIsGoneAtOnceAndOthersStay) {
  id_ = registry_.Define(Limited(CounterOf("c"), 10));
  AddToCell(first_.Bind(id_, {"x"}), 5);
  AddToCell(second_.Bind(id_, {"x"}), 6);
  AddToCell(first_.Bind(id_, {"y"}), 7);
  EXPECT_TRUE(Remove("x"));
  EXPECT_FALSE(Remove("x"));
  EXPECT_FALSE(Remove("never resolved"));
  EXPECT_FALSE(Must(registry_->RemoveSeries(id_, Strings{"too", "many"})));
  const MetricSnapshot metric = Read();
  EXPECT_EQ(ValueOf(metric, "x"), std::nullopt);
  EXPECT_EQ(ValueOf(metric, "y"), 7);
  EXPECT_EQ(metric.waiting_series, 1u);
  EXPECT_EQ(metric.expired, 0) << "what is removed is gone";
  registry_->Remove("c");
  EXPECT_EQ(registry_->RemoveSeries(id_, Strings{"y"}).status().code, ErrorCode::kMetricRemoved);
  EXPECT_EQ(registry_->Clear(id_).status().code, ErrorCode::kMetricRemoved);
  EXPECT_EQ(registry_->Reset(id_).code, ErrorCode::kMetricRemoved);
}

TEST_F(SeriesLife, WhatReturnsIsANewSeriesBesideTheOld) {
  id_ = registry_.Define(Limited(CounterOf("c"), 10));
  const ResolvedSeries old = first_.Resolve(id_, {"x"});
  AddToCell(first_.Cells(old.address), 5);
  const double created = Read().series.at(0).created;
  Remove("x");
  const ResolvedSeries anew = first_.Resolve(id_, {"x"});
  EXPECT_NE(anew.index, old.index);
  EXPECT_NE(anew.address, old.address);
  AddToCell(first_.Cells(old.address), 100);  // through the handle that is not redirected yet
  EXPECT_EQ(ValueOf(Read(), "x"), 0);
  EXPECT_GE(Read().series.at(0).created, created);
  AddToCell(first_.Cells(anew.address), 1);
  EXPECT_EQ(ValueOf(Read(), "x"), 1);
}

TEST_F(SeriesLife, RecordersAreToldWhatWasRemoved) {
  MetricDefinition definition = CounterOf("c", {"a", "b"});
  definition.max_series = 1;
  id_ = registry_.Define(definition);
  int calls = 0;
  registry_->OnRemoval([&] { ++calls; });
  const Strings worst = {"quote\" slash\\ line\n", ""};
  const ResolvedSeries series = first_.Resolve(id_, worst);
  const ResolvedSeries overflow = first_.Resolve(id_, {"other", "y"});
  ASSERT_TRUE(overflow.overflow);
  Must(registry_->RemoveSeries(id_, worst));
  EXPECT_EQ(Must(registry_->Clear(id_)), 1u) << "the overflow series";
  EXPECT_EQ(calls, 2);
  EXPECT_TRUE(registry_->Tick(At(0))) << "there is news";
  EXPECT_FALSE(registry_->Tick(At(1)));
  const auto removals = registry_->PendingRemovals(first_.shard());
  ASSERT_EQ(removals.size(), 2u);
  EXPECT_EQ(removals[0].metric, id_);
  EXPECT_EQ(removals[0].series, series.index);
  EXPECT_EQ(removals[0].values, worst);
  EXPECT_EQ(removals[1].series, overflow.index);
  EXPECT_TRUE(removals[1].values.empty());
  EXPECT_TRUE(registry_->PendingRemovals(second_.shard()).empty()) << "it never held them";
}

TEST_F(SeriesLife, SlotAndCellsWaitForEveryHolderAndEverySnapshot) {
  id_ = registry_.Define(Limited(CounterOf("c"), 1));
  const CellAddress address = first_.Resolve(id_, {"x"}).address;
  for (Environment* environment : {&first_, &second_}) AddToCell(environment->Bind(id_, {"x"}), 5);
  {
    Environment ended(registry_.registry);
    AddToCell(ended.Bind(id_, {"x"}), 5);
  }
  Environment never(registry_.registry);  // does not hold it
  const auto is_reused = [&] { return !never.Resolve(id_, {"y"}).overflow; };
  Snapshot names = registry_->TakeSnapshot(At(0));
  Remove("x");
  EXPECT_FALSE(is_reused()) << "nobody has acknowledged";
  EXPECT_EQ(first_.CatchUp(), 1u);
  EXPECT_FALSE(is_reused()) << "one has";
  AddToCell(second_.Cells(address), 1);  // the other may still record
  EXPECT_EQ(second_.CatchUp(), 1u);
  EXPECT_FALSE(is_reused()) << "a snapshot names it";
  EXPECT_EQ(GetMetric(names, "c").series.at(0).labels, "s=\"x\"");
  names = Snapshot();
  EXPECT_TRUE(is_reused());
  EXPECT_EQ(never.Resolve(id_, {"y"}).address, address);
  EXPECT_EQ(ValueOf(Read(), "y"), 0) << "zero in the shards and in the retired totals";
  for (Environment* environment : {&first_, &second_, &never})
    EXPECT_EQ(*environment->Cells(address), 0);
}

TEST_F(SeriesLife, ALaterSnapshotDelaysNothing) {
  id_ = registry_.Define(Limited(CounterOf("c"), 1));
  const CellAddress address = first_.Resolve(id_, {"x"}).address;
  Remove("x");
  const Snapshot later = registry_->TakeSnapshot(At(0));
  first_.CatchUp();
  EXPECT_EQ(second_.Resolve(id_, {"y"}).address, address);
}

// One who let go of an idle series left its share in its cells; they are zeroed with the rest.
TEST_F(SeriesLife, ARemovedSeriesTakesTheSharesOfFormerHoldersAlong) {
  DefineIdling(1);
  const CellAddress address = first_.Resolve(id_, {"x"}).address;
  AddToCell(first_.Cells(address), 5);
  AddToCell(second_.Bind(id_, {"x"}), 6);
  PassTimeout();
  EXPECT_EQ(LetGoOfIdle(registry_.registry, first_), 1u);
  AddToCell(second_.Cells(address), 1);
  Pass(1);
  EXPECT_EQ(ValueOf(Read(), "x"), 12);
  Remove("x");
  EXPECT_EQ(first_.CatchUp(), 0u);
  EXPECT_EQ(second_.CatchUp(), 1u);
  EXPECT_EQ(first_.Resolve(id_, {"y"}).address, address);
  EXPECT_EQ(ValueOf(Read(), "y"), 0);
}

TEST_F(SeriesLife, ClearEndsTheOverflowSeriesToo) {
  id_ = registry_.Define(Limited(CounterOf("c"), 3));
  for (int i = 0; i < 10; ++i) AddToCell(first_.Bind(id_, {std::to_string(i)}), 1);
  EXPECT_EQ(Read().series.size(), 4u);
  EXPECT_EQ(Must(registry_->Clear(id_)), 4u);
  EXPECT_EQ(Must(registry_->Clear(id_)), 0u);
  EXPECT_TRUE(Read().series.empty());
  EXPECT_EQ(Read().waiting_series, 4u);
  EXPECT_TRUE(first_.Resolve(id_, {"0"}).overflow) << "waiting slots count";
  first_.CatchUp();
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(first_.Resolve(id_, {std::to_string(i)}).overflow);
  EXPECT_TRUE(first_.Resolve(id_, {"3"}).overflow);
  for (const double value : Read().values) EXPECT_EQ(value, 0);
}

TEST_F(SeriesLife, AMetricIsRemovedWhileItsSeriesWait) {
  DefineIdling(3);
  AddToCell(first_.Bind(id_, {"removed"}), 1);
  AddToCell(first_.Bind(id_, {"idle"}), 1);
  PassTimeout();
  AddToCell(first_.Bind(id_, {"live"}), 1);
  Remove("removed");
  registry_->Remove("c");
  EXPECT_TRUE(registry_->TakeIdle(first_.shard()).empty()) << "its metric is gone";
  EXPECT_EQ(first_.CatchUp(), 2u) << "the series, then the metric";
  second_.CatchUp();
  const MetricId next = registry_.Define(Limited(CounterOf("next"), 3));
  for (const char* series : {"a", "b", "c"}) {
    const CellAddress address = second_.Resolve(next, {series}).address;
    EXPECT_LT(OffsetOf(address), kFirstFreeCell + 3) << "the old cells";
    EXPECT_EQ(*first_.Cells(address), 0);
  }
}

TEST_F(SeriesLife, ASlotsNextSeriesShowsNoExemplarAndNoBucketOfTheLast) {
  const MetricId id = registry_.Define(Limited(ExponentialOf("h", 3), 1));
  const auto metric = registry_->Find(id);
  const ResolvedSeries old = first_.Resolve(id, {"x"});
  for (const double value : {1e-6, 1.0, 1e6, 0.0}) first_.ObserveExponential(*metric, old, value);
  Must(registry_->RecordExemplar(id, old.index, 1.0, TraceIds{1, 2, 3}));
  const auto read = [&] { return GetMetric(registry_->TakeSnapshot(At(0)), "h").histograms.at(0); };
  EXPECT_EQ(read().Count(), 4);
  EXPECT_EQ(read().exemplars.size(), 1u);
  Must(registry_->RemoveSeries(id, Strings{"x"}));
  // In flight while it is removed, and late.
  Must(registry_->RecordExemplar(id, old.index, 2.0, TraceIds{1, 2, 3}));
  first_.CatchUp();
  const ResolvedSeries next = second_.Resolve(id, {"y"});
  ASSERT_EQ(next.index, old.index);
  metric->series()[next.index].ForEachBlock([](const Block& block) {
    ADD_FAILURE() << "a block of cells that are free: " << block.number;
  });
  EXPECT_EQ(read().Count(), 0);
  EXPECT_EQ(read().sum, 0);
  EXPECT_TRUE(read().buckets.empty());
  EXPECT_TRUE(read().exemplars.empty());
}

TEST_F(SeriesLife, HidesAfterTheTimeoutAndComesBackWithItsValue) {
  DefineIdling();
  double* held = first_.Bind(id_, {"x"});
  AddToCell(held, 5);
  Pass(1);
  const double created = Read().series.at(0).created;
  Pass(IdleWatch::kLooks - 1);
  EXPECT_EQ(ValueOf(Read(), "x"), 5) << "not yet";
  Pass(1);
  EXPECT_EQ(ValueOf(Read(), "x"), std::nullopt);
  EXPECT_EQ(Read().idle_series, 1u);
  EXPECT_EQ(Read().expired, 5);
  AddToCell(held, 2);
  EXPECT_EQ(Read().expired, 7) << "accounted for before a tick has seen it";
  Pass(1);
  EXPECT_EQ(ValueOf(Read(), "x"), 7);
  EXPECT_EQ(Read().series.at(0).created, created);
  EXPECT_EQ(Read().expired, 0);
  PassExpiry();
  EXPECT_EQ(Read().idle_series, 1u) << "it is held, however long";
  EXPECT_EQ(first_.Bind(id_, {"x"}), held) << "a lookup finds it";
  EXPECT_EQ(ValueOf(Read(), "x"), 7) << "and shows it at once";
  Pass(IdleWatch::kLooks);
  EXPECT_EQ(ValueOf(Read(), "x"), 7) << "a lookup counts as a recording does";
  Pass(1);
  EXPECT_EQ(ValueOf(Read(), "x"), std::nullopt);
}

TEST_F(SeriesLife, HoldersAreAskedOnceToLetGo) {
  DefineIdling();
  const std::uint32_t index = first_.Resolve(id_, {"x"}).index;
  PassTimeout();
  EXPECT_TRUE(registry_->TakeIdle(second_.shard()).empty());
  const auto idle = registry_->TakeIdle(first_.shard());
  ASSERT_EQ(idle.size(), 1u);
  EXPECT_EQ(idle[0].metric, id_);
  EXPECT_EQ(idle[0].series, index);
  EXPECT_EQ(idle[0].values, Strings{"x"});
  EXPECT_TRUE(registry_->TakeIdle(first_.shard()).empty());
  PassTimeout();
  EXPECT_TRUE(registry_->TakeIdle(first_.shard()).empty()) << "it is idle still";
  // Asked, but before it answers the series is live again.
  first_.Resolve(id_, {"x"});
  PassTimeout();
  first_.Resolve(id_, {"x"});
  EXPECT_TRUE(registry_->TakeIdle(first_.shard()).empty());
}

TEST_F(SeriesLife, ExpiresOnceNobodyHoldsItAtTwoLooks) {
  DefineIdling(1);
  const CellAddress address = first_.Resolve(id_, {"x"}).address;
  AddToCell(first_.Cells(address), 5);
  AddToCell(second_.Bind(id_, {"x"}), 6);
  PassTimeout();
  EXPECT_EQ(LetGoOfIdle(registry_.registry, first_), 1u);
  Pass(5);
  EXPECT_EQ(Read().idle_series, 1u) << "the second holds it";
  EXPECT_TRUE(first_.Resolve(id_, {"y"}).overflow) << "an idle slot counts";
  EXPECT_EQ(LetGoOfIdle(registry_.registry, second_), 1u);
  Pass(1);
  EXPECT_EQ(Read().idle_series, 1u) << "one look";
  Pass(1);
  EXPECT_EQ(Read().waiting_series, 1u) << "two";
  EXPECT_EQ(Read().expired, 11);
  const Snapshot pin = registry_->TakeSnapshot(At(0));
  EXPECT_EQ(first_.Resolve(id_, {"x"}).address, address) << "the label set begins a new life";
  EXPECT_EQ(ValueOf(Read(), "x"), 0);
  EXPECT_EQ(Read().expired, 11) << "the count stays with its metric";
}

TEST_F(SeriesLife, ARecordingBetweenTheTwoLooksBringsItBack) {
  DefineIdling();
  double* held = first_.Bind(id_, {"x"});
  AddToCell(held, 5);
  PassTimeout();
  Pass(1);
  AddToCell(held, 1);  // and then its user drops the handle
  LetGoOfIdle(registry_.registry, first_);
  Pass(1);
  EXPECT_EQ(ValueOf(Read(), "x"), 6);
  PassExpiry();
  EXPECT_EQ(Read().expired, 6);
  EXPECT_EQ(Read().idle_series + Read().waiting_series, 0u);
}

TEST_F(SeriesLife, EndedEnvironmentsHaveLetGo) {
  DefineIdling();
  for (Environment* environment : {&first_, &second_}) AddToCell(environment->Bind(id_, {"x"}), 5);
  first_.End();
  PassTimeout();
  Pass(2);
  second_.End();
  EXPECT_EQ(Read().idle_series, 1u);
  EXPECT_EQ(AccountsOf(Read()).Total(), 10);
  Pass(3);
  EXPECT_EQ(Read().idle_series + Read().waiting_series, 0u);
  EXPECT_EQ(Read().expired, 10);
}

TEST_F(SeriesLife, AnEnvironmentEndsInEveryStateAndNothingIsLost) {
  for (int looks = 0; looks < 12; ++looks) {
    TestRegistry registry;
    const MetricId id = registry.Define(Limited(CounterOf("c"), 2, kTimeoutMs));
    auto ending = std::make_unique<Environment>(registry.registry);
    Environment other(registry.registry);
    AddToCell(ending->Bind(id, {"x"}), 5);
    AddToCell(other.Bind(id, {"x"}), 6);
    const auto read = [&] { return GetMetric(registry->TakeSnapshot(At(0)), "c"); };
    for (int i = 0; i < looks; ++i) {
      registry->Tick(At(i * 25));
      if (i == 5) LetGoOfIdle(registry.registry, other);
      if (i == 6) LetGoOfIdle(registry.registry, *ending);
      ASSERT_EQ(AccountsOf(read()).Total(), 11) << i;
    }
    ending.reset();
    EXPECT_EQ(AccountsOf(read()).Total(), 11) << "after " << looks << " looks";
    for (int i = looks; i < 20; ++i) {
      registry->Tick(At(i * 25));
      LetGoOfIdle(registry.registry, other);
      ASSERT_EQ(AccountsOf(read()).Total(), 11) << i;
    }
    EXPECT_EQ(read().expired, 11);
  }
}

TEST_F(SeriesLife, TheOverflowSeriesAndPinnedSeriesNeverHide) {
  DefineIdling(1);
  Shard* natives = registry_->OpenShard({}, true);
  Must(registry_->Resolve(*natives, id_, Strings{"pinned"}));
  first_.Resolve(id_, {"overflows"});
  PassExpiry();
  EXPECT_EQ(Read().series.size(), 2u);
  EXPECT_TRUE(registry_->TakeIdle(*natives).empty());
  registry_->EndShard(natives);
  PassExpiry();
  EXPECT_EQ(Read().series.size(), 1u);
  EXPECT_EQ(Read().series.at(0).labels, kOverflowLabels);
}

TEST_F(SeriesLife, GaugesAreIdleByTheirStampsAndExpireToNothing) {
  const MetricId id = registry_.Define(Limited(GaugeOf("g", Aggregate::kSum), 10, kTimeoutMs));
  const CellAddress steady = first_.Resolve(id, {"steady"}).address;
  const CellAddress idle = first_.Resolve(id, {"idle"}).address;
  const auto read = [&] { return GetMetric(registry_->TakeSnapshot(At(0)), "g"); };
  first_.SetGauge(idle, 7);
  for (int i = 0; i < 10; ++i) {
    first_.SetGauge(steady, 3);  // the same value is a recording
    Pass(1);
  }
  EXPECT_EQ(ValueOf(read(), "steady"), 3);
  EXPECT_EQ(ValueOf(read(), "idle"), std::nullopt);
  EXPECT_EQ(read().idle_series, 1u);
  first_.SetGauge(idle, 7);
  first_.SetGauge(steady, 3);
  Pass(1);
  EXPECT_EQ(ValueOf(read(), "idle"), 7);
  first_.End();
  PassExpiry();
  EXPECT_TRUE(read().series.empty());
  EXPECT_EQ(read().expired, 0);
}

TEST_F(SeriesLife, HistogramsExpireByTheirObservations) {
  const MetricId id = registry_.Define(Limited(ExplicitOf("h", {1}), 1, kTimeoutMs));
  const auto metric = registry_->Find(id);
  const ResolvedSeries series = first_.Resolve(id, {"x"});
  for (const double value : {0.5, 2.0, std::nan("")})
    first_.ObserveExplicit(*metric, series, value);
  PassTimeout();
  EXPECT_EQ(GetMetric(registry_->TakeSnapshot(At(0)), "h").expired, 3);
  LetGoOfIdle(registry_.registry, first_);
  Pass(3);
  EXPECT_EQ(GetMetric(registry_->TakeSnapshot(At(0)), "h").expired, 3);
  const ResolvedSeries next = first_.Resolve(id, {"y"});
  EXPECT_EQ(next.index, series.index);
  first_.ObserveExplicit(*metric, next, 1);
  const MetricSnapshot last = GetMetric(registry_->TakeSnapshot(At(0)), "h");
  EXPECT_EQ(AccountsOf(last).Total(), 4);
  EXPECT_EQ(last.histograms.at(0).sum, 1);
}

TEST_F(SeriesLife, WithoutMemoryForItsCellsASeriesLivesAndDiesAllTheSame) {
  DefineIdling(1);
  registry_.pages.limit_bytes = 0;
  const ResolvedSeries series = first_.Resolve(id_, {"x"});
  EXPECT_EQ(registry_->EnsureChunk(first_.shard(), ChunkOf(series.address)), nullptr);
  EXPECT_EQ(ValueOf(Read(), "x"), 0);
  registry_->LetGo(first_.shard(), id_, series.index);
  PassExpiry();
  EXPECT_EQ(first_.Resolve(id_, {"y"}).index, series.index);
  Must(registry_->Reset(id_));
  EXPECT_TRUE(Remove("y"));
  first_.CatchUp();
  registry_.pages.limit_bytes = kChunkBytes;
  AddToCell(first_.Bind(id_, {"z"}), 1);
  EXPECT_EQ(ValueOf(Read(), "z"), 1);
}

// What every scrape shows equals a plain model of label sets over a small table.
TEST_F(SeriesLife, ALongRandomLifeIsConserved) {
  DefineIdling(8);
  std::mt19937_64 random(20261122);
  std::vector<std::unique_ptr<Environment>> environments(4);
  double recorded = 0;
  double removed = 0;
  int overflowed = 0;
  int expired = 0;
  for (int i = 0; i < 30'000; ++i) {
    auto& environment = environments[random() % environments.size()];
    if (environment == nullptr) environment = std::make_unique<Environment>(registry_.registry);
    const std::string label = std::to_string(random() % 12);
    switch (random() % 16) {
      case 0:
        environment.reset();
        break;
      case 1: {
        const double value = ValueOf(Read(), label).value_or(0);
        const double hidden = Read().expired;
        if (!Remove(label)) break;
        removed += value + hidden - Read().expired;  // it may have been idle
        break;
      }
      case 2:
      case 3:
      case 4:
        Pass(1);
        break;
      case 5:
      case 6:
        environment->CatchUp();
        LetGoOfIdle(registry_.registry, *environment);
        break;
      default: {
        if (random() % 4 != 0) break;
        const auto amount = static_cast<double>(1 + random() % 100);
        const ResolvedSeries series = environment->Resolve(id_, {label});
        overflowed += series.overflow ? 1 : 0;
        AddToCell(environment->Cells(series.address), amount);
        recorded += amount;
      }
    }
    const MetricSnapshot metric = Read();
    ASSERT_EQ(AccountsOf(metric).Total(), recorded - removed) << i;
    ASSERT_LE(registry_->Find(id_)->series().size(), 8u + 1u + environments.size()) << i;
    expired += metric.expired > 0 ? 1 : 0;
  }
  EXPECT_GT(overflowed, 100);
  EXPECT_GT(expired, 1000);
  EXPECT_GT(removed, 0);
}

}  // namespace
}  // namespace nanotally
