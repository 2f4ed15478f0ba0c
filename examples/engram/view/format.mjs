// Numbers and lines as the terminal shows them. Pure functions.
import { stripVTControlCharacters } from 'node:util'

const WHOLE = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })

/** 12345.6 -> `12,346`; a dash when there is nothing to show. @param {number | undefined} value */
export function whole(value) {
  return value === undefined || Number.isNaN(value) ? '-' : WHOLE.format(value)
}

/** Three significant digits without an exponent: 0.0523 -> `0.0523`, 5.23, 52.3, 523. @param {number} value */
function threeDigits(value) {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3)
}

/** 0.0000523 -> `52.3 µs`. Every unit takes two columns. @param {number | undefined} seconds */
export function duration(seconds) {
  if (seconds === undefined) return '-'
  if (seconds >= 0.9995) return `${threeDigits(seconds)} s `
  if (seconds >= 0.0009995) return `${threeDigits(seconds * 1e3)} ms`
  if (seconds >= 9.995e-7) return `${threeDigits(seconds * 1e6)} µs`
  return `${threeDigits(seconds * 1e9)} ns`
}

/** 5.4321 -> `5.4`. @param {number | undefined} value */
export function tenths(value) {
  return value === undefined ? '-' : value.toFixed(1)
}

/** 0.824 -> `82 %`. @param {number} part @param {number} of */
export function percent(part, of) {
  return of === 0 ? '-' : `${((100 * part) / of).toFixed(0)} %`
}

/** 83 -> `01:23`. @param {number} seconds */
export function clock(seconds) {
  const total = Math.floor(seconds)
  const minutes = String(Math.floor(total / 60)).padStart(2, '0')
  return `${minutes}:${String(total % 60).padStart(2, '0')}`
}

const EIGHTHS = ' ▏▎▍▌▋▊▉█'

/** A bar of block characters, padded to `width`. @param {number} share in [0, 1] @param {number} width columns */
export function bar(share, width) {
  const eighths = Math.round(Math.min(1, Math.max(0, share)) * width * 8)
  const full = '█'.repeat(Math.floor(eighths / 8))
  return (eighths % 8 === 0 ? full : full + EIGHTHS[eighths % 8]).padEnd(width)
}

const HEIGHTS = ' ▁▂▃▄▅▆▇█'

/** One character per value, the highest full. @param {number[]} values */
export function sparkline(values) {
  const most = Math.max(...values)
  return values.map((value) => HEIGHTS[most <= 0 || value <= 0 ? 0 : Math.ceil((8 * value) / most)]).join('')
}

/** Cuts a line to a width; a line that is cut loses its colours. @param {string} line @param {number} width columns */
export function clip(line, width) {
  const plain = stripVTControlCharacters(line)
  return plain.length <= width ? line : `${plain.slice(0, width - 1)}…`
}

/**
 * Text styles, or none at all.
 * @param {boolean} colours
 */
export function styles(colours) {
  /** @type {(open: number, close: number) => (text: string) => string} */
  const style = (open, close) => (text) => (colours ? `\u001b[${open}m${text}\u001b[${close}m` : text)
  return { bold: style(1, 22), dim: style(2, 22), red: style(31, 39), green: style(32, 39), cyan: style(36, 39) }
}
