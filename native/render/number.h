// Numbers as the text formats want them: shortest digits that read back as the same double, never
// touched by a locale.
#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <string>

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

}  // namespace nanotally
