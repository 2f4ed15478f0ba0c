// What a scraper wants, by its Accept header: RFC 9110, sections 12.4.2 and 12.5.1.
//
// Each format with each escaping is an offer. The most specific range of the header that an offer
// matches says how much it is wanted; one with q=0 excludes it. Among the most wanted, an offer
// that is named goes before one of a wildcard, then the header's order counts. Where the header
// names no version, the older one is meant, and where it names no escaping, `underscores` (both as
// prometheus/common's expfmt has it). Other parameters are not looked at. Where nothing is
// acceptable the answer is text 0.0.4 all the same: a scraper that cannot read it says so better
// than we could.
#pragma once

#include <string_view>

#include "render/exposition.h"

namespace nanotally {

// Any bytes at all: what is malformed is passed over. No more than kMaxAcceptBytes are read.
[[nodiscard]] Exposition Negotiate(std::string_view accept);

inline constexpr std::size_t kMaxAcceptBytes = 8192;

}  // namespace nanotally
