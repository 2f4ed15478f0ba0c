// The identifiers of a trace and of a span in it, as binary words and as text (W3C Trace Context,
// level 1, sections 3.2.2.3 and 3.2.2.4).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace nanotally {

struct TraceIds {
  std::uint64_t trace_high = 0;
  std::uint64_t trace_low = 0;
  std::uint64_t span = 0;  // 0: none

  [[nodiscard]] bool HasTrace() const { return (trace_high | trace_low) != 0; }

  bool operator==(const TraceIds&) const = default;
};

// 32 and 16 hexadecimal digits of either case, not all of them 0; an empty `span` stands for none.
// nullopt for anything else.
[[nodiscard]] std::optional<TraceIds> ParseTraceIds(std::string_view trace, std::string_view span);

// Lower-case digits. The text of no span is empty.
[[nodiscard]] std::string TraceText(const TraceIds& ids);
[[nodiscard]] std::string SpanText(const TraceIds& ids);

}  // namespace nanotally
