// The families of this process under known load, beside what the kernel tells in other ways:
// wait4(2), GNU time, /proc, the clocks of threads.
#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <barrier>
#include <cstdlib>
#include <fstream>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "os/kernel_text.h"
#include "os/stat_file.h"
#include "runtime/runtime_metrics.h"
#include "test/support/file_tree.h"

namespace nanotally {
namespace {

constexpr double kShare = 0.05;
constexpr std::size_t kMiB = 1 << 20;
constexpr std::size_t kTouched = 100 * kMiB;
constexpr std::size_t kWritten = 20 * kMiB;

using Samples = std::map<std::string, double>;

Samples ReadSamples(const RuntimeMetrics::Threads& threads = [] {
  return std::vector<ThreadName>{};
}) {
  RuntimeMetrics metrics(threads);
  std::vector<ComputedFamily> families;
  metrics.Read({}, families);
  Samples samples;
  for (const ComputedFamily& family : families) {
    for (const ComputedSample& sample : family.samples)
      samples[family.name + "{" + sample.labels + "}"] = sample.value;
  }
  return samples;
}

double ThreadSeconds() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

void BurnInUserSpace(double seconds) {
  for (const double end = ThreadSeconds() + seconds; ThreadSeconds() < end;) {
    for (int i = 0; i < 100'000; ++i) asm volatile("" ::: "memory");
  }
}

void BurnInTheKernel(double seconds) {
  std::vector<char> buffer(kMiB);
  const int zeroes = open("/dev/zero", O_RDONLY | O_CLOEXEC);
  for (const double end = ThreadSeconds() + seconds; ThreadSeconds() < end;) {
    // The bare call: around read() a sanitizer spends time of its own.
    if (syscall(SYS_read, zeroes, buffer.data(), buffer.size()) < 0) std::abort();
  }
  close(zeroes);
}

void TouchAndGiveBack() {
  void* const memory =
      mmap(nullptr, kTouched, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) std::abort();
  for (std::size_t at = 0; at < kTouched; at += 4096) static_cast<volatile char*>(memory)[at] = 1;
  munmap(memory, kTouched);
}

void WriteToDisk(const std::string& path) {
  const std::vector<char> buffer(kMiB, 'x');
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  for (std::size_t at = 0; at < kWritten; at += buffer.size()) {
    if (write(file, buffer.data(), buffer.size()) != static_cast<ssize_t>(buffer.size()))
      std::abort();
  }
  if (fsync(file) != 0) std::abort();
  close(file);
}

// Known load, and then its samples, a line each. Half of the CPU time is a thread's that has ended.
void RunLoad(const std::string& folder) {
  TouchAndGiveBack();
  WriteToDisk(folder + "/written");
  std::thread([] {
    BurnInUserSpace(0.5);
    BurnInTheKernel(0.5);
  }).join();
  BurnInUserSpace(0.5);
  BurnInTheKernel(0.5);
  std::ofstream out(folder + "/samples");
  out.precision(17);
  for (const auto& [key, value] : ReadSamples()) out << value << ' ' << key << '\n';
}

// In a child of this test the program is the load alone.
[[maybe_unused]] const bool is_test = [] {
  if (const char* const folder = std::getenv("NANOTALLY_TEST_LOAD")) {
    RunLoad(folder);
    _exit(0);
  }
  return true;
}();

// This program as a load below `folder`, run by a command that ends in it.
rusage RunChild(std::vector<std::string> command, const std::string& folder) {
  // Not /proc/self/exe, which names no program of this machine where an emulator runs this one.
  command.push_back(program_invocation_name);
  std::vector<char*> arguments;
  for (std::string& word : command) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    setenv("NANOTALLY_TEST_LOAD", folder.c_str(), 1);
    execv(arguments[0], arguments.data());
    _exit(127);
  }
  int status = -1;
  rusage usage{};
  EXPECT_EQ(wait4(child, &status, 0, &usage), child);
  EXPECT_EQ(status, 0) << command[0];
  return usage;
}

Samples ChildSamples(const std::string& folder) {
  Samples samples;
  std::ifstream in(folder + "/samples");
  double value = 0;
  for (std::string key; in >> value && in.get() && std::getline(in, key);) samples[key] = value;
  return samples;
}

// `floor`: what is told in steps so large differs by one of them.
void ExpectClose(const Samples& samples, const std::string& key, double expected, double floor) {
  ASSERT_TRUE(samples.contains(key)) << key;
  EXPECT_NEAR(samples.at(key), expected, std::max(kShare * expected, floor)) << key;
}

double Seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

TEST(RuntimeUnderLoad, IsWhatWait4Tells) {
  const FileTree folder;
  const rusage usage = RunChild({}, folder.Root());
  const Samples samples = ChildSamples(folder.Root());
  ASSERT_GT(samples.size(), 8u);
  // The sum is exact; how it is shared out is what a timer saw when it looked.
  EXPECT_GE(samples.at("process_cpu_seconds_total{}"), 2);
  EXPECT_GE(samples.at("process_cpu_user_seconds_total{}"), 0.5);
  EXPECT_GE(samples.at("process_cpu_system_seconds_total{}"), 0.3);
  ExpectClose(samples, "process_cpu_user_seconds_total{}", Seconds(usage.ru_utime), 0);
  ExpectClose(samples, "process_cpu_system_seconds_total{}", Seconds(usage.ru_stime), 0);
  ExpectClose(samples, "process_cpu_seconds_total{}",
              Seconds(usage.ru_utime) + Seconds(usage.ru_stime), 0);
  EXPECT_GE(samples.at("process_resident_memory_peak_bytes{}"), kTouched);
  ExpectClose(samples, "process_resident_memory_peak_bytes{}", usage.ru_maxrss * 1024.0, 0);
  ExpectClose(samples, "process_page_faults_total{kind=\"minor\"}", usage.ru_minflt, 0);
  ExpectClose(samples, "process_page_faults_total{kind=\"major\"}", usage.ru_majflt, 10);
  ExpectClose(samples, "process_context_switches_total{kind=\"voluntary\"}", usage.ru_nvcsw, 10);
  ExpectClose(samples, "process_context_switches_total{kind=\"involuntary\"}", usage.ru_nivcsw, 10);
  // Nothing where the folder is in memory, or the kernel keeps no such accounts.
  if (usage.ru_oublock == 0) return;
  EXPECT_GE(samples.at("process_disk_written_bytes_total{}"), kWritten);
  ExpectClose(samples, "process_disk_written_bytes_total{}", usage.ru_oublock * 512.0, 0);
  EXPECT_GE(samples.at("process_io_written_bytes_total{}"), kWritten);
  EXPECT_LT(samples.at("process_io_written_bytes_total{}"), kWritten * (1 + kShare));
}

TEST(RuntimeUnderLoad, IsWhatGnuTimeTells) {
  const char* const time = std::getenv("NANOTALLY_TEST_TIME");
  if (time == nullptr) GTEST_SKIP() << "scripts/test-native.sh says where GNU time is";
  const FileTree folder;
  const std::string report = folder.Root() + "/report";
  RunChild({time, "-v", "-o", report}, folder.Root());
  const Samples samples = ChildSamples(folder.Root());
  ASSERT_GT(samples.size(), 8u);
  Samples told;
  std::ifstream in(report);
  for (std::string line; std::getline(in, line);) {
    const std::size_t colon = line.rfind(": ");
    if (colon != std::string::npos)
      told[line.substr(1, colon - 1)] = std::atof(line.c_str() + colon + 2);
  }
  constexpr double kStep = 0.01;
  EXPECT_GE(told.at("User time (seconds)") + told.at("System time (seconds)"), 1.95);
  ExpectClose(samples, "process_cpu_user_seconds_total{}", told.at("User time (seconds)"), kStep);
  ExpectClose(samples, "process_cpu_system_seconds_total{}", told.at("System time (seconds)"),
              kStep);
  EXPECT_GE(told.at("Maximum resident set size (kbytes)") * 1024, kTouched);
  ExpectClose(samples, "process_resident_memory_peak_bytes{}",
              told.at("Maximum resident set size (kbytes)") * 1024, 0);
  ExpectClose(samples, "process_page_faults_total{kind=\"minor\"}",
              told.at("Minor (reclaiming a frame) page faults"), 0);
  ExpectClose(samples, "process_context_switches_total{kind=\"voluntary\"}",
              told.at("Voluntary context switches"), 10);
  ExpectClose(samples, "process_disk_written_bytes_total{}", told.at("File system outputs") * 512,
              0);
}

TEST(RuntimeOfThisProcess, MemoryIsWhatTheKernelAddsUp) {
  const auto rollup = [] { return ReadKernelFile("/proc/self/smaps_rollup"); };
  if (!rollup()) GTEST_SKIP() << "this kernel has no smaps_rollup";
  const Samples before = ReadSamples();
  void* const memory =
      mmap(nullptr, kTouched, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  for (std::size_t at = 0; at < kTouched; at += 4096) static_cast<volatile char*>(memory)[at] = 1;
  const Samples during = ReadSamples();
  const std::string text = *rollup();
  ExpectClose(during, "process_resident_memory_bytes{}", FindCount(text, "Rss:", 1024).value_or(-1),
              0);
  ExpectClose(during, "process_resident_memory_anonymous_bytes{}",
              FindCount(text, "Anonymous:", 1024).value_or(-1), 0);
  const auto growth = [&](const char* key) { return during.at(key) - before.at(key); };
  EXPECT_GE(growth("process_resident_memory_anonymous_bytes{}"), kTouched * (1 - kShare));
  EXPECT_GE(growth("process_virtual_memory_bytes{}"), kTouched);
  EXPECT_GE(growth("process_heap_bytes{}"), kTouched);
  munmap(memory, kTouched);
  EXPECT_LT(ReadSamples().at("process_virtual_memory_bytes{}"),
            during.at("process_virtual_memory_bytes{}"));
}

TEST(RuntimeOfThisProcess, ItStartedWhenTheKernelSays) {
  const auto boot = FindCount(ReadKernelFile("/proc/stat").value_or(""), "btime");
  const auto since_boot =
      StatField(ReadKernelFile("/proc/self/stat").value_or(""), 22, TickSeconds());
  if (!boot || !since_boot) GTEST_SKIP() << "this system does not say when it was started";
  const double started = ReadSamples().at("process_start_time_seconds{}");
  EXPECT_NEAR(started, *boot + *since_boot, 1.5) << "btime is in whole seconds";
  EXPECT_LE(started, static_cast<double>(time(nullptr)) + 1);
}

struct BurningThread {
  int tid = 0;
  double seconds = 0;  // by its own clock
};

TEST(RuntimeOfThisProcess, ThreadsHaveTheirOwnTimeAndWait) {
  // Both on one CPU, where they wait for each other.
  cpu_set_t allowed;
  ASSERT_EQ(sched_getaffinity(0, sizeof allowed, &allowed), 0);
  int cpu = 0;
  while (!CPU_ISSET(cpu, &allowed)) ++cpu;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(cpu, &one);

  std::array<BurningThread, 2> burning;
  std::barrier together(3);
  const auto burn = [&](BurningThread& self, double user, double system) {
    sched_setaffinity(0, sizeof one, &one);
    self.tid = static_cast<int>(syscall(SYS_gettid));
    together.arrive_and_wait();
    BurnInUserSpace(user);
    BurnInTheKernel(system);
    self.seconds = ThreadSeconds();
    together.arrive_and_wait();  // burnt
    together.arrive_and_wait();  // read
  };
  std::thread a([&] { burn(burning[0], 0.8, 0.2); });
  std::thread b([&] { burn(burning[1], 0.2, 0.3); });
  together.arrive_and_wait();
  together.arrive_and_wait();
  const Samples samples = ReadSamples([&] {
    return std::vector<ThreadName>{{"a", burning[0].tid}, {"b", burning[1].tid}};
  });
  together.arrive_and_wait();
  a.join();
  b.join();

  const auto of = [&](const char* thread, const char* mode) {
    const auto found = samples.find(std::string("thread_cpu_seconds_total{thread=\"") + thread +
                                    "\",mode=\"" + mode + "\"}");
    return found == samples.end() ? -1 : found->second;
  };
  const double steps = 2 * TickSeconds();
  EXPECT_NEAR(of("a", "user") + of("a", "system"), burning[0].seconds,
              kShare * burning[0].seconds + steps);
  EXPECT_NEAR(of("b", "user") + of("b", "system"), burning[1].seconds,
              kShare * burning[1].seconds + steps);
  EXPECT_GT(of("a", "user"), of("b", "user"));
  EXPECT_GT(of("b", "system"), of("a", "system") / 2);
  const auto waited = samples.find("thread_run_queue_wait_seconds_total{thread=\"b\"}");
  if (waited == samples.end())
    GTEST_SKIP() << "this kernel keeps no account of run queues (CONFIG_SCHED_INFO)";
  EXPECT_GT(waited->second, 0.05) << "it had to share a CPU for 0.5 s";
  EXPECT_GT(samples.at("thread_context_switches_total{thread=\"b\",kind=\"involuntary\"}"), 0);
}

}  // namespace
}  // namespace nanotally
