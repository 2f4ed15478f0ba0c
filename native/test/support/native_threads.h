// Stands for what the addon gives native threads: a store over counted pages, a recorder, and how
// to read what was recorded. Also ways to trouble a thread: signals, migration, a withdrawn rseq.
#pragma once

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "core/store.h"
#include "os/rseq.h"
#include "record/recorder.h"
#include "test/support/environment.h"
#include "test/support/pages.h"
#include "test/support/pinned.h"
#include "test/support/storm.h"

namespace nanotally {

using LabelList = std::vector<std::pair<std::string, std::string>>;

inline SeriesRequest Request(MetricDefinition definition, LabelList labels = {}) {
  SeriesRequest request;
  definition.labels.clear();
  for (const auto& [name, value] : labels) definition.labels.push_back(name);
  request.definition = std::move(definition);
  request.labels = std::move(labels);
  return request;
}

struct NativeThreads {
  TestPages pages;
  Store store{pages};
  Recorder recorder{store, [](std::chrono::milliseconds) {}, true};

  [[nodiscard]] std::shared_ptr<Registry> registry() { return store.Open("default"); }

  NativeSeries& Get(MetricDefinition definition, LabelList labels = {}) {
    return *Must(recorder.Get(Request(std::move(definition), std::move(labels))));
  }
  NativeHistogram& GetHistogram(MetricDefinition definition, LabelList labels = {}) {
    return static_cast<NativeHistogram&>(Get(std::move(definition), std::move(labels)));
  }

  [[nodiscard]] double Value(std::string_view name, std::size_t series = 0) {
    return GetMetric(registry()->TakeSnapshot(At(0)), name).values.at(series);
  }
  [[nodiscard]] HistogramValue Histogram(std::string_view name, std::size_t series = 0) {
    return GetMetric(registry()->TakeSnapshot(At(0)), name).histograms.at(series);
  }
  // Of the registry, or of one of its metrics.
  [[nodiscard]] std::uint64_t Rejected(Rejection reason) {
    return registry()->TakeSnapshot(At(0)).rejected[static_cast<std::size_t>(reason)];
  }
  [[nodiscard]] std::uint64_t Rejected(std::string_view name, Rejection reason) {
    return GetMetric(registry()->TakeSnapshot(At(0)), name).metric->Rejected(reason);
  }
};

// Sends SIGUSR2, whose handler does nothing, to every watched thread over and over until it ends:
// each signal that lands inside a sequence aborts it.
class SignalStorm {
 public:
  SignalStorm() {
    struct sigaction action {};
    action.sa_handler = [](int) {};
    action.sa_flags = SA_RESTART;
    EXPECT_EQ(sigaction(SIGUSR2, &action, nullptr), 0);
  }

  // Runs `body` on `count` threads, under fire.
  void Run(int count, const std::function<void(int)>& body) {
    std::vector<pthread_t> targets(static_cast<std::size_t>(count));
    std::atomic<int> begun{0};
    std::atomic<int> ended{0};
    std::atomic<bool> may_end{false};
    std::thread storm([&] {
      while (begun < count) std::this_thread::yield();
      while (ended < count) {
        for (const pthread_t target : targets) {
          pthread_kill(target, SIGUSR2);
          sent += 1;
        }
      }
      may_end = true;
    });
    RunThreads(count, [&](int i) {
      targets[static_cast<std::size_t>(i)] = pthread_self();
      ++begun;
      body(i);
      ++ended;
      while (!may_end) std::this_thread::yield();  // a signal may be on its way
    });
    storm.join();
  }

  std::atomic<std::uint64_t> sent{0};
};

// Runs `body` on `count` threads that another thread moves from CPU to CPU until all have ended.
// The body gets the number of moves so far, to go on until there were enough.
inline void RunMigrating(int count,
                         const std::function<void(int, const std::atomic<int>& moves)>& body) {
  std::vector<pid_t> ids(static_cast<std::size_t>(count));
  std::atomic<int> begun{0};
  std::atomic<int> ended{0};
  std::atomic<int> moves{0};
  cpu_set_t allowed;
  EXPECT_EQ(sched_getaffinity(0, sizeof allowed, &allowed), 0);
  std::thread mover([&] {
    while (begun < count) std::this_thread::yield();
    for (int cpu = 0; ended < count; cpu = (cpu + 1) % CPU_SETSIZE) {
      if (!CPU_ISSET(cpu, &allowed)) continue;
      cpu_set_t one;
      CPU_ZERO(&one);
      CPU_SET(cpu, &one);
      for (const pid_t id : ids) moves += sched_setaffinity(id, sizeof one, &one) == 0 ? 1 : 0;
    }
  });
  RunThreads(count, [&](int i) {
    ids[static_cast<std::size_t>(i)] = static_cast<pid_t>(syscall(SYS_gettid));
    ++begun;
    body(i, moves);
    ++ended;
  });
  mover.join();
}

// Takes the calling thread's rseq registration back, for good: as where something else has taken
// it. False where there is none.
inline bool WithdrawRseq() {
  if (!Rseq::IsAvailable()) return false;
  constexpr int kUnregister = 1;
#if defined(__x86_64__)
  constexpr std::uint32_t kSignature = 0x53053053;
#else
  constexpr std::uint32_t kSignature = 0xd428bc00;
#endif
  const auto* offset = static_cast<std::ptrdiff_t*>(dlsym(RTLD_DEFAULT, "__rseq_offset"));
  char* area = static_cast<char*>(__builtin_thread_pointer()) + *offset;
  // glibc registers 32 bytes, the size of the first version of struct rseq.
  return syscall(SYS_rseq, area, 32, kUnregister, kSignature) == 0;
}

}  // namespace nanotally
