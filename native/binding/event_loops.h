// The event loops of the process: whether each still turns, and how its time is spent.
//
// A loop has a heartbeat, a prepare handle that notes at its turns how long the loop has not waited
// so far, and wakes it for nothing. Others read how long that is now, by the clock and by libuv's
// idle time, which grows also while the loop waits: what was added since the note is how long a
// callback holds the loop. So a stall is seen while it lasts, and nobody has to look before.
//
// A note takes two readings of the clock and one of libuv's mutexes, so a turn soon after a noted
// one is not noted: most pay a comparison. Where the length of turns was asked for, each is noted.
// The note is also when the thread's place is sampled: which CPU it runs on, and whether its chunks
// lie on the same NUMA node.
//
// A turn is the time from one prepare phase to the next without the waiting in between: as long as
// that a new event may wait for its callback.
#pragma once

#include <uv.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "record/native_series.h"
#include "runtime/runtime_metrics.h"
#include "runtime/thread_placement.h"

namespace nanotally {

using LoopClock = std::chrono::steady_clock;

// What others read of a loop.
struct LoopReading {
  std::string thread;
  // How long a callback holds it; 0 while it waits. What it did before in turns that were not noted
  // is told with it: up to 50 ms, or the timers of the turn before.
  std::chrono::nanoseconds stalled{0};
  std::chrono::nanoseconds idle{0};    // since the loop was joined
  std::chrono::nanoseconds active{0};  // likewise
  double utilization = 0;              // share of the last ten seconds in which it did not wait
  std::uint32_t handles = 0;           // active ones that keep the loop alive, at its last turn
  std::uint32_t requests = 0;          // likewise
};

class EventLoop {
 public:
  EventLoop(uv_loop_t* loop, std::unique_ptr<ThreadPlacement> placement);
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // On the loop's thread: from now on the length of each turn is recorded, and until StopMeasuring.
  void Measure(NativeHistogram& turns);
  void StopMeasuring(const NativeHistogram& turns);

 private:
  friend class EventLoops;

  static void Turned(uv_prepare_t* prepare);
  void Turned();
  [[nodiscard]] double UtilizationLockHeld(LoopClock::time_point now, std::uint64_t idle_ns) const;

  struct Sample {
    LoopClock::time_point at;
    std::uint64_t idle_ns;
  };

  uv_loop_t* const loop_;
  uv_prepare_t prepare_;
  const std::uint64_t joined_ns_;
  const std::uint64_t idle_before_ns_;
  const int thread_id_;  // the system's; 0 where it has none
  // Written by the loop's thread. relaxed: statistics, no data depends on them.
  std::atomic<std::int64_t> noted_active_ns_;
  std::atomic<std::uint32_t> handles_{0};
  std::atomic<std::uint32_t> requests_{0};

  // The loop's thread alone.
  std::vector<NativeHistogram*> measured_;
  const std::unique_ptr<ThreadPlacement> placement_;
  std::uint64_t noted_ms_;  // by the loop's own time

  // Guarded by the EventLoops' mutex.
  int joined_ = 0;
  std::string name_;
  std::deque<Sample> samples_;  // a second apart, the first ten seconds old; never empty
  // The most that was told: two clocks are read one after the other, and counters must not fall.
  std::chrono::nanoseconds told_idle_{0};
  std::chrono::nanoseconds told_active_{0};
};

// All functions but Join and Leave are for any thread.
class EventLoops {
 public:
  // Called by Join, on the thread that is placed.
  using MakePlacement = std::function<std::unique_ptr<ThreadPlacement>()>;

  explicit EventLoops(MakePlacement make_placement) : make_placement_(std::move(make_placement)) {}

  // The loop of the calling thread, which is to Leave it as often. `name` is unique; the first one
  // holds.
  std::shared_ptr<EventLoop> Join(uv_loop_t* loop, const std::string& name);
  void Leave(const std::shared_ptr<EventLoop>& loop);

  // Notes what is told of the last ten seconds. About every second, or more often.
  void Sample(LoopClock::time_point now);
  // Of loops whose threads the system has numbers for.
  [[nodiscard]] std::vector<ThreadName> Threads();
  [[nodiscard]] std::vector<LoopReading> Read(LoopClock::time_point now);
  [[nodiscard]] std::vector<NamedSamples> Placements();

 private:
  const MakePlacement make_placement_;
  std::mutex mutex_;
  std::vector<std::shared_ptr<EventLoop>> loops_;
};

}  // namespace nanotally
