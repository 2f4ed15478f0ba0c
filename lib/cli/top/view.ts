// Draws a live screen: lines of text from rows and a size. Pure.
import type { Style } from '../screen.js'
import { cut, plural, shortNumber } from '../text.js'
import { type Choice, chosenRows } from './state.js'
import type { LiveTable } from './table.js'

/** Lines of the screen that are no rows: three above, the titles, the keys. */
const OTHER_LINES = 5
/** Of use at 60 columns. */
const KEYS = '? help  q quit  s sort  r reverse  / filter  space pause'
const HELP_KEYS = 'arrows, page keys scroll  q quit  any other key goes back'

function helpLines({ sorts, help }: Pick<LiveTable<unknown>, 'sorts' | 'help'>): string[] {
  return [
    'q, Ctrl-C      quit',
    `s              sort by ${sorts.join(', by ')}`,
    'r              reverse the order',
    '/              filter: type, then Enter; Esc leaves it',
    '               as it was, and takes it away afterwards',
    'space          pause: nothing is read while it lasts',
    'arrows         scroll by a row; PgUp, PgDn by a page;',
    '               Home, End to the ends',
    '',
    ...help,
  ]
}

/** How the last reading went. */
export interface Status {
  target: string
  /** The error of the last reading; undefined while the target is up. */
  error?: string | undefined
  /** For which the target has been down. */
  downSeconds?: number | undefined
  /** How long the last good reading took. */
  seconds: number
  /** Of an answer. */
  bytes?: number | undefined
  intervalSeconds: number
}

/** A line about all of what is shown; red where it is wrong. */
export interface Note {
  text: string
  alarms: boolean
}

export interface Shown<R> {
  status: Status
  note: Note
  rows: readonly R[]
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
export function withinPages<R>(choice: Choice, rows: readonly R[], table: LiveTable<R>, size: Size): Choice {
  const last = (lines: number) => Math.max(0, lines - pageRows(size))
  return {
    ...choice,
    offset: Math.min(choice.offset, last(chosenRows(rows, choice, table).length)),
    helpOffset: Math.min(choice.helpOffset, last(helpLines(table).length)),
  }
}

/** The screen: exactly as many lines as it has, each no wider than it is. */
export function drawScreen<R>(shown: Shown<R>, table: LiveTable<R>, style: Style, size: Size): string[] {
  const { columns, lines } = size
  const narrow = (text: string) => cut(text, columns)
  const { status, note } = shown
  const choice = withinPages(shown.choice, shown.rows, table, size)
  const rows = chosenRows(shown.rows, choice, table)
  const room = pageRows(size)
  const page = rows.slice(choice.offset, choice.offset + room)
  const help = helpLines(table).slice(choice.helpOffset, choice.helpOffset + room)
  const colored = status.error === undefined ? style.green : style.red
  const screen = [
    colored(narrow(statusLine(status))),
    note.alarms ? style.red(narrow(note.text)) : narrow(note.text),
    style.dim(narrow(choiceLine(choice, rows.length, page.length))),
    ...(choice.help ? ['', ...help.map(narrow)] : table.lines(page, style, columns)),
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
export function drawBlock<R>(shown: Shown<R>, table: LiveTable<R>, style: Style, columns: number): string[] {
  const lines = [statusLine(shown.status), shown.note.text].map((line) => cut(line, columns))
  return [...lines, ...table.lines(chosenRows(shown.rows, shown.choice, table), style, columns)]
}

function statusLine({ target, error, downSeconds = 0, seconds, bytes, intervalSeconds }: Status): string {
  const every = `every ${intervalSeconds} s`
  if (error !== undefined) return `${target}  DOWN for ${downSeconds.toFixed(0)} s: ${error}  ${every}`
  const size = bytes === undefined ? '' : `  ${sizeText(bytes)}`
  return `${target}  up  ${shortNumber(seconds * 1000)} ms${size}  ${every}`
}

function sizeText(bytes: number): string {
  return bytes < 1000
    ? `${bytes} B`
    : bytes < 1e6
      ? `${(bytes / 1000).toFixed(1)} kB`
      : `${(bytes / 1e6).toFixed(1)} MB`
}

function choiceLine({ sort, reverse, filter, paused, offset }: Choice, rows: number, shown: number): string {
  const which = shown < rows ? `${offset + 1} to ${offset + shown} of ${plural(rows, 'row')}` : plural(rows, 'row')
  const parts = [which, `by ${sort}${reverse ? ', reversed' : ''}`]
  if (filter !== '') parts.push(`filter: ${filter}`)
  if (paused) parts.push('PAUSED')
  return parts.join('  ')
}
