// What collectRuntimeMetrics() measures of libuv: the event loops of the threads that asked for it,
// and the thread pool.
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "binding/event_loops.h"
#include "core/family_source.h"
#include "core/histogram_math.h"
#include "core/registry.h"
#include "record/native_series.h"

namespace nanotally {

class Process;

// One for each registry that tells of them. Any thread, where nothing else is said.
class LoopMetrics final : public FamilySource {
 public:
  static constexpr const char* kPoolWaits = "nodejs_threadpool_queue_wait_seconds";

  // Does nothing before Start.
  LoopMetrics(Process& process, std::shared_ptr<Registry> registry);

  // kMetricConflict where a name of the families is taken; kOutOfMemory, kOutOfCells,
  // kRegistryClosed.
  Status Start();
  void Stop();
  // Stops what has or has not begun to, as if it had never been.
  void Undo();

  // Measures the turns of the calling thread's loop until it was removed as often.
  Status Add(EventLoop& loop, const std::string& thread);
  void Remove(EventLoop& loop);
  [[nodiscard]] bool IsEmpty() const;

  // The thread with the longest turns of the last minute, by their 99th percentile in seconds.
  // Nothing while nothing was measured.
  [[nodiscard]] std::optional<std::pair<std::string, double>> Slowest() const;

  // About every second or more often.
  void Tick(LoopClock::time_point now);

  [[nodiscard]] std::span<const std::string_view> Names() const override;
  void Read(const NameFilter& filter, std::vector<ComputedFamily>& families) override;

 private:
  struct Sample {
    LoopClock::time_point at;
    HistogramValue value;
  };
  struct Measured {
    EventLoop* loop;
    std::string thread;
    NativeHistogram* turns;
    std::deque<Sample> samples;  // some seconds apart; the oldest is a window old
    int added = 1;
  };

  [[nodiscard]] Result<NativeHistogram*> Open(
      std::string name, std::string help, std::vector<std::pair<std::string, std::string>> labels);
  void SampleIfDue(Measured& one, LoopClock::time_point now) const;
  // By thread; without buckets where it has not turned.
  [[nodiscard]] std::vector<std::pair<std::string, HistogramData>> RecentTurns() const;
  [[nodiscard]] Measured* FindLockHeld(const EventLoop& loop);
  void AppendLag(const NameFilter& filter, std::span<const LoopReading> readings,
                 std::vector<ComputedFamily>& families);

  Process& process_;
  const std::shared_ptr<Registry> registry_;
  NativeHistogram* pool_waits_ = nullptr;

  mutable std::mutex mutex_;
  std::vector<Measured> measured_;
};

}  // namespace nanotally
