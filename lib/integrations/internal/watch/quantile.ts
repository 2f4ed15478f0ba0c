// A quantile of a histogram's buckets, by the rule of Prometheus' histogram_quantile().

export interface Bucket {
  /** Inclusive; the last is Infinity. */
  readonly upTo: number
  /** Of all values up to there. */
  readonly count: number
}

/** NaN where there is nothing, or no bucket without an end. */
export function quantileOf(quantile: number, buckets: readonly Bucket[]): number {
  const sorted = [...buckets].sort((a, b) => a.upTo - b.upTo)
  if (sorted.length < 2 || sorted.at(-1)?.upTo !== Infinity || Number.isNaN(quantile)) return Number.NaN
  if (quantile < 0) return -Infinity
  if (quantile > 1) return Infinity
  // Rates of buckets are computed one by one: rounding must not make a later one less.
  let highest = 0
  const counts = sorted.map(({ count }) => {
    highest = Math.max(highest, count)
    return highest
  })
  const all = counts.at(-1) as number
  if (!(all > 0)) return Number.NaN
  const rank = quantile * all
  const at = counts.findIndex((count) => count >= rank)
  const last = sorted.length - 1
  if (at === last) return (sorted[last - 1] as Bucket).upTo
  const { upTo } = sorted[at] as Bucket
  if (at === 0 && upTo <= 0) return upTo
  const [start, below] = at === 0 ? [0, 0] : [(sorted[at - 1] as Bucket).upTo, counts[at - 1] as number]
  const own = (counts[at] as number) - below
  return start + (upTo - start) * ((rank - below) / own)
}
