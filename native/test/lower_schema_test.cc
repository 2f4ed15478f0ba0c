// Lowering a schema: the same buckets as if the values had been recorded at the lower schema.
#include "core/lower_schema.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <random>
#include <vector>

namespace nanotally {
namespace {

std::vector<BucketCount> Record(const std::vector<double>& values, int schema) {
  std::map<std::int32_t, double> counts;
  for (const double value : values) counts[BucketMapping::ForSchema(schema).KeyOf(value)] += 1;
  std::vector<BucketCount> buckets;
  for (const auto& [key, count] : counts) buckets.push_back({key, count});
  return buckets;
}

void ExpectSame(const std::vector<BucketCount>& actual, const std::vector<BucketCount>& expected) {
  ASSERT_EQ(actual.size(), expected.size());
  for (std::size_t i = 0; i < actual.size(); ++i) {
    ASSERT_EQ(actual[i].key, expected[i].key);
    ASSERT_EQ(actual[i].count, expected[i].count);
  }
}

std::vector<double> ValuesOfEveryKind() {
  constexpr double kMax = std::numeric_limits<double>::max();
  std::mt19937_64 random(20260401);
  std::vector<double> values = {kMax, -kMax, std::nextafter(kZeroThreshold, 1.0)};
  for (int exponent = -127; exponent <= 1023; exponent += 5) {
    for (const double boundary : BucketMapping::Boundaries().subspan(0, 3)) {
      const double value = std::ldexp(boundary, exponent);
      for (const double near : {std::nextafter(value, 0), value, std::nextafter(value, kMax)}) {
        values.push_back(near);
        values.push_back(-near);
      }
    }
  }
  for (int i = 0; i < 20'000; ++i) {
    const double value = std::ldexp(1 + std::generate_canonical<double, 53>(random),
                                    static_cast<int>(random() % 40));
    values.push_back(i % 3 == 0 ? -value : value);
  }
  return values;
}

TEST(LowerSchema, NoBucketsStayNone) { EXPECT_TRUE(LowerSchema({}, 8, -4).empty()); }

TEST(LowerSchema, EqualsRecordingAtTheLowerSchema) {
  const std::vector<double> values = ValuesOfEveryKind();
  int checked = 0;
  for (int from = kMinSchema; from <= kMaxSchema; ++from) {
    const std::vector<BucketCount> buckets = Record(values, from);
    for (int to = kMinSchema; to <= from; ++to, ++checked) {
      SCOPED_TRACE(testing::Message() << from << " to " << to);
      ExpectSame(LowerSchema(buckets, from, to), Record(values, to));
    }
  }
  EXPECT_EQ(checked, 91);
}

TEST(LowerSchema, BySteps) {
  const std::vector<BucketCount> fine = Record(ValuesOfEveryKind(), kMaxSchema);
  std::vector<BucketCount> stepped = fine;
  for (int schema = kMaxSchema; schema > kMinSchema; --schema)
    stepped = LowerSchema(stepped, schema, schema - 1);
  ExpectSame(stepped, LowerSchema(fine, kMaxSchema, kMinSchema));
  EXPECT_GT(stepped.size(), 100u);
}

}  // namespace
}  // namespace nanotally
