// The list of rows, of which only those in sight are in the page: ten thousand series cost what forty do.
import type { Model } from '../model/model.js'
import { type ListState, type Row, rowsOf } from '../model/rows.js'
import { setText } from './dom.js'
import { panelRow } from './panel.js'
import { familyRow, moreRow, type RowView, seriesRow } from './row-views.js'

/** Pixels above and below what is in sight in which rows are made. */
const MARGIN = 200
/** As styles/narrow.css has it. */
const narrow = matchMedia('(max-width: 700px)')

/** The heights of rows in pixels: what is not in the page cannot be measured. */
function heightOf(row: Row): number {
  if (row.kind === 'family') return 78
  if (row.kind === 'more') return 44
  if (row.kind === 'panel' && row.family.type === 'histogram') return narrow.matches ? 536 : 496
  if (row.kind === 'panel') return narrow.matches ? 292 : 272
  if (row.family.type === 'info') return narrow.matches ? 56 : 40
  return narrow.matches ? 72 : 40
}

/** A row that is in the page. */
interface ShownRow extends RowView {
  /** The series or family that it is of. */
  readonly subject: object
  /** The tick and the placing that it was brought to. */
  shownFor: string
}

interface PlacedRow {
  readonly row: Row
  readonly top: number
  readonly height: number
}

export class List {
  readonly #container: HTMLElement
  readonly #empty: HTMLElement
  readonly #model: Model
  readonly #state: ListState
  readonly #onChange: () => void
  readonly #views = new Map<string, ShownRow>()
  #placed: PlacedRow[] = []
  #placedFor = ''
  #placings = 0

  /** @param onChange called when the state was changed by a row */
  constructor(container: HTMLElement, empty: HTMLElement, model: Model, state: ListState, onChange: () => void) {
    this.#container = container
    this.#empty = empty
    this.#model = model
    this.#state = state
    this.#onChange = onChange
  }

  /** Shows a tick. Before the first one there is nothing to show. */
  update(tick: number): void {
    if (tick < 0) return
    this.#place(tick)
    this.#showEmpty()
    const top = window.scrollY - this.#container.offsetTop - MARGIN
    const bottom = top + window.innerHeight + 2 * MARGIN
    const inSight = this.#placed.filter((placed) => {
      return (placed.top + placed.height > top && placed.top < bottom) || this.#hasFocus(placed.row.key)
    })
    const keys = new Set(inSight.map(({ row }) => row.key))
    for (const [key, view] of this.#views) {
      if (!keys.has(key)) this.#remove(key, view)
    }
    let before: Element | null = null
    for (const placed of inSight) {
      const view = this.#viewOf(placed.row)
      // In the order in which they are read, and never moved: moving would take the focus away.
      const follows: Element | null = before === null ? this.#container.firstElementChild : before.nextElementSibling
      if (view.element !== follows) this.#container.insertBefore(view.element, follows)
      view.element.style.top = `${placed.top}px`
      view.element.style.height = `${placed.height}px`
      // While the page is scrolled, rows that stay in sight have nothing new to show.
      const shownFor = `${tick} ${this.#placings}`
      if (view.shownFor !== shownFor) view.update(placed.row, tick)
      view.shownFor = shownFor
      before = view.element
    }
  }

  /** After a change of width or colours. */
  redraw(): void {
    this.#placedFor = ''
    for (const view of this.#views.values()) view.redraw()
  }

  #place(tick: number): void {
    const { search, type, folded, unfolded, opened } = this.#state
    const placedFor = JSON.stringify([this.#model.version, search, type, [...folded], [...unfolded], [...opened]])
    if (placedFor === this.#placedFor) return
    this.#placedFor = placedFor
    this.#placings++
    let top = 0
    this.#placed = rowsOf(this.#model, this.#state, tick).map((row) => {
      const placed = { row, top, height: heightOf(row) }
      top += placed.height
      return placed
    })
    this.#container.style.height = `${top}px`
  }

  #showEmpty(): void {
    this.#empty.hidden = this.#placed.length > 0
    if (!this.#empty.hidden) setText(this.#empty, this.#whyEmpty())
  }

  #whyEmpty(): string {
    if (this.#model.families.size === 0) return 'No metrics yet. They appear here as soon as the program records some.'
    return this.#state.search === '' ? 'No series of this type.' : 'No series match. Esc clears the search.'
  }

  #hasFocus(key: string): boolean {
    return this.#views.get(key)?.element.contains(document.activeElement) ?? false
  }

  #viewOf(row: Row): ShownRow {
    const subject = 'series' in row ? row.series : row.family
    let view = this.#views.get(row.key)
    if (view?.subject !== subject) {
      // What went and came back has the same key.
      if (view !== undefined) this.#remove(row.key, view)
      view = { ...this.#build(row), subject, shownFor: '' }
      this.#views.set(row.key, view)
    }
    return view
  }

  #remove(key: string, view: RowView): void {
    view.destroy()
    view.element.remove()
    this.#views.delete(key)
  }

  #build(row: Row): RowView {
    const { folded, unfolded, opened } = this.#state
    const toggle = (set: Set<string>, key: string) => () => {
      if (!set.delete(key)) set.add(key)
      this.#onChange()
    }
    const { name } = row.family
    if (row.kind === 'family') return familyRow(row, () => folded.has(name), toggle(folded, name))
    if (row.kind === 'more') return moreRow(toggle(unfolded, name))
    if (row.kind === 'panel') return panelRow(row, this.#model)
    return seriesRow(row, this.#model, () => opened.has(row.key), toggle(opened, row.key))
  }
}
