// What `nanotally top` knows: from scrape to scrape it makes rates, quantiles over the interval, and their history. Pure.
import type { Family, FamilyType, LabelSet } from '../../exposition/family.js'
import { type Bucket, labelsKey, quantileOf, type Series, seriesOf } from '../../exposition/series.js'
import type { Filters } from '../filters.js'

export const HISTORY_LENGTH = 20
const STALL_FAMILY = 'nodejs_eventloop_stall_seconds'
const STALLED_SECONDS = 1

export interface Row {
  key: string
  name: string
  labels: LabelSet
  type: FamilyType
  /** The total of a counter, the value of a gauge, the count of a histogram or summary. */
  value: number
  /** Increase a second over the last interval; undefined for gauges, and before the second scrape. */
  rate?: number
  /** Over the last interval; of a summary as it tells them. Absent where nothing was observed. */
  quantiles?: { p50: number; p90: number; p99: number }
  /** What the trend shows, oldest first: rates, values, or the 99th percentile; NaN where there was none. */
  history: number[]
  /** How much that changed over the last interval, of its larger value: 0 to 1, or 2 where its sign changed. */
  change: number
}

export interface Stall {
  thread: string
  /** For which its event loop has not turned. */
  seconds: number
}

interface Known {
  series: Series
  row: Row
}

export class TopModel {
  readonly #filters: Filters
  #known = new Map<string, Known>()
  #seconds: number | undefined
  #stalled: Stall[] = []
  #watchedThreads = 0

  constructor(filters: Filters) {
    this.#filters = filters
  }

  /** Ordered as the target has them. */
  get rows(): Row[] {
    return [...this.#known.values()].map(({ row }) => row)
  }

  /** The longest first. */
  get stalled(): readonly Stall[] {
    return this.#stalled
  }

  /** How many threads tell whether they are stalled. */
  get watchedThreads(): number {
    return this.#watchedThreads
  }

  /**
   * Takes in a scrape.
   *
   * @param seconds when it was made, of any monotonic clock
   */
  update(families: readonly Family[], seconds: number): void {
    const elapsed = this.#seconds === undefined ? undefined : seconds - this.#seconds
    this.#seconds = seconds
    const known = new Map<string, Known>()
    for (const family of families) {
      if (isInfo(family) || !this.#filters.family(family)) continue
      for (const series of seriesOf(family).filter(this.#filters.series)) {
        const key = family.name + labelsKey(series.labels)
        const before = this.#known.get(key)
        known.set(key, { series, row: nextRow(key, family, series, before, elapsed) })
      }
    }
    this.#known = known
    const threads = families.find(({ name }) => name === STALL_FAMILY)?.samples ?? []
    this.#watchedThreads = threads.length
    this.#stalled = threads
      .map(({ labels, value }) => ({ thread: labels.thread ?? '', seconds: value }))
      .filter((thread) => thread.seconds > STALLED_SECONDS)
      .sort((a, b) => b.seconds - a.seconds)
  }
}

/** What never changes is nothing to watch. Text 0.0.4 tells info metrics as gauges. */
function isInfo({ name, type, samples }: Family): boolean {
  return type === 'info' || (type === 'gauge' && name.endsWith('_info') && samples.every(({ value }) => value === 1))
}

function nextRow(
  key: string,
  { name, type }: Family,
  series: Series,
  before: Known | undefined,
  elapsed: number | undefined,
): Row {
  const { labels } = series
  const isGauge = series.value !== undefined && type !== 'counter'
  const value = totalOf(series)
  const row: Row = { key, name, labels, type, value, history: before?.row.history ?? [], change: 0 }
  const isFirst = before === undefined || elapsed === undefined || !(elapsed > 0)
  if (!isGauge && !isFirst) row.rate = increase(before.series, series) / elapsed
  const quantiles = quantilesOf(series, type === 'gaugehistogram' || isFirst ? undefined : before.series, type)
  if (quantiles !== undefined && (!isFirst || type !== 'histogram')) row.quantiles = quantiles
  const isDistribution = series.value === undefined
  const p99 = isFirst && type === 'histogram' ? undefined : (row.quantiles?.p99 ?? Number.NaN)
  const main = isGauge ? value : isDistribution ? p99 : row.rate
  if (main !== undefined) {
    row.change = changeOf(row.history.at(-1), main)
    row.history = [...row.history, main].slice(-HISTORY_LENGTH)
  }
  return row
}

function totalOf({ value, count, buckets }: Series): number {
  return value ?? count ?? buckets?.at(-1)?.count ?? Number.NaN
}

/** Since the scrape before. What has become smaller was reset, and began at 0. */
function increase(before: Series, series: Series): number {
  const now = totalOf(series)
  const then = totalOf(before)
  return now < then || isRestarted(before, series) ? now : now - then
}

function isRestarted(before: Series, { created }: Series): boolean {
  return created !== undefined && before.created !== undefined && created > before.created
}

function quantilesOf(series: Series, before: Series | undefined, type: FamilyType): Row['quantiles'] {
  const { buckets } = series
  if (buckets === undefined) {
    const told = (q: number) => series.quantiles?.find(([at]) => at === q)?.[1] ?? Number.NaN
    return series.quantiles && { p50: told(0.5), p90: told(0.9), p99: told(0.99) }
  }
  const counted = before === undefined || type !== 'histogram' ? buckets : increaseOfBuckets(before, series, buckets)
  const p50 = quantileOf(counted, 0.5)
  if (Number.isNaN(p50)) return undefined
  return { p50, p90: quantileOf(counted, 0.9), p99: quantileOf(counted, 0.99) }
}

/** The buckets of what was observed since; a boundary that is new takes the count of the next lower one that was there. */
function increaseOfBuckets(before: Series, series: Series, buckets: readonly Bucket[]): readonly Bucket[] {
  if (totalOf(series) < totalOf(before) || isRestarted(before, series)) return buckets
  const then = before.buckets ?? []
  let at = 0
  let highest = 0
  return buckets.map(({ upper, count }) => {
    while (at < then.length && (then[at] as Bucket).upper <= upper) at++
    highest = Math.max(highest, count - (then[at - 1]?.count ?? 0))
    return { upper, count: highest }
  })
}

function changeOf(before: number | undefined, now: number): number {
  if (before === undefined || Number.isNaN(before) || Number.isNaN(now) || before === now) return 0
  const size = Math.max(Math.abs(before), Math.abs(now))
  return Number.isFinite(size) ? Math.abs(now - before) / size : 1
}
