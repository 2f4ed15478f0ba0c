// The families of a snapshot in the order of every exposition: metrics by name, what is computed
// by name, nanotally's own. Those alone that the snapshot's filter selects.
#pragma once

#include "core/self_metrics.h"
#include "core/snapshot.h"

namespace nanotally {

// Calls on_metric(MetricSnapshot) or on_computed(ComputedFamily) for each.
template <typename OnMetric, typename OnComputed>
void ForEachFamily(const Snapshot& snapshot, OnMetric&& on_metric, OnComputed&& on_computed) {
  const auto visit_computed = [&](const ComputedFamily& family) {
    if (snapshot.filter.Selects(family.name, family.type)) on_computed(family);
  };
  for (const MetricSnapshot& metric : snapshot.metrics) {
    if (snapshot.filter.Selects(metric.metric->definition())) on_metric(metric);
  }
  for (const ComputedFamily& family : snapshot.computed) visit_computed(family);
  for (const ComputedFamily& family : SelfMetrics::Of(snapshot)) visit_computed(family);
}

}  // namespace nanotally
