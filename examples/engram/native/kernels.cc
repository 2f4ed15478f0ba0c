#include "kernels.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>

#include "random.h"

#if defined(__GNUC__) && defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace engram {
namespace {

float DotScalar(const float* a, const float* b, std::size_t n) {
  float sum = 0;
  for (std::size_t i = 0; i < n; ++i) sum += a[i] * b[i];
  return sum;
}

float DotInt8Scalar(const float* a, const std::int8_t* b, std::size_t n) {
  float sum = 0;
  for (std::size_t i = 0; i < n; ++i) sum += a[i] * static_cast<float>(b[i]);
  return sum;
}

// As a kernel goes wrong whose loop ends too early.
float DotBroken(const float* a, const float* b, std::size_t n) {
  return DotScalar(a, b, n - kFloatsPerTurn);
}

float DotInt8Broken(const float* a, const std::int8_t* b, std::size_t n) {
  return DotInt8Scalar(a, b, n - kFloatsPerTurn);
}

constexpr Kernel kScalar = {"scalar", 1, DotScalar, DotInt8Scalar};
constexpr Kernel kBroken = {"broken", 1, DotBroken, DotInt8Broken};

#if defined(__GNUC__) && defined(__x86_64__)

// The compiler may use these instructions in functions with the attribute only: this file also
// runs where they are missing.
#define ENGRAM_SSE __attribute__((target("sse4.2")))
#define ENGRAM_AVX2 __attribute__((target("avx2,fma")))

ENGRAM_SSE float Sum(__m128 lanes) {
  lanes = _mm_add_ps(lanes, _mm_movehl_ps(lanes, lanes));
  return _mm_cvtss_f32(_mm_add_ss(lanes, _mm_movehdup_ps(lanes)));
}

// Two sums at once, so that an add does not wait for the one before it.
ENGRAM_SSE float DotSse(const float* a, const float* b, std::size_t n) {
  __m128 even = _mm_setzero_ps(), odd = even;
  for (std::size_t i = 0; i < n; i += 8) {
    even = _mm_add_ps(even, _mm_mul_ps(_mm_loadu_ps(a + i), _mm_loadu_ps(b + i)));
    odd = _mm_add_ps(odd, _mm_mul_ps(_mm_loadu_ps(a + i + 4), _mm_loadu_ps(b + i + 4)));
  }
  return Sum(_mm_add_ps(even, odd));
}

ENGRAM_SSE float DotInt8Sse(const float* a, const std::int8_t* b, std::size_t n) {
  __m128 even = _mm_setzero_ps(), odd = even;
  for (std::size_t i = 0; i < n; i += 8) {
    const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(b + i));
    const __m128 low = _mm_cvtepi32_ps(_mm_cvtepi8_epi32(bytes));
    const __m128 high = _mm_cvtepi32_ps(_mm_cvtepi8_epi32(_mm_srli_si128(bytes, 4)));
    even = _mm_add_ps(even, _mm_mul_ps(_mm_loadu_ps(a + i), low));
    odd = _mm_add_ps(odd, _mm_mul_ps(_mm_loadu_ps(a + i + 4), high));
  }
  return Sum(_mm_add_ps(even, odd));
}

ENGRAM_AVX2 float Sum(__m256 lanes) {
  __m128 sum = _mm_add_ps(_mm256_castps256_ps128(lanes), _mm256_extractf128_ps(lanes, 1));
  sum = _mm_add_ps(sum, _mm_movehl_ps(sum, sum));
  return _mm_cvtss_f32(_mm_add_ss(sum, _mm_movehdup_ps(sum)));
}

ENGRAM_AVX2 float DotAvx2(const float* a, const float* b, std::size_t n) {
  __m256 even = _mm256_setzero_ps(), odd = even;
  for (std::size_t i = 0; i < n; i += 16) {
    even = _mm256_fmadd_ps(_mm256_loadu_ps(a + i), _mm256_loadu_ps(b + i), even);
    odd = _mm256_fmadd_ps(_mm256_loadu_ps(a + i + 8), _mm256_loadu_ps(b + i + 8), odd);
  }
  return Sum(_mm256_add_ps(even, odd));
}

ENGRAM_AVX2 float DotInt8Avx2(const float* a, const std::int8_t* b, std::size_t n) {
  __m256 even = _mm256_setzero_ps(), odd = even;
  for (std::size_t i = 0; i < n; i += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(b + i));
    const __m256 low = _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(bytes));
    const __m256 high = _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_srli_si128(bytes, 8)));
    even = _mm256_fmadd_ps(_mm256_loadu_ps(a + i), low, even);
    odd = _mm256_fmadd_ps(_mm256_loadu_ps(a + i + 8), high, odd);
  }
  return Sum(_mm256_add_ps(even, odd));
}

struct Available {
  Available() {
    if (__builtin_cpu_supports("sse4.2")) list[count++] = {"sse4_2", 4, DotSse, DotInt8Sse};
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
      list[count++] = {"avx2", 8, DotAvx2, DotInt8Avx2};
  }
  std::array<Kernel, 3> list = {kScalar};
  std::size_t count = 1;
};

#elif defined(__aarch64__)

float DotNeon(const float* a, const float* b, std::size_t n) {
  float32x4_t even = vdupq_n_f32(0), odd = even;
  for (std::size_t i = 0; i < n; i += 8) {
    even = vfmaq_f32(even, vld1q_f32(a + i), vld1q_f32(b + i));
    odd = vfmaq_f32(odd, vld1q_f32(a + i + 4), vld1q_f32(b + i + 4));
  }
  return vaddvq_f32(vaddq_f32(even, odd));
}

float DotInt8Neon(const float* a, const std::int8_t* b, std::size_t n) {
  float32x4_t even = vdupq_n_f32(0), odd = even;
  for (std::size_t i = 0; i < n; i += 8) {
    const int16x8_t wide = vmovl_s8(vld1_s8(b + i));
    even = vfmaq_f32(even, vld1q_f32(a + i), vcvtq_f32_s32(vmovl_s16(vget_low_s16(wide))));
    odd = vfmaq_f32(odd, vld1q_f32(a + i + 4), vcvtq_f32_s32(vmovl_s16(vget_high_s16(wide))));
  }
  return vaddvq_f32(vaddq_f32(even, odd));
}

struct Available {
  std::array<Kernel, 2> list = {kScalar, {"neon", 4, DotNeon, DotInt8Neon}};
  std::size_t count = 2;
};

#else

struct Available {
  std::array<Kernel, 1> list = {kScalar};
  std::size_t count = 1;
};

#endif

const Available& ForThisCpu() {
  static const Available available;
  return available;
}

// NULL: the fastest. relaxed: what it points to never changes, and no data depends on the choice.
std::atomic<const Kernel*> chosen{nullptr};

}  // namespace

std::span<const Kernel> Kernels() noexcept {
  const Available& available = ForThisCpu();
  return {available.list.data(), available.count};
}

const Kernel& ActiveKernel() noexcept {
  const Kernel* kernel = chosen.load(std::memory_order_relaxed);
  return kernel != nullptr ? *kernel : Kernels().back();
}

bool UseKernel(std::string_view name) noexcept {
  const Kernel* kernel = name == kBroken.name ? &kBroken : nullptr;
  for (const Kernel& one : Kernels()) {
    if (name == one.name) kernel = &one;
  }
  if (kernel == nullptr && !name.empty()) return false;
  chosen.store(kernel, std::memory_order_relaxed);
  return true;
}

double KernelError(const Kernel& kernel) noexcept {
  constexpr std::size_t kMost = 768;
  std::array<float, kMost> a, b;
  std::array<std::int8_t, kMost> quantised;
  Random random(1);
  double largest = 0;
  for (const std::size_t n : {kFloatsPerTurn, std::size_t{48}, std::size_t{64}, kMost}) {
    double aa = 0, bb = 0;
    for (std::size_t i = 0; i < n; ++i) {
      a[i] = static_cast<float>(random.Uniform() - 0.5);
      b[i] = static_cast<float>(random.Uniform() - 0.5);
      aa += double{a[i]} * a[i];
      bb += double{b[i]} * b[i];
    }
    double ab = 0, a_quantised = 0;
    for (std::size_t i = 0; i < n; ++i) {
      a[i] /= static_cast<float>(std::sqrt(aa));
      b[i] /= static_cast<float>(std::sqrt(bb));
      quantised[i] = static_cast<std::int8_t>(static_cast<int>(random.Next() % 255) - 127);
      ab += double{a[i]} * b[i];
      a_quantised += double{a[i]} * quantised[i];
    }
    largest = std::max(largest, std::abs(ab - double{kernel.dot(a.data(), b.data(), n)}));
    // Of bytes up to 127, so to be compared with what is as large.
    const double error = a_quantised - double{kernel.dot_int8(a.data(), quantised.data(), n)};
    largest = std::max(largest, std::abs(error) / 127);
  }
  return largest;
}

}  // namespace engram
