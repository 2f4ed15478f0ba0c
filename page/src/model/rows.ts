// The list as rows from top to bottom: what search, type and folding leave of the families and their series.
import type { MetricType } from './document.js'
import type { Family, Model } from './model.js'
import type { Series } from './series.js'

/** A family shows so many series until it is asked for all. */
export const FIRST_SERIES = 20

export type Row =
  | { readonly kind: 'family'; readonly key: string; readonly family: Family; readonly shown: number }
  | { readonly kind: 'series'; readonly key: string; readonly family: Family; readonly series: Series }
  | { readonly kind: 'panel'; readonly key: string; readonly family: Family; readonly series: Series }
  | { readonly kind: 'more'; readonly key: string; readonly family: Family; readonly hidden: number }

export interface ListState {
  /** What was typed: words that must all be in a series' name, labels or help. */
  search: string
  type: MetricType | ''
  /** Names of families without their series. */
  readonly folded: Set<string>
  /** Names of families with all their series. */
  readonly unfolded: Set<string>
  /** Keys of series rows that have their panel open. */
  readonly opened: Set<string>
}

/** The rows at a tick: what came later is not there yet. */
export function rowsOf(model: Model, state: ListState, tick: number): Row[] {
  const words = state.search
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '')
  const rows: Row[] = []
  const families = [...model.families.values()].sort(byPlace)
  for (const family of families) {
    if (state.type !== '' && family.type !== state.type) continue
    const series = matching(family, words, tick)
    if (series.length === 0) continue
    rows.push({ kind: 'family', key: family.name, family, shown: series.length })
    if (state.folded.has(family.name)) continue
    const all = state.unfolded.has(family.name) || series.length <= FIRST_SERIES + 1
    for (const [key, each] of all ? series : series.slice(0, FIRST_SERIES)) {
      rows.push({ kind: 'series', key, family, series: each })
      if (state.opened.has(key)) rows.push({ kind: 'panel', key: `${key} panel`, family, series: each })
    }
    if (!all) rows.push({ kind: 'more', key: `${family.name} more`, family, hidden: series.length - FIRST_SERIES })
  }
  return rows
}

/** The program's own families, then those about Node.js, its process and nanotally; each by name. */
function byPlace(a: Family, b: Family): number {
  const isOurs = ({ name }: Family) => Number(/^(nodejs|process|nanotally)_/.test(name))
  return isOurs(a) - isOurs(b) || (a.name < b.name ? -1 : 1)
}

/** The series of a family that have all words, by their keys, in the order of their labels. */
function matching(family: Family, words: readonly string[], tick: number): [string, Series][] {
  const ofFamily = `${family.name} ${family.help}`.toLowerCase()
  const left = words.filter((word) => !ofFamily.includes(word))
  const found: [string, Series][] = []
  for (const [key, series] of family.series) {
    if (series.firstTick > tick) continue
    const text = left.length === 0 ? '' : series.text.toLowerCase()
    if (left.every((word) => text.includes(word))) found.push([`${family.name} ${key}`, series])
  }
  return found.sort(([, a], [, b]) => collator.compare(a.text, b.text))
}

/** `shard="9"` before `shard="10"`. */
const collator = new Intl.Collator('en', { numeric: true })
