// Lowering by shifting keys.
#include "core/lower_schema.h"

#include <algorithm>
#include <cstdint>

namespace nanotally {
namespace {

// From schema 0 up a key is sign, exponent and 2^schema buckets of an octave, less 1; below, it is
// the same of 2^-schema octaves, without the 1 taken off (see BucketMapping::KeyOf). All parts of a
// key shift as one, the sign too.
std::int32_t LowerKey(std::int32_t key, int from, int to) {
  if (from < 0) return key >> (from - to);
  const std::int32_t at_octaves = key >> (from - std::max(to, 0));
  return to < 0 ? (at_octaves + 1) >> -to : at_octaves;
}

}  // namespace

std::vector<BucketCount> LowerSchema(std::span<const BucketCount> buckets, int from, int to) {
  std::vector<BucketCount> lowered;
  for (const BucketCount& bucket : buckets) {
    const std::int32_t key = LowerKey(bucket.key, from, to);
    if (!lowered.empty() && lowered.back().key == key) {
      lowered.back().count += bucket.count;
    } else {
      lowered.push_back({key, bucket.count});
    }
  }
  return lowered;
}

}  // namespace nanotally
