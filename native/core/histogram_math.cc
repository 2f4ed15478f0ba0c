// Ranges, quantiles and merges of histograms; the contracts are in the header.
#include "core/histogram_math.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <utility>

#include "core/bucket_mapping.h"
#include "core/lower_schema.h"

namespace nanotally {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kMaxDouble = std::numeric_limits<double>::max();

// Counts without observations belong to no range.
void Append(std::vector<BucketRange>& ranges, BucketRange range) {
  if (range.count > 0) ranges.push_back(range);
}

std::vector<BucketRange> ExponentialRanges(int schema, const HistogramValue& value) {
  const BucketMapping& mapping = BucketMapping::ForSchema(schema);
  const auto range_of = [&](const BucketCount& bucket) {
    const double lower = mapping.UpperBound(bucket.key - 1);
    const double upper = std::min(mapping.UpperBound(bucket.key), kMaxDouble);
    return mapping.IsNegative(bucket.key) ? BucketRange{-upper, -lower, bucket.count}
                                          : BucketRange{lower, upper, bucket.count};
  };
  // By key the negative ones come last, ascending with the magnitude.
  const auto negative =
      std::find_if(value.buckets.begin(), value.buckets.end(),
                   [&](const BucketCount& bucket) { return mapping.IsNegative(bucket.key); });
  std::vector<BucketRange> ranges;
  ranges.reserve(value.buckets.size() + 3);
  Append(ranges, {-kInfinity, -kMaxDouble, value.negative_infinity});
  for (auto bucket = value.buckets.end(); bucket != negative;) {
    Append(ranges, range_of(*--bucket));
  }
  Append(ranges, {-kZeroThreshold, kZeroThreshold, value.zero});
  for (auto bucket = value.buckets.begin(); bucket != negative; ++bucket) {
    Append(ranges, range_of(*bucket));
  }
  Append(ranges, {kMaxDouble, kInfinity, value.positive_infinity});
  return ranges;
}

std::vector<BucketRange> ExplicitRanges(const std::vector<double>& bounds,
                                        const HistogramValue& value) {
  std::vector<BucketRange> ranges;
  ranges.reserve(bounds.size() + 1);
  double lower = -kInfinity;
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    ranges.push_back({lower, bounds[i], value.explicit_counts[i]});
    lower = bounds[i];
  }
  ranges.push_back({lower, kInfinity, value.explicit_counts[bounds.size()]});
  return ranges;
}

// The bucket that a rank lies in, and which share of its observations comes before that.
struct Position {
  BucketRange bucket;
  double fraction;
};

// The range in which the count of observations, from the first range on, comes to `rank`, and their
// count up to its end; empty when it does not.
template <typename Iterator>
std::optional<std::pair<BucketRange, double>> FindRank(Iterator range, Iterator last, double rank) {
  double count = 0;
  for (; range != last; ++range) {
    count += range->count;
    if (range->count > 0 && count >= rank) return std::pair{*range, count};
  }
  return std::nullopt;
}

// From the nearer end, as Prometheus does; NaN observations have the ranks past the highest range.
std::optional<Position> PositionOf(const std::vector<BucketRange>& ranges, double q, double count,
                                   bool any_nan) {
  if (q < 0.5 || any_nan) {
    const double rank = q * count;
    const auto found = FindRank(ranges.begin(), ranges.end(), rank);
    if (!found) return std::nullopt;
    const auto& [bucket, upto] = *found;
    return Position{bucket, (rank - (upto - bucket.count)) / bucket.count};
  }
  const double rank = (1 - q) * count;
  const auto found = FindRank(ranges.rbegin(), ranges.rend(), rank);
  if (!found) return std::nullopt;
  const auto& [bucket, upto] = *found;
  return Position{bucket, (upto - rank) / bucket.count};
}

double InterpolateLinearly(const Position& at) {
  return at.bucket.lower + (at.bucket.upper - at.bucket.lower) * at.fraction;
}

// Neither bound is 0, and both have the same sign.
double InterpolateExponentially(const Position& at) {
  const double lower = std::log2(std::abs(at.bucket.lower));
  const double upper = std::log2(std::abs(at.bucket.upper));
  const double magnitude = std::exp2(lower + (upper - lower) * at.fraction);
  return at.bucket.lower > 0 ? magnitude : -magnitude;
}

double EstimateExponential(const std::vector<BucketRange>& ranges, Position at) {
  if (std::isinf(at.bucket.lower)) return at.bucket.lower;
  if (std::isinf(at.bucket.upper)) return at.bucket.upper;
  const bool is_zero = at.bucket.lower < 0 && at.bucket.upper > 0;
  if (!is_zero) {
    // Rounding in the logarithms must not lead out of the bucket.
    return std::clamp(InterpolateExponentially(at), at.bucket.lower, at.bucket.upper);
  }
  const bool any_negative = ranges.front().lower < at.bucket.lower;
  const bool any_positive = ranges.back().upper > at.bucket.upper;
  if (any_positive && !any_negative) at.bucket.lower = 0;
  if (any_negative && !any_positive) at.bucket.upper = 0;
  return InterpolateLinearly(at);
}

double EstimateExplicit(Position at) {
  if (std::isinf(at.bucket.upper)) return at.bucket.lower;
  if (std::isinf(at.bucket.lower)) {
    if (at.bucket.upper <= 0) return at.bucket.upper;
    at.bucket.lower = 0;
  }
  return std::clamp(InterpolateLinearly(at), at.bucket.lower, at.bucket.upper);
}

}  // namespace

std::vector<BucketRange> BucketRanges(const HistogramData& histogram) {
  return histogram.schema ? ExponentialRanges(*histogram.schema, histogram.value)
                          : ExplicitRanges(histogram.bounds, histogram.value);
}

double Quantile(const HistogramData& histogram, double q) {
  const double count = histogram.value.Count();
  if (count == 0 || std::isnan(q)) return kNaN;
  if (q < 0) return -kInfinity;
  if (q > 1) return kInfinity;
  const std::vector<BucketRange> ranges = BucketRanges(histogram);
  const auto at = PositionOf(ranges, q, count, histogram.value.nan > 0);
  if (!at) return kNaN;
  return histogram.schema ? EstimateExponential(ranges, *at) : EstimateExplicit(*at);
}

void AddHistogram(HistogramValue& into, const HistogramValue& from) {
  into.sum += from.sum;
  into.nan += from.nan;
  into.zero += from.zero;
  into.positive_infinity += from.positive_infinity;
  into.negative_infinity += from.negative_infinity;
  if (into.explicit_counts.size() < from.explicit_counts.size()) {
    into.explicit_counts.resize(from.explicit_counts.size());
  }
  for (std::size_t i = 0; i < from.explicit_counts.size(); ++i) {
    into.explicit_counts[i] += from.explicit_counts[i];
  }

  std::vector<BucketCount> buckets;
  buckets.reserve(into.buckets.size() + from.buckets.size());
  std::merge(into.buckets.begin(), into.buckets.end(), from.buckets.begin(), from.buckets.end(),
             std::back_inserter(buckets),
             [](const BucketCount& a, const BucketCount& b) { return a.key < b.key; });
  into.buckets.clear();
  for (const BucketCount& bucket : buckets) {
    if (!into.buckets.empty() && into.buckets.back().key == bucket.key) {
      into.buckets.back().count += bucket.count;
    } else {
      into.buckets.push_back(bucket);
    }
  }
}

HistogramValue Since(const HistogramValue& earlier, const HistogramValue& now) {
  HistogramValue since;
  since.sum = now.sum - earlier.sum;
  since.nan = now.nan - earlier.nan;
  since.zero = now.zero - earlier.zero;
  since.positive_infinity = now.positive_infinity - earlier.positive_infinity;
  since.negative_infinity = now.negative_infinity - earlier.negative_infinity;
  auto before = earlier.buckets.begin();
  for (const BucketCount& bucket : now.buckets) {
    while (before != earlier.buckets.end() && before->key < bucket.key) ++before;
    const bool was_there = before != earlier.buckets.end() && before->key == bucket.key;
    const double count = bucket.count - (was_there ? before->count : 0);
    if (count > 0) since.buckets.push_back({bucket.key, count});
  }
  return since;
}

Result<HistogramData> MergeHistograms(HistogramData a, HistogramData b) {
  if (a.schema.has_value() != b.schema.has_value() || a.bounds != b.bounds) {
    return Status{ErrorCode::kHistogramMismatch,
                  "histograms with explicit buckets merge only with the same buckets"};
  }
  if (a.schema) {
    const int schema = std::min(*a.schema, *b.schema);
    for (HistogramData* histogram : {&a, &b}) {
      histogram->value.buckets = LowerSchema(histogram->value.buckets, *histogram->schema, schema);
      histogram->schema = schema;
    }
  }
  AddHistogram(a.value, b.value);
  return a;
}

}  // namespace nanotally
