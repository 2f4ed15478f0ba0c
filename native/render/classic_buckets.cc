// The choice of `le` boundaries and the counts up to them; the rule is in the header.
#include "render/classic_buckets.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <set>

namespace nanotally {
namespace {

// floor(a / b) for b > 0.
std::int32_t FloorDivide(std::int32_t a, std::int32_t b) { return a / b - (a % b < 0 ? 1 : 0); }

// A unit is a bucket of the schema that the boundaries are taken from: unit u covers
// (base^u, base^(u+1)]. Finite magnitudes above the zero threshold lie in the octaves -128..1023,
// and for schemas below 0 in no other units.
class PopulatedUnits {
 public:
  explicit PopulatedUnits(int schema)
      : lowest_(-128 * (1 << std::max(schema, 0))),
        populated_(std::size_t{1152} << std::max(schema, 0)) {}

  void Add(std::int32_t unit) {
    populated_[static_cast<std::size_t>(unit - lowest_)] = true;
    any_ = true;
  }
  [[nodiscard]] bool any() const { return any_; }

  // The boundaries around them, in units, none but multiples of `step`.
  [[nodiscard]] std::set<std::int32_t> BoundariesAround(std::int32_t step) const {
    std::set<std::int32_t> boundaries;
    for (std::size_t i = 0; i < populated_.size(); ++i) {
      if (!populated_[i]) continue;
      const std::int32_t below = FloorDivide(static_cast<std::int32_t>(i) + lowest_, step) * step;
      boundaries.insert(below);
      boundaries.insert(below + step);
    }
    return boundaries;
  }

 private:
  const std::int32_t lowest_;
  std::vector<bool> populated_;
  bool any_ = false;
};

std::vector<ClassicBoundary> ChosenBoundaries(const MetricDefinition& definition,
                                              const BucketMapping& mapping) {
  std::vector<ClassicBoundary> boundaries;
  for (const double le : definition.classic_bounds)
    boundaries.push_back({le, le > kZeroThreshold ? mapping.KeyOf(le) : -1});
  return boundaries;
}

}  // namespace

std::vector<ClassicBoundary> ClassicBoundaries(const MetricSnapshot& snapshot) {
  const MetricDefinition& definition = snapshot.metric->definition();
  const BucketMapping& mapping = snapshot.metric->mapping();
  if (!definition.classic_bounds.empty()) return ChosenBoundaries(definition, mapping);

  const bool is_chosen = definition.classic_schema.has_value();
  const int schema = std::min(
      is_chosen ? *definition.classic_schema : std::min(mapping.schema(), 0), mapping.schema());
  const std::size_t most = is_chosen ? kMaxChosenBoundaries : kMaxClassicBoundaries;
  const std::int32_t buckets_per_unit = 1 << (mapping.schema() - schema);
  PopulatedUnits populated(schema);
  bool any_at_or_below_zero = false;
  for (const HistogramValue& value : snapshot.histograms) {
    any_at_or_below_zero |= value.zero > 0;
    for (const BucketCount& bucket : value.buckets) {
      if (mapping.IsNegative(bucket.key)) {
        any_at_or_below_zero = true;
      } else {
        populated.Add(FloorDivide(mapping.IndexOf(bucket.key) - 1, buckets_per_unit));
      }
    }
  }
  if (!populated.any()) {
    if (any_at_or_below_zero) return {{kZeroThreshold, -1}};
    return {};
  }
  std::int32_t step = 1;
  auto units = populated.BoundariesAround(step);
  while (units.size() > most) units = populated.BoundariesAround(step *= 2);

  std::vector<ClassicBoundary> boundaries;
  for (const std::int32_t unit : units) {
    const std::int32_t key = mapping.KeyOfIndex(unit * buckets_per_unit);
    const double le = mapping.UpperBound(key);
    if (std::isfinite(le)) boundaries.push_back({le, key});
  }
  return boundaries;
}

ClassicView::ClassicView(const MetricSnapshot& snapshot) : metric_(*snapshot.metric) {
  if (metric_.IsExponential()) {
    boundaries_ = ClassicBoundaries(snapshot);
    for (const ClassicBoundary& boundary : boundaries_) bounds_.push_back(boundary.le);
  } else {
    bounds_ = metric_.definition().bounds;
  }
  bounds_.push_back(std::numeric_limits<double>::infinity());
  counts_.resize(bounds_.size());
}

std::span<const double> ClassicView::Counts(const HistogramValue& value) {
  if (metric_.IsExponential()) {
    CountExponential(value);
  } else {
    double cumulative = 0;
    for (std::size_t b = 0; b + 1 < bounds_.size(); ++b)
      counts_[b] = cumulative += value.explicit_counts[b];
  }
  counts_.back() = value.Count();
  return counts_;
}

// Everything at or below zero lies below the first boundary; negative buckets have the highest
// keys.
void ClassicView::CountExponential(const HistogramValue& value) {
  const BucketMapping& mapping = metric_.mapping();
  double cumulative = value.zero + value.negative_infinity;
  auto bucket = value.buckets.begin();
  auto positive_end = value.buckets.end();
  while (positive_end != bucket && mapping.IsNegative((positive_end - 1)->key))
    cumulative += (--positive_end)->count;
  for (std::size_t b = 0; b < boundaries_.size(); ++b) {
    for (; bucket != positive_end && bucket->key <= boundaries_[b].top_key; ++bucket)
      cumulative += bucket->count;
    counts_[b] = cumulative;
  }
}

std::span<const Exemplar* const> ClassicView::Exemplars(const HistogramValue& value) {
  if (value.exemplars.empty()) return {};
  exemplars_.assign(bounds_.size(), nullptr);
  for (const Exemplar& exemplar : value.exemplars) {
    if (std::isnan(exemplar.value)) continue;
    const auto bound = std::lower_bound(bounds_.begin(), bounds_.end(), exemplar.value);
    const Exemplar*& chosen = exemplars_[static_cast<std::size_t>(bound - bounds_.begin())];
    if (chosen == nullptr || exemplar.unix_seconds >= chosen->unix_seconds) chosen = &exemplar;
  }
  return exemplars_;
}

}  // namespace nanotally
