// What the user of a live screen has chosen, and what each key changes. Pure.
import { printable } from '../text.js'
import type { LiveTable } from './table.js'

export interface Choice {
  sort: string
  reverse: boolean
  /** Rows whose text holds it are shown; upper and lower case are one. */
  filter: string
  /** The filter as it is being typed; undefined while nothing is. */
  typed: string | undefined
  paused: boolean
  help: boolean
  /** The first line of the help that is shown. */
  helpOffset: number
  /** The first row that is shown. */
  offset: number
}

/** A key as node:readline tells it. */
export interface Key {
  name?: string | undefined
  sequence?: string | undefined
  ctrl?: boolean | undefined
}

export function firstChoice(sort: string): Choice {
  return { sort, reverse: false, filter: '', typed: undefined, paused: false, help: false, helpOffset: 0, offset: 0 }
}

/**
 * The choice after a key; 'quit' where it ends the program.
 *
 * @param pageRows - rows that are shown at once
 * @param sorts - what rows may be ordered by
 */
export function pressKey(choice: Choice, key: Key, pageRows: number, sorts: readonly string[]): Choice | 'quit' {
  if (key.ctrl && (key.name === 'c' || key.name === 'd')) return 'quit'
  if (choice.typed !== undefined) return typeKey(choice, choice.typed, key)
  const scrolled = SCROLLS[key.name ?? '']?.(choice.help ? choice.helpOffset : choice.offset, pageRows)
  if (scrolled !== undefined) return { ...choice, [choice.help ? 'helpOffset' : 'offset']: Math.max(0, scrolled) }
  if (choice.help) return key.name === 'q' ? 'quit' : { ...choice, help: false, helpOffset: 0 }
  switch (key.sequence) {
    case 'q':
      return 'quit'
    case 's':
      return { ...choice, sort: sorts[(sorts.indexOf(choice.sort) + 1) % sorts.length] ?? choice.sort, offset: 0 }
    case 'r':
      return { ...choice, reverse: !choice.reverse, offset: 0 }
    case '/':
      return { ...choice, typed: choice.filter }
    case ' ':
      return { ...choice, paused: !choice.paused }
    case '?':
      return { ...choice, help: true }
    default:
      return key.name === 'escape' ? { ...choice, filter: '', offset: 0 } : choice
  }
}

const SCROLLS: Readonly<Record<string, (offset: number, pageRows: number) => number>> = {
  up: (offset) => offset - 1,
  down: (offset) => offset + 1,
  pageup: (offset, pageRows) => offset - pageRows,
  pagedown: (offset, pageRows) => offset + pageRows,
  home: () => 0,
  end: () => Number.MAX_SAFE_INTEGER,
}

function typeKey(choice: Choice, typed: string, { name, sequence = '', ctrl }: Key): Choice {
  if (name === 'escape') return { ...choice, typed: undefined }
  if (name === 'return' || name === 'enter') return { ...choice, filter: typed, typed: undefined, offset: 0 }
  if (name === 'backspace') return { ...choice, typed: [...typed].slice(0, -1).join('') }
  if (ctrl && name === 'u') return { ...choice, typed: '' }
  return { ...choice, typed: typed + (printable(sequence) === sequence ? sequence : '') }
}

/** The rows that are wanted, in the order that is wanted. */
export function chosenRows<R>(
  rows: readonly R[],
  { sort, reverse, filter, typed }: Choice,
  { textOf, compare }: Pick<LiveTable<R>, 'textOf' | 'compare'>,
): R[] {
  const wanted = (typed ?? filter).toLowerCase()
  const found = rows
    .map((row) => ({ row, text: textOf(row) }))
    .filter(({ text }) => text.toLowerCase().includes(wanted))
  found.sort((a, b) => compare(sort, a.row, b.row) || (a.text < b.text ? -1 : a.text > b.text ? 1 : 0))
  if (reverse) found.reverse()
  return found.map(({ row }) => row)
}
