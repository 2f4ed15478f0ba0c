// Reading all that the process tells of itself, beside opening and reading files of /proc that any
// reader of it has to.
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <string>
#include <vector>

#include "bench/bench.h"
#include "runtime/runtime_metrics.h"

namespace nanotally::bench {
namespace {

// Of the process, of one thread, of its surroundings; without cgroups, which lie where they may.
constexpr auto kFiles = std::to_array<const char*>(
    {"/proc/self/status", "/proc/self/io", "/proc/self/stat", "/proc/self/net/dev",
     "/proc/self/net/snmp", "/proc/self/cgroup", "/proc/pressure/cpu", "/proc/pressure/memory",
     "/proc/pressure/io", "/proc/thread-self/stat", "/proc/thread-self/schedstat",
     "/proc/thread-self/status"});

std::size_t ReadPlainly() {
  std::array<char, 1 << 14> buffer;
  std::size_t bytes = 0;
  for (const char* const path : kFiles) {
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) continue;
    for (ssize_t got = 0; (got = read(file, buffer.data(), buffer.size())) > 0;)
      bytes += static_cast<std::size_t>(got);
    close(file);
  }
  return bytes;
}

template <typename Read>
void RegisterReader(const std::string& name, Read read) {
  auto runs = std::make_shared<std::atomic<std::int64_t>>(0);
  auto last = std::make_shared<std::size_t>(0);
  benchmark::RegisterBenchmark(name.c_str(),
                               [=](benchmark::State& state) {
                                 for (auto _ : state) *last = read();
                                 *runs += state.iterations();
                               })
      ->Unit(benchmark::kMicrosecond)
      ->UseRealTime();
  AddProof({name, runs, [last](double) { return *last > 0; }});
}

}  // namespace

void RegisterRuntime() {
  const auto metrics = std::make_shared<RuntimeMetrics>([] {
    return std::vector<ThreadName>{{"main", static_cast<int>(getpid())}};
  });
  RegisterReader("read_runtime/plain", ReadPlainly);
  RegisterReader("read_runtime/families", [metrics] {
    std::vector<ComputedFamily> families;
    metrics->Read({}, families);
    return families.size();
  });
}

}  // namespace nanotally::bench
