// What this addon records.
#pragma once

#include <napi.h>  // before nanotally.h, which then declares nanotally_attach

#include "nanotally.h"

// One series each. NULL until Attach: recordings are then dropped, and counted.
struct Metrics {
  nanotally_counter* calls = nullptr;      // kernel_calls_total{kernel="cosine"}
  nanotally_histogram* seconds = nullptr;  // kernel_seconds{kernel="cosine"}
  nanotally_gauge* threads = nullptr;      // kernel_threads{kernel="cosine"}
  nanotally_region* search = nullptr;      // perf_region_*{region="search"}
};
extern Metrics metrics;

// Takes what nanotally's nativeInterface() returned. Every thread of JavaScript that loads the
// addon calls it; the first one does the work.
nanotally_status Attach(Napi::Value native_interface);
