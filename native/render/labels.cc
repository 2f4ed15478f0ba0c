// Label text, label by label.
#include "render/labels.h"

#include "render/name_escaping.h"

namespace nanotally {
namespace {

// Just behind the double quote that ends what starts at `start`.
std::size_t EndOfQuoted(std::string_view text, std::size_t start) {
  std::size_t end = start;
  while (text[end] != '"') end += text[end] == '\\' ? 2 : 1;
  return end + 1;
}

}  // namespace

LabelView TakeLabel(std::string_view& labels) {
  const bool is_quoted = labels.front() == '"';
  const std::size_t equals = is_quoted ? EndOfQuoted(labels, 1) : labels.find('=');
  const std::size_t value = equals + 2;  // past ="
  const std::size_t end = EndOfQuoted(labels, value);
  const LabelView label{
      is_quoted ? labels.substr(1, equals - 2) : labels.substr(0, equals),
      labels.substr(value, end - 1 - value),
      is_quoted,
  };
  labels.remove_prefix(end < labels.size() ? end + 1 : end);  // the comma too
  return label;
}

std::string Unescape(std::string_view escaped) {
  std::string plain;
  plain.reserve(escaped.size());
  for (std::size_t i = 0; i < escaped.size(); ++i) {
    const bool is_escape = escaped[i] == '\\' && i + 1 < escaped.size();
    if (is_escape) ++i;
    plain += is_escape && escaped[i] == 'n' ? '\n' : escaped[i];
  }
  return plain;
}

std::string_view EscapeLabelNames(std::string_view labels, Escaping escaping, std::string& buffer) {
  if (escaping == Escaping::kAllowUtf8) return labels;
  // Quoted names are rare: a look for what may be one settles most label text.
  if (!labels.starts_with('"') && labels.find(",\"") == std::string_view::npos) return labels;
  buffer.clear();
  for (std::string_view rest = labels; !rest.empty();) {
    const LabelView label = TakeLabel(rest);
    if (!buffer.empty()) buffer += ',';
    if (label.is_quoted) {
      buffer += EscapeName(Unescape(label.name), NameKind::kLabel, escaping);
    } else {
      buffer += label.name;
    }
    buffer.append("=\"").append(label.value).append("\"");
  }
  return buffer;
}

}  // namespace nanotally
