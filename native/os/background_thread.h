// One background thread that runs posted jobs in order, and calls a tick in between, as often as
// anybody asked for: to wake it costs more than most of what it does.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <utility>

namespace nanotally {

// Any thread may call it. Neither stopped nor destroyed: it is meant for the life of the process,
// and the process may end while it runs, so jobs and the tick may touch only what is never
// destroyed or what they own. The thread is started with the first use, all signals blocked in it.
// Jobs and the tick must not throw.
class BackgroundThread {
 public:
  using Job = std::function<void()>;

  explicit BackgroundThread(Job tick) : tick_(std::move(tick)) {}
  BackgroundThread(const BackgroundThread&) = delete;
  BackgroundThread& operator=(const BackgroundThread&) = delete;

  // From now on the tick is called about every `period`, or more often where anybody asked for
  // that; the first time soon. Throws std::system_error when the system refuses a thread.
  void TickEvery(std::chrono::milliseconds period);
  // Runs the job after those posted before. Throws as TickEvery; std::bad_alloc.
  void Post(Job job);

 private:
  using Clock = std::chrono::steady_clock;

  void StartLockHeld();
  [[noreturn]] void Run();
  void WaitLockHeld(std::unique_lock<std::mutex>& lock);

  const Job tick_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> jobs_;
  std::optional<std::chrono::milliseconds> period_;  // the shortest that was asked for
  Clock::time_point next_tick_;                      // where there is a period
  bool started_ = false;
};

}  // namespace nanotally
