// The kernel that the tests run on: what it offers is counted, and right.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <thread>

#include "os/cpu_features.h"
#include "os/perf_counters.h"
#include "os/perf_exercise.h"

namespace nanotally {
namespace {

PerfEventId Id(std::string_view name) { return *FindPerfEvent(name); }

// Skips where the kernel refuses one of the events.
#define NANOTALLY_NEED(...)                                                 \
  for (const std::string_view name : {__VA_ARGS__}) {                       \
    const PerfOffer& offer = ThisPerfMachine().offers[Id(name)];            \
    if (!offer.is_available) GTEST_SKIP() << name << ": " << offer.message; \
  }

template <std::size_t kCount>
std::array<PerfReading, kCount> ReadNow(PerfCounters& counters) {
  std::array<PerfReading, kCount> readings;
  counters.Read(readings);
  return readings;
}

// Pages that the kernel maps as they are touched.
class FreshPages {
 public:
  explicit FreshPages(std::size_t pages) : bytes_(pages * kPage) {
    memory_ = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    madvise(memory_, bytes_, MADV_NOHUGEPAGE);
  }
  ~FreshPages() { munmap(memory_, bytes_); }
  FreshPages(const FreshPages&) = delete;
  FreshPages& operator=(const FreshPages&) = delete;

  // A sanitizer would touch pages of its own along with them.
  [[gnu::no_sanitize_address, gnu::no_sanitize_thread]] void Touch() const {
    for (std::size_t at = 0; at < bytes_; at += kPage) static_cast<volatile char*>(memory_)[at] = 1;
  }

 private:
  const std::size_t kPage = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  std::size_t bytes_;
  void* memory_;
};

std::uint64_t Spin(std::uint64_t turns) {
  volatile std::uint64_t sum = 0;
  for (std::uint64_t i = 0; i < turns; ++i) sum = sum + i;
  return sum;
}

TEST(PerfKernel, EachEventIsOfferedOrHasItsReason) {
  const PerfMachine& machine = ThisPerfMachine();
  ASSERT_EQ(machine.offers.size(), PerfEvents().size());
  int offered = 0;
  for (std::size_t i = 0; i < machine.offers.size(); ++i) {
    const PerfOffer& offer = machine.offers[i];
    offered += offer.is_available ? 1 : 0;
    EXPECT_EQ(offer.is_available, offer.reason.empty()) << PerfEvents()[i].name;
    EXPECT_EQ(offer.is_available, offer.message.empty()) << PerfEvents()[i].name;
  }
  std::printf("%d of %zu events are offered\n", offered, machine.offers.size());
}

// What is offered and must happen is never 0.
TEST(PerfKernel, WhatIsOfferedCounts) {
  int counted = 0;
  for (PerfEventId id = 0; id < PerfEvents().size(); ++id) {
    const std::string_view name = PerfEvents()[id].name;
    if (!ThisPerfMachine().offers[id].is_available || !IsExercised(name)) continue;
    const auto counters = PerfCounters::Open({}, {&id, 1});
    ASSERT_TRUE(ExerciseProcessor());
    EXPECT_GT(ReadNow<1>(*counters)[0].value, 0u) << name;
    ++counted;
  }
  if (counted == 0) GTEST_SKIP() << "no event of the processor is offered here";
  std::printf("%d events of the processor count\n", counted);
}

TEST(PerfKernel, PageFaultsOfKnownPages) {
  NANOTALLY_NEED("page_faults", "minor_faults");
  constexpr std::size_t kPages = 100;
  const std::array events = {Id("page_faults"), Id("minor_faults"), Id("major_faults")};
  const auto counters = PerfCounters::Open({}, events);
  const FreshPages pages(kPages);
  ReadNow<3>(*counters);  // its own code and stack are mapped by now
  const auto before = ReadNow<3>(*counters);
  rusage usage_before{};
  getrusage(RUSAGE_THREAD, &usage_before);
  pages.Touch();
  rusage usage_after{};
  getrusage(RUSAGE_THREAD, &usage_after);
  const auto after = ReadNow<3>(*counters);
  EXPECT_EQ(after[0].value - before[0].value, kPages);
  EXPECT_EQ(after[1].value - before[1].value,
            static_cast<std::uint64_t>(usage_after.ru_minflt - usage_before.ru_minflt));
  EXPECT_EQ(after[2].value - before[2].value,
            static_cast<std::uint64_t>(usage_after.ru_majflt - usage_before.ru_majflt));
  EXPECT_EQ(after[0].enabled_ns, after[0].running_ns) << "software is not multiplexed";
}

// The thread's processor time, but for what switches to other threads take of it, and not more than
// what passed: a hypervisor's share is in it.
TEST(PerfKernel, TaskClockIsTheThreadsTime) {
  NANOTALLY_NEED("task_clock_seconds");
  const std::array events = {Id("task_clock_seconds")};
  const auto counters = PerfCounters::Open({}, events);
  const auto now = [](clockid_t clock) {
    timespec time{};
    clock_gettime(clock, &time);
    return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
  };
  const double began = now(CLOCK_MONOTONIC);
  const auto before = ReadNow<1>(*counters);
  const double used_before = now(CLOCK_THREAD_CPUTIME_ID);
  Spin(20000000);
  const double used = now(CLOCK_THREAD_CPUTIME_ID) - used_before;
  const auto after = ReadNow<1>(*counters);
  const double passed = now(CLOCK_MONOTONIC) - began;
  const auto counted = static_cast<double>(after[0].value - before[0].value);
  EXPECT_GE(counted, 0.8 * used);
  // The kernel's clocks are trimmed by parts in a thousand.
  EXPECT_LE(counted, 1.01 * passed);
}

TEST(PerfKernel, ContextSwitchesAreCounted) {
  NANOTALLY_NEED("context_switches");
  const std::array events = {Id("context_switches")};
  const auto counters = PerfCounters::Open({}, events);
  const auto before = ReadNow<1>(*counters);
  // Each join waits for a thread that has not ended, or not yet begun.
  for (int i = 0; i < 10; ++i) std::thread([] { usleep(1000); }).join();
  EXPECT_GE(ReadNow<1>(*counters)[0].value - before[0].value, 10u);
}

TEST(PerfKernel, AnotherThreadsFaultsAreItsOwn) {
  NANOTALLY_NEED("page_faults");
  const std::array events = {Id("page_faults")};
  const auto alone = PerfCounters::Open({}, events);
  const auto with_children =
      PerfCounters::Open({.with_children = true, .threads_only = true}, events);
  // Many beside those that starting a thread takes, several hundred under a sanitizer.
  constexpr std::size_t kPages = 5000;
  const FreshPages pages(kPages);
  const auto alone_before = ReadNow<1>(*alone);
  const auto with_children_before = ReadNow<1>(*with_children);
  std::thread([&] { pages.Touch(); }).join();
  EXPECT_GE(ReadNow<1>(*with_children)[0].value - with_children_before[0].value, kPages);
  EXPECT_LT(ReadNow<1>(*alone)[0].value - alone_before[0].value, kPages);
}

TEST(PerfKernel, FromExecOnNothingIsCountedBefore) {
  NANOTALLY_NEED("page_faults", "task_clock_seconds");
  int gate[2];
  ASSERT_EQ(pipe(gate), 0);
  const FreshPages pages(50);
  const pid_t child = fork();
  if (child == 0) {
    char byte = 0;
    if (read(gate[0], &byte, 1) != 1) _exit(1);
    pages.Touch();
    execl("/bin/true", "true", nullptr);
    _exit(1);
  }
  const std::array events = {Id("page_faults"), Id("task_clock_seconds")};
  const auto counters =
      PerfCounters::Open({.pid = child, .with_children = true, .from_exec_on = true}, events);
  ASSERT_EQ(counters->error(0), 0);
  EXPECT_EQ(ReadNow<2>(*counters)[1].value, 0u);
  ASSERT_EQ(write(gate[1], "x", 1), 1);
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  const auto after = ReadNow<2>(*counters);
  EXPECT_GT(after[0].value, 0u);
  EXPECT_GT(after[1].value, 0u);
  close(gate[0]);
  close(gate[1]);
}

TEST(PerfKernel, HardwareCountsTheLoop) {
  NANOTALLY_NEED("cycles");
  const std::array events = {Id("cycles"), Id("instructions")};
  for (const bool wants_user_reads : {false, true}) {
    const auto counters = PerfCounters::Open({.wants_user_reads = wants_user_reads}, events);
    const auto before = ReadNow<2>(*counters);
    Spin(100000);
    const auto once = ReadNow<2>(*counters);
    Spin(400000);
    const auto after = ReadNow<2>(*counters);
    EXPECT_GT(once[0].value, before[0].value);
    EXPECT_GT(after[0].value - once[0].value, once[0].value - before[0].value);
    EXPECT_GT(after[0].running_ns, once[0].running_ns);
    EXPECT_GE(after[0].enabled_ns, after[0].running_ns);
    EXPECT_TRUE(!after[1].is_open || after[1].value - once[1].value > 400000u);
  }
}

TEST(PerfKernel, UserReadsAreTheSystemCalls) {
  NANOTALLY_NEED("cycles");
  if (!ThisPerfMachine().offers[Id("cycles")].has_user_reads)
    GTEST_SKIP() << "this kernel allows no reads in user space";
  const std::array events = {Id("cycles")};
  const auto by_page = PerfCounters::Open({}, events);
  const auto by_call = PerfCounters::Open({.wants_user_reads = false}, events);
  ASSERT_TRUE(by_page->HasUserReads());
  for (int i = 0; i < 100; ++i) {
    // What both count between the outer reads holds what both count between the inner ones.
    const auto outer_before = ReadNow<1>(*by_call);
    const auto inner_before = ReadNow<1>(*by_page);
    Spin(10000);
    const auto inner_after = ReadNow<1>(*by_page);
    const auto outer_after = ReadNow<1>(*by_call);
    const std::uint64_t inner = inner_after[0].value - inner_before[0].value;
    EXPECT_GT(inner, 0u);
    EXPECT_LE(inner, outer_after[0].value - outer_before[0].value);
    EXPECT_GE(inner_after[0].enabled_ns, inner_before[0].enabled_ns);
  }
}

TEST(PerfKernel, NoFileDescriptorIsAnErrorOfTheEvent) {
  NANOTALLY_NEED("page_faults");
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  const rlimit none{0, limit.rlim_max};
  setrlimit(RLIMIT_NOFILE, &none);
  const std::array events = {Id("page_faults")};
  const auto counters = PerfCounters::Open({}, events);
  setrlimit(RLIMIT_NOFILE, &limit);
  EXPECT_EQ(counters->error(0), EMFILE);
  EXPECT_FALSE(ReadNow<1>(*counters)[0].is_open);
}

TEST(CpuFeatures, WidthFitsTheFeatures) {
  const auto features = CpuFeatures();
  EXPECT_TRUE(std::ranges::is_sorted(features));
  const auto has = [&](const char* name) {
    return std::ranges::find(features, name) != features.end();
  };
  EXPECT_TRUE(has("sse2") || has("asimd")) << "all that Node runs on";
  EXPECT_GE(WidestVectorBits(), has("avx512f") ? 512u : has("avx") ? 256u : 128u);
}

// Each that is listed, the kernel lists too; under its own name.
TEST(CpuFeatures, AgreeWithTheKernel) {
  std::FILE* const file = std::fopen("/proc/cpuinfo", "r");
  if (file == nullptr) GTEST_SKIP() << "no /proc/cpuinfo";
  std::string flags;
  char line[8192];
  while (flags.empty() && std::fgets(line, sizeof line, file) != nullptr) {
    const std::string_view text = line;
    if (text.starts_with("flags") || text.starts_with("Features")) flags = text;
  }
  std::fclose(file);
  ASSERT_FALSE(flags.empty());
  flags.back() = ' ';
  for (const std::string& name : CpuFeatures())
    EXPECT_NE(flags.find(" " + name + " "), std::string::npos) << name;
}

}  // namespace
}  // namespace nanotally
