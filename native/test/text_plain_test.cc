// The Prometheus text formats: goldens for every instrument and the worst label values, and
// histograms against what was observed.
#include "render/text_plain.h"

#include <gtest/gtest.h>

#include <charconv>
#include <cmath>
#include <limits>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "test/support/exposed_registry.h"

namespace nanotally {
namespace {

using namespace std::string_literals;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

class TextTest : public ExposedRegistry {
 protected:
  std::string Render() { return Rendered(Exposition{}); }
};

TEST_F(TextTest, NothingDefinedIsNoText) { EXPECT_EQ(Render(), ""); }

TEST_F(TextTest, ItIsAppended) {
  Define(CounterOf("c"));
  std::string text = "before\n";
  RenderTextPlain(Take(), Escaping::kUnderscores, text);
  EXPECT_EQ(text, "before\n# HELP c Help.\n# TYPE c counter\n");
}

TEST_F(TextTest, Counters) {
  const auto unlabelled = Define(CounterOf("b_total"));
  const auto labelled = Define(CounterOf("a_total", {"method", "status"}), "Requests served.");
  Add(*labelled, {"GET", "200"}, 3);
  Add(*labelled, {"POST", ""}, 0.1);
  Add(*unlabelled, {}, 0);
  EXPECT_EQ(Render(), R"(# HELP a_total Requests served.
# TYPE a_total counter
a_total{method="GET",status="200"} 3
a_total{method="POST"} 0.1
# HELP b_total Help.
# TYPE b_total counter
b_total 0
)");
}

TEST_F(TextTest, GaugesThatWereNeverSetAreLeftOut) {
  auto definition = GaugeOf("depth", Aggregate::kSum);
  definition.labels = {"queue"};
  const auto depth = Define(definition);
  environment_.Resolve(depth->id(), {"never"});
  environment_.SetGauge(environment_.Resolve(depth->id(), {"high"}).address, -12.5);
  environment_.AddToGauge(environment_.Resolve(depth->id(), {"low"}).address, 2);
  EXPECT_EQ(Render(), R"(# HELP depth Help.
# TYPE depth gauge
depth{queue="high"} -12.5
depth{queue="low"} 2
)");
}

TEST_F(TextTest, NumbersOfEveryKind) {
  auto definition = GaugeOf("g", Aggregate::kSum);
  definition.labels = {"n"};
  const auto gauge = Define(definition);
  const std::vector<double> values = {kNaN,   kInfinity, -kInfinity, -0.0,     5e-324,
                                      0x1p53, 1e308,     1e21,       0.1 + 0.2};
  for (std::size_t i = 0; i < values.size(); ++i) {
    environment_.SetGauge(environment_.Resolve(gauge->id(), {std::to_string(i)}).address,
                          values[i]);
  }
  EXPECT_EQ(Render(), R"(# HELP g Help.
# TYPE g gauge
g{n="0"} NaN
g{n="1"} +Inf
g{n="2"} -Inf
g{n="3"} -0
g{n="4"} 5e-324
g{n="5"} 9007199254740992
g{n="6"} 1e+308
g{n="7"} 1e+21
g{n="8"} 0.30000000000000004
)");
}

TEST_F(TextTest, ExplicitHistograms) {
  const auto histogram = Define(ExplicitOf("h", {0.1, 1, 2.5e9}, {"space"}));
  for (const double value : {0.1, 0.05, 7.0, 1e300, kInfinity, -3.0}) {
    Observe(*histogram, {"a"}, value);
  }
  Observe(*histogram, {"b"}, kNaN);
  EXPECT_EQ(Render(), R"(# HELP h Help.
# TYPE h histogram
h_bucket{space="a",le="0.1"} 3
h_bucket{space="a",le="1"} 3
h_bucket{space="a",le="2500000000"} 4
h_bucket{space="a",le="+Inf"} 6
h_sum{space="a"} +Inf
h_count{space="a"} 6
h_bucket{space="b",le="0.1"} 0
h_bucket{space="b",le="1"} 0
h_bucket{space="b",le="2500000000"} 0
h_bucket{space="b",le="+Inf"} 1
h_sum{space="b"} NaN
h_count{space="b"} 1
)");
}

TEST_F(TextTest, ExponentialHistogramsOfOneMetricShareTheirBoundaries) {
  const auto histogram = Define(ExponentialOf("h", 3, {"space"}));
  for (const double value : {0.3, 0.3, 1.0, 3.5}) Observe(*histogram, {"a"}, value);
  for (const double value : {0.0, -2.0, 1.5}) Observe(*histogram, {"b"}, value);
  EXPECT_EQ(Render(), R"(# HELP h Help.
# TYPE h histogram
h_bucket{space="a",le="0.25"} 0
h_bucket{space="a",le="0.5"} 2
h_bucket{space="a",le="1"} 3
h_bucket{space="a",le="2"} 3
h_bucket{space="a",le="4"} 4
h_bucket{space="a",le="+Inf"} 4
h_sum{space="a"} 5.1
h_count{space="a"} 4
h_bucket{space="b",le="0.25"} 2
h_bucket{space="b",le="0.5"} 2
h_bucket{space="b",le="1"} 2
h_bucket{space="b",le="2"} 3
h_bucket{space="b",le="4"} 3
h_bucket{space="b",le="+Inf"} 3
h_sum{space="b"} -0.5
h_count{space="b"} 3
)");
}

TEST_F(TextTest, HistogramsWithoutLabelsAndWithoutObservations) {
  const auto histogram = Define(ExponentialOf("h", 3));
  environment_.Resolve(histogram->id());
  EXPECT_EQ(Render(), R"(# HELP h Help.
# TYPE h histogram
h_bucket{le="+Inf"} 0
h_sum 0
h_count 0
)");
  for (const double value : {-kInfinity, kInfinity, kNaN}) Observe(*histogram, {}, value);
  EXPECT_EQ(Render(), R"(# HELP h Help.
# TYPE h histogram
h_bucket{le="+Inf"} 3
h_sum NaN
h_count 3
)");
  Observe(*histogram, {}, -1);
  EXPECT_EQ(Render(), R"(# HELP h Help.
# TYPE h histogram
h_bucket{le="2.938735877055719e-39"} 2
h_bucket{le="+Inf"} 4
h_sum NaN
h_count 4
)");
}

TEST_F(TextTest, WorstLabelValuesAndHelp) {
  const auto counter = Define(CounterOf("c", {"v"}), "Two\nlines, a \\ and a \"quote\".\0"s);
  Add(*counter, {"say \"hi\"\\\n"}, 1);
  Add(*counter, {"\xF0\x9F\x90\x98 \xEF\xBF\xBD"}, 2);  // what JavaScript makes of a lone surrogate
  Add(*counter, {"\0"s}, 3);
  Add(*counter, {"}, x{y=\"1\"} 2 # HELP"}, 4);
  EXPECT_EQ(Render(),
            "# HELP c Two\\nlines, a \\\\ and a \"quote\".\xEF\xBF\xBD\n"
            "# TYPE c counter\n"
            "c{v=\"say \\\"hi\\\"\\\\\\n\"} 1\n"
            "c{v=\"\xF0\x9F\x90\x98 \xEF\xBF\xBD\"} 2\n"
            "c{v=\"\xEF\xBF\xBD\"} 3\n"
            "c{v=\"}, x{y=\\\"1\\\"} 2 # HELP\"} 4\n");
}

TEST_F(TextTest, ALabelValueOfTenKilobytes) {
  const auto counter = Define(CounterOf("c", {"v"}));
  const std::string value(10'000, 'x');
  Add(*counter, {value}, 1);
  EXPECT_EQ(Render(), "# HELP c Help.\n# TYPE c counter\nc{v=\"" + value + "\"} 1\n");
}

TEST_F(TextTest, DerivedGaugesComeLastAndMayBeEmpty) {
  const auto a = Define(CounterOf("z", {"k"}));
  const Operand of{a, OperandPart::kValue, {}};
  Must(registry_->DefineDerived({"share", "A share.", "", {"k"}, {of}, {of}, {}}));
  Must(registry_->DefineDerived(
      {"rate", "A rate.", "", {}, {of}, {}, std::chrono::milliseconds(1000)}));
  Add(*a, {"1"}, 2);
  EXPECT_EQ(Render(), R"(# HELP z Help.
# TYPE z counter
z{k="1"} 2
# HELP rate A rate.
# TYPE rate gauge
# HELP share A share.
# TYPE share gauge
share{k="1"} 1
)");
}

TEST_F(TextTest, OwnFamiliesAppearOnceThereIsSomethingToTell) {
  auto definition = CounterOf("a", {"n"});
  definition.max_series = 1;
  const auto a = Define(definition);
  const auto b = Define(CounterOf("b"));
  for (const char* value : {"1", "2", "3"}) Add(*a, {value}, 1);
  registry_->CountRejection(b->id(), Rejection::kNegative);
  registry_->CountRejection(a->id(), Rejection::kLabels);
  registry_->CountRejection(b->id(), Rejection::kLabels);
  registry_->CountRejection(b->id(), Rejection::kLabels);
  registry_->CountRejection(Rejection::kDefinition);
  EXPECT_EQ(Render(), R"(# HELP a Help.
# TYPE a counter
a{n="1"} 1
a{otel_metric_overflow="true"} 2
# HELP b Help.
# TYPE b counter
# HELP nanotally_overflowed_total Label lookups past maxSeries that led to the overflow series.
# TYPE nanotally_overflowed_total counter
nanotally_overflowed_total{metric="a"} 2
# HELP nanotally_rejected_total Recordings that were dropped, by metric and reason.
# TYPE nanotally_rejected_total counter
nanotally_rejected_total{metric="b",reason="negative"} 1
nanotally_rejected_total{metric="a",reason="labels"} 1
nanotally_rejected_total{metric="b",reason="labels"} 2
nanotally_rejected_total{reason="definition"} 1
)");
}

// What knows more than gauges is a gauge here, and exemplars and created times are not shown.
TEST_F(TextTest, InfoAndStateSetAreGauges) {
  MetricDefinition info = GaugeOf("build_info", Aggregate::kLast);
  info.gauge_kind = GaugeKind::kInfo;
  info.labels = {"version"};
  Set(*Define(info), {"1.2"}, 1);
  MetricDefinition states = GaugeOf("phase", Aggregate::kLast);
  states.gauge_kind = GaugeKind::kStateSet;
  states.labels = {"phase"};
  Set(*Define(states), {"idle"}, 0);
  Snapshot snapshot = Take();
  const std::string expected = R"(# HELP build_info Help.
# TYPE build_info gauge
build_info{version="1.2"} 1
# HELP phase Help.
# TYPE phase gauge
phase{phase="idle"} 0
)";
  EXPECT_EQ(Rendered(snapshot, {Format::kText004}), expected);
  EXPECT_EQ(Rendered(snapshot, {Format::kText100, Escaping::kAllowUtf8}), expected);
}

TEST_F(TextTest, ExemplarsAreNotShown) {
  Observe(*Define(ExplicitOf("h", {1})), {}, 0.5);
  Snapshot snapshot = Take();
  const std::string without = Rendered(snapshot, {});
  snapshot.metrics[0].histograms[0].exemplars = {{0.5, kCreated, "ab", "cd"}};
  EXPECT_EQ(Rendered(snapshot, {}), without);
  EXPECT_EQ(Rendered(snapshot, {Format::kText100}), without);
}

TEST_F(TextTest, NamesThatAreNoLegacyNames) {
  Count(CounterOf("my.jobs_total"), 2);
  const auto labelled = Define(CounterOf("a \"quoted\"\\\nname", {"zone"}));
  Add(*labelled, {"x"}, 3);
  Observe(*Define(ExplicitOf("my.h", {1})), {}, 0.5);
  Snapshot snapshot = Take();
  snapshot.metrics[0].series[0].labels = R"(zone="x","my.label"="y")";

  EXPECT_EQ(Rendered(snapshot, {Format::kText100, Escaping::kAllowUtf8}),
            R"(# HELP "a \"quoted\"\\\nname" Help.
# TYPE "a \"quoted\"\\\nname" counter
{"a \"quoted\"\\\nname",zone="x","my.label"="y"} 3
# HELP "my.h" Help.
# TYPE "my.h" histogram
{"my.h_bucket",le="1"} 1
{"my.h_bucket",le="+Inf"} 1
{"my.h_sum"} 0.5
{"my.h_count"} 1
# HELP "my.jobs_total" Help.
# TYPE "my.jobs_total" counter
{"my.jobs_total"} 2
)");
  const std::string underscores = R"(# HELP a__quoted___name Help.
# TYPE a__quoted___name counter
a__quoted___name{zone="x",my_label="y"} 3
# HELP my_h Help.
# TYPE my_h histogram
my_h_bucket{le="1"} 1
my_h_bucket{le="+Inf"} 1
my_h_sum 0.5
my_h_count 1
# HELP my_jobs_total Help.
# TYPE my_jobs_total counter
my_jobs_total 2
)";
  EXPECT_EQ(Rendered(snapshot, {}), underscores);
  EXPECT_EQ(Rendered(snapshot, {Format::kText100}), underscores);
  EXPECT_EQ(Rendered(snapshot, {Format::kText100, Escaping::kDots}),
            R"(# HELP a____quoted______name Help.
# TYPE a____quoted______name counter
a____quoted______name{zone="x",my_dot_label="y"} 3
# HELP my_dot_h Help.
# TYPE my_dot_h histogram
my_dot_h_bucket{le="1"} 1
my_dot_h_bucket{le="+Inf"} 1
my_dot_h_sum 0.5
my_dot_h_count 1
# HELP my_dot_jobs__total Help.
# TYPE my_dot_jobs__total counter
my_dot_jobs__total 2
)");
  EXPECT_EQ(Rendered(snapshot, {Format::kText004, Escaping::kValues}),
            R"(# HELP U__a_20__22_quoted_22__5c__a_name Help.
# TYPE U__a_20__22_quoted_22__5c__a_name counter
U__a_20__22_quoted_22__5c__a_name{zone="x",U__my_2e_label="y"} 3
# HELP U__my_2e_h Help.
# TYPE U__my_2e_h histogram
U__my_2e_h_bucket{le="1"} 1
U__my_2e_h_bucket{le="+Inf"} 1
U__my_2e_h_sum 0.5
U__my_2e_h_count 1
# HELP U__my_2e_jobs__total Help.
# TYPE U__my_2e_jobs__total counter
U__my_2e_jobs__total 2
)");
}

TEST_F(TextTest, FamiliesThatAreNotSelectedAreLeftOut) {
  Count(CounterOf("a_total"));
  const auto b = Define(CounterOf("b_total"));
  Add(*b, {}, 2);
  registry_->CountRejection(b->id(), Rejection::kNegative);
  EXPECT_EQ(Rendered(Take(NameFilter({"b_total"})), {}),
            "# HELP b_total Help.\n# TYPE b_total counter\nb_total 2\n");
  EXPECT_EQ(Rendered(Take(NameFilter({"no_such"})), {}), "");
  const std::string own = Rendered(Take(NameFilter({"nanotally_rejected_total"})), {});
  EXPECT_TRUE(
      own.ends_with("\nnanotally_rejected_total{metric=\"b_total\",reason=\"negative\"} 1\n"))
      << own;
  EXPECT_TRUE(own.starts_with("# HELP nanotally_rejected_total")) << own;
}

// Every shown bucket counts exactly the observations at or below its boundary; NaN is in +Inf
// alone.
TEST_F(TextTest, ExponentialBucketsCountExactlyWhatIsBelow) {
  std::mt19937_64 random(20251204);
  std::size_t checked = 0;
  for (int schema = kMinSchema; schema <= kMaxSchema; ++schema) {
    const auto histogram = Define(ExponentialOf("h", schema));
    std::vector<double> observed;
    std::lognormal_distribution<double> magnitude(0, schema % 2 == 0 ? 2 : 40);
    for (int i = 0; i < 500; ++i) {
      double value = magnitude(random);
      if (random() % 4 == 0) value = std::exp2(std::round(std::log2(value)));  // on a boundary
      if (random() % 5 == 0) value = -value;
      if (random() % 20 == 0) value = std::ldexp(value, -200);  // within the zero threshold
      if (random() % 50 == 0) value = kInfinity;
      if (random() % 50 == 0) value = -kInfinity;
      if (random() % 50 == 0) value = kNaN;
      observed.push_back(value);
      Observe(*histogram, {}, value);
    }
    std::istringstream lines(Render());
    std::string line;
    double last = 0;
    while (std::getline(lines, line)) {
      const std::string prefix = "h_bucket{le=\"";
      if (!line.starts_with(prefix)) continue;
      const double le =
          line[prefix.size()] == '+' ? kInfinity : std::stod(line.substr(prefix.size()));
      const double count = std::stod(line.substr(line.find("} ") + 2));
      double below = 0;
      for (const double value : observed) {
        below += value <= le || (le == kInfinity && std::isnan(value)) ? 1 : 0;
      }
      ASSERT_EQ(count, below) << "schema " << schema << " " << line;
      ASSERT_GE(count, last);
      last = count;
      ++checked;
    }
    EXPECT_EQ(last, 500);
    registry_->Remove("h");
    environment_.CatchUp();
  }
  EXPECT_GT(checked, 100u);
}

}  // namespace
}  // namespace nanotally
