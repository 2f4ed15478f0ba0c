// A histogram as the formats show it that know cumulative buckets with `le` boundaries alone.
//
// For an exponential histogram the boundaries are an exact subset of its own: what its definition
// asks for (classic_bounds, or those of classic_schema), by default the powers of two (for schemas
// below 0 its own, coarser boundaries). Of a whole schema the ones on either side of every
// populated bucket of any series are shown: so every series of a metric shows the same boundaries
// and sums over them stay cumulative, an outlier costs two more, and the set only ever grows. Where
// there would be more than kMaxClassicBoundaries (of a classic_schema kMaxChosenBoundaries), only
// every second one is used, or every fourth, and so on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/snapshot.h"

namespace nanotally {

inline constexpr std::size_t kMaxClassicBoundaries = 64;
inline constexpr std::size_t kMaxChosenBoundaries = ExplicitCells::kMaxBounds;

struct ClassicBoundary {
  double le;
  std::int32_t top_key;  // the highest bucket key at or below `le`; below all keys: -1
};

// Of an exponential histogram. Ascending, +Inf left out. Empty when nothing finite was observed and
// the definition names none.
std::vector<ClassicBoundary> ClassicBoundaries(const MetricSnapshot& snapshot);

// The buckets of each series of a histogram of either kind.
class ClassicView {
 public:
  // `snapshot` outlives it.
  explicit ClassicView(const MetricSnapshot& snapshot);

  // Ascending upper bounds, +Inf last.
  [[nodiscard]] std::span<const double> bounds() const { return bounds_; }

  // The cumulative counts of a series, one for each bound: NaN observations are in the last alone,
  // so it is the count of all. Valid until the next call.
  [[nodiscard]] std::span<const double> Counts(const HistogramValue& value);

  // The newest exemplar of each of the buckets, nullptr where there is none; empty where there is
  // none at all. Valid until the next call.
  [[nodiscard]] std::span<const Exemplar* const> Exemplars(const HistogramValue& value);

 private:
  void CountExponential(const HistogramValue& value);

  const Metric& metric_;
  std::vector<ClassicBoundary> boundaries_;  // exponential histograms
  std::vector<double> bounds_;
  std::vector<double> counts_;
  std::vector<const Exemplar*> exemplars_;
};

}  // namespace nanotally
