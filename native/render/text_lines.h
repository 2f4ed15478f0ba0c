// Lines of text that the Prometheus text formats and OpenMetrics have in common.
#pragma once

#include <string>
#include <string_view>

#include "core/snapshot.h"
#include "render/number.h"

namespace nanotally {

// `name`, in double quotes and escaped where it is no legacy name.
[[nodiscard]] std::string MetricNameText(std::string_view name);

// HELP text inside double quotes' rules, which OpenMetrics has: EscapeHelp and \".
[[nodiscard]] std::string EscapeQuotedText(std::string_view text);

// How the samples of one name begin: name{labels}, or {"name",labels} where it is quoted.
class SampleName {
 public:
  // `family` as it is exposed, its name escaped.
  SampleName(std::string_view family, std::string_view suffix);

  // Up to where the value comes, with the space before it. `labels` may be empty.
  void AppendTo(std::string& text, std::string_view labels) const {
    if (labels.empty()) {
      text += alone_;
    } else {
      text.append(before_labels_).append(labels).append("} ");
    }
  }
  // The same with one label more, `last`, which is not empty.
  void AppendTo(std::string& text, std::string_view labels, std::string_view last) const {
    text.append(before_labels_).append(labels).append(labels.empty() ? "" : ",");
    text.append(last).append("} ");
  }

  void AppendSample(std::string& text, std::string_view labels, double value) const {
    AppendTo(text, labels);
    AppendNumber(text, value);
    text += '\n';
  }

 private:
  std::string alone_;
  std::string before_labels_;
};

// About how long the text gets, from the first series of each metric: growing a string in steps
// touches twice its pages.
[[nodiscard]] std::size_t ExpectedTextBytes(const Snapshot& snapshot);

}  // namespace nanotally
