// Does one thing exactly as often as asked, for counting instructions under valgrind
// (scripts/count-instructions.mjs): the difference of two runs is what once more costs, without the
// start. valgrind offers no restartable sequences, so what is counted is the fallback.
//   instructions PATH COUNT     `instructions about` tells the paths, and what compiled them
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "bench/process.h"
#include "core/cell.h"
#include "os/rseq.h"
#include "render/exposition.h"

namespace nanotally::bench {
namespace {

constexpr double kBounds[] = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};

// Over ten octaves; a power of two, so that every run of such a length meets each as often.
const std::array<double, 64> values = [] {
  std::array<double, 64> made{};
  for (std::size_t i = 0; i < made.size(); ++i)
    made[i] = std::ldexp(1 + static_cast<double>(i) / 64, static_cast<int>(i * 7 % 10) - 10);
  return made;
}();

// A registry of 100 counters and 100 histograms, recorded into by two environments: the number of
// slots of the native shard would depend on the machine's CPUs.
std::shared_ptr<Registry> MakeRegistry() {
  auto registry = Process::Get().store.OpenPrivate();
  MetricDefinition counter;
  counter.name = "requests_total";
  counter.help = "Requests.";
  counter.labels = {"method", "status"};
  MetricDefinition histogram;
  histogram.name = "latency_seconds";
  histogram.help = "Latency.";
  histogram.type = MetricType::kHistogram;
  histogram.labels = {"method", "status"};
  histogram.bounds.assign(std::begin(kBounds), std::end(kBounds));
  for (int environment = 0; environment < 2; ++environment) {
    Shard* const shard = registry->OpenShard();
    for (const MetricDefinition& definition : {counter, histogram}) {
      const auto metric = registry->Define(definition);
      for (int i = 0; i < 100; ++i) {
        const std::vector<std::string> labels = {i % 2 == 0 ? "GET" : "POST", std::to_string(i)};
        const auto series = registry->Resolve(*shard, metric.value().id, labels);
        const CellAddress address = series.value().address;
        double* cell = registry->EnsureChunk(*shard, ChunkOf(address)) + OffsetOf(address);
        AddToCell(cell, i + 0.5);
        if (definition.type == MetricType::kHistogram)
          AddToCell(cell + ExplicitCells::kBuckets + i % 11, 1);
      }
    }
  }
  return registry;
}

using Path = std::function<void(long count)>;

const std::map<std::string, Path>& Paths() {
  static const std::map<std::string, Path> paths = {
      {"counter_add",
       [](long count) {
         nanotally_counter* counter = Counter("c_total");
         for (long i = 0; i < count; ++i) nanotally_counter_add(counter, 1);
         Require(Held("c_total") == static_cast<double>(count), "counter_add");
       }},
      {"gauge_set",
       [](long count) {
         nanotally_gauge* gauge = Gauge("g");
         for (long i = 0; i < count; ++i) nanotally_gauge_set(gauge, static_cast<double>(i));
         Require(Held("g") == static_cast<double>(count - 1), "gauge_set");
       }},
      {"gauge_add",
       [](long count) {
         nanotally_gauge* gauge = Gauge("g");
         for (long i = 0; i < count; ++i) nanotally_gauge_add(gauge, 1);
         Require(Held("g") == static_cast<double>(count), "gauge_add");
       }},
      {"observe_exponential",
       [](long count) {
         nanotally_histogram* histogram = Histogram("h_seconds");
         for (long i = 0; i < count; ++i)
           nanotally_histogram_observe(histogram, values[static_cast<std::size_t>(i) % 64]);
         Require(Held("h_seconds") == static_cast<double>(count), "observe_exponential");
       }},
      {"observe_explicit",
       [](long count) {
         nanotally_options options = NANOTALLY_OPTIONS_INIT;
         options.buckets = kBounds;
         options.bucket_count = std::size(kBounds);
         nanotally_histogram* histogram = Histogram("h_seconds", "", &options);
         for (long i = 0; i < count; ++i)
           nanotally_histogram_observe(histogram, values[static_cast<std::size_t>(i) % 64]);
         Require(Held("h_seconds") == static_cast<double>(count), "observe_explicit");
       }},
      {"get_counter",
       [](long count) {
         const nanotally_label labels[] = {{"method", "GET"}, {"status", "200"}};
         Process::Get();
         for (long i = 0; i < count; ++i) {
           nanotally_counter* counter = nullptr;
           Require(nanotally_get_counter("c_total", labels, 2, nullptr, &counter) == NANOTALLY_OK,
                   "get_counter");
           nanotally_release_counter(counter);
         }
       }},
      {"snapshot",
       [](long count) {
         const auto registry = MakeRegistry();
         for (long i = 0; i < count; ++i)
           Require(registry->TakeSnapshot({}).metrics.size() == 2, "snapshot");
       }},
      {"render",
       [](long count) {
         const Snapshot snapshot = MakeRegistry()->TakeSnapshot({});
         std::string text;
         for (long i = 0; i < count; ++i) {
           text.clear();
           Render(snapshot, {}, text);
           Require(text.size() > 10'000, "render");
         }
       }},
  };
  return paths;
}

void PrintAbout() {
#if defined(__clang__)
  const std::string compiler = "clang " __clang_version__;
#else
  const std::string compiler = "gcc " __VERSION__;
#endif
#if defined(__x86_64__)
  const char* architecture = "x86-64";
#elif defined(__aarch64__)
  const char* architecture = "aarch64";
#else
  const char* architecture = "another architecture";
#endif
  std::printf("{\"compiler\": \"%s\", \"architecture\": \"%s\", \"rseq\": %s, \"paths\": [",
              compiler.c_str(), architecture, Rseq::IsAvailable() ? "true" : "false");
  const char* comma = "";
  for (const auto& [name, path] : Paths()) {
    std::printf("%s\"%s\"", comma, name.c_str());
    comma = ", ";
  }
  std::printf("]}\n");
}

}  // namespace
}  // namespace nanotally::bench

int main(int argc, char** argv) {
  using nanotally::bench::Paths;
  const std::string name = argc > 1 ? argv[1] : "";
  if (name == "about") {
    nanotally::bench::PrintAbout();
    return 0;
  }
  const auto path = Paths().find(name);
  const long count = argc > 2 ? std::atol(argv[2]) : 0;
  if (path == Paths().end() || count <= 0) {
    std::fprintf(stderr, "usage: instructions PATH COUNT, or instructions about\n");
    return 2;
  }
  path->second(count);
}
