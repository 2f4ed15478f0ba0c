// Escaping and joining of labels; see the header for the format.
#include "core/label_text.h"

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

}  // namespace

void AppendLabel(std::string& text, std::string_view name, std::string_view value) {
  if (!text.empty()) text += ',';
  text += name;
  text += "=\"";
  AppendEscaped(text, value, true);
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
    const std::size_t equals = text.find('=');
    const std::size_t start = equals + 2;  // past ="
    std::size_t end = start;
    while (text[end] != '"') end += text[end] == '\\' ? 2 : 1;
    if (text.substr(0, equals) == name) return text.substr(start, end - start);
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
