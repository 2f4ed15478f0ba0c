// Reading: a snapshot of many series that native threads recorded into, beside loads of as many
// cells in the same order, which nothing that reads them can do without.
#include <cmath>
#include <vector>

#include "bench/bench.h"
#include "core/cell.h"
#include "record/native_series.h"

namespace nanotally::bench {
namespace {

constexpr int kSeries = 2'000;  // the default limit of a metric
constexpr int kOctaves = 10;

// Held by a registry of its own, so that what other benchmarks made is not read.
struct Recorded {
  explicit Recorded(MetricType type) : is_counter(type == MetricType::kCounter) {
    nanotally_options options = NANOTALLY_OPTIONS_INIT;
    options.registry = is_counter ? "bench_counters" : "bench_histograms";
    registry = Process::Get().store.Open(options.registry);
    for (int i = 0; i < kSeries; ++i) {
      const std::string slot = std::to_string(i);
      if (is_counter) {
        nanotally_counter_add(Counter("bench_read_total", slot.c_str(), &options), 1);
        continue;
      }
      auto* histogram = Histogram("bench_read_seconds", slot.c_str(), &options);
      // Every bucket of ten octaves.
      for (int k = 0; k < kOctaves * 8; ++k)
        nanotally_histogram_observe(histogram, std::exp2(-k / 8.0));
    }
  }

  [[nodiscard]] double Count(const Snapshot& snapshot) const {
    double count = 0;
    for (const double value : snapshot.metrics[0].values) count += value;
    for (const HistogramValue& value : snapshot.metrics[0].histograms) count += value.Count();
    return count;
  }

  const bool is_counter;
  std::shared_ptr<Registry> registry;
};

void RegisterSnapshots(const std::string& name, MetricType type) {
  auto runs = std::make_shared<std::atomic<std::int64_t>>(0);
  auto read = std::make_shared<double>(0);
  benchmark::RegisterBenchmark(name.c_str(),
                               [=](benchmark::State& state) {
                                 const Recorded recorded(type);
                                 const double expected =
                                     kSeries * (recorded.is_counter ? 1 : kOctaves * 8);
                                 Snapshot snapshot;
                                 for (auto _ : state)
                                   snapshot = recorded.registry->TakeSnapshot(Clock::now());
                                 *runs += state.iterations();
                                 const double count = recorded.Count(snapshot);
                                 // Each call of this function records once more.
                                 *read = std::fmod(count, expected) == 0 ? count : -1;
                               })
      ->Unit(benchmark::kMicrosecond)
      ->UseRealTime();
  AddProof({name, runs, [read](double) { return *read > 0; }});
}

// `cells` cells of each slot, as a merge finds them: the slots of one cell after another.
void RegisterLoads(const std::string& name, std::size_t cells) {
  auto runs = std::make_shared<std::atomic<std::int64_t>>(0);
  auto last = std::make_shared<double>(0);
  benchmark::RegisterBenchmark(
      name.c_str(),
      [=](benchmark::State& state) {
        const std::size_t slots = NativeSlots().count;
        const std::size_t chunks = (cells + kCellsPerChunk - 1) / kCellsPerChunk;
        std::vector<double> memory(chunks * slots * kCellsPerChunk, 1);
        for (auto _ : state) {
          double sum = 0;
          for (std::size_t cell = 0; cell < cells; ++cell) {
            const double* first = memory.data() + cell / kCellsPerChunk * slots * kCellsPerChunk +
                                  cell % kCellsPerChunk;
            double merged = 0;
            for (std::size_t slot = 0; slot < slots; ++slot)
              merged += LoadCell(first + slot * kCellsPerChunk);
            sum += merged;
          }
          *last = sum;
          benchmark::ClobberMemory();
        }
        *runs += state.iterations();
        if (*last != static_cast<double>(cells * slots)) *last = -1;
      })
      ->Unit(benchmark::kMicrosecond)
      ->UseRealTime();
  AddProof({name, runs, [last](double) { return *last > 0; }});
}

}  // namespace

void RegisterReading() {
  RegisterLoads("read_counters/plain", kSeries);
  RegisterLoads("read_histograms/plain", kSeries * kOctaves * 8);
  RegisterSnapshots("read_counters/snapshot", MetricType::kCounter);
  RegisterSnapshots("read_histograms/snapshot", MetricType::kHistogram);
}

}  // namespace nanotally::bench
