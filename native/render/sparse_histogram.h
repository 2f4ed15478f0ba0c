// A value of an exponential histogram as Prometheus' native histograms have it.
// (`native` is what records on native threads here.)
// Source: prometheus.io/docs/specs/native_histograms and client_model's metrics.proto.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/snapshot.h"

namespace nanotally {

// More buckets than this are not sent: the value is shown at a lower schema. It is the number that
// Prometheus' and OpenTelemetry's documentation recommend as a limit.
inline constexpr std::size_t kMaxSparseBuckets = 160;

// A run of consecutive buckets. The offset counts from the end of the run before it, or is the
// bucket index of the first run.
struct BucketSpan {
  std::int32_t offset;
  std::uint32_t length;
};

struct SparseBuckets {
  std::vector<BucketSpan> spans;
  std::vector<std::int64_t>
      deltas;  // each bucket's count less the one's before; the first's is whole
};

struct SparseHistogram {
  int schema = 0;  // at most the metric's own
  std::uint64_t zero_count = 0;
  SparseBuckets positive;
  SparseBuckets negative;
};

// `value` is of a metric of that schema. An infinite observation lies in the bucket behind the one
// of the largest finite double. NaN observations lie in none.
[[nodiscard]] SparseHistogram MakeSparseHistogram(const HistogramValue& value, int schema);

}  // namespace nanotally
