// The removal of metrics that native threads record into: at once for whoever can be fenced, when
// the handles are released for the rest; nothing leaks into what uses the cells next.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

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
