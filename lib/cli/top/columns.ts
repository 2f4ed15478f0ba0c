// Fits a table of a live screen into a terminal's width: first columns go, then names are shortened. Pure.
import type { Style } from '../screen.js'
import { type Column, GAP, NARROWEST, table, widthOf } from '../text.js'

/** A column behind the first one. */
export interface Cells {
  title: string
  texts: readonly string[]
  /** Default: right. */
  align?: 'left' | 'right'
}

/** The first column, which tells the rows apart. */
export interface Names {
  title: string
  texts: readonly string[]
  /** The name of a row in at most so many columns. */
  shorten(row: number, width: number): string
  /** What names are given before anything else, where they are as wide. */
  wanted: number
}

/**
 * The titles and a line for each row, none of them wider than `width`; Infinity cuts nothing.
 *
 * @param dispensable titles of the columns that go while the names have less than they want, in this order
 */
export function fittedTable(
  names: Names,
  all: readonly Cells[],
  dispensable: readonly string[],
  { bold }: Style,
  width: number,
): string[] {
  let columns = all.map((cells) => ({ ...cells, width: widthOfAll([cells.title, ...cells.texts]) }))
  const widest = widthOfAll([names.title, ...names.texts])
  const room = () => columns.reduce((left, column) => left - GAP.length - column.width, width)
  for (const title of dispensable) {
    if (room() >= Math.min(widest, names.wanted)) break
    columns = columns.filter((column) => column.title !== title)
  }
  const left = Math.max(NARROWEST, room())
  const first = widest <= left ? names.texts : names.texts.map((_, row) => names.shorten(row, left))
  const titles: Column[] = [
    { title: names.title, flexible: true },
    ...columns.map(({ title, align = 'right' }) => ({ title, align })),
  ]
  const cells = names.texts.map((_, row) => [first[row] ?? '', ...columns.map(({ texts }) => texts[row] ?? '')])
  const [head = '', ...lines] = table(titles, cells, width)
  return [bold(head), ...lines]
}

function widthOfAll(texts: readonly string[]): number {
  return texts.reduce((most, text) => Math.max(most, widthOf(text)), 0)
}
