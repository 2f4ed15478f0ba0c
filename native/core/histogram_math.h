// What a histogram tells once it is read: the ranges of its buckets, its quantiles, and the sum of
// two of them. Functions of their arguments alone: any thread; they allocate, and take no lock.
#pragma once

#include <optional>
#include <vector>

#include "core/snapshot.h"
#include "core/status.h"

namespace nanotally {

// A value together with what its buckets are: those of a schema, or those of explicit bounds.
struct HistogramData {
  std::optional<int> schema;   // exponential, kMinSchema..kMaxSchema
  std::vector<double> bounds;  // explicit: ascending, finite
  HistogramValue value;
};

// The observations in (lower, upper]; for negative buckets [lower, upper); for the zero bucket, and
// for those of infinities, with both ends.
struct BucketRange {
  double lower;
  double upper;
  double count;
};

// Ascending. Exponential: the populated ones, each of which lies on one side of the zero bucket
// [-2^-128, 2^-128]; the topmost finite one ends at the largest double, and from there to infinity
// are the infinite observations alone. Explicit: all, the first from -infinity, the last to
// infinity. NaN observations are in none.
[[nodiscard]] std::vector<BucketRange> BucketRanges(const HistogramData& histogram);

// An estimate of the value that the share `q` of the observations is at or below: as Prometheus'
// histogram_quantile (promql/quantile.go), it interpolates in the bucket of that observation and
// never leaves it, exponentially between powers and linearly elsewhere. A zero bucket ends at 0
// where all else is on one side of it. Explicit buckets: the first starts at 0, or is its bound if
// that is not above 0; the last is the highest bound.
//
// NaN for a histogram without observations, for q = NaN, and for a rank among the NaN observations,
// which come after all others; -infinity for q < 0, infinity for q > 1; an infinity for a rank
// among those that an exponential histogram observed.
[[nodiscard]] double Quantile(const HistogramData& histogram, double q);

// Adds the counts and the sum of `from`, whose buckets are the same, to `into`. Exemplars stay.
void AddHistogram(HistogramValue& into, const HistogramValue& from);

// What was observed since `earlier`, which is a value of the same series of an exponential
// histogram. It has no exemplars.
[[nodiscard]] HistogramValue Since(const HistogramValue& earlier, const HistogramValue& now);

// All observations of both. Of two schemas the lower one: each of its buckets is made of whole
// ones of the higher. kHistogramMismatch for bounds that differ, or that only one of the two has.
[[nodiscard]] Result<HistogramData> MergeHistograms(HistogramData a, HistogramData b);

}  // namespace nanotally
