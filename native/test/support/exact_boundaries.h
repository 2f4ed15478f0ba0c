// The boundaries of base-2 exponential buckets derived a second way: in whole numbers, from the
// definition alone, without the product's table and without a logarithm.
//
// A mantissa m in [2^52, 2^53) stands for m / 2^52. It is at or below the boundary 2^(k / 2^s) if
// and only if m^(2^s) <= 2^(52 * 2^s + k): both sides are natural numbers, so the comparison is
// exact.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace nanotally {

// A natural number of any size, as far as it is needed here.
class Natural {
 public:
  explicit Natural(std::uint64_t value)
      : limbs_{static_cast<std::uint32_t>(value), static_cast<std::uint32_t>(value >> 32)} {
    Trim();
  }

  [[nodiscard]] Natural Squared() const {
    const std::size_t size = limbs_.size();
    Natural square(0);
    square.limbs_.assign(2 * size, 0);
    for (std::size_t i = 0; i < size; ++i) {
      std::uint64_t carry = 0;
      for (std::size_t j = 0; j < size; ++j) {
        carry += std::uint64_t{limbs_[i]} * limbs_[j] + square.limbs_[i + j];
        square.limbs_[i + j] = static_cast<std::uint32_t>(carry);
        carry >>= 32;
      }
      square.limbs_[i + size] = static_cast<std::uint32_t>(carry);
    }
    square.Trim();
    return square;
  }

  [[nodiscard]] std::size_t BitLength() const {
    return limbs_.empty() ? 0 : (limbs_.size() - 1) * 32 + std::bit_width(limbs_.back());
  }

  [[nodiscard]] bool IsPowerOfTwo() const {
    int bits = 0;
    for (const std::uint32_t limb : limbs_) bits += std::popcount(limb);
    return bits == 1;
  }

 private:
  void Trim() {
    while (!limbs_.empty() && limbs_.back() == 0) limbs_.pop_back();
  }

  std::vector<std::uint32_t> limbs_;  // the lowest first, the last one not 0
};

// Whether mantissa / 2^52 <= 2^(k / 2^schema). `schema` is not negative.
inline bool IsAtOrBelowBoundary(std::uint64_t mantissa, int schema, std::uint32_t k) {
  Natural power(mantissa);
  for (int i = 0; i < schema; ++i) power = power.Squared();
  const std::size_t limit = (std::size_t{52} << schema) + k;  // compared with 2^limit
  return power.BitLength() <= limit || (power.BitLength() == limit + 1 && power.IsPowerOfTwo());
}

// The largest double <= 2^(k / 2^schema), for k in [0, 2^schema). The floating-point guess only
// saves steps.
inline double DeriveBoundary(int schema, std::uint32_t k) {
  auto mantissa =
      static_cast<std::uint64_t>(std::ldexp(std::exp2(std::ldexp(double(k), -schema)), 52));
  while (!IsAtOrBelowBoundary(mantissa, schema, k)) --mantissa;
  while (IsAtOrBelowBoundary(mantissa + 1, schema, k)) ++mantissa;
  return std::ldexp(static_cast<double>(mantissa), -52);
}

// Places doubles into buckets by searching the derived boundaries.
class ReferenceMapping {
 public:
  explicit ReferenceMapping(int schema) : schema_(schema) {
    for (std::uint32_t k = 0; schema >= 0 && k < (1u << schema); ++k) {
      boundaries_.push_back(DeriveBoundary(schema, k));
    }
  }

  // Boundaries in [1, 2), ascending. Empty for schemas below 0.
  [[nodiscard]] const std::vector<double>& boundaries() const { return boundaries_; }

  // The Prometheus index of the bucket of a finite magnitude above 0: the lowest i with magnitude
  // <= base^i.
  [[nodiscard]] std::int32_t IndexOf(double magnitude) const {
    int exponent = 0;
    const double mantissa = 2 * std::frexp(magnitude, &exponent);  // in [1, 2)
    exponent -= 1;
    if (schema_ < 0) {
      const int next_power = mantissa == 1 ? exponent : exponent + 1;
      return static_cast<std::int32_t>(std::ceil(std::ldexp(next_power, schema_)));
    }
    const auto not_below = std::lower_bound(boundaries_.begin(), boundaries_.end(), mantissa);
    return exponent * (1 << schema_) + static_cast<std::int32_t>(not_below - boundaries_.begin());
  }

  // The largest double at or below base^index; infinity when that is 2^1024.
  [[nodiscard]] double UpperBound(std::int32_t index) const {
    if (schema_ < 0) return std::ldexp(1.0, index * (1 << -schema_));
    const int octave = static_cast<int>(std::floor(std::ldexp(index, -schema_)));
    return std::ldexp(boundaries_[static_cast<std::size_t>(index - octave * (1 << schema_))],
                      octave);
  }

 private:
  const int schema_;
  std::vector<double> boundaries_;
};

}  // namespace nanotally
