// OpenMetrics text, versions 0.0.1 and 1.0.0.
// Source: github.com/prometheus/OpenMetrics, specification/OpenMetrics.md, and for names that are
// no legacy names prometheus/common's expfmt.
//
// A family is told as what it is only where the specification lets it be; sample names are those of
// the other formats in any case.
//   - A counter whose name lacks `_total` is `unknown`, and so is one whose family name, which is
//     without it, or whose `_created` would be another family's.
//   - A gauge of kind info is `info` where its name ends in `_info` and its values are all 1.
//   - A gauge of kind state set is `stateset` where one of its labels is called as it is and its
//     values are all 0 or 1.
//   - A histogram with a negative bound, or whose sum is negative or NaN, has neither `_sum` nor
//     `_count`: both would have to be counters.
//   - `# UNIT` stands only where the family's name ends with it.
#pragma once

#include <string>

#include "core/snapshot.h"
#include "render/exposition.h"

namespace nanotally {

// Appends the whole exposition.
void RenderOpenMetrics(const Snapshot& snapshot, Escaping escaping, std::string& text);

}  // namespace nanotally
