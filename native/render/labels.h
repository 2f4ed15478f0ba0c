// Reading label text (core/label_text.h), in which a name that is no legacy name stands in double
// quotes: for the formats that want labels one by one or names escaped.
#pragma once

#include <string>
#include <string_view>

#include "render/exposition.h"

namespace nanotally {

// A label as it stands in label text: the value, and the name where it was quoted, still escaped.
struct LabelView {
  std::string_view name;
  std::string_view value;
  bool is_quoted;
};

// Takes the first label off well-formed, non-empty label text.
[[nodiscard]] LabelView TakeLabel(std::string_view& labels);

// What was escaped, plain again.
[[nodiscard]] std::string Unescape(std::string_view escaped);

// The label text with each quoted name escaped as `escaping` has it. `buffer` may hold it: what is
// returned is `labels` itself where nothing changes.
[[nodiscard]] std::string_view EscapeLabelNames(std::string_view labels, Escaping escaping,
                                                std::string& buffer);

}  // namespace nanotally
