// A heat map: the observations of each interval, sorted into so few rows that each can be seen.
import { windowOf } from './columns.js'
import type { Model } from './model.js'
import { type Buckets, ZERO } from './quantiles.js'
import type { Series } from './series.js'

const MOST_ROWS = 48
/** Eight rows an octave, or a multiple of their height: rows then coincide with buckets of schema 3, or with whole numbers of them. */
const FINEST_STEP = 1 / 8

export interface HeatMap {
  /** Positions are base-2 logarithms of values; of values themselves where there are negative ones. */
  readonly logarithmic: boolean
  /** Position of the lowest row's lower edge. */
  readonly bottom: number
  /** Height of a row. */
  readonly step: number
  readonly rows: number
  /** Whether the lowest row holds what is at zero, or below all that can be drawn. */
  readonly hasZeroRow: boolean
  /** columns[tick of the window][row]: observations; null where there were none. */
  readonly columns: readonly (Float64Array | null)[]
  /** The most observations in any row of any column. */
  readonly most: number
}

/** Where a value stands on the map's vertical axis; what is below its lowest edge stands at that edge. */
export function position(map: HeatMap, value: number): number {
  if (!map.logarithmic) return value
  return value > ZERO ? Math.max(Math.log2(value), map.bottom) : map.bottom
}

/** The value at a position. */
export function valueAt(map: HeatMap, place: number): number {
  return map.logarithmic ? 2 ** place : place
}

/** The heat map of a histogram's window; undefined while nothing was observed in it. */
export function heatMap(model: Model, series: Series, tick: number): HeatMap | undefined {
  const { from, to } = windowOf(model, tick)
  const intervals: (Buckets | undefined)[] = new Array(to - from + 1).fill(undefined)
  for (const { tick: at, buckets } of series.samples) {
    if (at >= from && at <= to && buckets !== undefined && buckets.length > 0) intervals[at - from] = buckets
  }
  const frame = frameOf(intervals.filter((buckets) => buckets !== undefined))
  if (frame === undefined) return undefined
  const columns = intervals.map((buckets) => (buckets === undefined ? null : columnOf(frame, buckets)))
  const most = columns.reduce((highest, column) => column?.reduce((a, b) => Math.max(a, b), highest) ?? highest, 0)
  return { ...frame, columns, most }
}

type Frame = Omit<HeatMap, 'columns' | 'most'>

/** The axis that holds all buckets. */
function frameOf(intervals: readonly Buckets[]): Frame | undefined {
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  let logarithmic = true
  let hasZeroRow = false
  for (const buckets of intervals) {
    for (let i = 0; i < buckets.length; i += 3) {
      if ((buckets[i + 1] as number) <= -ZERO || ((buckets[i] as number) < -ZERO && Number.isFinite(buckets[i]))) {
        logarithmic = false
      }
    }
  }
  for (const buckets of intervals) {
    for (let i = 0; i < buckets.length; i += 3) {
      const ends = endsOf(logarithmic, buckets[i] as number, buckets[i + 1] as number)
      if (ends === undefined) hasZeroRow = true
      else {
        low = Math.min(low, ends[0])
        high = Math.max(high, ends[1])
      }
    }
  }
  if (intervals.length === 0) return undefined
  if (low > high) [low, high] = [-1, 0] // nothing but zeros
  let step = logarithmic ? FINEST_STEP : 2 ** Math.floor(Math.log2((high - low) / MOST_ROWS || 1))
  const rowsOf = () => Math.ceil(high / step - 1e-6) - Math.floor(low / step + 1e-6)
  while (rowsOf() > MOST_ROWS) step *= 2
  const bottom = (Math.floor(low / step + 1e-6) - (hasZeroRow ? 1 : 0)) * step
  return { logarithmic, bottom, step, rows: Math.max(rowsOf() + (hasZeroRow ? 1 : 0), 1), hasZeroRow }
}

/** The positions of a bucket's ends; undefined for one at zero. What is endless is drawn an octave, or a unit, high. */
function endsOf(logarithmic: boolean, lower: number, upper: number): [number, number] | undefined {
  if (logarithmic) {
    if (upper <= ZERO || (lower <= ZERO && upper === Number.POSITIVE_INFINITY)) return undefined
    const high = Number.isFinite(upper) ? Math.log2(upper) : Math.log2(Math.max(lower, ZERO)) + 1
    return [lower > ZERO ? Math.log2(lower) : high - 1, high]
  }
  const low = Number.isFinite(lower) ? lower : upper - 1
  return [low, Number.isFinite(upper) ? upper : low + 1]
}

/** Spreads each bucket over the rows that it covers. */
function columnOf({ logarithmic, bottom, step, rows }: Frame, buckets: Buckets): Float64Array {
  const column = new Float64Array(rows)
  for (let i = 0; i < buckets.length; i += 3) {
    const count = buckets[i + 2] as number
    const ends = endsOf(logarithmic, buckets[i] as number, buckets[i + 1] as number)
    if (ends === undefined) {
      column[0] = (column[0] as number) + count
      continue
    }
    const low = (ends[0] - bottom) / step
    const high = (ends[1] - bottom) / step
    const first = Math.floor(low + 1e-6)
    const last = Math.max(Math.ceil(high - 1e-6) - 1, first)
    for (let row = first; row <= last; row++) {
      const share = last === first ? 1 : (Math.min(row + 1, high) - Math.max(row, low)) / (high - low)
      column[row] = (column[row] as number) + count * share
    }
  }
  return column
}
