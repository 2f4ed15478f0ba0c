// nanotally's own families, from what a snapshot counted.
#include "render/self_metrics.h"

#include <string>
#include <utility>

#include "core/label_text.h"

namespace nanotally {
namespace {

std::string MetricLabel(const std::string& name) {
  std::string labels;
  AppendLabel(labels, "metric", name);
  return labels;
}

// What never happened is not told.
void AddCount(ComputedFamily& family, std::string labels, std::uint64_t count) {
  if (count > 0) family.samples.push_back({std::move(labels), static_cast<double>(count)});
}

ComputedFamily Overflowed(const Snapshot& snapshot) {
  ComputedFamily family{"nanotally_overflowed_total",
                        "Label lookups past maxSeries that led to the overflow series.",
                        "",
                        MetricType::kCounter,
                        {}};
  for (const MetricSnapshot& m : snapshot.metrics)
    AddCount(family, MetricLabel(m.metric->name()), m.metric->Overflowed());
  return family;
}

ComputedFamily Rejected(const Snapshot& snapshot) {
  ComputedFamily family{"nanotally_rejected_total",
                        "Recordings that were dropped, by metric and reason.",
                        "",
                        MetricType::kCounter,
                        {}};
  for (std::size_t reason = 0; reason < kRejectionNames.size(); ++reason) {
    std::string labels;
    AppendLabel(labels, "reason", kRejectionNames[reason]);
    AddCount(family, labels, snapshot.rejected[reason]);
    for (const MetricSnapshot& m : snapshot.metrics) {
      std::string of_metric = MetricLabel(m.metric->name());
      AppendLabel(of_metric, "reason", kRejectionNames[reason]);
      AddCount(family, std::move(of_metric), m.metric->Rejected(static_cast<Rejection>(reason)));
    }
  }
  return family;
}

}  // namespace

std::vector<ComputedFamily> SelfMetrics(const Snapshot& snapshot) {
  std::vector<ComputedFamily> families;
  for (ComputedFamily family : {Overflowed(snapshot), Rejected(snapshot)}) {
    if (!family.samples.empty()) families.push_back(std::move(family));
  }
  return families;
}

}  // namespace nanotally
