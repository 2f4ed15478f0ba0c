// The runtime catalog: what collectRuntimeMetrics() exposes of Node, the process and the operating system, and the two gauges
// that planning document 000 gives names of its own.
import { type Gauge, gauge } from '../index.js'
import { EXPOSED as NODE } from './families/runtime-node.js'
import { EXPOSED as PROCESS } from './families/runtime-process.js'
import { EXPOSED as SURROUNDINGS } from './families/runtime-surroundings.js'
import type { Catalog, CatalogFamilies, CatalogOptions } from './shared/catalog.js'
import { exposedFamilies } from './shared/exposed.js'

const SERVED = exposedFamilies('startExporter()', {
  nodejs_eventloop_stall_seconds: {
    help: 'How long the event loop of the thread has been held by one callback; 0 while it waits.',
    labels: ['thread'],
    query: 'max by (thread) (nodejs_eventloop_stall_seconds)',
    expected: [0, 0.1],
    warning: { above: 1, forSeconds: 30 },
    critical: { above: 10, forSeconds: 30 },
    source: 'libuv, seen from the thread that serves',
    documents: ['000'],
  },
})

const FAMILIES = {
  processCpuUsage: {
    name: 'process_cpu_usage_percent',
    type: 'gauge',
    help: 'CPU time that the process spent over the last minute, in percent of one CPU: 250 are two and a half CPUs.',
    aggregate: 'last',
    query: 'process_cpu_usage_percent',
    queryUnit: 'percent of one CPU',
    expected: [0, 6400],
    source: 'process.cpuUsage(), in each scrape',
    documents: ['000'],
  },
  processMemory: {
    name: 'process_memory_bytes',
    type: 'gauge',
    unit: 'bytes',
    help: 'Resident memory of the process.',
    aggregate: 'last',
    query: 'process_memory_bytes',
    expected: [2 ** 24, 2 ** 34],
    source: 'process.memoryUsage.rss(), in each scrape',
    documents: ['000'],
  },
} as const satisfies CatalogFamilies

/** The catalog as data. */
export const runtime: Catalog = {
  name: 'runtime',
  about: 'Node, its threads, the process, and the operating system around it.',
  families: { ...FAMILIES, ...SERVED, ...NODE, ...PROCESS, ...SURROUNDINGS },
}

/** The gauges of `runtimeMetrics()`. They set themselves before each scrape. */
export interface RuntimeCatalogMetrics {
  readonly processCpuUsage: Gauge<[], []>
  readonly processMemory: Gauge<[], []>
}

const WINDOW_MS = 60_000
/** Scrapes that come together have one reading; and the window is of 60 readings at most. */
const MIN_BETWEEN_MS = 1000

/** CPU time over the last minute, however many ask for it, and how often. */
export class CpuWindow {
  readonly #now: () => number
  readonly #cpuMs: () => number
  #readings: { at: number; cpuMs: number }[]

  /** Both in milliseconds; they are the monotonic clock, and the CPU time of all threads of the process. */
  constructor(now: () => number, cpuMs: () => number) {
    this.#now = now
    this.#cpuMs = cpuMs
    this.#readings = [{ at: now(), cpuMs: cpuMs() }]
  }

  /**
   * Percent of one CPU, since the oldest reading of the last minute, or the last one before that. Undefined where that is
   * less than a second ago.
   */
  percent(): number | undefined {
    const [at, cpuMs] = [this.#now(), this.#cpuMs()]
    const newest = this.#readings.at(-1)
    if (newest === undefined || at - newest.at >= MIN_BETWEEN_MS) this.#readings.push({ at, cpuMs })
    // The one before the window stays while there is none in it but this one.
    while (this.#readings.length > 2 && at - (this.#readings[0]?.at ?? at) > WINDOW_MS) this.#readings.shift()
    const oldest = this.#readings[0]
    if (oldest === undefined || at - oldest.at < MIN_BETWEEN_MS) return undefined
    return (100 * (cpuMs - oldest.cpuMs)) / (at - oldest.at)
  }
}

function processCpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/**
 * Defines `process_cpu_usage_percent` and `process_memory_bytes` in a registry, or finds them there: the names that planning
 * document 000 gives. They are set on the calling thread before each scrape, so while that is blocked they stay as they were:
 * `collectRuntimeMetrics()` tells the same, as `process_cpu_seconds_total` and `process_resident_memory_bytes`, whatever
 * threads do.
 *
 * @throws as `gauge()`
 *
 * @example
 * const { processMemory } = runtimeMetrics()
 */
export function runtimeMetrics({ registry }: CatalogOptions = {}): RuntimeCatalogMetrics {
  const window = new CpuWindow(() => performance.now(), processCpuMs)
  const { name, help, aggregate } = FAMILIES.processCpuUsage
  const memory = FAMILIES.processMemory
  return {
    processCpuUsage: gauge({
      name,
      help,
      aggregate,
      registry,
      collect: (cpu) => {
        const percent = window.percent()
        if (percent !== undefined) cpu.set(percent)
      },
    }),
    processMemory: gauge({
      name: memory.name,
      help: memory.help,
      unit: memory.unit,
      aggregate: memory.aggregate,
      registry,
      collect: (resident) => resident.set(process.memoryUsage.rss()),
    }),
  }
}
