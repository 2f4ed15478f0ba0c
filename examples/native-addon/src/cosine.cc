// The kernel for each CPU, and which one this CPU takes.
#include "cosine.h"

#include <cmath>

#if defined(__GNUC__) && defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace {

struct Products {
  float ab, aa, bb;
};

struct Kernel {
  Products (*multiply)(const float* a, const float* b);
  const char* isa;
};

[[maybe_unused]] Products Scalar(const float* a, const float* b) {
  Products sums{};
  for (std::size_t i = 0; i < kFloats; ++i) {
    sums.ab += a[i] * b[i];
    sums.aa += a[i] * a[i];
    sums.bb += b[i] * b[i];
  }
  return sums;
}

#if defined(__GNUC__) && defined(__x86_64__)

__attribute__((target("avx2,fma"))) float Sum(__m256 lanes) {
  __m128 sum = _mm_add_ps(_mm256_castps256_ps128(lanes), _mm256_extractf128_ps(lanes, 1));
  sum = _mm_add_ps(sum, _mm_movehl_ps(sum, sum));
  return _mm_cvtss_f32(_mm_add_ss(sum, _mm_movehdup_ps(sum)));
}

__attribute__((target("avx2,fma"))) Products Avx2(const float* a, const float* b) {
  static_assert(kFloats % 8 == 0);
  __m256 ab = _mm256_setzero_ps(), aa = ab, bb = ab;
  for (std::size_t i = 0; i < kFloats; i += 8) {
    const __m256 x = _mm256_loadu_ps(a + i), y = _mm256_loadu_ps(b + i);
    ab = _mm256_fmadd_ps(x, y, ab);
    aa = _mm256_fmadd_ps(x, x, aa);
    bb = _mm256_fmadd_ps(y, y, bb);
  }
  return {Sum(ab), Sum(aa), Sum(bb)};
}

// The compiler may use AVX2 in the function above only: this file also runs where there is none.
Kernel ForThisCpu() {
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return {Avx2, "avx2"};
  return {Scalar, "scalar"};
}

#elif defined(__aarch64__)

Products Neon(const float* a, const float* b) {
  static_assert(kFloats % 4 == 0);
  float32x4_t ab = vdupq_n_f32(0), aa = ab, bb = ab;
  for (std::size_t i = 0; i < kFloats; i += 4) {
    const float32x4_t x = vld1q_f32(a + i), y = vld1q_f32(b + i);
    ab = vfmaq_f32(ab, x, y);
    aa = vfmaq_f32(aa, x, x);
    bb = vfmaq_f32(bb, y, y);
  }
  return {vaddvq_f32(ab), vaddvq_f32(aa), vaddvq_f32(bb)};
}

Kernel ForThisCpu() { return {Neon, "neon"}; }

#else

Kernel ForThisCpu() { return {Scalar, "scalar"}; }

#endif

const Kernel kernel = ForThisCpu();

}  // namespace

float Cosine(const float* a, const float* b) {
  const Products sums = kernel.multiply(a, b);
  return sums.ab / std::sqrt(sums.aa * sums.bb);
}

const char* Isa() { return kernel.isa; }
