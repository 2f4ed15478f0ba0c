// Replayed schedules of the life of series over the real code: removal, letting go, expiry,
// acknowledging and reset, against recording, resolving, scrapes, ticks and the end of
// environments. native/model checks the same protocol on paper.
//
// Interleaved and not interleaved: as in registry_schedule_test.cc.
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "test/support/schedule.h"
#include "test/support/series_life.h"

namespace nanotally {
namespace {

// Recordings of the series that ends are this large, all others 1 each: a leak of the one into the
// other cannot be missed.
constexpr double kOld = 1e9;
constexpr std::int64_t kTimeoutMs = 100;

struct World {
  explicit World(MetricDefinition definition) : id(registry.Define(std::move(definition))) {}

  // Recorded and noted in one step.
  void Add(Environment& environment, CellAddress address, double amount) {
    AddToCell(environment.Cells(address), amount);
    recorded += amount;
  }
  [[nodiscard]] MetricSnapshot Read() { return GetMetric(registry->TakeSnapshot(At(0)), "c"); }

  // A scrape between whose start and end others record accounts for everything in any state, and
  // shows one label set once.
  void ExpectConserved(int scrapes) {
    for (int i = 0; i < scrapes; ++i) {
      const double before = recorded;
      const Snapshot snapshot = registry->TakeSnapshot(At(0));
      const double total = AccountsOf(GetMetric(snapshot, "c")).Total();
      EXPECT_GE(total, before);
      EXPECT_LE(total, recorded);
    }
  }

  // The slots and cells of all that ended can be had again, and hold nothing.
  void ExpectAllFree(std::uint32_t slots) {
    Must(registry->Clear(id));
    for (const auto& environment : environments) {
      if (environment != nullptr) environment->CatchUp();
    }
    Environment late(registry.registry);
    for (std::uint32_t i = 0; i < slots; ++i)
      EXPECT_FALSE(late.Resolve(id, {"fresh" + std::to_string(i)}).overflow) << "slot " << i;
    const MetricSnapshot fresh = Read();
    EXPECT_EQ(fresh.series.size(), slots);
    for (const double value : fresh.values) EXPECT_EQ(value, 0);
    EXPECT_EQ(fresh.waiting_series, 0u);
  }

  TestRegistry registry;
  MetricId id;
  std::vector<std::unique_ptr<Environment>> environments;
  double recorded = 0;
};

// "x" with kOld from an environment that ended and from each of two that hold it.
struct Held : World {
  explicit Held(MetricDefinition definition) : World(std::move(definition)) {
    for (int i = 0; i < 3; ++i) {
      environments.push_back(std::make_unique<Environment>(registry.registry));
      address = environments.back()->Resolve(id, {"x"}).address;
      Add(*environments.back(), address, kOld);
    }
    environments.back().reset();
    registry.pages.on_call = Step;
  }
  Environment& remover() { return *environments[0]; }
  Environment& worker() { return *environments[1]; }

  // Of a series' new life, or of another series.
  void AddNew(Environment& environment, const char* series) {
    const CellAddress cell = environment.Resolve(id, {series}).address;
    Step();
    Add(environment, cell, 1);
    ++added;
  }

  CellAddress address = kNowhere;
  int added = 0;
};

// What a scrape names stays as it was for as long as the scrape lives.
void ScrapeDuringRemoval(Held& world, int scrapes) {
  bool was_gone = false;
  for (int i = 0; i < scrapes; ++i) {
    const Snapshot snapshot = world.registry->TakeSnapshot(At(0));
    const MetricSnapshot& metric = GetMetric(snapshot, "c");
    std::vector<std::string> labels;
    for (const SeriesView& series : metric.series) labels.emplace_back(series.labels);
    Step();
    for (std::size_t s = 0; s < labels.size(); ++s)
      EXPECT_EQ(metric.series[s].labels, labels[s]) << "renamed under a scrape";
    const double x = ValueOf(metric, "x").value_or(0);
    if (x >= kOld) {
      EXPECT_GE(x, 3 * kOld) << "a part of the old life";
      EXPECT_EQ(std::fmod(x, kOld), 0) << "two lives in one";
      EXPECT_FALSE(was_gone) << "the old life came back";
    } else {
      was_gone = true;
      EXPECT_LE(x, world.added);
    }
    EXPECT_LE(ValueOf(metric, "y").value_or(0), world.added) << "a leak into another series";
  }
}

TEST(SeriesSchedules, RemovalAgainstSnapshotAndResolve) {
  const Explored explored = Explore(2, [] {
    const auto world = std::make_shared<Held>(Limited(CounterOf("c"), 3));
    const auto remove = [world] {
      EXPECT_TRUE(Must(world->registry->RemoveSeries(world->id, std::vector<std::string>{"x"})));
      world->remover().CatchUp();
      world->AddNew(world->remover(), "y");
    };
    const auto work = [world] {
      // Through the old handle, right up to the acknowledgement.
      AddToCell(world->worker().Cells(world->address), kOld);
      if (world->worker().CatchUp() > 0) world->AddNew(world->worker(), "x");
    };
    return Scenario{{{"remover", remove},
                     {"worker", work},
                     {"scraper", [world] { ScrapeDuringRemoval(*world, 2); }}},
                    [world] {
                      world->worker().CatchUp();
                      EXPECT_EQ(AccountsOf(world->Read()).Total(), world->added);
                      world->ExpectAllFree(3);
                    }};
  });
  EXPECT_GE(explored.schedules, 1000u);
}

// Three slots' worth of label sets over two slots: whoever resolves first gets what is free, the
// rest overflows, and nobody gets what another may still write.
TEST(SeriesSchedules, AcknowledgementAgainstReuse) {
  std::size_t reused = 0;
  const Explored explored = Explore(2, [&reused] {
    const auto world = std::make_shared<Held>(Limited(CounterOf("c"), 1));
    Must(world->registry->RemoveSeries(world->id, std::vector<std::string>{"x"}));
    world->recorded = 0;
    const auto go_on = [world, &reused](std::size_t i, const char* series) {
      return [world, i, series, &reused] {
        Environment& environment = *world->environments[i];
        AddToCell(environment.Cells(world->address), kOld);
        Step();
        EXPECT_EQ(environment.CatchUp(), 1u);
        const ResolvedSeries resolved = environment.Resolve(world->id, {series});
        if (resolved.address == world->address) ++reused;
        Step();
        world->Add(environment, resolved.address, 1);
        world->ExpectConserved(1);
      };
    };
    return Scenario{{{"first", go_on(0, "y")}, {"second", go_on(1, "z")}}, [world] {
                      EXPECT_EQ(AccountsOf(world->Read()).Total(), 2);
                      world->ExpectAllFree(1);
                    }};
  });
  EXPECT_GT(explored.schedules, 100u);
  EXPECT_GT(reused, 0u);
}

// A metric whose series "x" is about to become idle: two environments hold it, one that ended and
// one that let go of it long ago left their shares.
struct Idling : World {
  Idling() : World(Limited(CounterOf("c"), 2, kTimeoutMs)) {
    for (int i = 0; i < 4; ++i) {
      environments.push_back(std::make_unique<Environment>(registry.registry));
      address = environments.back()->Resolve(id, {"x"}).address;
      Add(*environments.back(), address, kOld);
    }
    environments[3].reset();
    const std::uint32_t index = *registry->Find(id)->Find(std::vector<std::string>{"x"});
    registry->LetGo(environments[2]->shard(), id, index);
    registry->Tick(At(0));
    registry.pages.on_call = Step;
  }

  void Tick(int times) {
    for (int i = 0; i < times; ++i) registry->Tick(At(now_ms += kTimeoutMs));
  }

  // Nothing is recorded any more: in the end everything has expired.
  void ExpectAllExpires() {
    for (int i = 0; i < 6; ++i) {
      Tick(1);
      for (const auto& environment : environments) {
        if (environment != nullptr) LetGoOfIdle(registry.registry, *environment);
      }
      EXPECT_EQ(AccountsOf(Read()).Total(), recorded);
    }
    const MetricSnapshot metric = Read();
    EXPECT_EQ(metric.expired, recorded);
    EXPECT_TRUE(metric.series.empty());
    EXPECT_EQ(metric.idle_series + metric.waiting_series, 0u);
    ExpectAllFree(2);
  }

  CellAddress address = kNowhere;
  std::int64_t now_ms = 0;
};

// One environment lets go, and asks for the series again; the other's user holds a handle.
TEST(SeriesSchedules, LettingGoAgainstRecordingAndTicks) {
  const Explored explored = Explore(2, [] {
    const auto world = std::make_shared<Idling>();
    const auto let_go = [world] {
      Environment& environment = *world->environments[0];
      LetGoOfIdle(world->registry.registry, environment);
      const CellAddress cell = environment.Resolve(world->id, {"x"}).address;
      Step();
      world->Add(environment, cell, 1);
      world->ExpectConserved(1);
    };
    const auto hold = [world] {
      Environment& environment = *world->environments[1];
      world->Add(environment, world->address, 1);
      Step();
      LetGoOfIdle(world->registry.registry, environment);
    };
    return Scenario{{{"ticker", [world] { world->Tick(4); }}, {"caller", let_go}, {"holder", hold}},
                    [world] { world->ExpectAllExpires(); }};
  });
  EXPECT_GE(explored.schedules, 1000u);
}

// All let go, so that the series expires; one asks for it in the midst of that: it gets the old
// life with its value, or a new one beside it that begins at 0.
TEST(SeriesSchedules, ResolvingAgainstExpiry) {
  std::size_t found_again = 0;
  std::size_t began_anew = 0;
  const Explored explored = Explore(2, [&] {
    const auto world = std::make_shared<Idling>();
    world->Tick(1);
    for (const std::size_t i : {0, 1}) {
      EXPECT_EQ(LetGoOfIdle(world->registry.registry, *world->environments[i]), 1u);
    }
    const auto resolve = [world, &found_again, &began_anew] {
      Environment& environment = *world->environments[0];
      const CellAddress cell = environment.Resolve(world->id, {"x"}).address;
      // Not shown where the ticks have gone on to hide it once more.
      if (const auto value = ValueOf(world->Read(), "x")) {
        EXPECT_TRUE(*value == 0 || (*value == 4 * kOld && cell == world->address)) << *value;
        (*value > 0 ? found_again : began_anew) += 1;
      }
      world->Add(environment, cell, 1);
      world->ExpectConserved(1);
    };
    return Scenario{{{"ticker", [world] { world->Tick(3); }}, {"caller", resolve}},
                    [world] { world->ExpectAllExpires(); }};
  });
  EXPECT_GT(explored.schedules, 100u);
  EXPECT_GT(found_again, 0u);
  EXPECT_GT(began_anew, 0u);
}

// Environments end while what they recorded expires: their shares are folded, then counted once.
TEST(SeriesSchedules, ExpiryAgainstTheEndOfEnvironments) {
  const Explored explored = Explore(2, [] {
    const auto world = std::make_shared<Idling>();
    world->Tick(1);
    LetGoOfIdle(world->registry.registry, *world->environments[0]);
    const auto hold = [world] {
      world->Add(*world->environments[1], world->address, 1);
      world->environments[1].reset();
    };
    const auto former = [world] {
      world->environments[2].reset();
      world->ExpectConserved(1);
    };
    return Scenario{{{"ticker", [world] { world->Tick(3); }}, {"holder", hold}, {"former", former}},
                    [world] { world->ExpectAllExpires(); }};
  });
  EXPECT_GE(explored.schedules, 1000u);
}

// What a tick read of a life that ended meanwhile says nothing of the next one in its slot: as
// large as that was, recordings of the next would not look like activity.
TEST(SeriesSchedules, ATickJudgesTheLifeThatItRead) {
  const Explored explored = Explore(3, [] {
    const auto world = std::make_shared<Held>(Limited(CounterOf("c"), 2, kTimeoutMs));
    world->environments[1].reset();
    world->registry->Tick(At(0));
    const auto remove = [world] {
      Must(world->registry->RemoveSeries(world->id, std::vector<std::string>{"x"}));
      world->remover().CatchUp();
      world->AddNew(world->remover(), "y");
    };
    return Scenario{{{"ticker", [world] { world->registry->Tick(At(50)); }}, {"remover", remove}},
                    [world] {
                      world->AddNew(world->remover(), "y");
                      for (const int ms : {120, 155}) world->registry->Tick(At(ms));
                      EXPECT_EQ(ValueOf(world->Read(), "y"), 2) << "recorded into 35 ms ago";
                    }};
  });
  EXPECT_GT(explored.schedules, 50u);
}

// A removal in the midst of expiry: the count expires or is gone, whole; the slot is freed once.
TEST(SeriesSchedules, RemovalAgainstExpiry) {
  Explore(2, [] {
    const auto world = std::make_shared<Idling>();
    world->Tick(1);
    for (const std::size_t i : {0, 1})
      LetGoOfIdle(world->registry.registry, *world->environments[i]);
    const auto remove = [world] {
      const bool removed =
          Must(world->registry->RemoveSeries(world->id, std::vector<std::string>{"x"}));
      if (removed) world->recorded = 0;
      EXPECT_EQ(world->Read().expired, world->recorded);
    };
    return Scenario{{{"ticker", [world] { world->Tick(3); }}, {"remover", remove}},
                    [world] { world->ExpectAllExpires(); }};
  });
}

// What scrapes see falls once, at the reset, to what was recorded since, to the last bit.
TEST(SeriesSchedules, ResetAgainstSnapshotsAndTheEndOfAnEnvironment) {
  // Added up and rounded once. Of the worker, whose cell grows by 1, a share that keeps that exact.
  constexpr double kBefore = 0.65;
  struct Resetting : World {
    Resetting() : World(Limited(CounterOf("c"), 2)) {
      for (const double amount : {0.1, 0.25, 0.3}) {
        environments.push_back(std::make_unique<Environment>(registry.registry));
        address = environments.back()->Resolve(id, {"x"}).address;
        Add(*environments.back(), address, amount);
      }
      environments[0].reset();
      registry.pages.on_call = Step;
    }
    CellAddress address = kNowhere;
    bool is_reset = false;
  };
  const Explored explored = Explore(2, [] {
    const auto world = std::make_shared<Resetting>();
    const auto reset = [world] {
      Must(world->registry->Reset(world->id));
      world->is_reset = true;
    };
    const auto work = [world] {
      world->Add(*world->environments[1], world->address, 1);
      Step();
      world->environments[1].reset();
    };
    const auto scrape = [world] {
      bool fell = false;
      for (int i = 0; i < 3; ++i) {
        const bool was_reset = world->is_reset;
        const double value = ValueOf(world->Read(), "x").value();
        const bool is_new = value == 0 || value == 1;
        EXPECT_TRUE(is_new || value == kBefore || value == kBefore + 1) << value;
        EXPECT_TRUE(is_new || !(fell || was_reset)) << "it came back: " << value;
        fell |= is_new;
      }
    };
    return Scenario{{{"resetter", reset}, {"worker", work}, {"scraper", scrape}}, [world] {
                      const double value = ValueOf(world->Read(), "x").value();
                      EXPECT_TRUE(value == 0 || value == 1) << value;
                      world->environments[2].reset();
                      EXPECT_EQ(ValueOf(world->Read(), "x").value(), value);
                    }};
  });
  EXPECT_GE(explored.schedules, 1000u);
}

// A reset that comes late takes nothing off what uses the cells next.
TEST(SeriesSchedules, ResetAgainstRemovalAndReuse) {
  for (const bool whole_metric : {false, true}) {
    Explore(3, [whole_metric] {
      const auto world = std::make_shared<Held>(Limited(CounterOf("c"), 1));
      world->environments[1].reset();
      const MetricDefinition next = Limited(CounterOf("next"), 1);
      const auto remove = [world, next, whole_metric] {
        if (whole_metric) {
          EXPECT_TRUE(world->registry->Remove("c"));
        } else {
          Must(world->registry->Clear(world->id));
        }
        world->remover().CatchUp();
        AddToCell(world->remover().Bind(world->registry.Define(next), {"y"}), 1);
      };
      const auto reset = [world] {
        const Status status = world->registry->Reset(world->id);
        EXPECT_TRUE(status.ok() || status.code == ErrorCode::kMetricRemoved);
      };
      return Scenario{{{"remover", remove}, {"resetter", reset}}, [world] {
                        const Snapshot snapshot = world->registry->TakeSnapshot(At(0));
                        EXPECT_EQ(ValueOf(GetMetric(snapshot, "next"), "y"), 1);
                      }};
    });
  }
}

}  // namespace
}  // namespace nanotally
