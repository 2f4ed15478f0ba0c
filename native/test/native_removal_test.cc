// The removal of metrics that native threads record into: at once for whoever can be fenced, when
// the handles are released for the rest; nothing leaks into what uses the cells next.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "core/label_text.h"
#include "test/support/native_threads.h"

namespace nanotally {
namespace {

// Whether the cells of a removed counter are free again while its handle is open.
bool IsReclaimedAtOnce() { return Rseq::CanFence() && !NativeSeries::AddedAtomically(); }

// The address that the next counter gets, and so whether freed cells are in use again.
CellAddress NextAddress(NativeThreads& native, const std::string& name) {
  const MetricId id = Must(native.registry()->Define(CounterOf(name))).id;
  return Must(ResolveOnce(*native.registry(), id)).address;
}

TEST(NativeRemoval, DropsAndCountsWhatComesLater) {
  NativeThreads native;
  NativeSeries& counter = native.Get(CounterOf("c"));
  NativeSeries& gauge = native.Get(GaugeOf("g", Aggregate::kSum));
  NativeHistogram& histogram = native.GetHistogram(ExponentialOf("h", 3));
  NativeHistogram& bounded = native.GetHistogram(ExplicitOf("e", {1}));
  counter.CounterAdd(1);
  for (const char* name : {"c", "g", "h", "e"}) EXPECT_TRUE(native.registry()->Remove(name));
  counter.CounterAdd(1);
  gauge.GaugeSet(1);
  gauge.GaugeAdd(1);
  histogram.Observe(1);
  histogram.Observe(1e300);
  bounded.Observe(1);
  EXPECT_EQ(native.Rejected(Rejection::kRemoved), 6u);
  EXPECT_TRUE(native.registry()->TakeSnapshot(At(0)).metrics.empty());
}

TEST(NativeRemoval, FreesTheCellsOnceNobodyCanWriteThem) {
  NativeThreads native;
  NativeSeries& counter = native.Get(CounterOf("c"));
  counter.CounterAdd(5);
  const CellAddress address = counter.metric().series()[0].address;
  native.registry()->Remove("c");
  if (IsReclaimedAtOnce()) {
    EXPECT_EQ(NextAddress(native, "next"), address);
    native.recorder.Release(counter);
  } else {
    EXPECT_NE(NextAddress(native, "other"), address);
    native.recorder.Release(counter);
    EXPECT_EQ(NextAddress(native, "next"), address);
  }
  EXPECT_EQ(native.Value("next"), 0) << "it was cleared in all slots";
}

TEST(NativeRemoval, OfAGaugeWaitsForItsHandles) {
  NativeThreads native;
  const auto registry = native.registry();
  NativeSeries& gauge = native.Get(GaugeOf("g", Aggregate::kSum));
  static_cast<void>(native.Get(GaugeOf("g", Aggregate::kSum)));
  gauge.GaugeSet(5);
  const CellAddress address = gauge.metric().series()[0].address;
  registry->Remove("g");
  const auto next = [&](const char* name) {
    return Must(ResolveOnce(*registry, Must(registry->Define(GaugeOf(name, Aggregate::kSum))).id))
        .address;
  };
  EXPECT_NE(next("g2"), address);
  native.recorder.Release(gauge);
  EXPECT_NE(next("g3"), address) << "one handle is open";
  native.recorder.Release(gauge);
  EXPECT_EQ(next("g4"), address);
  EXPECT_TRUE(GetMetric(registry->TakeSnapshot(At(0)), "g4").series.empty());
}

TEST(NativeRemoval, OfWhatWasReleasedWaitsForNothing) {
  NativeThreads native;
  NativeSeries& counter = native.Get(CounterOf("c"));
  const CellAddress address = counter.metric().series()[0].address;
  native.recorder.Release(counter);
  native.registry()->Remove("c");
  EXPECT_EQ(NextAddress(native, "next"), address);
}

TEST(NativeRemoval, ADefinitionAnewStartsAtZeroForNewHandles) {
  NativeThreads native;
  NativeSeries& old = native.Get(CounterOf("c"));
  old.CounterAdd(5);
  native.registry()->Remove("c");
  NativeSeries& next = native.Get(CounterOf("c"));
  EXPECT_NE(&old, &next);
  next.CounterAdd(2);
  old.CounterAdd(100);
  EXPECT_EQ(native.Value("c"), 2);
  EXPECT_EQ(native.Rejected(Rejection::kRemoved), 1u);
  native.recorder.Release(old);
  next.CounterAdd(1);
  EXPECT_EQ(native.Value("c"), 3);
}

TEST(NativeRemoval, AClosedRegistryGivesItsMemoryBack) {
  NativeThreads native;
  const auto other = [&] {
    SeriesRequest request = Request(CounterOf("c"));
    request.registry = "other";
    return request;
  };
  NativeSeries& counter = *Must(native.recorder.Get(other()));
  NativeSeries& gauge = [&]() -> NativeSeries& {
    SeriesRequest request = Request(GaugeOf("g", Aggregate::kSum));
    request.registry = "other";
    return *Must(native.recorder.Get(request));
  }();
  counter.CounterAdd(1);
  std::weak_ptr<Registry> watched = native.store.Open("other");
  native.store.Close(*watched.lock());
  counter.CounterAdd(1);
  gauge.GaugeAdd(1);
  EXPECT_EQ(watched.lock()->TakeSnapshot(At(0)).rejected[static_cast<int>(Rejection::kRemoved)],
            2u);
  native.recorder.Release(counter);
  EXPECT_GT(native.pages.live_bytes(), 0u);
  native.recorder.Release(gauge);
  EXPECT_EQ(native.pages.live_bytes(), 0u);
  EXPECT_TRUE(watched.expired());
  NativeSeries& anew = *Must(native.recorder.Get(other()));
  anew.CounterAdd(3);
  EXPECT_EQ(native.store.Open("other")->TakeSnapshot(At(0)).metrics.at(0).values.at(0), 3);
}

// Of the metric of `series`, the one with these label values.
bool RemoveSeries(NativeThreads& native, const NativeSeries& series,
                  const std::vector<std::string>& values) {
  return Must(native.registry()->RemoveSeries(series.metric().id(), values));
}

TEST(NativeRemoval, OfOneSeriesDropsAndCountsAndLeavesTheOthers) {
  NativeThreads native;
  const auto labelled = [](const char* value) { return LabelList{{"s", value}}; };
  NativeSeries& x = native.Get(CounterOf("c"), labelled("x"));
  NativeSeries& y = native.Get(CounterOf("c"), labelled("y"));
  NativeSeries& gauge = native.Get(GaugeOf("g", Aggregate::kSum), labelled("x"));
  NativeHistogram& histogram = native.GetHistogram(ExponentialOf("h", 3), labelled("x"));
  for (NativeSeries* counter : {&x, &y}) counter->CounterAdd(5);
  for (NativeSeries* series : {&x, &gauge, static_cast<NativeSeries*>(&histogram)})
    EXPECT_TRUE(RemoveSeries(native, *series, {"x"}));
  x.CounterAdd(1);
  gauge.GaugeSet(1);
  gauge.GaugeAdd(1);
  histogram.Observe(1);
  histogram.Observe(1e300);  // a block that was never there
  y.CounterAdd(1);
  EXPECT_EQ(native.Rejected(Rejection::kRemoved), 5u);
  EXPECT_EQ(native.Value("c"), 6) << "y";
  EXPECT_EQ(GetMetric(native.registry()->TakeSnapshot(At(0)), "c").series.size(), 1u);
  EXPECT_TRUE(GetMetric(native.registry()->TakeSnapshot(At(0)), "g").series.empty());
  EXPECT_TRUE(GetMetric(native.registry()->TakeSnapshot(At(0)), "h").series.empty());
}

// Threads that record walk the blocks of a series, so none of its handles may be open, whatever can
// be fenced.
TEST(NativeRemoval, OfOneSeriesWaitsForItsHandlesAndTheSameLabelsBeginAnew) {
  for (const bool is_histogram : {false, true}) {
    NativeThreads native;
    MetricDefinition definition = is_histogram ? ExponentialOf("m", 3) : CounterOf("m");
    definition.max_series = 2;
    const LabelList labels = {{"s", "x"}};
    const auto record = [&](NativeSeries& series) {
      if (is_histogram) {
        static_cast<NativeHistogram&>(series).Observe(3);
      } else {
        series.CounterAdd(1);
      }
    };
    const auto value = [&] {
      return is_histogram ? native.Histogram("m").Count() : native.Value("m");
    };
    const auto waiting = [&] {
      return GetMetric(native.registry()->TakeSnapshot(At(0)), "m").waiting_series;
    };
    NativeSeries& old = native.Get(definition, labels);
    EXPECT_EQ(&native.Get(definition, labels), &old) << "two handles of one";
    const std::uint32_t index = old.index();
    record(old);
    EXPECT_TRUE(RemoveSeries(native, old, {"x"}));
    EXPECT_FALSE(RemoveSeries(native, old, {"x"}));
    NativeSeries& anew = native.Get(definition, labels);
    EXPECT_NE(&anew, &old);
    EXPECT_NE(anew.index(), index);
    record(anew);
    record(old);
    EXPECT_EQ(value(), 1);
    EXPECT_EQ(native.Rejected(Rejection::kRemoved), 1u);
    EXPECT_EQ(waiting(), 1u);
    native.recorder.Release(old);
    EXPECT_EQ(waiting(), 1u) << "one handle is open";
    native.recorder.Release(old);
    EXPECT_EQ(waiting(), 0u) << "the last release acknowledges";
    EXPECT_TRUE(RemoveSeries(native, anew, {"x"}));
    NativeSeries& third = native.Get(definition, labels);
    EXPECT_EQ(third.index(), index) << "the slot is used anew";
    EXPECT_EQ(value(), 0) << "it was cleared in all slots of its chunks";
    record(third);
    EXPECT_EQ(value(), 1);
    native.recorder.Release(anew);
    native.recorder.Release(third);
  }
}

TEST(NativeRemoval, OfAMetricWhoseSeriesWait) {
  NativeThreads native;
  NativeSeries& x = native.Get(CounterOf("c"), {{"s", "x"}});
  NativeSeries& y = native.Get(CounterOf("c"), {{"s", "y"}});
  for (NativeSeries* series : {&x, &y}) series->CounterAdd(5);
  EXPECT_TRUE(RemoveSeries(native, x, {"x"}));
  EXPECT_TRUE(native.registry()->Remove("c"));
  for (NativeSeries* series : {&x, &y}) series->CounterAdd(1);
  EXPECT_EQ(native.Rejected(Rejection::kRemoved), 2u);
  native.recorder.Release(y);
  native.recorder.Release(x);
  for (const char* name : {"a", "b"}) {
    EXPECT_LT(OffsetOf(NextAddress(native, name)), kFirstFreeCell + 2) << "the old cells";
    EXPECT_EQ(native.Value(name), 0);
  }
}

TEST(NativeRemoval, SeriesWithOpenHandlesAreNotIdleAndReleasedOnesExpire) {
  NativeThreads native;
  const auto registry = native.registry();
  MetricDefinition definition = CounterOf("c");
  definition.idle_timeout = std::chrono::milliseconds(100);
  NativeSeries& series = native.Get(definition, {{"s", "x"}});
  NativeSeries& other = native.Get(definition, {{"s", "y"}});
  series.CounterAdd(5);
  std::int64_t now_ms = 0;
  const auto pass = [&](int ticks) {
    for (int i = 0; i < ticks; ++i) registry->Tick(At(now_ms += 100));
    return GetMetric(registry->TakeSnapshot(At(0)), "c");
  };
  EXPECT_EQ(pass(10).series.size(), 2u);
  native.recorder.Release(other);
  const MetricSnapshot released = pass(10);
  ASSERT_EQ(released.values.size(), 1u);
  EXPECT_EQ(released.values[0], 5);
  native.recorder.Release(series);
  const MetricSnapshot last = pass(10);
  EXPECT_TRUE(last.series.empty());
  EXPECT_EQ(last.idle_series + last.waiting_series, 0u);
  EXPECT_EQ(last.expired, 5) << "the count of all CPUs";
  NativeSeries& anew = native.Get(definition, {{"s", "x"}});
  anew.CounterAdd(1);
  EXPECT_EQ(native.Value("c"), 1);
}

// Hidden while an environment's user holds it, a native handle shows it again, with its value.
TEST(NativeRemoval, AGetBringsAnIdleSeriesBack) {
  NativeThreads native;
  const auto registry = native.registry();
  MetricDefinition definition = CounterOf("c", {"s"});
  definition.idle_timeout = std::chrono::milliseconds(100);
  const MetricId id = Must(registry->Define(definition)).id;
  Environment environment(*registry);
  AddToCell(environment.Bind(id, {"x"}), 5);
  for (const int ms : {0, 100}) registry->Tick(At(ms));
  EXPECT_EQ(GetMetric(registry->TakeSnapshot(At(0)), "c").idle_series, 1u);
  NativeSeries& series = native.Get(definition, {{"s", "x"}});
  EXPECT_EQ(native.Value("c"), 5);
  series.CounterAdd(2);
  for (int ms = 200; ms < 1000; ms += 100) registry->Tick(At(ms));
  EXPECT_EQ(native.Value("c"), 7);
  native.recorder.Release(series);
}

// One removes and clears while others get, record and release: what was recorded into a series that
// is not removed is exact, and an old handle never reaches the cells of another series. Every label
// set adds its own power of two.
TEST(NativeRemoval, SeriesStorm) {
  NativeThreads native;
  const auto registry = native.registry();
  MetricDefinition definition = CounterOf("c", {"s"});
  definition.max_series = 8;
  const MetricId id = Must(registry->Define(definition)).id;
  NativeSeries& kept = native.Get(CounterOf("kept"));
  constexpr double kBig = 0x1p30;
  std::atomic<bool> ended{false};
  std::atomic<std::uint64_t> recorded{0};
  RunThreads(2 * Cpus() + 1, [&](int i) {
    if (i == 0) {
      for (int round = 0; round < 2000; ++round) {
        static_cast<void>(
            Must(registry->RemoveSeries(id, std::vector<std::string>{std::to_string(round % 4)})));
        if (round % 16 == 0) static_cast<void>(Must(registry->Clear(id)));
        const Snapshot snapshot = registry->TakeSnapshot(At(0));
        const MetricSnapshot& metric = GetMetric(snapshot, "c");
        for (std::size_t s = 0; s < metric.series.size(); ++s) {
          if (metric.series[s].labels == "s=\"0\"") {
            EXPECT_EQ(std::fmod(metric.values[s], kBig), 0) << "a leak into the big one";
          } else if (metric.series[s].labels != kOverflowLabels) {
            EXPECT_LT(metric.values[s], kBig) << "a leak into " << metric.series[s].labels;
          }
        }
        std::this_thread::yield();
      }
      ended = true;
      return;
    }
    for (std::uint64_t n = static_cast<std::uint64_t>(i); !ended; ++n) {
      const std::string label = std::to_string(n % 4);
      NativeSeries& series = native.Get(definition, {{"s", label}});
      for (int times = 0; times < 20; ++times) {
        series.CounterAdd(n % 4 == 0 ? kBig : 1);
        kept.CounterAdd(1);
      }
      recorded += 20;
      native.recorder.Release(series);
    }
  });
  EXPECT_EQ(native.Value("kept"), static_cast<double>(recorded));
  EXPECT_GT(recorded, 0u);
  static_cast<void>(Must(registry->Clear(id)));
  const MetricSnapshot metric = GetMetric(registry->TakeSnapshot(At(0)), "c");
  EXPECT_EQ(metric.series.size() + metric.waiting_series, 0u) << "nobody holds any";
}

// One thread removes and defines anew while others get, record and release: what was recorded into
// the metric that is there at the end is exact, and an old handle never reaches new cells. Every
// generation adds its own power of two, so a stray add would show.
TEST(NativeRemoval, Storm) {
  NativeThreads native;
  const auto registry = native.registry();
  constexpr int kGenerations = 200;
  std::atomic<bool> ended{false};
  std::atomic<std::uint64_t> recorded{0};
  NativeSeries& kept = native.Get(CounterOf("kept"));
  RunThreads(2 * Cpus() + 1, [&](int i) {
    if (i == 0) {
      for (int generation = 0; generation < kGenerations; ++generation) {
        registry->Remove("c");
        registry->Remove("h");
        NativeSeries& fresh = native.Get(CounterOf("fresh" + std::to_string(generation)));
        EXPECT_EQ(native.Value("fresh" + std::to_string(generation)), 0) << "stale or stray";
        fresh.CounterAdd(1);
        std::this_thread::yield();
        EXPECT_EQ(native.Value("fresh" + std::to_string(generation)), 1) << "a stray add";
        registry->Remove("fresh" + std::to_string(generation));
        native.recorder.Release(fresh);
        native.recorder.Tick();
      }
      ended = true;
      return;
    }
    while (!ended) {
      const auto counter = native.recorder.Get(Request(CounterOf("c")));
      const auto histogram = native.recorder.Get(Request(ExponentialOf("h", 3)));
      for (int n = 0; n < 50; ++n) {
        if (counter.ok()) counter.value()->CounterAdd(0x1p20);
        if (histogram.ok())
          static_cast<NativeHistogram*>(histogram.value())->Observe(static_cast<double>(n) + 0.5);
        kept.CounterAdd(1);
      }
      recorded += 50;
      for (const auto& handle : {counter, histogram}) {
        if (handle.ok()) {
          native.recorder.Release(*handle.value());
        } else {
          EXPECT_EQ(handle.status().code, ErrorCode::kMetricRemoved) << handle.status().message;
        }
      }
    }
  });
  EXPECT_EQ(native.Value("kept"), static_cast<double>(recorded));
  EXPECT_GT(recorded, 0u);
  // Nothing is left behind: the same addresses were used again and again.
  EXPECT_LE(native.pages.live_bytes(), 8 * NativeSlots().count * kChunkBytes);
}

}  // namespace
}  // namespace nanotally
