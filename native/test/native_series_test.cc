// One thread that records natively: every instrument equals what JavaScript's does, is merged with
// the environments' shards once, and refuses what it should.
#include "record/native_series.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "render/exposition.h"
#include "test/support/native_threads.h"

namespace nanotally {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

TEST(NativeCounter, JoinsWhatEnvironmentsRecorded) {
  NativeThreads native;
  const auto registry = native.registry();
  const MetricId id = Must(registry->Define(CounterOf("c", {"kind"}))).id;
  Environment environment(*registry);
  AddToCell(environment.Bind(id, {"a"}), 1);
  NativeSeries& a = native.Get(CounterOf("c"), {{"kind", "a"}});
  a.CounterAdd(2);
  a.CounterAdd(0.5);
  EXPECT_EQ(native.Value("c"), 3.5);
  environment.End();
  EXPECT_EQ(native.Value("c"), 3.5) << "the shard's share is retired, the native one is not";
  a.CounterAdd(1);
  EXPECT_EQ(native.Value("c"), 4.5);
}

TEST(NativeCounter, RefusesWhatIsNoIncrement) {
  NativeThreads native;
  NativeSeries& counter = native.Get(CounterOf("c"));
  for (const double bad : {kNaN, -kNaN, -1.0, -kInfinity, kInfinity}) counter.CounterAdd(bad);
  counter.CounterAdd(-0.0);
  counter.CounterAdd(std::numeric_limits<double>::denorm_min());
  EXPECT_EQ(native.Value("c"), std::numeric_limits<double>::denorm_min());
  EXPECT_EQ(native.Rejected("c", Rejection::kNotANumber), 2u);
  EXPECT_EQ(native.Rejected("c", Rejection::kNegative), 2u);
  EXPECT_EQ(native.Rejected("c", Rejection::kInfinite), 1u);
}

// include/nanotally.h promises this rounding.
TEST(NativeCounter, RoundsEachCpusSumPast2To53) {
  const PinnedToOneCpu pinned;
  NativeThreads native;
  NativeSeries& counter = native.Get(CounterOf("c"));
  counter.CounterAdd(0x1p53 - 1);
  counter.CounterAdd(1);
  EXPECT_EQ(native.Value("c"), 0x1p53);
  counter.CounterAdd(1);
  EXPECT_EQ(native.Value("c"), 0x1p53) << "a tie goes to the even neighbour";
  counter.CounterAdd(2);
  EXPECT_EQ(native.Value("c"), 0x1p53 + 2);
  counter.CounterAdd(1);
  EXPECT_EQ(native.Value("c"), 0x1p53 + 4) << "here the even neighbour is above";
}

TEST(NativeCounter, SumsOfSeveralCellsAreAddedExactly) {
  const PinnedToOneCpu pinned;
  NativeThreads native;
  const auto registry = native.registry();
  NativeSeries& counter = native.Get(CounterOf("c"));
  counter.CounterAdd(0x1p53);
  // Two other cells of the same series: 1 alone would be lost in either order of plain adds.
  const MetricId id = Must(registry->Define(CounterOf("c"))).id;
  Environment a(*registry), b(*registry);
  AddToCell(a.Bind(id), 1);
  AddToCell(b.Bind(id), 1);
  EXPECT_EQ(native.Value("c"), 0x1p53 + 2);
}

TEST(NativeGauge, IsOneParticipantAndAbsentUntilRecorded) {
  NativeThreads native;
  NativeSeries& gauge = native.Get(GaugeOf("g", Aggregate::kSum));
  EXPECT_TRUE(GetMetric(native.registry()->TakeSnapshot(At(0)), "g").series.empty());
  gauge.GaugeAdd(-2);
  EXPECT_EQ(native.Value("g"), -2);
  gauge.GaugeSet(5);
  gauge.GaugeAdd(1);
  EXPECT_EQ(native.Value("g"), 6);
  for (const double bad : {kNaN, kInfinity, -kInfinity}) gauge.GaugeAdd(bad);
  EXPECT_EQ(native.Value("g"), 6);
  EXPECT_EQ(native.Rejected("g", Rejection::kNotANumber), 1u);
  EXPECT_EQ(native.Rejected("g", Rejection::kInfinite), 2u);
  gauge.GaugeSet(-kInfinity);
  EXPECT_EQ(native.Value("g"), -kInfinity);
  gauge.GaugeSet(kNaN);
  EXPECT_TRUE(std::isnan(native.Value("g")));
}

TEST(NativeGauge, FollowsTheAggregateThatJavaScriptChose) {
  const struct {
    Aggregate aggregate;
    double expected;
  } cases[] = {{Aggregate::kSum, 12},
               {Aggregate::kMin, 2},
               {Aggregate::kMax, 10},
               {Aggregate::kAverage, 6},
               {Aggregate::kLast, 2}};
  for (const auto& [aggregate, expected] : cases) {
    NativeThreads native;
    const auto registry = native.registry();
    const MetricId id = Must(registry->Define(GaugeOf("g", aggregate))).id;
    Environment environment(*registry);
    const CellAddress address = environment.Resolve(id).address;
    NativeSeries& gauge = native.Get(GaugeOf("g", Aggregate::kSum));
    gauge.GaugeSet(10);
    registry->Tick(At(0));
    environment.SetGauge(address, 2);
    EXPECT_EQ(native.Value("g"), expected) << static_cast<int>(aggregate);
    if (aggregate != Aggregate::kLast) continue;
    registry->Tick(At(100));
    gauge.GaugeSet(7);
    EXPECT_EQ(native.Value("g"), 7) << "the native threads were last";
  }
}

// The serial oracle of a histogram is the environment's, which has tests of its own.
TEST(NativeHistogram, EqualsAnEnvironmentsHistogram) {
  for (int schema = kMinSchema; schema <= kMaxSchema; ++schema) {
    NativeThreads native;
    const auto registry = native.registry();
    const MetricId oracle = Must(registry->Define(ExponentialOf("oracle", schema))).id;
    Environment environment(*registry);
    const auto metric = registry->Find(oracle);
    const auto series = environment.Resolve(oracle);
    auto& histogram = static_cast<NativeHistogram&>(
        *Must(native.recorder.Get(Request(ExponentialOf("h", schema)))));

    std::mt19937_64 random(static_cast<std::uint64_t>(schema + 100));
    std::vector<double> values{0.0,
                               -0.0,
                               kNaN,
                               kInfinity,
                               -kInfinity,
                               1,
                               -1,
                               2,
                               kZeroThreshold,
                               -kZeroThreshold,
                               std::nextafter(kZeroThreshold, 1),
                               std::numeric_limits<double>::max(),
                               std::numeric_limits<double>::lowest(),
                               std::numeric_limits<double>::denorm_min()};
    for (int i = 0; i < 3000; ++i) {
      // Any finite double: far more blocks than the reserve has.
      const auto any = std::bit_cast<double>(random());
      values.push_back(std::isnan(any) ? 1.5 : any);
      values.push_back(std::ldexp(1 + std::generate_canonical<double, 53>(random), -20));
    }
    for (const double value : values) {
      histogram.Observe(value);
      environment.ObserveExponential(*metric, series, value);
      if (histogram.index() == 0) native.recorder.Tick();
    }
    const HistogramValue actual = native.Histogram("h");
    const HistogramValue expected = native.Histogram("oracle");
    EXPECT_EQ(actual.zero, expected.zero);
    EXPECT_EQ(actual.nan, 1);
    EXPECT_EQ(actual.positive_infinity, expected.positive_infinity);
    EXPECT_EQ(actual.negative_infinity, expected.negative_infinity);
    EXPECT_EQ(actual.Count(), static_cast<double>(values.size()));
    ASSERT_EQ(actual.buckets.size(), expected.buckets.size()) << "schema " << schema;
    for (std::size_t i = 0; i < actual.buckets.size(); ++i) {
      EXPECT_EQ(actual.buckets[i].key, expected.buckets[i].key);
      EXPECT_EQ(actual.buckets[i].count, expected.buckets[i].count);
    }
    EXPECT_EQ(native.Rejected("h", Rejection::kMemory), 0u);
  }
}

TEST(NativeHistogram, WithExplicitBuckets) {
  NativeThreads native;
  NativeHistogram& histogram = native.GetHistogram(ExplicitOf("h", {-1, 0, 2.5}));
  const double values[] = {-2, -1, -0.5, 0, 0.1, 2.5, 2.6, kInfinity, -kInfinity, kNaN};
  for (const double value : values) histogram.Observe(value);
  const HistogramValue value = native.Histogram("h");
  EXPECT_EQ(value.explicit_counts, (std::vector<double>{3, 2, 2, 2}));
  EXPECT_EQ(value.nan, 1);
  EXPECT_EQ(value.Count(), 10);
  EXPECT_TRUE(std::isnan(value.sum));
}

// JavaScript made the block; its chunk was never needed natively.
TEST(NativeHistogram, SharesBucketsWithEnvironments) {
  NativeThreads native;
  const auto registry = native.registry();
  const MetricId id = Must(registry->Define(ExponentialOf("h", 3))).id;
  NativeHistogram& histogram = native.GetHistogram(ExponentialOf("h", 3));
  Environment environment(*registry);
  const auto metric = registry->Find(id);
  const auto series = environment.Resolve(id);
  for (const double value : {1e-9, 1e-3, 1.0, 1e3, 1e9, 1e30}) {
    environment.ObserveExponential(*metric, series, value);
    histogram.Observe(value);
    environment.ObserveExponential(*metric, series, value);
  }
  const HistogramValue value = native.Histogram("h");
  EXPECT_EQ(value.buckets.size(), 6u);
  for (const BucketCount& bucket : value.buckets) EXPECT_EQ(bucket.count, 3) << bucket.key;
}

// No lock and no allocation while recording: neither the page source is asked nor, as the reserve
// shows, a block made.
TEST(NativeHistogram, LivesOffItsReserveBetweenTicks) {
  NativeThreads native;
  const auto registry = native.registry();
  NativeHistogram& histogram = native.GetHistogram(ExponentialOf("h", 3));
  const auto metric = registry->FindByName("h");
  const std::uint32_t reserve = metric->ReservedBlocks(0);
  EXPECT_EQ(reserve, 16u) << "64 octaves of 4 a block";
  const std::size_t bytes = native.pages.live_bytes();
  native.pages.on_call = [] { ADD_FAILURE() << "asked for pages"; };
  for (std::uint32_t block = 0; block < reserve; ++block)
    histogram.Observe(std::ldexp(1.1, static_cast<int>(block) * 4));
  native.pages.on_call = {};
  EXPECT_EQ(metric->ReservedBlocks(0), 0u);
  EXPECT_EQ(native.pages.live_bytes(), bytes);
  native.recorder.Tick();
  EXPECT_EQ(metric->ReservedBlocks(0), reserve);
  EXPECT_EQ(native.Histogram("h").Count(), reserve);
}

TEST(NativeHistogram, CountsWhatItHasNoMemoryFor) {
  NativeThreads native;
  NativeHistogram& histogram = native.GetHistogram(ExponentialOf("h", 8));
  native.pages.limit_bytes = native.pages.live_bytes();
  int observed = 0;
  for (int octave = -100; octave < 900; ++octave, ++observed)
    histogram.Observe(std::ldexp(1.5, octave));
  const auto dropped = native.Rejected("h", Rejection::kMemory);
  EXPECT_GT(dropped, 0u);
  EXPECT_EQ(native.Histogram("h").Count() + static_cast<double>(dropped), observed);
  native.pages.limit_bytes = std::numeric_limits<std::size_t>::max();
  histogram.Observe(std::ldexp(1.5, 899));
  EXPECT_EQ(native.Rejected("h", Rejection::kMemory), dropped) << "memory is back";
}

TEST(Recorder, GivesTheSameHandleForTheSameSeries) {
  NativeThreads native;
  NativeSeries& a = native.Get(CounterOf("c"), {{"x", "1"}, {"y", "2"}});
  EXPECT_EQ(&a, &native.Get(CounterOf("c"), {{"y", "2"}, {"x", "1"}})) << "in any order";
  EXPECT_NE(&a, &native.Get(CounterOf("c"), {{"x", "1"}, {"y", ""}}));
  a.CounterAdd(2);
  native.recorder.Release(a);
  native.recorder.Release(a);
  native.Get(CounterOf("c"), {{"x", "1"}, {"y", "2"}}).CounterAdd(3);
  EXPECT_EQ(native.Value("c", 0), 5) << "the series outlives its handles";
}

TEST(Recorder, TellsWhatDoesNotFit) {
  NativeThreads native;
  const auto registry = native.registry();
  MetricDefinition definition = CounterOf("c", {"kind", "extra"});
  definition.optional_labels = 1;
  Must(registry->Define(definition));
  const auto code = [&](MetricDefinition asked, LabelList labels) {
    const auto result = native.recorder.Get(Request(std::move(asked), std::move(labels)));
    return result.ok() ? ErrorCode::kOk : result.status().code;
  };
  EXPECT_EQ(code(CounterOf("c"), {{"kind", "a"}}), ErrorCode::kOk);
  EXPECT_EQ(code(CounterOf("c"), {{"kind", "a"}, {"extra", "b"}}), ErrorCode::kOk);
  EXPECT_EQ(code(CounterOf("c"), {}), ErrorCode::kMetricConflict);
  EXPECT_EQ(code(CounterOf("c"), {{"extra", "b"}}), ErrorCode::kMetricConflict);
  EXPECT_EQ(code(CounterOf("c"), {{"kind", "a"}, {"other", "b"}}), ErrorCode::kMetricConflict);
  EXPECT_EQ(code(GaugeOf("c", Aggregate::kSum), {{"kind", "a"}}), ErrorCode::kMetricConflict);
  EXPECT_EQ(code(ExponentialOf("c", 3), {{"kind", "a"}}), ErrorCode::kMetricConflict);
  native.pages.limit_bytes = 0;
  EXPECT_EQ(code(CounterOf("d"), {}), ErrorCode::kOk) << "its chunk is there already";
  native.pages.limit_bytes = native.pages.live_bytes();
  for (int i = 0; i < 9000; ++i) {
    const auto result = native.recorder.Get(Request(CounterOf("e" + std::to_string(i))));
    if (result.ok()) continue;
    EXPECT_EQ(result.status().code, ErrorCode::kOutOfMemory);
    return;
  }
  ADD_FAILURE() << "memory never ran out";
}

TEST(Recorder, LeadsToTheOverflowSeriesPastTheLimit) {
  NativeThreads native;
  MetricDefinition definition = CounterOf("c", {"n"});
  definition.max_series = 2;
  Must(native.registry()->Define(definition));
  for (int i = 0; i < 5; ++i) native.Get(CounterOf("c"), {{"n", std::to_string(i)}}).CounterAdd(1);
  EXPECT_EQ(native.Value("c", 0), 1);
  EXPECT_EQ(native.Value("c", 1), 1);
  EXPECT_EQ(native.Value("c", 2), 3);
}

TEST(Recorder, RecordsNothingWhenTurnedOff) {
  TestPages pages;
  Store store(pages);
  Recorder recorder(
      store, [](std::chrono::milliseconds) { ADD_FAILURE() << "nothing to tick for"; }, false);
  NativeSeries& counter = *Must(recorder.Get(Request(CounterOf("c"))));
  counter.CounterAdd(1);
  counter.CounterAdd(-1);
  NativeSeries& gauge = *Must(recorder.Get(Request(GaugeOf("g", Aggregate::kSum))));
  gauge.GaugeSet(1);
  gauge.GaugeAdd(kNaN);
  auto& histogram =
      static_cast<NativeHistogram&>(*Must(recorder.Get(Request(ExponentialOf("h", 3)))));
  histogram.Observe(1);
  for (NativeSeries* series : {&counter, &gauge, static_cast<NativeSeries*>(&histogram)})
    recorder.Release(*series);
  recorder.CountNoHandle(3);
  recorder.Tick();
  const Snapshot snapshot = store.Open("default")->TakeSnapshot(At(0));
  EXPECT_TRUE(snapshot.metrics.empty());
  for (const auto rejected : snapshot.rejected) EXPECT_EQ(rejected, 0u);
  EXPECT_EQ(pages.live_bytes(), 0u);
}

TEST(Recorder, CountsWhatHadNoHandle) {
  NativeThreads native;
  native.recorder.CountNoHandle(0);
  native.recorder.CountNoHandle(7);
  EXPECT_EQ(native.Rejected(Rejection::kNoHandle), 7u);
  std::string text;
  Render(native.registry()->TakeSnapshot(At(0)), {}, text);
  EXPECT_NE(text.find("nanotally_rejected_total{reason=\"no_handle\"} 7\n"), std::string::npos);
}

}  // namespace
}  // namespace nanotally
