// A snapshot: every series of a registry with its merged value, read at one time. Immutable once
// taken; rendering needs no lock, as it holds the metrics that it names.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/metric.h"

namespace nanotally {

struct BucketCount {
  std::int32_t key;  // see BucketMapping
  double count;
};

// Counts are whole numbers kept as doubles. The observations of a series number Count(), which is
// made of what was read here, so that `_count` equals the +Inf bucket in every exposition; `sum`
// may lead or trail it by one observation in flight per recording thread.
struct HistogramValue {
  double sum = 0;
  double nan = 0;
  std::vector<double> explicit_counts;  // [bounds + 1], each bucket alone
  std::vector<BucketCount> buckets;     // exponential: the populated ones, ascending by key
  double zero = 0;                      // exponential: |value| <= kZeroThreshold
  double positive_infinity = 0;         // exponential
  double negative_infinity = 0;         // exponential

  [[nodiscard]] double Count() const {
    double count = nan + zero + positive_infinity + negative_infinity;
    for (const double c : explicit_counts) count += c;
    for (const BucketCount& b : buckets) count += b.count;
    return count;
  }
};

// Series [0, size) of a metric. Which member is filled depends on the metric's type.
struct MetricSnapshot {
  std::shared_ptr<const Metric> metric;
  std::vector<double> values;  // counters, gauges
  std::vector<bool> present;   // gauges: false = never set, not exposed
  std::vector<HistogramValue> histograms;
};

// One series of a derived gauge. Series whose denominator is 0 are not there.
struct DerivedValue {
  std::string labels;
  double value;
};

struct DerivedSnapshot {
  std::string name;
  std::string help;
  std::vector<DerivedValue> values;
};

struct Snapshot {
  std::vector<MetricSnapshot> metrics;   // ascending by name
  std::vector<DerivedSnapshot> derived;  // ascending by name
  // Recordings of no metric at all (a bad name given to record()), by Rejection.
  std::array<std::uint64_t, kRejectionNames.size()> rejected{};
};

}  // namespace nanotally
