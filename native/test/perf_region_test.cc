// Regions with counters that do as a test tells them: what is added, scaling, nesting, what is
// refused, threads, and the ends of regions and registries.
#include "record/perf_region.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "record/perf_region_families.h"
#include "test/support/native_threads.h"

namespace nanotally {
namespace {

PerfEventId Id(std::string_view name) { return FindPerfEvent(name).value(); }

// What the counters of a thread read next; [event].
thread_local std::map<PerfEventId, PerfReading> told;
thread_local int opened = 0;

void Tell(std::string_view event, std::uint64_t value, std::uint64_t enabled_ns,
          std::uint64_t running_ns) {
  told[Id(event)] = {value, enabled_ns, running_ns, true};
}
// The same by which the last one has grown.
void Grow(std::string_view event, std::uint64_t value, std::uint64_t enabled_ns,
          std::uint64_t running_ns) {
  const PerfReading& last = told[Id(event)];
  Tell(event, last.value + value, last.enabled_ns + enabled_ns, last.running_ns + running_ns);
}

class ToldCounters final : public PerfCounters {
 public:
  ToldCounters(std::span<const PerfEventId> events, PerfEventId broken)
      : events_(events.begin(), events.end()), broken_(broken) {
    ++opened;
  }
  ~ToldCounters() override { --opened; }
  [[nodiscard]] std::span<const PerfEventId> events() const override { return events_; }
  [[nodiscard]] int error(std::size_t index) const override {
    return events_[index] == broken_ ? 24 : 0;
  }
  [[nodiscard]] bool HasUserReads() const override { return false; }
  void Read(std::span<PerfReading> readings) noexcept override {
    for (std::size_t i = 0; i < events_.size(); ++i) {
      const auto found = told.find(events_[i]);
      readings[i] = found == told.end() ? PerfReading{0, 0, 0, true} : found->second;
      if (events_[i] == broken_) readings[i] = {};
    }
  }

 private:
  const std::vector<PerfEventId> events_;
  const PerfEventId broken_;
};

constexpr PerfEventId kNone = ~PerfEventId{0};

struct World {
  explicit World(std::vector<std::string_view> offered) {
    told.clear();
    machine.offers.resize(PerfEvents().size());
    for (const std::string_view name : offered) machine.offers[Id(name)].is_available = true;
  }

  PerfRegion& Get(std::string name, std::optional<std::vector<std::string_view>> events = {}) {
    return *Must(regions.Get(RequestOf(std::move(name), std::move(events))));
  }
  RegionRequest RequestOf(std::string name,
                          std::optional<std::vector<std::string_view>> events = {}) {
    RegionRequest request;
    request.name = std::move(name);
    if (events) {
      request.events.emplace();
      for (const std::string_view event : *events) request.events->push_back(Id(event));
    }
    return request;
  }
  // By the text of their labels; empty where there is no such family.
  std::map<std::string, double> Values(std::string_view name) {
    std::map<std::string, double> values;
    const Snapshot snapshot = native.registry()->TakeSnapshot(At(0));
    for (const MetricSnapshot& metric : snapshot.metrics) {
      if (metric.metric->name() != name) continue;
      for (std::size_t i = 0; i < metric.series.size(); ++i)
        values[std::string(metric.series[i].labels)] = metric.values[i];
    }
    for (const ComputedFamily& family : snapshot.computed) {
      if (family.name != name) continue;
      for (const ComputedSample& sample : family.samples) values[sample.labels] = sample.value;
    }
    return values;
  }
  double Events(const std::string& region, const std::string& event) {
    const auto values = Values("perf_region_events_total");
    const auto found = values.find("region=\"" + region + "\",event=\"" + event + "\"");
    return found == values.end() ? -1 : found->second;
  }
  double Runs(const std::string& region) {
    return Values("perf_region_runs_total")["region=\"" + region + "\""];
  }
  std::uint64_t Rejected(Rejection reason) {
    return native.Rejected("perf_region_runs_total", reason);
  }

  NativeThreads native;
  PerfMachine machine;
  PerfEventId broken = kNone;
  PerfRegions regions{native.store, native.recorder, true,
                      PerfSource{[this]() -> const PerfMachine& { return machine; },
                                 [this](std::span<const PerfEventId> events) {
                                   return std::make_unique<ToldCounters>(events, broken);
                                 }}};
};

TEST(PerfRegion, AddsWhatGrewBetweenBeginAndEnd) {
  World world({"instructions", "cycles"});
  PerfRegion& region = world.Get("a", {{"instructions", "cycles"}});
  EXPECT_EQ(world.Events("a", "instructions"), -1) << "no thread has opened it";
  EXPECT_EQ(world.Runs("a"), 0);
  Tell("instructions", 1000, 500, 500);
  Tell("cycles", 300, 500, 500);
  EXPECT_EQ(region.Begin(), 0);
  Grow("instructions", 70, 1000, 1000);
  Grow("cycles", 35, 1000, 1000);
  EXPECT_TRUE(region.End());
  Grow("instructions", 7777, 1000, 1000);  // between the runs
  region.Begin();
  Grow("instructions", 30, 1000, 1000);
  Grow("cycles", 15, 1000, 1000);
  region.End();
  EXPECT_EQ(world.Events("a", "instructions"), 100);
  EXPECT_EQ(world.Events("a", "cycles"), 50);
  EXPECT_EQ(world.Runs("a"), 2);
  EXPECT_GT(world.Values("perf_region_seconds_total")["region=\"a\""], 0);
  EXPECT_EQ(world.Values("perf_region_enabled_seconds_total")["region=\"a\",group=\"core\""],
            2000 / 1e9);
  EXPECT_EQ(world.Values("perf_region_instructions_per_cycle")["region=\"a\""], 2);
}

TEST(PerfRegion, ScalesWhatRanForAPartOfTheTime) {
  World world({"instructions", "l1d_loads"});
  PerfRegion& region = world.Get("a", {{"instructions", "l1d_loads"}});
  region.Begin();
  Grow("instructions", 100, 1000, 250);
  Grow("l1d_loads", 7, 1000, 1000);
  region.End();
  EXPECT_EQ(world.Events("a", "instructions"), 400);
  EXPECT_EQ(world.Events("a", "l1d_loads"), 7) << "each group by its own times";
  EXPECT_EQ(world.Values("perf_region_multiplexing_ratio"),
            (std::map<std::string, double>{{"region=\"a\",group=\"core\"", 0.25},
                                           {"region=\"a\",group=\"l1d\"", 1}}));
}

// Runs shorter than the kernel's turns: most have no share of the PMU, and totals are right.
TEST(PerfRegion, CarriesTheTimeOfRunsThatWereNeverCounted) {
  World world({"instructions"});
  PerfRegion& region = world.Get("a", {{"instructions"}});
  double before = 0;
  for (int run = 0; run < 40; ++run) {
    region.Begin();
    // Each run is 1000 instructions in 100 ns; every fourth one is on the PMU.
    if (run % 4 == 3) {
      Grow("instructions", 1000, 100, 100);
    } else {
      Grow("instructions", 0, 100, 0);
    }
    region.End();
    const double now = world.Events("a", "instructions");
    EXPECT_GE(now, before) << "run " << run;
    before = now;
  }
  EXPECT_EQ(before, 40 * 1000);
  EXPECT_EQ(world.Runs("a"), 40);
  EXPECT_DOUBLE_EQ(world.Values("perf_region_multiplexing_ratio")["region=\"a\",group=\"core\""],
                   0.25);
}

TEST(PerfRegion, UnitsOfEvents) {
  World world({"task_clock_seconds"});
  PerfRegion& region = world.Get("a", {{"task_clock_seconds"}});
  region.Begin();
  Grow("task_clock_seconds", 2'500'000'000, 10, 10);
  region.End();
  EXPECT_EQ(world.Events("a", "task_clock_seconds"), 2.5);
}

TEST(PerfRegion, NestedRegionsCountForBoth) {
  World world({"instructions"});
  PerfRegion& outer = world.Get("outer", {{"instructions"}});
  PerfRegion& inner = world.Get("inner", {{"instructions"}});
  outer.Begin();
  const int before = opened;
  Grow("instructions", 1, 10, 10);
  EXPECT_EQ(inner.Begin(), 1);
  Grow("instructions", 10, 10, 10);
  EXPECT_TRUE(inner.End());
  Grow("instructions", 100, 10, 10);
  EXPECT_TRUE(outer.End());
  EXPECT_EQ(world.Events("outer", "instructions"), 111);
  EXPECT_EQ(world.Events("inner", "instructions"), 10);
  EXPECT_EQ(opened, before) << "regions with the same events share a thread's counters";
}

TEST(PerfRegion, RecursionCountsOnce) {
  World world({"instructions"});
  PerfRegion& region = world.Get("a", {{"instructions"}});
  region.Begin();
  Grow("instructions", 1, 10, 10);
  region.Begin();
  Grow("instructions", 10, 10, 10);
  region.Begin();
  EXPECT_TRUE(region.End());
  EXPECT_TRUE(region.End());
  EXPECT_EQ(world.Runs("a"), 0);
  Grow("instructions", 100, 10, 10);
  EXPECT_TRUE(region.End());
  EXPECT_EQ(world.Events("a", "instructions"), 111);
  EXPECT_EQ(world.Runs("a"), 1);
}

TEST(PerfRegion, EndsOutOfOrderAreDroppedAndCounted) {
  World world({});
  PerfRegion& a = world.Get("a");
  PerfRegion& b = world.Get("b");
  PerfRegion& below = world.Get("below");
  EXPECT_FALSE(a.End()) << "never begun";
  EXPECT_EQ(world.Rejected(Rejection::kUnpaired), 1u);
  below.Begin();
  a.Begin();
  b.Begin();
  EXPECT_FALSE(a.End());
  EXPECT_EQ(world.Rejected(Rejection::kUnpaired), 3u) << "the runs of a and of b";
  EXPECT_FALSE(b.End());
  EXPECT_EQ(world.Rejected(Rejection::kUnpaired), 4u);
  EXPECT_TRUE(below.End()) << "is whole";
  EXPECT_EQ(world.Runs("a") + world.Runs("b"), 0);
  EXPECT_EQ(world.Runs("below"), 1);
  a.Begin();
  EXPECT_TRUE(a.End()) << "nothing of it is left";
  EXPECT_EQ(world.Runs("a"), 1);
}

TEST(PerfRegion, WhatEnclosesACallEndsAtItsPlace) {
  World world({});
  PerfRegion& a = world.Get("a");
  PerfRegion& b = world.Get("b");
  const int place = a.Begin();
  b.Begin();
  b.Begin();
  EXPECT_TRUE(a.EndAt(place, PerfRegion::Order::kNested));
  EXPECT_EQ(world.Runs("a"), 1);
  EXPECT_EQ(world.Runs("b"), 0);
  EXPECT_EQ(world.Rejected(Rejection::kUnpaired), 2u);
  EXPECT_FALSE(a.EndAt(place, PerfRegion::Order::kNested));
  EXPECT_FALSE(a.EndAt(PerfRegion::kRefused, PerfRegion::Order::kStrict));
  EXPECT_EQ(world.Rejected(Rejection::kUnpaired), 4u);
}

TEST(PerfRegion, ADroppedRunTakesWhatCountedWithIt) {
  World world({});
  PerfRegion& region = world.Get("a");
  const int place = region.Begin();
  for (int i = 0; i < 3; ++i) {
    region.Begin();
    EXPECT_TRUE(region.End());
  }
  region.DropAt(place, Rejection::kAsync);
  EXPECT_EQ(world.Rejected(Rejection::kAsync), 4u);
  EXPECT_EQ(world.Runs("a"), 0);
  region.DropAt(place, Rejection::kAsync);
  EXPECT_EQ(world.Rejected(Rejection::kAsync), 4u) << "counted already";
}

TEST(PerfRegion, DepthIsBounded) {
  World world({});
  PerfRegion& region = world.Get("a");
  for (int i = 0; i < PerfRegion::kMaxDepth; ++i) EXPECT_EQ(region.Begin(), i);
  EXPECT_EQ(region.Begin(), PerfRegion::kRefused);
  EXPECT_EQ(world.Get("b").Begin(), PerfRegion::kRefused);
  EXPECT_EQ(world.Rejected(Rejection::kDepth), 2u);
  for (int i = 0; i < PerfRegion::kMaxDepth; ++i) EXPECT_TRUE(region.End());
  EXPECT_EQ(world.Runs("a"), 1);
}

TEST(PerfRegion, WhatIsNotOfferedIsAbsent) {
  World world({"instructions"});
  PerfRegion& region = world.Get("a", {{"instructions", "cycles", "branch_misses"}});
  EXPECT_EQ(region.offered(), std::vector{Id("instructions")});
  EXPECT_EQ(region.events().size(), 3u);
  region.Begin();
  Grow("instructions", 5, 10, 10);
  region.End();
  EXPECT_EQ(world.Values("perf_region_events_total").size(), 1u);
  EXPECT_TRUE(world.Values("perf_region_instructions_per_cycle").empty());
  EXPECT_EQ(world.Values("perf_region_enabled_seconds_total").size(), 1u);
}

TEST(PerfRegion, AGroupThatAThreadCannotOpenWhollyIsAbsent) {
  World world({"instructions", "cycles", "branches"});
  world.broken = Id("instructions");
  PerfRegion& region = world.Get("a", {{"instructions", "cycles", "branches"}});
  region.Begin();
  Grow("cycles", 5, 10, 10);
  Grow("branches", 5, 10, 10);
  region.End();
  EXPECT_EQ(world.Events("a", "instructions"), -1);
  EXPECT_EQ(world.Events("a", "cycles"), -1) << "a ratio with instructions would be wrong";
  EXPECT_EQ(world.Events("a", "branches"), 5);
  EXPECT_EQ(world.Runs("a"), 1);
}

TEST(PerfRegion, RatiosAreOfWhatARegionCounts) {
  World world({"branches", "branch_misses", "l1d_loads", "l1d_load_misses", "fp_scalar", "fp_128",
               "fp_256", "instructions"});
  PerfRegion& both = world.Get("both", {{"branches", "branch_misses"}});
  PerfRegion& half = world.Get("half", {{"branches"}});
  PerfRegion& vectors = world.Get("vectors", {{"fp_scalar", "fp_128", "fp_256"}});
  for (PerfRegion* region : {&both, &half, &vectors}) {
    region->Begin();
    Grow("branches", 100, 10, 10);
    Grow("branch_misses", 4, 10, 10);
    Grow("fp_scalar", 10, 10, 10);
    Grow("fp_128", 10, 10, 10);
    Grow("fp_256", 20, 10, 10);
    region->End();
  }
  using Values = std::map<std::string, double>;
  EXPECT_EQ(world.Values("perf_region_branch_accuracy_ratio"), (Values{{"region=\"both\"", 0.96}}));
  EXPECT_EQ(world.Values("perf_region_simd_ratio"), (Values{{"region=\"vectors\"", 0.75}}));
  EXPECT_TRUE(world.Values("perf_region_l1d_hit_ratio").empty());
}

// A region that mostly stores: lines that stores missed are no loads.
TEST(PerfRegion, NoHitRatioOfMoreMissesThanLoads) {
  World world({"l1d_loads", "l1d_load_misses"});
  PerfRegion& region = world.Get("a", {{"l1d_loads", "l1d_load_misses"}});
  const auto run = [&](std::uint64_t loads, std::uint64_t misses) {
    region.Begin();
    Grow("l1d_loads", loads, 10, 10);
    Grow("l1d_load_misses", misses, 10, 10);
    region.End();
  };
  run(10, 50);
  EXPECT_TRUE(world.Values("perf_region_l1d_hit_ratio").empty());
  run(90, 0);
  EXPECT_EQ(world.Values("perf_region_l1d_hit_ratio")["region=\"a\""], 0.5);
}

TEST(PerfRegion, SimdRatioOfInstructionsWhereOperationsAreNotCounted) {
  World world({"simd_instructions", "instructions"});
  PerfRegion& region = world.Get("a", {{"simd_instructions", "instructions"}});
  region.Begin();
  Grow("simd_instructions", 30, 10, 10);
  Grow("instructions", 40, 10, 10);
  region.End();
  EXPECT_EQ(world.Values("perf_region_simd_ratio")["region=\"a\""], 0.75);
}

TEST(PerfRegion, DefaultEventsAreOfTheProcessorWhereItHasSome) {
  const auto names = [](const std::vector<PerfEventId>& events) {
    std::vector<std::string_view> all;
    for (const PerfEventId event : events) all.push_back(PerfEvents()[event].name);
    return all;
  };
  using Names = std::vector<std::string_view>;
  const auto of = [&](Names offered) {
    return names(DefaultRegionEvents(World(std::move(offered)).machine));
  };
  const Names software{"task_clock_seconds", "context_switches", "cpu_migrations", "page_faults"};
  EXPECT_EQ(of({}), software);
  EXPECT_EQ(of({"page_faults"}), software);
  EXPECT_EQ(of({"instructions", "cycles", "branches", "branch_misses", "l1d_loads",
                "l1d_load_misses", "llc_loads", "llc_load_misses"}),
            (Names{"instructions", "cycles", "branches", "branch_misses", "l1d_loads",
                   "l1d_load_misses"}))
      << "no more than all processors count at once";
  EXPECT_EQ(of({"instructions", "cycles", "branches", "llc_loads", "llc_load_misses"}),
            (Names{"instructions", "cycles", "llc_loads", "llc_load_misses"}));
  EXPECT_EQ(of({"instructions"}), Names{"instructions"});
}

TEST(PerfRegions, TheSameNameIsTheSameRegion) {
  World world({"instructions", "cycles"});
  PerfRegion& a = world.Get("a", {{"instructions", "cycles"}});
  EXPECT_EQ(&world.Get("a", {{"cycles", "instructions", "cycles"}}), &a);
  EXPECT_EQ(&world.Get("a"), &a) << "whatever it has";
  const auto other = world.regions.Get(world.RequestOf("a", {{"cycles"}}));
  EXPECT_EQ(other.status().code, ErrorCode::kMetricConflict);
  EXPECT_NE(&world.Get("b"), &a);
  auto elsewhere = world.RequestOf("a");
  elsewhere.registry = "another";
  EXPECT_NE(Must(world.regions.Get(elsewhere)), &a);
}

TEST(PerfRegions, RefusesWhatNoThreadCounts) {
  World world({});
  const auto code = [&](std::vector<std::string_view> events) {
    return world.regions.Get(world.RequestOf("a", std::move(events))).status().code;
  };
  EXPECT_EQ(code({"memory_read_bytes"}), ErrorCode::kInvalidArgument);
  std::vector<std::string_view> all;
  for (const PerfEvent& event : PerfEvents()) {
    if (event.kind != PerfKind::kUncore && all.size() <= PerfRegion::kMaxEvents)
      all.push_back(event.name);
  }
  EXPECT_EQ(code(all), ErrorCode::kInvalidArgument);
  all.pop_back();
  EXPECT_TRUE(world.regions.Get(world.RequestOf("a", all)).ok());
}

TEST(PerfRegions, AFamilysNameThatIsTakenIsAConflict) {
  World world({"instructions", "cycles"});
  Must(world.native.registry()->Define(
      GaugeOf("perf_region_instructions_per_cycle", Aggregate::kSum)));
  const auto got = world.regions.Get(world.RequestOf("a"));
  EXPECT_EQ(got.status().code, ErrorCode::kMetricConflict);
}

TEST(PerfRegions, RemovedFamiliesBeginAnew) {
  World world({"instructions", "cycles"});
  PerfRegion& old = world.Get("a");
  old.Begin();
  Grow("instructions", 5, 10, 10);
  world.native.registry()->Remove("perf_region_events_total");
  world.native.registry()->Remove("perf_region_runs_total");
  EXPECT_TRUE(old.End());
  EXPECT_GT(world.native.Rejected(Rejection::kRemoved), 0u);
  PerfRegion& anew = world.Get("a");
  EXPECT_NE(&anew, &old);
  anew.Begin();
  Grow("instructions", 7, 10, 10);
  Grow("cycles", 7, 10, 10);
  anew.End();
  EXPECT_EQ(world.Events("a", "instructions"), 7);
  EXPECT_EQ(world.Values("perf_region_instructions_per_cycle")["region=\"a\""], 1);
  world.regions.Release(old);
  world.regions.Release(anew);
}

TEST(PerfRegions, AClosedRegistryWhileARunIsOpen) {
  World world({"instructions"});
  auto request = world.RequestOf("a");
  request.registry = "short";
  PerfRegion& region = *Must(world.regions.Get(request));
  region.Begin();
  Grow("instructions", 5, 10, 10);
  world.native.store.Close(*world.native.store.Open("short"));
  EXPECT_TRUE(region.End());
  EXPECT_EQ(region.Begin(), 0);
  EXPECT_TRUE(region.End());
  PerfRegion& anew = *Must(world.regions.Get(request));
  EXPECT_NE(&anew, &region) << "of the registry that has the name now";
  world.regions.Release(region);
  world.regions.Release(anew);
}

TEST(PerfRegions, AReleaseDropsTheThreadsOpenRuns) {
  World world({});
  PerfRegion& a = world.Get("a");
  PerfRegion& b = world.Get("b");
  a.Begin();
  b.Begin();
  a.Begin();
  world.regions.Release(a);
  EXPECT_EQ(world.Rejected(Rejection::kUnpaired), 2u);
  EXPECT_TRUE(b.End());
  PerfRegion& again = world.Get("a");
  EXPECT_EQ(again.Begin(), 0) << "nothing is left on the stack";
  EXPECT_TRUE(again.End());
  EXPECT_EQ(world.Runs("a"), 1);
}

TEST(PerfRegions, ASlotThatIsUsedAnewHasNothingOfTheRegionBefore) {
  World world({"instructions", "cycles"});
  PerfRegion& a = world.Get("a", {{"instructions"}});
  a.Begin();
  a.End();
  world.regions.Release(a);
  PerfRegion& b = world.Get("b", {{"cycles"}});
  b.Begin();
  Grow("cycles", 9, 10, 10);
  b.End();
  EXPECT_EQ(world.Events("b", "cycles"), 9);
  EXPECT_EQ(world.Events("a", "instructions"), 0);
}

// Counters that run on would share the PMU with those of the regions that are left.
TEST(PerfRegions, CountersEndWithTheLastRegionThatNeedsThem) {
  World world({"instructions", "cycles"});
  PerfRegion& none = world.Get("none", std::vector<std::string_view>());
  none.Begin();
  none.End();
  const int before = opened;
  PerfRegion& a = world.Get("a", {{"instructions"}});
  PerfRegion& same = world.Get("same", {{"instructions"}});
  PerfRegion& other = world.Get("other", {{"cycles"}});
  for (PerfRegion* region : {&a, &same, &other}) {
    region->Begin();
    region->End();
  }
  EXPECT_EQ(opened, before + 2);
  world.regions.Release(a);
  EXPECT_EQ(opened, before + 2) << "another has the same events";
  world.regions.Release(same);
  EXPECT_EQ(opened, before + 1);
  // Ended by another thread: at the next region that this one meets.
  std::thread([&] { world.regions.Release(other); }).join();
  EXPECT_EQ(opened, before + 1);
  PerfRegion& next = world.Get("next", {{"instructions"}});
  next.Begin();
  EXPECT_EQ(opened, before + 1) << "those of the one before are closed";
  Grow("instructions", 9, 10, 10);
  PerfRegion& inner = world.Get("inner", {{"cycles"}});
  inner.Begin();
  EXPECT_TRUE(inner.End());
  EXPECT_TRUE(next.End());
  EXPECT_EQ(world.Events("next", "instructions"), 9);
  world.regions.Release(inner);
  world.regions.Release(next);
  EXPECT_EQ(opened, before);
}

TEST(PerfRegions, TurnedOffDoesNothing) {
  TestPages pages;
  Store store(pages);
  Recorder recorder(
      store, [](std::chrono::milliseconds) {}, false);
  PerfRegions regions(store, recorder, false);
  RegionRequest request;
  request.name = "a";
  PerfRegion& region = *Must(regions.Get(request));
  EXPECT_EQ(region.Begin(), 0);
  EXPECT_TRUE(region.End());
  EXPECT_TRUE(region.EndAt(3, PerfRegion::Order::kStrict));
  region.DropAt(0, Rejection::kAsync);
  regions.Release(region);
  EXPECT_TRUE(store.Open("default")->TakeSnapshot(At(0)).metrics.empty());
}

// Each thread its own counters and its own stack; the totals are of all.
TEST(PerfRegionThreads, AddUpAndCloseWhatTheyOpened) {
  World world({"instructions"});
  PerfRegion& region = world.Get("a", {{"instructions"}});
  constexpr int kThreads = 4, kRuns = 2000;
  RunThreads(kThreads, [&](int) {
    for (int run = 0; run < kRuns; ++run) {
      region.Begin();
      region.Begin();
      Grow("instructions", 3, 10, 10);
      EXPECT_TRUE(region.End());
      EXPECT_TRUE(region.End());
    }
    EXPECT_EQ(opened, 1);
  });
  EXPECT_EQ(world.Runs("a"), kThreads * kRuns);
  EXPECT_EQ(world.Events("a", "instructions"), 3.0 * kThreads * kRuns);
  EXPECT_EQ(world.Rejected(Rejection::kUnpaired), 0u);
}

TEST(PerfRegionThreads, AThreadThatEndsInARegionLeavesNothing) {
  World world({"instructions"});
  PerfRegion& region = world.Get("a");
  std::thread([&] {
    region.Begin();
    EXPECT_EQ(opened, 1);
  }).join();
  EXPECT_EQ(world.Runs("a"), 0);
  EXPECT_EQ(world.Rejected(Rejection::kUnpaired), 1u) << "it is told";
  EXPECT_FALSE(region.End()) << "that run was another thread's";
}

// A child has its parent's counters: of another thread, and without their pages.
TEST(PerfRegionThreads, AForkedChildCountsNothing) {
  World world({"instructions"});
  PerfRegion& region = world.Get("a");
  EXPECT_EQ(region.Begin(), 0);
  const pid_t child = fork();
  if (child == 0) {
    const bool ended = region.End();
    const int place = region.Begin();
    _exit(ended || place != PerfRegion::kRefused || opened != 1 ? 1 : 0);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  Grow("instructions", 5, 10, 10);
  EXPECT_TRUE(region.End()) << "in the parent nothing has changed";
  EXPECT_EQ(world.Events("a", "instructions"), 5);
}

// Variables of other addons end with the thread, too, and after ours.
TEST(PerfRegionThreads, AtTheEndOfAThreadRunsAreRefused) {
  World world({});
  PerfRegion& region = world.Get("a");
  struct Late {
    PerfRegion* region = nullptr;
    int* place = nullptr;
    ~Late() {
      if (region == nullptr) return;
      *place = region->Begin();
      region->End();
    }
  };
  int place = 0;
  std::thread([&] {
    static thread_local Late late;
    late.region = &region;
    late.place = &place;
    region.Begin();
    region.End();
  }).join();
  EXPECT_EQ(place, PerfRegion::kRefused);
  EXPECT_EQ(world.Runs("a"), 1);
  EXPECT_EQ(world.Rejected(Rejection::kMemory), 1u);
  EXPECT_EQ(world.Rejected(Rejection::kUnpaired), 1u);
}

}  // namespace
}  // namespace nanotally
