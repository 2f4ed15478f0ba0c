// The background thread: one thread, jobs in order, a tick in between, no signals.
#include "os/background_thread.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <future>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace nanotally {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

// Never destroyed, as its users have it. The list keeps it reachable.
BackgroundThread& MakeThread(BackgroundThread::Job tick = [] {}) {
  static auto* const made = new std::vector<std::unique_ptr<BackgroundThread>>;
  made->push_back(std::make_unique<BackgroundThread>(std::move(tick)));
  return *made->back();
}

// A counter that outlives the test, for the tick of a thread that does.
std::shared_ptr<std::atomic<int>> MakeCounter() { return std::make_shared<std::atomic<int>>(0); }

// A promise that job and test own together. The deadline of a wait is that of the whole test.
template <typename T>
std::shared_ptr<std::promise<T>> MakePromise() {
  return std::make_shared<std::promise<T>>();
}

// Returns when the jobs posted so far have run.
void Drain(BackgroundThread& thread) {
  const auto drained = MakePromise<void>();
  thread.Post([drained] { drained->set_value(); });
  drained->get_future().wait();
}

TEST(BackgroundThread, RunsJobsInTheOrderOfTheirPosting) {
  BackgroundThread& thread = MakeThread();
  std::vector<int> order;  // the thread's, until it is drained
  for (int i = 0; i < 1000; ++i) thread.Post([&order, i] { order.push_back(i); });
  Drain(thread);
  ASSERT_EQ(order.size(), 1000u);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
}

TEST(BackgroundThread, JobsOfSeveralPostersKeepTheOrderOfEach) {
  BackgroundThread& thread = MakeThread();
  thread.TickEvery(milliseconds(1));
  constexpr int kPosters = 4;
  constexpr int kJobs = 2000;
  std::vector<int> next(kPosters);
  std::vector<std::thread> posters;
  for (int p = 0; p < kPosters; ++p) {
    posters.emplace_back([&thread, &next, p] {
      for (int i = 0; i < kJobs; ++i) {
        thread.Post([&next, p, i] { EXPECT_EQ(next[static_cast<std::size_t>(p)]++, i); });
      }
    });
  }
  for (std::thread& poster : posters) poster.join();
  Drain(thread);
  EXPECT_EQ(next, std::vector<int>(kPosters, kJobs));
}

TEST(BackgroundThread, AJobMayPost) {
  BackgroundThread& thread = MakeThread();
  std::string order;
  const auto done = MakePromise<void>();
  thread.Post([&thread, &order, done] {
    order += 'a';
    thread.Post([&thread, &order, done] {
      order += 'c';
      thread.Post([&order, done] {
        order += 'd';
        done->set_value();
      });
    });
    order += 'b';
  });
  done->get_future().wait();
  EXPECT_EQ(order, "abcd");
}

TEST(BackgroundThread, IsOneThreadForJobsAndTicks) {
  const auto ticks = MakeCounter();
  const auto ids = std::make_shared<std::set<std::thread::id>>();  // the thread's own
  BackgroundThread& thread = MakeThread([ticks, ids] {
    ids->insert(std::this_thread::get_id());
    ++*ticks;
  });
  for (int i = 0; i < 3; ++i) thread.TickEvery(milliseconds(1));
  for (int i = 0; i < 20; ++i) thread.Post([ids] { ids->insert(std::this_thread::get_id()); });
  while (*ticks < 3) std::this_thread::yield();
  const auto copy = MakePromise<std::set<std::thread::id>>();
  thread.Post([copy, ids] { copy->set_value(*ids); });
  const auto seen = copy->get_future().get();
  EXPECT_EQ(seen.size(), 1u);
  EXPECT_FALSE(seen.contains(std::this_thread::get_id()));
}

TEST(BackgroundThread, TicksWithoutJobsOnceAskedFor) {
  const auto ticks = MakeCounter();
  BackgroundThread& thread = MakeThread([ticks] { ++*ticks; });
  for (int i = 0; i < 100; ++i) Drain(thread);
  EXPECT_EQ(*ticks, 0) << "nobody asked";
  thread.TickEvery(milliseconds(1));
  while (*ticks < 5) std::this_thread::yield();
}

TEST(BackgroundThread, TicksAsOftenAsTheMostImpatientAsks) {
  const auto ticks = MakeCounter();
  BackgroundThread& thread = MakeThread([ticks] { ++*ticks; });
  thread.TickEvery(hours(1));
  while (*ticks < 1) std::this_thread::yield();
  thread.TickEvery(hours(2));
  for (int i = 0; i < 100; ++i) Drain(thread);
  EXPECT_EQ(*ticks, 1) << "the next one is in an hour";
  thread.TickEvery(milliseconds(1));
  while (*ticks < 5) std::this_thread::yield();
  thread.TickEvery(hours(1));
  const int before = *ticks;
  while (*ticks < before + 5) std::this_thread::yield();
}

TEST(BackgroundThread, TicksAmidAnEndlessStreamOfJobs) {
  const auto ticks = MakeCounter();
  BackgroundThread& thread = MakeThread([ticks] { ++*ticks; });
  thread.TickEvery(milliseconds(1));
  // Each job posts the next one: the queue is never empty.
  const auto done = MakePromise<void>();
  BackgroundThread::Job again;
  again = [&thread, &again, ticks, done] {
    if (*ticks >= 5) {
      done->set_value();
    } else {
      thread.Post(again);
    }
  };
  thread.Post(again);
  done->get_future().wait();
  EXPECT_GE(*ticks, 5);
}

TEST(BackgroundThread, WhatAJobOwnsIsGoneBeforeTheNextJob) {
  BackgroundThread& thread = MakeThread();
  std::string order;
  const auto log_end = [&order](const char* name) { order += name; };
  for (const char* name : {"1", "2"}) {
    std::shared_ptr<const char> owned(name, log_end);
    thread.Post([&order, owned = std::move(owned)] { order += "run"; });
  }
  Drain(thread);
  EXPECT_EQ(order, "run1run2");
}

TEST(BackgroundThread, TakesNoSignalsAndLeavesItsStartersMaskAlone) {
  sigset_t before;
  pthread_sigmask(SIG_SETMASK, nullptr, &before);
  BackgroundThread& thread = MakeThread();
  const auto mask = MakePromise<sigset_t>();
  thread.Post([mask] {
    sigset_t own;
    pthread_sigmask(SIG_SETMASK, nullptr, &own);
    mask->set_value(own);
  });
  const sigset_t own = mask->get_future().get();
  sigset_t after;
  pthread_sigmask(SIG_SETMASK, nullptr, &after);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGCHLD, SIGPROF, SIGALRM}) {
    EXPECT_TRUE(sigismember(&own, signal)) << signal;
    EXPECT_EQ(sigismember(&after, signal), sigismember(&before, signal)) << signal;
    EXPECT_FALSE(sigismember(&after, signal)) << "the control: they are not blocked anyway";
  }
}

}  // namespace
}  // namespace nanotally
