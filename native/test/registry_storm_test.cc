// Recording, ending, beginning and scraping all at once, with real threads: equal to a serial
// oracle, invariant under live readers, conserved at twice the CPUs and pinned to one.
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "test/support/environment.h"
#include "test/support/exact_boundaries.h"
#include "test/support/pinned.h"
#include "test/support/storm.h"

namespace nanotally {
namespace {

constexpr int kSchema = 3;

// One metric of each kind, as each environment of a storm defines them for itself.
struct Metrics {
  explicit Metrics(Registry& registry)
      : counter(Must(registry.Define(CounterOf("counter", {"worker", "kind"}))).id),
        gauge(Must(registry.Define(GaugeOf("gauge", Aggregate::kSum))).id),
        exponential(Must(registry.Define(ExponentialOf("exponential", kSchema, {"kind"}))).id),
        bounded(Must(registry.Define(ExplicitOf("explicit", {0.5, 1, 8}, {"kind"}))).id) {}
  MetricId counter, gauge, exponential, bounded;
};

std::string Kind(std::uint64_t n) { return "k" + std::to_string(n); }

// What a worker does, the same every time for the same worker: `Environment` in the storm, a plain
// model of the result in the oracle.
template <typename Sink>
void Work(int worker, int environments, int records, Sink&& sink) {
  std::mt19937_64 random(20251205 + static_cast<std::uint64_t>(worker));
  for (int e = 0; e < environments; ++e) {
    sink.Begin();
    for (int r = 0; r < records; ++r) {
      const std::string kind = Kind(random() % 5);
      // Whole multiples of 2^-4: sums are exact in any order.
      const double value = std::ldexp(1 + static_cast<double>(random() % 4096), -4);
      switch (random() % 4) {
        case 0:
          sink.Count(std::to_string(worker % 3), kind, value);
          break;
        case 1:
          sink.AddToGauge(random() % 2 == 0 ? value : -value);
          break;
        case 2:
          sink.ObserveExponential(kind, random() % 8 == 0 ? -value : value);
          break;
        case 3:
          sink.ObserveExplicit(kind, value);
          break;
      }
    }
    sink.End();
  }
}

// Records into a registry, an environment at a time, binding on every record.
class Recorder {
 public:
  explicit Recorder(Registry& registry) : registry_(registry) {}
  void Begin() {
    environment_ = std::make_unique<Environment>(registry_);
    metrics_ = std::make_unique<Metrics>(registry_);
    exponential_ = registry_.Find(metrics_->exponential);
    bounded_ = registry_.Find(metrics_->bounded);
  }
  void Count(const std::string& worker, const std::string& kind, double value) {
    AddToCell(environment_->Bind(metrics_->counter, {worker, kind}), value);
  }
  void AddToGauge(double value) {
    environment_->AddToGauge(environment_->Resolve(metrics_->gauge).address, value);
  }
  void ObserveExponential(const std::string& kind, double value) {
    const auto series = environment_->Resolve(metrics_->exponential, {kind});
    environment_->ObserveExponential(*exponential_, series, value);
  }
  void ObserveExplicit(const std::string& kind, double value) {
    const auto series = environment_->Resolve(metrics_->bounded, {kind});
    environment_->ObserveExplicit(*bounded_, series, value);
  }
  void End() { environment_.reset(); }

 private:
  Registry& registry_;
  std::unique_ptr<Environment> environment_;
  std::unique_ptr<Metrics> metrics_;
  std::shared_ptr<const Metric> exponential_, bounded_;
};

// The values by name and labels, histograms by bucket: what the oracle and a snapshot are compared
// in.
using Values = std::map<std::string, double>;

class Oracle {
 public:
  void Begin() {}
  void End() {}
  void Count(const std::string& worker, const std::string& kind, double value) {
    values["counter worker=\"" + worker + "\",kind=\"" + kind + "\""] += value;
  }
  void AddToGauge(double value) { values["gauge "] += value; }
  void ObserveExponential(const std::string& kind, double value) {
    static const ReferenceMapping mapping(kSchema);
    const std::string name = "exponential kind=\"" + kind + "\"";
    values[name + " sum"] += value;
    values[name + (value < 0 ? " below " : " above ") +
           std::to_string(mapping.IndexOf(std::abs(value)))] += 1;
  }
  void ObserveExplicit(const std::string& kind, double value) {
    const std::string name = "explicit kind=\"" + kind + "\"";
    values[name + " sum"] += value;
    values[name + (value <= 0.5 ? " 0" : value <= 1 ? " 1" : value <= 8 ? " 2" : " 3")] += 1;
  }

  Values values;
};

Values ValuesOf(const Snapshot& snapshot) {
  Values values;
  for (const MetricSnapshot& metric : snapshot.metrics) {
    for (std::size_t i = 0; i < metric.metric->series().size(); ++i) {
      const std::string name = metric.metric->name() + " " + metric.metric->series()[i].labels;
      if (metric.histograms.empty()) {
        values[name] = metric.values[i];
        continue;
      }
      const HistogramValue& histogram = metric.histograms[i];
      values[name + " sum"] = histogram.sum;
      for (std::size_t b = 0; b < histogram.explicit_counts.size(); ++b) {
        if (histogram.explicit_counts[b] == 0) continue;
        values[name + " " + std::to_string(b)] = histogram.explicit_counts[b];
      }
      for (const BucketCount& bucket : histogram.buckets) {
        const BucketMapping& mapping = metric.metric->mapping();
        const std::string sign = mapping.IsNegative(bucket.key) ? " below " : " above ";
        values[name + sign + std::to_string(mapping.IndexOf(bucket.key))] = bucket.count;
      }
    }
  }
  return values;
}

// A storm of `workers` threads, scraped all the while by two others.
void CompareWithOracle(int workers, int environments, int records) {
  Oracle oracle;
  for (int w = 0; w < workers; ++w) Work(w, environments, records, oracle);

  TestRegistry registry;
  std::atomic<int> scrapes{0};
  RunWatched(
      2,
      [&](int) {
        static_cast<void>(registry->TakeSnapshot(At(0)));
        ++scrapes;
      },
      [&] {
        RunThreads(workers,
                   [&](int w) { Work(w, environments, records, Recorder(registry.registry)); });
      });
  const Values values = ValuesOf(registry->TakeSnapshot(At(0)));
  for (const auto& [name, value] : oracle.values) {
    const auto found = values.find(name);
    ASSERT_NE(found, values.end()) << name;
    EXPECT_EQ(found->second, value) << name;
  }
  EXPECT_EQ(values.size(), oracle.values.size());
  EXPECT_EQ(registry.pages.live_bytes(), 0u);
  EXPECT_GE(scrapes, 4);
  EXPECT_GT(oracle.values.size(), 100u);
}

TEST(RegistryStorm, EqualsASerialOracle) { CompareWithOracle(4, 100, 400); }

TEST(RegistryStorm, ConservesAtTwiceTheCpus) { CompareWithOracle(2 * Cpus(), 100, 200); }

TEST(RegistryStorm, ConservesPinnedToOneCpu) {
  const PinnedToOneCpu pinned;
  CompareWithOracle(2 * Cpus(), 100, 200);
}

// How far a worker is: `begun` before each record, `done` after it. A scrape in between must show
// at least what was done before it and at most what was begun after it.
struct alignas(kCacheLineBytes) Progress {
  std::atomic<std::uint64_t> begun{0};
  std::atomic<std::uint64_t> done{0};
};

// What scrapers check while workers record, end and begin.
class LiveInvariants {
 public:
  LiveInvariants(TestRegistry& registry, int workers) : registry_(registry), progress_(workers) {}

  // Environments of `records` records each, one after another, until the storm has been seen
  // enough.
  void RunWorker(int w, int records) {
    Progress& progress = progress_[static_cast<std::size_t>(w)];
    for (int e = 0; e < kFewestEnvironments || !WasSeen(); ++e) {
      Environment environment(registry_.registry);
      double* whole = environment.Bind(whole_);
      double* tenths = environment.Bind(tenths_);
      const auto gauge = environment.Resolve(gauge_).address;
      const auto exponential = environment.Resolve(exponential_->id());
      const auto bounded = environment.Resolve(bounded_->id());
      for (int r = 0; r < records; ++r) {
        progress.begun.fetch_add(1);
        AddToCell(whole, 1);
        AddToCell(tenths, 0.1);
        environment.AddToGauge(gauge, 0.7);
        environment.ObserveExponential(*exponential_, exponential, 1 + r % 7);
        environment.ObserveExplicit(*bounded_, bounded, r % 2);
        // release: pairs with the acquire in Sum, so that a scrape that follows has the record.
        progress.done.fetch_add(1, std::memory_order_release);
        if (r % 64 == 63) std::this_thread::yield();
      }
      std::this_thread::yield();
    }
  }

  // One scrape by the scraper `s`, compared with its last one.
  struct alignas(kCacheLineBytes) Last {
    double whole = 0, tenths = 0, gauge = 0, exponential = 0, bounded = 0;
    int scrapes = 0;
  };
  void Scrape(Last& last) {
    const auto done = static_cast<double>(Sum(&Progress::done));
    const Snapshot snapshot = registry_->TakeSnapshot(At(0));
    const auto begun = static_cast<double>(Sum(&Progress::begun));

    const auto check = [&](const char* name, double value, double& before) {
      EXPECT_GE(value, before) << name << " went backwards";
      before = value;
    };
    const auto check_count = [&](const char* name, double value, double& before) {
      check(name, value, before);
      EXPECT_GE(value, done) << name << " lost something";
      EXPECT_LE(value, begun) << name << " counted something twice";
    };
    ++last.scrapes;
    if (ValueOf(snapshot, "whole") > last.whole) grew_.fetch_add(1, std::memory_order_relaxed);
    check_count("whole", ValueOf(snapshot, "whole"), last.whole);
    check("tenths", ValueOf(snapshot, "tenths"), last.tenths);
    check("gauge", ValueOf(snapshot, "gauge"), last.gauge);
    const double tolerance = 1e-9 * begun;
    EXPECT_GE(last.tenths, 0.1 * done - tolerance);
    EXPECT_LE(last.tenths, 0.1 * begun + tolerance);
    check_count("exponential", CountOf(snapshot, "exponential"), last.exponential);
    check_count("explicit", CountOf(snapshot, "explicit"), last.bounded);
    std::this_thread::yield();
  }

  // Whether enough scrapes fell amid recording.
  [[nodiscard]] bool WasSeen() const { return grew_.load(std::memory_order_relaxed) >= kScrapes; }

  [[nodiscard]] double Total() { return static_cast<double>(Sum(&Progress::done)); }

 private:
  static constexpr int kFewestEnvironments = 5;
  static constexpr int kScrapes = 10'000;

  static double ValueOf(const Snapshot& snapshot, const char* name) {
    const MetricSnapshot& metric = GetMetric(snapshot, name);
    return metric.values.empty() ? 0 : metric.values[0];
  }
  static double CountOf(const Snapshot& snapshot, const char* name) {
    const MetricSnapshot& metric = GetMetric(snapshot, name);
    return metric.histograms.empty() ? 0 : metric.histograms[0].Count();
  }
  std::uint64_t Sum(std::atomic<std::uint64_t> Progress::*member) {
    std::uint64_t sum = 0;
    for (Progress& progress : progress_) {
      sum += (progress.*member).load(std::memory_order_acquire);  // acquire: see RunWorker
    }
    return sum;
  }

  TestRegistry& registry_;
  std::vector<Progress> progress_;
  std::atomic<int> grew_{0};
  const MetricId whole_ = registry_.Define(CounterOf("whole"));
  const MetricId tenths_ = registry_.Define(CounterOf("tenths"));
  const MetricId gauge_ = registry_.Define(GaugeOf("gauge", Aggregate::kSum));
  const std::shared_ptr<Metric> exponential_ =
      registry_->Find(registry_.Define(ExponentialOf("exponential", kSchema)));
  const std::shared_ptr<Metric> bounded_ =
      registry_->Find(registry_.Define(ExplicitOf("explicit", {0, 1, 2})));
};

void CheckLiveInvariants(int workers, int records) {
  TestRegistry registry;
  LiveInvariants invariants(registry, workers);
  constexpr int kScrapers = 2;
  std::vector<LiveInvariants::Last> last(kScrapers);
  RunWatched(
      kScrapers, [&](int s) { invariants.Scrape(last[static_cast<std::size_t>(s)]); },
      [&] { RunThreads(workers, [&](int w) { invariants.RunWorker(w, records); }); });
  int scrapes = 0;
  for (const auto& l : last) {
    EXPECT_EQ(l.whole, invariants.Total()) << "the last scrape has everything";
    EXPECT_EQ(l.exponential, invariants.Total());
    EXPECT_EQ(l.bounded, invariants.Total());
    scrapes += l.scrapes;
  }
  std::printf("%d scrapes of %.0f records\n", scrapes, invariants.Total());
  EXPECT_TRUE(invariants.WasSeen());
}

TEST(RegistryStorm, ScrapesOfLongLivedEnvironmentsAreConsistent) { CheckLiveInvariants(4, 20'000); }

TEST(RegistryStorm, ScrapesAmidEndsAndBeginningsAreConsistent) { CheckLiveInvariants(4, 20); }

TEST(RegistryStorm, ScrapesAreConsistentOnOneCpu) {
  const PinnedToOneCpu pinned;
  CheckLiveInvariants(4, 20);
}

// New series and new blocks appear while scrapers read them: each is whole from its first sight on.
TEST(RegistryStorm, SeriesAndBlocksAppearWhole) {
  TestRegistry registry;
  auto definition = ExponentialOf("h", 8, {"n"});
  definition.max_series = 100'000;
  const auto metric = registry->Find(registry.Define(definition));
  constexpr int kSeries = 600;
  std::atomic<int> scrapes{0};
  RunWatched(
      2,
      [&](int) {
        const Snapshot snapshot = registry->TakeSnapshot(At(0));
        const MetricSnapshot& merged = snapshot.metrics.at(0);
        for (std::size_t i = 0; i < merged.histograms.size(); ++i) {
          EXPECT_TRUE(metric->series()[i].labels.starts_with("n=\""));
          const HistogramValue& histogram = merged.histograms[i];
          EXPECT_LE(histogram.Count(), 4 * 3);
          for (const BucketCount& bucket : histogram.buckets) {
            // 1, 2^20 and 2^40 were observed.
            EXPECT_EQ(metric->mapping().IndexOf(bucket.key) % (20 * 256), 0);
            EXPECT_LE(bucket.count, 4);
          }
        }
        ++scrapes;
      },
      [&] {
        RunThreads(4, [&](int) {
          Environment environment(registry.registry);
          for (int n = 0; n < kSeries; ++n) {
            const auto series = environment.Resolve(metric->id(), {std::to_string(n)});
            for (const double value : {1.0, 0x1p20, 0x1p40}) {
              environment.ObserveExponential(*metric, series, value);
            }
          }
        });
      });
  const Snapshot snapshot = registry->TakeSnapshot(At(0));
  ASSERT_EQ(snapshot.metrics[0].histograms.size(), static_cast<std::size_t>(kSeries));
  for (const HistogramValue& histogram : snapshot.metrics[0].histograms) {
    ASSERT_EQ(histogram.Count(), 12);
    ASSERT_EQ(histogram.buckets.size(), 3u);
  }
  EXPECT_GE(scrapes, 4);
}

// `last` among threads that take turns, each after a tick: every scrape shows the latest turn.
TEST(RegistryStorm, LastFollowsTurnsOfSeveralThreads) {
  TestRegistry registry;
  const MetricId id = registry.Define(GaugeOf("g", Aggregate::kLast));
  constexpr int kThreads = 3;
  constexpr int kTurns = 2000;
  std::atomic<int> turn{0};
  RunThreads(kThreads, [&](int t) {
    auto environment = std::make_unique<Environment>(registry.registry);
    for (int mine = t; mine < kTurns; mine += kThreads) {
      while (turn.load(std::memory_order_acquire) != mine) std::this_thread::yield();
      if (mine % 50 == 0) environment = std::make_unique<Environment>(registry.registry);
      environment->SetGauge(environment->Resolve(id).address, mine);
      const Snapshot snapshot = registry->TakeSnapshot(At(0));  // advances the tick
      EXPECT_EQ(GetMetric(snapshot, "g").values.at(0), mine);
      turn.store(mine + 1, std::memory_order_release);
    }
  });
  EXPECT_EQ(turn, kTurns);
  EXPECT_EQ(GetMetric(registry->TakeSnapshot(At(0)), "g").values.at(0), kTurns - 1)
      << "it stays when all have ended";
}

}  // namespace
}  // namespace nanotally
