// The kernel's text files below /proc and /sys: reading them whole, cutting them into fields. What
// is missing or malformed is absent, never 0. Any thread.
//
// Readers take the root that all paths are below: "" for this machine, a folder of recorded files
// in tests.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace nanotally {

// A quantity in base units (bytes, seconds, ratios), or a count.
using Reading = std::optional<double>;

// What is read of a longer file; a line that is cut off by it is left out. The longest that is
// needed, mountinfo, has about 200 bytes a line.
inline constexpr std::size_t kMaxFileBytes = 1 << 20;

// Nothing where the file cannot be opened or read. Throws std::bad_alloc.
[[nodiscard]] std::optional<std::string> ReadKernelFile(const std::string& path);

// Takes the first line off `text`, without its end. Empty at the end of the text.
std::string_view TakeLine(std::string_view& text);

// Takes what is before the first `separator` off `text`, and the separator: all where there is
// none.
std::string_view TakeUntil(std::string_view& text, char separator);

// Takes the first word off `line`, words being what blanks part. Empty where there is none.
std::string_view TakeWord(std::string_view& line);

// An unsigned integer in decimal, and nothing else.
[[nodiscard]] Reading ParseCount(std::string_view word);

// The same, as a multiple of `unit`: a whole number, or 1 by one.
[[nodiscard]] Reading ParseCount(std::string_view word, double unit);

// A decimal fraction that is not negative, such as "0.52".
[[nodiscard]] Reading ParseFraction(std::string_view word);

// The count behind `key`, the first word of a line ("oom_kill 3", "VmRSS:  2024 kB"), as a multiple
// of `unit`.
[[nodiscard]] Reading FindCount(std::string_view text, std::string_view key, double unit = 1);

// The count that is all that a file holds.
[[nodiscard]] Reading ReadCount(const std::string& path, double unit = 1);

}  // namespace nanotally
