// The text format 0.0.4, family by family.
#include "render/text_0_0_4.h"

#include <string_view>

#include "core/label_text.h"
#include "core/self_metrics.h"
#include "render/classic_buckets.h"
#include "render/number.h"

namespace nanotally {
namespace {

void AppendHead(std::string& text, std::string_view name, std::string_view help,
                std::string_view type) {
  text.append("# HELP ").append(name).append(" ").append(EscapeHelp(help)).append("\n# TYPE ");
  text.append(name).append(" ").append(type).append("\n");
}

void AppendSample(std::string& text, std::string_view name, std::string_view suffix,
                  std::string_view labels, double value) {
  text.append(name).append(suffix);
  if (!labels.empty()) text.append("{").append(labels).append("}");
  text += ' ';
  AppendNumber(text, value);
  text += '\n';
}

void AppendBucket(std::string& text, std::string_view name, std::string_view labels, double le,
                  double count) {
  text.append(name).append("_bucket{").append(labels);
  if (!labels.empty()) text += ',';
  text += "le=\"";
  AppendNumber(text, le);
  text += "\"} ";
  AppendNumber(text, count);
  text += '\n';
}

// What every histogram ends with: the +Inf bucket, which takes in NaN observations, the sum, and
// the equal count.
void AppendTotals(std::string& text, std::string_view name, std::string_view labels,
                  const HistogramValue& value) {
  const double count = value.Count();
  AppendBucket(text, name, labels, HUGE_VAL, count);
  AppendSample(text, name, "_sum", labels, value.sum);
  AppendSample(text, name, "_count", labels, count);
}

void AppendExplicit(std::string& text, const MetricSnapshot& snapshot) {
  const Metric& metric = *snapshot.metric;
  for (std::size_t i = 0; i < snapshot.histograms.size(); ++i) {
    const HistogramValue& value = snapshot.histograms[i];
    const std::string_view labels = snapshot.series[i].labels;
    double cumulative = 0;
    for (std::size_t b = 0; b < metric.definition().bounds.size(); ++b) {
      cumulative += value.explicit_counts[b];
      AppendBucket(text, metric.name(), labels, metric.definition().bounds[b], cumulative);
    }
    AppendTotals(text, metric.name(), labels, value);
  }
}

void AppendExponential(std::string& text, const MetricSnapshot& snapshot) {
  const Metric& metric = *snapshot.metric;
  const BucketMapping& mapping = metric.mapping();
  const auto boundaries = ClassicBoundaries(snapshot);
  for (std::size_t i = 0; i < snapshot.histograms.size(); ++i) {
    const HistogramValue& value = snapshot.histograms[i];
    const std::string_view labels = snapshot.series[i].labels;
    // Everything at or below zero lies below the first boundary; negative buckets have the highest
    // keys.
    double cumulative = value.zero + value.negative_infinity;
    auto bucket = value.buckets.begin();
    auto positive_end = value.buckets.end();
    while (positive_end != bucket && mapping.IsNegative((positive_end - 1)->key))
      cumulative += (--positive_end)->count;
    for (const ClassicBoundary& boundary : boundaries) {
      for (; bucket != positive_end && bucket->key <= boundary.top_key; ++bucket)
        cumulative += bucket->count;
      AppendBucket(text, metric.name(), labels, boundary.le, cumulative);
    }
    AppendTotals(text, metric.name(), labels, value);
  }
}

void AppendMetric(std::string& text, const MetricSnapshot& snapshot) {
  const Metric& metric = *snapshot.metric;
  const MetricDefinition& definition = metric.definition();
  switch (definition.type) {
    case MetricType::kCounter:
    case MetricType::kGauge: {
      const bool is_gauge = definition.type == MetricType::kGauge;
      AppendHead(text, definition.name, definition.help, is_gauge ? "gauge" : "counter");
      for (std::size_t i = 0; i < snapshot.values.size(); ++i)
        AppendSample(text, definition.name, "", snapshot.series[i].labels, snapshot.values[i]);
      break;
    }
    case MetricType::kHistogram:
      AppendHead(text, definition.name, definition.help, "histogram");
      if (metric.IsExponential()) {
        AppendExponential(text, snapshot);
      } else {
        AppendExplicit(text, snapshot);
      }
      break;
  }
}

void AppendComputed(std::string& text, const ComputedFamily& family) {
  AppendHead(text, family.name, family.help,
             family.type == MetricType::kCounter ? "counter" : "gauge");
  for (const ComputedSample& sample : family.samples)
    AppendSample(text, family.name, "", sample.labels, sample.value);
}

// About how long the text gets, from the first series of each metric: growing a string in steps
// touches twice its pages.
std::size_t ExpectedBytes(const Snapshot& snapshot) {
  constexpr std::size_t kValue = 16;
  std::size_t bytes = 0;
  for (const MetricSnapshot& m : snapshot.metrics) {
    const std::size_t series = m.series.size();
    if (series == 0) continue;
    std::size_t samples = 1;
    if (m.metric->definition().type == MetricType::kHistogram) {
      const HistogramValue& first = m.histograms.front();
      samples =
          3 + (m.metric->IsExponential() ? first.buckets.size() : first.explicit_counts.size());
    }
    bytes += series * samples * (m.metric->name().size() + m.series.front().labels.size() + kValue);
  }
  return bytes;
}

}  // namespace

void RenderText(const Snapshot& snapshot, std::string& text) {
  text.reserve(text.size() + ExpectedBytes(snapshot));
  for (const MetricSnapshot& metric : snapshot.metrics) AppendMetric(text, metric);
  for (const ComputedFamily& family : snapshot.derived) AppendComputed(text, family);
  for (const ComputedFamily& family : SelfMetrics::Of(snapshot)) AppendComputed(text, family);
}

}  // namespace nanotally
