// Histogram values on their way through JavaScript, which keeps them and hands them back: numbers
// in a Float64Array of its own, so that there is nothing to free and nothing that a thread's end
// could take away.
//
// values[0..5] are the count of observations, their sum, and the counts of NaN, zeros, infinity and
// -infinity. Behind them come pairs of key and count for each populated exponential bucket,
// ascending by key, or the counts of all explicit ones. Beside it goes the shape: a schema, or a
// Float64Array of bounds. lib/instruments/histogram-snapshot.ts reads the head.
#pragma once

#include <napi.h>

#include <cstddef>

#include "core/histogram_math.h"

namespace nanotally {

struct PackedHistogram {
  static constexpr std::size_t kCount = 0, kSum = 1, kNaN = 2, kZero = 3, kPositiveInfinity = 4,
                               kNegativeInfinity = 5, kHead = 6;
};

Napi::Float64Array PackHistogram(Napi::Env env, const HistogramValue& value);

// Throws StatusError(kInvalidArgument) for what PackHistogram has not made.
HistogramData UnpackHistogram(const Napi::Value& shape, const Napi::Value& values);

}  // namespace nanotally
