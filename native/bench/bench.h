// Benchmarks that have to prove that they recorded.
#pragma once

#include <benchmark/benchmark.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "bench/process.h"
#include "os/rseq.h"

namespace nanotally::bench {

inline constexpr int kMaxThreads = 4;

// A benchmark that ran has recorded `recorded` times, and `check` tells whether what is there now
// says so.
struct Proof {
  std::string name;
  std::shared_ptr<std::atomic<std::int64_t>> recorded;
  std::function<bool(double recorded)> check;
};
void AddProof(Proof proof);

// Registers a benchmark at 1, 2 and 4 threads. In each thread `make(thread)` gives what is called
// with the number of the iteration, and records once.
template <typename Make>
void Register(const std::string& name, Make make, std::function<bool(double recorded)> check) {
  auto recorded = std::make_shared<std::atomic<std::int64_t>>(0);
  const auto run = [make, recorded](benchmark::State& state) {
    const int thread = state.thread_index();
    auto record = make(static_cast<std::uint32_t>(thread));
    const std::uint64_t aborts = Rseq::Aborts();
    std::uint32_t iteration = 0;
    for (auto _ : state) record(iteration++);
    *recorded += state.iterations();
    // The aborts of all threads, so one of them tells.
    if (thread == 0) state.counters["aborts"] = static_cast<double>(Rseq::Aborts() - aborts);
  };
  benchmark::RegisterBenchmark(name.c_str(), run)
      ->Threads(1)
      ->Threads(2)
      ->Threads(kMaxThreads)
      ->UseRealTime();
  AddProof({name, std::move(recorded), std::move(check)});
}

// Each registers its file's benchmarks.
void RegisterRecording();
void RegisterReading();
void RegisterRuntime();

}  // namespace nanotally::bench
