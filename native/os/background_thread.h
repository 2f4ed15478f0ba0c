// One background thread that runs posted jobs in order and calls a tick in between, about every
// period.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>

namespace nanotally {

// Any thread may call it. Neither stopped nor destroyed: it is meant for the life of the process,
// and the process may end while it runs, so jobs and the tick may touch only what is never
// destroyed or what they own. The thread is started with the first use, all signals blocked in it.
// Jobs and the tick must not throw.
class BackgroundThread {
 public:
  using Job = std::function<void()>;

  BackgroundThread(std::chrono::milliseconds period, Job tick)
      : period_(period), tick_(std::move(tick)) {}
  BackgroundThread(const BackgroundThread&) = delete;
  BackgroundThread& operator=(const BackgroundThread&) = delete;

  // Starts the thread if need be. Throws std::system_error when the system refuses one.
  void Start();
  // Start, and run the job after those posted before. Throws as Start; std::bad_alloc.
  void Post(Job job);

 private:
  void StartLockHeld();
  [[noreturn]] void Run();

  const std::chrono::milliseconds period_;
  const Job tick_;
  std::mutex mutex_;
  std::condition_variable posted_;
  std::deque<Job> jobs_;
  bool started_ = false;
};

}  // namespace nanotally
