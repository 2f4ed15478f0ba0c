// All native threads as one recorder of one registry: their shard, their series, and what a removal
// asks of them.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/registry.h"
#include "core/status.h"
#include "record/native_series.h"

namespace nanotally {

// Any thread. `mutex_` is taken before the registry's locks; none of these is called with one held.
class RegistryRecorder {
 public:
  explicit RegistryRecorder(std::shared_ptr<Registry> registry);

  [[nodiscard]] Registry& registry() const { return *registry_; }

  // The handle of the series with these label values, counted: while it is open the series does
  // not expire. kMetricRemoved; kOutOfMemory; kOutOfCells.
  Result<NativeSeries*> Get(std::shared_ptr<Metric> metric, std::span<const std::string> values);
  void Release(NativeSeries& series);

  // Redirects the handles of removed metrics and series, and gives up the cells of those that
  // nothing can write any more. A removed series waits for the release of its handles: threads
  // that are in the midst of recording walk its list of blocks.
  void CatchUp();
  // Fills the reserves of blocks that were drawn on.
  void Refill();
  // True once the registry is closed and no handle is open; the shard has ended by then.
  [[nodiscard]] bool EndIfOver();

  // While recording; see NativeHistogram. FindBlock neither locks nor allocates: nullptr when the
  // reserve is used up. MakeBlock does both; nullptr when there is no memory. Throws
  // std::bad_alloc.
  [[nodiscard]] double* FindBlock(const Series& series, std::int32_t number) noexcept;
  [[nodiscard]] double* MakeBlock(const Metric& metric, std::uint32_t series, std::int32_t number);

 private:
  struct MetricHandles {
    std::shared_ptr<Metric> metric;
    std::map<std::uint32_t, std::unique_ptr<NativeSeries>> series;  // by index
    std::uint32_t open = 0;
    std::uint64_t removal = 0;  // of the metric, while it is not acknowledged
  };

  // mutex_ held.
  Result<std::unique_ptr<NativeSeries>> Make(std::shared_ptr<Metric> metric,
                                             const ResolvedSeries& resolved);
  Status Reserve(const Metric& metric, std::uint32_t series);
  [[nodiscard]] double* Cells(CellAddress address);
  void AcknowledgeLockHeld(const std::vector<std::uint64_t>& removals);

  const std::shared_ptr<Registry> registry_;
  Shard* shard_;                              // nullptr once over
  std::atomic<bool> drew_on_reserve_{false};  // relaxed: a late refill is made at the next tick

  std::mutex mutex_;
  std::unordered_map<MetricId, MetricHandles> metrics_;
};

}  // namespace nanotally
