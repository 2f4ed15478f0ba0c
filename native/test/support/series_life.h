// What tests of the life of series ask of snapshots, and how they let time pass for idle ones.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/label_text.h"
#include "test/support/environment.h"

namespace nanotally {

// A definition with one label, "s", and these limits.
inline MetricDefinition Limited(MetricDefinition definition, std::uint32_t max_series,
                                std::int64_t idle_timeout_ms = 0) {
  definition.labels = {"s"};
  definition.max_series = max_series;
  definition.idle_timeout = std::chrono::milliseconds(idle_timeout_ms);
  return definition;
}

// Where the series with this value of "s" stands in a snapshot; nothing when it is not shown.
inline std::optional<std::size_t> PlaceOf(const MetricSnapshot& metric, std::string_view value) {
  const std::string labels =
      LabelText(std::vector<std::string>{"s"}, std::vector<std::string>{std::string(value)});
  for (std::size_t i = 0; i < metric.series.size(); ++i) {
    if (metric.series[i].labels == labels) return i;
  }
  return std::nullopt;
}

// The value of that series of a counter or gauge.
inline std::optional<double> ValueOf(const MetricSnapshot& metric, std::string_view value) {
  const auto place = PlaceOf(metric, value);
  return place ? std::optional(metric.values[*place]) : std::nullopt;
}

// Where everything went that was recorded into a counter, or observed in a histogram.
struct Accounts {
  double live = 0;  // the overflow series among them
  double expired = 0;

  [[nodiscard]] double Total() const { return live + expired; }
};

inline Accounts AccountsOf(const MetricSnapshot& metric) {
  Accounts accounts{0, metric.expired};
  for (const double value : metric.values) accounts.live += value;
  for (const HistogramValue& histogram : metric.histograms) accounts.live += histogram.Count();
  return accounts;
}

// As lib's housekeeping: lets go of whatever this environment was asked for. How many there were.
inline std::size_t LetGoOfIdle(Registry& registry, Environment& environment) {
  const std::vector<Removal> idle = registry.TakeIdle(environment.shard());
  for (const Removal& asked : idle)
    registry.LetGo(environment.shard(), asked.metric, asked.series.value());
  return idle.size();
}

}  // namespace nanotally
