// The C ABI's table of functions (include/nanotally.h) over a recorder.
#pragma once

#include "include/nanotally.h"
#include "record/recorder.h"

namespace nanotally {

// The process' table, whose functions lead to `recorder`: one for each copy of nanotally. Neither
// is ever destroyed. Calling it again with another recorder redirects the table (tests do).
const nanotally_table& NativeTable(Recorder& recorder);

}  // namespace nanotally
