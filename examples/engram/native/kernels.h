// Dot products of vectors, for each instruction set that this CPU has. For vectors of unit length
// the dot product is the cosine of their angle. Any thread; no metrics in here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace engram {

// Floats that the widest kernel takes in one turn of its loop: lengths are multiples of it.
inline constexpr std::size_t kFloatsPerTurn = 16;

// One way to compute. `n` is a multiple of kFloatsPerTurn; the arrays need no alignment.
struct Kernel {
  const char* name;  // the instruction set: scalar, sse4_2, avx2, neon; or broken, see UseKernel
  int lanes;         // floats in one register
  float (*dot)(const float* a, const float* b, std::size_t n);
  // Of floats with quantised ones: the caller multiplies by the scale.
  float (*dot_int8)(const float* a, const std::int8_t* b, std::size_t n);
};

// Those that this CPU can run: scalar, which is the reference, first and the fastest last.
std::span<const Kernel> Kernels() noexcept;

// The one in use: the fastest, unless UseKernel chose another.
const Kernel& ActiveKernel() noexcept;

// Takes another kernel for the whole process: one of Kernels() by name, "" for the fastest, or
// "broken", which leaves out the end of each vector, so that a check has something to find.
// False for a name that is none.
bool UseKernel(std::string_view name) noexcept;

// The largest absolute error of a kernel against the same sums in double precision, over unit
// vectors of several lengths (a fixed sequence); about 1e-7 for one that is right.
double KernelError(const Kernel& kernel) noexcept;
// What a right kernel stays far below, and one that leaves something out far above.
inline constexpr double kLargestKernelError = 1e-5;

}  // namespace engram
