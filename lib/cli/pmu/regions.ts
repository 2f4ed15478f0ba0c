// What `nanotally pmu top URL` watches: the regions that a program tells in its exposition. Pure, but for the scrape.
import type { Family } from '../../exposition/family.js'
import type { Note } from '../top/view.js'
import type { CountRow } from './rows.js'

const RUNS = 'perf_region_runs_total'
const SECONDS = 'perf_region_seconds_total'
const EVENTS = 'perf_region_events_total'
const ENABLED = 'perf_region_enabled_seconds_total'
const RUNNING = 'perf_region_running_seconds_total'

/** The totals of a region. */
interface Totals {
  runs: number | undefined
  seconds: number | undefined
  events: Map<string, number>
  enabled: number
  running: number
}

export class Regions {
  rows: CountRow[] = []
  #totals = new Map<string, Totals>()
  #seconds: number | undefined
  #countedRatio = 1

  /**
   * Takes in a scrape.
   *
   * @param seconds when it was made, of any monotonic clock
   */
  update(families: readonly Family[], seconds: number): void {
    const totals = totalsOf(families)
    const elapsed = seconds - (this.#seconds ?? seconds)
    this.#seconds = seconds
    const sums = { enabled: 0, running: 0 }
    this.rows = [...totals].map(([name, now]) => {
      const before = this.#totals.get(name)
      if (before === undefined || !(elapsed > 0)) return { name, rates: new Map() }
      sums.enabled += increase(before.enabled, now.enabled) ?? 0
      sums.running += increase(before.running, now.running) ?? 0
      const rate = (then: number | undefined, total: number | undefined) => {
        const grown = increase(then, total)
        return grown === undefined ? undefined : grown / elapsed
      }
      const rates = [...now.events].flatMap(([event, total]) => {
        const told = rate(before.events.get(event), total)
        return told === undefined ? [] : [[event, told] as const]
      })
      const runs = rate(before.runs, now.runs)
      const time = rate(before.seconds, now.seconds)
      return { name, ...(runs !== undefined && { runs }), ...(time !== undefined && { time }), rates: new Map(rates) }
    })
    this.#totals = totals
    this.#countedRatio = sums.enabled > 0 ? Math.min(1, sums.running / sums.enabled) : 1
  }

  get note(): Note {
    return { text: this.#text(), alarms: false }
  }

  #text(): string {
    if (this.rows.length === 0) return `no regions: ${RUNS} is not told (see perf.region() of nanotally/hardware)`
    const hasCycles = [...this.#totals.values()].some(({ events }) => events.has('cycles'))
    if (!hasCycles) return 'no cycles are counted there: nanotally pmu, on that machine, says why'
    if (this.#countedRatio < 1) return `estimates: counted for ${(this.#countedRatio * 100).toFixed(0)} % of the time`
    return 'counted all the time'
  }
}

/** Undefined where one of them is not there; what has become smaller was reset, and began at 0. */
function increase(then: number | undefined, now: number | undefined): number | undefined {
  if (then === undefined || now === undefined) return undefined
  return now < then ? now : now - then
}

function totalsOf(families: readonly Family[]): Map<string, Totals> {
  const totals = new Map<string, Totals>()
  for (const family of families) {
    for (const { labels, value, name } of family.samples) {
      const { region } = labels
      if (region === undefined || name !== family.name || ![RUNS, SECONDS, EVENTS, ENABLED, RUNNING].includes(name))
        continue
      const one = totals.get(region) ?? {
        ...{ runs: undefined, seconds: undefined },
        ...{ events: new Map(), enabled: 0, running: 0 },
      }
      totals.set(region, one)
      if (name === RUNS) one.runs = value
      else if (name === SECONDS) one.seconds = value
      else if (name === EVENTS) one.events.set(labels.event ?? '', value)
      else if (name === ENABLED) one.enabled += value
      else one.running += value
    }
  }
  return totals
}
