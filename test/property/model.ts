// A plain model of what metrics mean: arrays and Maps, nothing shared with the package. The property test runs the same
// operations on it and on the package and compares what both show.
import type { Family } from '../support/text-format.js'

export type Labels = Record<string, string>

export interface Shape {
  name: string
  type: 'counter' | 'gauge' | 'histogram'
  labels: readonly string[]
  maxSeries: number
  /** Explicit bounds; undefined in an exponential histogram. */
  bounds?: readonly number[] | undefined
}

const OVERFLOW = JSON.stringify({ otel_metric_overflow: 'true' })
const ZERO_THRESHOLD = 2 ** -128

/** One series: the running number of a counter or gauge, or everything that a histogram observed. */
class Series {
  value = 0
  isSet = false
  readonly observed: number[] = []
}

export class ModelMetric {
  readonly shape: Shape
  readonly series = new Map<string, Series>()
  readonly rejected: Record<string, number> = {}
  overflowed = 0

  constructor(shape: Shape) {
    this.shape = shape
    if (shape.labels.length === 0) this.#find({})
  }

  reject(reason: string): void {
    this.rejected[reason] = (this.rejected[reason] ?? 0) + 1
  }

  inc(labels: Labels, amount: number): void {
    const series = this.#find(labels)
    if (Number.isNaN(amount)) this.reject('not_a_number')
    else if (this.shape.type === 'counter' && amount < 0) this.reject('negative')
    else if (!Number.isFinite(amount)) this.reject('infinite')
    else {
      series.value += amount
      series.isSet = true
    }
  }

  set(labels: Labels, value: number): void {
    Object.assign(this.#find(labels), { value, isSet: true })
  }

  observe(labels: Labels, value: number): void {
    this.#find(labels).observed.push(value)
  }

  #find(labels: Labels): Series {
    const present = Object.fromEntries(
      this.shape.labels.filter((name) => labels[name] !== '').map((name) => [name, labels[name]]),
    )
    let key = JSON.stringify(present)
    const known = this.series.get(key)
    if (known !== undefined && key !== OVERFLOW) return known
    const own = this.series.size - (this.series.has(OVERFLOW) ? 1 : 0)
    if (own >= this.shape.maxSeries) {
      key = OVERFLOW
      this.overflowed++
    }
    const series = this.series.get(key) ?? new Series()
    this.series.set(key, series)
    return series
  }

  /** What differs between this metric and the family that shows it; undefined when nothing does. */
  difference(family: Family | undefined): string | undefined {
    const { name, type } = this.shape
    if (family?.type !== type) return `${name} is shown as ${family?.type}, it is a ${type}`
    const shown = new Map<string, Map<string, number>>()
    for (const { name: sample, labels, value } of family.samples) {
      const { le, ...own } = labels
      const key = JSON.stringify(own)
      const column = sample.slice(name.length) + (le === undefined ? '' : `:${le}`)
      shown.set(key, (shown.get(key) ?? new Map()).set(column, value))
    }
    for (const [key, series] of this.series) {
      const columns = shown.get(key)
      shown.delete(key)
      if (type === 'gauge' && !series.isSet) {
        if (columns !== undefined) return `${name}${key} is shown, it was never set`
        continue
      }
      if (columns === undefined) return `${name}${key} is missing`
      const wrong = type === 'histogram' ? this.#histogramDifference(series, columns) : single(series.value, columns)
      if (wrong !== undefined) return `${name}${key}: ${wrong}`
    }
    return shown.size === 0 ? undefined : `${name} shows ${[...shown.keys()]}, which nothing made`
  }

  #histogramDifference({ observed }: Series, columns: ReadonlyMap<string, number>): string | undefined {
    const sum = observed.reduce((total, value) => total + value, 0)
    if (!same(columns.get('_sum'), sum)) return `the sum is ${columns.get('_sum')}, expected ${sum}`
    if (columns.get('_count') !== observed.length)
      return `the count is ${columns.get('_count')}, not ${observed.length}`
    let boundaries = 0
    for (const [column, count] of columns) {
      if (!column.startsWith('_bucket:')) continue
      boundaries++
      const le = column === '_bucket:+Inf' ? Number.POSITIVE_INFINITY : Number(column.slice('_bucket:'.length))
      const expected = observed.filter((value) => value <= le || le === Number.POSITIVE_INFINITY).length
      if (count !== expected) return `le ${le} has ${count}, expected ${expected}`
    }
    const { bounds } = this.shape
    if (bounds !== undefined) return boundaries === bounds.length + 1 ? undefined : `it has ${boundaries} buckets`
    // At least one boundary below a finite observation; the one above the largest doubles is +Inf.
    const least = observed.some((value) => value > ZERO_THRESHOLD && value < Number.POSITIVE_INFINITY) ? 2 : 1
    return boundaries >= least ? undefined : `it has ${boundaries} buckets for ${observed}`
  }
}

function single(value: number, columns: ReadonlyMap<string, number>): string | undefined {
  return same(columns.get(''), value) ? undefined : `it is ${columns.get('')}, expected ${value}`
}

/** Equal as Prometheus sees it: NaN is NaN. */
function same(shown: number | undefined, expected: number): boolean {
  return shown === expected || (Number.isNaN(shown) && Number.isNaN(expected))
}
