// How often a registry has to tick for what is defined in it: to wake a thread costs more than all
// that it then does.
#pragma once

#include <chrono>
#include <optional>

#include "core/derived_gauge.h"
#include "core/metric.h"

namespace nanotally {

// For ResolvedSeries::ordered_holders. Measured for the design: a finer order buys nothing.
inline constexpr std::chrono::milliseconds kShortestTick{100};
// What was let go of is freed on a tick, so it does not wait for longer.
inline constexpr std::chrono::milliseconds kLongestTick{1000};

// Between the two; nothing where the definition by itself needs no ticks.
[[nodiscard]] std::optional<std::chrono::milliseconds> TickPeriod(
    const MetricDefinition& definition);
[[nodiscard]] std::optional<std::chrono::milliseconds> TickPeriod(
    const DerivedDefinition& definition);

}  // namespace nanotally
