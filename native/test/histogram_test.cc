// Histograms: what is observed, live or in ended environments, is all in the merge, in its bucket.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "test/support/environment.h"
#include "test/support/exact_boundaries.h"

namespace nanotally {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kDenormal = std::numeric_limits<double>::denorm_min();

// A registry with one histogram and one series of it.
struct OneHistogram {
  explicit OneHistogram(MetricDefinition definition)
      : metric(registry->Find(registry.Define(std::move(definition)))),
        series(Must(registry.Resolve(metric->id(), {}))) {}

  void Observe(Environment& environment, double value) const {
    if (metric->IsExponential()) {
      environment.ObserveExponential(*metric, series, value);
    } else {
      environment.ObserveExplicit(*metric, series, value);
    }
  }

  HistogramValue Value() { return registry->TakeSnapshot(At(0)).metrics.at(0).histograms.at(0); }

  TestRegistry registry;
  std::shared_ptr<Metric> metric;
  ResolvedSeries series;
};

bool AreSame(const HistogramValue& a, const HistogramValue& b) {
  const auto same_bucket = [](const BucketCount& x, const BucketCount& y) {
    return x.key == y.key && x.count == y.count;
  };
  return std::bit_cast<std::uint64_t>(a.sum) == std::bit_cast<std::uint64_t>(b.sum) &&
         a.nan == b.nan && a.zero == b.zero && a.positive_infinity == b.positive_infinity &&
         a.negative_infinity == b.negative_infinity && a.explicit_counts == b.explicit_counts &&
         std::equal(a.buckets.begin(), a.buckets.end(), b.buckets.begin(), b.buckets.end(),
                    same_bucket);
}

TEST(Exponential, PutsWhatIsSpecialIntoCellsOfItsOwn) {
  OneHistogram histogram(ExponentialOf("h", 3));
  Environment environment(histogram.registry.registry);
  for (const double value :
       {0.0, -0.0, kDenormal, -kZeroThreshold, kZeroThreshold, kInfinity, kInfinity, -kInfinity}) {
    histogram.Observe(environment, value);
  }
  for (int i = 0; i < 3; ++i) histogram.Observe(environment, kNaN);
  const HistogramValue value = histogram.Value();
  EXPECT_EQ(value.zero, 5);
  EXPECT_EQ(value.positive_infinity, 2);
  EXPECT_EQ(value.negative_infinity, 1);
  EXPECT_EQ(value.nan, 3);
  EXPECT_TRUE(value.buckets.empty());
  EXPECT_TRUE(std::isnan(value.sum));
  EXPECT_EQ(value.Count(), 11) << "NaN observations are counted";
}

TEST(Exponential, BucketsAscendByKeyWhateverTheOrderOfTheirBlocks) {
  for (int schema = kMinSchema; schema <= kMaxSchema; ++schema) {
    OneHistogram histogram(ExponentialOf("h", schema));
    Environment environment(histogram.registry.registry);
    for (const double value : {1e300, 3.0, -5.0, 1e-30, 1.0, 3.0, -1e-30, 64.0, 0.5}) {
      histogram.Observe(environment, value);
    }
    const HistogramValue value = histogram.Value();
    for (std::size_t i = 1; i < value.buckets.size(); ++i) {
      EXPECT_LT(value.buckets[i - 1].key, value.buckets[i].key) << schema;
    }
    EXPECT_EQ(value.Count(), 9);
  }
}

// Equal to a serial oracle: the same observations by one thread of plain code into maps.
TEST(Exponential, EqualsAnOracleOverLiveAndEndedEnvironments) {
  for (int schema = kMinSchema; schema <= kMaxSchema; ++schema) {
    const ReferenceMapping reference(schema);
    OneHistogram histogram(ExponentialOf("h", schema));
    std::map<std::pair<bool, std::int32_t>, double> oracle;  // negative, index -> count
    double sum = 0;
    std::mt19937_64 random(20251128 + static_cast<unsigned>(schema - kMinSchema));
    std::lognormal_distribution<double> magnitude(0, 20);
    std::vector<std::unique_ptr<Environment>> environments(4);
    constexpr int kObservations = 4000;
    for (int i = 0; i < kObservations; ++i) {
      auto& environment = environments[random() % environments.size()];
      if (environment == nullptr || random() % 100 == 0) {
        environment = std::make_unique<Environment>(histogram.registry.registry);
      }
      // Few bits, so that the sum is exact whatever the order.
      double value = std::ldexp(std::trunc(std::ldexp(magnitude(random), 10)), -10);
      value = std::fmod(value, 0x1p30) + 0x1p-10;
      if (random() % 3 == 0) value = -value;
      histogram.Observe(*environment, value);
      oracle[{value < 0, reference.IndexOf(std::abs(value))}] += 1;
      sum += value;
    }
    const HistogramValue value = histogram.Value();
    EXPECT_EQ(value.Count(), kObservations);
    EXPECT_EQ(value.sum, sum);
    std::map<std::pair<bool, std::int32_t>, double> merged;
    const BucketMapping& mapping = histogram.metric->mapping();
    for (const BucketCount& bucket : value.buckets) {
      merged[{mapping.IsNegative(bucket.key), mapping.IndexOf(bucket.key)}] = bucket.count;
    }
    EXPECT_EQ(merged, oracle) << "schema " << schema;

    // Ended environments leave exactly the same behind.
    environments.clear();
    EXPECT_TRUE(AreSame(histogram.Value(), value)) << "schema " << schema;
    EXPECT_EQ(histogram.registry.pages.live_bytes(), 0u);
  }
}

TEST(Exponential, TheEndOfAnEnvironmentKeepsEveryCell) {
  OneHistogram histogram(ExponentialOf("h", 0));
  Environment environment(histogram.registry.registry);
  for (const double value : {0.0, 1.5, -1.5, kInfinity, 700.0}) {
    histogram.Observe(environment, value);
  }
  const HistogramValue before = histogram.Value();
  environment.End();
  EXPECT_TRUE(AreSame(histogram.Value(), before));
  Environment with_specials(histogram.registry.registry);
  histogram.Observe(with_specials, kNaN);
  histogram.Observe(with_specials, -kInfinity);
  with_specials.End();
  const HistogramValue after = histogram.Value();
  EXPECT_EQ(after.nan, 1);
  EXPECT_EQ(after.negative_infinity, 1);
  EXPECT_EQ(after.positive_infinity, 1);
  EXPECT_EQ(after.Count(), 7);
}

// The words behind the five cells are the recording thread's own; they look like any double.
TEST(Exponential, TheDirectoryOfTheOwningThreadIsNoPartOfTheMerge) {
  OneHistogram histogram(ExponentialOf("h", 3));
  Environment environment(histogram.registry.registry);
  histogram.Observe(environment, 2);
  double* head = environment.Cells(histogram.series.address);
  for (std::uint32_t i = ExponentialCells::kNegativeInfinity + 1; i < ExponentialCells::kCount;
       ++i) {
    StoreCell(head + i, 1e9 + i);
  }
  EXPECT_EQ(histogram.Value().Count(), 1);
  environment.End();
  EXPECT_EQ(histogram.Value().Count(), 1);
  EXPECT_EQ(histogram.Value().sum, 2);
}

TEST(Explicit, BoundsAreInclusive) {
  OneHistogram histogram(ExplicitOf("h", {-1, 0, 1, 2.5}));
  Environment environment(histogram.registry.registry);
  const std::vector<double> values = {-kInfinity,
                                      -1,
                                      std::nextafter(-1.0, 0.0),
                                      0,
                                      kDenormal,
                                      1,
                                      2.5,
                                      std::nextafter(2.5, 3.0),
                                      1e9,
                                      kInfinity,
                                      kNaN,
                                      -2.0,
                                      -0.0};
  for (const double value : values) histogram.Observe(environment, value);
  const HistogramValue value = histogram.Value();
  EXPECT_EQ(value.explicit_counts, (std::vector<double>{3, 3, 2, 1, 3}));
  EXPECT_EQ(value.nan, 1);
  EXPECT_EQ(value.Count(), static_cast<double>(values.size()));
  environment.End();
  EXPECT_TRUE(AreSame(histogram.Value(), value));
}

TEST(Explicit, EqualsAnOracleOverLiveAndEndedEnvironments) {
  const std::vector<double> bounds = {0.001, 0.01, 0.1, 1, 10};
  OneHistogram histogram(ExplicitOf("h", bounds));
  std::vector<double> counts(bounds.size() + 1);
  std::mt19937_64 random(20251129);
  std::lognormal_distribution<double> magnitude(-2, 3);
  for (int round = 0; round < 50; ++round) {
    Environment environment(histogram.registry.registry);
    for (int i = 0; i < 100; ++i) {
      const double value = magnitude(random);
      histogram.Observe(environment, value);
      counts[static_cast<std::size_t>(std::lower_bound(bounds.begin(), bounds.end(), value) -
                                      bounds.begin())] += 1;
    }
    ASSERT_EQ(histogram.Value().explicit_counts, counts);
  }
  EXPECT_EQ(histogram.Value().explicit_counts, counts) << "all have ended";
  EXPECT_EQ(histogram.Value().Count(), 5000);
}

TEST(Histogram, ASeriesThatWasOnlyResolvedIsThereWithZeros) {
  for (const auto& definition : {ExponentialOf("h", 3), ExplicitOf("h", {1})}) {
    OneHistogram histogram(definition);
    const HistogramValue value = histogram.Value();
    EXPECT_EQ(value.Count(), 0);
    EXPECT_EQ(value.sum, 0);
    EXPECT_TRUE(value.buckets.empty());
  }
}

}  // namespace
}  // namespace nanotally
