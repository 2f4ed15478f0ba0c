// Double-double sums against exact whole-number sums: rounded once, in any order.
#include "core/double_double.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace nanotally {
namespace {

__extension__ using Int128 = __int128;

// Sums doubles that are whole multiples of 2^-60 and below 2^60, exactly.
class ExactSum {
 public:
  void Add(double value) { scaled_ += static_cast<Int128>(std::ldexp(value, 60)); }
  // Rounded to nearest, ties to even: the conversion's rule.
  [[nodiscard]] double Rounded() const { return std::ldexp(static_cast<double>(scaled_), -60); }

 private:
  Int128 scaled_ = 0;
};

DoubleDouble Sum(const std::vector<double>& values) {
  DoubleDouble sum;
  for (const double value : values) sum.Add(value);
  return sum;
}

TEST(DoubleDouble, StartsAtItsValue) {
  EXPECT_EQ(DoubleDouble().Rounded(), 0);
  EXPECT_EQ(DoubleDouble(0.1).Rounded(), 0.1);
}

TEST(DoubleDouble, KeepsWhatOneDoubleDrops) {
  DoubleDouble sum(0x1p53);
  sum.Add(1);
  sum.Add(1);
  EXPECT_EQ(sum.Rounded(), 0x1p53 + 2);
  double plain = 0x1p53;
  plain += 1;
  plain += 1;
  EXPECT_EQ(plain, 0x1p53) << "the control: plain adds lose both";

  DoubleDouble cancelled(1e300);
  cancelled.Add(1);
  cancelled.Add(-1e300);
  EXPECT_EQ(cancelled.Rounded(), 1);
}

TEST(DoubleDouble, TenthsRoundOnce) {
  DoubleDouble sum;
  ExactSum exact;
  double plain = 0;
  int drifted = 0;
  for (int i = 1; i <= 1'000'000; ++i) {
    sum.Add(0.1);
    exact.Add(0.1);
    plain += 0.1;
    ASSERT_EQ(sum.Rounded(), exact.Rounded()) << i;
    drifted += plain != exact.Rounded() ? 1 : 0;
  }
  EXPECT_GT(drifted, 900'000) << "the control: plain adds drift";
}

TEST(DoubleDouble, EqualsTheExactSumInAnyOrder) {
  std::mt19937_64 random(20251122);
  std::uniform_real_distribution<double> mantissa(-1, 1);
  for (int round = 0; round < 2000; ++round) {
    std::vector<double> values;
    ExactSum exact;
    for (int i = 0; i < 64; ++i) {
      // Multiples of 2^-60 below 2^40: at most 100 bits, which the pair holds exactly.
      const double value =
          std::ldexp(std::trunc(std::ldexp(mantissa(random), 52)), int(random() % 40) - 60);
      values.push_back(value);
      exact.Add(value);
    }
    ASSERT_EQ(Sum(values).Rounded(), exact.Rounded());
    std::shuffle(values.begin(), values.end(), random);
    ASSERT_EQ(Sum(values).Rounded(), exact.Rounded());
    // Folded in two halves, as ended environments are.
    const auto half = values.begin() + static_cast<std::ptrdiff_t>(random() % values.size());
    DoubleDouble halves = Sum({values.begin(), half});
    halves.Add(Sum({half, values.end()}));
    ASSERT_EQ(halves.Rounded(), exact.Rounded());
  }
}

TEST(DoubleDouble, NeverDropsWhenItGrows) {
  std::mt19937_64 random(20251123);
  std::lognormal_distribution<double> amount(0, 10);  // over many magnitudes, no longer exact
  for (int round = 0; round < 200; ++round) {
    DoubleDouble sum;
    double last = 0;
    for (int i = 0; i < 1000; ++i) {
      sum.Add(amount(random));
      ASSERT_GE(sum.Rounded(), last);
      last = sum.Rounded();
    }
  }
}

TEST(DoubleDouble, SubtractTakesOffWhatWasAdded) {
  std::mt19937_64 random(20261124);
  std::uniform_real_distribution<double> amount(0, 1e6);
  int checked = 0;
  for (int i = 0; i < 10'000; ++i) {
    DoubleDouble baseline;
    for (int n = 0; n < 10; ++n) baseline.Add(amount(random) * 0.1);
    DoubleDouble sum = baseline;
    sum.Subtract(baseline);
    ASSERT_EQ(sum.Rounded(), 0);
    sum = baseline;
    const double added = std::ldexp(1.0, static_cast<int>(random() % 40) - 20);
    sum.Add(added);
    sum.Subtract(baseline);
    ASSERT_EQ(sum.Rounded(), added) << "both halves are taken off";
    sum.Subtract(DoubleDouble(2 * added));
    ASSERT_EQ(sum.Rounded(), -added);
    ++checked;
  }
  EXPECT_EQ(checked, 10'000);
}

TEST(DoubleDouble, WhatIsNotFiniteCannotBeTakenOff) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  DoubleDouble sum(kInfinity);
  sum.Subtract(DoubleDouble(1));
  EXPECT_EQ(sum.Rounded(), kInfinity);
  sum.Subtract(DoubleDouble(kInfinity));
  EXPECT_TRUE(std::isnan(sum.Rounded()));
}

TEST(DoubleDouble, InfinitiesAndNaNFollowPlainAddition) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  constexpr double kMax = std::numeric_limits<double>::max();
  DoubleDouble sum(1);
  sum.Add(kInfinity);
  EXPECT_EQ(sum.Rounded(), kInfinity);
  sum.Add(0.1);
  EXPECT_EQ(sum.Rounded(), kInfinity);
  sum.Add(-kInfinity);
  EXPECT_TRUE(std::isnan(sum.Rounded()));
  sum.Add(1);
  EXPECT_TRUE(std::isnan(sum.Rounded()));

  DoubleDouble overflow(kMax);
  overflow.Add(kMax);
  EXPECT_EQ(overflow.Rounded(), kInfinity);
  DoubleDouble merged(1);
  merged.Add(overflow);
  EXPECT_EQ(merged.Rounded(), kInfinity);
}

}  // namespace
}  // namespace nanotally
