// The lists of features. x86-64: Intel SDM, volume 2A, CPUID, and volume 1, section 13.2 (XCR0).
// arm64: Linux, Documentation/arch/arm64/elf_hwcaps.rst.
#include "os/cpu_features.h"

#include <algorithm>
#include <cstdint>

#if defined(__x86_64__) || defined(_M_X64)
#define NANOTALLY_X86 1
#if defined(_MSC_VER)
#include <immintrin.h>
#include <intrin.h>
#else
#include <cpuid.h>
#endif
#elif defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#include <sys/prctl.h>
#endif

namespace nanotally {
namespace {

#if defined(NANOTALLY_X86)

enum Register { kEax, kEbx, kEcx, kEdx };

struct Cpuid {
  std::uint32_t registers[4] = {};
};

Cpuid ReadCpuid(std::uint32_t leaf, std::uint32_t subleaf) {
  Cpuid read;
#if defined(_MSC_VER)
  int registers[4];
  __cpuid(registers, 0);
  if (static_cast<std::uint32_t>(registers[0]) < leaf) return read;
  __cpuidex(registers, static_cast<int>(leaf), static_cast<int>(subleaf));
  for (int i = 0; i < 4; ++i) read.registers[i] = static_cast<std::uint32_t>(registers[i]);
#else
  if (__get_cpuid_max(0, nullptr) < leaf) return read;
  __cpuid_count(leaf, subleaf, read.registers[kEax], read.registers[kEbx], read.registers[kEcx],
                read.registers[kEdx]);
#endif
  return read;
}

bool HasBit(std::uint32_t word, unsigned bit) { return (word >> bit & 1) != 0; }

// The register states that the operating system saves: XCR0, or 0 where it uses no XSAVE.
std::uint64_t SavedStates() {
  constexpr unsigned kOsXsave = 27;  // leaf 1, ECX
  if (!HasBit(ReadCpuid(1, 0).registers[kEcx], kOsXsave)) return 0;
#if defined(_MSC_VER)
  return _xgetbv(0);
#else
  std::uint32_t low = 0;
  std::uint32_t high = 0;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return std::uint64_t{high} << 32 | low;
#endif
}

// Bits of XCR0 that an instruction's registers need.
constexpr std::uint64_t kSse = 0;  // every 64-bit system saves those
constexpr std::uint64_t kAvx = 0x6;
constexpr std::uint64_t kAvx512 = 0xe6;
constexpr std::uint64_t kAmx = 0x60000;

struct Feature {
  const char* name;
  std::uint32_t leaf;
  std::uint32_t subleaf;
  Register where;
  unsigned bit;
  std::uint64_t states;
};

constexpr Feature kFeatures[] = {
    {"amx_bf16", 7, 0, kEdx, 22, kAmx},
    {"amx_int8", 7, 0, kEdx, 25, kAmx},
    {"amx_tile", 7, 0, kEdx, 24, kAmx},
    {"avx", 1, 0, kEcx, 28, kAvx},
    {"avx2", 7, 0, kEbx, 5, kAvx},
    {"avx512_bf16", 7, 1, kEax, 5, kAvx512},
    {"avx512_bitalg", 7, 0, kEcx, 12, kAvx512},
    {"avx512_fp16", 7, 0, kEdx, 23, kAvx512},
    {"avx512_vbmi2", 7, 0, kEcx, 6, kAvx512},
    {"avx512_vnni", 7, 0, kEcx, 11, kAvx512},
    {"avx512_vpopcntdq", 7, 0, kEcx, 14, kAvx512},
    {"avx512bw", 7, 0, kEbx, 30, kAvx512},
    {"avx512cd", 7, 0, kEbx, 28, kAvx512},
    {"avx512dq", 7, 0, kEbx, 17, kAvx512},
    {"avx512f", 7, 0, kEbx, 16, kAvx512},
    {"avx512ifma", 7, 0, kEbx, 21, kAvx512},
    {"avx512vbmi", 7, 0, kEcx, 1, kAvx512},
    {"avx512vl", 7, 0, kEbx, 31, kAvx512},
    {"avx_vnni", 7, 1, kEax, 4, kAvx},
    {"bmi1", 7, 0, kEbx, 3, kSse},
    {"bmi2", 7, 0, kEbx, 8, kSse},
    {"f16c", 1, 0, kEcx, 29, kAvx},
    {"fma", 1, 0, kEcx, 12, kAvx},
    {"gfni", 7, 0, kEcx, 8, kSse},
    {"popcnt", 1, 0, kEcx, 23, kSse},
    {"sse", 1, 0, kEdx, 25, kSse},
    {"sse2", 1, 0, kEdx, 26, kSse},
    {"sse4_1", 1, 0, kEcx, 19, kSse},
    {"sse4_2", 1, 0, kEcx, 20, kSse},
    {"ssse3", 1, 0, kEcx, 9, kSse},
    {"vaes", 7, 0, kEcx, 9, kAvx},
    {"vpclmulqdq", 7, 0, kEcx, 10, kAvx},
};

bool Has(const Feature& feature, std::uint64_t saved) {
  return HasBit(ReadCpuid(feature.leaf, feature.subleaf).registers[feature.where], feature.bit) &&
         (saved & feature.states) == feature.states;
}

#elif defined(__aarch64__) && defined(__linux__)

struct Feature {
  const char* name;
  unsigned long type;  // of the auxiliary vector
  unsigned bit;
};

// The numbers are the kernel's for good (arch/arm64/include/uapi/asm/hwcap.h), and the headers that
// this is built with may be older.
constexpr unsigned long kHwcap = 16;   // AT_HWCAP
constexpr unsigned long kHwcap2 = 26;  // AT_HWCAP2
constexpr Feature kFeatures[] = {
    {"aes", kHwcap, 3},       {"asimd", kHwcap, 1},    {"asimddp", kHwcap, 20},
    {"asimdfhm", kHwcap, 23}, {"asimdhp", kHwcap, 10}, {"asimdrdm", kHwcap, 12},
    {"atomics", kHwcap, 8},   {"bf16", kHwcap2, 14},   {"crc32", kHwcap, 7},
    {"fp", kHwcap, 0},        {"fphp", kHwcap, 9},     {"i8mm", kHwcap2, 13},
    {"pmull", kHwcap, 4},     {"sha2", kHwcap, 6},     {"sme", kHwcap2, 23},
    {"sve", kHwcap, 22},      {"sve2", kHwcap2, 1},    {"svebf16", kHwcap2, 12},
    {"svei8mm", kHwcap2, 9},
};

bool Has(const Feature& feature) { return (getauxval(feature.type) >> feature.bit & 1) != 0; }

#endif

}  // namespace

std::vector<std::string> CpuFeatures() {
  std::vector<std::string> names;
#if defined(NANOTALLY_X86)
  const std::uint64_t saved = SavedStates();
  for (const Feature& feature : kFeatures)
    if (Has(feature, saved)) names.emplace_back(feature.name);
#elif defined(__aarch64__) && defined(__linux__)
  for (const Feature& feature : kFeatures)
    if (Has(feature)) names.emplace_back(feature.name);
#elif defined(__aarch64__) || defined(_M_ARM64)
  names.emplace_back("asimd");  // no such system lacks it
#endif
  std::ranges::sort(names);
  return names;
}

unsigned WidestVectorBits() {
  const std::vector<std::string> features = CpuFeatures();
  const auto has = [&](const char* name) {
    return std::ranges::find(features, name) != features.end();
  };
#if defined(__aarch64__) && defined(__linux__)
  constexpr int kGetVectorLength = 51;  // PR_SVE_GET_VL
  constexpr int kLengthMask = 0xffff;   // PR_SVE_VL_LEN_MASK, in bytes
  constexpr unsigned kBitsPerByte = 8;
  if (has("sve")) {
    const int length = prctl(kGetVectorLength);
    if (length > 0) return static_cast<unsigned>(length & kLengthMask) * kBitsPerByte;
  }
#endif
  if (has("avx512f")) return 512;
  if (has("avx")) return 256;
  return has("sse2") || has("asimd") ? 128 : 0;
}

}  // namespace nanotally
