// The series of a family: samples that share their labels, put together, and what can be computed of them.
import { parseNumber } from './cursor.js'
import type { Family, LabelSet, Sample } from './family.js'

/** Observations up to and including a boundary. */
export interface Bucket {
  upper: number
  /** Cumulative, as the exposition has it. */
  count: number
}

export interface Series {
  /** Without the `le` of a histogram and the `quantile` of a summary. */
  labels: LabelSet
  /** Of whatever is neither histogram nor summary. */
  value?: number
  /** Of a histogram or summary, where it is told; so is `sum`. */
  count?: number
  sum?: number
  /** Of a histogram, ascending. */
  buckets?: Bucket[]
  /** Of a summary, as it was told: quantile, value. */
  quantiles?: [number, number][]
  /** Unix seconds. */
  created?: number
}

/** The label that tells the parts of a histogram or summary. */
export function partLabel({ type }: Family): 'le' | 'quantile' | undefined {
  if (type === 'histogram' || type === 'gaugehistogram') return 'le'
  return type === 'summary' ? 'quantile' : undefined
}

/** Equal for equal labels in whatever order. */
export function labelsKey(labels: LabelSet): string {
  const entries = Object.entries(labels)
  return entries.length < 2 ? JSON.stringify(entries) : JSON.stringify(entries.sort(([a], [b]) => (a < b ? -1 : 1)))
}

export function without(labels: LabelSet, name: string | undefined): LabelSet {
  if (name === undefined || !Object.hasOwn(labels, name)) return labels
  return Object.fromEntries(Object.entries(labels).filter(([other]) => other !== name))
}

/** The series of a family, in the order of their first samples. */
export function seriesOf(family: Family): Series[] {
  const part = partLabel(family)
  const found = new Map<string, Series>()
  for (const sample of family.samples) {
    const labels = without(sample.labels, part)
    const key = labelsKey(labels)
    let series = found.get(key)
    if (series === undefined) {
      series = { labels }
      found.set(key, series)
    }
    add(series, family, sample, part)
  }
  for (const { buckets } of found.values()) buckets?.sort((a, b) => a.upper - b.upper)
  return [...found.values()]
}

function add(series: Series, family: Family, { name, labels, value }: Sample, part: string | undefined): void {
  if (part !== undefined && Object.hasOwn(labels, part)) {
    const at = parseNumber(labels[part] ?? '')
    if (at === undefined || Number.isNaN(at)) return // no boundary: lint tells
    if (part === 'quantile') {
      series.quantiles ??= []
      series.quantiles.push([at, value])
    } else {
      series.buckets ??= []
      series.buckets.push({ upper: at, count: value })
    }
  } else if (part !== undefined && /_g?count$/.test(name)) {
    series.count = value
  } else if (part !== undefined && /_g?sum$/.test(name)) {
    series.sum = value
  } else if (name.endsWith('_created') && name !== family.name) {
    series.created = value
  } else {
    series.value = value
  }
}

/**
 * A quantile by linear interpolation inside its bucket, as PromQL's `histogram_quantile` has it: the lowest bucket begins
 * at 0 where its boundary is positive, and what lies beyond the last finite boundary is taken for that boundary.
 *
 * @param q 0 to 1
 * @returns NaN without observations, or where the last bucket is not +Inf
 */
export function quantileOf(buckets: readonly Bucket[], q: number): number {
  const total = buckets.at(-1)
  if (total === undefined || total.upper !== Infinity || !(total.count > 0) || buckets.length < 2) return Number.NaN
  const rank = q * total.count
  let at = buckets.findIndex(({ count }) => count >= rank)
  if (at < 0 || at === buckets.length - 1) at = buckets.length - 1
  const bucket = buckets[at] as Bucket
  const below = buckets[at - 1]
  if (bucket.upper === Infinity) return below?.upper ?? Number.NaN
  if (below === undefined && bucket.upper <= 0) return bucket.upper
  const start = below?.upper ?? 0
  const before = below?.count ?? 0
  if (bucket.count === before) return bucket.upper
  return start + ((bucket.upper - start) * (rank - before)) / (bucket.count - before)
}
