// What a chart draws: a value for each tick of its window, null where there is none.
import type { Family, Model } from './model.js'
import { WINDOW_TICKS } from './model.js'
import { QUANTILES } from './quantiles.js'
import type { Sample, Series } from './series.js'

export type Column = (number | null)[]

/** What a page that was just opened spans, at least; it grows from there. */
const FIRST_WINDOW_TICKS = 60

/** The ticks that a look at `tick` shows. */
export function windowOf(model: Model, tick: number): { from: number; to: number } {
  return { from: Math.max(model.oldest, tick - WINDOW_TICKS + 1), to: tick }
}

/** The Unix seconds of the window's ticks. */
export function times(model: Model, tick: number): number[] {
  const { from, to } = windowOf(model, tick)
  return Array.from({ length: to - from + 1 }, (_, i) => model.time(from + i))
}

/** The Unix seconds between which charts draw the window. Time counts, not ticks: a lost connection has none. */
export function spanOf(model: Model, tick: number): [number, number] {
  const { interval } = model
  const end = model.time(tick)
  const kept = end - model.time(model.oldest) + interval
  return [end - Math.min(Math.max(kept, FIRST_WINDOW_TICKS * interval), WINDOW_TICKS * interval), end]
}

/**
 * Calls `visit` for each tick of the window in which the series was, with its newest sample. The first of a new connection is
 * left out: charts join neighbours with a line, and nothing is known of what was between.
 */
function fill(model: Model, series: Series, tick: number, visit: (tick: number, sample: Sample) => number): Column {
  const { from, to } = windowOf(model, tick)
  const last = Math.min(to, (series.endedTick ?? Number.POSITIVE_INFINITY) - 1)
  const column: Column = new Array(to - from + 1).fill(null)
  const { samples } = series
  let next = samples.findIndex((sample) => sample.tick > from)
  if (next === -1) next = samples.length
  for (let at = from; at <= last; at++) {
    while (samples[next] !== undefined && (samples[next] as Sample).tick <= at) next++
    const sample = samples[next - 1]
    const known = sample !== undefined && sample.tick <= at && !model.isAfterGap(at)
    const value = known ? visit(at, sample) : Number.NaN
    column[at - from] = Number.isFinite(value) ? value : null
  }
  return column
}

/** Gauges: the value of each tick. */
export function values(model: Model, series: Series, tick: number): Column {
  return fill(model, series, tick, (_, sample) => sample.value)
}

/** Counters, and the observations of histograms: the increase per second of each interval. */
export function rates(model: Model, series: Series, tick: number): Column {
  return fill(model, series, tick, (at, sample) => rateAt(model, at, sample))
}

/** Histograms: a column for each of QUANTILES, null in intervals without observations. */
export function quantileColumns(model: Model, series: Series, tick: number): Column[] {
  return QUANTILES.map((_, i) =>
    fill(model, series, tick, (at, sample) =>
      sample.tick === at ? (sample.quantiles?.[i] ?? Number.NaN) : Number.NaN,
    ),
  )
}

/** A column on a logarithmic scale; what is not above 0 is not on it. */
export function logarithms(column: Column): Column {
  return column.map((value) => (value === null || value <= 0 ? null : Math.log2(value)))
}

function rateAt(model: Model, tick: number, sample: Sample): number {
  return sample.tick === tick ? sample.increase / model.seconds(tick) : 0
}

/** What a row says of a series at a tick; members are undefined where nothing is known. */
export interface Reading {
  value: number | undefined
  rate: number | undefined
  /** Of the tick's own interval. */
  quantiles: readonly number[] | undefined
}

export function reading(model: Model, family: Family, series: Series, tick: number): Reading {
  const sample = series.at(tick)
  if (sample === undefined) return { value: undefined, rate: undefined, quantiles: undefined }
  const rate = family.type === 'gauge' ? Number.NaN : rateAt(model, tick, sample)
  return {
    value: sample.value,
    rate: Number.isNaN(rate) ? undefined : rate,
    quantiles: sample.tick === tick ? sample.quantiles : undefined,
  }
}
