// What OpenMetrics calls each family of an exposition, and of which type it is there.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "core/snapshot.h"
#include "render/exposition.h"

namespace nanotally {

struct OpenMetricsFamily {
  std::string name;    // as on the TYPE line
  std::string sample;  // as its samples without a suffix of their own are called
  std::string_view type;
  bool has_created = false;  // whether `name`_created may be told
};

// Hands out family names so that none is given twice. Names are escaped.
class OpenMetricsFamilies {
 public:
  OpenMetricsFamilies(const Snapshot& snapshot, Escaping escaping);

  [[nodiscard]] OpenMetricsFamily Name(const MetricSnapshot& snapshot);
  [[nodiscard]] OpenMetricsFamily Name(const ComputedFamily& family);

 private:
  [[nodiscard]] std::string Escape(std::string_view name) const;
  [[nodiscard]] OpenMetricsFamily Plain(std::string name, std::string_view type) const;
  [[nodiscard]] OpenMetricsFamily Counter(std::string name);
  // `name` without `suffix`, where it ends in it and nothing else is called so or as one of its
  // samples; empty otherwise.
  [[nodiscard]] std::string TakeStem(const std::string& name, std::string_view suffix);

  const Escaping escaping_;
  std::set<std::string> taken_;
};

// Whether the specification lets the family have that unit.
[[nodiscard]] bool MayTellUnit(const OpenMetricsFamily& family, std::string_view unit);

}  // namespace nanotally
