// Which bucket of a base-2 exponential histogram a double falls into, exactly, without a logarithm.
//
// Specification: bucket i of schema s covers (base^(i-1), base^i] with base = 2^(2^-s) (Prometheus,
// "Native Histograms", section "Buckets"; OpenTelemetry's index is one less). Negative values fall
// into mirrored buckets. Values within the zero threshold are zeros and have no bucket.
//
// How. Let the value be m * 2^e with 1 <= m < 2. The exponent says in which octave it lies; the
// bucket inside the octave is the number of boundaries 2^(k/2^s), k = 0..2^s-1, that are below m.
// The tables hold the largest double <= each boundary, so "m > boundary" is decided exactly by
// comparing doubles. A table over the mantissa's top 9 bits gives the only boundary that can matter
// there: neighbouring boundaries of schema 8 are at least 0.69 / 256 apart, an entry is 1 / 512
// wide.
//
// The position of a bucket is kept as a *key*: sign, exponent and bucket in one integer, ascending
// with the magnitude.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "core/cell.h"

namespace nanotally {

inline constexpr int kMinSchema = -4;
inline constexpr int kMaxSchema = 8;

// |value| <= 2^-128 counts as zero. Prometheus' client_golang uses the same default
// (DefNativeHistogramZeroThreshold).
inline constexpr double kZeroThreshold = 0x1p-128;

// Entries of a lookup table: one for each value of the mantissa's top 9 bits.
inline constexpr std::size_t kLookupEntries = 512;

// One instance per schema, made on first use and never destroyed. Immutable, so any thread may use
// it.
class BucketMapping {
 public:
  // `schema` in kMinSchema..kMaxSchema.
  static const BucketMapping& ForSchema(int schema);

  // The key of the bucket that `value` falls into. `value` is finite and its magnitude above
  // kZeroThreshold.
  [[nodiscard]] std::int32_t KeyOf(double value) const noexcept;

  // The exact upper boundary (of the magnitude) of the bucket `key`, rounded down to a double: a
  // finite double is in this bucket or a lower one if and only if its magnitude is <= this. The
  // topmost boundary, 2^1024, reads as infinity.
  [[nodiscard]] double UpperBound(std::int32_t key) const noexcept;

  // The Prometheus bucket index of `key`: bucket i covers (base^(i-1), base^i].
  [[nodiscard]] std::int32_t IndexOf(std::int32_t key) const noexcept;
  // The inverse, for positive values.
  [[nodiscard]] std::int32_t KeyOfIndex(std::int32_t index) const noexcept {
    return index + key_of_index_0_;
  }

  // The two boundaries that enclose `value`, which is finite and >= kZeroThreshold: the upper one
  // is the lowest that is not below it, so it equals a value that is a boundary itself.
  [[nodiscard]] std::pair<double, double> BoundariesAround(double value) const noexcept {
    const std::int32_t key = KeyOf(value);
    return {UpperBound(key - 1), UpperBound(key)};
  }

  // Keys of negative values carry the sign bit; the rest of the key is that of the magnitude.
  [[nodiscard]] bool IsNegative(std::int32_t key) const noexcept { return key >= sign_; }
  [[nodiscard]] std::int32_t Magnitude(std::int32_t key) const noexcept {
    return IsNegative(key) ? key - sign_ : key;
  }

  // Buckets are allocated in blocks of max(2^schema, 32) cells: block = key >> BlockBits(). A
  // series' first blocks, HeadBlocks() of them, lie behind its head. At schema 3 these are eight
  // octaves, most of what a latency spans: records then stay in one page. Measured, rotating over
  // 32 of 2000 series: 9.4 ns with an octave a block wherever there was room, 6.1 ns so. Ten
  // octaves take at most 1.2 KiB.
  [[nodiscard]] int BlockBits() const noexcept { return schema_ > 5 ? schema_ : 5; }
  [[nodiscard]] std::uint32_t BlockCells() const noexcept { return 1u << BlockBits(); }
  [[nodiscard]] std::uint32_t HeadBlocks() const noexcept { return schema_ > 5 ? 1 : 2; }

  [[nodiscard]] int schema() const noexcept { return schema_; }

  // entry[top 9 mantissa bits] = k << 20 | (0xfffff - upper 20 mantissa bits of boundary k), where
  // k is the first boundary that is not below all of the entry's range (2^s: none is left; its
  // upper bits are then taken as 0xfffff). Adding a mantissa's upper 20 bits carries into k where
  // they are above the boundary's, so that the sum >> 20 counts the boundaries below; low bits of
  // 0xfffff are a tie in the upper word, to be resolved exactly. For schemas below 0 it is schema
  // 0's.
  [[nodiscard]] std::span<const std::int32_t> LookupTable() const noexcept { return table_; }

  // The 256 boundaries of schema 8 in [1, 2), each the largest double <= 2^(k/256).
  static std::span<const double> Boundaries();

 private:
  explicit BucketMapping(int schema);

  // How many boundaries of an octave lie below a value whose 52 mantissa bits are `mantissa`:
  // 0..2^max(schema, 0).
  [[nodiscard]] std::uint32_t BoundariesBelow(std::uint64_t mantissa) const noexcept;

  int schema_;
  int fine_;           // max(schema, 0): buckets per octave = 2^fine_
  int coarse_;         // max(-schema, 0): octaves per bucket = 2^coarse_
  std::int32_t sign_;  // the key's sign bit
  std::int32_t key_of_index_0_;
  std::vector<std::int32_t> table_;
};

}  // namespace nanotally
