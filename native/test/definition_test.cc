// Defining metrics: the same one again, every conflict, names of histogram samples, closing; and
// the store of registries.
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "core/store.h"
#include "test/support/environment.h"

namespace nanotally {
namespace {

ErrorCode CodeOf(const Result<DefinedMetric>& result) {
  return result.ok() ? ErrorCode::kOk : result.status().code;
}

DerivedDefinition RatioOf(std::string name, std::shared_ptr<const Metric> of,
                          std::shared_ptr<const Metric> to) {
  DerivedDefinition definition;
  definition.name = std::move(name);
  definition.help = "A ratio.";
  definition.of = {{std::move(of), OperandPart::kValue, {}}};
  definition.to = {{std::move(to), OperandPart::kValue, {}}};
  return definition;
}

TEST(Define, TheSameAgainIsTheSameMetric) {
  TestRegistry registry;
  const std::vector<MetricDefinition> definitions = {
      CounterOf("c_total", {"a", "b"}), GaugeOf("g", Aggregate::kLast, OnExit::kDrop),
      ExponentialOf("h", 3, {"a"}), ExplicitOf("e", {0.1, 1, 10})};
  for (const MetricDefinition& definition : definitions) {
    const auto first = Must(registry->Define(definition));
    const auto again = Must(registry->Define(definition));
    EXPECT_EQ(again.id, first.id);
    EXPECT_FALSE(first.help_differs);
    EXPECT_FALSE(again.help_differs);
    EXPECT_EQ(registry->FindByName(definition.name)->id(), first.id);
    EXPECT_EQ(registry->Find(first.id)->name(), definition.name);
  }
}

TEST(Define, FirstHelpAndLimitHold) {
  TestRegistry registry;
  auto definition = CounterOf("c_total");
  definition.max_series = 7;
  const auto first = Must(registry->Define(definition));
  definition.help = "Other words.";
  definition.max_series = 8;
  const auto again = Must(registry->Define(definition));
  EXPECT_EQ(again.id, first.id);
  EXPECT_TRUE(again.help_differs);
  EXPECT_EQ(registry->Find(first.id)->definition().help, "A counter.");
  EXPECT_EQ(registry->Find(first.id)->definition().max_series, 7u);
}

TEST(Define, AnyOtherDifferenceIsAConflict) {
  using Change = std::function<void(MetricDefinition&)>;
  const std::vector<std::pair<MetricDefinition, Change>> conflicts = {
      {CounterOf("c"), [](auto& d) { d.type = MetricType::kGauge; }},
      {CounterOf("c"), [](auto& d) { d.unit = "bytes"; }},
      {CounterOf("c", {"a"}), [](auto& d) { d.labels = {"b"}; }},
      {CounterOf("c", {"a", "b"}),
       [](auto& d) {
         d.labels = {"b", "a"};
       }},
      {CounterOf("c", {"a"}), [](auto& d) { d.labels = {}; }},
      {CounterOf("c", {"a"}), [](auto& d) { d.optional_labels = 1; }},
      {GaugeOf("g", Aggregate::kSum), [](auto& d) { d.aggregate = Aggregate::kMax; }},
      {GaugeOf("g", Aggregate::kSum), [](auto& d) { d.on_exit = OnExit::kKeep; }},
      {ExponentialOf("h", 3), [](auto& d) { d.schema = 4; }},
      {ExponentialOf("h", 3), [](auto& d) { d.schema.reset(), d.bounds = {1}; }},
      {ExplicitOf("e", {1, 2}),
       [](auto& d) {
         d.bounds = {1, 3};
       }},
      {ExplicitOf("e", {1, 2}), [](auto& d) { d.bounds = {1}; }},
  };
  for (const auto& [definition, change] : conflicts) {
    TestRegistry registry;
    const MetricId id = registry.Define(definition);
    MetricDefinition other = definition;
    change(other);
    EXPECT_EQ(CodeOf(registry->Define(other)), ErrorCode::kMetricConflict) << definition.name;
    EXPECT_EQ(registry.Define(definition), id) << "the first one is untouched";
  }
}

TEST(Define, NamesOfHistogramSamplesCollideBothWays) {
  const std::vector<MetricDefinition> histograms = {ExponentialOf("h", 3), ExplicitOf("h", {1})};
  for (const MetricDefinition& histogram : histograms) {
    for (const char* sample : {"h_bucket", "h_sum", "h_count"}) {
      for (const MetricDefinition& other :
           {CounterOf(sample), GaugeOf(sample, Aggregate::kSum), ExponentialOf(sample, 0)}) {
        TestRegistry histogram_first;
        histogram_first.Define(histogram);
        EXPECT_EQ(CodeOf(histogram_first->Define(other)), ErrorCode::kMetricConflict) << sample;
        TestRegistry sample_first;
        sample_first.Define(other);
        EXPECT_EQ(CodeOf(sample_first->Define(histogram)), ErrorCode::kMetricConflict) << sample;
      }
    }
  }
}

TEST(Define, NamesThatOnlyLookLikeSamplesDoNotCollide) {
  TestRegistry registry;
  registry.Define(ExponentialOf("h", 3));
  registry.Define(CounterOf("h_total"));
  registry.Define(CounterOf("h_created"));
  registry.Define(CounterOf("c"));
  registry.Define(CounterOf("c_count"));  // c is no histogram
  registry.Define(CounterOf("_count"));
  EXPECT_EQ(registry->TakeSnapshot(At(0)).metrics.size(), 6u);
}

TEST(Define, OwnFamiliesAreTaken) {
  TestRegistry registry;
  for (const char* name : {"nanotally_rejected_total", "nanotally_overflowed_total"}) {
    EXPECT_EQ(CodeOf(registry->Define(CounterOf(name))), ErrorCode::kMetricConflict);
    const auto c = registry->Find(registry.Define(CounterOf("c")));
    EXPECT_EQ(registry->DefineDerived(RatioOf(name, c, c)).code, ErrorCode::kMetricConflict);
  }
}

TEST(DefineDerived, IsIdempotentAndConflictsLikeAMetric) {
  TestRegistry registry;
  const auto a = registry->Find(registry.Define(CounterOf("a")));
  const auto b = registry->Find(registry.Define(CounterOf("b")));
  const auto h = registry->Find(registry.Define(ExponentialOf("h", 3)));
  const DerivedDefinition ratio = RatioOf("ratio", a, b);
  EXPECT_TRUE(registry->DefineDerived(ratio).ok());
  EXPECT_TRUE(registry->DefineDerived(ratio).ok());

  using Change = std::function<void(DerivedDefinition&)>;
  const std::vector<Change> changes = {
      [](auto& d) { d.unit = "ratio"; },
      [](auto& d) { d.labels = {"x"}; },
      [&](auto& d) { d.of[0].metric = b; },
      [&](auto& d) { d.to[0].metric = a; },
      [&](auto& d) { d.of.push_back(d.to[0]); },
      [](auto& d) {
        d.of[0].where = {{"x", "1"}};
      },
      [&](auto& d) {
        d.of[0] = {h, OperandPart::kCount, {}};
      },
      [](auto& d) { d.to.clear(), d.window = std::chrono::seconds(1); }};
  for (const Change& change : changes) {
    DerivedDefinition other = ratio;
    change(other);
    EXPECT_EQ(registry->DefineDerived(other).code, ErrorCode::kMetricConflict);
  }

  EXPECT_EQ(CodeOf(registry->Define(CounterOf("ratio"))), ErrorCode::kMetricConflict);
  EXPECT_EQ(registry->DefineDerived(RatioOf("a", a, b)).code, ErrorCode::kMetricConflict);
  EXPECT_EQ(registry->DefineDerived(RatioOf("h_sum", a, b)).code, ErrorCode::kMetricConflict);
  EXPECT_TRUE(registry->DefineDerived(RatioOf("k_sum", a, b)).ok());
  EXPECT_EQ(CodeOf(registry->Define(ExponentialOf("k", 3))), ErrorCode::kMetricConflict);
}

TEST(Registry, MetricsComeInTheOrderOfTheirNames) {
  TestRegistry registry;
  for (const char* name : {"b", "c", "a"}) registry.Define(CounterOf(name));
  std::string names;
  for (const auto& metric : registry->TakeSnapshot(At(0)).metrics) names += metric.metric->name();
  EXPECT_EQ(names, "abc");
}

TEST(Registry, AClosedOneShowsAndTakesNothing) {
  TestRegistry registry;
  const MetricId id = registry.Define(CounterOf("c"));
  const auto metric = registry->Find(id);
  ASSERT_TRUE(registry->DefineDerived(RatioOf("r", metric, metric)).ok());
  Environment environment(registry.registry);
  AddToCell(environment.Bind(id), 1);
  EXPECT_FALSE(registry->IsClosed());
  registry->Close();
  registry->Close();
  EXPECT_TRUE(registry->IsClosed());
  EXPECT_EQ(CodeOf(registry->Define(CounterOf("c"))), ErrorCode::kRegistryClosed);
  EXPECT_EQ(registry->DefineDerived(RatioOf("r", metric, metric)).code, ErrorCode::kRegistryClosed);
  EXPECT_EQ(registry.Resolve(id, {}).status().code, ErrorCode::kMetricRemoved);
  EXPECT_EQ(registry->Find(id), nullptr);
  EXPECT_FALSE(registry->Remove("c"));
  const Snapshot snapshot = registry->TakeSnapshot(At(0));
  EXPECT_TRUE(snapshot.metrics.empty());
  EXPECT_TRUE(snapshot.computed.empty());
  EXPECT_EQ(environment.CatchUp(), 1u) << "an environment finds out by its removed metrics";
  // One that opens it late gets a shard that holds nothing.
  Environment late(registry.registry);
  EXPECT_EQ(late.CatchUp(), 0u);
}

TEST(Store, OneRegistryPerName) {
  TestPages pages;
  Store store(pages);
  const auto a = store.Open("a");
  EXPECT_EQ(store.Open("a"), a);
  EXPECT_EQ(a->name(), "a");
  const auto b = store.Open("b");
  EXPECT_NE(b, a);
  EXPECT_NE(b->id(), a->id());
  EXPECT_EQ(store.Find(a->id()), a);
  EXPECT_EQ(store.Find(b->id()), b);
  EXPECT_EQ(store.Find(12345), nullptr);
}

TEST(Store, PrivateRegistriesAreApart) {
  TestPages pages;
  Store store(pages);
  const auto first = store.OpenPrivate();
  const auto second = store.OpenPrivate();
  EXPECT_NE(first, second);
  EXPECT_EQ(first->name(), "");
  EXPECT_EQ(store.Find(first->id()), first);
  // No name leads to them, the empty one neither.
  EXPECT_NE(store.Open(""), first);
  EXPECT_NE(store.Open(""), second);
}

TEST(Store, AClosedNameIsOpenedAnew) {
  TestPages pages;
  Store store(pages);
  const auto first = store.Open("a");
  Must(first->Define(CounterOf("c")));
  store.Close(*first);
  EXPECT_TRUE(first->IsClosed());
  EXPECT_EQ(store.Find(first->id()), nullptr);
  const auto second = store.Open("a");
  EXPECT_NE(second, first);
  EXPECT_NE(second->id(), first->id()) << "an id is never used twice";
  EXPECT_TRUE(second->TakeSnapshot(At(0)).metrics.empty());
  // Closing the first again, late, does not touch its successor.
  store.Close(*first);
  EXPECT_EQ(store.Open("a"), second);
  EXPECT_FALSE(second->IsClosed());
}

TEST(Store, ChunksOfAllRegistriesAreCountedAndReturned) {
  TestPages pages;
  Store store(pages);
  {
    const auto a = store.Open("a");
    const auto b = store.OpenPrivate();
    Environment in_a(*a);
    Environment in_b(*b);
    in_a.Bind(Must(a->Define(CounterOf("c"))).id);
    in_b.Bind(Must(b->Define(CounterOf("c"))).id);
    EXPECT_EQ(store.arena().BytesInUse(), 2 * kChunkBytes);
    store.Close(*b);
    EXPECT_EQ(store.arena().BytesInUse(), 2 * kChunkBytes) << "its environment has not left yet";
  }
  EXPECT_EQ(store.arena().BytesInUse(), 0u);
  EXPECT_EQ(pages.live_bytes(), 0u);
}

TEST(Store, TicksEveryRegistry) {
  TestPages pages;
  Store store(pages);
  const auto a = store.Open("a");
  const auto b = store.OpenPrivate();
  for (const auto& registry : {a, b}) {
    const MetricId id = Must(registry->Define(GaugeOf("g", Aggregate::kLast))).id;
    Environment environment(*registry);
    const CellAddress gauge = environment.Resolve(id).address;
    const double before = environment.Tick(gauge);
    EXPECT_GE(before, 1);
    store.Tick(At(0));
    EXPECT_EQ(environment.Tick(gauge), before + 1);
  }
}

}  // namespace
}  // namespace nanotally
