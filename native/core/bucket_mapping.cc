// The tables behind the bucket mapping, and the mapping itself for C++ callers.
#include "core/bucket_mapping.h"

#include <bit>
#include <cmath>
#include <limits>

namespace nanotally {
namespace {

constexpr int kMantissaBits = 52;
constexpr std::uint64_t kMantissaMask = (std::uint64_t{1} << kMantissaBits) - 1;
constexpr int kHighBits = 20;  // of the mantissa, in a double's upper 32-bit word
constexpr std::uint64_t kHighMask = (1 << kHighBits) - 1;
constexpr int kExponentBias = 1023;

constexpr std::uint64_t kMantissas[256] = {
#include "core/bucket_boundaries.inc"
};

constexpr int kLookupBits = 9;
static_assert(1u << kLookupBits == kLookupEntries);

constexpr std::uint64_t BoundaryMantissa(int fine, std::uint32_t k) {
  return kMantissas[k << (kMaxSchema - fine)];
}

}  // namespace

const BucketMapping& BucketMapping::ForSchema(int schema) {
  // Heap-allocated and never destroyed: recording threads may outlive static destruction.
  static const auto* const mappings = [] {
    auto* made = new std::array<const BucketMapping*, kMaxSchema - kMinSchema + 1>;
    for (int s = kMinSchema; s <= kMaxSchema; ++s) (*made)[s - kMinSchema] = new BucketMapping(s);
    return made;
  }();
  return *(*mappings)[schema - kMinSchema];
}

std::span<const double> BucketMapping::Boundaries() {
  static const auto* const boundaries = [] {
    auto* made = new std::array<double, 256>;
    for (std::uint32_t k = 0; k < 256; ++k) {
      (*made)[k] =
          std::bit_cast<double>(std::uint64_t{kExponentBias} << kMantissaBits | kMantissas[k]);
    }
    return made;
  }();
  return *boundaries;
}

BucketMapping::BucketMapping(int schema)
    : schema_(schema),
      fine_(schema > 0 ? schema : 0),
      coarse_(schema < 0 ? -schema : 0),
      sign_((2048 << fine_) >> coarse_),
      key_of_index_0_(schema < 0 ? (1024 >> coarse_) - 1 : (kExponentBias << fine_) - 1) {
  const std::uint32_t buckets = 1u << fine_;
  std::uint32_t k = 0;
  for (std::uint64_t entry = 0; entry < kLookupEntries; ++entry) {
    const std::uint64_t start = entry << (kMantissaBits - kLookupBits);
    while (k < buckets && BoundaryMantissa(fine_, k) < start) ++k;
    const std::uint64_t high =
        k < buckets ? BoundaryMantissa(fine_, k) >> (kMantissaBits - kHighBits) : kHighMask;
    table_.push_back(static_cast<std::int32_t>(k << kHighBits | (kHighMask - high)));
  }
}

std::uint32_t BucketMapping::BoundariesBelow(std::uint64_t mantissa) const noexcept {
  const std::uint32_t k = table_[mantissa >> (kMantissaBits - kLookupBits)] >> kHighBits;
  const bool past = k < (1u << fine_) && mantissa > BoundaryMantissa(fine_, k);
  return k + (past ? 1 : 0);
}

// With E the biased exponent and j the boundaries below, the value lies in bucket i = (E - 1023) *
// 2^s + j. Keys start at the lowest exponent, so for s >= 0 key = E * 2^s + j - 1. For s < 0 a
// bucket spans 2^-s octaves: with j = 0 or 1 the exponent of the double just below the value is E +
// j - 1, and 1024, a multiple of every span, is added to keep the key positive: key = (E + j) >>
// -s. The sign is the exponent field's 12th bit.
std::int32_t BucketMapping::KeyOf(double value) const noexcept {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  const auto exponent = static_cast<std::int32_t>(bits >> kMantissaBits);
  const auto below = static_cast<std::int32_t>(BoundariesBelow(bits & kMantissaMask));
  return schema_ < 0 ? (exponent + below) >> coarse_ : (exponent << fine_) + below - 1;
}

std::int32_t BucketMapping::IndexOf(std::int32_t key) const noexcept {
  return Magnitude(key) - key_of_index_0_;
}

double BucketMapping::UpperBound(std::int32_t key) const noexcept {
  const std::int32_t index = IndexOf(key);
  if (schema_ < 0) return std::ldexp(1.0, index * (1 << coarse_));  // infinity from 2^1024 on
  const std::int32_t octave = index >> fine_;
  const std::uint32_t k = static_cast<std::uint32_t>(index) & ((1u << fine_) - 1);
  if (octave > 1023) return std::numeric_limits<double>::infinity();
  return std::ldexp(Boundaries()[k << (kMaxSchema - fine_)], octave);
}

}  // namespace nanotally
