// From keys and counts to spans and deltas.
#include "render/sparse_histogram.h"

#include <limits>

#include "core/lower_schema.h"

namespace nanotally {
namespace {

class BucketWriter {
 public:
  explicit BucketWriter(SparseBuckets& buckets) : buckets_(buckets) {}

  // By ascending index.
  void Add(std::int32_t index, double count) {
    if (buckets_.spans.empty() || index != next_) buckets_.spans.push_back({index - next_, 0});
    ++buckets_.spans.back().length;
    const auto whole = static_cast<std::int64_t>(count);
    buckets_.deltas.push_back(whole - previous_);
    previous_ = whole;
    next_ = index + 1;
  }

 private:
  SparseBuckets& buckets_;
  std::int32_t next_ = 0;
  std::int64_t previous_ = 0;
};

}  // namespace

SparseHistogram MakeSparseHistogram(const HistogramValue& value, int schema) {
  const std::size_t infinite =
      (value.positive_infinity > 0 ? 1 : 0) + (value.negative_infinity > 0 ? 1 : 0);
  std::vector<BucketCount> lowered;
  const std::vector<BucketCount>* buckets = &value.buckets;
  int lower = schema;
  while (buckets->size() + infinite > kMaxSparseBuckets && lower > kMinSchema) {
    lowered = LowerSchema(*buckets, lower, lower - 1);
    buckets = &lowered;
    --lower;
  }

  SparseHistogram histogram;
  histogram.schema = lower;
  histogram.zero_count = static_cast<std::uint64_t>(value.zero);
  BucketWriter positive(histogram.positive);
  BucketWriter negative(histogram.negative);
  const BucketMapping& mapping = BucketMapping::ForSchema(lower);
  for (const BucketCount& bucket : *buckets) {
    BucketWriter& side = mapping.IsNegative(bucket.key) ? negative : positive;
    side.Add(mapping.IndexOf(bucket.key), bucket.count);
  }
  const std::int32_t overflow =
      mapping.IndexOf(mapping.KeyOf(std::numeric_limits<double>::max())) + 1;
  if (value.positive_infinity > 0) positive.Add(overflow, value.positive_infinity);
  if (value.negative_infinity > 0) negative.Add(overflow, value.negative_infinity);
  return histogram;
}

}  // namespace nanotally
