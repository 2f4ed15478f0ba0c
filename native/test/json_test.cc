// JSON: goldens of every kind of family, what changed between two snapshots, and the worst strings.
#include "render/json.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "core/family_source.h"
#include "test/support/exposed_registry.h"

namespace nanotally {
namespace {

class JsonTest : public ExposedRegistry {
 protected:
  std::string Render() {
    std::string json;
    RenderJson(Take(), 1.5, json);
    return json;
  }
  // What has changed since the last call.
  std::string Changes() {
    Snapshot now = Take();
    std::string json;
    RenderJsonChanges(last_, now, 2, json);
    last_ = std::move(now);
    return json;
  }

  Snapshot last_;
};

TEST_F(JsonTest, NothingDefined) { EXPECT_EQ(Render(), R"({"time":1.5,"families":[]})"); }

TEST_F(JsonTest, ItIsAppended) {
  std::string json = "data: ";
  RenderJson(Take(), 0, json);
  EXPECT_EQ(json, R"(data: {"time":0,"families":[]})");
}

TEST_F(JsonTest, CountersAndGauges) {
  const auto counter = Define(CounterOf("a_total", {"method", "status"}));
  Add(*counter, {"GET", "200"}, 3);
  Add(*counter, {"POST", ""}, 0.5);
  auto definition = GaugeOf("b_bytes", Aggregate::kSum);
  definition.unit = "bytes";
  Set(*Define(definition), {}, -2);
  Define(CounterOf("c_total", {"never"}));
  EXPECT_EQ(
      Render(),
      R"({"time":1.5,"families":[)"
      R"({"name":"a_total","type":"counter","unit":"","help":"Help.","series":[)"
      R"({"labels":{"method":"GET","status":"200"},"value":3},{"labels":{"method":"POST"},"value":0.5}]},)"
      R"({"name":"b_bytes","type":"gauge","unit":"bytes","help":"Help.","series":[{"labels":{},"value":-2}]},)"
      R"({"name":"c_total","type":"counter","unit":"","help":"Help.","series":[]}]})");
}

TEST_F(JsonTest, NumbersThatJsonCannotTell) {
  auto definition = GaugeOf("g", Aggregate::kSum);
  definition.labels = {"n"};
  const auto gauge = Define(definition);
  const std::vector<double> values = {NAN, INFINITY, -INFINITY, -0.0, 1e308};
  for (std::size_t i = 0; i < values.size(); ++i) Set(*gauge, {std::to_string(i)}, values[i]);
  const std::string json = Render();
  for (const char* value :
       {R"("0"},"value":"NaN"})", R"("1"},"value":"+Inf"})", R"("2"},"value":"-Inf"})",
        R"("3"},"value":-0})", R"("4"},"value":1e+308})"}) {
    EXPECT_NE(json.find(value), std::string::npos) << value << " in " << json;
  }
}

TEST_F(JsonTest, StringsOfEveryKind) {
  const auto counter = Define(CounterOf("a_total", {"my.label"}), "A \"help\"\n\\ of it.");
  Add(*counter, {"q\" b\\ n\n t\t e\x1b <b> \xE2\x82\xAC"}, 1);
  EXPECT_EQ(Render(),
            R"({"time":1.5,"families":[{"name":"a_total","type":"counter","unit":"",)"
            R"("help":"A \"help\"\u000a\\ of it.","series":[{"labels":{"my.label":)"
            "\"q\\\" b\\\\ n\\u000a t\\u0009 e\\u001b <b> \xE2\x82\xAC\"},\"value\":1}]}]}");
}

TEST_F(JsonTest, AnExplicitHistogramTellsPopulatedBuckets) {
  auto definition = ExplicitOf("h", {1, 2});
  const auto histogram = Define(definition);
  for (const double value : {0.5, 5.0, 6.0}) Observe(*histogram, {}, value);
  EXPECT_EQ(Render(),
            R"({"time":1.5,"families":[{"name":"h","type":"histogram","unit":"","help":"Help.",)"
            R"("series":[{"labels":{},"count":3,"sum":11.5,"quantiles":{"0.5":2,"0.9":2,"0.99":2},)"
            R"("buckets":[["-Inf",1,1],[2,"+Inf",2]]}]}]})");
}

TEST_F(JsonTest, AnEmptyHistogramHasNoQuantiles) {
  environment_.Resolve(Define(ExplicitOf("h", {1}))->id(), {});
  EXPECT_NE(Render().find(R"("count":0,"sum":0,"quantiles":{},"buckets":[])"), std::string::npos);
}

TEST_F(JsonTest, AnExponentialHistogramTellsItsOwnBuckets) {
  const auto histogram = Define(ExponentialOf("h", 0));
  for (const double value : {3.0, 4.0, 100.0}) Observe(*histogram, {}, value);
  EXPECT_NE(Render().find(R"("buckets":[[2,4,2],[64,128,1]])"), std::string::npos) << Render();
}

TEST_F(JsonTest, ChangesAreWholeSeriesOfFamiliesThatChanged) {
  const auto a = Define(CounterOf("a_total", {"x"}));
  const auto b = Define(CounterOf("b_total", {"x"}));
  Add(*a, {"1"}, 1);
  Add(*a, {"2"}, 1);
  Add(*b, {"1"}, 1);
  EXPECT_NE(Changes().find("b_total"), std::string::npos);  // all of it is new
  EXPECT_EQ(Changes(), R"({"time":2,"families":[],"ended":[]})");
  Add(*a, {"2"}, 4);
  EXPECT_EQ(Changes(),
            R"({"time":2,"families":[{"name":"a_total","type":"counter","unit":"","help":"Help.",)"
            R"("series":[{"labels":{"x":"2"},"value":5}]}],"ended":[]})");
}

TEST_F(JsonTest, AHistogramChangesWithItsBuckets) {
  const auto h = Define(ExponentialOf("h", 3));
  Observe(*h, {}, 1);
  static_cast<void>(Changes());
  EXPECT_EQ(Changes(), R"({"time":2,"families":[],"ended":[]})");
  Observe(*h, {}, 0);  // count and zero bucket, but no sum
  EXPECT_NE(Changes().find(R"("count":2,"sum":1)"), std::string::npos);
}

TEST_F(JsonTest, AFamilyIsToldOnceItIsDefined) {
  static_cast<void>(Changes());
  Define(CounterOf("a_total", {"x"}));
  EXPECT_EQ(Changes(),
            R"({"time":2,"families":[{"name":"a_total","type":"counter","unit":"","help":"Help.",)"
            R"("series":[]}],"ended":[]})");
  EXPECT_EQ(Changes(), R"({"time":2,"families":[],"ended":[]})");
}

TEST_F(JsonTest, SeriesEnd) {
  const auto a = Define(CounterOf("a_total", {"x"}));
  Add(*a, {"1"}, 1);
  Add(*a, {"2"}, 2);
  Count(CounterOf("b_total"));
  static_cast<void>(Changes());
  const std::vector<std::string> one = {"1"};
  ASSERT_TRUE(registry_->RemoveSeries(a->id(), one).value());
  ASSERT_TRUE(registry_->Remove("b_total"));
  EXPECT_EQ(Changes(), R"({"time":2,"families":[],"ended":[{"name":"a_total","labels":{"x":"1"}},)"
                       R"({"name":"b_total","labels":{}}]})");
  EXPECT_EQ(Changes(), R"({"time":2,"families":[],"ended":[]})");
}

TEST_F(JsonTest, ASeriesThatEndedAndCameAgainHasNotEnded) {
  const auto a = Define(CounterOf("a_total", {"x"}));
  Add(*a, {"1"}, 7);
  static_cast<void>(Changes());
  const std::vector<std::string> one = {"1"};
  ASSERT_TRUE(registry_->RemoveSeries(a->id(), one).value());
  Add(*a, {"1"}, 2);
  EXPECT_EQ(Changes(),
            R"({"time":2,"families":[{"name":"a_total","type":"counter","unit":"","help":"Help.",)"
            R"("series":[{"labels":{"x":"1"},"value":2}]}],"ended":[]})");
}

// A source whose only family has one sample, if any.
class Told : public FamilySource {
 public:
  [[nodiscard]] std::span<const std::string_view> Names() const override { return names_; }
  void Read(const NameFilter& filter, std::vector<ComputedFamily>& families) override {
    if (!is_there || !filter.Selects("told", MetricType::kGauge)) return;
    families.push_back({"told", "It.", "seconds", MetricType::kGauge, {{"x=\"1\"", value}}});
  }
  double value = 1;
  bool is_there = true;

 private:
  const std::vector<std::string_view> names_ = {"told"};
};

TEST_F(JsonTest, WhatSourcesTell) {
  const auto told = std::make_shared<Told>();
  ASSERT_TRUE(registry_->AddSource(told).ok());
  static_cast<void>(Changes());
  EXPECT_EQ(Changes(), R"({"time":2,"families":[],"ended":[]})");
  told->value = 3;
  EXPECT_EQ(Changes(),
            R"({"time":2,"families":[{"name":"told","type":"gauge","unit":"seconds","help":"It.",)"
            R"("series":[{"labels":{"x":"1"},"value":3}]}],"ended":[]})");
  told->is_there = false;
  EXPECT_EQ(Changes(), R"({"time":2,"families":[],"ended":[{"name":"told","labels":{"x":"1"}}]})");
}

TEST_F(JsonTest, ASourceKeepsItsNamesAndLosesThemWithItsRemoval) {
  const auto told = std::make_shared<Told>();
  ASSERT_TRUE(registry_->AddSource(told).ok());
  ASSERT_TRUE(registry_->AddSource(told).ok());  // is there already
  EXPECT_EQ(Render().find("told"), Render().rfind("told"));
  EXPECT_EQ(registry_->Define(CounterOf("told")).status().code, ErrorCode::kMetricConflict);
  EXPECT_EQ(registry_->AddSource(std::make_shared<Told>()).code, ErrorCode::kMetricConflict);
  registry_->RemoveSource(*told);
  EXPECT_EQ(Render(), R"({"time":1.5,"families":[]})");
  ASSERT_TRUE(registry_->Define(CounterOf("told")).ok());
  EXPECT_EQ(registry_->AddSource(told).code, ErrorCode::kMetricConflict);
}

}  // namespace
}  // namespace nanotally
