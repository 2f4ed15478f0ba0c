// The loop of the background thread.
#include "os/background_thread.h"

#include <thread>
#include <utility>

#include "os/signal_mask.h"

namespace nanotally {

void BackgroundThread::TickEvery(std::chrono::milliseconds period) {
  {
    const std::lock_guard lock(mutex_);
    StartLockHeld();
    if (period_ && *period_ <= period) return;
    period_ = period;
    next_tick_ = Clock::now();
  }
  changed_.notify_one();
}

void BackgroundThread::Post(Job job) {
  {
    const std::lock_guard lock(mutex_);
    StartLockHeld();
    jobs_.push_back(std::move(job));
  }
  changed_.notify_one();
}

void BackgroundThread::StartLockHeld() {
  if (started_) return;
  const AllSignalsBlocked
      blocked;  // the new thread inherits the mask: the program's handlers run on its own threads
  std::thread([this] { Run(); }).detach();
  started_ = true;
}

void BackgroundThread::Run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (period_ && Clock::now() >= next_tick_) {
      lock.unlock();
      tick_();
      lock.lock();
      next_tick_ = Clock::now() + *period_;
    }
    if (jobs_.empty()) {
      WaitLockHeld(lock);
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

void BackgroundThread::WaitLockHeld(std::unique_lock<std::mutex>& lock) {
  if (period_) {
    changed_.wait_until(lock, next_tick_);
  } else {
    changed_.wait(lock);
  }
}

}  // namespace nanotally
