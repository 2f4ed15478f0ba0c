// Series resolved, recorded into, removed, cleared, reset and expired by all threads at once, amid
// ends and scrapes: what is not removed is conserved to the last recording, nothing leaks from one
// series into another, no value is negative.
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "test/support/pinned.h"
#include "test/support/series_life.h"
#include "test/support/storm.h"

namespace nanotally {
namespace {

constexpr std::uint32_t kMaxSeries = 8;
constexpr int kLabels = 12;
constexpr std::int64_t kTimeoutMs = 100;
// Of series "0" every record is this large, of all others 1, and there are fewer than this.
constexpr double kBig = 0x1p30;

// Recordings of a conserved metric, noted before and after each.
struct Ledger {
  std::atomic<std::uint64_t> begun{0};
  std::atomic<std::uint64_t> done{0};
};

struct World {
  TestRegistry registry;
  // Only expire, so that every recording is accounted for.
  MetricId counter = registry.Define(Limited(CounterOf("counter"), kMaxSeries, kTimeoutMs));
  MetricId histogram =
      registry.Define(Limited(ExplicitOf("histogram", {1, 2}), kMaxSeries, kTimeoutMs));
  Ledger counted;
  Ledger observed;
  // Are removed and expire, or are reset.
  MetricId ending = registry.Define(Limited(CounterOf("ending"), kMaxSeries, kTimeoutMs));
  MetricId resetting = registry.Define(Limited(CounterOf("resetting"), kMaxSeries, kTimeoutMs));
  std::atomic<std::int64_t> now_ms{0};
};

// An environment as lib runs it: handles are cached by label, redirected when their series is
// removed, dropped when it is idle and no user holds them.
class Worker {
 public:
  Worker(World& world, std::uint64_t seed) : world_(world), random_(seed) { Begin(); }

  void Act(bool is_blocked) {
    const std::uint64_t action = random_() % 1000;
    const std::string label = std::to_string(random_() % kLabels);
    Registry& registry = world_.registry.registry;
    if (action < 5) {
      if (!is_blocked) Begin();
    } else if (action < 100) {
      if (!is_blocked) CatchUp();
    } else if (action < 115) {
      static_cast<void>(
          Must(registry.RemoveSeries(world_.ending, std::vector<std::string>{label})));
    } else if (action < 117) {
      static_cast<void>(Must(registry.Clear(world_.ending)));
    } else if (action < 119) {
      Must(registry.Reset(world_.resetting));
    } else if (action < 140) {
      registry.Tick(At(world_.now_ms += kTimeoutMs / IdleWatch::kLooks));
    } else if (action < 450) {
      Record(world_.counted, world_.counter, label, 0, 1);
    } else if (action < 650) {
      Record(world_.observed, world_.histogram, label, ExplicitCells::kBuckets + action % 3, 1);
    } else if (action < 900) {
      AddToCell(Bind(world_.ending, label), label == "0" ? kBig : 1);
    } else {
      AddToCell(Bind(world_.resetting, label), 0.1 + static_cast<double>(action));
    }
  }

 private:
  struct Handle {
    std::uint32_t series;
    double* cells;
  };

  void Begin() {
    handles_.clear();
    environment_.reset();
    environment_ = std::make_unique<Environment>(world_.registry.registry);
  }

  void CatchUp() {
    Registry& registry = world_.registry.registry;
    const auto removals = registry.PendingRemovals(environment_->shard());
    for (const Removal& removal : removals) Drop(removal);
    registry.Acknowledge(environment_->shard(), EpochsOf(removals));
    for (const Removal& asked : registry.TakeIdle(environment_->shard())) {
      if (random_() % 4 == 0) continue;  // a user holds a handle
      Drop(asked);
      registry.LetGo(environment_->shard(), asked.metric, *asked.series);
    }
  }
  void Drop(const Removal& removal) {
    std::erase_if(handles_, [&](const auto& entry) {
      return entry.first.first == removal.metric && entry.second.series == *removal.series;
    });
  }

  double* Bind(MetricId metric, const std::string& label) {
    if (const auto found = handles_.find({metric, label}); found != handles_.end())
      return found->second.cells;
    CatchUp();
    const ResolvedSeries resolved = environment_->Resolve(metric, {label});
    double* cells = environment_->Cells(resolved.address);
    if (!resolved.overflow) handles_[{metric, label}] = {resolved.index, cells};
    return cells;
  }

  void Record(Ledger& ledger, MetricId metric, const std::string& label, std::uint64_t cell,
              double amount) {
    double* cells = Bind(metric, label);
    ++ledger.begun;
    AddToCell(cells + cell, amount);
    ++ledger.done;
  }

  World& world_;
  std::mt19937_64 random_;
  std::unique_ptr<Environment> environment_;
  std::map<std::pair<MetricId, std::string>, Handle> handles_;
};

// What a scrape may show at any time.
void Check(World& world) {
  const std::uint64_t counted = world.counted.done;
  const std::uint64_t observed = world.observed.done;
  const Snapshot snapshot = world.registry->TakeSnapshot(At(0));
  const double counts = AccountsOf(GetMetric(snapshot, "counter")).Total();
  EXPECT_GE(counts, static_cast<double>(counted));
  EXPECT_LE(counts, static_cast<double>(world.counted.begun));
  const double observations = AccountsOf(GetMetric(snapshot, "histogram")).Total();
  EXPECT_GE(observations, static_cast<double>(observed));
  EXPECT_LE(observations, static_cast<double>(world.observed.begun));
  const MetricSnapshot& ending = GetMetric(snapshot, "ending");
  for (std::size_t i = 0; i < ending.series.size(); ++i) {
    const auto labels = ending.series[i].labels;
    if (labels == "s=\"0\"") {
      EXPECT_EQ(std::fmod(ending.values[i], kBig), 0) << "a leak into the big one";
    } else if (labels != kOverflowLabels) {
      EXPECT_LT(ending.values[i], kBig) << "a leak into " << labels;
    }
    EXPECT_GE(ending.values[i], 0);
  }
  for (const double value : GetMetric(snapshot, "resetting").values) EXPECT_GE(value, 0);
}

void RunStorm(int workers, int actions) {
  World world;
  std::atomic<int> scrapes{0};
  RunWatched(
      2,
      [&](int) {
        Check(world);
        ++scrapes;
        std::this_thread::yield();
      },
      [&] {
        RunThreads(workers, [&](int w) {
          Worker worker(world, 20261121 + static_cast<std::uint64_t>(w));
          for (int i = 0; i < actions; ++i) {
            // The first is blocked for half of the time, a while at once.
            worker.Act(w == 0 && i / 1000 % 2 == 0);
            if (i % 16 == 0) std::this_thread::yield();
          }
        });
      });
  const auto read = [&](const char* name) {
    return GetMetric(world.registry->TakeSnapshot(At(0)), name);
  };
  EXPECT_EQ(AccountsOf(read("counter")).Total(), static_cast<double>(world.counted.done));
  EXPECT_EQ(AccountsOf(read("histogram")).Total(), static_cast<double>(world.observed.done));
  const double expired = read("counter").expired;
  std::printf("%d scrapes, %g counted, of which %g have expired\n", scrapes.load(),
              static_cast<double>(world.counted.done), expired);
  EXPECT_GT(scrapes, 20);
  EXPECT_GT(expired, 0);
  for (const MetricId id : {world.counter, world.histogram, world.resetting}) {
    EXPECT_LE(world.registry->Find(id)->series().size(), kMaxSeries + 1) << "memory is bounded";
  }
  EXPECT_EQ(world.registry.pages.live_bytes(), 0u);

  // Nobody is left: all that ended can be had again, and is zero.
  Must(world.registry->Clear(world.ending));
  Environment late(world.registry.registry);
  for (std::uint32_t i = 0; i < kMaxSeries; ++i) {
    const ResolvedSeries fresh = late.Resolve(world.ending, {"fresh" + std::to_string(i)});
    EXPECT_FALSE(fresh.overflow);
  }
  for (const double value : read("ending").values) EXPECT_EQ(value, 0);
}

TEST(SeriesStorm, NothingLeaksAndAllIsConserved) { RunStorm(4, 60'000); }

TEST(SeriesStorm, AtTwiceTheCpus) { RunStorm(2 * Cpus(), 60'000); }

TEST(SeriesStorm, PinnedToOneCpu) {
  const PinnedToOneCpu pinned;
  RunStorm(2 * Cpus(), 60'000);
}

}  // namespace
}  // namespace nanotally
