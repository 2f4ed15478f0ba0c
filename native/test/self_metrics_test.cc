// nanotally's own families: which of them a registry tells, and that they are what happened.
#include "core/self_metrics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "test/support/series_life.h"

namespace nanotally {
namespace {

using Strings = std::vector<std::string>;
using Samples = std::map<std::string, double>;  // by label text

// Families by name; each has samples, and they ascend by name.
std::map<std::string, ComputedFamily> FamiliesOf(Registry& registry, NameFilter filter = {}) {
  std::map<std::string, ComputedFamily> families;
  std::string last;
  for (ComputedFamily& family : SelfMetrics::Of(registry.TakeSnapshot(At(0), std::move(filter)))) {
    EXPECT_LT(last, family.name);
    last = family.name;
    EXPECT_FALSE(family.samples.empty());
    EXPECT_FALSE(family.help.empty());
    EXPECT_TRUE(SelfMetrics::IsName(family.name));
    EXPECT_EQ(family.type == MetricType::kCounter, family.name.ends_with("_total"));
    families.emplace(family.name, std::move(family));
  }
  return families;
}

Samples SamplesOf(Registry& registry, const std::string& name) {
  Samples samples;
  const auto families = FamiliesOf(registry);
  const auto family = families.find(name);
  if (family == families.end()) return samples;
  for (const ComputedSample& sample : family->second.samples) samples[sample.labels] = sample.value;
  EXPECT_EQ(samples.size(), family->second.samples.size());
  return samples;
}

class SelfMetricsTest : public ::testing::Test {
 protected:
  Samples Of(const std::string& name) { return SamplesOf(registry_.registry, name); }

  TestRegistry registry_{"shared"};
};

TEST_F(SelfMetricsTest, APrivateRegistryTellsOnlyOfWhatWasLost) {
  Registry registry(registry_.arena, 2, "");
  EXPECT_TRUE(FamiliesOf(registry).empty());
  const MetricId id = Must(registry.Define(Limited(CounterOf("c"), 1, 100))).id;
  registry.CountRender(std::chrono::seconds(1), 100);
  EXPECT_TRUE(FamiliesOf(registry).empty()) << "what never happened is not told";
  Must(ResolveOnce(registry, id, Strings{"x"}));
  Must(ResolveOnce(registry, id, Strings{"y"}));
  registry.CountRejection(id, Rejection::kNegative);
  const auto families = FamiliesOf(registry);
  EXPECT_EQ(families.size(), 2u);
  EXPECT_TRUE(families.contains("nanotally_overflowed_total"));
  EXPECT_TRUE(families.contains("nanotally_rejected_total"));
}

TEST_F(SelfMetricsTest, ASharedOneTellsOfItself) {
  EXPECT_TRUE(FamiliesOf(registry_.registry).empty()) << "it has no metrics";
  const MetricId id = registry_.Define(CounterOf("c"));
  EXPECT_EQ(FamiliesOf(registry_.registry).size(), 5u);
  EXPECT_EQ(Of("nanotally_arena_bytes"), (Samples{{"", 0}}));
  registry_->CountRender(std::chrono::milliseconds(250), 1000);
  registry_->CountRender(std::chrono::milliseconds(500), 24);
  EXPECT_FALSE(registry_->LastScrape()) << "not all that is rendered is scraped";
  registry_->NoteScrape(At(1));
  registry_->NoteScrape(At(2));
  EXPECT_EQ(registry_->LastScrape(), At(2));
  EXPECT_EQ(Of("nanotally_renders_total"), (Samples{{"", 2}}));
  EXPECT_EQ(Of("nanotally_rendered_bytes_total"), (Samples{{"", 1024}}));
  EXPECT_EQ(Of("nanotally_render_seconds_total"), (Samples{{"", 0.75}}));
  Environment environment(registry_.registry);
  environment.Bind(id);
  EXPECT_EQ(Of("nanotally_arena_bytes"), (Samples{{"", kChunkBytes}}));
  environment.End();
  EXPECT_EQ(Of("nanotally_arena_bytes"), (Samples{{"", 0}}));
}

TEST_F(SelfMetricsTest, SeriesByStateAreThoseOfAllMetrics) {
  Environment environment(registry_.registry);
  const MetricId idling = registry_.Define(Limited(CounterOf("idling"), 10, 100));
  const MetricId other = registry_.Define(Limited(CounterOf("other"), 10));
  for (const char* series : {"a", "b", "c"}) {
    AddToCell(environment.Bind(idling, {series}), 2);
    environment.Bind(other, {series});
  }
  const auto states = [](double idle, double live, double waiting) {
    return Samples{
        {"state=\"idle\"", idle}, {"state=\"live\"", live}, {"state=\"waiting\"", waiting}};
  };
  EXPECT_EQ(Of("nanotally_series"), states(0, 6, 0));
  EXPECT_TRUE(Of("nanotally_expired").empty());
  for (const int ms : {0, 100}) registry_->Tick(At(ms));
  EXPECT_EQ(Of("nanotally_series"), states(3, 3, 0));
  EXPECT_EQ(Of("nanotally_expired"), (Samples{{"metric=\"idling\"", 6}}));
  Must(registry_->RemoveSeries(idling, Strings{"a"}));
  Must(registry_->Clear(other));
  EXPECT_EQ(Of("nanotally_series"), states(2, 0, 4));
  EXPECT_EQ(Of("nanotally_expired"), (Samples{{"metric=\"idling\"", 4}}));
  environment.CatchUp();
  EXPECT_EQ(Of("nanotally_series"), states(2, 0, 0));
  LetGoOfIdle(registry_.registry, environment);
  for (const int ms : {200, 300}) registry_->Tick(At(ms));
  EXPECT_EQ(Of("nanotally_series"), states(0, 0, 2)) << "expired ones wait too";
  registry_->Tick(At(400));
  EXPECT_EQ(Of("nanotally_series"), states(0, 0, 0));
  EXPECT_EQ(Of("nanotally_expired"), (Samples{{"metric=\"idling\"", 4}}));
}

TEST_F(SelfMetricsTest, OverflowAndRejectionsByMetricAndReason) {
  const MetricId c = registry_.Define(Limited(CounterOf("c"), 1));
  const MetricId d = registry_.Define(CounterOf("d"));
  for (const char* series : {"a", "b", "c", "a"}) Must(registry_.Resolve(c, Strings{series}));
  EXPECT_EQ(Of("nanotally_overflowed_total"), (Samples{{"metric=\"c\"", 2}}));
  EXPECT_TRUE(Of("nanotally_rejected_total").empty());
  registry_->CountRejection(c, Rejection::kNegative);
  registry_->CountRejection(c, Rejection::kNegative);
  registry_->CountRejection(d, Rejection::kLabels);
  registry_->CountRejection(Rejection::kRemoved, 5);
  EXPECT_EQ(Of("nanotally_rejected_total"), (Samples{{"metric=\"c\",reason=\"negative\"", 2},
                                                     {"metric=\"d\",reason=\"labels\"", 1},
                                                     {"reason=\"removed\"", 5}}));
}

TEST_F(SelfMetricsTest, CountSeriesThatNothingElseShownNeeds) {
  Environment environment(registry_.registry);
  environment.Bind(registry_.Define(CounterOf("c")));
  for (const char* name : {"nanotally_series", "nanotally_expired"}) {
    const NameFilter filter({name});
    EXPECT_TRUE(SelfMetrics::CountsSeries(filter));
    EXPECT_EQ(registry_->TakeSnapshot(At(0), filter).metrics.at(0).series.size(), 1u);
  }
  EXPECT_TRUE(SelfMetrics::CountsSeries(NameFilter()));
  const NameFilter other({"nanotally_renders_total"});
  EXPECT_FALSE(SelfMetrics::CountsSeries(other));
  EXPECT_TRUE(registry_->TakeSnapshot(At(0), other).metrics.at(0).series.empty());
}

TEST_F(SelfMetricsTest, TheirNamesCannotBeDefined) {
  int refused = 0;
  for (const char* name :
       {"nanotally_arena_bytes", "nanotally_expired", "nanotally_overflowed_total",
        "nanotally_rejected_total", "nanotally_render_seconds_total",
        "nanotally_rendered_bytes_total", "nanotally_renders_total", "nanotally_series"}) {
    EXPECT_EQ(registry_->Define(CounterOf(name)).status().code, ErrorCode::kMetricConflict);
    ++refused;
  }
  EXPECT_EQ(refused, 8);
  EXPECT_FALSE(SelfMetrics::IsName("nanotally_other"));
  EXPECT_FALSE(SelfMetrics::IsName(""));
}

}  // namespace
}  // namespace nanotally
