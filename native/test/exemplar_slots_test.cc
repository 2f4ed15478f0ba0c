// The exemplars of a series: which slot, what is read, and how they come into a snapshot.
#include "core/exemplar_slots.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <limits>
#include <vector>

#include "render/exposition.h"
#include "test/support/environment.h"
#include "test/support/exemplars.h"

namespace nanotally {
namespace {

constexpr TraceIds kIds{0x4bf92f3577b34da6, 0xa3ce929d0e0e4736, 0x00f067aa0ba902b7};

std::vector<double> Values(const std::vector<StoredExemplar>& exemplars) {
  std::vector<double> values;
  for (const auto& exemplar : exemplars) {
    EXPECT_TRUE(IsWhole(exemplar));
    values.push_back(exemplar.value);
  }
  return values;
}

TEST(ExemplarSlots, EmptyUntilStoredInto) {
  ExemplarSlots slots;
  EXPECT_TRUE(slots.Read().empty());
  slots.Clear();
  EXPECT_TRUE(slots.Read().empty());
}

TEST(ExemplarSlots, OnePerGroupTheLastOneAscendingByValue) {
  ExemplarSlots slots;
  slots.Store(3, WholeExemplar(30));
  slots.Store(1, WholeExemplar(70));
  slots.Store(2, WholeExemplar(10));
  EXPECT_EQ(Values(slots.Read()), (std::vector<double>{10, 30, 70}));
  slots.Store(1, WholeExemplar(20));
  EXPECT_EQ(Values(slots.Read()), (std::vector<double>{10, 20, 30}));
  slots.Store(2 + ExemplarSlots::kCount, WholeExemplar(90));
  EXPECT_EQ(Values(slots.Read()), (std::vector<double>{20, 30, 90})) << "a slot is shared";
}

TEST(ExemplarSlots, FullAndThenCleared) {
  ExemplarSlots slots;
  for (std::uint32_t group = 0; group < 100; ++group) slots.Store(group, WholeExemplar(group + 1));
  EXPECT_EQ(Values(slots.Read()).size(), ExemplarSlots::kCount);
  slots.Clear();
  EXPECT_TRUE(slots.Read().empty());
  slots.Store(5, WholeExemplar(1));
  EXPECT_EQ(Values(slots.Read()), std::vector<double>{1});
}

double UnixSeconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

struct Recorded {
  TestRegistry registry;
  MetricId id;
  Environment environment{registry.registry};
  std::uint32_t series;

  explicit Recorded(MetricDefinition definition)
      : id(registry.Define(std::move(definition))), series(environment.Resolve(id).index) {}

  void Record(double value) { ASSERT_TRUE(registry->RecordExemplar(id, series, value, kIds).ok()); }
  std::vector<Exemplar> Read() {
    return GetMetric(registry->TakeSnapshot(At(0)), "h").histograms.at(series).exemplars;
  }
  std::vector<double> ReadValues() {
    std::vector<double> values;
    for (const Exemplar& exemplar : Read()) values.push_back(exemplar.value);
    return values;
  }
};

TEST(RecordExemplar, ShowsInTheSnapshotWithItsTime) {
  Recorded histogram(ExponentialOf("h", 3));
  EXPECT_TRUE(histogram.Read().empty());
  const double before = UnixSeconds();
  histogram.Record(0.25);
  const double after = UnixSeconds();
  ASSERT_EQ(histogram.Read().size(), 1u);
  const Exemplar exemplar = histogram.Read()[0];
  EXPECT_EQ(exemplar.value, 0.25);
  EXPECT_EQ(exemplar.trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(exemplar.span_id, "00f067aa0ba902b7");
  EXPECT_GE(exemplar.unix_seconds, before - 0.001) << "it is told in milliseconds";
  EXPECT_LE(exemplar.unix_seconds, after);
}

TEST(RecordExemplar, OnePerOctaveOfAnExponentialHistogram) {
  Recorded histogram(ExponentialOf("h", 3));
  for (const double value : {1.1, 1.9, 2.5, 0.3, 100.0, 1.5}) histogram.Record(value);
  EXPECT_EQ(histogram.ReadValues(), (std::vector<double>{0.3, 1.5, 2.5, 100}));
}

TEST(RecordExemplar, SixteenOctavesHaveASlotEach) {
  Recorded histogram(ExponentialOf("h", 0));
  std::vector<double> values;
  for (int octave = -9; octave < 7; ++octave) values.push_back(std::ldexp(1.25, octave));
  for (const double value : values) histogram.Record(value);
  EXPECT_EQ(histogram.ReadValues(), values);
}

TEST(RecordExemplar, OnePerBucketOfAnExplicitHistogram) {
  Recorded histogram(ExplicitOf("h", {1, 2, 4}));
  for (const double value : {0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 6.0}) histogram.Record(value);
  EXPECT_EQ(histogram.ReadValues(), (std::vector<double>{1, 2, 3, 6})) << "bounds are inclusive";
}

TEST(RecordExemplar, ZerosAndInfinitiesButNotNaN) {
  for (const auto& definition : {ExponentialOf("h", 3), ExplicitOf("h", {-1, 1})}) {
    Recorded histogram(definition);
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    histogram.Record(std::nan(""));
    EXPECT_TRUE(histogram.Read().empty());
    histogram.Record(kInfinity);
    histogram.Record(0);
    EXPECT_EQ(histogram.ReadValues(), (std::vector<double>{0, kInfinity}));
    histogram.Record(-kInfinity);
    EXPECT_EQ(histogram.ReadValues().front(), -kInfinity);
  }
}

TEST(RecordExemplar, EachSeriesHasItsOwn) {
  TestRegistry registry;
  const MetricId id = registry.Define(ExponentialOf("h", 3, {"l"}));
  Environment environment(registry.registry);
  for (std::uint32_t i = 0; i < 3; ++i) {
    const auto series = environment.Resolve(id, {std::to_string(i)});
    ASSERT_TRUE(registry->RecordExemplar(id, series.index, i + 1, kIds).ok());
  }
  const Snapshot snapshot = registry->TakeSnapshot(At(0));
  const auto& histograms = GetMetric(snapshot, "h").histograms;
  ASSERT_EQ(histograms.size(), 3u);
  for (std::uint32_t i = 0; i < 3; ++i) {
    ASSERT_EQ(histograms[i].exemplars.size(), 1u);
    EXPECT_EQ(histograms[i].exemplars[0].value, i + 1);
  }
}

TEST(RecordExemplar, GoneWithAReset) {
  Recorded histogram(ExponentialOf("h", 3));
  histogram.Record(0.25);
  ASSERT_TRUE(histogram.registry->Reset(histogram.id).ok());
  EXPECT_TRUE(histogram.Read().empty());
  histogram.Record(0.5);
  EXPECT_EQ(histogram.ReadValues(), std::vector<double>{0.5});
}

TEST(RecordExemplar, ASeriesInTheSlotOfAnotherHasNone) {
  TestRegistry registry;
  const MetricId id = registry.Define(ExponentialOf("h", 3, {"l"}));
  Environment environment(registry.registry);
  const auto removed = environment.Resolve(id, {"a"});
  ASSERT_TRUE(registry->RecordExemplar(id, removed.index, 1, kIds).ok());
  ASSERT_TRUE(Must(registry->RemoveSeries(id, std::vector<std::string>{"a"})));
  ASSERT_EQ(environment.CatchUp(), 1u);
  const auto next = environment.Resolve(id, {"b"});
  ASSERT_EQ(next.index, removed.index) << "the slot is used anew";
  const Snapshot snapshot = registry->TakeSnapshot(At(0));
  ASSERT_EQ(GetMetric(snapshot, "h").histograms.size(), 1u);
  EXPECT_TRUE(GetMetric(snapshot, "h").histograms[0].exemplars.empty());
}

TEST(RecordExemplar, IsExposedByItsBucket) {
  Recorded histogram(ExplicitOf("h", {1, 2}));
  histogram.environment.ObserveExplicit(*histogram.registry->Find(histogram.id),
                                        histogram.environment.Resolve(histogram.id), 1.5);
  histogram.Record(1.5);
  std::string text;
  Render(histogram.registry->TakeSnapshot(At(0)), {Format::kOpenMetrics100}, text);
  const std::string line =
      "h_bucket{le=\"2.0\"} 1 # {trace_id=\"4bf92f3577b34da6a3ce929d0e0e4736\","
      "span_id=\"00f067aa0ba902b7\"} 1.5 ";
  EXPECT_NE(text.find(line), std::string::npos) << text;
}

TEST(RecordExemplar, RefusesWhatIsNoSeriesOfAHistogram) {
  TestRegistry registry;
  const MetricId counter = registry.Define(CounterOf("c"));
  const MetricId histogram = registry.Define(ExponentialOf("h", 3));
  Environment environment(registry.registry);
  environment.Bind(counter);
  environment.Bind(histogram);
  const auto code = [&](MetricId metric, std::uint32_t series) {
    return registry->RecordExemplar(metric, series, 1, kIds).code;
  };
  EXPECT_EQ(code(counter, 0), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code(histogram, 1), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code(histogram, 0), ErrorCode::kOk);
  EXPECT_EQ(code(77, 0), ErrorCode::kMetricRemoved);
  registry->Remove("h");
  EXPECT_EQ(code(histogram, 0), ErrorCode::kMetricRemoved);
}

}  // namespace
}  // namespace nanotally
