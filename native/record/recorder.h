// What the C ABI stands on: the native threads of the process, and the series that they record
// into, in any registry of the store.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "core/store.h"
#include "record/registry_recorder.h"

namespace nanotally {

// A series as a native thread asks for it. The definition is used where the metric does not exist;
// its label names are those of `labels`.
struct SeriesRequest {
  std::string registry = "default";
  std::shared_ptr<Registry> in;  // the registry itself, in place of its name
  MetricDefinition definition;
  std::vector<std::pair<std::string, std::string>> labels;  // name, value
};

// Any thread. Never destroyed, as native threads may record to the end of the process.
class Recorder {
 public:
  using TickEvery = std::function<void(std::chrono::milliseconds period)>;

  // `tick_every` is called where what is given needs ticks: from then on Tick, and the store's, are
  // to be called as often. `enabled` false: every get gives a handle that records nothing.
  Recorder(Store& store, TickEvery tick_every, bool enabled);

  // kMetricConflict, kMetricRemoved, kRegistryClosed, kOutOfMemory, kOutOfCells. Throws
  // std::bad_alloc.
  Result<NativeSeries*> Get(const SeriesRequest& request);
  void Release(NativeSeries& series);

  void Tick();

  // Recordings through no handle: counted in the default registry. Neither locks nor allocates;
  // safe in signal handlers.
  void CountNoHandle(std::uint64_t recordings) noexcept;

 private:
  std::shared_ptr<RegistryRecorder> Open(const std::shared_ptr<Registry>& registry);
  void CatchUp(std::uint32_t registry);
  void DropIfOver(std::uint32_t registry);
  [[nodiscard]] std::shared_ptr<RegistryRecorder> Find(std::uint32_t registry);

  Store& store_;
  const TickEvery tick_every_;
  const bool enabled_;
  const std::shared_ptr<Registry> default_registry_;
  NativeSeries off_{nullptr, nullptr, 0, nullptr};
  NativeHistogram off_histogram_{nullptr, nullptr, 0, nullptr};

  std::mutex mutex_;
  std::map<std::uint32_t, std::shared_ptr<RegistryRecorder>> recorders_;  // by registry id
};

}  // namespace nanotally
