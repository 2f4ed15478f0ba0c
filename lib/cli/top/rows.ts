// The table of `nanotally top`, fitted into a terminal's width: first columns go, then the names of labels, then what is left is
// cut. Pure.
import type { Style } from '../screen.js'
import { type Column, cutMiddle, cutStart, GAP, NARROWEST, printable, shortNumber, table, widthOf } from '../text.js'
import { HISTORY_LENGTH, type Row } from './model.js'
import { rowText } from './state.js'

/** Narrower tables have half of the trend. */
const WIDE_COLUMNS = 120
const BARS = '▁▂▃▄▅▆▇█'
/** What the series are given before anything else; it tells those of nanotally's own families apart. */
const WANTED_SERIES_COLUMNS = 32
/** What goes while the series have less, in this order. */
const DISPENSABLE = ['TREND', 'P50', 'P90']

interface Cells {
  title: string
  texts: string[]
  width: number
}

/** The titles and a line for each row, none of them wider than `width`; Infinity cuts nothing. */
export function rowLines(rows: readonly Row[], { bold }: Style, width: number): string[] {
  const all = rows.map(rowText)
  const widest = widthOfAll(['SERIES', ...all])
  let columns = numberColumns(rows, width < WIDE_COLUMNS ? HISTORY_LENGTH / 2 : HISTORY_LENGTH)
  const room = () => columns.reduce((left, column) => left - GAP.length - column.width, width)
  for (const title of DISPENSABLE) {
    if (room() >= Math.min(widest, WANTED_SERIES_COLUMNS)) break
    columns = columns.filter((column) => column.title !== title)
  }
  const left = Math.max(NARROWEST, room())
  const series = widest <= left ? all : rows.map((row) => shortRowText(row, left))
  const titles: Column[] = [
    { title: 'SERIES', flexible: true },
    ...columns.map(({ title }) => ({ title, align: 'right' as const })),
  ]
  const cells = rows.map((_, i) => [series[i] ?? '', ...columns.map(({ texts }) => texts[i] ?? '')])
  const [head = '', ...lines] = table(titles, cells, width)
  return [bold(head), ...lines]
}

function numberColumns(rows: readonly Row[], bars: number): Cells[] {
  const column = (title: string, text: (row: Row) => string): Cells => {
    const texts = rows.map(text)
    return { title, texts, width: widthOfAll([title, ...texts]) }
  }
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

function widthOfAll(texts: readonly string[]): number {
  return texts.reduce((most, text) => Math.max(most, widthOf(text)), 0)
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
