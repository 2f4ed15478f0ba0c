// What a watch remembers: the series of the last exposition, and of those that rates are asked of their past. Everything is bounded:
// a window's past is some 60 points a series, and there are at most so many series.
//
// Counters are kept as what they have grown by since they were first seen, a reset to 0 being no loss. A series that is new in a
// family that was there before began at 0: it counts from its first sample on, where Prometheus, which cannot know, begins with the
// second. A family that is new as a whole may have counted for long, elsewhere: it begins with what it has.

/** Points of the past that are kept for each window: it is as long as it says, or up to a 60th longer. */
const SLOTS = 60
const RING = SLOTS + 2
/** Last values of series that went: should they come back, they have not begun at 0. */
const MOST_DEPARTED = 10_000

export type LabelSet = Readonly<Record<string, string>>

/** When the points of all series of a name were kept, for one window. */
interface Window {
  readonly ms: number
  readonly times: Float64Array
  /** Points that were kept, ever. */
  kept: number
  /** The place of the point that the window begins with, in `times`. */
  start: number
  /** What rates are divided by, in seconds. */
  seconds: number
}

export interface Series {
  readonly name: string
  readonly labels: LabelSet
  /** `''` for what is no bucket. All buckets of a histogram have the same. */
  readonly histogram: string
  value: number
  /** What it has grown by since it was first seen. */
  total: number
  /** By window, then by point: the total then. */
  readonly past: readonly Float64Array[]
  /** When it was last there. */
  seenAt: number
}

interface Family {
  readonly windows: readonly Window[]
  readonly series: Set<Series>
  /** Grows with each series that comes or goes. */
  version: number
  /** When it was first there; undefined before. */
  since: number | undefined
  overflowed: boolean
}

/** One escape of the text format: `\\`, `\"` and `\n`. */
function readText(text: string): string {
  return text.includes('\\') ? text.replaceAll(/\\(.)/g, (_, sign) => (sign === 'n' ? '\n' : sign)) : text
}

/** The name and the labels of a line's head, as `Registry.render()` writes it. */
export function readHead(head: string): { name: string; labels: LabelSet } {
  const brace = head.indexOf('{')
  if (brace < 0) return { name: head, labels: {} }
  const pairs = [...head.slice(brace).matchAll(/([a-zA-Z_][\w]*)="((?:\\.|[^"\\])*)"/g)]
  return {
    name: head.slice(0, brace),
    labels: Object.fromEntries(pairs.map(([, label, value]) => [label as string, readText(value as string)])),
  }
}

function histogramOf(name: string, { le, ...others }: LabelSet): string {
  return le === undefined || !name.endsWith('_bucket') ? '' : JSON.stringify(Object.entries(others))
}

function readNumber(text: string): number {
  return /^[+-]Inf$/.test(text) ? Number(`${text}inity`) : Number(text)
}

/** The series of some names, over time. */
export class SeriesStore {
  readonly #families = new Map<string, Family>()
  readonly #series = new Map<string, Series>()
  readonly #departed = new Map<string, number>()
  readonly #maxSeries: number
  #now = 0

  /**
   * @param windows - by the names that are asked for: the windows of their rates, in milliseconds
   * @param maxSeries - of a name by which there would be more, none is kept any more
   */
  constructor(windows: ReadonlyMap<string, readonly number[]>, maxSeries: number) {
    this.#maxSeries = maxSeries
    for (const [name, all] of windows) {
      this.#families.set(name, {
        windows: all.map((ms) => ({ ms, times: new Float64Array(RING), kept: 0, start: 0, seconds: ms / 1000 })),
        series: new Set(),
        version: 0,
        since: undefined,
        overflowed: false,
      })
    }
  }

  /** Series that are kept. */
  get size(): number {
    return this.#series.size
  }

  /** When the last exposition was made, in milliseconds. */
  get now(): number {
    return this.#now
  }

  /** Takes an exposition in, in text format 0.0.4. `now`: in milliseconds, of whatever clock. */
  update(text: string, now: number): void {
    this.#now = now
    /** Of the bucket before, and what it had counted before this exposition. */
    let bucket = { histogram: '', name: '', before: 0 }
    for (let from = 0; from < text.length; ) {
      let to = text.indexOf('\n', from)
      if (to < 0) to = text.length
      if (text.startsWith('# TYPE ', from)) this.#announce(text.slice(from + '# TYPE '.length, to))
      else if (to > from && text[from] !== '#') {
        const blank = text.lastIndexOf(' ', to)
        const head = text.slice(from, blank)
        const value = readNumber(text.slice(blank + 1, to))
        const series = this.#series.get(head) ?? this.#begin(head, value, bucket)
        if (series !== undefined) {
          const before = series.value
          this.#grow(series, value)
          if (series.histogram !== '') bucket = { histogram: series.histogram, name: series.name, before }
        }
      }
      from = to + 1
    }
    for (const family of this.#families.values()) this.#keep(family)
    this.#forget()
  }

  /** Whether more of that name was there than may be kept. */
  hasOverflowed(name: string): boolean {
    return this.#families.get(name)?.overflowed === true
  }

  /** Changes with the series that are kept by that name. */
  versionOf(name: string): number {
    return this.#families.get(name)?.version ?? 0
  }

  /** All that are kept by a name, gone ones among them while a window has them. */
  seriesOf(name: string): Iterable<Series> {
    return this.#families.get(name)?.series ?? []
  }

  isThere(series: Series): boolean {
    return series.seenAt === this.#now
  }

  /**
   * What a counter grew by in a window, for each second of it; undefined before it has been seen twice. Before it was seen it did not
   * grow, as in Prometheus.
   */
  rateOf(series: Series, windowMs: number): number | undefined {
    const family = this.#families.get(series.name)
    const index = family?.windows.findIndex(({ ms }) => ms === windowMs) ?? -1
    const window = family?.windows[index]
    if (family?.since === undefined || family.since === this.#now || window === undefined) return undefined
    const past = series.past[index] as Float64Array
    return (series.total - (past[window.start] as number)) / window.seconds
  }

  /** A family is told of before it has any series. */
  #announce(nameAndType: string): void {
    const [name = '', type] = nameAndType.split(' ')
    for (const suffix of type === 'histogram' ? ['_bucket', '_count', '_sum'] : ['']) {
      const family = this.#families.get(name + suffix)
      if (family !== undefined) family.since ??= this.#now
    }
  }

  /** A series that was not kept; undefined where it is not asked for, or is too many. */
  #begin(head: string, value: number, bucket: { histogram: string; name: string; before: number }): Series | undefined {
    const { name, labels } = readHead(head)
    const family = this.#families.get(name)
    if (family === undefined || family.overflowed) return undefined
    if (this.#series.size >= this.#maxSeries) {
      this.#overflow(family)
      return undefined
    }
    const histogram = histogramOf(name, labels)
    let began = value
    family.since ??= this.#now
    if (family.since !== this.#now) {
      // Of a histogram's new boundary all that it counted before lies at the boundary below: there was nothing between them.
      const isNext = histogram !== '' && bucket.histogram === histogram && bucket.name === name
      began = this.#departed.get(head) ?? (isNext ? bucket.before : 0)
    }
    this.#departed.delete(head)
    const past = family.windows.map(() => new Float64Array(RING))
    const series = { name, labels, histogram, value: began, total: 0, past, seenAt: this.#now }
    this.#series.set(head, series)
    family.series.add(series)
    family.version++
    return series
  }

  #grow(series: Series, value: number): void {
    const delta = value - series.value
    // What became less has begun anew.
    if (!Number.isNaN(delta)) series.total += delta < 0 ? value : delta
    series.value = value
    series.seenAt = this.#now
  }

  /** Keeps a point of each series for each window that is due, and finds where the windows begin now. */
  #keep({ windows, series }: Family): void {
    windows.forEach((window, index) => {
      const { ms, times } = window
      const last = window.kept === 0 ? -Infinity : (times[(window.kept - 1) % RING] as number)
      if (this.#now - last >= ms / SLOTS) {
        const place = window.kept++ % RING
        times[place] = this.#now
        for (const { past, total } of series) (past[index] as Float64Array)[place] = total
      }
      const oldest = Math.max(window.kept - RING, 0)
      let start = oldest
      for (let point = oldest; point < window.kept; point++) {
        if (this.#now - (times[point % RING] as number) < ms) break
        start = point
      }
      window.start = start % RING
      window.seconds = Math.max(ms, this.#now - (times[window.start] as number)) / 1000
    })
  }

  #overflow(family: Family): void {
    family.overflowed = true
    family.version++
    const gone = new Set(family.series)
    family.series.clear()
    for (const [head, series] of this.#series) if (gone.has(series)) this.#series.delete(head)
  }

  /** Series that went, once no window has anything of them. */
  #forget(): void {
    for (const [head, series] of this.#series) {
      if (series.seenAt === this.#now) continue
      const family = this.#families.get(series.name) as Family
      const longest = Math.max(0, ...family.windows.map(({ ms }) => ms))
      if (this.#now - series.seenAt <= longest * (1 + 2 / SLOTS)) continue
      this.#series.delete(head)
      family.series.delete(series)
      family.version++
      if (longest > 0) this.#departed.set(head, series.value)
    }
    for (const head of this.#departed.keys()) {
      if (this.#departed.size <= MOST_DEPARTED) break
      this.#departed.delete(head)
    }
  }
}
