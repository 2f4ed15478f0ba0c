// Label text: label names and values escaped and joined as the text formats want them. Made once
// per series. A name outside [a-zA-Z_][a-zA-Z0-9_]*, as Prometheus 3 allows them, stands in double
// quotes and escaped as a value is: "my.label"="v" (the UTF-8 form of text 1.0.0).
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace nanotally {

// The one series that takes what exceeds max_series; OpenTelemetry's name for it (metrics SDK,
// "Overflow attribute").
inline constexpr std::string_view kOverflowLabels = R"(otel_metric_overflow="true")";

// Whether a label name needs no quotes: [a-zA-Z_][a-zA-Z0-9_]*.
[[nodiscard]] bool IsPlainLabelName(std::string_view name);

// Appends name="value" with backslash, double quote and line feed escaped (Prometheus text format
// 0.0.4) and NUL, which Prometheus' parser takes for the end of its input, replaced by U+FFFD. A
// comma goes before it when `text` is not empty.
void AppendLabel(std::string& text, std::string_view name, std::string_view value);

// The same with a value that is escaped already, as FindLabel gives it.
void AppendEscapedLabel(std::string& text, std::string_view name, std::string_view escaped_value);

// Joins all labels; a label with an empty value is left out, as Prometheus takes it for absent.
std::string LabelText(std::span<const std::string> names, std::span<const std::string> values);

// The value of the label with this (unescaped) name as it stands in `text`, still escaped; empty
// when the label is absent. Allocates nothing.
std::string_view FindLabel(std::string_view text, std::string_view name);

// The same as it was given; empty when the label is absent.
std::string LabelValue(std::string_view text, std::string_view name);

// HELP text with backslash and line feed escaped and NUL replaced.
std::string EscapeHelp(std::string_view help);

}  // namespace nanotally
