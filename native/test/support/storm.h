// Storms: real threads that stand for environments, all recording at once, and how to pin them.
#pragma once

#include <gtest/gtest.h>
#include <sched.h>

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

// Keeps the calling thread, and threads that it starts, on one CPU for the life of the object.
class PinnedToOneCpu {
 public:
  PinnedToOneCpu() {
    EXPECT_EQ(sched_getaffinity(0, sizeof before_, &before_), 0);
    cpu_set_t one;
    CPU_ZERO(&one);
    for (int cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; ++cpu) {
      if (CPU_ISSET(cpu, &before_)) CPU_SET(cpu, &one);
    }
    EXPECT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
  }
  ~PinnedToOneCpu() { sched_setaffinity(0, sizeof before_, &before_); }
  PinnedToOneCpu(const PinnedToOneCpu&) = delete;
  PinnedToOneCpu& operator=(const PinnedToOneCpu&) = delete;

 private:
  cpu_set_t before_;
};

}  // namespace nanotally
