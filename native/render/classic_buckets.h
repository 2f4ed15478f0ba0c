// Which `le` boundaries a text format shows for an exponential histogram.
//
// An exact subset of its own boundaries: the powers of two (for schemas below 0 its own, coarser
// boundaries) on either side of every populated bucket of any series. So every series of a metric
// shows the same boundaries and sums over them stay cumulative, an outlier costs two more, and the
// set only ever grows. Where there would be more than kMaxClassicBoundaries, only every second
// power is used, or every fourth, and so on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/snapshot.h"

namespace nanotally {

inline constexpr std::size_t kMaxClassicBoundaries = 64;

struct ClassicBoundary {
  double le;
  std::int32_t top_key;  // the highest bucket key at or below `le`
};

// Ascending, +Inf left out. Empty when nothing finite was observed.
std::vector<ClassicBoundary> ClassicBoundaries(const MetricSnapshot& snapshot);

}  // namespace nanotally
