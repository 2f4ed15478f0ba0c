// HardwareMetrics: what counters become in an exposition, with counters that a test sets, and with
// the kernel's own against getrusage.
#include "runtime/hardware_metrics.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "test/support/file_tree.h"

namespace nanotally {
namespace {

using Samples = std::map<std::string, double>;  // by name and label text

PerfEventId Event(std::string_view name) { return *FindPerfEvent(name); }

Samples ReadAll(HardwareMetrics& metrics, const NameFilter& filter = {}) {
  std::vector<ComputedFamily> families;
  metrics.Read(filter, families);
  Samples samples;
  std::string before;
  for (const ComputedFamily& family : families) {
    EXPECT_LT(before, family.name);
    before = family.name;
    const auto names = metrics.Names();
    EXPECT_NE(std::find(names.begin(), names.end(), family.name), names.end()) << family.name;
    for (const ComputedSample& sample : family.samples) {
      const std::string key =
          sample.labels.empty() ? family.name : family.name + "{" + sample.labels + "}";
      EXPECT_TRUE(samples.emplace(key, sample.value).second) << key << " is there twice";
    }
  }
  return samples;
}

// A machine with two threads, and two CPUs on two nodes, on which a test sets what is counted.
class FakeMachine {
 public:
  struct Set {
    PerfTarget target;
    std::map<std::string_view, PerfReading> readings;
  };

  FakeMachine() {
    machine.offers.resize(PerfEvents().size());
    for (PerfOffer& offer : machine.offers) offer.is_available = true;
    machine.may_count_cpus = true;
    for (const char* tid : {"11", "12"})
      files.Write(std::string("proc/self/task/") + tid + "/comm", "t\n");
    files.Write("sys/devices/system/cpu/present", "0-1\n");
    files.Write("sys/devices/system/cpu/online", "0-1\n");
    for (const std::string number : {"0", "1"}) {
      files.Write("sys/devices/system/node/node" + number + "/cpulist", number + "\n");
      files.Write("sys/devices/system/cpu/cpu" + number + "/topology/physical_package_id",
                  number + "\n");
    }
    files.Write("sys/devices/system/node/online", "0-1\n");
  }

  HardwareAccess Access(std::size_t max_files = 1000) {
    return {machine,
            [this](const PerfTarget& target, std::span<const PerfEventId> events) {
              return std::make_unique<Counters>(*this, target, events);
            },
            files.Root(), max_files};
  }

  void Withhold(std::string_view event, const char* reason) {
    machine.offers[Event(event)].is_available = false;
    machine.offers[Event(event)].reason = reason;
  }

  // What the set of a thread, or of a CPU, counts from now on.
  PerfReading& Of(int pid, int cpu, std::string_view event) {
    for (Set& set : sets) {
      if (set.target.pid == pid && set.target.cpu == cpu) return set.readings[event];
    }
    ADD_FAILURE() << "nothing is open for " << pid << " on " << cpu;
    return nowhere_;
  }
  PerfReading& OfThread(int tid, std::string_view event) { return Of(tid, -1, event); }

  PerfMachine machine;
  FileTree files;
  std::vector<Set> sets;  // those that were opened, in that order
  std::function<int(int pid, std::string_view event)> refuse = [](int, std::string_view) {
    return 0;
  };
  int open = 0;
  int reads = 0;

 private:
  class Counters final : public PerfCounters {
   public:
    Counters(FakeMachine& machine, const PerfTarget& target, std::span<const PerfEventId> events)
        : machine_(machine), at_(machine.sets.size()), events_(events.begin(), events.end()) {
      machine.sets.push_back({target, {}});
      for (const PerfEventId event : events) {
        errors_.push_back(machine.refuse(target.pid, PerfEvents()[event].name));
        if (errors_.back() == 0) ++machine.open;
        machine.sets[at_].readings[PerfEvents()[event].name].is_open = errors_.back() == 0;
      }
    }
    ~Counters() override {
      machine_.open -= static_cast<int>(std::count(errors_.begin(), errors_.end(), 0));
      machine_.sets[at_].target.pid = -2;  // closed
    }
    [[nodiscard]] std::span<const PerfEventId> events() const override { return events_; }
    [[nodiscard]] int error(std::size_t index) const override { return errors_[index]; }
    [[nodiscard]] bool HasUserReads() const override { return false; }
    void Read(std::span<PerfReading> readings) noexcept override {
      ++machine_.reads;
      for (std::size_t i = 0; i < events_.size(); ++i)
        readings[i] = machine_.sets[at_].readings[PerfEvents()[events_[i]].name];
    }

   private:
    FakeMachine& machine_;
    const std::size_t at_;
    const std::vector<PerfEventId> events_;
    std::vector<int> errors_;
  };

  PerfReading nowhere_;
};

PerfReading Counted(std::uint64_t value, std::uint64_t enabled = 1000,
                    std::uint64_t running = 1000) {
  return {value, enabled, running, true};
}

TEST(HardwareMetrics, AddsUpThreads) {
  FakeMachine fake;
  const std::vector<PerfEventId> events = {Event("cycles"), Event("task_clock_seconds")};
  HardwareMetrics metrics(events, false, fake.Access());
  ASSERT_EQ(fake.sets.size(), 2u);
  for (const auto& set : fake.sets) {
    EXPECT_TRUE(set.target.with_children && set.target.threads_only);
    EXPECT_FALSE(set.target.wants_user_reads);
  }
  fake.OfThread(11, "cycles") = Counted(100);
  fake.OfThread(12, "cycles") = Counted(23);
  fake.OfThread(11, "task_clock_seconds") = Counted(2'500'000'000);
  fake.OfThread(12, "task_clock_seconds") = Counted(0, 1000, 900);  // scheduled late: no estimate
  EXPECT_EQ(ReadAll(metrics), (Samples{
                                  {R"(perf_event_available{event="cycles"})", 1},
                                  {R"(perf_event_available{event="task_clock_seconds"})", 1},
                                  {R"(perf_events_total{event="cycles"})", 123},
                                  {R"(perf_events_total{event="task_clock_seconds"})", 2.5},
                                  {R"(perf_multiplexing_ratio{event="cycles"})", 1},
                              }));
}

TEST(HardwareMetrics, EstimatesNeverFall) {
  FakeMachine fake;
  const std::vector<PerfEventId> events = {Event("cycles")};
  HardwareMetrics metrics(events, false, fake.Access());
  const std::string total = R"(perf_events_total{event="cycles"})";
  fake.OfThread(11, "cycles") = Counted(100, 1000, 250);
  fake.OfThread(12, "cycles") = Counted(50);
  Samples samples = ReadAll(metrics);
  EXPECT_EQ(samples[total], 450);
  EXPECT_EQ(samples[R"(perf_multiplexing_ratio{event="cycles"})"], 0.625);
  fake.OfThread(11, "cycles") = Counted(110, 1100, 350);  // the estimate is 345.7 now
  EXPECT_EQ(ReadAll(metrics)[total], 450);
  fake.OfThread(11, "cycles") = Counted(420, 1400, 700);
  EXPECT_EQ(ReadAll(metrics)[total], 890);
}

TEST(HardwareMetrics, WhatNeverRanIsAbsent) {
  FakeMachine fake;
  const std::vector<PerfEventId> events = {Event("cycles"), Event("instructions")};
  HardwareMetrics metrics(events, false, fake.Access());
  for (const int tid : {11, 12}) {
    fake.OfThread(tid, "cycles") = Counted(0, 1000, 0);
    fake.OfThread(tid, "instructions") = Counted(7);
  }
  const Samples samples = ReadAll(metrics);
  EXPECT_FALSE(samples.contains(R"(perf_events_total{event="cycles"})"));
  EXPECT_EQ(samples.at(R"(perf_events_total{event="instructions"})"), 14);
  EXPECT_EQ(samples.at(R"(perf_multiplexing_ratio{event="cycles"})"), 0);
  EXPECT_FALSE(samples.contains("perf_instructions_per_cycle"));
}

TEST(HardwareMetrics, Ratios) {
  FakeMachine fake;
  fake.Withhold("fp_512", "processor");
  fake.Withhold("l2_misses", "not_listed");
  std::vector<PerfEventId> events;
  for (PerfEventId id = 0; id < PerfEvents().size(); ++id) events.push_back(id);
  HardwareMetrics metrics(events, false, fake.Access());
  const Samples counts = {
      {"cycles", 1000},        {"instructions", 1500}, {"stalled_cycles_frontend", 100},
      {"branches", 200},       {"branch_misses", 10},  {"stalled_cycles_backend", 250},
      {"l1d_loads", 400},      {"l1d_load_misses", 8}, {"l2_references", 8},
      {"llc_loads", 0},        {"llc_load_misses", 0}, {"simd_instructions", 150},
      {"sve_instructions", 0}, {"fp_scalar", 30},      {"fp_128", 10},
      {"fp_256", 60},
  };
  for (const auto& [event, count] : counts)
    fake.OfThread(11, event) = Counted(static_cast<std::uint64_t>(count));
  const Samples samples = ReadAll(metrics);
  Samples ratios;
  for (const auto& [name, value] : samples) {
    if (name.find("_ratio") != std::string::npos && !name.starts_with("perf_multiplexing"))
      ratios.emplace(name, value);
  }
  EXPECT_EQ(samples.at("perf_instructions_per_cycle"), 1.5);
  // No accesses to the last cache, and no misses of the second one: no ratios.
  EXPECT_EQ(ratios, (Samples{
                        {R"(perf_branch_accuracy_ratio)", 0.95},
                        {R"(perf_cache_hit_ratio{cache="l1d"})", 0.98},
                        {R"(perf_simd_ratio{of="instructions"})", 0.1},
                        {R"(perf_simd_ratio{of="floating_point"})", 0.7},
                        {R"(perf_stall_ratio{end="front"})", 0.1},
                        {R"(perf_stall_ratio{end="back"})", 0.25},
                    }));
}

// Lines that stores and prefetches miss are no loads: a ratio below 0 would say nothing.
TEST(HardwareMetrics, NoHitRatioOfMoreMissesThanAccesses) {
  FakeMachine fake;
  const std::vector<PerfEventId> events = {Event("l1d_loads"), Event("l1d_load_misses")};
  HardwareMetrics metrics(events, false, fake.Access());
  fake.OfThread(11, "l1d_loads") = Counted(10);
  fake.OfThread(11, "l1d_load_misses") = Counted(50);
  EXPECT_FALSE(ReadAll(metrics).contains(R"(perf_cache_hit_ratio{cache="l1d"})"));
  fake.OfThread(11, "l1d_loads") = Counted(50);
  EXPECT_EQ(ReadAll(metrics).at(R"(perf_cache_hit_ratio{cache="l1d"})"), 0);
}

TEST(HardwareMetrics, AnEventThatOneThreadRefusesIsAbsentWithItsReason) {
  FakeMachine fake;
  fake.Withhold("branches", "no_pmu");
  fake.refuse = [](int pid, std::string_view event) {
    return pid == 12 && event == "cycles" ? EACCES : 0;
  };
  const std::vector<PerfEventId> events = {Event("cycles"), Event("instructions"),
                                           Event("branches")};
  HardwareMetrics metrics(events, false, fake.Access());
  EXPECT_EQ(fake.open, 2);  // what was opened of it is closed again
  const Samples samples = ReadAll(metrics);
  EXPECT_FALSE(samples.contains(R"(perf_events_total{event="cycles"})"));
  EXPECT_TRUE(samples.contains(R"(perf_events_total{event="instructions"})"));
  EXPECT_EQ(samples.at(R"(perf_event_available{event="cycles",reason="permission"})"), 0);
  EXPECT_EQ(samples.at(R"(perf_event_available{event="branches",reason="no_pmu"})"), 0);
  EXPECT_EQ(samples.at(R"(perf_event_available{event="instructions"})"), 1);
}

TEST(HardwareMetrics, AThreadThatHasEndedIsLeftOut) {
  FakeMachine fake;
  fake.refuse = [](int pid, std::string_view) { return pid == 12 ? ESRCH : 0; };
  const std::vector<PerfEventId> events = {Event("cycles")};
  HardwareMetrics metrics(events, false, fake.Access());
  fake.OfThread(11, "cycles") = Counted(5);
  EXPECT_EQ(ReadAll(metrics)[R"(perf_events_total{event="cycles"})"], 5);
}

TEST(HardwareMetrics, FilesAreBounded) {
  FakeMachine fake;
  const std::vector<PerfEventId> events = {Event("cycles"), Event("instructions"),
                                           Event("branches")};
  HardwareMetrics metrics(events, true, fake.Access(5));
  EXPECT_EQ(fake.open, 4);  // two events of two threads; none of CPUs
  const Samples samples = ReadAll(metrics);
  EXPECT_EQ(samples.at(R"(perf_event_available{event="branches",reason="descriptors"})"), 0);
  EXPECT_EQ(samples.at(R"(perf_event_available{event="instructions"})"), 1);
}

// What was closed again may be opened anew.
TEST(HardwareMetrics, FilesOfARefusedEventAreNotTaken) {
  FakeMachine fake;
  fake.refuse = [](int, std::string_view event) { return event == "cycles" ? EACCES : 0; };
  const std::vector<PerfEventId> events = {Event("cycles"), Event("instructions"),
                                           Event("branches")};
  HardwareMetrics metrics(events, true, fake.Access(6));
  EXPECT_EQ(fake.open, 6) << "two events of two threads, and of one CPU";
  const Samples samples = ReadAll(metrics);
  EXPECT_EQ(samples.at(R"(perf_event_available{event="instructions"})"), 1);
  EXPECT_EQ(samples.at(R"(perf_event_available{event="branches"})"), 1);
}

TEST(HardwareMetrics, FilesOfBothKindsOfCoreAreTaken) {
  FakeMachine fake;
  for (const char* event : {"cycles", "instructions"})
    fake.machine.offers[Event(event)].parts.resize(2);
  const std::vector<PerfEventId> events = {Event("cycles"), Event("instructions")};
  HardwareMetrics metrics(events, false, fake.Access(7));
  EXPECT_EQ(fake.open, 2) << "one event of two threads, two files each";
}

TEST(HardwareMetrics, WithoutFilesEverythingIsToldAsAbsent) {
  FakeMachine fake;
  fake.refuse = [](int, std::string_view) { return EMFILE; };
  const std::vector<PerfEventId> events = {Event("cycles")};
  HardwareMetrics metrics(events, false, fake.Access());
  EXPECT_EQ(ReadAll(metrics), (Samples{{
                                  R"(perf_event_available{event="cycles",reason="descriptors"})",
                                  0,
                              }}));
}

TEST(HardwareMetrics, CpusAndSockets) {
  FakeMachine fake;
  fake.machine.offers[Event("memory_read_bytes")].cpus = {0, 1};
  fake.machine.offers[Event("memory_write_bytes")].cpus = {0, 1};
  fake.machine.offers[Event("link_bytes")].cpus = {1};
  const std::vector<PerfEventId> events = {Event("cycles"), Event("memory_read_bytes"),
                                           Event("memory_write_bytes"), Event("link_bytes")};
  HardwareMetrics metrics(events, true, fake.Access());
  std::map<int, int> sets_of_cpu;
  for (auto& set : fake.sets) {
    if (set.target.pid != -1) continue;
    ++sets_of_cpu[set.target.cpu];
    for (auto& [event, reading] : set.readings)
      reading = Counted(event == "cycles" ? 10 : event == "memory_read_bytes" ? 3 : 2);
  }
  EXPECT_EQ(sets_of_cpu, (std::map<int, int>{{0, 2}, {1, 2}}));
  const Samples samples = ReadAll(metrics);
  EXPECT_EQ(samples.at(R"(perf_cpu_events_total{cpu="0",event="cycles"})"), 10);
  EXPECT_EQ(samples.at(R"(perf_cpu_events_total{cpu="1",event="cycles"})"), 10);
  const double scale = PerfEvents()[Event("memory_read_bytes")].scale;
  EXPECT_EQ(samples.at(R"(perf_memory_bytes_total{node="0",direction="read"})"), 3 * scale);
  EXPECT_EQ(samples.at(R"(perf_memory_bytes_total{node="1",direction="write"})"), 2 * scale);
  EXPECT_EQ(samples.at(R"(perf_socket_link_bytes_total{node="1",direction="sent"})"), 2);
  EXPECT_FALSE(samples.contains(R"(perf_socket_link_bytes_total{node="0",direction="sent"})"));
}

TEST(HardwareMetrics, CpusAreNotCountedWhereThatIsNotAllowed) {
  FakeMachine fake;
  fake.machine.may_count_cpus = false;
  const std::vector<PerfEventId> events = {Event("cycles")};
  HardwareMetrics metrics(events, true, fake.Access());
  EXPECT_EQ(fake.sets.size(), 2u);
}

TEST(HardwareMetrics, WhatIsNotWantedIsNotRead) {
  FakeMachine fake;
  const std::vector<PerfEventId> events = {Event("cycles")};
  HardwareMetrics metrics(events, false, fake.Access());
  EXPECT_EQ(ReadAll(metrics, NameFilter({"other"})), Samples());
  EXPECT_EQ(fake.reads, 0);
  EXPECT_EQ(ReadAll(metrics, NameFilter({"perf_events_total"})),
            (Samples{{R"(perf_events_total{event="cycles"})", 0}}));
  EXPECT_EQ(fake.reads, 2);
}

// The kernel's own counters.

double Faults() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_minflt + usage.ru_majflt);
}

double CpuSeconds() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void TouchPages(std::size_t pages) {
  const auto size = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  void* memory =
      mmap(nullptr, pages * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  madvise(memory, pages * size, MADV_NOHUGEPAGE);
  for (std::size_t i = 0; i < pages; ++i) static_cast<volatile char*>(memory)[i * size] = 1;
  munmap(memory, pages * size);
}

constexpr std::size_t kPages = 5000;

bool IsOffered(std::string_view event) {
  return ThisPerfMachine().offers[Event(event)].is_available;
}

TEST(HardwareMetricsOfThisMachine, AgreeWithResourceUsage) {
  if (!IsOffered("page_faults") || !IsOffered("task_clock_seconds"))
    GTEST_SKIP() << ThisPerfMachine().offers[Event("page_faults")].message;
  std::mutex mutex;
  std::condition_variable changed;
  bool is_counting = false;
  bool is_running = false;
  // Is there before, and starts another one later.
  std::thread thread([&] {
    {
      std::unique_lock lock(mutex);
      is_running = true;
      changed.notify_all();
      changed.wait(lock, [&] { return is_counting; });
    }
    TouchPages(kPages);
    std::thread(TouchPages, kPages).join();
  });
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return is_running; });
  }
  const std::vector<PerfEventId> events = {Event("page_faults"), Event("task_clock_seconds")};
  HardwareMetrics metrics(events, false);
  const std::string faults = R"(perf_events_total{event="page_faults"})";
  const std::string seconds = R"(perf_events_total{event="task_clock_seconds"})";
  ReadAll(metrics);  // what it touches the first time
  const double faults_before = Faults();
  const double seconds_before = CpuSeconds();
  Samples before = ReadAll(metrics);
  {
    const std::lock_guard lock(mutex);
    is_counting = true;
  }
  changed.notify_all();
  TouchPages(kPages);
  thread.join();
  Samples after = ReadAll(metrics);
  const double seconds_used = CpuSeconds() - seconds_before;
  const double faults_had = Faults() - faults_before;
  EXPECT_GE(after[faults] - before[faults], 3 * kPages);
  EXPECT_NEAR(after[faults] - before[faults], faults_had, 0.02 * faults_had);
  EXPECT_NEAR(after[seconds] - before[seconds], seconds_used, 0.02 + 0.1 * seconds_used);
}

TEST(HardwareMetricsOfThisMachine, AProcessThatIsStartedIsNotCountedWithThem) {
  if (!IsOffered("page_faults"))
    GTEST_SKIP() << ThisPerfMachine().offers[Event("page_faults")].message;
  const std::vector<PerfEventId> events = {Event("page_faults")};
  HardwareMetrics metrics(events, false);
  const std::string faults = R"(perf_events_total{event="page_faults"})";
  const double own = Faults();
  const double before = ReadAll(metrics)[faults];
  const pid_t child = fork();
  if (child == 0) {
    TouchPages(4 * kPages);
    _exit(0);
  }
  waitpid(child, nullptr, 0);
  const double counted = ReadAll(metrics)[faults] - before;
  EXPECT_LT(counted, Faults() - own + kPages);
}

}  // namespace
}  // namespace nanotally
