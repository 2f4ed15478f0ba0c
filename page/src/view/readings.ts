// What a row says in numbers, and in which lines it draws a series, by the type of its family.
import { type Column, logarithms, quantileColumns, type Reading, rates, values } from '../model/columns.js'
import type { MetricType } from '../model/document.js'
import { ABSENT, formatCount, formatRate, formatValue } from '../model/format.js'
import type { Family, Model } from '../model/model.js'
import type { Series } from '../model/series.js'
import type { Line } from './chart.js'

interface Kind {
  /** The columns of numbers, by their headings. */
  readonly headings: readonly string[]
  readonly numbers: (reading: Reading, unit: string) => readonly string[]
  readonly lines: readonly Line[]
  readonly columns: (model: Model, series: Series, tick: number) => readonly Column[]
  /** The same as a sparkline draws them. */
  readonly sparkColumns: Kind['columns']
  /** How the vertical axis, and the cursor, write a number. */
  readonly format: (value: number, unit: string) => string
}

const or = (value: number | undefined, format: (value: number) => string) =>
  value === undefined ? ABSENT : format(value)

const counter: Kind = {
  headings: ['rate', 'total'],
  numbers: ({ rate, value }, unit) => [
    or(rate, (each) => formatRate(each, unit)),
    or(value, (each) => formatValue(each, unit)),
  ],
  lines: [{ stroke: 'counter', fill: 'counter-fill' }],
  columns: (model, series, tick) => [rates(model, series, tick)],
  sparkColumns: (model, series, tick) => [rates(model, series, tick)],
  format: formatRate,
}

const gauge: Kind = {
  headings: ['value'],
  numbers: ({ value }, unit) => [or(value, (each) => formatValue(each, unit))],
  lines: [{ stroke: 'gauge' }],
  columns: (model, series, tick) => [values(model, series, tick)],
  sparkColumns: (model, series, tick) => [values(model, series, tick)],
  format: formatValue,
}

const histogram: Kind = {
  headings: ['rate', 'p50', 'p90', 'p99'],
  numbers: ({ rate, quantiles }, unit) => [
    or(rate, (each) => `${formatCount(each)}/s`),
    ...[0, 1, 2].map((i) => or(quantiles?.[i], (each) => formatValue(each, unit))),
  ],
  lines: [{ stroke: 'p50' }, { stroke: 'p90' }, { stroke: 'p99' }],
  columns: quantileColumns,
  sparkColumns: (model, series, tick) => quantileColumns(model, series, tick).map(logarithms),
  format: formatValue,
}

const stateset: Kind = { ...gauge, headings: ['state'], numbers: ({ value }) => [value === 1 ? 'on' : 'off'] }

const info: Kind = { ...gauge, headings: [], numbers: () => [] }

const KINDS: Readonly<Record<MetricType, Kind>> = { counter, gauge, histogram, stateset, info }

export function kindOf(family: Family): Kind {
  return KINDS[family.type]
}
