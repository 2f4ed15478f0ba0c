// OpenMetrics, family by family.
#include "render/open_metrics.h"

#include <string_view>
#include <vector>

#include "core/label_text.h"
#include "render/classic_buckets.h"
#include "render/families.h"
#include "render/labels.h"
#include "render/open_metrics_family.h"
#include "render/text_lines.h"

namespace nanotally {
namespace {

// The specification's limit on the labels of an exemplar: names and values together.
constexpr std::size_t kMaxExemplarLabels = 128;

class OpenMetrics {
 public:
  OpenMetrics(const Snapshot& snapshot, Escaping escaping, std::string& text)
      : families_(snapshot, escaping), escaping_(escaping), text_(text) {}

  void Append(const MetricSnapshot& snapshot) {
    const MetricDefinition& definition = snapshot.metric->definition();
    const OpenMetricsFamily family = families_.Name(snapshot);
    AppendHead(family, definition.help, definition.unit);
    if (definition.type == MetricType::kHistogram) {
      AppendHistograms(family, snapshot);
    } else {
      AppendValues(family, snapshot);
    }
  }

  void Append(const ComputedFamily& computed) {
    const OpenMetricsFamily family = families_.Name(computed);
    AppendHead(family, computed.help, computed.unit);
    const SampleName sample(family.sample, "");
    for (const ComputedSample& one : computed.samples)
      sample.AppendSample(text_, Labels(one.labels), one.value);
  }

 private:
  std::string_view Labels(std::string_view labels) {
    return EscapeLabelNames(labels, escaping_, label_buffer_);
  }

  void AppendHead(const OpenMetricsFamily& family, std::string_view help, std::string_view unit) {
    const std::string name = MetricNameText(family.name);
    text_.append("# HELP ").append(name).append(" ").append(EscapeQuotedText(help));
    text_.append("\n# TYPE ").append(name).append(" ").append(family.type).append("\n");
    if (MayTellUnit(family, unit))
      text_.append("# UNIT ").append(name).append(" ").append(unit).append("\n");
  }

  void AppendValues(const OpenMetricsFamily& family, const MetricSnapshot& snapshot) {
    const SampleName sample(family.sample, "");
    const SampleName created(family.name, "_created");
    for (std::size_t i = 0; i < snapshot.values.size(); ++i) {
      const std::string_view labels = Labels(snapshot.series[i].labels);
      sample.AppendSample(text_, labels, snapshot.values[i]);
      if (family.has_created) created.AppendSample(text_, labels, snapshot.series[i].created);
    }
  }

  void AppendHistograms(const OpenMetricsFamily& family, const MetricSnapshot& snapshot) {
    const SampleName bucket(family.name, "_bucket");
    const SampleName sum(family.name, "_sum");
    const SampleName count(family.name, "_count");
    const SampleName created(family.name, "_created");
    ClassicView classic(snapshot);
    const bool has_negative_bounds = classic.bounds().front() < 0;
    std::vector<std::string> les;
    for (const double bound : classic.bounds()) {
      AppendCanonicalNumber(les.emplace_back("le=\""), bound);
      les.back() += '"';
    }
    for (std::size_t i = 0; i < snapshot.histograms.size(); ++i) {
      const HistogramValue& value = snapshot.histograms[i];
      const std::string_view labels = Labels(snapshot.series[i].labels);
      const auto counts = classic.Counts(value);
      const auto exemplars = classic.Exemplars(value);
      for (std::size_t b = 0; b < counts.size(); ++b) {
        bucket.AppendTo(text_, labels, les[b]);
        AppendNumber(text_, counts[b]);
        if (!exemplars.empty() && exemplars[b] != nullptr) AppendExemplar(*exemplars[b]);
        text_ += '\n';
      }
      if (!has_negative_bounds && value.sum >= 0) {
        sum.AppendSample(text_, labels, value.sum);
        count.AppendSample(text_, labels, counts.back());
      }
      if (family.has_created) created.AppendSample(text_, labels, snapshot.series[i].created);
    }
  }

  void AppendExemplar(const Exemplar& exemplar) {
    std::string labels;
    std::size_t length = 0;
    for (const auto& [name, id] :
         {std::pair<std::string_view, std::string_view>("trace_id", exemplar.trace_id),
          {"span_id", exemplar.span_id}}) {
      if (id.empty()) continue;
      AppendLabel(labels, name, id);
      length += name.size() + id.size();
    }
    if (length > kMaxExemplarLabels) return;
    text_.append(" # {").append(labels).append("} ");
    AppendNumber(text_, exemplar.value);
    text_ += ' ';
    AppendNumber(text_, exemplar.unix_seconds);
  }

  OpenMetricsFamilies families_;
  const Escaping escaping_;
  std::string& text_;
  std::string label_buffer_;
};

}  // namespace

void RenderOpenMetrics(const Snapshot& snapshot, Escaping escaping, std::string& text) {
  text.reserve(text.size() + ExpectedTextBytes(snapshot));
  OpenMetrics metrics(snapshot, escaping, text);
  ForEachFamily(
      snapshot, [&](const MetricSnapshot& metric) { metrics.Append(metric); },
      [&](const ComputedFamily& family) { metrics.Append(family); });
  text += "# EOF\n";
}

}  // namespace nanotally
