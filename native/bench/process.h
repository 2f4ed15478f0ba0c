// The C ABI as in the addon, without Node, for the programs of this folder.
#pragma once

#include <stdexcept>
#include <string>

#include "core/registry.h"
#include "core/snapshot.h"
#include "core/store.h"
#include "include/nanotally.h"
#include "os/page_source_os.h"
#include "record/c_abi.h"
#include "record/recorder.h"

namespace nanotally::bench {

inline void Require(bool holds, const char* what) {
  if (!holds) throw std::runtime_error(what);
}

// The addon's state, without Node. Never destroyed, as there; and nothing ticks.
struct Process {
  OsPageSource pages;
  Store store{pages};
  Recorder recorder{store, [](std::chrono::milliseconds) {}, true};
  PerfRegions regions{store, recorder, true};

  static Process& Get() {
    static auto* process = [] {
      auto* made = new Process;
      Require(nanotally_attach_table(&NativeTable(made->recorder, made->regions)) == NANOTALLY_OK,
              "attach");
      return made;
    }();
    return *process;
  }
  [[nodiscard]] Snapshot TakeSnapshot() {
    return store.Open("default")->TakeSnapshot(Clock::now());
  }
};

// The series of a metric with the label `slot`. nullptr: no options.
inline nanotally_counter* Counter(const char* name, const char* slot = "",
                                  const nanotally_options* options = nullptr) {
  Process::Get();
  nanotally_counter* counter = nullptr;
  const nanotally_label label{"slot", slot};
  Require(nanotally_get_counter(name, &label, 1, options, &counter) == NANOTALLY_OK, name);
  return counter;
}
inline nanotally_gauge* Gauge(const char* name, const char* slot = "") {
  Process::Get();
  nanotally_gauge* gauge = nullptr;
  const nanotally_label label{"slot", slot};
  Require(nanotally_get_gauge(name, &label, 1, nullptr, &gauge) == NANOTALLY_OK, name);
  return gauge;
}
inline nanotally_histogram* Histogram(const char* name, const char* slot = "",
                                      const nanotally_options* options = nullptr) {
  Process::Get();
  nanotally_histogram* histogram = nullptr;
  const nanotally_label label{"slot", slot};
  Require(nanotally_get_histogram(name, &label, 1, options, &histogram) == NANOTALLY_OK, name);
  return histogram;
}

// What a metric holds, over all its series: the sum of a counter or gauge, the count of a
// histogram.
inline double Held(const std::string& name) {
  double held = 0;
  for (const MetricSnapshot& metric : Process::Get().TakeSnapshot().metrics) {
    if (metric.metric->name() != name) continue;
    for (const double value : metric.values) held += value;
    for (const HistogramValue& value : metric.histograms) held += value.Count();
  }
  return held;
}

}  // namespace nanotally::bench
