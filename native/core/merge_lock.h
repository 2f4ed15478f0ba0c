// A reader-writer lock that a stream of overlapping readers cannot starve a writer of.
//
// glibc's std::shared_mutex prefers readers: during a storm of scrapes an ending environment would
// wait for ever. Every reader passes through a turnstile that a waiting writer holds shut.
#pragma once

#include <mutex>
#include <shared_mutex>

namespace nanotally {

class MergeLock {
 public:
  [[nodiscard]] std::shared_lock<std::shared_mutex> Shared() {
    const std::lock_guard pass(turnstile_);
    return std::shared_lock(mutex_);
  }
  [[nodiscard]] std::unique_lock<std::shared_mutex> Exclusive() {
    const std::lock_guard pass(turnstile_);
    return std::unique_lock(mutex_);
  }

 private:
  std::mutex turnstile_;
  std::shared_mutex mutex_;
};

}  // namespace nanotally
