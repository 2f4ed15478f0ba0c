// Garbage collections of this thread, as Node tells of them.
import { constants, PerformanceObserver } from 'node:perf_hooks'
import { type Histogram, histogram } from '../instruments/histogram.js'
import type { Registry } from '../registry.js'

/** prom-client's names, and one for what it does not know. */
const KINDS = new Map([
  [constants.NODE_PERFORMANCE_GC_MAJOR, 'major'],
  [constants.NODE_PERFORMANCE_GC_MINOR, 'minor'],
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL, 'incremental'],
  [constants.NODE_PERFORMANCE_GC_WEAKCB, 'weakcb'],
])
const OTHER_KIND = 'other'

/** 61 us to 2 s. Fixed: a bound that came with the first long collection would be missing in rates at first. */
const SHOWN_BOUNDS = Array.from({ length: 16 }, (_, i) => 2 ** (i - 14))

/** What threads that ended recorded is kept for so long. */
const IDLE_TIMEOUT_MS = 15 * 60_000

export const COLLECTIONS = 'nodejs_gc_duration_seconds'
type CollectionDurations = Histogram<readonly ['kind', 'thread']>

export function collectionDurations(registry: Registry): CollectionDurations {
  return histogram({
    name: COLLECTIONS,
    help: 'How long garbage collections held the thread, by kind: minor, major, incremental or weakcb.',
    labels: ['kind', 'thread'],
    classicBuckets: SHOWN_BOUNDS,
    idleTimeoutMs: IDLE_TIMEOUT_MS,
    registry,
  })
}

/** Records the duration of each collection of this thread until the observer is disconnected. */
export function observeGarbageCollections(durations: CollectionDurations, thread: string): PerformanceObserver {
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { kind } = (entry as typeof entry & { detail: { kind: number } }).detail
      durations.observe({ kind: KINDS.get(kind) ?? OTHER_KIND, thread }, entry.duration / 1000)
    }
  })
  observer.observe({ entryTypes: ['gc'] })
  return observer
}
