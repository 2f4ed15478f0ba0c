// All families and series, fed by the documents of /events. Each document is a tick; what the page shows is a function of
// this and of the tick that it looks at, so a paused page stays as it is while documents go on being taken in.
import { type EventDocument, labelKey, type MetricType, type WireFamily } from './document.js'
import { unitOf } from './format.js'
import { type Sample, Series } from './series.js'

/** How many ticks a chart spans. */
export const WINDOW_TICKS = 300
/** How much a paused page may hold on to: then what it shows begins to go from its left. */
const PAUSED_TICKS = 1800
/** An ended series is shown for so many ticks more. */
const ENDED_TICKS = 5
/** Numbers kept for heat maps, at 8 bytes: past it the oldest heat maps are shortened, for all series alike. */
const MOST_BUCKET_NUMBERS = 8_000_000

interface Tick {
  readonly time: number
  /** Since the tick before. */
  readonly seconds: number
  /** Whether the connection was lost before it. */
  readonly afterGap: boolean
  readonly touched: Series[]
}

export class Family {
  readonly name: string
  readonly type: MetricType
  /** Told, or taken from the name; empty where there is none. */
  readonly unit: string
  readonly help: string
  readonly series = new Map<string, Series>()

  constructor({ name, type, unit, help }: WireFamily) {
    this.name = name
    this.type = type
    this.unit = unitOf(name, unit)
    this.help = help
  }
}

export class Model {
  readonly families = new Map<string, Family>()
  /** Changes whenever a family or series comes, ends or goes. */
  version = 0
  /** Seconds between two documents. */
  interval = 1
  #ticks: Tick[] = []
  /** The number of the first of #ticks. */
  #oldest = 0
  #held: number | undefined
  #bucketNumbers = 0
  /** Ticks before this one have no buckets any more. */
  #bucketsFrom = 0
  readonly #mostBucketNumbers: number

  constructor(mostBucketNumbers = MOST_BUCKET_NUMBERS) {
    this.#mostBucketNumbers = mostBucketNumbers
  }

  /** The newest tick; -1 before the first document. */
  get newest(): number {
    return this.#oldest + this.#ticks.length - 1
  }

  /** The first tick that is kept. */
  get oldest(): number {
    return this.#oldest
  }

  /** Unix seconds of a tick that is kept. */
  time(tick: number): number {
    return this.#tick(tick).time
  }

  /** The length of the interval that a tick ended. */
  seconds(tick: number): number {
    return this.#tick(tick).seconds
  }

  /** Whether nothing is known of the interval that a tick ended: the connection was lost in it. */
  isAfterGap(tick: number): boolean {
    return this.#tick(tick).afterGap
  }

  /** Keeps what a look at this tick needs; undefined lets go. */
  hold(tick: number | undefined): void {
    this.#held = tick
  }

  /** Takes in the first document of a connection: series that it does not name have ended, the others keep their history. */
  snapshot(document: EventDocument): void {
    this.interval = document.interval ?? this.interval
    const tick = this.#addTick(document.time, this.newest >= 0)
    const named = new Set(
      document.families.flatMap(({ name, series }) => series.map((each) => seriesId(name, each.labels))),
    )
    for (const family of this.families.values()) {
      for (const [key, series] of family.series) {
        if (!named.has(`${family.name} ${key}`)) this.#end(series, tick)
      }
    }
    this.#take(document.families, tick, false)
    this.#forget()
  }

  /** Takes in the changes of an interval. */
  changes(document: EventDocument): void {
    const tick = this.#addTick(document.time, false)
    for (const { name, labels } of document.ended ?? []) {
      const series = this.families.get(name)?.series.get(labelKey(labels))
      if (series !== undefined) this.#end(series, tick)
    }
    this.#take(document.families, tick, true)
    this.#forget()
  }

  #tick(tick: number): Tick {
    return this.#ticks[tick - this.#oldest] as Tick
  }

  #addTick(time: number, afterGap: boolean): number {
    const last = this.#ticks.at(-1)
    // A clock that was set back must not turn the charts round.
    const later = last === undefined || time > last.time ? time : last.time + this.interval
    const seconds = last === undefined ? this.interval : later - last.time
    this.#ticks.push({ time: later, seconds, afterGap, touched: [] })
    return this.newest
  }

  #end(series: Series, tick: number): void {
    if (series.endedTick !== undefined) return
    series.endedTick = tick
    this.version++
  }

  #take(families: readonly WireFamily[], tick: number, joined: boolean): void {
    const { touched } = this.#tick(tick)
    for (const wire of families) {
      let family = this.families.get(wire.name)
      if (family === undefined || family.type !== wire.type) {
        family = new Family(wire)
        this.families.set(wire.name, family)
        this.version++
      }
      for (const each of wire.series) {
        const key = labelKey(each.labels)
        let series = family.series.get(key)
        if (series === undefined) {
          series = new Series(wire.type, each.labels, tick)
          family.series.set(key, series)
          this.version++
        } else if (series.endedTick !== undefined) {
          series.endedTick = undefined
          this.version++
        }
        this.#bucketNumbers += series.add(tick, each, joined).buckets?.length ?? 0
        touched.push(series)
      }
    }
  }

  #forget(): void {
    const looked = this.#held ?? this.newest
    const oldest = Math.max(looked - WINDOW_TICKS + 1, this.newest - PAUSED_TICKS)
    this.#forgetBuckets(oldest)
    while (this.#oldest < oldest) {
      this.#ticks.shift()
      this.#oldest++
      for (const series of this.#tick(this.#oldest).touched) series.trim(this.#oldest)
    }
    this.#forgetEnded(looked)
  }

  /** Those of ticks before `oldest`, which no look needs, and of more where they are too many. */
  #forgetBuckets(oldest: number): void {
    const areTooMany = () => this.#bucketNumbers > this.#mostBucketNumbers && this.#bucketsFrom < this.newest
    while (this.#bucketsFrom < oldest || areTooMany()) {
      const tick = this.#bucketsFrom++
      for (const series of this.#tick(tick).touched) this.#dropBuckets(series.at(tick))
    }
  }

  #dropBuckets(sample: Sample | undefined): void {
    if (sample?.buckets === undefined) return
    this.#bucketNumbers -= sample.buckets.length
    sample.buckets = undefined
  }

  #forgetEnded(looked: number): void {
    for (const family of this.families.values()) {
      for (const [key, { endedTick, samples }] of family.series) {
        if (endedTick === undefined || looked - endedTick < ENDED_TICKS) continue
        for (const sample of samples) this.#dropBuckets(sample)
        family.series.delete(key)
        this.version++
      }
      if (family.series.size === 0) this.families.delete(family.name)
    }
  }
}

function seriesId(name: string, labels: Readonly<Record<string, string>>): string {
  return `${name} ${labelKey(labels)}`
}
