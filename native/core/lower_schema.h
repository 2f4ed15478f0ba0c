// Buckets of an exponential histogram as a coarser schema has them. Each boundary of a schema is
// one of every higher schema, so this is exact: a bucket goes whole into another.
#pragma once

#include <span>
#include <vector>

#include "core/snapshot.h"

namespace nanotally {

// The populated buckets at schema `to`, ascending by key. `buckets` are those of schema `from`, in
// the same order; `from` >= `to`, both in kMinSchema..kMaxSchema. Keys are BucketMapping's.
[[nodiscard]] std::vector<BucketCount> LowerSchema(std::span<const BucketCount> buckets, int from,
                                                   int to);

}  // namespace nanotally
