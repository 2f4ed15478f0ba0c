// Merging: the cells of one series in every shard, and what ended environments left, become one
// value.
//
// Runs under the registry's merge lock: shared to merge, exclusive to fold. That lock is why no
// scrape counts a shard twice or not at all: a shard is either listed, or folded and unlisted.
#pragma once

#include <memory>
#include <span>

#include "core/metric.h"
#include "core/retired_totals.h"
#include "core/shard.h"
#include "core/snapshot.h"

namespace nanotally {

using ShardList = std::span<const std::unique_ptr<Shard>>;

// Reads all published series of `metric`. Any thread.
MetricSnapshot MergeMetric(std::shared_ptr<const Metric> metric, ShardList shards,
                           const RetiredTotals& retired);

// Adds what `shard` holds of `metric` to the retired totals, as the metric's type, aggregate and
// exit rule have it.
void FoldShard(const Metric& metric, const Shard& shard, RetiredTotals& retired);

// Writes zero into all cells of `metric` in `shard`. Called on the shard's own thread, which alone
// writes its cells.
void ClearShard(const Metric& metric, const Shard& shard);

}  // namespace nanotally
