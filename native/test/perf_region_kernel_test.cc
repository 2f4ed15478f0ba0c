// Regions with this machine's own counters: software events agree with getrusage(2), and where the
// kernel counts instructions, a loop of a known number of them is counted exactly.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#if defined(__linux__)
#include <sys/mman.h>
#include <unistd.h>
#endif

#include "record/perf_region.h"
#include "test/support/native_threads.h"

namespace nanotally {
namespace {

#if defined(__linux__)

struct Machine {
  NativeThreads native;
  PerfRegions regions{native.store, native.recorder, true};

  PerfRegion& Get(std::string name, std::vector<std::string_view> events) {
    RegionRequest request;
    request.name = std::move(name);
    request.events.emplace();
    for (const std::string_view event : events)
      request.events->push_back(FindPerfEvent(event).value());
    return *Must(regions.Get(request));
  }
  // What the region has counted so far; nothing where it counts no such event.
  std::optional<double> Count(const PerfRegion& region, const std::string& event) {
    const Snapshot snapshot = native.registry()->TakeSnapshot(At(0));
    const MetricSnapshot* metric = FindMetric(snapshot, "perf_region_events_total");
    for (std::size_t i = 0; metric != nullptr && i < metric->series.size(); ++i) {
      if (metric->series[i].labels == "region=\"" + region.name() + "\",event=\"" + event + "\"")
        return metric->values[i];
    }
    return std::nullopt;
  }
  static const MetricSnapshot* FindMetric(const Snapshot& snapshot, std::string_view name) {
    for (const MetricSnapshot& metric : snapshot.metrics) {
      if (metric.metric->name() == name) return &metric;
    }
    return nullptr;
  }
  // What one run of the region adds.
  double Run(PerfRegion& region, const std::string& event, const std::function<void()>& body) {
    const double before = Count(region, event).value_or(0);
    EXPECT_NE(region.Begin(), PerfRegion::kRefused);
    body();
    EXPECT_TRUE(region.End());
    return Count(region, event).value_or(-1) - before;
  }
};

// Empty where the machine offers the event.
std::string WhyNot(std::string_view event) {
  const PerfOffer& offer = ThisPerfMachine().offers[FindPerfEvent(event).value()];
  return offer.is_available ? "" : std::string(event) + ": " + offer.reason + ": " + offer.message;
}

rusage UsageOfThread() {
  rusage usage{};
  EXPECT_EQ(getrusage(RUSAGE_THREAD, &usage), 0);
  return usage;
}

double ProcessorSeconds(const rusage& usage) {
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

TEST(PerfRegionKernel, PageFaultsAreThoseOfTheKernelsOwnAccount) {
  if (const std::string why = WhyNot("page_faults"); !why.empty()) GTEST_SKIP() << why;
  Machine machine;
  PerfRegion& region = machine.Get("faults", {"page_faults"});
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  constexpr std::size_t kPages = 500;
  machine.Run(region, "page_faults", [] {});  // what the first run itself touches
  void* memory =
      mmap(nullptr, kPages * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  madvise(memory, kPages * page, MADV_NOHUGEPAGE);
  long faults = 0;
  const double counted = machine.Run(region, "page_faults", [&] {
    const rusage before = UsageOfThread();
    for (std::size_t i = 0; i < kPages; ++i) static_cast<volatile char*>(memory)[i * page] = 1;
    const rusage after = UsageOfThread();
    faults = after.ru_minflt - before.ru_minflt + after.ru_majflt - before.ru_majflt;
  });
  munmap(memory, kPages * page);
  EXPECT_GE(counted, kPages);
  // Around getrusage there is next to nothing that could fault: a page of the stack or of the code.
  EXPECT_GE(counted, static_cast<double>(faults));
  EXPECT_LE(counted, static_cast<double>(faults) + 8);
}

// A kernel may account a thread's time by ticks, each reading a tick off, and leave out what
// interrupts and a hypervisor took, which the task clock does not. So that lies between
// getrusage's time, by its precision, and the time for which the thread did not sleep.
TEST(PerfRegionKernel, TaskClockIsTheProcessorTimeOfTheThread) {
  if (const std::string why = WhyNot("task_clock_seconds"); !why.empty()) GTEST_SKIP() << why;
  Machine machine;
  PerfRegion& region = machine.Get("clock", {"task_clock_seconds"});
  double inside = 0;
  const double counted = machine.Run(region, "task_clock_seconds", [&] {
    const rusage begun = UsageOfThread();
    volatile double sum = 0;
    do {
      for (int i = 0; i < 100'000; ++i) sum = sum + i;
      inside = ProcessorSeconds(UsageOfThread()) - ProcessorSeconds(begun);
    } while (inside < 0.3);
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  });
  const double tick = 1.0 / static_cast<double>(sysconf(_SC_CLK_TCK));
  EXPECT_GE(counted, inside - 2 * tick);
  EXPECT_LE(counted, machine.native.Value("perf_region_seconds_total") - 0.2);
}

TEST(PerfRegionKernel, ContextSwitchesAreThoseOfTheKernelsOwnAccount) {
  if (const std::string why = WhyNot("context_switches"); !why.empty()) GTEST_SKIP() << why;
  Machine machine;
  PerfRegion& region = machine.Get("switches", {"context_switches"});
  machine.Run(region, "context_switches", [] {});
  const auto switches = [](const rusage& usage) { return usage.ru_nvcsw + usage.ru_nivcsw; };
  long inside = 0;
  const long before = switches(UsageOfThread());
  const double counted = machine.Run(region, "context_switches", [&] {
    const long begun = switches(UsageOfThread());
    for (int i = 0; i < 20; ++i) std::this_thread::sleep_for(std::chrono::microseconds(200));
    inside = switches(UsageOfThread()) - begun;
  });
  const long outside = switches(UsageOfThread()) - before;
  // On a slow machine some of the times have passed before the thread sleeps.
  EXPECT_GT(inside, 0);
  EXPECT_GE(counted, static_cast<double>(inside));
  EXPECT_LE(counted, static_cast<double>(outside));
}

TEST(PerfRegionKernel, WhatIsUnavailableIsAbsentAndTheRegionWorks) {
  std::vector<std::string_view> events;
  for (const PerfEvent& event : PerfEvents()) {
    if (event.kind == PerfKind::kHardware && events.size() < PerfRegion::kMaxEvents)
      events.push_back(event.name);
  }
  Machine machine;
  PerfRegion& region = machine.Get("hardware", events);
  EXPECT_NE(region.Begin(), PerfRegion::kRefused);
  EXPECT_TRUE(region.End());
  std::size_t absent = 0;
  for (const std::string_view event : events) {
    if (WhyNot(event).empty()) continue;
    EXPECT_FALSE(machine.Count(region, std::string(event)).has_value()) << event;
    ++absent;
  }
  EXPECT_EQ(absent + region.offered().size(), events.size());
  EXPECT_EQ(machine.native.Value("perf_region_runs_total"), 1);
}

#if defined(__x86_64__) || defined(__aarch64__)

// Two instructions each time.
void Loop(std::uint64_t times) {
#if defined(__x86_64__)
  asm volatile("1: dec %0\n jnz 1b" : "+r"(times) : : "cc");
#else
  asm volatile("1: subs %0, %0, #1\n b.ne 1b" : "+r"(times) : : "cc");
#endif
}

TEST(PerfRegionKernel, ALoopOfKnownInstructionsIsCountedExactly) {
  if (const std::string why = WhyNot("instructions"); !why.empty()) GTEST_SKIP() << why;
  Machine machine;
  PerfRegion& region = machine.Get("loop", {"instructions"});
  // The least of some runs: an interrupt may count as an instruction, and one of the runs has none.
  const auto least = [&](std::uint64_t times) {
    double count = machine.Run(region, "instructions", [&] { Loop(times); });
    for (int i = 0; i < 20; ++i)
      count = std::min(count, machine.Run(region, "instructions", [&] { Loop(times); }));
    return count;
  };
  least(1);
  const double overhead = least(1) - 2;
  EXPECT_GE(overhead, 0);
  std::printf("[ counted ] %.0f instructions around an empty run\n", overhead);
  for (const std::uint64_t times : {1u, 2u, 1'000u, 100'000u, 1'000'000u}) {
    EXPECT_EQ(least(times), overhead + 2 * static_cast<double>(times)) << times << " times";
  }
}

#endif
#endif

}  // namespace
}  // namespace nanotally
