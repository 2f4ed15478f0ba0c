// The bucket mapping against boundaries that are derived exactly a second way, for every schema.
#include "core/bucket_mapping.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <utility>

#include "test/support/exact_boundaries.h"

namespace nanotally {
namespace {

constexpr double kMax = std::numeric_limits<double>::max();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr int kLowestOctave = -128;  // the zero threshold
constexpr int kHighestOctave = 1023;

TEST(Derivation, KnowsWhatIsKnownOtherwise) {
  // sqrt(2) = 1.41421356237309504880...: the double below and the one above it.
  EXPECT_EQ(DeriveBoundary(1, 1), 0x1.6a09e667f3bccp+0);
  EXPECT_TRUE(IsAtOrBelowBoundary(0x16a09e667f3bccull, 1, 1));
  EXPECT_FALSE(IsAtOrBelowBoundary(0x16a09e667f3bcdull, 1, 1));
  // Exactly on a boundary.
  EXPECT_TRUE(IsAtOrBelowBoundary(std::uint64_t{1} << 52, 8, 0));
  EXPECT_FALSE(IsAtOrBelowBoundary((std::uint64_t{1} << 52) + 1, 8, 0));
  // Buckets by hand: schema 0 covers (1, 2] with index 1, schema -2 covers (1/16, 1] with index 0.
  EXPECT_EQ(ReferenceMapping(0).IndexOf(2), 1);
  EXPECT_EQ(ReferenceMapping(0).IndexOf(1), 0);
  EXPECT_EQ(ReferenceMapping(-2).IndexOf(1), 0);
  EXPECT_EQ(ReferenceMapping(-2).IndexOf(std::nextafter(1, 2)), 1);
  EXPECT_EQ(ReferenceMapping(-2).IndexOf(0.0625), -1);
}

TEST(Boundaries, AreTheLargestDoublesNotAbove) {
  const auto boundaries = BucketMapping::Boundaries();
  ASSERT_EQ(boundaries.size(), 256u);
  for (std::uint32_t k = 0; k < 256; ++k) {
    ASSERT_EQ(boundaries[k], DeriveBoundary(8, k)) << "boundary " << k;
  }
}

class EverySchema : public ::testing::TestWithParam<int> {
 protected:
  const int schema_ = GetParam();
  const BucketMapping& mapping_ = BucketMapping::ForSchema(schema_);
  const ReferenceMapping reference_{schema_};
  std::size_t checked_ = 0;

  [[nodiscard]] std::int32_t LowestIndex() const {
    return reference_.IndexOf(std::nextafter(kZeroThreshold, 1));
  }
  [[nodiscard]] std::int32_t HighestIndex() const { return reference_.IndexOf(kMax); }

  // Whether the mapping puts `magnitude` and its negative where the reference does.
  [[nodiscard]] bool Agrees(double magnitude) {
    ++checked_;
    const std::int32_t index = reference_.IndexOf(magnitude);
    const std::int32_t key = mapping_.KeyOf(magnitude);
    const std::int32_t negative = mapping_.KeyOf(-magnitude);
    return !mapping_.IsNegative(key) && mapping_.IndexOf(key) == index &&
           mapping_.IsNegative(negative) && mapping_.IndexOf(negative) == index &&
           mapping_.Magnitude(negative) == key;
  }
};

TEST_P(EverySchema, BoundariesAndThreeUlpsOnEitherSide) {
  for (std::int32_t index = LowestIndex() - 1; index <= HighestIndex(); ++index) {
    const double boundary = reference_.UpperBound(index);
    double value = std::min(boundary, kMax);
    for (int i = 0; i < 3; ++i) value = std::nextafter(value, 0);
    for (int ulp = -3; ulp <= 3; ++ulp, value = std::nextafter(value, kInfinity)) {
      if (value <= kZeroThreshold || !std::isfinite(value)) continue;
      ASSERT_TRUE(Agrees(value)) << std::hexfloat << value << ", " << ulp << " ulp from boundary "
                                 << index;
    }
  }
  EXPECT_GE(checked_, static_cast<std::size_t>(HighestIndex() - LowestIndex()) * 7);
}

TEST_P(EverySchema, PowersOfTwoAndExtremes) {
  for (int octave = kLowestOctave + 1; octave <= kHighestOctave; ++octave) {
    const double power = std::ldexp(1.0, octave);
    // By arithmetic on the exponent alone: 2^octave is the upper boundary of this bucket.
    const int index = schema_ >= 0
                          ? octave * (1 << schema_)
                          : static_cast<int>(std::ceil(std::ldexp(double(octave), schema_)));
    ASSERT_EQ(mapping_.IndexOf(mapping_.KeyOf(power)), index) << "2^" << octave;
    ASSERT_EQ(mapping_.IndexOf(mapping_.KeyOf(-power)), index) << "-2^" << octave;
    ASSERT_TRUE(Agrees(power));
    ASSERT_TRUE(Agrees(std::nextafter(power, 0)));
    ASSERT_TRUE(Agrees(std::nextafter(power, kInfinity)));
  }
  EXPECT_TRUE(Agrees(std::nextafter(kZeroThreshold, 1)));
  EXPECT_TRUE(Agrees(kMax));
  EXPECT_EQ(mapping_.UpperBound(mapping_.KeyOf(kMax)), kInfinity);
}

TEST_P(EverySchema, BoundariesEncloseWhatLiesBetweenThem) {
  for (std::int32_t index = LowestIndex(); index < HighestIndex(); ++index) {
    const double below = index == LowestIndex() ? kZeroThreshold : reference_.UpperBound(index - 1);
    const double above = reference_.UpperBound(index);
    const std::pair enclosed{below, above};
    ASSERT_EQ(mapping_.BoundariesAround(above), enclosed) << "a boundary is its own upper one";
    ASSERT_EQ(mapping_.BoundariesAround(std::nextafter(below, kInfinity)), enclosed);
    ++checked_;
  }
  EXPECT_GE(checked_, schema_ >= 0 ? (1152u << schema_) - 1 : (1152u >> -schema_) - 1);
  EXPECT_EQ(mapping_.BoundariesAround(kZeroThreshold).second, kZeroThreshold);
  EXPECT_EQ(mapping_.BoundariesAround(kMax).second, kInfinity);
}

TEST_P(EverySchema, FourHundredThousandUniformDoubles) {
  std::mt19937_64 random(20251129 + static_cast<unsigned>(schema_ - kMinSchema));
  for (const double scale : {1.0, 10.0, 1e-3, 1e9}) {
    std::uniform_real_distribution<double> uniform(0, scale);
    for (int i = 0; i < 100'000; ++i) {
      const double magnitude = uniform(random);
      if (magnitude <= kZeroThreshold) continue;
      ASSERT_TRUE(Agrees(magnitude)) << std::hexfloat << magnitude;
    }
  }
  EXPECT_GT(checked_, 399'000u);
}

TEST_P(EverySchema, AMillionRandomDoubles) {
  std::mt19937_64 random(20251120 + static_cast<unsigned>(schema_ - kMinSchema));
  while (checked_ < 1'000'000) {
    const double magnitude = std::abs(std::bit_cast<double>(random()));
    if (!std::isfinite(magnitude) || magnitude <= kZeroThreshold) continue;
    ASSERT_TRUE(Agrees(magnitude)) << std::hexfloat << magnitude;
  }
}

TEST_P(EverySchema, KeysAscendAndLeadBackToTheirBounds) {
  std::int32_t last_key = mapping_.KeyOfIndex(LowestIndex() - 1);
  double last_bound = kZeroThreshold;
  for (std::int32_t index = LowestIndex(); index <= HighestIndex(); ++index) {
    const std::int32_t key = mapping_.KeyOfIndex(index);
    ASSERT_EQ(key, last_key + 1);
    ASSERT_EQ(mapping_.IndexOf(key), index);
    ASSERT_FALSE(mapping_.IsNegative(key));
    ASSERT_GE(key, 0);
    const double bound = mapping_.UpperBound(key);
    ASSERT_EQ(bound, index == HighestIndex() ? kInfinity : reference_.UpperBound(index));
    // The bucket is not empty, and holds its bound and what is just above the bound below.
    ASSERT_GT(bound, last_bound);
    ASSERT_EQ(mapping_.KeyOf(std::min(bound, kMax)), key);
    ASSERT_EQ(mapping_.KeyOf(std::nextafter(last_bound, kInfinity)), key);
    // Negative keys: their own range above all positive ones, the same magnitudes.
    const std::int32_t negative = mapping_.KeyOf(-std::min(bound, kMax));
    ASSERT_GT(negative, mapping_.KeyOf(kMax));
    ASSERT_EQ(mapping_.UpperBound(negative), bound);
    last_key = key;
    last_bound = bound;
    ++checked_;
  }
  EXPECT_GE(checked_, schema_ >= 0 ? 1152u << schema_ : 1152u >> -schema_);
}

TEST_P(EverySchema, BlocksAreWholeLinesAndWholeOctaves) {
  EXPECT_EQ(mapping_.schema(), schema_);
  EXPECT_EQ(1u << mapping_.BlockBits(), mapping_.BlockCells());
  EXPECT_EQ(mapping_.BlockCells() % kCellsPerLine, 0u);
  EXPECT_GE(mapping_.BlockBits(), schema_) << "no octave straddles blocks";
  for (int exponent = kLowestOctave; schema_ >= 0 && exponent <= kHighestOctave; ++exponent) {
    const std::int32_t first = mapping_.KeyOfIndex(exponent * (1 << schema_) + 1);
    const std::int32_t last = mapping_.KeyOfIndex((exponent + 1) * (1 << schema_));
    ASSERT_EQ(first >> mapping_.BlockBits(), last >> mapping_.BlockBits()) << exponent;
  }
}

// The upper 20 of a double's 52 mantissa bits.
std::uint32_t UpperBits(double value) {
  return static_cast<std::uint32_t>(std::bit_cast<std::uint64_t>(value) << 12 >> 44);
}

TEST_P(EverySchema, LookupTableHasAtMostOneBoundaryPerEntry) {
  const auto table = mapping_.LookupTable();
  ASSERT_EQ(table.size(), kLookupEntries);
  const std::vector<double> boundaries =
      schema_ >= 0 ? reference_.boundaries() : std::vector<double>{1};
  for (std::size_t entry = 0; entry < kLookupEntries; ++entry) {
    const double from = 1 + double(entry) / kLookupEntries;
    const double to = 1 + double(entry + 1) / kLookupEntries;
    const auto first = std::lower_bound(boundaries.begin(), boundaries.end(), from);
    ASSERT_LE(std::lower_bound(boundaries.begin(), boundaries.end(), to) - first, 1) << entry;

    // The entry names the first boundary at or after its start, and that boundary's upper bits.
    const auto packed = static_cast<std::uint32_t>(table[entry]);
    ASSERT_EQ(packed >> 20, static_cast<std::uint32_t>(first - boundaries.begin())) << entry;
    const std::uint32_t upper = first == boundaries.end() ? 0xFFFFF : UpperBits(*first);
    ASSERT_EQ(0xFFFFF - (packed & 0xFFFFF), upper) << entry;
  }
}

// The way of lib/instruments/exponential.ts: adding the upper 20 mantissa bits to the entry carries
// into the number of boundaries below, unless they tie.
TEST_P(EverySchema, LookupTableDecidesByTheUpperBits) {
  const auto table = mapping_.LookupTable();
  std::mt19937_64 random(20251121);
  std::size_t ties = 0;
  for (int i = 0; i < 100'000; ++i) {
    const auto value = std::bit_cast<double>(std::uint64_t{1023} << 52 | random() >> 12);
    const std::uint32_t upper = UpperBits(value);
    const std::uint32_t sum = static_cast<std::uint32_t>(table[upper >> 11]) + upper;
    if ((sum & 0xFFFFF) == 0xFFFFF) {
      ++ties;
      continue;
    }
    // Below schema 0 there is one boundary, 1, and every other value of the octave is above it.
    const std::int32_t expected = schema_ < 0 ? (value > 1 ? 1 : 0) : reference_.IndexOf(value);
    ASSERT_EQ(static_cast<std::int32_t>(sum >> 20), expected) << std::hexfloat << value;
    ++checked_;
  }
  EXPECT_GT(checked_, 99'000u);
  EXPECT_EQ(checked_ + ties, 100'000u);
}

INSTANTIATE_TEST_SUITE_P(Schemas, EverySchema, ::testing::Range(kMinSchema, kMaxSchema + 1),
                         [](const auto& info) {
                           return info.param < 0 ? "minus" + std::to_string(-info.param)
                                                 : std::to_string(info.param);
                         });

}  // namespace
}  // namespace nanotally
