// Derived gauges: ratios and rates over merged values, where filters, grouping, windows, absence.
#include "core/derived_gauge.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "test/support/environment.h"

namespace nanotally {
namespace {

using std::chrono::milliseconds;
using Values = std::map<std::string, double>;

class DerivedGaugeTest : public ::testing::Test {
 protected:
  std::shared_ptr<Metric> Define(MetricDefinition definition) {
    return registry_->Find(registry_.Define(std::move(definition)));
  }
  void Add(const Metric& counter, const std::vector<std::string>& values, double amount) {
    AddToCell(environment_.Bind(counter.id(), values), amount);
  }
  void Ratio(std::string name, std::vector<Operand> of, std::vector<Operand> to,
             std::vector<std::string> labels = {}) {
    Must(registry_->DefineDerived({std::move(name), "A ratio.", "", std::move(labels),
                                   std::move(of), std::move(to), milliseconds(0)}));
  }
  void Rate(std::string name, std::vector<Operand> of, milliseconds window,
            std::vector<std::string> labels = {}) {
    Must(registry_->DefineDerived(
        {std::move(name), "A rate.", "", std::move(labels), std::move(of), {}, window}));
  }
  // The values of a derived gauge by their labels.
  Values Read(const std::string& name, std::int64_t ms = 0) {
    for (const ComputedFamily& derived : registry_->TakeSnapshot(At(ms)).computed) {
      if (derived.name != name) continue;
      Values values;
      for (const ComputedSample& value : derived.samples) {
        EXPECT_TRUE(values.emplace(value.labels, value.value).second) << "twice " << value.labels;
      }
      return values;
    }
    ADD_FAILURE() << "no derived gauge " << name;
    return {};
  }

  TestRegistry registry_;
  Environment environment_{registry_.registry};
};

TEST_F(DerivedGaugeTest, RatioIsAbsentWhileItsDenominatorIsZero) {
  const auto hits = Define(CounterOf("hits"));
  const auto lookups = Define(CounterOf("lookups"));
  Ratio("r", {{hits, OperandPart::kValue, {}}}, {{lookups, OperandPart::kValue, {}}});
  EXPECT_EQ(Read("r"), Values{}) << "no series at all";
  Add(*hits, {}, 3);
  Add(*lookups, {}, 0);
  EXPECT_EQ(Read("r"), Values{}) << "0 lookups";
  Add(*lookups, {}, 4);
  EXPECT_EQ(Read("r"), (Values{{"", 0.75}}));
}

TEST_F(DerivedGaugeTest, RatioOfNothingYetIsZero) {
  const auto hits = Define(CounterOf("hits"));
  const auto lookups = Define(CounterOf("lookups"));
  Ratio("r", {{hits, OperandPart::kValue, {}}}, {{lookups, OperandPart::kValue, {}}});
  Add(*lookups, {}, 4);
  EXPECT_EQ(Read("r"), (Values{{"", 0}})) << "no hit among four lookups";
}

TEST_F(DerivedGaugeTest, RatioSumsOperandsAndGroups) {
  const auto hits = Define(CounterOf("hits", {"cache", "host"}));
  const auto misses = Define(CounterOf("misses", {"cache"}));
  const Operand of_hits{hits, OperandPart::kValue, {}};
  const Operand of_misses{misses, OperandPart::kValue, {}};
  Ratio("all", {of_hits}, {of_hits, of_misses});
  Ratio("by_cache", {of_hits}, {of_hits, of_misses}, {"cache"});
  Add(*hits, {"a", "1"}, 1);
  Add(*hits, {"a", "2"}, 2);
  Add(*misses, {"a"}, 3);
  Add(*misses, {"b"}, 5);  // never hit
  Add(*hits, {"c", "1"}, 9);
  EXPECT_EQ(Read("all"), (Values{{"", 12.0 / 20}}));
  EXPECT_EQ(Read("by_cache"),
            (Values{{R"(cache="a")", 0.5}, {R"(cache="b")", 0}, {R"(cache="c")", 1}}));
}

TEST_F(DerivedGaugeTest, GroupsByLabelsInTheOrderOfTheDefinition) {
  const auto c = Define(CounterOf("c", {"x", "y"}));
  const Operand of{c, OperandPart::kValue, {}};
  Ratio("r", {of}, {of}, {"y", "x"});
  Add(*c, {"1", "2"}, 1);
  Add(*c, {"", "3"}, 1);
  EXPECT_EQ(Read("r"), (Values{{R"(y="2",x="1")", 1}, {R"(y="3")", 1}}));
}

TEST_F(DerivedGaugeTest, WhereSelectsSeriesByEscapedValue) {
  const auto c = Define(CounterOf("c", {"code", "path"}));
  const Operand all{c, OperandPart::kValue, {}};
  Ratio("errors", {{c, OperandPart::kValue, {{"code", "500"}}}}, {all});
  Ratio("quoted", {{c, OperandPart::kValue, {{"path", R"(a\"b\\)"}}}}, {all});
  Ratio("both", {{c, OperandPart::kValue, {{"code", "500"}, {"path", R"(a\"b\\)"}}}}, {all});
  Ratio("unset", {{c, OperandPart::kValue, {{"path", ""}}}}, {all});
  Ratio("none", {all}, {{c, OperandPart::kValue, {{"code", "999"}}}});
  Add(*c, {"500", "/"}, 1);
  Add(*c, {"500", "a\"b\\"}, 2);
  Add(*c, {"200", "a\"b\\"}, 4);
  Add(*c, {"200", ""}, 1);
  EXPECT_EQ(Read("errors"), (Values{{"", 3.0 / 8}}));
  EXPECT_EQ(Read("quoted"), (Values{{"", 6.0 / 8}}));
  EXPECT_EQ(Read("both"), (Values{{"", 2.0 / 8}}));
  EXPECT_EQ(Read("unset"), (Values{{"", 1.0 / 8}}));
  EXPECT_EQ(Read("none"), Values{});
}

TEST_F(DerivedGaugeTest, LabelsWithQuotedNamesSelectAndGroup) {
  const std::string dotted = "http.route", quoted = "say \"hi\"";
  const auto c = Define(CounterOf("c", {dotted, quoted, "http"}));
  const Operand all{c, OperandPart::kValue, {}};
  Ratio("route", {{c, OperandPart::kValue, {{dotted, "/a"}}}}, {all});
  Ratio("both", {{c, OperandPart::kValue, {{dotted, "/a"}, {quoted, "x"}}}}, {all});
  Ratio("none", {all}, {{c, OperandPart::kValue, {{"http", "/a"}}}});
  Ratio("by", {{c, OperandPart::kValue, {{dotted, "/a"}}}}, {all}, {quoted});
  Add(*c, {"/a", "x", "1"}, 1);
  Add(*c, {"/a", "y\"", "2"}, 2);
  Add(*c, {"/b", "y\"", "3"}, 1);
  EXPECT_EQ(Read("route"), (Values{{"", 0.75}}));
  EXPECT_EQ(Read("both"), (Values{{"", 0.25}}));
  EXPECT_EQ(Read("none"), Values{});
  EXPECT_EQ(Read("by"), (Values{{R"("say \"hi\""="x")", 1}, {R"("say \"hi\""="y\"")", 2.0 / 3}}));
}

TEST_F(DerivedGaugeTest, ReadsCountsAndSumsOfHistogramsAndPresentGauges) {
  const auto exponential = Define(ExponentialOf("x", 3));
  const auto bounded = Define(ExplicitOf("e", {1}));
  const auto gauge = Define(GaugeOf("g", Aggregate::kSum));
  const auto unset = Define(GaugeOf("u", Aggregate::kSum));
  Ratio("mean", {{exponential, OperandPart::kSum, {}}}, {{exponential, OperandPart::kCount, {}}});
  Ratio("mixed", {{bounded, OperandPart::kSum, {}}, {gauge, OperandPart::kValue, {}}},
        {{bounded, OperandPart::kCount, {}}});
  Ratio("of_unset", {{gauge, OperandPart::kValue, {}}}, {{unset, OperandPart::kValue, {}}});
  for (const double value : {1.0, 2.0, 6.0}) {
    environment_.ObserveExponential(*exponential, environment_.Resolve(exponential->id()), value);
    environment_.ObserveExplicit(*bounded, environment_.Resolve(bounded->id()), value);
  }
  environment_.SetGauge(environment_.Resolve(gauge->id()).address, 3);
  environment_.Bind(unset->id());  // resolved, never set
  EXPECT_EQ(Read("mean"), (Values{{"", 3}}));
  EXPECT_EQ(Read("mixed"), (Values{{"", 4}}));
  EXPECT_EQ(Read("of_unset"), Values{});
}

TEST_F(DerivedGaugeTest, ARemovedOperandIsLeftOut) {
  const auto a = Define(CounterOf("a"));
  const auto b = Define(CounterOf("b"));
  const auto c = Define(CounterOf("c"));
  Ratio("r", {{a, OperandPart::kValue, {}}},
        {{b, OperandPart::kValue, {}}, {c, OperandPart::kValue, {}}});
  Add(*a, {}, 6);
  Add(*b, {}, 2);
  Add(*c, {}, 1);
  EXPECT_EQ(Read("r"), (Values{{"", 2}}));
  registry_->Remove("b");
  EXPECT_EQ(Read("r"), (Values{{"", 6}}));
  registry_->Remove("c");
  EXPECT_EQ(Read("r"), Values{});
  EXPECT_TRUE(registry_->Remove("r"));
  EXPECT_FALSE(registry_->Remove("r"));
  EXPECT_TRUE(registry_->TakeSnapshot(At(0)).computed.empty());
}

TEST_F(DerivedGaugeTest, SubtractsWhatIsMinus) {
  const auto lookups = Define(CounterOf("lookups", {"cache"}));
  const auto misses = Define(CounterOf("misses", {"cache"}));
  const Operand all{lookups, OperandPart::kValue, {}};
  const Operand minus{misses, OperandPart::kValue, {}, true};
  Ratio("hit_ratio", {all, minus}, {all}, {"cache"});
  Rate("hits", {all, minus}, milliseconds(1000));
  Add(*lookups, {"a"}, 8);
  Add(*misses, {"a"}, 2);
  Add(*lookups, {"b"}, 3);
  Add(*misses, {"c"}, 1);
  EXPECT_EQ(Read("hit_ratio"), (Values{{R"(cache="a")", 0.75}, {R"(cache="b")", 1}}))
      << "of what was not looked up there is no ratio";
  registry_.registry.Tick(At(0));
  Add(*misses, {"a"}, 3);
  EXPECT_EQ(Read("hits", 500), (Values{{"", -6}})) << "a difference may fall";
}

TEST_F(DerivedGaugeTest, ScalesWhatItComputes) {
  const auto aligned = Define(CounterOf("aligned"));
  const auto allocations = Define(CounterOf("allocations"));
  const Operand of{aligned, OperandPart::kValue, {}};
  const Operand to{allocations, OperandPart::kValue, {}};
  DerivedDefinition percent{"percent", "A percentage.", "", {}, {of}, {to}};
  percent.scale = 100;
  Must(registry_->DefineDerived(percent));
  DerivedDefinition rate{"per_minute", "A rate.", "", {}, {of}, {}, milliseconds(1000)};
  rate.scale = 60;
  Must(registry_->DefineDerived(rate));
  registry_->Tick(At(0));
  Add(*aligned, {}, 29);
  Add(*allocations, {}, 100);
  EXPECT_EQ(Read("percent"), (Values{{"", 29}})) << "0.29 * 100 would be less";
  EXPECT_EQ(Read("per_minute", 1000), (Values{{"", 29 * 60}}));

  percent.scale = 1;
  EXPECT_FALSE(registry_->DefineDerived(percent).ok()) << "another metric";
}

TEST_F(DerivedGaugeTest, SubtractedOperandsMakeAnotherMetric) {
  const auto c = Define(CounterOf("c"));
  Ratio("r", {{c, OperandPart::kValue, {}}}, {{c, OperandPart::kValue, {}}});
  const DerivedDefinition other{"r",
                                "A ratio.",
                                "",
                                {},
                                {{c, OperandPart::kValue, {}, true}},
                                {{c, OperandPart::kValue, {}}},
                                milliseconds(0)};
  EXPECT_EQ(registry_->DefineDerived(other).code, ErrorCode::kMetricConflict);
}

TEST_F(DerivedGaugeTest, RatioThatNeedsAllIsAbsentWhereOneWasNotCounted) {
  const auto events = Define(CounterOf("events", {"region", "event"}));
  const auto of = [&](const char* event, bool minus = false) {
    return Operand{events, OperandPart::kValue, {{"event", event}}, minus};
  };
  DerivedDefinition definition{
      "hit_ratio",   "A ratio.",      "",  {"region"}, {of("loads"), of("misses", true)},
      {of("loads")}, milliseconds(0), true};
  Must(registry_->DefineDerived(definition));
  definition.name = "per_cycle";
  definition.of = {of("instructions")};
  definition.to = {of("cycles")};
  Must(registry_->DefineDerived(definition));
  Add(*events, {"both", "loads"}, 10);
  Add(*events, {"both", "misses"}, 1);
  Add(*events, {"loads only", "loads"}, 10);
  Add(*events, {"misses only", "misses"}, 10);
  Add(*events, {"none missed", "loads"}, 4);
  Add(*events, {"none missed", "misses"}, 0);
  EXPECT_EQ(Read("hit_ratio"), (Values{{R"(region="both")", 0.9}, {R"(region="none missed")", 1}}));
  Add(*events, {"cycles only", "cycles"}, 10);
  EXPECT_EQ(Read("per_cycle"), Values{}) << "not 0";
}

TEST_F(DerivedGaugeTest, RateIsAbsentUntilThereIsSomethingToCompareWith) {
  const auto c = Define(CounterOf("c"));
  Add(*c, {}, 100);
  Rate("r", {{c, OperandPart::kValue, {}}}, milliseconds(1600));
  EXPECT_EQ(Read("r", 0), Values{}) << "no sample";
  registry_->Tick(At(0));
  EXPECT_EQ(Read("r", 0), Values{}) << "none before this moment";
  Add(*c, {}, 5);
  EXPECT_EQ(Read("r", 500), (Values{{"", 10}})) << "5 in half a second, without the 100 before";
}

TEST_F(DerivedGaugeTest, RateLooksBackOneWindow) {
  const auto c = Define(CounterOf("c"));
  Rate("r", {{c, OperandPart::kValue, {}}}, milliseconds(1600));
  // 1 per 100 ms for two seconds, then nothing.
  for (int ms = 0; ms <= 2000; ms += 100) {
    registry_->Tick(At(ms));
    Add(*c, {}, 1);
  }
  EXPECT_EQ(Read("r", 2000), (Values{{"", 17 / 1.6}}))
      << "since 400 ms, when 4 were counted; 21 are now";
  for (int ms = 2100; ms <= 4000; ms += 100) registry_->Tick(At(ms));
  EXPECT_EQ(Read("r", 4000), (Values{{"", 0}}));
}

TEST_F(DerivedGaugeTest, RateSamplesASixteenthOfItsWindowApart) {
  const auto c = Define(CounterOf("c"));
  Rate("r", {{c, OperandPart::kValue, {}}}, milliseconds(1600));
  registry_->Tick(At(0));
  Add(*c, {}, 10);
  registry_->Tick(At(99));  // not due yet: takes no sample
  Add(*c, {}, 10);
  EXPECT_EQ(Read("r", 1600), (Values{{"", 20 / 1.6}})) << "compared with the sample at 0";
  EXPECT_EQ(Read("r", 1601), Values{}) << "which has left the window, and 99 ms was none";
}

TEST_F(DerivedGaugeTest, ScrapesTakeNoSamples) {
  const auto c = Define(CounterOf("c"));
  Rate("r", {{c, OperandPart::kValue, {}}}, milliseconds(1600));
  registry_->Tick(At(0));
  Add(*c, {}, 10);
  for (int ms = 100; ms < 1000; ms += 100) static_cast<void>(registry_->TakeSnapshot(At(ms)));
  EXPECT_EQ(Read("r", 1000), (Values{{"", 10}}));
  EXPECT_EQ(Read("r", 1000), (Values{{"", 10}}));
}

TEST_F(DerivedGaugeTest, RateOfANewGroupCountsFromZero) {
  const auto c = Define(CounterOf("c", {"kind"}));
  Rate("r", {{c, OperandPart::kValue, {}}}, milliseconds(1000), {"kind"});
  Add(*c, {"old"}, 7);
  registry_->Tick(At(0));
  Add(*c, {"old"}, 1);
  Add(*c, {"new"}, 4);
  EXPECT_EQ(Read("r", 500), (Values{{R"(kind="old")", 2}, {R"(kind="new")", 8}}));
}

TEST_F(DerivedGaugeTest, RateGoesOnOverTheEndOfAnEnvironment) {
  const auto c = Define(CounterOf("c"));
  Rate("r", {{c, OperandPart::kValue, {}}}, milliseconds(1000));
  registry_->Tick(At(0));
  {
    Environment worker(registry_.registry);
    AddToCell(worker.Bind(c->id()), 3);
    registry_->Tick(At(400));
  }
  Add(*c, {}, 1);
  EXPECT_EQ(Read("r", 500), (Values{{"", 8}}));
}

}  // namespace
}  // namespace nanotally
