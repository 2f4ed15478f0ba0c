// The kernel. It knows nothing of metrics.
#pragma once

#include <cstddef>

constexpr std::size_t kFloats = 768;

// The cosine of two vectors of kFloats; NaN where one of them is all zeros.
float Cosine(const float* a, const float* b);

// What Cosine computes with on this CPU: "avx2", "neon" or "scalar".
const char* Isa();
