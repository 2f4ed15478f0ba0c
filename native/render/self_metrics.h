// The families that every registry makes by itself: what it had to drop or to put together.
#pragma once

#include <vector>

#include "core/snapshot.h"

namespace nanotally {

// Those that have samples, in the order of the exposition. Their names are refused to users:
// core/registry.cc.
std::vector<ComputedFamily> SelfMetrics(const Snapshot& snapshot);

}  // namespace nanotally
