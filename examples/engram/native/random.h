// splitmix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014): the
// same seed gives the same numbers on every machine. Belongs to one thread at a time.
#pragma once

#include <cstdint>

namespace engram {

class Random {
 public:
  explicit Random(std::uint64_t seed) noexcept : state_(seed) {}

  std::uint64_t Next() noexcept {
    state_ += 0x9e3779b97f4a7c15u;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }

  // 0 <= u < 1, with 53 bits.
  double Uniform() noexcept { return static_cast<double>(Next() >> 11) * 0x1p-53; }

  // 0 <= i < n; the bias is below n / 2^64.
  std::uint64_t Below(std::uint64_t n) noexcept { return Next() % n; }

 private:
  std::uint64_t state_;
};

}  // namespace engram
