// Storms: real threads that stand for environments, all recording at once.
#pragma once

#include <atomic>
#include <functional>
#include <latch>
#include <thread>
#include <vector>

namespace nanotally {

inline int Cpus() {
  const unsigned cpus = std::thread::hardware_concurrency();
  return cpus == 0 ? 2 : static_cast<int>(cpus);
}

// Runs `body(i)` on `count` threads that start together; returns when all have ended. What a body
// throws ends the process, and so the test.
inline void RunThreads(int count, const std::function<void(int)>& body) {
  std::latch start(count);
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) {
    threads.emplace_back([&, i] {
      start.arrive_and_wait();
      body(i);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

// Runs `body` while `count` threads call `watch(i)` over and over; each calls it at least twice,
// once of that after `body` has ended.
inline void RunWatched(int count, const std::function<void(int)>& watch,
                       const std::function<void()>& body) {
  std::atomic<bool> ended{false};
  std::latch watching(count + 1);
  std::vector<std::thread> watchers;
  for (int i = 0; i < count; ++i) {
    watchers.emplace_back([&, i] {
      watch(i);
      watching.count_down();
      for (bool last = false; !last;) {
        last = ended;
        watch(i);
      }
    });
  }
  watching.arrive_and_wait();
  body();
  ended = true;
  for (std::thread& watcher : watchers) watcher.join();
}

}  // namespace nanotally
