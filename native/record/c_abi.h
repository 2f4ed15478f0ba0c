// The C ABI's table of functions (include/nanotally.h) over a recorder and the regions.
#pragma once

#include "include/nanotally.h"
#include "record/perf_region.h"
#include "record/recorder.h"

namespace nanotally {

// The process' table, whose functions lead to `recorder` and `regions`: one for each copy of
// nanotally. None is ever destroyed. Calling it again with others redirects the table (tests do).
const nanotally_table& NativeTable(Recorder& recorder, PerfRegions& regions);

}  // namespace nanotally
