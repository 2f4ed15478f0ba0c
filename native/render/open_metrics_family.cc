// Family names of OpenMetrics; the rules are told in render/open_metrics.h.
#include "render/open_metrics_family.h"

#include <algorithm>
#include <initializer_list>
#include <utility>

#include "render/families.h"
#include "render/name_escaping.h"

namespace nanotally {
namespace {

bool AreAll(const std::vector<double>& values, std::initializer_list<double> allowed) {
  return std::all_of(values.begin(), values.end(), [&](double value) {
    return std::find(allowed.begin(), allowed.end(), value) != allowed.end();
  });
}

bool HasLabel(const MetricDefinition& definition, std::string_view name) {
  return std::find(definition.labels.begin(), definition.labels.end(), name) !=
         definition.labels.end();
}

// A colon is no part of a legacy label name: escaped, the label would not be called as the family.
bool IsStateSet(const MetricSnapshot& snapshot) {
  const MetricDefinition& definition = snapshot.metric->definition();
  return HasLabel(definition, definition.name) && definition.name.find(':') == std::string::npos &&
         AreAll(snapshot.values, {0, 1});
}

}  // namespace

OpenMetricsFamilies::OpenMetricsFamilies(const Snapshot& snapshot, Escaping escaping)
    : escaping_(escaping) {
  ForEachFamily(
      snapshot, [&](const MetricSnapshot& metric) { taken_.insert(Escape(metric.metric->name())); },
      [&](const ComputedFamily& family) { taken_.insert(Escape(family.name)); });
}

OpenMetricsFamily OpenMetricsFamilies::Name(const MetricSnapshot& snapshot) {
  const MetricDefinition& definition = snapshot.metric->definition();
  std::string name = Escape(definition.name);
  switch (definition.type) {
    case MetricType::kCounter:
      return Counter(std::move(name));
    case MetricType::kHistogram: {
      OpenMetricsFamily family = Plain(std::move(name), "histogram");
      family.has_created = !taken_.contains(family.name + "_created");
      return family;
    }
    case MetricType::kGauge:
      break;
  }
  if (definition.gauge_kind == GaugeKind::kInfo && AreAll(snapshot.values, {1})) {
    if (std::string stem = TakeStem(name, "_info"); !stem.empty())
      return {std::move(stem), std::move(name), "info", false};
  }
  if (definition.gauge_kind == GaugeKind::kStateSet && IsStateSet(snapshot))
    return Plain(std::move(name), "stateset");
  return Plain(std::move(name), "gauge");
}

OpenMetricsFamily OpenMetricsFamilies::Name(const ComputedFamily& family) {
  std::string name = Escape(family.name);
  return family.type == MetricType::kCounter ? Counter(std::move(name))
                                             : Plain(std::move(name), "gauge");
}

std::string OpenMetricsFamilies::Escape(std::string_view name) const {
  return EscapeName(name, NameKind::kMetric, escaping_);
}

OpenMetricsFamily OpenMetricsFamilies::Plain(std::string name, std::string_view type) const {
  return {name, name, type, false};
}

OpenMetricsFamily OpenMetricsFamilies::Counter(std::string name) {
  std::string stem = TakeStem(name, "_total");
  if (stem.empty()) return Plain(std::move(name), "unknown");
  return {std::move(stem), std::move(name), "counter", true};
}

std::string OpenMetricsFamilies::TakeStem(const std::string& name, std::string_view suffix) {
  if (!name.ends_with(suffix)) return {};
  std::string stem = name.substr(0, name.size() - suffix.size());
  if (stem.empty() || taken_.contains(stem + "_created")) return {};
  return taken_.insert(stem).second ? stem : std::string();
}

bool MayTellUnit(const OpenMetricsFamily& family, std::string_view unit) {
  return !unit.empty() && family.type != "info" && family.type != "stateset" &&
         family.name.ends_with("_" + std::string(unit));
}

}  // namespace nanotally
