// Replayed schedules of removal: remove, acknowledge, reclaim and reuse, against scrapes, resolving
// and the end of environments.
//
// Interleaved and not interleaved: as in registry_schedule_test.cc.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "test/support/environment.h"
#include "test/support/schedule.h"

namespace nanotally {
namespace {

// The old metric's recordings are this large, the new one's 1 each: a leak of the one into the
// other cannot be missed.
constexpr double kOld = 1e9;

// A metric "old" with kOld in a retired environment and in each of two living ones. "new" takes its
// place in the course of a scenario.
struct State {
  State() {
    registry.pages.on_call = Step;
    Environment retired(registry.registry);
    for (Environment* environment : {&retired, remover.get(), worker.get()}) {
      AddToCell(environment->Bind(old), kOld);
    }
    address = retired.Resolve(old).address;
  }

  // Scrapes see all of the old metric or nothing of it, and of the new one what was recorded.
  void Scrape(int count) {
    double last_new = 0;
    bool was_gone = false;
    for (int i = 0; i < count; ++i) {
      const Snapshot snapshot = registry->TakeSnapshot(At(0));
      if (const MetricSnapshot* metric = FindMetric(snapshot, "old")) {
        EXPECT_EQ(metric->values.at(0), 3 * kOld);
        EXPECT_FALSE(was_gone);
      } else {
        was_gone = true;
      }
      if (const MetricSnapshot* metric = FindMetric(snapshot, "new")) {
        const double value = metric->values.empty() ? 0 : metric->values[0];
        EXPECT_LE(value, recorded) << "more than was recorded";
        EXPECT_GE(value, last_new) << "went backwards";
        last_new = value;
      }
    }
  }

  void RecordNew(Environment& environment) {
    const MetricId id = registry.Define(CounterOf("new"));
    double* cell = environment.Bind(id);
    recorded += 1;
    Step();
    AddToCell(cell, 1);
  }

  // The environments have acknowledged or ended, so the old cell can be had again, and it is zero.
  void ExpectReclaimed() {
    const double value =
        recorded == 0 ? 0 : GetMetric(registry->TakeSnapshot(At(0)), "new").values.at(0);
    EXPECT_EQ(value, recorded);
    Environment late(registry.registry);
    bool reused =
        recorded > 0 && late.Resolve(registry.Define(CounterOf("new"))).address == address;
    for (const char* name : {"x", "y"}) {
      const MetricId id = registry.Define(CounterOf(name));
      reused |= late.Resolve(id).address == address;
      late.Bind(id);
      EXPECT_EQ(GetMetric(registry->TakeSnapshot(At(0)), name).values.at(0), 0);
    }
    EXPECT_TRUE(reused);
  }

  TestRegistry registry;
  MetricId old = registry.Define(CounterOf("old"));
  std::unique_ptr<Environment> remover = std::make_unique<Environment>(registry.registry);
  std::unique_ptr<Environment> worker = std::make_unique<Environment>(registry.registry);
  CellAddress address = kNowhere;
  double recorded = 0;
};

TEST(RemovalSchedules, AcknowledgingAgainstScrapesAndReuse) {
  const Explored explored = Explore(2, [] {
    const auto state = std::make_shared<State>();
    const auto remove = [state] {
      EXPECT_TRUE(state->registry->Remove("old"));
      state->remover->CatchUp();
      state->RecordNew(*state->remover);
    };
    const auto work = [state] {
      // A handle of the old metric is used right up to the acknowledgement.
      if (state->registry->Find(state->old) == nullptr) {
        AddToCell(state->worker->Cells(state->address), kOld);
      }
      if (state->worker->CatchUp() > 0) state->RecordNew(*state->worker);
    };
    return Scenario{
        {{"remover", remove}, {"worker", work}, {"scraper", [state] { state->Scrape(2); }}},
        [state] {
          state->worker->CatchUp();
          state->ExpectReclaimed();
        }};
  });
  EXPECT_GT(explored.schedules, 100u);
}

TEST(RemovalSchedules, EndingAgainstRemovalAndScrapes) {
  const Explored explored = Explore(2, [] {
    const auto state = std::make_shared<State>();
    const auto remove = [state] {
      EXPECT_TRUE(state->registry->Remove("old"));
      state->remover->CatchUp();
      state->RecordNew(*state->remover);
    };
    const auto work = [state] { state->worker.reset(); };
    return Scenario{
        {{"remover", remove}, {"worker", work}, {"scraper", [state] { state->Scrape(2); }}},
        [state] { state->ExpectReclaimed(); }};
  });
  EXPECT_GT(explored.schedules, 100u);
}

// The remover ends too, so that what it recorded of the new metric is retired into reused cells.
TEST(RemovalSchedules, BothEndAgainstReuse) {
  const Explored explored = Explore(2, [] {
    const auto state = std::make_shared<State>();
    const auto remove = [state] {
      EXPECT_TRUE(state->registry->Remove("old"));
      state->remover->CatchUp();
      state->RecordNew(*state->remover);
      state->remover.reset();
    };
    const auto work = [state] {
      state->worker.reset();
      state->worker = std::make_unique<Environment>(state->registry.registry);
      state->RecordNew(*state->worker);
      state->worker.reset();
    };
    return Scenario{{{"remover", remove}, {"worker", work}}, [state] { state->ExpectReclaimed(); }};
  });
  EXPECT_GT(explored.schedules, 100u);
}

// A series that is resolved while its metric goes: either it was in time, and then its environment
// is waited for, or it is refused.
TEST(RemovalSchedules, ResolvingAgainstRemoval) {
  Explore(3, [] {
    struct Resolving : State {
      bool resolved = false;
    };
    const auto state = std::make_shared<Resolving>();
    const auto remove = [state] {
      EXPECT_TRUE(state->registry->Remove("old"));
      state->remover->CatchUp();
      state->RecordNew(*state->remover);
    };
    const auto work = [state] {
      const auto series = state->registry->Resolve(state->worker->shard(), state->old, {});
      if (series.ok()) {
        AddToCell(state->worker->Cells(series.value().address), kOld);
      } else {
        EXPECT_EQ(series.status().code, ErrorCode::kMetricRemoved);
      }
      state->worker->CatchUp();
    };
    return Scenario{{{"remover", remove}, {"worker", work}}, [state] {
                      state->worker->CatchUp();
                      state->ExpectReclaimed();
                    }};
  });
}

// An environment that begins while a metric goes is waited for, or has never heard of it.
TEST(RemovalSchedules, BeginningAgainstRemoval) {
  Explore(3, [] {
    const auto state = std::make_shared<State>();
    const auto remove = [state] {
      EXPECT_TRUE(state->registry->Remove("old"));
      state->remover->CatchUp();
      state->RecordNew(*state->remover);
    };
    const auto begin = [state] {
      Environment late(state->registry.registry);
      const auto series = state->registry->Resolve(late.shard(), state->old, {});
      if (series.ok()) AddToCell(late.Cells(series.value().address), kOld);
      Step();
      late.CatchUp();
      state->RecordNew(late);
    };
    return Scenario{{{"remover", remove}, {"late", begin}}, [state] {
                      state->worker->CatchUp();
                      state->ExpectReclaimed();
                    }};
  });
}

TEST(RemovalSchedules, TwoRemoversAndTheEndOfOne) {
  Explore(3, [] {
    struct Removing : State {
      int removed = 0;
    };
    const auto state = std::make_shared<Removing>();
    const auto remove = [state](auto member) {
      return [state, member] {
        state->removed += state->registry->Remove("old") ? 1 : 0;
        (state.get()->*member).reset();
      };
    };
    return Scenario{{{"remover", remove(&State::remover)}, {"worker", remove(&State::worker)}},
                    [state] {
                      EXPECT_EQ(state->removed, 1);
                      state->ExpectReclaimed();
                    }};
  });
}

TEST(RemovalSchedules, ClosingAgainstEverything) {
  Explore(2, [] {
    struct Closing : State {
      std::vector<ErrorCode> codes;
    };
    const auto state = std::make_shared<Closing>();
    const auto work = [state] {
      const auto defined = state->registry->Define(CounterOf("new"));
      if (defined.ok()) {
        const auto series =
            state->registry->Resolve(state->worker->shard(), defined.value().id, {});
        if (series.ok()) AddToCell(state->worker->Cells(series.value().address), 1);
      }
      state->worker->CatchUp();
      state->worker.reset();
    };
    const auto scrape = [state] {
      for (int i = 0; i < 2; ++i) {
        const Snapshot snapshot = state->registry->TakeSnapshot(At(0));
        if (const MetricSnapshot* metric = FindMetric(snapshot, "old")) {
          EXPECT_EQ(metric->values.at(0), 3 * kOld);
        }
      }
    };
    return Scenario{
        {{"closer", [state] { state->registry->Close(); }}, {"worker", work}, {"scraper", scrape}},
        [state] {
          state->remover.reset();
          EXPECT_TRUE(state->registry->TakeSnapshot(At(0)).metrics.empty());
          EXPECT_FALSE(state->registry->Define(CounterOf("z")).ok());
          EXPECT_EQ(state->registry.pages.live_bytes(), 0u);
        }};
  });
}

}  // namespace
}  // namespace nanotally
