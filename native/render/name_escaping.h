// Names that Prometheus before 3.0 does not know: which they are, and how each escaping scheme
// writes them. Follows prometheus/common's model.EscapeName and EscapeMetricFamily, which differ
// from the page on escaping schemes: `dots` writes two underscores for what is neither a dot nor a
// legacy character, `values` writes lower-case hexadecimal, and a legacy name is never changed.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "render/exposition.h"

namespace nanotally {

enum class NameKind : std::uint8_t { kMetric, kLabel };

// [a-zA-Z_:][a-zA-Z0-9_:]* for metrics; labels have no colon.
[[nodiscard]] bool IsLegacyName(std::string_view name, NameKind kind);

// `name` is UTF-8; a byte that is not part of it counts as U+FFFD.
[[nodiscard]] std::string EscapeName(std::string_view name, NameKind kind, Escaping escaping);

// As in the `escaping` parameter of media types: "allow-utf-8".
[[nodiscard]] std::string_view EscapingName(Escaping escaping);
[[nodiscard]] std::optional<Escaping> FindEscaping(std::string_view name);

}  // namespace nanotally
