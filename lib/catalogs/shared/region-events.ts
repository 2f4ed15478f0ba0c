// What perf.region() has counted, as what came since the last look: the events of regions, read from the registry's own
// exposition, as the counters are the native core's.
import type { Registry } from '../../index.js'

const FAMILY = 'perf_region_events_total'
const SAMPLE = /^perf_region_events_total\{region="((?:[^"\\]|\\.)*)",event="(\w+)"\} (\S+)$/gm

/** Events by their names, as `nanotally pmu` lists them. */
export type EventCounts = ReadonlyMap<string, number>

function unescaped(text: string): string {
  return text.replaceAll(/\\(.)/g, (_, letter: string) => (letter === 'n' ? '\n' : letter))
}

/** Belongs to one thread. */
export class RegionEvents {
  readonly #registry: Registry
  /** By region and event. */
  #seen = new Map<string, Map<string, number>>()

  constructor(registry: Registry) {
    this.#registry = registry
  }

  /** What each region has counted since the last look; at the first look, since it was made. Rejects for a closed registry. */
  async look(): Promise<ReadonlyMap<string, EventCounts>> {
    const { body } = await this.#registry.render({ names: [FAMILY] })
    const now = new Map<string, Map<string, number>>()
    for (const [, region = '', event = '', value] of new TextDecoder().decode(body).matchAll(SAMPLE)) {
      const name = unescaped(region)
      const counts = now.get(name) ?? new Map<string, number>()
      now.set(name, counts.set(event, Number(value)))
    }
    const since = new Map<string, EventCounts>()
    for (const [region, counts] of now) {
      const before = this.#seen.get(region)
      // A registry that was reset begins anew.
      const grown = [...counts].map(([event, count]) => {
        const past = before?.get(event) ?? 0
        return [event, count >= past ? count - past : count] as const
      })
      since.set(region, new Map(grown))
    }
    this.#seen = now
    return since
  }
}
