// A snapshot: every series of a registry with its merged value, read at one time. Immutable once
// taken; rendering needs no lock, as it holds the metrics that it names.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/metric.h"
#include "core/name_filter.h"

namespace nanotally {

struct BucketCount {
  std::int32_t key;  // see BucketMapping
  double count;
};

// An observation that stands for others of its bucket: the trace that it was made in. Identifiers
// are lower-case hexadecimal, empty where there is none.
struct Exemplar {
  double value = 0;
  double unix_seconds = 0;
  std::string trace_id;
  std::string span_id;
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
  std::vector<Exemplar> exemplars;      // ascending by value, at most one for each slot

  [[nodiscard]] double Count() const {
    double count = nan + zero + positive_infinity + negative_infinity;
    for (const double c : explicit_counts) count += c;
    for (const BucketCount& b : buckets) count += b.count;
    return count;
  }
};

// A series as a snapshot shows it. The text lies in the series itself.
struct SeriesView {
  std::string_view labels;
  double created;       // seconds since the Unix epoch
  std::uint32_t index;  // of the series within its metric
};

// The series of a metric that have a value: a gauge that was never set has none. Which of the two
// last members is filled, with an element for each series, depends on the metric's type.
struct MetricSnapshot {
  std::shared_ptr<const Metric> metric;
  std::vector<SeriesView> series;
  std::vector<double> values;  // counters, gauges
  std::vector<HistogramValue> histograms;
  // What series that are idle or have expired hold or held: a counter's value, a histogram's
  // observations. 0 for gauges.
  double expired = 0;
  std::uint32_t idle_series = 0;
  std::uint32_t waiting_series = 0;  // ended, but their slots cannot be used anew yet
};

// A family that no metric of the table stands behind: a derived gauge, what a source tells
// (core/family_source.h), or one of nanotally's own.
struct ComputedSample {
  std::string labels;
  double value;
};
struct ComputedFamily {
  std::string name;
  std::string help;
  std::string unit;
  MetricType type = MetricType::kGauge;  // or kCounter
  std::vector<ComputedSample> samples;
};

// What a process-wide registry tells of itself.
struct RegistryStatistics {
  std::size_t arena_bytes = 0;  // of all registries of the process
  std::uint64_t renders = 0;
  std::uint64_t rendered_bytes = 0;
  double render_seconds = 0;
};

struct Snapshot {
  std::shared_ptr<const void>
      pin;            // keeps the slots of series that are named here, see core/epochs.h
  NameFilter filter;  // what is to be shown of it; a metric that nothing shown needs has no series
  std::vector<MetricSnapshot> metrics;  // ascending by name
  // Derived gauges and what sources tell, ascending by name. Series whose denominator is 0 are not
  // there.
  std::vector<ComputedFamily> computed;
  // Recordings of no metric at all (a bad name given to record()), by Rejection.
  std::array<std::uint64_t, kRejectionNames.size()> rejected{};
  // Nothing for a registry that is private to one environment, or that has no metrics.
  std::optional<RegistryStatistics> statistics;
};

}  // namespace nanotally
