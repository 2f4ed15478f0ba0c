// Merging: the cells of one series in every shard, and what belongs to them beside the shards,
// become one value.
//
// Runs under the registry's merge lock: shared to merge, exclusive where something is written. That
// lock is why no scrape counts a shard twice or not at all: a shard is either listed, or folded and
// unlisted.
#pragma once

#include <memory>
#include <span>

#include "core/cell_totals.h"
#include "core/metric.h"
#include "core/shard.h"
#include "core/snapshot.h"

namespace nanotally {

using ShardList = std::span<const std::unique_ptr<Shard>>;

// Reads all live series of `metric`. Any thread, which has pinned the epoch.
MetricSnapshot MergeMetric(std::shared_ptr<const Metric> metric, ShardList shards,
                           const Remainders& remainders);

// What IdleWatch compares, of one series that holds counts.
double ActivityOf(const Metric& metric, const Series& series, ShardList shards,
                  const Remainders& remainders);

// Reads one series of a histogram that holds counts. Any thread, which has pinned the epoch.
HistogramValue ReadSeries(const Metric& metric, const Series& series, ShardList shards,
                          const Remainders& remainders);

// Adds what `shard` holds of `metric` to the retired totals, as the metric's type, aggregate and
// exit rule have it.
void FoldShard(const Metric& metric, const Shard& shard, Remainders& remainders);

// From now on the series reads as if it had never been recorded into. `tick` is that of the last
// recordings of a gauge that are forgotten.
void ResetSeries(const Metric& metric, const Series& series, ShardList shards, double tick,
                 Remainders& remainders);

// Adds what an expired series holds to its metric's total. Nobody can record into it.
void ExpireSeries(Metric& metric, const Series& series, ShardList shards,
                  const Remainders& remainders);

// Leaves all cells of the series zero, in every shard, and nothing beside them. Nobody can write
// them.
void ClearSeries(const Metric& metric, const Series& series, ShardList shards,
                 Remainders& remainders);

}  // namespace nanotally
