// Ranges, quantiles and merges of histograms: by hand, against exact quantiles within the stated
// error, and against recording everything into one histogram.
#include "core/histogram_math.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "core/bucket_mapping.h"

namespace nanotally {

// For gtest, which finds them by name.
static bool operator==(const BucketRange& a, const BucketRange& b) {
  return a.lower == b.lower && a.upper == b.upper && a.count == b.count;
}
static bool operator==(const BucketCount& a, const BucketCount& b) {
  return a.key == b.key && a.count == b.count;
}

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kMax = std::numeric_limits<double>::max();

// What a histogram of that schema holds after these observations.
HistogramData Exponential(int schema, std::span<const double> observations) {
  const BucketMapping& mapping = BucketMapping::ForSchema(schema);
  HistogramData data;
  data.schema = schema;
  HistogramValue& value = data.value;
  std::map<std::int32_t, double> buckets;
  for (const double observed : observations) {
    value.sum += observed;
    if (std::isnan(observed)) {
      value.nan += 1;
    } else if (std::abs(observed) <= kZeroThreshold) {
      value.zero += 1;
    } else if (std::isinf(observed)) {
      (observed > 0 ? value.positive_infinity : value.negative_infinity) += 1;
    } else {
      buckets[mapping.KeyOf(observed)] += 1;
    }
  }
  for (const auto& [key, count] : buckets) value.buckets.push_back({key, count});
  return data;
}
HistogramData Exponential(int schema, std::initializer_list<double> observations) {
  return Exponential(schema, std::span(observations.begin(), observations.size()));
}

HistogramData Explicit(std::vector<double> bounds, std::span<const double> observations) {
  HistogramData data;
  data.bounds = std::move(bounds);
  HistogramValue& value = data.value;
  value.explicit_counts.resize(data.bounds.size() + 1);
  for (const double observed : observations) {
    value.sum += observed;
    if (std::isnan(observed)) {
      value.nan += 1;
      continue;
    }
    const auto bucket = std::lower_bound(data.bounds.begin(), data.bounds.end(), observed);
    value.explicit_counts[static_cast<std::size_t>(bucket - data.bounds.begin())] += 1;
  }
  return data;
}
HistogramData Explicit(std::vector<double> bounds, std::initializer_list<double> observations) {
  return Explicit(std::move(bounds), std::span(observations.begin(), observations.size()));
}

using Ranges = std::vector<BucketRange>;

TEST(Ranges, AscendOverBothSignsAndTheSpecialOnes) {
  const auto data =
      Exponential(0, {3, 4, -3, -1, 0, kInfinity, -kInfinity, kMax, -kMax, 1, kNaN, 0.75});
  const double top = std::ldexp(1.0, 1023);
  const Ranges expected{
      {-kInfinity, -kMax, 1},
      {-kMax, -top, 1},
      {-4, -2, 1},
      {-1, -0.5, 1},
      {-kZeroThreshold, kZeroThreshold, 1},
      {0.5, 1, 2},
      {2, 4, 2},
      {top, kMax, 1},
      {kMax, kInfinity, 1},
  };
  EXPECT_EQ(BucketRanges(data), expected);
  EXPECT_TRUE(BucketRanges(Exponential(0, {})).empty());
}

TEST(Ranges, BeginAtTheZeroThreshold) {
  for (int schema = kMinSchema; schema <= kMaxSchema; ++schema) {
    const auto ranges = BucketRanges(Exponential(schema, {std::nextafter(kZeroThreshold, 1)}));
    ASSERT_EQ(ranges.size(), 1u);
    EXPECT_EQ(ranges[0].lower, kZeroThreshold) << schema;
  }
}

TEST(Ranges, OfExplicitBucketsAreAll) {
  const Ranges expected{{-kInfinity, -1, 2}, {-1, 0, 0}, {0, 5, 1}, {5, kInfinity, 1}};
  EXPECT_EQ(BucketRanges(Explicit({-1, 0, 5}, {-1, -kInfinity, 5, kInfinity, kNaN})), expected);
}

TEST(Quantile, InterpolatesOnALogarithmicScale) {
  // All in (1, 2]: the median of the bucket is 2^0.5.
  const auto data = Exponential(0, {1.5, 1.5, 1.5, 1.5});
  EXPECT_DOUBLE_EQ(Quantile(data, 0.5), std::sqrt(2.0));
  EXPECT_DOUBLE_EQ(Quantile(data, 0.25), std::exp2(0.25));
  EXPECT_EQ(Quantile(data, 0), 1);
  EXPECT_EQ(Quantile(data, 1), 2);
  const auto negative = Exponential(0, {-1.5, -1.5, -1.5, -1.5});
  EXPECT_EQ(Quantile(negative, 0), -2);
  EXPECT_DOUBLE_EQ(Quantile(negative, 0.25), -std::exp2(0.75));
  EXPECT_DOUBLE_EQ(Quantile(negative, 0.75), -std::exp2(0.25));
  EXPECT_EQ(Quantile(negative, 1), -1);
}

TEST(Quantile, SkipsWhatIsEmptyBetweenBuckets) {
  const auto data = Exponential(0, {1, 1, 1000, 1000});
  EXPECT_LE(Quantile(data, 0.49), 1);
  // Half of the observations: any value from 1 to 1000 divides them. From 0.5 on the higher end is
  // looked at, as in Prometheus.
  EXPECT_EQ(Quantile(data, 0.5), 512);
  EXPECT_GT(Quantile(data, 0.51), 512);
}

TEST(Quantile, TakesTheZeroBucketLinearlyFromTheSideThatHasObservations) {
  EXPECT_EQ(Quantile(Exponential(3, {0, 0, 0, 0, 9}), 0.4), kZeroThreshold * 0.5);
  EXPECT_EQ(Quantile(Exponential(3, {0, 0, 0, 0, -9}), 0.6), -kZeroThreshold * 0.5);
  EXPECT_EQ(Quantile(Exponential(3, {0, 0, 0, 0, -9, 9}), 0.5), 0);
  EXPECT_EQ(Quantile(Exponential(3, {0, 0, 0, 0}), 0.25), -kZeroThreshold * 0.5);
  EXPECT_EQ(Quantile(Exponential(3, {0, 0, kInfinity}), 0), 0);
}

TEST(Quantile, OfInfiniteObservationsIsInfinite) {
  const auto data = Exponential(3, {-kInfinity, 1, 2, kInfinity});
  EXPECT_EQ(Quantile(data, 0), -kInfinity);
  EXPECT_EQ(Quantile(data, 0.2), -kInfinity);
  EXPECT_EQ(Quantile(data, 0.9), kInfinity);
  EXPECT_EQ(Quantile(data, 1), kInfinity);
  EXPECT_TRUE(std::isfinite(Quantile(data, 0.4)));
}

TEST(Quantile, NaNObservationsComeLast) {
  const auto data = Exponential(0, {4, 4, kNaN, kNaN});
  EXPECT_EQ(Quantile(data, 0), 2);
  EXPECT_DOUBLE_EQ(Quantile(data, 0.25), std::exp2(1.5));
  EXPECT_EQ(Quantile(data, 0.5), 4);
  EXPECT_TRUE(std::isnan(Quantile(data, 0.51)));
  EXPECT_TRUE(std::isnan(Quantile(data, 1)));
  EXPECT_TRUE(std::isnan(Quantile(Exponential(0, {kNaN}), 0.5)));
  EXPECT_TRUE(std::isnan(Quantile(Explicit({1, 2}, {1.5, kNaN}), 0.9)));
  EXPECT_EQ(Quantile(Explicit({1, 2}, {1.5, kNaN}), 0.25), 1.5);
}

TEST(Quantile, OfNothingOrOutOfRange) {
  for (const auto& empty : {Exponential(3, {}), Explicit({1, 2}, {})}) {
    for (const double q : {-1.0, 0.0, 0.5, 1.0, 2.0}) EXPECT_TRUE(std::isnan(Quantile(empty, q)));
  }
  for (const auto& data : {Exponential(3, {1}), Explicit({1, 2}, {1})}) {
    EXPECT_EQ(Quantile(data, -0.001), -kInfinity);
    EXPECT_EQ(Quantile(data, 1.001), kInfinity);
    EXPECT_TRUE(std::isnan(Quantile(data, kNaN)));
  }
}

TEST(Quantile, OfExplicitBuckets) {
  const auto data = Explicit({10, 20, 40}, {1, 15, 15, 30, 30, 30, 30, 100});
  EXPECT_EQ(Quantile(data, 0.0625), 5) << "the first bucket starts at 0";
  EXPECT_EQ(Quantile(data, 0.25), 15);
  EXPECT_EQ(Quantile(data, 0.625), 30);
  EXPECT_EQ(Quantile(data, 0.99), 40) << "the highest bound";
  const auto negative = Explicit({-10, 0, 10}, {-20, -20, -5, -5});
  EXPECT_EQ(Quantile(negative, 0.25), -10) << "the first bucket has no lower end";
  EXPECT_EQ(Quantile(negative, 0.75), -5);
}

// Distributions of latencies and sizes as they occur, and one that is as bad as it gets.
struct Data {
  const char* name;
  std::function<double(std::mt19937_64&, int schema)> draw;
};

double Uniform(std::mt19937_64& random, double from, double to) {
  return from + (to - from) * std::ldexp(static_cast<double>(random() >> 11), -53);
}

double LogNormal(std::mt19937_64& random, double mean, double deviation) {
  return std::lognormal_distribution<double>(mean, deviation)(random);
}

const Data kDistributions[] = {
    {"uniform", [](auto& random, int) { return Uniform(random, 0, 100); }},
    {"exponential", [](auto& random, int) { return -std::log1p(-Uniform(random, 0, 1)) / 1000; }},
    {"lognormal", [](auto& random, int) { return LogNormal(random, -6, 2); }},
    {"bimodal",
     [](auto& random, int) {
       return random() % 10 == 0 ? LogNormal(random, 3, 0.1) : LogNormal(random, -4, 0.3);
     }},
    {"constant", [](auto&, int) { return 0.0037; }},
    // Just above a boundary: the highest estimate is the whole bucket too high.
    {"least of a bucket",
     [](auto&, int schema) {
       return std::nextafter(BucketMapping::ForSchema(schema).BoundariesAround(0.0037).first, 1);
     }},
};

class EverySchema : public ::testing::TestWithParam<int> {
 protected:
  const int schema_ = GetParam();
};

TEST_P(EverySchema, QuantilesAreWithinTheStatedError) {
  constexpr std::size_t kObservations = 5'003;
  const double stated = std::exp2(std::exp2(-schema_)) - 1;
  const unsigned seed = 20251130 + static_cast<unsigned>(schema_ - kMinSchema);
  std::mt19937_64 random(seed);
  double worst = 0;
  std::size_t checked = 0;
  for (const Data& data : kDistributions) {
    for (const double sign : {1.0, -1.0}) {
      std::vector<double> values;
      for (std::size_t i = 0; i < kObservations; ++i)
        values.push_back(sign * data.draw(random, schema_));
      const HistogramData histogram = Exponential(schema_, values);
      std::sort(values.begin(), values.end());
      for (int i = 0; i <= 1000; ++i) {
        const double q = i / 1000.0;
        const double estimate = Quantile(histogram, q);
        // kObservations * q is whole for q = 0 and 1 alone, so one observation has the rank.
        const auto rank = static_cast<std::size_t>(std::ceil(q * kObservations));
        const double exact = values[std::max<std::size_t>(rank, 1) - 1];
        const double error = std::abs(estimate - exact) / std::abs(exact);
        ASSERT_LE(error, stated * (1 + 1e-12))
            << data.name << " times " << sign << ", q " << q << ": " << estimate << " for " << exact
            << ", seed " << seed;
        worst = std::max(worst, error);
        ++checked;
      }
    }
  }
  EXPECT_EQ(checked, std::size(kDistributions) * 2 * 1001);
  EXPECT_GT(worst, stated * 0.999) << "the stated error is the least that can be stated";
}

TEST_P(EverySchema, MergesEqualRecordingEverything) {
  std::mt19937_64 random(20251201 + static_cast<unsigned>(schema_ - kMinSchema));
  for (int other = kMinSchema; other <= kMaxSchema; ++other) {
    std::vector<double> all;
    std::vector<double> parts[2];
    for (int i = 0; i < 2'000; ++i) {
      const double special[] = {0.0, kInfinity, -kInfinity, kZeroThreshold, kMax};
      double value = std::trunc(LogNormal(random, 0, 10));  // so that sums are exact
      value = std::ldexp(std::fmod(value, 0x1p20) + 1, static_cast<int>(random() % 20) - 30);
      if (random() % 3 == 0) value = -value;
      if (i % 100 == 0) value = special[random() % 5];
      all.push_back(value);
      parts[random() % 2].push_back(value);
    }
    const auto merged =
        MergeHistograms(Exponential(schema_, parts[0]), Exponential(other, parts[1]));
    ASSERT_TRUE(merged.ok());
    const HistogramData expected = Exponential(std::min(schema_, other), all);
    const HistogramValue& value = merged.value().value;
    ASSERT_GT(value.buckets.size(), 5u);
    EXPECT_EQ(merged.value().schema, expected.schema);
    EXPECT_EQ(value.buckets, expected.value.buckets) << schema_ << " and " << other;
    EXPECT_EQ(value.zero, expected.value.zero);
    EXPECT_EQ(value.positive_infinity, expected.value.positive_infinity);
    EXPECT_EQ(value.negative_infinity, expected.value.negative_infinity);
    EXPECT_EQ(value.Count(), 2'000);
  }
}

INSTANTIATE_TEST_SUITE_P(Schemas, EverySchema, ::testing::Range(kMinSchema, kMaxSchema + 1),
                         [](const auto& info) {
                           return info.param < 0 ? "minus" + std::to_string(-info.param)
                                                 : std::to_string(info.param);
                         });

TEST(Merge, OfExplicitBuckets) {
  const auto merged = MergeHistograms(Explicit({1, 2}, {0.5, 2, kNaN}), Explicit({1, 2}, {2, 3}));
  ASSERT_TRUE(merged.ok());
  EXPECT_EQ(merged.value().value.explicit_counts, (std::vector<double>{1, 2, 1}));
  EXPECT_EQ(merged.value().value.nan, 1);
  EXPECT_EQ(merged.value().bounds, (std::vector<double>{1, 2}));
  EXPECT_FALSE(merged.value().schema);
  EXPECT_EQ(MergeHistograms(Explicit({1, 2}, {1.5}), Explicit({1, 2}, {3})).value().value.sum, 4.5);
}

TEST(Merge, RefusesOtherBounds) {
  for (const auto& other : {Explicit({1, 3}, {}), Explicit({1}, {}), Exponential(3, {})}) {
    for (const auto& merged : {MergeHistograms(Explicit({1, 2}, {}), other),
                               MergeHistograms(other, Explicit({1, 2}, {}))}) {
      ASSERT_FALSE(merged.ok());
      EXPECT_EQ(merged.status().code, ErrorCode::kHistogramMismatch);
    }
  }
}

TEST(Merge, WithNothingChangesNothing) {
  const auto data = Exponential(3, {1, 2, -3, kInfinity});
  for (const auto& merged :
       {MergeHistograms(data, Exponential(3, {})), MergeHistograms(Exponential(3, {}), data)}) {
    ASSERT_TRUE(merged.ok());
    EXPECT_EQ(merged.value().value.buckets, data.value.buckets);
    EXPECT_EQ(merged.value().value.Count(), 4);
    EXPECT_EQ(merged.value().value.sum, kInfinity);
  }
}

}  // namespace
}  // namespace nanotally
