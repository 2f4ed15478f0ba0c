// Numbers as the text formats want them: shortest digits that read back as the same double, never
// touched by a locale.
#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>

namespace nanotally {

// NaN, +Inf, -Inf as Prometheus spells them; -0 keeps its sign.
inline void AppendNumber(std::string& text, double value) {
  if (!std::isfinite(value)) {
    text += std::isnan(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
    return;
  }
  char digits[32];  // the longest, such as -2.2250738585072014e-308, has 24
  // Counts are whole: below 2^53 the integer's digits are the same text and cost a third.
  constexpr double kExactIntegers = 9007199254740992.0;
  const bool whole = std::abs(value) < kExactIntegers && value == std::trunc(value) &&
                     !(value == 0 && std::signbit(value));
  const auto end =
      whole ? std::to_chars(digits, digits + sizeof digits, static_cast<std::int64_t>(value)).ptr
            : std::to_chars(digits, digits + sizeof digits, value).ptr;
  text.append(digits, end);
}

// The same number with one text for all exposers, as OpenMetrics wants it where a number is a label
// value (specification, "Considerations: Canonical Numbers"): Go's %g with ".0" after a whole
// number, so 1.0, 0.001, 1e-05, 100000.0, 1e+06.
inline void AppendCanonicalNumber(std::string& text, double value) {
  if (!std::isfinite(value)) return AppendNumber(text, value);
  char digits[32];
  const auto end =
      std::to_chars(digits, digits + sizeof digits, value, std::chars_format::scientific).ptr;
  const std::string_view scientific(digits, end);
  const std::size_t mark = scientific.find('e');
  int exponent = 0;
  const std::size_t sign = mark + 1;
  std::from_chars(digits + (scientific[sign] == '+' ? sign + 1 : sign), end, exponent);
  if (exponent < -4 || exponent > 5) {
    text += scientific;
    return;
  }
  const auto fixed_end =
      std::to_chars(digits, digits + sizeof digits, value, std::chars_format::fixed).ptr;
  const std::string_view fixed(digits, fixed_end);
  text += fixed;
  if (fixed.find('.') == std::string_view::npos) text += ".0";
}

}  // namespace nanotally
