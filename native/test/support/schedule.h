// Replayed schedules: runs a handful of threads one at a time and, run after run, in every order in
// which they could have taken their locks.
//
// How. This header defines pthread_mutex_lock and its kin for the executable that includes it (one
// source file of an executable, no more). A thread that belongs to a schedule hands a baton on each
// time it is about to take a lock, and at each Step() that a test puts between two actions; the
// holder of the baton is the only one that runs. Which thread goes on is a decision; all decisions
// are enumerated depth first, up to a number of preemptions (switching away from a thread that
// could have gone on), after M. Musuvathi and S. Qadeer, "Iterative context bounding for systematic
// testing of multithreaded programs" (PLDI 2007). A failing run prints its decisions.
//
// What it does not show. What happens between two locks is one step here: two critical sections of
// different locks are ordered, never mixed, and memory is sequentially consistent. Mixed executions
// are for the storm tests, and so are missing orders: the baton hides them from ThreadSanitizer.
#pragma once

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <pthread.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <limits>
#include <memory>
#include <semaphore>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "test/support/pinned.h"

namespace nanotally {

// What one run consists of, made anew for each.
struct Scenario {
  struct Actor {
    std::string name;
    std::function<void()> run;
  };
  std::vector<Actor> actors;
  std::function<void()> check = [] {};  // when all actors have ended
};

// The threads that actors run on, one schedule after another: with a sanitizer, to make a thread
// takes longer than most schedules. What is done as a thread ends is in no schedule.
class Crew {
 public:
  Crew() = default;
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;
  ~Crew() {
    for (const auto& member : members_) Start(*member, nullptr);
    for (const auto& member : members_) member->thread.join();
  }

  // Runs all at once, and returns when all have ended.
  void Run(std::vector<std::function<void()>> jobs) {
    while (members_.size() < jobs.size()) members_.push_back(std::make_unique<Member>());
    for (std::size_t i = 0; i < jobs.size(); ++i) Start(*members_[i], std::move(jobs[i]));
    for (std::size_t i = 0; i < jobs.size(); ++i) members_[i]->ended.acquire();
  }

 private:
  struct Member {
    std::function<void()> job;  // empty: the thread's end
    std::binary_semaphore begins{0};
    std::binary_semaphore ended{0};
    std::thread thread{[this] {
      for (;;) {
        begins.acquire();
        if (!job) return;
        job();
        ended.release();
      }
    }};
  };

  static void Start(Member& member, std::function<void()> job) {
    member.job = std::move(job);
    member.begins.release();
  }

  std::vector<std::unique_ptr<Member>> members_;
};

// A run in progress. Everything here is touched only by the holder of the baton: the semaphores
// order it all.
class Schedule {
 public:
  // One decision: which of `options` threads went on. The first is the one that needs no
  // preemption.
  struct Decision {
    std::size_t chosen;
    std::size_t options;
  };

  // Decisions beyond the end of `path` are taken as 0 and appended to it.
  Schedule(Scenario scenario, std::vector<Decision>& path, int preemptions)
      : scenario_(std::move(scenario)), path_(path), preemptions_(preemptions) {}

  // Runs the scenario to its end, on the crew's threads, and checks it.
  void Run(Crew& crew) {
    for (const Scenario::Actor& actor : scenario_.actors) {
      threads_.push_back(std::make_unique<Thread>());
      threads_.back()->name = actor.name;
    }
    std::vector<std::function<void()>> jobs;
    for (std::size_t i = 0; i < threads_.size(); ++i) {
      jobs.emplace_back([this, i] {
        threads_[i]->turn.acquire();
        current_ = this;
        scenario_.actors[i].run();
        current_ = nullptr;
        threads_[i]->ended = true;
        HandOn();
      });
    }
    HandOn();
    crew.Run(std::move(jobs));
    scenario_.check();
  }

  // What happened, a word per step: "scraper:step scraper:read worker:lock".
  [[nodiscard]] const std::string& trace() const { return trace_; }
  [[nodiscard]] std::size_t steps() const { return steps_; }

  // The calling thread's schedule, or nullptr.
  static Schedule* Current() { return current_; }

  // The calling thread holds the baton. Another may run before this returns.
  void Yield(const char* what) {
    Note(threads_[active_]->name + ":" + what);
    const std::size_t self = active_;
    HandOn();
    threads_[self]->turn.acquire();
  }

  // Takes a lock by `try_lock` (0, EBUSY), letting others run until it can be had.
  template <typename TryLock>
  int Lock(const void* lock, const char* how, TryLock&& try_lock) {
    const std::size_t self = active_;
    Yield(how);
    for (;;) {
      if (const int result = try_lock(); result != EBUSY) return result;
      threads_[self]->waits_for = lock;
      threads_[self]->waits_how = how;
      Yield("wait");
    }
  }

  // Whether the thread of that name waits for a lock that it wants in that way: "lock" (a mutex),
  // "read" or "write" (a shared mutex).
  [[nodiscard]] bool IsWaiting(const std::string& name, const std::string& how) const {
    for (const auto& thread : threads_) {
      if (thread->name == name) return thread->waits_for != nullptr && thread->waits_how == how;
    }
    return false;
  }

  void Unlocked(const void* lock) {
    for (const auto& thread : threads_) {
      if (thread->waits_for == lock) thread->waits_for = nullptr;
    }
  }

 private:
  struct Thread {
    std::string name;
    std::binary_semaphore turn{0};
    const void* waits_for = nullptr;
    std::string waits_how;
    bool ended = false;
  };
  static constexpr std::size_t kNobody = static_cast<std::size_t>(-1);

  [[nodiscard]] bool CanRun(std::size_t i) const {
    return i != kNobody && !threads_[i]->ended && threads_[i]->waits_for == nullptr;
  }

  void HandOn() {
    std::vector<std::size_t> options;
    const bool active_can_run = CanRun(active_);
    if (active_can_run) options.push_back(active_);
    if (!active_can_run || preemptions_ > 0) {
      for (std::size_t i = 0; i < threads_.size(); ++i) {
        if (i != active_ && CanRun(i)) options.push_back(i);
      }
    }
    if (options.empty()) {
      for (const auto& thread : threads_) {
        if (!thread->ended) Deadlock();
      }
      return;
    }
    const std::size_t chosen = options.size() == 1 ? 0 : Decide(options.size());
    if (active_can_run && chosen > 0) --preemptions_;
    active_ = options[chosen];
    threads_[active_]->turn.release();
  }

  std::size_t Decide(std::size_t options) {
    if (depth_ == path_.size()) path_.push_back({0, options});
    Decision& decision = path_[depth_++];
    if (decision.options != options) {
      std::fprintf(stderr, "the scenario is not deterministic, after:%s\n", trace_.c_str());
      std::abort();
    }
    return decision.chosen;
  }

  [[noreturn]] void Deadlock() {
    std::fprintf(stderr, "deadlock after:%s\n", trace_.c_str());
    std::abort();
  }

  void Note(const std::string& step) {
    ++steps_;
    trace_ += " " + step;
  }

  static inline thread_local Schedule* current_ = nullptr;

  const Scenario scenario_;
  std::vector<Decision>& path_;
  std::size_t depth_ = 0;
  int preemptions_;
  std::size_t active_ = kNobody;
  std::vector<std::unique_ptr<Thread>> threads_;
  std::string trace_;
  std::size_t steps_ = 0;
};

// A place between two actions of a test where another thread may run; nothing outside a schedule.
inline void Step() {
  if (Schedule* schedule = Schedule::Current()) schedule->Yield("step");
}

struct Explored {
  std::size_t schedules = 0;
  std::size_t steps = 0;
};

// The most schedules that Explore runs, by the environment variable NANOTALLY_TEST_SCHEDULES: for
// emulated processors, where threads are slow to make and QEMU keeps memory of each. Which orders
// there are does not depend on the processor.
inline std::size_t MaxSchedules() {
  const char* most = std::getenv("NANOTALLY_TEST_SCHEDULES");
  return most == nullptr ? std::numeric_limits<std::size_t>::max() : std::stoul(most);
}

// Runs `make()`'s scenario in every schedule with at most `preemptions` preemptions; stops at the
// first that fails a test's expectation. Prints how much was explored.
inline Explored Explore(int preemptions, const std::function<Scenario()>& make) {
  // One thread runs at a time. Handing the baton to another CPU would wake that one first: in an
  // emulated guest of 4 CPUs the schedules then take 2 to 4 times as long.
  const PinnedToOneCpu pinned;
  Crew crew;
  Explored explored;
  std::vector<Schedule::Decision> path;
  for (;;) {
    Schedule schedule(make(), path, preemptions);
    schedule.Run(crew);
    ++explored.schedules;
    explored.steps += schedule.steps();
    if (::testing::Test::HasFailure()) {
      ADD_FAILURE() << "in schedule " << explored.schedules << ":" << schedule.trace();
      return explored;
    }
    while (!path.empty() && path.back().chosen + 1 == path.back().options) path.pop_back();
    if (path.empty()) break;
    ++path.back().chosen;
    if (explored.schedules >= MaxSchedules()) {
      std::printf("stopped by NANOTALLY_TEST_SCHEDULES, there are more: ");
      break;
    }
  }
  std::printf("%zu schedules, %zu steps\n", explored.schedules, explored.steps);
  return explored;
}

namespace schedule_hooks {

// The next definition of a function that this executable replaces: a sanitizer's, or the C
// library's.
template <typename Function>
Function* Next(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

// Hidden: only this executable's own code comes through here, not the libraries that it loads.
#define NANOTALLY_HOOK(function, lock)                                                            \
  extern "C" __attribute__((visibility("hidden"))) int Hooked_##function(lock*) noexcept __asm__( \
      #function)
NANOTALLY_HOOK(pthread_mutex_lock, pthread_mutex_t);
NANOTALLY_HOOK(pthread_mutex_unlock, pthread_mutex_t);
NANOTALLY_HOOK(pthread_rwlock_rdlock, pthread_rwlock_t);
NANOTALLY_HOOK(pthread_rwlock_wrlock, pthread_rwlock_t);
NANOTALLY_HOOK(pthread_rwlock_unlock, pthread_rwlock_t);
#undef NANOTALLY_HOOK

inline int Unlock(int result, const void* lock) {
  if (Schedule* schedule = Schedule::Current()) schedule->Unlocked(lock);
  return result;
}

}  // namespace schedule_hooks
}  // namespace nanotally

int nanotally::schedule_hooks::Hooked_pthread_mutex_lock(pthread_mutex_t* mutex) noexcept {
  static auto* const next = Next<int(pthread_mutex_t*)>("pthread_mutex_lock");
  Schedule* schedule = Schedule::Current();
  if (schedule == nullptr) return next(mutex);
  return schedule->Lock(mutex, "lock", [&] { return pthread_mutex_trylock(mutex); });
}

int nanotally::schedule_hooks::Hooked_pthread_mutex_unlock(pthread_mutex_t* mutex) noexcept {
  static auto* const next = Next<int(pthread_mutex_t*)>("pthread_mutex_unlock");
  return Unlock(next(mutex), mutex);
}

int nanotally::schedule_hooks::Hooked_pthread_rwlock_rdlock(pthread_rwlock_t* lock) noexcept {
  static auto* const next = Next<int(pthread_rwlock_t*)>("pthread_rwlock_rdlock");
  Schedule* schedule = Schedule::Current();
  if (schedule == nullptr) return next(lock);
  return schedule->Lock(lock, "read", [&] { return pthread_rwlock_tryrdlock(lock); });
}

int nanotally::schedule_hooks::Hooked_pthread_rwlock_wrlock(pthread_rwlock_t* lock) noexcept {
  static auto* const next = Next<int(pthread_rwlock_t*)>("pthread_rwlock_wrlock");
  Schedule* schedule = Schedule::Current();
  if (schedule == nullptr) return next(lock);
  return schedule->Lock(lock, "write", [&] { return pthread_rwlock_trywrlock(lock); });
}

int nanotally::schedule_hooks::Hooked_pthread_rwlock_unlock(pthread_rwlock_t* lock) noexcept {
  static auto* const next = Next<int(pthread_rwlock_t*)>("pthread_rwlock_unlock");
  return Unlock(next(lock), lock);
}
