// Draws what `nanotally top` shows: lines of text from rows and a size. Pure.
import type { Style } from '../screen.js'
import { cut, plural, printable, shortNumber } from '../text.js'
import type { Row, Stall } from './model.js'
import { rowLines } from './rows.js'
import { type Choice, chosenRows } from './state.js'

/** Lines of the screen that are no rows: three above, the titles, the keys. */
const OTHER_LINES = 5
/** Of use at 60 columns. */
const KEYS = '? help  q quit  s sort  r reverse  / filter  space pause'
const HELP_KEYS = 'arrows, page keys scroll  q quit  any other key goes back'
const HELP = [
  'q, Ctrl-C      quit',
  's              sort by name, by rate, by change',
  'r              reverse the order',
  '/              filter: type, then Enter; Esc leaves it',
  '               as it was, and takes it away afterwards',
  'space          pause: no scrapes while it lasts',
  'arrows         scroll by a row; PgUp, PgDn by a page;',
  '               Home, End to the ends',
  '',
  'RATE/s         of counters and of observations, over the',
  '               last interval; a reset counts from 0',
  'P50, P90, P99  of what histograms observed in the last',
  '               interval, interpolated inside the bucket',
  'TREND          rates, values, or P99, of the last intervals',
  'change         how far that is from the interval before',
  'name{a,b}      values of labels, where the names do not fit',
] as const

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

/** The choice with nothing scrolled beyond the last page. */
export function withinPages(choice: Choice, rows: readonly Row[], size: Size): Choice {
  const last = (lines: number) => Math.max(0, lines - pageRows(size))
  return {
    ...choice,
    offset: Math.min(choice.offset, last(chosenRows(rows, choice).length)),
    helpOffset: Math.min(choice.helpOffset, last(HELP.length)),
  }
}

/** The screen: exactly as many lines as it has, each no wider than it is. */
export function drawScreen(shown: Shown, style: Style, size: Size): string[] {
  const { columns, lines } = size
  const narrow = (text: string) => cut(text, columns)
  const { status } = shown
  const choice = withinPages(shown.choice, shown.rows, size)
  const rows = chosenRows(shown.rows, choice)
  const room = pageRows(size)
  const page = rows.slice(choice.offset, choice.offset + room)
  const help = HELP.slice(choice.helpOffset, choice.helpOffset + room)
  const colored = status.error === undefined ? style.green : style.red
  const screen = [
    colored(narrow(statusLine(status))),
    shown.stalled.length > 0 ? style.red(narrow(stallLine(shown))) : narrow(stallLine(shown)),
    style.dim(narrow(choiceLine(choice, rows.length, page.length))),
    ...(choice.help ? ['', ...help.map(narrow)] : rowLines(page, style, columns)),
  ]
  const blank = Array<string>(Math.max(0, lines - 1 - screen.length)).fill('')
  const keys = choice.help ? HELP_KEYS : KEYS
  const last = choice.typed === undefined ? keys : `filter: ${choice.typed}_`
  return [...screen.slice(0, lines - 1), ...blank, style.inverse(narrow(last))]
}

/**
 * The same without a screen: as many lines as there are rows.
 *
 * @param columns - that a line may take; Infinity cuts nothing
 */
export function drawBlock(shown: Shown, style: Style, columns: number): string[] {
  const lines = [statusLine(shown.status), stallLine(shown)].map((line) => cut(line, columns))
  return [...lines, ...rowLines(chosenRows(shown.rows, shown.choice), style, columns)]
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

function choiceLine({ sort, reverse, filter, paused, offset }: Choice, rows: number, shown: number): string {
  const which = shown < rows ? `${offset + 1} to ${offset + shown} of ${plural(rows, 'row')}` : plural(rows, 'row')
  const parts = [which, `by ${sort}${reverse ? ', reversed' : ''}`]
  if (filter !== '') parts.push(`filter: ${filter}`)
  if (paused) parts.push('PAUSED')
  return parts.join('  ')
}
