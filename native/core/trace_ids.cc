// Hexadecimal digits to words and back.
#include "core/trace_ids.h"

#include <charconv>
#include <cstddef>

namespace nanotally {
namespace {

constexpr std::size_t kDigits = 16;  // of a word

std::optional<std::uint64_t> ParseWord(std::string_view digits) {
  // from_chars takes a sign only for signed types, and never a prefix or a blank.
  std::uint64_t word = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stopped, error] = std::from_chars(digits.data(), end, word, 16);
  if (digits.size() != kDigits || error != std::errc() || stopped != end) return std::nullopt;
  return word;
}

void AppendWord(std::string& text, std::uint64_t word) {
  for (int shift = 60; shift >= 0; shift -= 4) text += "0123456789abcdef"[word >> shift & 15];
}

}  // namespace

std::optional<TraceIds> ParseTraceIds(std::string_view trace, std::string_view span) {
  if (trace.size() != 2 * kDigits) return std::nullopt;
  const auto high = ParseWord(trace.substr(0, kDigits));
  const auto low = ParseWord(trace.substr(kDigits));
  if (!high || !low) return std::nullopt;
  TraceIds ids{*high, *low, 0};
  if (!ids.HasTrace()) return std::nullopt;
  if (span.empty()) return ids;
  const auto word = ParseWord(span);
  if (!word || *word == 0) return std::nullopt;
  ids.span = *word;
  return ids;
}

std::string TraceText(const TraceIds& ids) {
  std::string text;
  text.reserve(2 * kDigits);
  AppendWord(text, ids.trace_high);
  AppendWord(text, ids.trace_low);
  return text;
}

std::string SpanText(const TraceIds& ids) {
  std::string text;
  if (ids.span != 0) AppendWord(text, ids.span);
  return text;
}

}  // namespace nanotally
