// OpenMetrics: goldens for each type, and where the specification forbids what the others show.
#include "render/open_metrics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <string_view>

#include "test/support/exposed_registry.h"

namespace nanotally {
namespace {

class OpenMetricsTest : public ExposedRegistry {
 protected:
  static constexpr Exposition kOpenMetrics{Format::kOpenMetrics100, Escaping::kUnderscores};

  std::string Text() { return Rendered(kOpenMetrics); }
  std::shared_ptr<Metric> DefineGauge(std::string name, std::vector<std::string> labels,
                                      GaugeKind kind = GaugeKind::kPlain) {
    MetricDefinition definition = GaugeOf(std::move(name), Aggregate::kLast);
    definition.labels = std::move(labels);
    definition.gauge_kind = kind;
    return Define(std::move(definition));
  }
  static bool Has(const std::string& text, std::string_view line) {
    return ("\n" + text).find("\n" + std::string(line) + "\n") != std::string::npos;
  }
};

TEST_F(OpenMetricsTest, NothingIsTheEnd) { EXPECT_EQ(Text(), "# EOF\n"); }

TEST_F(OpenMetricsTest, BothVersionsAreTheSameText) {
  Count(CounterOf("a_total"));
  EXPECT_EQ(Rendered({Format::kOpenMetrics001, Escaping::kUnderscores}), Text());
}

TEST_F(OpenMetricsTest, CountersLoseTotalAndTellWhenTheyWereCreated) {
  MetricDefinition definition = CounterOf("work_seconds_total", {"kind"});
  definition.unit = "seconds";
  const auto work = Define(definition, "Two\nlines, a \\ and a \"quote\".");
  Add(*work, {"a"}, 0.1);
  Add(*work, {"b\"\n"}, 3);
  EXPECT_EQ(Text(), R"(# HELP work_seconds Two\nlines, a \\ and a \"quote\".
# TYPE work_seconds counter
# UNIT work_seconds seconds
work_seconds_total{kind="a"} 0.1
work_seconds_created{kind="a"} 1700000000.125
work_seconds_total{kind="b\"\n"} 3
work_seconds_created{kind="b\"\n"} 1700000000.125
# EOF
)");
}

TEST_F(OpenMetricsTest, ACounterWithoutTotalIsUnknown) {
  Count(CounterOf("misses"), 2);
  EXPECT_EQ(Text(), "# HELP misses Help.\n# TYPE misses unknown\nmisses 2\n# EOF\n");
}

TEST_F(OpenMetricsTest, ACounterWhoseFamilyIsTakenIsUnknown) {
  Count(CounterOf("a_total"));
  Set(*DefineGauge("a", {}), {}, 5);
  Count(CounterOf("b_total"));
  Set(*DefineGauge("b_created", {}), {}, 5);
  Count(CounterOf("c_total"));
  Set(*DefineGauge("c_info", {}, GaugeKind::kInfo), {}, 1);
  EXPECT_EQ(Text(), R"(# HELP a Help.
# TYPE a gauge
a 5
# HELP a_total Help.
# TYPE a_total unknown
a_total 1
# HELP b_created Help.
# TYPE b_created gauge
b_created 5
# HELP b_total Help.
# TYPE b_total unknown
b_total 1
# HELP c Help.
# TYPE c info
c_info 1
# HELP c_total Help.
# TYPE c_total unknown
c_total 1
# EOF
)");
}

TEST_F(OpenMetricsTest, UnitsOnlyWhereTheNameEndsWithThem) {
  for (const char* name : {"a_bytes", "bytes", "a_bytes_used"}) {
    MetricDefinition definition = GaugeOf(name, Aggregate::kSum);
    definition.unit = "bytes";
    Set(*Define(definition), {}, 1);
  }
  const std::string text = Text();
  EXPECT_TRUE(Has(text, "# UNIT a_bytes bytes"));
  EXPECT_EQ(text.find("# UNIT bytes"), std::string::npos);
  EXPECT_EQ(text.find("# UNIT a_bytes_used"), std::string::npos);
}

TEST_F(OpenMetricsTest, InfoAndStateSet) {
  Set(*DefineGauge("build_info", {"version"}, GaugeKind::kInfo), {"1.2"}, 1);
  const auto phase = DefineGauge("phase", {"phase", "job"}, GaugeKind::kStateSet);
  Set(*phase, {"idle", "x"}, 0);
  Set(*phase, {"busy", "x"}, 1);
  EXPECT_EQ(Text(), R"(# HELP build Help.
# TYPE build info
build_info{version="1.2"} 1
# HELP phase Help.
# TYPE phase stateset
phase{phase="idle",job="x"} 0
phase{phase="busy",job="x"} 1
# EOF
)");
}

TEST_F(OpenMetricsTest, WhatIsNoInfoOrStateSetIsAGauge) {
  Set(*DefineGauge("a_info", {}, GaugeKind::kInfo), {}, 2);
  Set(*DefineGauge("about", {}, GaugeKind::kInfo), {}, 1);
  Set(*DefineGauge("s1", {"s1"}, GaugeKind::kStateSet), {"x"}, 0.5);
  Set(*DefineGauge("s2", {"state"}, GaugeKind::kStateSet), {"x"}, 1);
  const std::string text = Text();
  for (const char* type :
       {"# TYPE a_info gauge", "# TYPE about gauge", "# TYPE s1 gauge", "# TYPE s2 gauge"}) {
    EXPECT_TRUE(Has(text, type)) << type << "\n" << text;
  }
}

TEST_F(OpenMetricsTest, HistogramsWithCanonicalBoundsAndExemplars) {
  const auto histogram = Define(ExplicitOf("h_seconds", {0.00001, 1, 10, 1e6}, {"space"}));
  for (const double value : {0.5, 0.7, 5.0, 1e300}) Observe(*histogram, {"a"}, value);
  Snapshot snapshot = Take();
  snapshot.metrics[0].histograms[0].exemplars = {
      {0.5, 1700000001, "aa", "bb"},
      {0.7, 1700000002.5, "cc", ""},
      {5, 1700000003, std::string(128, 'd'), ""},
      {1e300, 1700000004, "", ""},
  };
  EXPECT_EQ(Rendered(snapshot, kOpenMetrics), R"(# HELP h_seconds Help.
# TYPE h_seconds histogram
h_seconds_bucket{space="a",le="1e-05"} 0
h_seconds_bucket{space="a",le="1.0"} 2 # {trace_id="cc"} 0.7 1700000002.5
h_seconds_bucket{space="a",le="10.0"} 3
h_seconds_bucket{space="a",le="1e+06"} 3
h_seconds_bucket{space="a",le="+Inf"} 4 # {} 1e+300 1700000004
h_seconds_sum{space="a"} 1e+300
h_seconds_count{space="a"} 4
h_seconds_created{space="a"} 1700000000.125
# EOF
)");
}

TEST_F(OpenMetricsTest, ExponentialHistograms) {
  const auto histogram = Define(ExponentialOf("h", 3));
  for (const double value : {0.0, 1.5, 3.0}) Observe(*histogram, {}, value);
  Snapshot snapshot = Take();
  snapshot.metrics[0].histograms[0].exemplars = {{1.5, 1700000001, "aa", "bb"}};
  EXPECT_EQ(Rendered(snapshot, kOpenMetrics), R"(# HELP h Help.
# TYPE h histogram
h_bucket{le="1.0"} 1
h_bucket{le="2.0"} 2 # {trace_id="aa",span_id="bb"} 1.5 1700000001
h_bucket{le="4.0"} 3
h_bucket{le="+Inf"} 3
h_sum 4.5
h_count 3
h_created 1700000000.125
# EOF
)");
}

// A sum that is no counter may not be there, nor then the count.
TEST_F(OpenMetricsTest, SumsThatAreNoCountersAreLeftOut) {
  Observe(*Define(ExplicitOf("negative_bound", {-1, 1})), {}, 5);
  Observe(*Define(ExplicitOf("negative_sum", {1})), {}, -5);
  Observe(*Define(ExplicitOf("not_a_number", {1})), {}, std::nan(""));
  Observe(*Define(ExplicitOf("usual", {1})), {}, 5);
  const std::string text = Text();
  for (const std::string name : {"negative_bound", "negative_sum", "not_a_number", "usual"}) {
    const bool is_usual = name == "usual";
    EXPECT_TRUE(Has(text, name + "_bucket{le=\"+Inf\"} 1")) << name;
    EXPECT_EQ(text.find(name + "_sum") != std::string::npos, is_usual) << name;
    EXPECT_EQ(text.find(name + "_count") != std::string::npos, is_usual) << name;
    EXPECT_TRUE(Has(text, name + "_created 1700000000.125")) << name;
  }
}

TEST_F(OpenMetricsTest, AHistogramDoesNotTellItsCreationWhereAnotherFamilyIsCalledSo) {
  Observe(*Define(ExplicitOf("h", {1})), {}, 5);
  Set(*DefineGauge("h_created", {}), {}, 7);
  const std::string text = Text();
  EXPECT_TRUE(Has(text, "h_created 7"));
  EXPECT_FALSE(Has(text, "h_created 1700000000.125"));
}

TEST_F(OpenMetricsTest, NamesThatAreNoLegacyNames) {
  Count(CounterOf("my.jobs_total", {"a"}), 2);
  Set(*DefineGauge("my.state", {"my.state"}, GaugeKind::kStateSet), {"on"}, 1);
  Snapshot snapshot = Take();
  snapshot.metrics[1].series[0].labels = R"("my.state"="on")";
  EXPECT_EQ(Rendered(snapshot, {Format::kOpenMetrics100, Escaping::kAllowUtf8}),
            R"(# HELP "my.jobs" Help.
# TYPE "my.jobs" counter
{"my.jobs_total",a="v"} 2
{"my.jobs_created",a="v"} 1700000000.125
# HELP "my.state" Help.
# TYPE "my.state" stateset
{"my.state","my.state"="on"} 1
# EOF
)");
  EXPECT_EQ(Rendered(snapshot, {Format::kOpenMetrics100, Escaping::kValues}),
            R"(# HELP U__my_2e_jobs_ Help.
# TYPE U__my_2e_jobs_ counter
U__my_2e_jobs__total{a="v"} 2
U__my_2e_jobs__created{a="v"} 1700000000.125
# HELP U__my_2e_state Help.
# TYPE U__my_2e_state stateset
U__my_2e_state{U__my_2e_state="on"} 1
# EOF
)");
}

TEST_F(OpenMetricsTest, ComputedFamilies) {
  const auto jobs = Define(CounterOf("jobs_total"));
  Add(*jobs, {}, 2);
  const Operand of{jobs, OperandPart::kValue, {}};
  Must(registry_->DefineDerived({"share_ratio", "A share.", "ratio", {}, {of}, {of}, {}}));
  registry_->CountRejection(jobs->id(), Rejection::kNegative);
  const std::string text = Text();
  EXPECT_TRUE(Has(text, "# TYPE share_ratio gauge\n# UNIT share_ratio ratio\nshare_ratio 1"));
  EXPECT_TRUE(Has(text,
                  "# TYPE nanotally_rejected counter\n"
                  "nanotally_rejected_total{metric=\"jobs_total\",reason=\"negative\"} 1\n# EOF"));
}

}  // namespace
}  // namespace nanotally
