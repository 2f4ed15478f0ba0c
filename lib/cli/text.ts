// Text for terminals: what a target says is made harmless, columns are aligned and cut, numbers are made short.

// What a terminal may obey or show as something else: controls, format characters, line separators, lone surrogates.
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu
// JSON escapes C0 controls itself, and lone surrogates.
const UNPRINTABLE_IN_JSON = /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu
const ZERO_WIDTH = /[\p{Mn}\p{Me}]/u
const WIDE =
  /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{20000}-\u{3fffd}]/u
const ASCII = /^[\x20-\x7e]*$/
const ELLIPSIS = '…'
/** Between two columns of a table. */
export const GAP = '  '

/** The text with all that could drive a terminal escaped, as `\n`, `\t` or `\u{1b}`. */
export function printable(text: string): string {
  if (ASCII.test(text)) return text
  return text.replace(UNPRINTABLE, (character) => {
    if (character === '\n') return '\\n'
    if (character === '\t') return '\\t'
    return `\\u{${character.codePointAt(0)?.toString(16)}}`
  })
}

/** What a user wrote for a target without what may be a password: up to the last @, as passwords may hold any character. */
export function withoutCredentials(text: string): string {
  return text.replace(/^([a-z][a-z0-9+.-]*:\/\/)?[^@]*:.*@/is, '$1...@')
}

/** Indented JSON that no terminal obeys; numbers that JSON cannot tell are the strings "NaN", "+Inf" and "-Inf". */
export function toJson(value: unknown): string {
  const text = JSON.stringify(value, (_, part) => (typeof part === 'number' ? jsonNumber(part) : part), 2)
  return text.replace(UNPRINTABLE_IN_JSON, (character) =>
    [...Array(character.length).keys()]
      .map((i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`)
      .join(''),
  )
}

function jsonNumber(value: number): number | string {
  return Number.isFinite(value) ? value : numberText(value)
}

/** A number as expositions write it. */
export function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value)
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'
}

/** Four significant digits. */
export function shortNumber(value: number): string {
  if (!Number.isFinite(value) || (Number.isInteger(value) && Math.abs(value) < 1e6)) return numberText(value)
  const rounded = Number(value.toPrecision(4))
  if (!Number.isFinite(rounded)) return value.toPrecision(4)
  const size = Math.abs(rounded)
  if (size >= 1e15 || size < 1e-4) return rounded.toExponential()
  const scale = size >= 1e12 ? 'T' : size >= 1e9 ? 'G' : size >= 1e6 ? 'M' : ''
  const divisor = { T: 1e12, G: 1e9, M: 1e6, '': 1 }[scale]
  return `${Number((rounded / divisor).toPrecision(4))}${scale}`
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}

/** Columns of a terminal that a printable text takes. */
export function widthOf(text: string): number {
  if (ASCII.test(text)) return text.length
  let width = 0
  for (const character of text) width += ZERO_WIDTH.test(character) ? 0 : WIDE.test(character) ? 2 : 1
  return width
}

/** At most `width` columns of a printable text, the cut shown. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text
  return width < 1 ? '' : take([...text], width - 1).join('') + ELLIPSIS
}

/** The same, cut in the middle: series differ at their ends. */
export function cutMiddle(text: string, width: number): string {
  if (widthOf(text) <= width || width < 3) return cut(text, width)
  const characters = [...text]
  const end = take(characters.toReversed(), Math.floor((width - 1) / 2))
    .reverse()
    .join('')
  return take(characters, width - 1 - widthOf(end)).join('') + ELLIPSIS + end
}

/** The same, cut at the beginning. */
export function cutStart(text: string, width: number): string {
  if (widthOf(text) <= width || width < 2) return cut(text, width)
  return (
    ELLIPSIS +
    take([...text].reverse(), width - 1)
      .reverse()
      .join('')
  )
}

/** As many of the characters as the columns hold. */
function take(characters: readonly string[], width: number): string[] {
  let left = width
  const end = characters.findIndex((character) => {
    left -= widthOf(character)
    return left < 0
  })
  return characters.slice(0, end < 0 ? characters.length : end)
}

/** Words put into lines of at most `width` columns, all behind `indent`. */
export function fold(text: string, width: number, indent = ''): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`
    if (line !== '' && widthOf(indent + longer) > width) {
      lines.push(indent + line)
      line = word
    } else {
      line = longer
    }
  }
  return line === '' ? lines : [...lines, indent + line]
}

export function pad(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const blanks = ' '.repeat(Math.max(0, width - widthOf(text)))
  return align === 'left' ? text + blanks : blanks + text
}

export interface Column {
  title: string
  align?: 'left' | 'right'
  /** Gives way where a terminal is too narrow. Default: none does, and lines are cut at their end. */
  flexible?: boolean
}

/** What a column that gives way keeps. */
export const NARROWEST = 8

/**
 * Aligned lines, the titles first; without titles where all are empty.
 *
 * @param width - columns that a line may take; Infinity cuts nothing
 */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[], width = Infinity): string[] {
  const titles = columns.map(({ title }) => title)
  const all = titles.every((title) => title === '') ? rows : [titles, ...rows]
  const widths = columns.map((_, i) => all.reduce((most, row) => Math.max(most, widthOf(row[i] ?? '')), 0))
  const flexible = columns.findIndex((column) => column.flexible)
  const total = widths.reduce((sum, one) => sum + one, 0) + GAP.length * (columns.length - 1)
  if (flexible >= 0 && total > width) {
    widths[flexible] = Math.max(NARROWEST, (widths[flexible] ?? 0) - (total - width))
  }
  return all.map((row) => {
    const cells = columns.map(({ align, flexible }, i) => {
      const room = widths[i] ?? 0
      return pad((flexible ? cutMiddle : cut)(row[i] ?? '', room), room, align)
    })
    return cut(cells.join(GAP).trimEnd(), width)
  })
}

/** `key="value"` for each label, harmless. */
export function labelsText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${printable(name)}="${printable(value.replace(/["\\]/g, '\\$&'))}"`)
    .join(',')
}
