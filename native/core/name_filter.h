// Which families of a registry are wanted: the `name[]` parameters of a scrape.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "core/metric.h"

namespace nanotally {

// Immutable. Without names it selects everything.
class NameFilter {
 public:
  NameFilter() = default;
  explicit NameFilter(std::set<std::string, std::less<>> names) : names_(std::move(names)) {}

  bool operator==(const NameFilter&) const = default;
  [[nodiscard]] bool SelectsAll() const { return names_.empty(); }

  // A family is selected by its own name, by that of its samples in any format (x_bucket,
  // x_created), or by its OpenMetrics name, which lacks the counter's `_total` and the info's
  // `_info`.
  [[nodiscard]] bool Selects(std::string_view name, MetricType type,
                             GaugeKind kind = GaugeKind::kPlain) const;
  [[nodiscard]] bool Selects(const MetricDefinition& definition) const {
    return Selects(definition.name, definition.type, definition.gauge_kind);
  }

 private:
  [[nodiscard]] bool Has(std::string_view name, std::string_view suffix) const;
  // `name` without `suffix`, and what that begins.
  [[nodiscard]] bool HasStem(std::string_view name, std::string_view suffix) const;

  std::set<std::string, std::less<>> names_;
};

}  // namespace nanotally
