// Which boundaries formats with cumulative buckets show of a catalog's exponential histogram: fixed ones. By default a histogram
// shows those around what was observed, and a `le` that first appears in the middle of a program's life is, for a whole window,
// missing in each `rate()`: one slow call would be taken for many. Instances that have seen different things could not be added
// up either.

type Range = readonly [from: number, to: number]
type Limit = { readonly above?: number; readonly below?: number }

/** What of a family decides. */
interface Shown {
  readonly type: string
  readonly buckets?: readonly number[]
  readonly classicRange?: Range
  readonly query: string
  readonly expected: Range
  readonly warning?: Limit
  readonly critical?: Limit
}

/** Where a quantile may be 0, it is told from others down to this part of what still is normal. */
const LEAST_PART = 2 ** -12
/** How many times its gravest threshold a quantile is still told. */
const BEYOND = 4

/** What the family's query, where it is a quantile, has to tell apart. */
function rangeOf({ query, expected: [from, to], warning, critical }: Shown): Range | undefined {
  if (!query.includes('histogram_quantile')) return undefined
  const figures = [warning?.above, warning?.below, critical?.above, critical?.below].filter((one) => one !== undefined)
  return [from > 0 ? from : to * LEAST_PART, BEYOND * Math.max(to, ...figures)]
}

/** Powers of two that enclose the range; undefined for what is no exponential histogram, or has no range. */
export function classicBucketsOf(family: Shown): readonly number[] | undefined {
  if (family.type !== 'histogram' || family.buckets !== undefined) return undefined
  const range = family.classicRange ?? rangeOf(family)
  if (range === undefined) return undefined
  const [first, last] = [Math.floor(Math.log2(range[0])), Math.ceil(Math.log2(range[1]))]
  return Array.from({ length: last - first + 1 }, (_, i) => 2 ** (first + i))
}
