// The choice of `le` boundaries; the rule is in the header.
#include "render/classic_buckets.h"

#include <bitset>
#include <cmath>
#include <cstdint>
#include <set>

namespace nanotally {
namespace {

// floor(a / b) for b > 0.
std::int32_t FloorDivide(std::int32_t a, std::int32_t b) { return a / b - (a % b < 0 ? 1 : 0); }

// One unit is an octave, or for schemas below 0 a bucket. Unit u covers (2^u, 2^(u+1)] in octaves:
// finite magnitudes above the zero threshold lie in units -128..1023.
constexpr std::int32_t kLowestUnit = -128;
using PopulatedUnits = std::bitset<1152>;

// The boundaries around populated units, in units, none but multiples of `step`.
std::set<std::int32_t> BoundariesAround(const PopulatedUnits& populated, std::int32_t step) {
  std::set<std::int32_t> boundaries;
  for (std::size_t i = 0; i < populated.size(); ++i) {
    if (!populated[i]) continue;
    const std::int32_t below = FloorDivide(static_cast<std::int32_t>(i) + kLowestUnit, step) * step;
    boundaries.insert(below);
    boundaries.insert(below + step);
  }
  return boundaries;
}

}  // namespace

std::vector<ClassicBoundary> ClassicBoundaries(const MetricSnapshot& snapshot) {
  const BucketMapping& mapping = snapshot.metric->mapping();
  const std::int32_t buckets_per_unit = mapping.schema() > 0 ? 1 << mapping.schema() : 1;
  PopulatedUnits populated;
  bool any_at_or_below_zero = false;
  for (const HistogramValue& value : snapshot.histograms) {
    any_at_or_below_zero |= value.zero > 0;
    for (const BucketCount& bucket : value.buckets) {
      if (mapping.IsNegative(bucket.key)) {
        any_at_or_below_zero = true;
      } else {
        populated.set(FloorDivide(mapping.IndexOf(bucket.key) - 1, buckets_per_unit) - kLowestUnit);
      }
    }
  }
  if (populated.none()) {
    if (any_at_or_below_zero) return {{kZeroThreshold, -1}};
    return {};
  }
  std::int32_t step = 1;
  auto units = BoundariesAround(populated, step);
  while (units.size() > kMaxClassicBoundaries) units = BoundariesAround(populated, step *= 2);

  std::vector<ClassicBoundary> boundaries;
  for (const std::int32_t unit : units) {
    const std::int32_t key = mapping.KeyOfIndex(unit * buckets_per_unit);
    const double le = mapping.UpperBound(key);
    if (std::isfinite(le)) boundaries.push_back({le, key});
  }
  return boundaries;
}

}  // namespace nanotally
