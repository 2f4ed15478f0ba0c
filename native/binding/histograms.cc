// The environment's entry points for reading histograms.
#include "binding/histograms.h"

#include <algorithm>
#include <cstdint>

#include "binding/environment.h"
#include "binding/guard.h"

namespace nanotally {
namespace {

[[noreturn]] void Refuse() {
  throw StatusError({ErrorCode::kInvalidArgument, "no histogram value that was read before"});
}

Napi::Float64Array ReadDoubles(const Napi::Value& value) {
  if (!value.IsTypedArray() ||
      value.As<Napi::TypedArray>().TypedArrayType() != napi_float64_array) {
    Refuse();
  }
  return value.As<Napi::Float64Array>();
}

}  // namespace

Napi::Float64Array PackHistogram(Napi::Env env, const HistogramValue& value) {
  using P = PackedHistogram;
  const std::size_t size = P::kHead + value.explicit_counts.size() + 2 * value.buckets.size();
  auto packed = Napi::Float64Array::New(env, size);
  double* at = packed.Data();
  at[P::kCount] = value.Count();
  at[P::kSum] = value.sum;
  at[P::kNaN] = value.nan;
  at[P::kZero] = value.zero;
  at[P::kPositiveInfinity] = value.positive_infinity;
  at[P::kNegativeInfinity] = value.negative_infinity;
  at = std::copy(value.explicit_counts.begin(), value.explicit_counts.end(), at + P::kHead);
  for (const BucketCount& bucket : value.buckets) {
    *at++ = bucket.key;
    *at++ = bucket.count;
  }
  return packed;
}

HistogramData UnpackHistogram(const Napi::Value& shape, const Napi::Value& values) {
  using P = PackedHistogram;
  const auto packed = ReadDoubles(values);
  const std::size_t size = packed.ElementLength();
  if (size < P::kHead) Refuse();
  const double* at = packed.Data();
  HistogramData data;
  data.value.sum = at[P::kSum];
  data.value.nan = at[P::kNaN];
  data.value.zero = at[P::kZero];
  data.value.positive_infinity = at[P::kPositiveInfinity];
  data.value.negative_infinity = at[P::kNegativeInfinity];
  if (shape.IsNumber()) {
    data.schema = shape.As<Napi::Number>().Int32Value();
    if (*data.schema < kMinSchema || *data.schema > kMaxSchema || size % 2 != P::kHead % 2)
      Refuse();
    for (std::size_t i = P::kHead; i < size; i += 2)
      data.value.buckets.push_back({static_cast<std::int32_t>(at[i]), at[i + 1]});
  } else {
    const auto bounds = ReadDoubles(shape);
    if (size != P::kHead + bounds.ElementLength() + 1) Refuse();
    data.bounds.assign(bounds.Data(), bounds.Data() + bounds.ElementLength());
    data.value.explicit_counts.assign(at + P::kHead, at + size);
  }
  return data;
}

// readHistogram(handle, metric, series): values
Napi::Value Environment::ReadHistogram(Info info) {
  const auto value =
      At(info[0]).registry->ReadHistogram(info[1].As<Napi::Number>(), info[2].As<Napi::Number>());
  return PackHistogram(info.Env(), Check(value));
}

// readHistogramTotal(handle, metric): values of all its series together
Napi::Value Environment::ReadHistogramTotal(Info info) {
  const auto value = At(info[0]).registry->ReadHistogramTotal(info[1].As<Napi::Number>());
  return PackHistogram(info.Env(), Check(value));
}

// histogramBuckets(shape, values): [lower, upper, count] of each bucket, one after another
Napi::Value Environment::HistogramBuckets(Info info) {
  const auto ranges = BucketRanges(UnpackHistogram(info[0], info[1]));
  auto array = Napi::Float64Array::New(info.Env(), 3 * ranges.size());
  double* at = array.Data();
  for (const BucketRange& range : ranges) {
    *at++ = range.lower;
    *at++ = range.upper;
    *at++ = range.count;
  }
  return array;
}

// histogramQuantile(shape, values, q): number
Napi::Value Environment::HistogramQuantile(Info info) {
  return Napi::Number::New(info.Env(),
                           Quantile(UnpackHistogram(info[0], info[1]), info[2].As<Napi::Number>()));
}

// mergeHistograms(shape, values, shape, values): values, at the lower of two schemas
Napi::Value Environment::MergeHistograms(Info info) {
  const auto merged = nanotally::MergeHistograms(UnpackHistogram(info[0], info[1]),
                                                 UnpackHistogram(info[2], info[3]));
  return PackHistogram(info.Env(), Check(merged).value);
}

}  // namespace nanotally
