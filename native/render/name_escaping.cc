// Escaping of names, code point by code point.
#include "render/name_escaping.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

namespace nanotally {
namespace {

constexpr std::array<std::string_view, 4> kEscapingNames = {"allow-utf-8", "underscores", "dots",
                                                            "values"};

bool IsLegacyCharacter(std::uint32_t c, bool is_first, NameKind kind) {
  const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  const bool is_digit = c >= '0' && c <= '9';
  return is_letter || (is_digit && !is_first) || (c == ':' && kind == NameKind::kMetric);
}

constexpr std::uint32_t kReplacementCharacter = 0xFFFD;

// Takes the first code point off `text`.
std::uint32_t TakeCodePoint(std::string_view& text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  const std::size_t length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  std::uint32_t code = length == 1 ? first : first & (0x7Fu >> length);
  bool is_whole = length <= text.size() && (first < 0x80 || first >= 0xC2);
  for (std::size_t i = 1; is_whole && i < length; ++i) {
    is_whole = (byte(i) & 0xC0) == 0x80;
    code = code << 6 | (byte(i) & 0x3F);
  }
  text.remove_prefix(is_whole ? length : 1);
  return is_whole ? code : kReplacementCharacter;
}

void AppendCodePoint(std::string& text, std::uint32_t code) {
  char digits[8];
  const auto end = std::to_chars(digits, digits + sizeof digits, code, 16).ptr;
  text.append("_").append(digits, end).append("_");
}

void AppendEscaped(std::string& text, std::uint32_t code, bool is_legacy, Escaping escaping) {
  if (code == '_' && escaping != Escaping::kUnderscores) {
    text += "__";
  } else if (is_legacy) {
    text += static_cast<char>(code);
  } else if (escaping == Escaping::kUnderscores) {
    text += '_';
  } else if (escaping == Escaping::kDots) {
    text += code == '.' ? "_dot_" : "__";
  } else {
    AppendCodePoint(text, code);
  }
}

}  // namespace

bool IsLegacyName(std::string_view name, NameKind kind) {
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (!IsLegacyCharacter(static_cast<unsigned char>(name[i]), i == 0, kind)) return false;
  }
  return !name.empty();
}

std::string EscapeName(std::string_view name, NameKind kind, Escaping escaping) {
  if (escaping == Escaping::kAllowUtf8 || IsLegacyName(name, kind)) return std::string(name);
  std::string escaped(escaping == Escaping::kValues ? "U__" : "");
  for (bool is_first = true; !name.empty(); is_first = false) {
    const std::uint32_t code = TakeCodePoint(name);
    AppendEscaped(escaped, code, IsLegacyCharacter(code, is_first, kind), escaping);
  }
  return escaped;
}

std::string_view EscapingName(Escaping escaping) {
  return kEscapingNames[static_cast<std::size_t>(escaping)];
}

std::optional<Escaping> FindEscaping(std::string_view name) {
  const auto found = std::find(kEscapingNames.begin(), kEscapingNames.end(), name);
  if (found == kEscapingNames.end()) return std::nullopt;
  return static_cast<Escaping>(found - kEscapingNames.begin());
}

}  // namespace nanotally
