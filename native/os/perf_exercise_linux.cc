// The work: loads that depend on each other over more memory than the second cache holds, branches
// that no one can predict, prefetches, and arithmetic of each width.
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "os/cpu_features.h"
#include "os/perf_exercise.h"

namespace nanotally {
namespace {

// More than two times the largest second cache (3 MiB), and than a TLB of data has pages for.
constexpr std::size_t kBytes = std::size_t{8} << 20;
constexpr std::size_t kPageBytes = 4096;
constexpr std::size_t kLineBytes = 64;
constexpr std::size_t kLines = kBytes / kLineBytes;

// xorshift64 (Marsaglia, 2003): the same numbers in each process, and no pattern in them.
std::uint64_t NextRandom(std::uint64_t& state) noexcept {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state;
}
constexpr std::uint64_t kSeed = 0x9e3779b97f4a7c15;

[[maybe_unused]] unsigned VectorBits() noexcept {
  static const unsigned bits = WidestVectorBits();
  return bits;
}

// A page's first access finds it in no TLB.
void TouchPages(const char* memory) noexcept {
  for (std::size_t at = 0; at < kBytes; at += kPageBytes)
    static_cast<void>(*static_cast<const volatile char*>(memory + at));
}

// Makes the lines one ring in an order that no prefetcher follows, and goes round it. Some of them
// are put out of all caches before (x86-64; elsewhere a program cannot be sure of that).
void FollowRing(char* memory) noexcept {
  const auto line = [&](std::size_t number) {
    return reinterpret_cast<std::uint64_t*>(memory + number * kLineBytes);
  };
  for (std::size_t i = 0; i < kLines; ++i) *line(i) = i;
  // Sattolo's shuffle leaves one cycle.
  std::uint64_t state = kSeed;
  for (std::size_t i = kLines - 1; i > 0; --i) std::swap(*line(i), *line(NextRandom(state) % i));
#if defined(__x86_64__)
  constexpr std::size_t kFlushed = 4096;
  for (std::size_t i = 0; i < kFlushed; ++i) asm volatile("clflush (%0)" : : "r"(line(i)));
  asm volatile("mfence" : : : "memory");
#endif
  std::size_t at = 0;
  for (std::size_t i = 0; i < kLines; ++i)
    at = static_cast<std::size_t>(*static_cast<const volatile std::uint64_t*>(line(at)));
}

void Guess() noexcept {
  constexpr int kBranches = 8192;
  std::uint64_t state = kSeed;
  for (int i = 0; i < kBranches; ++i) {
    // An instruction of which the compiler knows nothing is not to be had without a branch.
    if ((NextRandom(state) >> 32 & 1) != 0) asm volatile("nop");
  }
}

void Prefetch(const char* memory) noexcept {
  for (std::size_t at = 0; at < kPageBytes; at += kLineBytes) __builtin_prefetch(memory + at);
}

void Calculate() noexcept {
  constexpr int kTimes = 256;
  for (int i = 0; i < kTimes; ++i) {
#if defined(__x86_64__)
    asm volatile("xorps %%xmm0, %%xmm0\n addsd %%xmm0, %%xmm0\n addpd %%xmm0, %%xmm0" : : : "xmm0");
    if (VectorBits() >= 256) {
      asm volatile("vxorps %%ymm0, %%ymm0, %%ymm0\n vaddpd %%ymm0, %%ymm0, %%ymm0\n vzeroupper"
                   :
                   :
                   : "xmm0");
    }
    if (VectorBits() >= 512) {
      asm volatile("vpxorq %%zmm0, %%zmm0, %%zmm0\n vaddpd %%zmm0, %%zmm0, %%zmm0\n vzeroupper"
                   :
                   :
                   : "xmm0");
    }
#elif defined(__aarch64__)
    asm volatile("fmov d0, #1.0\n fadd d0, d0, d0\n fadd v0.2d, v0.2d, v0.2d" : : : "v0");
#endif
  }
}

}  // namespace

bool ExerciseProcessor() noexcept {
  void* const memory =
      mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return false;
  madvise(memory, kBytes, MADV_NOHUGEPAGE);
  TouchPages(static_cast<const char*>(memory));
  FollowRing(static_cast<char*>(memory));
  Guess();
  Prefetch(static_cast<const char*>(memory));
  Calculate();
  munmap(memory, kBytes);
  return true;
}

bool IsExercised(std::string_view event) noexcept {
  constexpr auto kEverywhere = std::to_array<std::string_view>({
      "cycles",
      "instructions",
      "stalled_cycles_frontend",
      "stalled_cycles_backend",
      "branches",
      "branch_misses",
      "l1d_loads",
      "l1d_load_misses",
      "l1d_pending_cycles",
      "l2_references",
      "l2_misses",
      "llc_loads",
      "dtlb_loads",
      "dtlb_load_misses",
      "software_prefetches",
      "fp_scalar",
      "fp_128",
      "simd_instructions",
      "vfp_instructions",
      "flops",
  });
  if (std::ranges::find(kEverywhere, event) != kEverywhere.end()) return true;
#if defined(__x86_64__)
  if (event == "llc_load_misses") return true;
  if (event == "fp_256") return VectorBits() >= 256;
  if (event == "fp_512") return VectorBits() >= 512;
#endif
  return false;
}

}  // namespace nanotally
