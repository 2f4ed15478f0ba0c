// How long work waits for a thread of libuv's pool, found out by putting work of no length into it.
//
// The pool is one for all loops of the process, so the probe has a loop of its own, on nanotally's
// thread, and asks nothing of the program's. At most one probe waits at a time. While it does, the
// pool has no free thread: the pool serves its queue in order.
//
// When a process ends Node shuts libuv's pool down, and a request after that aborts. So all have to
// stop listening before: threads do when they end, the main thread when Node emits 'exit'.
#pragma once

#include <uv.h>

#include <functional>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "binding/event_loops.h"

namespace nanotally {

// Never destroyed: the pool may reach for it until the process ends.
class ThreadPoolProbe {
 public:
  // About every second or more often, by one thread, nanotally's own; it probes once a second. Does
  // nothing while nobody listens.
  void Tick(LoopClock::time_point now);

  // `on_wait` is called with the seconds that each probe waited, on a thread of the pool, until
  // `owner` stops listening; after that it is not called any more. On a thread that may read the
  // environment's variables; the first time that of the pool's size is read.
  void Listen(const void* owner, std::function<void(double seconds)> on_wait);
  void StopListening(const void* owner);

  // Whether anybody listens.
  [[nodiscard]] bool IsProbing() const;
  // How long the probe that is waiting has waited, 0 where none is. Nothing before the first probe.
  [[nodiscard]] std::optional<std::chrono::nanoseconds> Waiting(LoopClock::time_point now) const;
  // As libuv reads it when the pool is first used, which may have been earlier (docs.libuv.org,
  // "Thread pool work scheduling"). Nothing while nobody has listened.
  [[nodiscard]] std::optional<int> PoolThreads() const;

 private:
  void QueueLockHeld(LoopClock::time_point now);
  void Served();

  // nanotally's thread alone.
  uv_loop_t loop_;
  uv_work_t work_;
  bool has_loop_ = false;
  bool is_out_ = false;  // the request is libuv's
  LoopClock::time_point next_;

  mutable std::mutex mutex_;
  std::vector<std::pair<const void*, std::function<void(double)>>> listeners_;
  std::optional<int> pool_threads_;
  LoopClock::time_point queued_;
  bool has_probed_ = false;
  bool is_waiting_ = false;
};

}  // namespace nanotally
