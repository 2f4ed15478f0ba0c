// The table of `nanotally top`, fitted into a terminal's width: first columns go, then the names of labels, then what is left is
// cut. Pure.
import type { Style } from '../screen.js'
import { cutMiddle, cutStart, labelsText, printable, shortNumber, widthOf } from '../text.js'
import { type Cells, fittedTable, type Names } from './columns.js'
import { HISTORY_LENGTH, type Row } from './model.js'
import type { LiveTable } from './table.js'

/** Narrower tables have half of the trend. */
const WIDE_COLUMNS = 120
const BARS = '▁▂▃▄▅▆▇█'
/** What the series are given before anything else; it tells those of nanotally's own families apart. */
const WANTED_SERIES_COLUMNS = 32
/** What goes while the series have less, in this order. */
const DISPENSABLE = ['TREND', 'P50', 'P90']

export const SERIES_TABLE: LiveTable<Row> = {
  sorts: ['name', 'rate', 'change'],
  textOf: rowText,
  compare(sort, a, b) {
    if (sort === 'rate') return (b.rate ?? -1) - (a.rate ?? -1)
    return sort === 'change' ? b.change - a.change : 0
  },
  lines: rowLines,
  help: [
    'RATE/s         of counters and of observations, over the',
    '               last interval; a reset counts from 0',
    'P50, P90, P99  of what histograms observed in the last',
    '               interval, interpolated inside the bucket',
    'TREND          rates, values, or P99, of the last intervals',
    'change         how far that is from the interval before',
    'name{a,b}      values of labels, where the names do not fit',
  ],
}

function rowLines(rows: readonly Row[], style: Style, width: number): string[] {
  const names: Names = {
    title: 'SERIES',
    texts: rows.map(rowText),
    shorten: (i, left) => shortRowText(rows[i] as Row, left),
    wanted: WANTED_SERIES_COLUMNS,
  }
  const bars = width < WIDE_COLUMNS ? HISTORY_LENGTH / 2 : HISTORY_LENGTH
  return fittedTable(names, numberColumns(rows, bars), DISPENSABLE, style, width)
}

function numberColumns(rows: readonly Row[], bars: number): Cells[] {
  const column = (title: string, text: (row: Row) => string): Cells => ({ title, texts: rows.map(text) })
  const number = (value: number | undefined) => (value === undefined || Number.isNaN(value) ? '' : shortNumber(value))
  return [
    column('VALUE', ({ value }) => shortNumber(value)),
    column('RATE/s', ({ rate }) => number(rate)),
    column('P50', ({ quantiles }) => number(quantiles?.p50)),
    column('P90', ({ quantiles }) => number(quantiles?.p90)),
    column('P99', ({ quantiles }) => number(quantiles?.p99)),
    column('TREND', (row) => sparkline(row, bars)),
  ]
}

/** `name{label="value"}`, harmless to a terminal. */
function rowText({ name, labels }: Row): string {
  const text = labelsText(labels)
  return text === '' ? printable(name) : `${printable(name)}{${text}}`
}

/**
 * `name{value,value}`, cut to `width`: series of a family differ in their values. Where not even these fit, a third is the
 * name's, cut at its beginning, which families of a program share.
 */
export function shortRowText({ name, labels }: Pick<Row, 'name' | 'labels'>, width: number): string {
  const values = Object.values(labels).map(printable).join(',')
  const inBraces = values === '' ? '' : `{${values}}`
  const shortName = cutStart(printable(name), Math.max(Math.floor(width / 3), width - widthOf(inBraces)))
  return shortName + cutMiddle(inBraces, width - widthOf(shortName))
}

/** One bar for each of the latest values; rates and quantiles stand on 0, gauges on their least. */
export function sparkline(row: Pick<Row, 'history' | 'rate' | 'quantiles'>, bars = HISTORY_LENGTH): string {
  const { rate, quantiles } = row
  const history = row.history.slice(-bars)
  const finite = history.filter(Number.isFinite)
  const standsOnZero = rate !== undefined || quantiles !== undefined
  const low = Math.min(...finite, ...(standsOnZero ? [0] : []))
  const range = Math.max(...finite) - low
  const drawn = history.map((value) => {
    if (!Number.isFinite(value)) return ' '
    return BARS[range > 0 ? Math.round(((value - low) / range) * (BARS.length - 1)) : 0]
  })
  return drawn.join('').padStart(bars)
}
