// Many native threads at once, beside environments and scrapes: equal to a serial oracle, invariant
// under live readers, conserved at twice the CPUs and pinned to one, while they are moved, while
// signals arrive, and while threads are born and die. CMakeLists.txt runs it with restartable
// sequences and without.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "test/support/native_threads.h"

namespace nanotally {
namespace {

// What a storm records, and what must be there afterwards. Amounts are whole: sums are exact in any
// order.
class Storm {
 public:
  static constexpr int kKinds = 3;

  // Through `native`, and so in several threads at a time. Returns how many records it made.
  int Record(int thread, int records) {
    std::mt19937_64 random(static_cast<std::uint64_t>(thread) + 7);
    Totals mine;
    for (int i = 0; i < records; ++i) {
      const std::size_t kind = random() % kKinds;
      const auto value = static_cast<double>(1 + random() % 1'000'000);
      switch (random() % 4) {
        case 0:
          counters_[kind]->CounterAdd(value);
          mine.counters[kind] += value;
          break;
        case 1:
          gauge_.GaugeAdd(random() % 2 == 0 ? value : -value);
          break;
        case 2:
          exponential_.Observe(value);
          mine.AddTo(mine.exponential, value);
          break;
        case 3:
          bounded_.Observe(value);
          mine.AddTo(mine.bounded, value);
          break;
      }
    }
    const std::lock_guard lock(mutex_);
    expected_.Add(mine);
    return records;
  }

  // Adds up and down by the same, so that the gauge must end where it began.
  void SwayGauge(int swings) {
    for (int i = 0; i < swings; ++i) {
      gauge_.GaugeAdd(i);
      gauge_.GaugeAdd(-i);
    }
  }

  void Check() {
    for (std::size_t kind = 0; kind < kKinds; ++kind)
      EXPECT_EQ(native.Value("counter", kind), expected_.counters[kind]) << kind;
    CheckHistogram("exponential", expected_.exponential);
    CheckHistogram("explicit", expected_.bounded);
  }

  // What holds in the midst of it. One watcher calls it, again and again.
  void Watch() {
    const Snapshot snapshot = native.registry()->TakeSnapshot(At(0));
    const auto& counters = GetMetric(snapshot, "counter").values;
    const HistogramValue& exponential = GetMetric(snapshot, "exponential").histograms.at(0);
    const HistogramValue& bounded = GetMetric(snapshot, "explicit").histograms.at(0);
    for (std::size_t kind = 0; kind < kKinds; ++kind)
      EXPECT_GE(counters[kind], last_[kind]) << "a counter went down";
    EXPECT_GE(exponential.Count(), last_count_);
    EXPECT_GE(bounded.Count(), last_bounded_count_);
    std::copy_n(counters.begin(), kKinds, last_.begin());
    last_count_ = exponential.Count();
    last_bounded_count_ = bounded.Count();
    ++watched_;
  }
  [[nodiscard]] int watched() const { return watched_; }

  NativeThreads native;

 private:
  struct Histogram {
    double sum = 0;
    double count = 0;
    std::map<std::int32_t, double> buckets;  // of the exponential one, by key
  };
  struct Totals {
    std::array<double, kKinds> counters{};
    Histogram exponential, bounded;

    static void AddTo(Histogram& histogram, double value) {
      histogram.sum += value;
      histogram.count += 1;
      histogram.buckets[BucketMapping::ForSchema(3).KeyOf(value)] += 1;
    }
    void Add(const Totals& other) {
      for (std::size_t kind = 0; kind < kKinds; ++kind) counters[kind] += other.counters[kind];
      for (auto [to, from] :
           {std::pair(&exponential, &other.exponential), std::pair(&bounded, &other.bounded)}) {
        to->sum += from->sum;
        to->count += from->count;
        for (const auto& [key, count] : from->buckets) to->buckets[key] += count;
      }
    }
  };

  void CheckHistogram(const char* name, const Histogram& expected) {
    const HistogramValue value = native.Histogram(name);
    EXPECT_EQ(value.sum, expected.sum) << name;
    EXPECT_EQ(value.Count(), expected.count) << name;
    if (!value.explicit_counts.empty()) return;
    ASSERT_EQ(value.buckets.size(), expected.buckets.size()) << name;
    for (const BucketCount& bucket : value.buckets)
      EXPECT_EQ(bucket.count, expected.buckets.at(bucket.key)) << name << " " << bucket.key;
  }

  std::array<NativeSeries*, kKinds> counters_{&native.Get(CounterOf("counter"), {{"kind", "a"}}),
                                              &native.Get(CounterOf("counter"), {{"kind", "b"}}),
                                              &native.Get(CounterOf("counter"), {{"kind", "c"}})};
  NativeSeries& gauge_ = native.Get(GaugeOf("gauge", Aggregate::kSum));
  NativeHistogram& exponential_ = native.GetHistogram(ExponentialOf("exponential", 3));
  NativeHistogram& bounded_ = native.GetHistogram(ExplicitOf("explicit", {10, 1000, 1e5}));

  std::mutex mutex_;
  Totals expected_;
  std::array<double, kKinds> last_{};
  double last_count_ = 0;
  double last_bounded_count_ = 0;
  int watched_ = 0;
};

constexpr int kRecords = 100'000;

TEST(NativeStorm, EqualsTheOracleAtTwiceTheCpus) {
  Storm storm;
  RunThreads(2 * Cpus(), [&](int i) { storm.Record(i, kRecords); });
  storm.Check();
}

TEST(NativeStorm, EqualsTheOraclePinnedToOneCpu) {
  const PinnedToOneCpu pinned;
  Storm storm;
  RunThreads(2 * Cpus(), [&](int i) { storm.Record(i, kRecords / 2); });
  storm.Check();
}

TEST(NativeStorm, KeepsItsInvariantsUnderLiveReaders) {
  Storm storm;
  RunWatched(
      1, [&](int) { storm.Watch(); },
      [&] { RunThreads(2 * Cpus(), [&](int i) { storm.Record(i, kRecords); }); });
  EXPECT_GE(storm.watched(), 2);
  storm.Check();
}

TEST(NativeStorm, LosesNothingWhileThreadsAreMoved) {
  Storm storm;
  RunMigrating(2 * Cpus(), [&](int i, const std::atomic<int>& moves) {
    for (int round = 0; round == 0 || moves < 300; ++round) storm.Record(i, 2000);
  });
  storm.Check();
}

TEST(NativeStorm, LosesNothingWhileSignalsArrive) {
  const std::uint64_t aborts = Rseq::Aborts();
  Storm storm;
  SignalStorm signals;
  signals.Run(2 * Cpus(), [&](int i) {
    // Until it was under fire and, with sequences, some were aborted.
    const auto had_enough = [&] {
      return signals.sent > 1000 && (!Rseq::IsAvailable() || Rseq::Aborts() >= aborts + 20);
    };
    for (int round = 0; round < 5 || (round < 100'000 && !had_enough()); ++round)
      storm.Record(i, 2000);
  });
  EXPECT_GT(signals.sent, 1000u);
  const std::uint64_t forced = Rseq::IsAvailable() ? 20 : 0;
  EXPECT_GE(Rseq::Aborts(), aborts + forced) << signals.sent << " signals were sent";
  storm.Check();
}

// The handler records through the same handles as the thread that it interrupts.
NativeSeries* handlers_counter = nullptr;
NativeHistogram* handlers_histogram = nullptr;
std::atomic<std::uint64_t> handled{0};

TEST(NativeStorm, RecordsInSignalHandlers) {
  Storm storm;
  handlers_counter = &storm.native.Get(CounterOf("handled"));
  handlers_histogram = &storm.native.GetHistogram(ExponentialOf("handled_sizes", 3));
  SignalStorm signals;
  struct sigaction action {};
  action.sa_flags = SA_RESTART;
  action.sa_handler = [](int) {
    handlers_counter->CounterAdd(1);
    handlers_histogram->Observe(static_cast<double>(1 + handled.load() % 100));
    ++handled;
  };
  ASSERT_EQ(sigaction(SIGUSR2, &action, nullptr), 0);
  handled = 0;
  signals.Run(2, [&](int) {
    while (handled < 2000) {
      for (int i = 0; i < 1000; ++i) {
        handlers_counter->CounterAdd(1);
        handlers_counter->CounterAdd(1);
      }
    }
  });
  const double by_threads = storm.native.Value("handled") - static_cast<double>(handled);
  EXPECT_GE(by_threads, 0);
  EXPECT_EQ(std::fmod(by_threads, 2000), 0) << "an add of a thread or of a handler was lost";
  EXPECT_EQ(storm.native.Histogram("handled_sizes").Count(), static_cast<double>(handled));
}

TEST(NativeStorm, LosesNothingWhileThreadsAreBornAndDie) {
  Storm storm;
  constexpr int kGenerations = 100;
  RunThreads(Cpus(), [&](int i) {
    for (int generation = 0; generation < kGenerations; ++generation)
      std::thread([&] { storm.Record(i * kGenerations + generation, 200); }).join();
  });
  storm.Check();
}

// Environments come and go beside the native threads: no shard is counted twice or not at all.
TEST(NativeStorm, IsMergedExactlyOnceWithEnvironments) {
  Storm storm;
  const auto registry = storm.native.registry();
  const MetricId id = Must(registry->Define(CounterOf("both"))).id;
  NativeSeries& native = storm.native.Get(CounterOf("both"));
  constexpr int kEnvironments = 50, kAdds = 1000;
  double last = 0;
  RunWatched(
      1,
      [&](int) {
        const double value = storm.native.Value("both");
        EXPECT_GE(value, last);
        last = value;
      },
      [&] {
        RunThreads(2 * Cpus(), [&](int i) {
          for (int e = 0; e < kEnvironments; ++e) {
            if (i % 2 == 0) {
              Environment environment(*registry);
              double* cell = environment.Bind(id);
              for (int n = 0; n < kAdds; ++n) AddToCell(cell, 1);
            } else {
              for (int n = 0; n < kAdds; ++n) native.CounterAdd(1);
            }
          }
        });
      });
  EXPECT_EQ(storm.native.Value("both"), 2.0 * Cpus() * kEnvironments * kAdds);
}

// Threads without a registration beside threads with one: they never meet in a cell.
TEST(NativeStorm, LosesNothingWhereSomeThreadsHaveNoRseq) {
  Storm storm;
  RunThreads(2 * Cpus(), [&](int i) {
    if (i % 2 == 0) {
      EXPECT_EQ(WithdrawRseq(), Rseq::IsAvailable());
    }
    storm.Record(i, kRecords / 2);
  });
  storm.Check();
  EXPECT_TRUE(NativeSeries::AddedAtomically());
}

TEST(NativeStorm, AGaugeEndsWhereItBegan) {
  Storm storm;
  RunThreads(2 * Cpus(), [&](int) { storm.SwayGauge(kRecords / 4); });
  EXPECT_EQ(storm.native.Value("gauge"), 0);
}

// All threads meet new octaves at the same time, and environments the same ones.
TEST(NativeStorm, ClaimsBlocksAtOnce) {
  for (int round = 0; round < 20; ++round) {
    NativeThreads native;
    const auto registry = native.registry();
    const MetricId id = Must(registry->Define(ExponentialOf("h", 3))).id;
    NativeHistogram& histogram = native.GetHistogram(ExponentialOf("h", 3));
    const auto metric = registry->Find(id);
    const int threads = 2 * Cpus();
    RunWatched(
        1, [&](int) { native.recorder.Tick(); },
        [&] {
          RunThreads(threads, [&](int i) {
            std::unique_ptr<Environment> environment;
            if (i == 0) environment = std::make_unique<Environment>(*registry);
            for (int octave = -120; octave < 280; ++octave) {
              const double value = std::ldexp(1.1, octave);
              if (i == 0) {
                environment->ObserveExponential(*metric, environment->Resolve(id), value);
              } else {
                histogram.Observe(value);
              }
            }
          });
        });
    const HistogramValue value = native.Histogram("h");
    ASSERT_EQ(value.buckets.size(), 400u);
    for (const BucketCount& bucket : value.buckets) EXPECT_EQ(bucket.count, threads);
  }
}

}  // namespace
}  // namespace nanotally
