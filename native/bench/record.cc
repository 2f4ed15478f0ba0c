// One recording: through a handle of the C ABI, which is what users call, and as rivals would do
// it. Names are WHAT/HOW. Of the hows, `plain` is the floor (no other thread may write there),
// `own` is an atomic on a cache line of each thread's own, and `shared` one atomic for all threads.
#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>

#include "bench/bench.h"
#include "os/cpus.h"

namespace nanotally::bench {
namespace {

template <typename T>
struct alignas(2 * kCacheLineBytes) Line {  // two, as processors prefetch lines in pairs
  T value{};
};
template <typename T>
using PerThread = std::array<Line<T>, kMaxThreads>;

// Where the adds of a benchmark go: to the thread's own, or to that of thread 0 for all.
template <typename T>
struct Places {
  explicit Places(bool shared) : shared(shared) {}
  T& Of(std::uint32_t thread) { return lines[shared ? 0 : thread].value; }

  const bool shared;
  PerThread<T> lines;
};

void Add(std::atomic<double>& to, double amount) {
  to.fetch_add(amount, std::memory_order_relaxed);
}
void Add(std::atomic<long>& to, long amount) { to.fetch_add(amount, std::memory_order_relaxed); }
// The compiler may neither keep the sum in a register nor leave the store out.
void Add(double& to, double amount) {
  to += amount;
  benchmark::ClobberMemory();
}

auto HeldEquals(const char* metric) {
  return [metric](double recorded) { return Held(metric) == recorded; };
}

template <typename T>
void RegisterAdds(const std::string& name, bool shared) {
  auto places = std::make_shared<Places<T>>(shared);
  Register(
      name,
      [places](std::uint32_t thread) {
        return [&cell = places->Of(thread)](std::uint32_t) { Add(cell, 1); };
      },
      [places](double recorded) {
        double sum = 0;
        for (const auto& line : places->lines) sum += static_cast<double>(line.value);
        return sum == recorded;
      });
}

void RegisterCounters() {
  RegisterAdds<double>("counter/plain", false);
  RegisterAdds<std::atomic<long>>("counter/own_long", false);
  RegisterAdds<std::atomic<double>>("counter/own_double", false);
  RegisterAdds<std::atomic<long>>("counter/shared_long", true);
  RegisterAdds<std::atomic<double>>("counter/shared_double", true);
  Register(
      "counter/handle",
      [](std::uint32_t) {
        return [counter = Counter("bench_total")](std::uint32_t) {
          nanotally_counter_add(counter, 1);
        };
      },
      HeldEquals("bench_total"));

  // The sequence alone, without the table, the check of the amount and the way to the cells.
  struct Cells {
    std::uint32_t cpus = Cpus::OfThisMachine().Possible();
    double* first = static_cast<double*>(Process::Get().pages.Allocate(cpus * kChunkBytes));
    std::atomic<double*> live{first};
  };
  const auto cells = std::make_shared<Cells>();
  Register(
      "counter/rseq",
      [cells](std::uint32_t) {
        Require(Rseq::IsAvailable(), "no rseq in this process");
        return [mine = cells.get()](std::uint32_t) {
          benchmark::DoNotOptimize(Rseq::Add(mine->live, mine->first, 1, mine->cpus));
        };
      },
      [cells](double recorded) {
        double sum = 0;
        for (std::uint32_t cpu = 0; cpu < cells->cpus; ++cpu)
          sum += cells->first[cpu * kCellsPerChunk];
        return sum == recorded;
      });
}

void RegisterStores(const std::string& name, bool shared) {
  auto places = std::make_shared<Places<std::atomic<double>>>(shared);
  Register(
      name,
      [places](std::uint32_t thread) {
        return [&cell = places->Of(thread)](std::uint32_t) {
          cell.store(7, std::memory_order_relaxed);
          benchmark::ClobberMemory();
        };
      },
      [places](double) { return places->lines[0].value == 7; });
}

// One gauge for all threads, or one each: neighbours in memory, as the series of a metric are.
nanotally_gauge* GaugeOf(const char* metric, bool shared, std::uint32_t thread) {
  return Gauge(metric, std::to_string(shared ? 0 : thread).c_str());
}

void RegisterGauges() {
  RegisterStores("gauge_set/own", false);
  RegisterStores("gauge_set/shared", true);
  RegisterAdds<std::atomic<double>>("gauge_add/own", false);
  RegisterAdds<std::atomic<double>>("gauge_add/shared", true);
  for (const bool shared : {false, true}) {
    const std::string how = shared ? "handle" : "own_handle";
    const char* const set = shared ? "bench_set_shared" : "bench_set_own";
    const char* const added = shared ? "bench_added_shared" : "bench_added_own";
    Register(
        "gauge_set/" + how,
        [=](std::uint32_t thread) {
          return [gauge = GaugeOf(set, shared, thread)](std::uint32_t) {
            nanotally_gauge_set(gauge, 7);
          };
        },
        [set](double) { return Held(set) >= 7; });
    Register(
        "gauge_add/" + how,
        [=](std::uint32_t thread) {
          return [gauge = GaugeOf(added, shared, thread)](std::uint32_t) {
            nanotally_gauge_add(gauge, 1);
          };
        },
        HeldEquals(added));
  }
}

// prom-client's default bounds, and values over ten octaves in an order that repeats late.
constexpr double kBounds[] = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
constexpr std::uint32_t kValues = 64;
const std::array<double, kValues> values = [] {
  std::array<double, kValues> made{};
  for (std::uint32_t i = 0; i < kValues; ++i)
    made[i] = std::ldexp(1 + i / 64.0, static_cast<int>(i * 7 % 10) - 10);
  return made;
}();

// What anyone's histogram does at least: a bucket and a sum. It searches no bucket.
template <typename Amount>
struct TwoAmounts {
  void Observe(double value) {
    Add(count, 1);
    Add(sum, value);
  }
  [[nodiscard]] double Count() const { return static_cast<double>(count); }

  Amount count{};
  Amount sum{};
};

template <typename Amount>
struct Buckets {
  void Observe(double value) {
    const auto bound = std::lower_bound(std::begin(kBounds), std::end(kBounds), value);
    Add(counts[static_cast<std::size_t>(bound - std::begin(kBounds))], 1);
    Add(sum, value);
  }
  [[nodiscard]] double Count() const {
    double count = 0;
    for (const Amount& c : counts) count += static_cast<double>(c);
    return count;
  }

  std::array<Amount, std::size(kBounds) + 1> counts{};
  Amount sum{};
};

template <typename T>
void RegisterObserve(const std::string& name, bool shared) {
  auto places = std::make_shared<Places<T>>(shared);
  Register(
      name,
      [places](std::uint32_t thread) {
        return [&histogram = places->Of(thread)](std::uint32_t i) {
          histogram.Observe(values[i % kValues]);
        };
      },
      [places](double recorded) {
        double count = 0;
        for (const auto& line : places->lines) count += line.value.Count();
        return count == recorded;
      });
}

void RegisterHistograms() {
  using Atomic = std::atomic<double>;
  RegisterObserve<TwoAmounts<double>>("observe_exponential/plain", false);
  RegisterObserve<TwoAmounts<Atomic>>("observe_exponential/own", false);
  RegisterObserve<TwoAmounts<Atomic>>("observe_exponential/shared", true);
  RegisterObserve<Buckets<double>>("observe_explicit/plain", false);
  RegisterObserve<Buckets<Atomic>>("observe_explicit/own", false);
  RegisterObserve<Buckets<Atomic>>("observe_explicit/shared", true);

  Register(
      "observe_exponential/handle_same_bucket",
      [](std::uint32_t) {
        return [histogram = Histogram("bench_same_seconds")](std::uint32_t) {
          nanotally_histogram_observe(histogram, 0.003);
        };
      },
      HeldEquals("bench_same_seconds"));
  Register(
      "observe_exponential/handle",
      [](std::uint32_t) {
        return [histogram = Histogram("bench_octaves_seconds")](std::uint32_t i) {
          nanotally_histogram_observe(histogram, values[i % kValues]);
        };
      },
      HeldEquals("bench_octaves_seconds"));
  Register(
      "observe_explicit/handle",
      [](std::uint32_t) {
        nanotally_options options = NANOTALLY_OPTIONS_INIT;
        options.buckets = kBounds;
        options.bucket_count = std::size(kBounds);
        return [histogram = Histogram("bench_explicit_seconds", "", &options)](std::uint32_t i) {
          nanotally_histogram_observe(histogram, values[i % kValues]);
        };
      },
      HeldEquals("bench_explicit_seconds"));
}

}  // namespace

void RegisterRecording() {
  RegisterCounters();
  RegisterGauges();
  RegisterHistograms();
}

}  // namespace nanotally::bench
