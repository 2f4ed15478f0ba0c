// What instructions the processor has, by cpuid (x86-64) or by the kernel's HWCAP (arm64 Linux).
#pragma once

#include <string>
#include <vector>

namespace nanotally {

// In the names of /proc/cpuinfo: "sse4_2", "avx2", "avx512f", "asimd" (NEON), "sve". Ascending.
// Those alone that are about vectors and arithmetic (cpu_features.cc lists them), and that the
// operating system lets programs use: what needs registers that it does not save is left out.
[[nodiscard]] std::vector<std::string> CpuFeatures();

// The widest vector register that programs may use, in bits: 128, 256, 512, or SVE's. 0: not known.
[[nodiscard]] unsigned WidestVectorBits();

}  // namespace nanotally
