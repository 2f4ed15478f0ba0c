// What a live screen shows rows of: how these are told apart, ordered and drawn.
import type { Style } from '../screen.js'

export interface LiveTable<R> {
  /** What rows may be ordered by, the first one at first; what `compare` does not know is by their text. */
  sorts: readonly string[]
  /** What a filter looks into, and what orders rows that are equal otherwise. */
  textOf(row: R): string
  /** Below 0: `a` comes first. 0: by their text. */
  compare(sort: string, a: R, b: R): number
  /** The titles and a line for each row, none of them wider than `width`; Infinity cuts nothing. */
  lines(rows: readonly R[], style: Style, width: number): string[]
  /** What the columns mean, in lines of 60 columns. */
  help: readonly string[]
}
