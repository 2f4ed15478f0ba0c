// Quantiles of the observations of one interval, from the differences of cumulative buckets.

/** Lower end, upper end and observations of bucket after bucket, ascending. */
export type Buckets = Float64Array

export const QUANTILES = [0.5, 0.9, 0.99] as const

/** What is nearer to 0 is 0: exponential histograms count it in a bucket of its own. */
export const ZERO = 2 ** -127

/** An exponential bucket of schema 0 or more spans at most an octave. */
const OCTAVE = 2 * (1 + 1e-9)

/** The counts by upper ends: what the next differences are taken from. */
export type BucketCounts = ReadonlyMap<number, number>

/**
 * What was observed since `before`. Where any count has dropped, the histogram has begun anew, and all it holds is new.
 */
export function bucketDifferences(before: BucketCounts, now: Buckets): Buckets {
  const differences: number[] = []
  let matched = 0
  for (let i = 0; i < now.length; i += 3) {
    const upper = now[i + 1] as number
    const count = now[i + 2] as number
    const earlier = before.get(upper)
    if (earlier !== undefined) matched++
    if (count < (earlier ?? 0)) return now
    if (count > (earlier ?? 0)) differences.push(now[i] as number, upper, count - (earlier ?? 0))
  }
  return matched < before.size ? now : Float64Array.from(differences)
}

export function countsByUpperEnd(buckets: Buckets): BucketCounts {
  const counts = new Map<number, number>()
  for (let i = 0; i < buckets.length; i += 3) counts.set(buckets[i + 1] as number, buckets[i + 2] as number)
  return counts
}

/**
 * The value that the share `q` of the observations is at or below, interpolated inside its bucket: on a logarithmic scale
 * where the bucket spans an octave or less above 0, linearly in others. NaN where there are none.
 */
export function quantile(buckets: Buckets, q: number): number {
  let total = 0
  for (let i = 2; i < buckets.length; i += 3) total += buckets[i] as number
  const rank = q * total
  let below = 0
  for (let i = 0; i < buckets.length; i += 3) {
    const count = buckets[i + 2] as number
    if (below + count >= rank || i + 3 === buckets.length) {
      return interpolate(buckets[i] as number, buckets[i + 1] as number, Math.min((rank - below) / count, 1))
    }
    below += count
  }
  return Number.NaN
}

function interpolate(lower: number, upper: number, share: number): number {
  if (upper === Number.POSITIVE_INFINITY) return lower // nothing is known above it
  if (lower >= -ZERO && upper <= ZERO) return 0
  // The first explicit bucket counts from 0, as Prometheus' histogram_quantile has it.
  if (lower === Number.NEGATIVE_INFINITY) return upper > 0 ? upper * share : upper
  if (lower > 0 && upper / lower <= OCTAVE) return lower * (upper / lower) ** share
  return lower + (upper - lower) * share
}
