// Derived gauges: functions of other metrics' cells, evaluated in the snapshot. A ratio divides two
// sums; a rate divides the growth of a sum over a window by the time it took. Where the denominator
// is 0 the series is absent. An operand is added to its sum, or subtracted from it.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/double_double.h"
#include "core/metric.h"
#include "core/snapshot.h"

namespace nanotally {

enum class OperandPart : std::uint8_t { kValue, kCount, kSum };

// The series of one metric that match all of `where`. kValue is for counters and gauges, kCount and
// kSum for histograms.
struct Operand {
  std::shared_ptr<const Metric> metric;
  OperandPart part = OperandPart::kValue;
  std::vector<std::pair<std::string, std::string>> where;  // label name, escaped label value
  bool minus = false;                                      // subtracted, not added

  bool operator==(const Operand&) const = default;
};

struct DerivedDefinition {
  std::string name;
  std::string help;
  std::string unit;
  std::vector<std::string> labels;      // the operands' series are grouped by these
  std::vector<Operand> of;              // the numerator, summed
  std::vector<Operand> to;              // ratio: the denominator, summed. Empty for a rate.
  std::chrono::milliseconds window{0};  // rate: how far it looks back. 0 for a ratio.
  // Ratio: a group in which one of the operands has no series is absent, where otherwise that
  // operand is 0; so is one whose numerator is below 0. For counts that may not have been taken,
  // and of which one need not be a part of the other.
  bool needs_all = false;
  double scale = 1;  // what is computed is multiplied by it: 100 for a percentage

  [[nodiscard]] bool IsRate() const { return window.count() > 0; }
  [[nodiscard]] bool IsSameMetric(const DerivedDefinition& other) const {
    return name == other.name && unit == other.unit && labels == other.labels && of == other.of &&
           to == other.to && window == other.window && needs_all == other.needs_all &&
           scale == other.scale;
  }
};

// Any thread. A rate keeps up to kSamples + 1 samples of its sums, taken on the store's tick, never
// by a scrape.
class DerivedGauge {
 public:
  static constexpr int kSamples =
      16;  // per window: a rate's window is exact to 1/16, and no finer than the tick

  explicit DerivedGauge(DerivedDefinition definition) : definition_(std::move(definition)) {}

  [[nodiscard]] const DerivedDefinition& definition() const { return definition_; }

  // Samples taken so far.
  [[nodiscard]] std::uint64_t Samples() const;

  // `metrics` holds, among others, the operands that were not removed. `samples` is Samples() as it
  // was before they were merged: a rate is compared with one of those only, as a later one may hold
  // what `metrics` do not, and the rate would be negative.
  [[nodiscard]] ComputedFamily Evaluate(std::span<const MetricSnapshot> metrics,
                                        Clock::time_point now, std::uint64_t samples) const;

  // Rates: whether the next sample is due, and taking it.
  [[nodiscard]] bool IsSampleDue(Clock::time_point now) const;
  void Sample(std::span<const MetricSnapshot> metrics, Clock::time_point now);

 private:
  using Sums = std::map<std::string, DoubleDouble, std::less<>>;  // label text -> sum
  struct Past {
    std::uint64_t number;  // of the sample, from 0
    Clock::time_point time;
    Sums sums;
  };

  [[nodiscard]] Sums SumOperands(std::span<const Operand> operands,
                                 std::span<const MetricSnapshot> metrics) const;
  [[nodiscard]] std::vector<ComputedSample> Ratio(const Sums& of, const Sums& to) const;
  [[nodiscard]] std::vector<ComputedSample> Rate(const Sums& sums, Clock::time_point now,
                                                 std::uint64_t samples) const;

  const DerivedDefinition definition_;
  mutable std::mutex history_mutex_;
  std::deque<Past> history_;  // ascending in time
  std::uint64_t samples_ = 0;
};

}  // namespace nanotally
