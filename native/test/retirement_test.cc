// The end of environments: what they recorded stays, exactly, whatever the order in which they end.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "test/support/environment.h"

namespace nanotally {
namespace {

double ValueOf(Registry& registry, std::string_view name) {
  return GetMetric(registry.TakeSnapshot(At(0)), name).values.at(0);
}

TEST(EndShard, FreesItsChunksAndKeepsItsTotals) {
  TestRegistry registry;
  const MetricId id = registry.Define(CounterOf("c", {"n"}));
  for (int i = 1; i <= 5; ++i) {
    Environment environment(registry.registry);
    AddToCell(environment.Bind(id, {"a"}), i);
    AddToCell(environment.Bind(id, {std::to_string(i)}), 1);
    EXPECT_EQ(registry.arena.BytesInUse(), kChunkBytes);
    environment.End();
    EXPECT_EQ(registry.arena.BytesInUse(), 0u);
  }
  const Snapshot snapshot = registry->TakeSnapshot(At(0));
  EXPECT_EQ(snapshot.metrics[0].values, (std::vector<double>{15, 1, 1, 1, 1, 1}));
}

TEST(EndShard, OfAnEnvironmentThatRecordedNothing) {
  TestRegistry registry;
  const MetricId id = registry.Define(CounterOf("c"));
  { Environment never_resolved(registry.registry); }
  {
    Environment never_recorded(registry.registry);
    never_recorded.Bind(id);
  }
  {
    Environment resolved_elsewhere(registry.registry);  // it has no chunk at all
  }
  EXPECT_EQ(ValueOf(registry.registry, "c"), 0);
  EXPECT_EQ(registry.pages.live_bytes(), 0u);
}

TEST(EndShard, TotalsSurviveTheLastEnvironmentAndJoinTheNext) {
  TestRegistry registry;
  const MetricId id = registry.Define(CounterOf("c"));
  {
    Environment worker(registry.registry);
    AddToCell(worker.Bind(id), 3);
  }
  EXPECT_EQ(ValueOf(registry.registry, "c"), 3) << "nobody is left";
  Environment next(registry.registry);
  EXPECT_EQ(registry.Define(CounterOf("c")), id);
  AddToCell(next.Bind(id), 4);
  EXPECT_EQ(ValueOf(registry.registry, "c"), 7);
}

TEST(EndShard, SeriesOfSeveralChunks) {
  TestRegistry registry;
  auto definition = CounterOf("c", {"n"});
  definition.max_series = 100'000;
  const MetricId id = registry.Define(definition);
  Environment environment(registry.registry);
  constexpr int kSeries = 3 * kCellsPerChunk;
  for (int i = 0; i < kSeries; ++i) AddToCell(environment.Bind(id, {std::to_string(i)}), i);
  EXPECT_EQ(environment.shard().chunk_count(), 4u);
  environment.End();
  const Snapshot snapshot = registry->TakeSnapshot(At(0));
  for (int i = 0; i < kSeries; ++i) {
    ASSERT_EQ(snapshot.metrics[0].values[static_cast<std::size_t>(i)], i);
  }
}

TEST(Snapshot, OutlivesItsMetricsAndEnvironments) {
  TestRegistry registry;
  const MetricId id = registry.Define(CounterOf("c", {"n"}));
  auto environment = std::make_unique<Environment>(registry.registry);
  AddToCell(environment->Bind(id, {"a"}), 3);
  const Snapshot snapshot = registry->TakeSnapshot(At(0));
  registry->Remove("c");
  environment.reset();
  registry->Close();
  EXPECT_EQ(snapshot.metrics[0].metric->name(), "c");
  EXPECT_EQ(snapshot.metrics[0].metric->series()[0].labels, R"(n="a")");
  EXPECT_EQ(snapshot.metrics[0].values[0], 3);
}

// The sum of doubles below 2^20 that are multiples of 2^-80, rounded once, by exact whole numbers.
class ExactSum {
 public:
  void Add(double value) { scaled_ += static_cast<Int128>(std::ldexp(value, 80)); }
  [[nodiscard]] double Rounded() const { return std::ldexp(static_cast<double>(scaled_), -80); }

 private:
  __extension__ using Int128 = __int128;
  Int128 scaled_ = 0;
};

// Fractional totals over many environments: a scrape before and after each end shows the same
// double, the correctly rounded sum, whatever the order. Plain adds drop by an ulp here, and
// Prometheus reads any drop as a reset.
TEST(RetiredTotals, NeverDropWhateverTheOrderOfEnds) {
  std::mt19937_64 random(20251130);
  int plain_drops = 0;
  for (int round = 0; round < 60; ++round) {
    TestRegistry registry;
    const MetricId counter = registry.Define(CounterOf("c"));
    const MetricId histogram = registry.Define(ExplicitOf("h", {1}));
    constexpr std::size_t kEnvironments = 24;
    std::vector<std::unique_ptr<Environment>> environments;
    std::vector<double> recorded;
    ExactSum exact;
    for (std::size_t i = 0; i < kEnvironments; ++i) {
      environments.push_back(std::make_unique<Environment>(registry.registry));
      double* cell = environments.back()->Bind(counter);
      double* sum = environments.back()->Bind(histogram);
      for (std::size_t n = random() % 2000; n > 0; --n) {
        AddToCell(cell, 0.1);
        AddToCell(sum + ExplicitCells::kSum, 0.1);
      }
      recorded.push_back(*cell);
      exact.Add(*cell);
    }
    const double total = exact.Rounded();
    std::vector<std::size_t> order(kEnvironments);
    std::iota(order.begin(), order.end(), 0);
    std::shuffle(order.begin(), order.end(), random);
    double plain_retired = 0;
    double plain_last = 0;
    for (std::size_t ended = 0; ended <= kEnvironments; ++ended) {
      const Snapshot snapshot = registry->TakeSnapshot(At(0));
      ASSERT_EQ(GetMetric(snapshot, "c").values[0], total) << ended << " ended, round " << round;
      ASSERT_EQ(GetMetric(snapshot, "h").histograms[0].sum, total);
      // The control: the same by plain adds, retired first, then the living in order.
      double plain = plain_retired;
      for (std::size_t i = 0; i < kEnvironments; ++i) {
        if (environments[i] != nullptr) plain += recorded[i];
      }
      plain_drops += plain < plain_last ? 1 : 0;
      plain_last = plain;
      if (ended == kEnvironments) break;
      environments[order[ended]].reset();
      plain_retired += recorded[order[ended]];
    }
  }
  EXPECT_GT(plain_drops, 10) << "the control: plain adds drop";
}

// Recording and ending interleaved: the total only ever grows.
TEST(RetiredTotals, GrowMonotonicallyAmidRecording) {
  std::mt19937_64 random(20251201);
  TestRegistry registry;
  const MetricId id = registry.Define(CounterOf("c"));
  std::vector<std::unique_ptr<Environment>> environments(8);
  constexpr double kAmounts[] = {0.1, 0.7, 1.0 / 3, 1e-9, 12345.678, 1};
  double last = 0;
  int ended = 0;
  for (int i = 0; i < 20'000; ++i) {
    auto& environment = environments[random() % environments.size()];
    if (environment == nullptr || random() % 50 == 0) {
      ended += environment != nullptr ? 1 : 0;
      environment = std::make_unique<Environment>(registry.registry);
    }
    AddToCell(environment->Bind(id), kAmounts[random() % std::size(kAmounts)]);
    const double now = ValueOf(registry.registry, "c");
    ASSERT_GE(now, last) << i;
    last = now;
  }
  EXPECT_GT(ended, 300);
}

}  // namespace
}  // namespace nanotally
