// The loop of the background thread.
#include "os/background_thread.h"

#include <thread>
#include <utility>

#include "os/signal_mask.h"

namespace nanotally {

void BackgroundThread::Start() {
  const std::lock_guard lock(mutex_);
  StartLockHeld();
}

void BackgroundThread::Post(Job job) {
  {
    const std::lock_guard lock(mutex_);
    StartLockHeld();
    jobs_.push_back(std::move(job));
  }
  posted_.notify_one();
}

void BackgroundThread::StartLockHeld() {
  if (started_) return;
  const AllSignalsBlocked
      blocked;  // the new thread inherits the mask: the program's handlers run on its own threads
  std::thread([this] { Run(); }).detach();
  started_ = true;
}

void BackgroundThread::Run() {
  auto next_tick = std::chrono::steady_clock::now();
  std::unique_lock lock(mutex_);
  for (;;) {
    if (std::chrono::steady_clock::now() >= next_tick) {
      lock.unlock();
      tick_();
      next_tick = std::chrono::steady_clock::now() + period_;
      lock.lock();
    }
    if (jobs_.empty()) {
      posted_.wait_until(lock, next_tick);
      continue;
    }
    Job job = std::exchange(jobs_.front(), nullptr);
    jobs_.pop_front();
    lock.unlock();
    job();
    job = nullptr;  // what it owned may take its time, and locks, to go
    lock.lock();
  }
}

}  // namespace nanotally
