// Reading one histogram of a registry: the same numbers as in a scrape, under those who record and
// whose environments end.
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "test/support/environment.h"

namespace nanotally {
namespace {

using Values = std::vector<std::string>;

TEST(ReadHistogram, SumsLiveAndEndedEnvironments) {
  TestRegistry registry;
  const auto metric = registry->Find(registry.Define(ExponentialOf("h", 3, {"a"})));
  const auto series = Must(registry.Resolve(metric->id(), Values{"x"}));
  const auto other = Must(registry.Resolve(metric->id(), Values{"y"}));
  Environment live(registry.registry);
  {
    Environment ended(registry.registry);
    for (const double value : {1.0, 2.0, -3.0, 0.0}) {
      ended.ObserveExponential(*metric, series, value);
    }
  }
  live.ObserveExponential(*metric, series, 2.0);
  live.ObserveExponential(*metric, other, 7.0);

  const HistogramValue value = Must(registry->ReadHistogram(metric->id(), series.index));
  EXPECT_EQ(value.Count(), 5);
  EXPECT_EQ(value.sum, 2);
  EXPECT_EQ(value.zero, 1);
  ASSERT_EQ(value.buckets.size(), 3u);
  const BucketCount& twos = value.buckets[1];
  EXPECT_EQ(twos.key, metric->mapping().KeyOf(2.0));
  EXPECT_EQ(twos.count, 2);

  const HistogramValue total = Must(registry->ReadHistogramTotal(metric->id()));
  EXPECT_EQ(total.Count(), 6);
  EXPECT_EQ(total.sum, 9);
  EXPECT_EQ(total.buckets.size(), 4u);
}

TEST(ReadHistogram, OfExplicitBuckets) {
  TestRegistry registry;
  const auto metric = registry->Find(registry.Define(ExplicitOf("h", {1, 2}, {"a"})));
  EXPECT_EQ(Must(registry->ReadHistogramTotal(metric->id())).explicit_counts,
            (std::vector<double>{0, 0, 0}))
      << "without any series";
  const auto x = Must(registry.Resolve(metric->id(), Values{"x"}));
  const auto y = Must(registry.Resolve(metric->id(), Values{"y"}));
  Environment environment(registry.registry);
  for (const double value : {0.5, 2.0, 9.0}) environment.ObserveExplicit(*metric, x, value);
  environment.ObserveExplicit(*metric, y, 1.5);
  EXPECT_EQ(Must(registry->ReadHistogram(metric->id(), x.index)).explicit_counts,
            (std::vector<double>{1, 1, 1}));
  EXPECT_EQ(Must(registry->ReadHistogramTotal(metric->id())).explicit_counts,
            (std::vector<double>{1, 2, 1}));
}

TEST(ReadHistogram, RefusesWhatIsNotThere) {
  TestRegistry registry;
  const MetricId histogram = registry.Define(ExponentialOf("h", 3));
  const MetricId counter = registry.Define(CounterOf("c_total"));
  Must(registry.Resolve(histogram, {}));
  Must(registry.Resolve(counter, {}));
  const auto code = [](const auto& result) { return result.status().code; };
  EXPECT_EQ(code(registry->ReadHistogram(histogram, 1)), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code(registry->ReadHistogram(counter, 0)), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code(registry->ReadHistogramTotal(counter)), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code(registry->ReadHistogram(99, 0)), ErrorCode::kMetricRemoved);
  EXPECT_EQ(code(registry->ReadHistogramTotal(99)), ErrorCode::kMetricRemoved);
  EXPECT_TRUE(registry->Remove("h"));
  EXPECT_EQ(code(registry->ReadHistogram(histogram, 0)), ErrorCode::kMetricRemoved);
  EXPECT_EQ(code(registry->ReadHistogramTotal(histogram)), ErrorCode::kMetricRemoved);
}

TEST(ReadHistogram, OfASeriesThatWasRemoved) {
  TestRegistry registry;
  const auto metric = registry->Find(registry.Define(ExponentialOf("h", 3, {"a"})));
  Environment environment(registry.registry);
  const ResolvedSeries x = environment.Resolve(metric->id(), {"x"});
  const ResolvedSeries y = environment.Resolve(metric->id(), {"y"});
  environment.ObserveExponential(*metric, x, 1);
  environment.ObserveExponential(*metric, y, 2);
  EXPECT_TRUE(Must(registry->RemoveSeries(metric->id(), Values{"x"})));
  EXPECT_EQ(registry->ReadHistogram(metric->id(), x.index).status().code,
            ErrorCode::kMetricRemoved);
  EXPECT_EQ(Must(registry->ReadHistogram(metric->id(), y.index)).Count(), 1);
  EXPECT_EQ(Must(registry->ReadHistogramTotal(metric->id())).Count(), 1);
}

TEST(ReadHistogram, AfterAReset) {
  TestRegistry registry;
  const auto metric = registry->Find(registry.Define(ExponentialOf("h", 3)));
  Environment environment(registry.registry);
  const ResolvedSeries series = environment.Resolve(metric->id());
  for (const double value : {1.0, 0.0, -8.0}) {
    environment.ObserveExponential(*metric, series, value);
  }
  Must(registry->Reset(metric->id()));
  environment.ObserveExponential(*metric, series, 1);
  const HistogramValue value = Must(registry->ReadHistogram(metric->id(), series.index));
  EXPECT_EQ(value.Count(), 1);
  EXPECT_EQ(value.sum, 1);
  EXPECT_EQ(value.buckets.size(), 1u);
}

// Counts only grow, whatever ends meanwhile, and at the end nothing is missing.
TEST(ReadHistogram, UnderWritersWhoseEnvironmentsEnd) {
  TestRegistry registry;
  const auto metric = registry->Find(registry.Define(ExponentialOf("h", 3)));
  const auto series = Must(registry.Resolve(metric->id(), {}));
  constexpr int kWriters = 2, kEnvironments = 20, kObservations = 500;
  std::atomic<int> writing{kWriters};
  std::vector<std::thread> writers;
  for (int writer = 0; writer < kWriters; ++writer) {
    writers.emplace_back([&] {
      for (int e = 0; e < kEnvironments; ++e) {
        Environment environment(registry.registry);
        for (int i = 0; i < kObservations; ++i)
          environment.ObserveExponential(*metric, series, 1 + i);
      }
      writing.fetch_sub(1);
    });
  }
  double last = 0;
  std::size_t reads = 0;
  do {
    const double count = Must(registry->ReadHistogram(metric->id(), series.index)).Count();
    EXPECT_GE(count, last);
    EXPECT_GE(Must(registry->ReadHistogramTotal(metric->id())).Count(), count);
    last = count;
    ++reads;
  } while (writing.load() > 0);
  for (auto& writer : writers) writer.join();
  EXPECT_GT(reads, 0u);
  EXPECT_EQ(Must(registry->ReadHistogram(metric->id(), series.index)).Count(),
            kWriters * kEnvironments * kObservations);
}

}  // namespace
}  // namespace nanotally
