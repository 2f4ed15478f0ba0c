// The periods of what needs ticks.
#include "core/tick_period.h"

#include <algorithm>

namespace nanotally {

using std::chrono::milliseconds;

std::optional<milliseconds> TickPeriod(const MetricDefinition& definition) {
  if (definition.idle_timeout.count() == 0) return std::nullopt;
  return std::clamp(definition.idle_timeout / IdleWatch::kLooks, kShortestTick, kLongestTick);
}

std::optional<milliseconds> TickPeriod(const DerivedDefinition& definition) {
  if (!definition.IsRate()) return std::nullopt;
  return std::clamp(definition.window / DerivedGauge::kSamples, kShortestTick, kLongestTick);
}

}  // namespace nanotally
