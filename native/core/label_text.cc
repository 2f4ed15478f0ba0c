// Escaping and joining of labels; see the header for the format.
#include "core/label_text.h"

#include <algorithm>

namespace nanotally {
namespace {

constexpr std::string_view kReplacementCharacter = "\xEF\xBF\xBD";

void AppendEscaped(std::string& text, std::string_view raw, bool escape_quotes) {
  for (const char c : raw) {
    switch (c) {
      case '\\':
        text += "\\\\";
        break;
      case '\n':
        text += "\\n";
        break;
      case '\0':
        text += kReplacementCharacter;
        break;
      case '"':
        if (escape_quotes) text += '\\';
        [[fallthrough]];
      default:
        text += c;
    }
  }
}

// The comma, the name and what stands between it and the value.
void AppendName(std::string& text, std::string_view name) {
  if (!text.empty()) text += ',';
  if (IsPlainLabelName(name)) {
    text += name;
  } else {
    text += '"';
    AppendEscaped(text, name, true);
    text += '"';
  }
  text += "=\"";
}

// The end of a quoted text whose first character after the quote is at `start`: where its closing
// quote is.
std::size_t EndOfQuoted(std::string_view text, std::size_t start) {
  while (text[start] != '"') start += text[start] == '\\' ? 2 : 1;
  return start;
}

// Whether `escaped` is what AppendEscaped makes of `raw`, which holds no NUL.
bool IsEscapedFormOf(std::string_view escaped, std::string_view raw) {
  std::size_t at = 0;
  for (const char c : raw) {
    const bool is_escaped = c == '\\' || c == '\n' || c == '"';
    if (escaped.size() - at < (is_escaped ? 2u : 1u)) return false;
    if (is_escaped && escaped[at++] != '\\') return false;
    if (escaped[at++] != (c == '\n' ? 'n' : c)) return false;
  }
  return at == escaped.size();
}

}  // namespace

bool IsPlainLabelName(std::string_view name) {
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  return !name.empty() && is_letter(name.front()) &&
         std::all_of(name.begin(), name.end(),
                     [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

void AppendLabel(std::string& text, std::string_view name, std::string_view value) {
  AppendName(text, name);
  AppendEscaped(text, value, true);
  text += '"';
}

void AppendEscapedLabel(std::string& text, std::string_view name, std::string_view escaped_value) {
  AppendName(text, name);
  text += escaped_value;
  text += '"';
}

std::string LabelText(std::span<const std::string> names, std::span<const std::string> values) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!values[i].empty()) AppendLabel(text, names[i], values[i]);
  }
  return text;
}

std::string_view FindLabel(std::string_view text, std::string_view name) {
  while (!text.empty()) {
    const bool is_quoted = text.front() == '"';
    const std::size_t name_end = is_quoted ? EndOfQuoted(text, 1) : text.find('=');
    const std::size_t start = name_end + (is_quoted ? 3 : 2);  // past "=" or ="
    const std::size_t end = EndOfQuoted(text, start);
    const bool is_found = is_quoted ? IsEscapedFormOf(text.substr(1, name_end - 1), name)
                                    : text.substr(0, name_end) == name;
    if (is_found) return text.substr(start, end - start);
    text.remove_prefix(end + 1);
    if (!text.empty()) text.remove_prefix(1);  // the comma
  }
  return {};
}

std::string LabelValue(std::string_view text, std::string_view name) {
  std::string value;
  const std::string_view escaped = FindLabel(text, name);
  for (std::size_t i = 0; i < escaped.size(); ++i) {
    if (escaped[i] != '\\') {
      value += escaped[i];
    } else {
      ++i;
      value += escaped[i] == 'n' ? '\n' : escaped[i];
    }
  }
  return value;
}

std::string EscapeHelp(std::string_view help) {
  std::string text;
  AppendEscaped(text, help, false);
  return text;
}

}  // namespace nanotally
