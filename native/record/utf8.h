// Text from C callers, who promise UTF-8 but may not keep it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace nanotally {

// `text` with U+FFFD in place of each byte that belongs to no well-formed sequence (The Unicode
// Standard, table 3-7): Prometheus refuses a whole scrape for one bad byte.
[[nodiscard]] std::string WellFormedUtf8(std::string_view text);

[[nodiscard]] bool IsWellFormedUtf8(std::string_view text);

// The length of well-formed UTF-8 as JavaScript counts it.
[[nodiscard]] std::size_t Utf16Length(std::string_view text);

}  // namespace nanotally
