// Draws what `nanotally top` shows: lines of text from rows and a size. Pure.
import type { Style } from '../screen.js'
import { type Column, cut, plural, printable, shortNumber, table } from '../text.js'
import { HISTORY_LENGTH, type Row, type Stall } from './model.js'
import { type Choice, chosenRows, rowText } from './state.js'

/** Narrower screens have half of the trend. */
const WIDE_COLUMNS = 120
const BARS = '▁▂▃▄▅▆▇█'
const COLUMNS: readonly Column[] = [
  { title: 'SERIES', flexible: true },
  ...['VALUE', 'RATE/s', 'P50', 'P90', 'P99'].map((title) => ({ title, align: 'right' as const })),
  { title: 'TREND', align: 'right' },
]
/** Lines of the screen that are no rows: three above, the titles, the keys. */
const OTHER_LINES = 5
const KEYS = 'q quit  s sort  r reverse  / filter  space pause  arrows, page keys scroll  ? help'
const HELP = [
  'q, Ctrl-C       quit',
  's               sort by name, by rate, by change',
  'r               reverse the order',
  '/               filter: type, then Enter; Esc leaves it as it was, and takes it away afterwards',
  'space           pause: no scrapes while it lasts',
  'up, down        scroll by a row; PgUp, PgDn by a page; Home, End to the ends',
  '',
  'RATE/s          of counters and of observations, over the last interval; a reset counts from 0',
  'P50, P90, P99   of what histograms observed in the last interval, interpolated inside the bucket',
  'TREND           rates, values, or P99, of the last intervals',
  'change          how much that differs from the interval before',
  '',
  'any key goes back',
]

/** How the last scrape went. */
export interface Status {
  target: string
  /** The error of the last scrape; undefined while the target is up. */
  error?: string | undefined
  /** For which the target has been down. */
  downSeconds?: number | undefined
  /** How long the last good scrape took. */
  scrapeSeconds: number
  bytes: number
  intervalSeconds: number
}

export interface Shown {
  status: Status
  rows: readonly Row[]
  stalled: readonly Stall[]
  watchedThreads: number
  choice: Choice
}

export interface Size {
  columns: number
  lines: number
}

/** How many rows a screen of that size holds. */
export function pageRows({ lines }: Size): number {
  return Math.max(1, lines - OTHER_LINES)
}

/** The screen: exactly as many lines as it has, each no wider than it is. */
export function drawScreen(shown: Shown, style: Style, size: Size): string[] {
  const { columns, lines } = size
  const narrow = (text: string) => cut(text, columns)
  const { choice, status } = shown
  const rows = chosenRows(shown.rows, choice)
  const room = pageRows(size)
  const offset = Math.min(choice.offset, Math.max(0, rows.length - room))
  const page = rows.slice(offset, offset + room)
  const bars = columns < WIDE_COLUMNS ? HISTORY_LENGTH / 2 : HISTORY_LENGTH
  const body = choice.help ? ['', ...HELP].map(narrow) : tableOf(page, style, columns, bars)
  const colored = status.error === undefined ? style.green : style.red
  const screen = [
    colored(narrow(statusLine(status))),
    shown.stalled.length > 0 ? style.red(narrow(stallLine(shown))) : narrow(stallLine(shown)),
    style.dim(narrow(choiceLine(choice, rows.length, page.length, offset))),
    ...body.slice(0, room + 1),
  ]
  const blank = Array<string>(Math.max(0, lines - 1 - screen.length)).fill('')
  const last = choice.typed === undefined ? KEYS : `filter: ${choice.typed}_`
  return [...screen.slice(0, lines - 1), ...blank, style.inverse(narrow(last))]
}

/** The same without a screen: as many lines as there are rows, none of them cut. */
export function drawBlock(shown: Shown, style: Style): string[] {
  const lines = [statusLine(shown.status), stallLine(shown)]
  return [...lines, ...tableOf(chosenRows(shown.rows, shown.choice), style, Infinity, HISTORY_LENGTH)]
}

function tableOf(rows: readonly Row[], { bold }: Style, width: number, bars: number): string[] {
  const cells = rows.map((row) => {
    const numbers = [row.rate, row.quantiles?.p50, row.quantiles?.p90, row.quantiles?.p99]
    const texts = numbers.map((value) => (value === undefined || Number.isNaN(value) ? '' : shortNumber(value)))
    return [rowText(row), shortNumber(row.value), ...texts, sparkline(row, bars)]
  })
  const [titles = '', ...lines] = table(COLUMNS, cells, width)
  return [bold(titles), ...lines]
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

function statusLine({ target, error, downSeconds = 0, scrapeSeconds, bytes, intervalSeconds }: Status): string {
  const every = `every ${intervalSeconds} s`
  if (error !== undefined) return `${target}  DOWN for ${downSeconds.toFixed(0)} s: ${error}  ${every}`
  return `${target}  up  ${shortNumber(scrapeSeconds * 1000)} ms  ${sizeText(bytes)}  ${every}`
}

function sizeText(bytes: number): string {
  return bytes < 1000
    ? `${bytes} B`
    : bytes < 1e6
      ? `${(bytes / 1000).toFixed(1)} kB`
      : `${(bytes / 1e6).toFixed(1)} MB`
}

function stallLine({ stalled, watchedThreads }: Shown): string {
  if (stalled.length > 0) {
    const threads = stalled.map(({ thread, seconds }) => `${printable(thread)} for ${seconds.toFixed(1)} s`)
    return `STALLED: ${threads.join(', ')}`
  }
  if (watchedThreads === 0) return 'stalled threads: not told (there is no nodejs_eventloop_stall_seconds)'
  return `no stalled threads (${watchedThreads} watched)`
}

function choiceLine({ sort, reverse, filter, paused }: Choice, rows: number, shown: number, offset: number): string {
  const which = shown < rows ? `${offset + 1} to ${offset + shown} of ${plural(rows, 'row')}` : plural(rows, 'row')
  const parts = [which, `by ${sort}${reverse ? ', reversed' : ''}`]
  if (filter !== '') parts.push(`filter: ${filter}`)
  if (paused) parts.push('PAUSED')
  return parts.join('  ')
}
