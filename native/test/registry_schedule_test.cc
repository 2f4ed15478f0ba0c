// Replayed schedules of the registry's protocol: fold-and-unlist, opening, publishing series,
// blocks, chunks and ticks, each against scrapes and against each other.
//
// Interleaved: every order, up to a number of preemptions, of the registry's critical sections and
// of the allocation and release of pages, with the recordings between them. Not interleaved: what
// happens inside a critical section, such as two cells of one merge (the storms and ThreadSanitizer
// are for that).
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "test/support/environment.h"
#include "test/support/schedule.h"

namespace nanotally {
namespace {

// What a scenario works on: a registry whose page source is a place to switch at.
struct World {
  World() { registry.pages.on_call = Step; }

  TestRegistry registry;
};

// Scrapes `count` times and keeps what `read` makes of each snapshot.
template <typename Read>
auto Scraper(const std::shared_ptr<World>& world, int count, std::vector<double>* seen, Read read) {
  return [=] {
    for (int i = 0; i < count; ++i) {
      seen->push_back(read(world->registry.registry.TakeSnapshot(At(0))));
    }
  };
}

double ValueOf(const Snapshot& snapshot, const char* name) {
  const MetricSnapshot& metric = GetMetric(snapshot, name);
  return metric.values.empty() ? 0 : metric.values[0];
}

void ExpectNeverBackwards(const std::vector<double>& seen) {
  for (std::size_t i = 1; i < seen.size(); ++i) EXPECT_GE(seen[i], seen[i - 1]);
}

// A worker records, ends, and another begins: no scrape misses it or counts it twice.
TEST(RegistrySchedules, EndsAndBeginningsAgainstScrapes) {
  struct State : World {
    MetricId id = registry.Define(CounterOf("c"));
    Environment main{registry.registry};
    std::unique_ptr<Environment> worker = std::make_unique<Environment>(registry.registry);
    std::vector<double> seen;
  };
  const Explored explored = Explore(3, [] {
    const auto state = std::make_shared<State>();
    AddToCell(state->main.Bind(state->id), 0.1);
    AddToCell(state->worker->Bind(state->id), 0.2);
    const auto work = [state] {
      AddToCell(state->worker->Bind(state->id), 1);
      Step();
      state->worker.reset();
      state->worker = std::make_unique<Environment>(state->registry.registry);
      AddToCell(state->worker->Bind(state->id), 2);
    };
    const auto scrape =
        Scraper(state, 3, &state->seen, [](const Snapshot& s) { return ValueOf(s, "c"); });
    return Scenario{{{"worker", work}, {"scraper", scrape}}, [state] {
                      ExpectNeverBackwards(state->seen);
                      EXPECT_GE(state->seen.front(), 0.1 + 0.2);
                      state->worker.reset();
                      EXPECT_EQ(ValueOf(state->registry->TakeSnapshot(At(0)), "c"),
                                0.1 + 0.2 + 1 + 2);
                    }};
  });
  EXPECT_GT(explored.schedules, 100u);
}

TEST(RegistrySchedules, TwoEndsAtOnceAgainstScrapes) {
  struct State : World {
    MetricId id = registry.Define(CounterOf("c"));
    std::unique_ptr<Environment> workers[2] = {std::make_unique<Environment>(registry.registry),
                                               std::make_unique<Environment>(registry.registry)};
    std::vector<double> seen;
  };
  const Explored explored = Explore(2, [] {
    const auto state = std::make_shared<State>();
    const auto work = [state](int w) {
      return [state, w] {
        AddToCell(state->workers[w]->Bind(state->id), w == 0 ? 1 : 10);
        state->workers[w].reset();
      };
    };
    const auto scrape =
        Scraper(state, 2, &state->seen, [](const Snapshot& s) { return ValueOf(s, "c"); });
    return Scenario{{{"first", work(0)}, {"second", work(1)}, {"scraper", scrape}}, [state] {
                      ExpectNeverBackwards(state->seen);
                      EXPECT_EQ(ValueOf(state->registry->TakeSnapshot(At(0)), "c"), 11);
                      EXPECT_EQ(state->registry.pages.live_bytes(), 0u);
                    }};
  });
  EXPECT_GT(explored.schedules, 100u);
}

// Every cell of a histogram is folded in the same step in which the shard is unlisted.
TEST(RegistrySchedules, AHistogramEndsAsAWhole) {
  struct State : World {
    std::shared_ptr<Metric> metric = registry->Find(registry.Define(ExponentialOf("h", 3)));
    Environment main{registry.registry};
    std::unique_ptr<Environment> worker = std::make_unique<Environment>(registry.registry);
    std::vector<double> seen;
  };
  Explore(3, [] {
    const auto state = std::make_shared<State>();
    const auto series = state->main.Resolve(state->metric->id());
    for (const double value : {0.0, 1.0, 1e9, std::nan("")}) {
      state->main.ObserveExponential(*state->metric, series, value);
      state->worker->ObserveExponential(*state->metric, series, value);
    }
    const auto work = [state] { state->worker.reset(); };
    const auto scrape = Scraper(state, 2, &state->seen, [](const Snapshot& s) {
      return GetMetric(s, "h").histograms.at(0).Count();
    });
    return Scenario{{{"worker", work}, {"scraper", scrape}}, [state] {
                      EXPECT_EQ(state->seen, (std::vector<double>{8, 8}));
                    }};
  });
}

// Two environments need the same new block and record into it while a scraper reads.
TEST(RegistrySchedules, PublishingABlockAgainstMerges) {
  struct State : World {
    std::shared_ptr<Metric> metric = registry->Find(registry.Define(ExponentialOf("h", 8)));
    Environment first{registry.registry};
    Environment second{registry.registry};
    std::vector<double> seen;
  };
  const Explored explored = Explore(2, [] {
    const auto state = std::make_shared<State>();
    const auto series = state->first.Resolve(state->metric->id());
    const auto record = [state, series](Environment* environment) {
      return [state, series, environment] {
        // The second block lies in another chunk than the head.
        for (const double value : {1.5, 1e9}) {
          environment->ObserveExponential(*state->metric, series, value);
          Step();
        }
      };
    };
    const auto scrape = Scraper(state, 2, &state->seen, [](const Snapshot& s) {
      return GetMetric(s, "h").histograms.at(0).Count();
    });
    return Scenario{
        {{"first", record(&state->first)}, {"second", record(&state->second)}, {"scraper", scrape}},
        [state] {
          ExpectNeverBackwards(state->seen);
          const Snapshot snapshot = state->registry->TakeSnapshot(At(0));
          const HistogramValue& value = GetMetric(snapshot, "h").histograms.at(0);
          EXPECT_EQ(value.Count(), 4);
          EXPECT_EQ(value.buckets.size(), 2u) << "each block was made once";
        }};
  });
  EXPECT_GT(explored.schedules, 100u);
}

// The same series, and the one overflow series, for threads that resolve at once.
TEST(RegistrySchedules, ResolvingAgainstResolvingAndMerges) {
  struct State : World {
    State() {
      auto definition = CounterOf("c", {"n"});
      definition.max_series = 1;
      id = registry.Define(definition);
    }
    MetricId id;
    Environment first{registry.registry};
    Environment second{registry.registry};
    std::vector<double> seen;
  };
  Explore(2, [] {
    const auto state = std::make_shared<State>();
    const auto record = [state](Environment* environment) {
      return [state, environment] {
        for (const char* value : {"a", "b", "c"}) {
          AddToCell(environment->Bind(state->id, {value}), 1);
        }
      };
    };
    const auto sum = [](const Snapshot& snapshot) {
      double total = 0;
      for (const double value : GetMetric(snapshot, "c").values) total += value;
      return total;
    };
    const auto scrape = Scraper(state, 2, &state->seen, sum);
    return Scenario{
        {{"first", record(&state->first)}, {"second", record(&state->second)}, {"scraper", scrape}},
        [state, sum] {
          ExpectNeverBackwards(state->seen);
          const Snapshot snapshot = state->registry->TakeSnapshot(At(0));
          EXPECT_EQ(GetMetric(snapshot, "c").values.size(), 2u);
          EXPECT_EQ(sum(snapshot), 6);
          EXPECT_EQ(state->registry->Find(state->id)->Overflowed() % 2, 0u);
        }};
  });
}

// The tick is advanced in every chunk, those that are published meanwhile included: none is left
// with an older one, and none that is freed is written to.
TEST(RegistrySchedules, TicksAgainstNewAdoptedAndFreedChunks) {
  struct State : World {
    State() { registry.Define(GaugeOf("g", Aggregate::kLast)); }
    alignas(kCacheLineBytes) double adopted[kCellsPerChunk] = {};
    Environment grows{registry.registry};
    Environment adopts{registry.registry};
    std::unique_ptr<Environment> ends = std::make_unique<Environment>(registry.registry);
  };
  const Explored explored = Explore(2, [] {
    const auto state = std::make_shared<State>();
    state->ends->Cells(MakeAddress(0, kFirstFreeCell));
    const auto grow = [state] {
      for (const std::uint32_t chunk : {1u, 0u}) {
        EXPECT_GE(state->grows.Tick(MakeAddress(chunk, kFirstFreeCell)), 1);
      }
      state->registry->AdoptChunk(state->adopts.shard(), 0, state->adopted);
      EXPECT_GE(state->adopted[kTickCell], 1);
    };
    const auto tick = [state] {
      state->registry->Tick(At(0));
      state->registry->Tick(At(100));
    };
    const auto end = [state] { state->ends.reset(); };
    return Scenario{{{"grower", grow}, {"ticker", tick}, {"ender", end}}, [state] {
                      EXPECT_EQ(state->grows.Tick(MakeAddress(0, kFirstFreeCell)), 3);
                      EXPECT_EQ(state->grows.Tick(MakeAddress(1, kFirstFreeCell)), 3);
                      EXPECT_EQ(state->adopted[kTickCell], 3);
                    }};
  });
  EXPECT_GT(explored.schedules, 100u);
}

// What was only added to a gauge stays; the end of its environment shows in no scrape.
TEST(RegistrySchedules, AGaugesEndAgainstScrapesAndTicks) {
  struct State : World {
    MetricId id = registry.Define(GaugeOf("g", Aggregate::kLast));
    std::unique_ptr<Environment> worker = std::make_unique<Environment>(registry.registry);
    std::vector<double> seen;
  };
  Explore(2, [] {
    const auto state = std::make_shared<State>();
    const CellAddress gauge = state->worker->Resolve(state->id).address;
    state->worker->SetGauge(gauge, 1);
    const auto work = [state, gauge] {
      state->worker->SetGauge(gauge, 2);
      Step();
      state->worker.reset();
    };
    const auto scrape = Scraper(state, 2, &state->seen, [](const Snapshot& s) {
      return !GetMetric(s, "g").values.empty() ? ValueOf(s, "g") : -1;
    });
    const auto tick = [state] { state->registry->Tick(At(0)); };
    return Scenario{{{"worker", work}, {"scraper", scrape}, {"ticker", tick}}, [state] {
                      ExpectNeverBackwards(state->seen);
                      EXPECT_GE(state->seen.front(), 1) << "it is never absent";
                      EXPECT_EQ(ValueOf(state->registry->TakeSnapshot(At(0)), "g"), 2);
                    }};
  });
}

// Definitions of one name by several environments lead to one metric.
TEST(RegistrySchedules, DefiningAgainstDefining) {
  struct State : World {
    MetricId ids[2] = {};
    bool conflict[2] = {};
  };
  Explore(3, [] {
    const auto state = std::make_shared<State>();
    const auto define = [state](int i) {
      return [state, i] {
        state->ids[i] = Must(state->registry->Define(CounterOf("h_count"))).id;
        state->conflict[i] = !state->registry->Define(ExponentialOf("h", 3)).ok();
      };
    };
    return Scenario{{{"first", define(0)}, {"second", define(1)}}, [state] {
                      EXPECT_EQ(state->ids[0], state->ids[1]);
                      EXPECT_TRUE(state->conflict[0] && state->conflict[1]);
                    }};
  });
}

// A rate compares with what was sampled before: it is never negative for a counter, whichever of
// the tick and the scrape comes first, and although each has read its clock before.
TEST(RegistrySchedules, RatesAgainstTicks) {
  struct State : World {
    std::shared_ptr<Metric> metric = registry->Find(registry.Define(CounterOf("c")));
    Environment worker{registry.registry};
    std::vector<double> rates;
  };
  std::size_t seen = 0;
  Explore(2, [&seen] {
    const auto state = std::make_shared<State>();
    Must(state->registry->DefineDerived({"r",
                                         "A rate.",
                                         "",
                                         {},
                                         {{state->metric, OperandPart::kValue, {}}},
                                         {},
                                         std::chrono::milliseconds(1600)}));
    const auto work = [state] {
      AddToCell(state->worker.Bind(state->metric->id()), 10);
      Step();
      AddToCell(state->worker.Bind(state->metric->id()), 10);
    };
    const auto tick = [state] { state->registry->Tick(At(100)); };
    const auto scrape = [state] {
      const Snapshot snapshot = state->registry->TakeSnapshot(At(101));
      for (const ComputedSample& rate : snapshot.computed.at(0).samples) {
        state->rates.push_back(rate.value);
      }
    };
    return Scenario{{{"worker", work}, {"ticker", tick}, {"scraper", scrape}}, [state, &seen] {
                      for (const double rate : state->rates) EXPECT_GE(rate, 0);
                      seen += state->rates.size();
                    }};
  });
  EXPECT_GT(seen, 100u);
}

}  // namespace
}  // namespace nanotally
