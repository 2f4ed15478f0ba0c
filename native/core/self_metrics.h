// The families that registries make by themselves: what was dropped, ended or put together, and
// what the exposition costs.
#pragma once

#include <string_view>
#include <vector>

#include "core/snapshot.h"

namespace nanotally {

class SelfMetrics {
 public:
  // Those that have samples, ascending by name. What a registry lost or put together is told once
  // it happened; the state of a registry only where the process shares it, so that private ones,
  // which tests make, show what their users defined and nothing else.
  static std::vector<ComputedFamily> Of(const Snapshot& snapshot);

  // Whether the filter selects a family that is made of the series of all metrics.
  static bool CountsSeries(const NameFilter& filter);

  // Names that users may not define.
  static bool IsName(std::string_view name);
};

}  // namespace nanotally
