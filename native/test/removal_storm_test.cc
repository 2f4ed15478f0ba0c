// Metrics removed and defined anew by all threads at once, amid recording, ends and scrapes:
// nothing leaks from an old metric into a new one, what is not removed is conserved, memory stays
// bounded.
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "test/support/environment.h"
#include "test/support/pinned.h"
#include "test/support/storm.h"

namespace nanotally {
namespace {

// Of "big" every record is this large, of all others at most 1, and there are fewer than this.
constexpr double kBig = 0x1p30;

// Binds as lib does: what was removed meanwhile is acknowledged first. kNowhere when the metric was
// removed under our hands.
class Worker {
 public:
  Worker(Registry& registry, std::uint64_t seed) : registry_(registry), random_(seed) { Begin(); }

  void Begin() { environment_ = std::make_unique<Environment>(registry_); }

  // One action; returns whether "kept" was recorded.
  bool Act() {
    const std::uint64_t action = random_() % 100;
    if (action < 3) {
      Begin();
    } else if (action < 10) {
      constexpr const char* kNames[] = {"big", "small", "gauge", "histogram"};
      registry_.Remove(kNames[random_() % 4]);
    } else if (action < 30) {
      environment_->CatchUp();
    } else if (action < 50) {
      Add(CounterOf("big"), kBig);
    } else if (action < 65) {
      Add(CounterOf("small"), 1);
    } else if (action < 75) {
      AddToGauge();
    } else if (action < 90) {
      Observe();
    } else {
      Add(CounterOf("kept"), 1);
      return true;
    }
    return false;
  }

 private:
  // The series of a metric, or nothing when it was removed between the two calls.
  std::optional<std::pair<MetricId, ResolvedSeries>> Series(MetricDefinition definition) {
    environment_->CatchUp();
    const MetricId id = Must(registry_.Define(std::move(definition))).id;
    const auto series = registry_.Resolve(environment_->shard(), id, {});
    if (series.ok()) return std::pair(id, series.value());
    EXPECT_EQ(series.status().code, ErrorCode::kMetricRemoved);
    return std::nullopt;
  }

  void Add(MetricDefinition definition, double amount) {
    const auto series = Series(std::move(definition));
    if (!series) return;
    // Several records through one handle, in the course of which the metric may go.
    AddToCell(environment_->Cells(series->second.address), amount);
    if (amount == kBig) AddToCell(environment_->Cells(series->second.address), amount);
  }

  void AddToGauge() {
    const auto series = Series(GaugeOf("gauge", Aggregate::kSum));
    if (series) environment_->AddToGauge(series->second.address, 1);
  }

  void Observe() {
    const auto series = Series(ExponentialOf("histogram", 3));
    if (!series) return;
    const auto metric = registry_.Find(series->first);
    if (metric == nullptr) return;
    const double value = std::ldexp(1.0, static_cast<int>(random_() % 40));
    const std::int32_t key = metric->mapping().KeyOf(value);
    const auto block = registry_.ResolveBlock(series->first, series->second.index,
                                              key >> metric->mapping().BlockBits());
    if (!block.ok()) return;
    const std::uint32_t offset =
        static_cast<std::uint32_t>(key) & (metric->mapping().BlockCells() - 1);
    AddToCell(environment_->Cells(block.value() + offset), 1);
  }

  Registry& registry_;
  std::mt19937_64 random_;
  std::unique_ptr<Environment> environment_;
};

// What a scrape may show at any time.
void Check(const Snapshot& snapshot, double& kept) {
  for (const MetricSnapshot& metric : snapshot.metrics) {
    const std::string& name = metric.metric->name();
    if (metric.metric->series().size() == 0) continue;
    if (name == "histogram") {
      for (const HistogramValue& histogram : metric.histograms) {
        EXPECT_LT(histogram.Count(), kBig);
        EXPECT_EQ(histogram.sum, 0) << "never recorded here";
        EXPECT_EQ(histogram.zero + histogram.nan + histogram.positive_infinity, 0);
        for (const BucketCount& bucket : histogram.buckets) {
          EXPECT_EQ(metric.metric->mapping().IndexOf(bucket.key) % 8, 0) << "powers of 2 only";
          EXPECT_EQ(bucket.count, std::trunc(bucket.count));
        }
      }
    } else if (metric.values.empty()) {
      continue;
    } else if (name == "big") {
      EXPECT_EQ(std::fmod(metric.values[0], kBig), 0) << "a leak into big";
    } else {
      EXPECT_LT(metric.values[0], kBig) << "a leak into " << name;
      EXPECT_GE(metric.values[0], 0);
    }
    if (name == "kept") {
      EXPECT_GE(metric.values[0], kept) << "went backwards";
      kept = metric.values[0];
    }
  }
}

void RunStorm(int workers, int actions) {
  TestRegistry registry;
  registry.Define(CounterOf("kept"));
  std::atomic<int> kept{0};
  std::atomic<int> scrapes{0};
  std::vector<double> last(2);
  RunWatched(
      2,
      [&](int s) {
        Check(registry->TakeSnapshot(At(0)), last[static_cast<std::size_t>(s)]);
        ++scrapes;
        std::this_thread::yield();
      },
      [&] {
        RunThreads(workers, [&](int w) {
          Worker worker(registry.registry, 20251206 + static_cast<std::uint64_t>(w));
          for (int i = 0; i < actions; ++i) {
            if (worker.Act()) ++kept;
            if (i % 16 == 0) std::this_thread::yield();
          }
        });
      });
  const Snapshot snapshot = registry->TakeSnapshot(At(0));
  EXPECT_EQ(GetMetric(snapshot, "kept").values.at(0), kept);
  EXPECT_EQ(registry.pages.live_bytes(), 0u);
  std::printf("%d scrapes, %d records kept\n", scrapes.load(), kept.load());
  EXPECT_GT(scrapes, 20);

  // Nobody is left, so everything that was removed can be had again, in few chunks and zero.
  for (const char* name : {"big", "small", "gauge", "histogram"}) registry->Remove(name);
  for (int i = 0; i < 50; ++i) {
    const std::string name = std::to_string(i);
    const MetricId id = registry.Define(i % 2 == 0 ? CounterOf(name) : ExplicitOf(name, {1}));
    EXPECT_LT(ChunkOf(Must(registry.Resolve(id, {})).address), 8u);
    const Snapshot fresh = registry->TakeSnapshot(At(0));
    const MetricSnapshot& metric = GetMetric(fresh, name);
    EXPECT_EQ(i % 2 == 0 ? metric.values.at(0) : metric.histograms.at(0).Count(), 0);
  }
}

TEST(RemovalStorm, NothingLeaksAndWhatIsKeptIsConserved) { RunStorm(4, 60'000); }

TEST(RemovalStorm, AtTwiceTheCpus) { RunStorm(2 * Cpus(), 40'000); }

TEST(RemovalStorm, PinnedToOneCpu) {
  const PinnedToOneCpu pinned;
  RunStorm(2 * Cpus(), 40'000);
}

}  // namespace
}  // namespace nanotally
