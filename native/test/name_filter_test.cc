// Which families a name chooses, and that what is left out is not merged.
#include "core/name_filter.h"

#include <gtest/gtest.h>

#include <string>

#include "test/support/environment.h"

namespace nanotally {
namespace {

using Names = std::set<std::string, std::less<>>;

TEST(NameFilter, WithoutNamesSelectsEverything) {
  EXPECT_TRUE(NameFilter().SelectsAll());
  EXPECT_TRUE(NameFilter().Selects("x", MetricType::kGauge));
  EXPECT_TRUE(NameFilter(Names{}).Selects("x", MetricType::kHistogram));
  EXPECT_FALSE(NameFilter(Names{""}).Selects("x", MetricType::kGauge));
}

TEST(NameFilter, ByTheNamesOfFamiliesAndSamples) {
  struct Case {
    std::string name;
    MetricType type;
    GaugeKind kind;
    std::set<std::string> selected_by;
  };
  const Case cases[] = {
      {"x_total", MetricType::kCounter, GaugeKind::kPlain, {"x_total", "x", "x_created"}},
      {"x", MetricType::kCounter, GaugeKind::kPlain, {"x"}},
      {"x_total", MetricType::kGauge, GaugeKind::kPlain, {"x_total"}},
      {"x_info", MetricType::kGauge, GaugeKind::kInfo, {"x_info", "x", "x_created"}},
      {"x_info", MetricType::kGauge, GaugeKind::kPlain, {"x_info"}},
      {"x",
       MetricType::kHistogram,
       GaugeKind::kPlain,
       {"x", "x_bucket", "x_sum", "x_count", "x_created"}},
  };
  int selected = 0;
  for (const Case& c : cases) {
    for (const std::string name : {"x", "x_total", "x_created", "x_info", "x_bucket", "x_sum",
                                   "x_count", "y", "x_", "xx", "_total", ""}) {
      const bool expected = c.selected_by.contains(name);
      EXPECT_EQ(NameFilter(Names{"other", name}).Selects(c.name, c.type, c.kind), expected)
          << c.name << " by " << name;
      selected += expected ? 1 : 0;
    }
  }
  EXPECT_EQ(selected, 14);
}

TEST(NameFilter, WhatIsLeftOutOfASnapshotIsNotMerged) {
  TestRegistry registry;
  Environment environment(registry.registry);
  for (const char* name : {"a", "b", "c"})
    AddToCell(environment.Bind(registry.Define(CounterOf(name))), 1);
  const Operand b{registry->FindByName("b"), OperandPart::kValue, {}};
  const Operand c{registry->FindByName("c"), OperandPart::kValue, {}};
  Must(registry->DefineDerived({"share", "A share.", "", {}, {b}, {c}, {}}));

  const Snapshot none = registry->TakeSnapshot(At(0), NameFilter(Names{"z"}));
  ASSERT_EQ(none.metrics.size(), 3u);
  for (const MetricSnapshot& metric : none.metrics) EXPECT_TRUE(metric.series.empty());
  EXPECT_TRUE(none.computed.empty());

  const Snapshot a = registry->TakeSnapshot(At(0), NameFilter(Names{"a"}));
  EXPECT_EQ(GetMetric(a, "a").series.size(), 1u);
  EXPECT_EQ(GetMetric(a, "b").series.size(), 0u);

  const Snapshot share = registry->TakeSnapshot(At(0), NameFilter(Names{"share"}));
  EXPECT_EQ(GetMetric(share, "a").series.size(), 0u);
  EXPECT_EQ(GetMetric(share, "b").series.size(), 1u);
  ASSERT_EQ(share.computed.size(), 1u);
  EXPECT_EQ(share.computed[0].samples.at(0).value, 1);
}

}  // namespace
}  // namespace nanotally
