// Names at the head of lines, and how long all lines may get.
#include "render/text_lines.h"

#include "core/label_text.h"
#include "render/name_escaping.h"

namespace nanotally {

std::string EscapeQuotedText(std::string_view text) {
  std::string escaped;
  for (const char c : EscapeHelp(text)) {
    if (c == '"') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string MetricNameText(std::string_view name) {
  if (IsLegacyName(name, NameKind::kMetric)) return std::string(name);
  return '"' + EscapeQuotedText(name) + '"';
}

SampleName::SampleName(std::string_view family, std::string_view suffix) {
  const std::string name = MetricNameText(std::string(family).append(suffix));
  const bool is_quoted = name.starts_with('"');
  alone_ = is_quoted ? "{" + name + "} " : name + " ";
  before_labels_ = is_quoted ? "{" + name + "," : name + "{";
}

std::size_t ExpectedTextBytes(const Snapshot& snapshot) {
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

}  // namespace nanotally
