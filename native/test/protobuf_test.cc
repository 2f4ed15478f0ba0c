// The protobuf format, decoded by the tests' own reader; field numbers are those of client_model's
// metrics.proto.
#include "render/protobuf.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "test/support/exposed_registry.h"
#include "test/support/wire_reader.h"

namespace nanotally {
namespace {

using namespace std::string_literals;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kMax = std::numeric_limits<double>::max();

using Labels = std::vector<std::pair<std::string, std::string>>;

Labels ReadLabels(const WireMessage& message) {
  Labels labels;
  for (std::size_t i = 0; i < message.Count(1); ++i) {
    const WireMessage pair = message.Message(1, i);
    labels.emplace_back(pair.String(1), pair.String(2));
  }
  return labels;
}

void ExpectTime(const WireMessage& timestamp, std::uint64_t seconds, std::uint64_t nanoseconds) {
  EXPECT_EQ(timestamp.Uint(1), seconds);
  EXPECT_EQ(timestamp.Uint(2), nanoseconds);
}

// Bucket index -> count, from the spans in `field` and the deltas in the next.
std::map<std::int64_t, std::int64_t> ReadBuckets(const WireMessage& histogram, int field) {
  std::map<std::int64_t, std::int64_t> buckets;
  const std::vector<std::int64_t> deltas = histogram.PackedSints(field + 1);
  std::int64_t index = 0;
  std::int64_t count = 0;
  std::size_t next = 0;
  for (std::size_t i = 0; i < histogram.Count(field); ++i) {
    const WireMessage span = histogram.Message(field, i);
    index += span.Sint(1);
    for (std::uint64_t n = span.Uint(2); n > 0; --n) buckets[index++] = count += deltas.at(next++);
  }
  EXPECT_EQ(next, deltas.size());
  return buckets;
}

class ProtobufTest : public ExposedRegistry {
 protected:
  static constexpr Exposition kProtobuf{Format::kProtobuf, Escaping::kUnderscores};

  std::vector<WireMessage> Families(const Snapshot& snapshot, Exposition exposition = kProtobuf) {
    body_ = Rendered(snapshot, exposition);
    return ReadDelimited(body_);
  }
  std::vector<WireMessage> Families() { return Families(Take()); }
  // The histogram of the only family's only metric.
  WireMessage OnlyHistogram() {
    const auto families = Families();
    EXPECT_EQ(families.size(), 1u);
    EXPECT_EQ(families.at(0).Uint(3), 4u);
    EXPECT_EQ(families[0].Count(4), 1u);
    return families[0].Message(4).Message(7);
  }

 private:
  std::string body_;
};

TEST_F(ProtobufTest, NothingIsNothing) {
  EXPECT_TRUE(Families().empty());
  Define(CounterOf("never_used_total", {"a"}));
  EXPECT_TRUE(Families().empty()) << "a family without samples";
}

// By hand, so that reader and writer cannot be wrong together.
TEST_F(ProtobufTest, BytesOfACounter) {
  Count(CounterOf("c", {"k"}), 1.5);
  // One literal for each field, as a digit behind an escape would be taken for part of it.
  const std::string expected =
      "\x2E"s  // 46 bytes
      "\x0A\x01"
      "c"  // name
      "\x12\x05"
      "Help."     // help
      "\x18\x00"  // type: COUNTER
      "\x22\x20"  // metric
      "\x0A\x06\x0A\x01"
      "k"
      "\x12\x01"
      "v"
      "\x1A\x16"                              // counter
      "\x09\x00\x00\x00\x00\x00\x00\xF8\x3F"  // 1.5
      "\x1A\x0B"                              // created
      "\x08\x80\xE2\xCF\xAA\x06"              // seconds
      "\x10\xC0\xB2\xCD\x3B"s;                // nanoseconds
  EXPECT_EQ(Rendered(kProtobuf), expected);
}

TEST_F(ProtobufTest, CountersAndGauges) {
  MetricDefinition definition = CounterOf("work_seconds_total", {"kind", "zone"});
  definition.unit = "seconds";
  const auto work = Define(definition, "Two\nlines.");
  Add(*work, {"say \"hi\"\\\n", ""}, 0.1);
  Add(*work, {"b", "c"}, 3);
  MetricDefinition info = GaugeOf("build_info", Aggregate::kLast);
  info.gauge_kind = GaugeKind::kInfo;
  Set(*Define(info), {}, 1);
  const auto families = Families();
  ASSERT_EQ(families.size(), 2u);

  EXPECT_EQ(families[0].String(1), "build_info");
  EXPECT_EQ(families[0].Uint(3), 1u);
  EXPECT_EQ(families[0].Message(4).Message(2).Double(1), 1);

  const WireMessage& counter = families[1];
  EXPECT_EQ(counter.String(1), "work_seconds_total");
  EXPECT_EQ(counter.String(2), "Two\nlines.");
  EXPECT_EQ(counter.Uint(3), 0u);
  EXPECT_EQ(counter.String(5), "seconds");
  ASSERT_EQ(counter.Count(4), 2u);
  EXPECT_EQ(ReadLabels(counter.Message(4, 0)), (Labels{{"kind", "say \"hi\"\\\n"}}));
  EXPECT_EQ(ReadLabels(counter.Message(4, 1)), (Labels{{"kind", "b"}, {"zone", "c"}}));
  EXPECT_EQ(counter.Message(4, 0).Message(3).Double(1), 0.1);
  EXPECT_EQ(counter.Message(4, 1).Message(3).Double(1), 3);
  ExpectTime(counter.Message(4, 1).Message(3).Message(3), 1700000000, 125'000'000);
}

TEST_F(ProtobufTest, LongMessagesHaveLongLengths) {
  const auto counter = Define(CounterOf("c", {"v"}));
  for (const std::size_t length : {100u, 128u, 20'000u})
    Add(*counter, {std::string(length, 'x')}, 1);
  const auto families = Families();
  ASSERT_EQ(families.at(0).Count(4), 3u);
  std::size_t i = 0;
  for (const std::size_t length : {100u, 128u, 20'000u})
    EXPECT_EQ(ReadLabels(families[0].Message(4, i++)).at(0).second, std::string(length, 'x'));
}

TEST_F(ProtobufTest, NamesAreEscaped) {
  Count(CounterOf("my.jobs", {"a"}));
  Snapshot snapshot = Take();
  snapshot.metrics[0].series[0].labels = R"("my.\"label"="v")";
  const auto name_and_label = [&](Escaping escaping) {
    const auto families = Families(snapshot, {Format::kProtobuf, escaping});
    return families.at(0).String(1) + " " + ReadLabels(families[0].Message(4)).at(0).first;
  };
  EXPECT_EQ(name_and_label(Escaping::kAllowUtf8), "my.jobs my.\"label");
  EXPECT_EQ(name_and_label(Escaping::kUnderscores), "my_jobs my__label");
  EXPECT_EQ(name_and_label(Escaping::kDots), "my_dot_jobs my_dot___label");
  EXPECT_EQ(name_and_label(Escaping::kValues), "U__my_2e_jobs U__my_2e__22_label");
}

TEST_F(ProtobufTest, ExplicitBucketsAreClassicAlone) {
  const auto histogram = Define(ExplicitOf("h", {1, 10}));
  for (const double value : {0.5, 0.6, 5.0, 50.0, std::nan("")}) Observe(*histogram, {}, value);
  Snapshot snapshot = Take();
  snapshot.metrics[0].histograms[0].exemplars = {{5, 1700000001.25, "ab", "cd"}};
  const auto families = Families(snapshot);
  const WireMessage h = families.at(0).Message(4).Message(7);
  EXPECT_EQ(h.Uint(1), 5u);
  EXPECT_TRUE(std::isnan(h.Double(2)));
  ASSERT_EQ(h.Count(3), 3u);
  const std::vector<std::pair<std::uint64_t, double>> expected = {{2, 1}, {3, 10}, {5, kInfinity}};
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(h.Message(3, i).Uint(1), expected[i].first);
    EXPECT_EQ(h.Message(3, i).Double(2), expected[i].second);
    EXPECT_EQ(h.Message(3, i).Count(3), i == 1 ? 1u : 0u);
  }
  const WireMessage exemplar = h.Message(3, 1).Message(3);
  EXPECT_EQ(ReadLabels(exemplar), (Labels{{"trace_id", "ab"}, {"span_id", "cd"}}));
  EXPECT_EQ(exemplar.Double(2), 5);
  ExpectTime(exemplar.Message(3), 1700000001, 250'000'000);
  ExpectTime(h.Message(15), 1700000000, 125'000'000);
  for (const int field : {5, 6, 7, 9, 10, 12, 13, 16}) EXPECT_EQ(h.Count(field), 0u) << field;
}

TEST_F(ProtobufTest, AnEmptyExponentialHistogramIsNativeAllTheSame) {
  environment_.Resolve(Define(ExponentialOf("h", 3))->id());
  const WireMessage h = OnlyHistogram();
  EXPECT_EQ(h.Uint(1), 0u);
  EXPECT_EQ(h.Sint(5), 3);
  EXPECT_EQ(h.Double(6), 0x1p-128);
  EXPECT_EQ(h.Uint(7), 0u);
}

TEST_F(ProtobufTest, NativeBuckets) {
  const auto histogram = Define(ExponentialOf("h", -1, {}));
  // Bucket i covers (4^(i-1), 4^i].
  for (const double value : {1.0, 4.0, 3.0, 4.5, 300.0, -0.01, -17.0, -18.0, 0.0, 0x1p-128})
    Observe(*histogram, {}, value);
  const WireMessage h = OnlyHistogram();
  EXPECT_EQ(h.Uint(1), 10u);
  EXPECT_EQ(h.Double(2), 1 + 4 + 3 + 4.5 + 300 - 0.01 - 17 - 18 + 0x1p-128);
  EXPECT_EQ(h.Sint(5), -1);
  EXPECT_EQ(h.Uint(7), 2u);
  EXPECT_EQ(h.PackedSints(13), (std::vector<std::int64_t>{1, 1, -1, 0}));
  ASSERT_EQ(h.Count(12), 2u);
  EXPECT_EQ(h.Message(12, 0).Sint(1), 0);
  EXPECT_EQ(h.Message(12, 0).Uint(2), 3u);
  EXPECT_EQ(h.Message(12, 1).Sint(1), 2) << "from the end of the span before: bucket 5";
  EXPECT_EQ(h.Message(12, 1).Uint(2), 1u);
  EXPECT_EQ(ReadBuckets(h, 9), (std::map<std::int64_t, std::int64_t>{{-3, 1}, {3, 2}}));
  EXPECT_GT(h.Count(3), 2u) << "classic buckets beside them";
}

TEST_F(ProtobufTest, InfinitiesLieBehindTheLargestFiniteBucketAndNaNInNone) {
  for (int schema = kMinSchema; schema <= kMaxSchema; ++schema) {
    const auto histogram = Define(ExponentialOf("h", schema));
    for (const double value : {kMax, -kMax, kInfinity, kInfinity, -kInfinity, std::nan("")})
      Observe(*histogram, {}, value);
    const WireMessage h = OnlyHistogram();
    EXPECT_EQ(h.Uint(1), 6u);
    EXPECT_EQ(h.Sint(5), schema);
    const std::int64_t top = schema < 0 ? 1024 >> -schema : std::int64_t{1024} << schema;
    EXPECT_EQ(ReadBuckets(h, 12), (std::map<std::int64_t, std::int64_t>{{top, 1}, {top + 1, 2}}));
    EXPECT_EQ(ReadBuckets(h, 9), (std::map<std::int64_t, std::int64_t>{{top, 1}, {top + 1, 1}}));
    registry_->Remove("h");
    environment_.CatchUp();
  }
}

TEST_F(ProtobufTest, NativeExemplars) {
  const auto histogram = Define(ExponentialOf("h", 0));
  for (const double value : {1.5, 1.7, 3.0}) Observe(*histogram, {}, value);
  Snapshot snapshot = Take();
  snapshot.metrics[0].histograms[0].exemplars = {
      {1.5, 1700000002, "aa", ""}, {1.7, 1700000001, "bb", ""}, {3, 1700000003, "cc", ""}};
  const auto families = Families(snapshot);
  const WireMessage h = families.at(0).Message(4).Message(7);
  ASSERT_EQ(h.Count(16), 3u);
  EXPECT_EQ(h.Message(16, 1).Double(2), 1.7);
  ExpectTime(h.Message(16, 1).Message(3), 1700000001, 0);
  ASSERT_EQ(h.Count(3), 4u);  // 1, 2, 4, +Inf
  EXPECT_EQ(h.Message(3, 0).Count(3), 0u);
  EXPECT_EQ(h.Message(3, 1).Message(3).Double(2), 1.5) << "the newest of the bucket";
  EXPECT_EQ(h.Message(3, 2).Message(3).Double(2), 3);
  EXPECT_EQ(h.Message(3, 3).Count(3), 0u);
}

// Whatever is observed: at most 160 buckets, each exact at the schema that is sent, and nothing
// lost.
TEST_F(ProtobufTest, AtMost160BucketsAreSent) {
  std::mt19937_64 random(20260403);
  int lowered = 0;
  for (int schema = kMinSchema; schema <= kMaxSchema; ++schema) {
    for (const double spread : {0.1, 2.0, 60.0}) {
      const auto histogram = Define(ExponentialOf("h", schema));
      std::vector<double> values = {kMax, kInfinity, -kInfinity, 0};
      std::lognormal_distribution<double> magnitude(0, spread);
      for (int i = 0; i < 2000; ++i)
        values.push_back(i % 4 == 0 ? -magnitude(random) : magnitude(random));
      for (const double value : values) Observe(*histogram, {}, value);
      const WireMessage h = OnlyHistogram();
      const auto positive = ReadBuckets(h, 12);
      const auto negative = ReadBuckets(h, 9);
      ASSERT_LE(positive.size() + negative.size(), 160u);
      const int sent = static_cast<int>(h.Sint(5));
      lowered += sent < schema ? 1 : 0;
      if (spread == 0.1 && schema <= 4) {
        EXPECT_EQ(sent, schema) << "no lower than it must";
      }

      const BucketMapping& mapping = BucketMapping::ForSchema(sent);
      std::map<std::int64_t, std::int64_t> expected_positive, expected_negative;
      std::uint64_t zeros = 0;
      for (const double value : values) {
        auto& side = value > 0 ? expected_positive : expected_negative;
        if (std::abs(value) <= kZeroThreshold) {
          ++zeros;
        } else if (std::isinf(value)) {
          ++side[mapping.IndexOf(mapping.KeyOf(kMax)) + 1];
        } else {
          ++side[mapping.IndexOf(mapping.KeyOf(value))];
        }
      }
      ASSERT_EQ(positive, expected_positive) << schema << " " << spread;
      ASSERT_EQ(negative, expected_negative) << schema << " " << spread;
      ASSERT_EQ(h.Uint(7), zeros);
      ASSERT_EQ(h.Uint(1), values.size());
      registry_->Remove("h");
      environment_.CatchUp();
    }
  }
  EXPECT_GT(lowered, 5);
}

TEST_F(ProtobufTest, ComputedFamiliesAndFilters) {
  const auto jobs = Define(CounterOf("jobs_total"));
  Add(*jobs, {}, 2);
  const Operand of{jobs, OperandPart::kValue, {}};
  Must(registry_->DefineDerived({"share", "A share.", "ratio", {}, {of}, {of}, {}}));
  registry_->CountRejection(jobs->id(), Rejection::kNegative);
  auto families = Families();
  ASSERT_EQ(families.size(), 3u);
  EXPECT_EQ(families[1].String(1), "share");
  EXPECT_EQ(families[1].String(5), "ratio");
  EXPECT_EQ(families[1].Message(4).Message(2).Double(1), 1);
  EXPECT_EQ(families[2].Uint(3), 0u);
  EXPECT_EQ(ReadLabels(families[2].Message(4)),
            (Labels{{"metric", "jobs_total"}, {"reason", "negative"}}));
  EXPECT_EQ(families[2].Message(4).Message(3).Double(1), 1);

  families = Families(Take(NameFilter({"share"})));
  ASSERT_EQ(families.size(), 1u);
  EXPECT_EQ(families[0].Message(4).Message(2).Double(1), 1) << "its operand was merged";
}

}  // namespace
}  // namespace nanotally
