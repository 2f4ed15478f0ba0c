// Prometheus text, family by family.
#include "render/text_plain.h"

#include <string_view>
#include <vector>

#include "core/label_text.h"
#include "render/classic_buckets.h"
#include "render/families.h"
#include "render/labels.h"
#include "render/name_escaping.h"
#include "render/text_lines.h"

namespace nanotally {
namespace {

class TextPlain {
 public:
  TextPlain(Escaping escaping, std::string& text) : escaping_(escaping), text_(text) {}

  void Append(const MetricSnapshot& snapshot) {
    const MetricDefinition& definition = snapshot.metric->definition();
    const std::string name = EscapeName(definition.name, NameKind::kMetric, escaping_);
    switch (definition.type) {
      case MetricType::kCounter:
        AppendHead(name, definition.help, "counter");
        AppendValues(name, snapshot);
        break;
      case MetricType::kGauge:
        AppendHead(name, definition.help, "gauge");
        AppendValues(name, snapshot);
        break;
      case MetricType::kHistogram:
        AppendHead(name, definition.help, "histogram");
        AppendHistograms(name, snapshot);
        break;
    }
  }

  void Append(const ComputedFamily& family) {
    const std::string name = EscapeName(family.name, NameKind::kMetric, escaping_);
    AppendHead(name, family.help, family.type == MetricType::kCounter ? "counter" : "gauge");
    const SampleName sample(name, "");
    for (const ComputedSample& one : family.samples)
      sample.AppendSample(text_, Labels(one.labels), one.value);
  }

 private:
  std::string_view Labels(std::string_view labels) {
    return EscapeLabelNames(labels, escaping_, label_buffer_);
  }

  void AppendHead(std::string_view family, std::string_view help, std::string_view type) {
    const std::string name = MetricNameText(family);
    text_.append("# HELP ").append(name).append(" ").append(EscapeHelp(help));
    text_.append("\n# TYPE ").append(name).append(" ").append(type).append("\n");
  }

  void AppendValues(std::string_view family, const MetricSnapshot& snapshot) {
    const SampleName sample(family, "");
    for (std::size_t i = 0; i < snapshot.values.size(); ++i)
      sample.AppendSample(text_, Labels(snapshot.series[i].labels), snapshot.values[i]);
  }

  // The +Inf bucket takes in NaN observations, and is equal to the count.
  void AppendHistograms(std::string_view family, const MetricSnapshot& snapshot) {
    const SampleName bucket(family, "_bucket");
    const SampleName sum(family, "_sum");
    const SampleName count(family, "_count");
    ClassicView classic(snapshot);
    std::vector<std::string> les;
    for (const double bound : classic.bounds()) {
      AppendNumber(les.emplace_back("le=\""), bound);
      les.back() += '"';
    }
    for (std::size_t i = 0; i < snapshot.histograms.size(); ++i) {
      const HistogramValue& value = snapshot.histograms[i];
      const std::string_view labels = Labels(snapshot.series[i].labels);
      const auto counts = classic.Counts(value);
      for (std::size_t b = 0; b < counts.size(); ++b) {
        bucket.AppendTo(text_, labels, les[b]);
        AppendNumber(text_, counts[b]);
        text_ += '\n';
      }
      sum.AppendSample(text_, labels, value.sum);
      count.AppendSample(text_, labels, counts.back());
    }
  }

  const Escaping escaping_;
  std::string& text_;
  std::string label_buffer_;
};

}  // namespace

void RenderTextPlain(const Snapshot& snapshot, Escaping escaping, std::string& text) {
  text.reserve(text.size() + ExpectedTextBytes(snapshot));
  TextPlain plain(escaping, text);
  ForEachFamily(
      snapshot, [&](const MetricSnapshot& metric) { plain.Append(metric); },
      [&](const ComputedFamily& family) { plain.Append(family); });
}

}  // namespace nanotally
