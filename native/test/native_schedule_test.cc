// A removal meets an opening, a recording and a release, in every order in which they can take
// their locks: cells are given up exactly once, and never while a handle leads to them.
#include <gtest/gtest.h>

#include <memory>

#include "test/support/native_threads.h"
#include "test/support/schedule.h"

namespace nanotally {
namespace {

struct World {
  NativeThreads native;
  NativeSeries* opened = nullptr;
};

// After any order of the actors: a counter made now starts at 0 and holds what it is given, though
// it may use the removed one's cells, and a handle that is still open does not reach it.
void CheckNextCounter(World& world) {
  NativeSeries& next = world.native.Get(CounterOf("next"));
  EXPECT_EQ(world.native.Value("next"), 0);
  next.CounterAdd(3);
  if (world.opened != nullptr) world.opened->CounterAdd(100);
  EXPECT_EQ(world.native.Value("next"), 3);
}

TEST(NativeSchedule, OpeningMeetsRemoval) {
  const Explored explored = Explore(2, [] {
    auto world = std::make_shared<World>();
    static_cast<void>(world->native.registry()->Define(CounterOf("c")));
    Scenario scenario;
    scenario.actors.push_back({"opener", [world] {
                                 const auto result =
                                     world->native.recorder.Get(Request(CounterOf("c")));
                                 if (!result.ok()) return;
                                 world->opened = result.value();
                                 Step();
                                 world->opened->CounterAdd(1);
                               }});
    scenario.actors.push_back({"remover", [world] { world->native.registry()->Remove("c"); }});
    scenario.check = [world] { CheckNextCounter(*world); };
    return scenario;
  });
  EXPECT_GT(explored.schedules, 20u);
}

TEST(NativeSchedule, ReleaseMeetsRemovalAndADefinitionAnew) {
  const Explored explored = Explore(2, [] {
    auto world = std::make_shared<World>();
    NativeSeries& counter = world->native.Get(CounterOf("c"));
    counter.CounterAdd(5);
    Scenario scenario;
    scenario.actors.push_back({"releaser", [world, &counter] {
                                 counter.CounterAdd(1);
                                 Step();
                                 world->native.recorder.Release(counter);
                               }});
    scenario.actors.push_back({"remover", [world] { world->native.registry()->Remove("c"); }});
    scenario.actors.push_back({"scraper", [world] {
                                 for (const MetricSnapshot& metric :
                                      world->native.registry()->TakeSnapshot(At(0)).metrics)
                                   EXPECT_GE(metric.values.at(0), 5);
                               }});
    scenario.check = [world] { CheckNextCounter(*world); };
    return scenario;
  });
  EXPECT_GT(explored.schedules, 50u);
}

TEST(NativeSchedule, ClosingMeetsReleases) {
  const Explored explored = Explore(2, [] {
    auto world = std::make_shared<World>();
    SeriesRequest request = Request(GaugeOf("g", Aggregate::kSum));
    request.registry = "other";
    NativeSeries* gauge = Must(world->native.recorder.Get(request));
    static_cast<void>(Must(world->native.recorder.Get(request)));
    Scenario scenario;
    scenario.actors.push_back(
        {"closer", [world] { world->native.store.Close(*world->native.store.Open("other")); }});
    for (const char* name : {"one", "two"}) {
      scenario.actors.push_back({name, [world, gauge] { world->native.recorder.Release(*gauge); }});
    }
    scenario.check = [world] { EXPECT_EQ(world->native.pages.live_bytes(), 0u); };
    return scenario;
  });
  EXPECT_GT(explored.schedules, 50u);
}

}  // namespace
}  // namespace nanotally
