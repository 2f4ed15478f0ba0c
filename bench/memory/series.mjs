// The series that the memory cases record, the same for every library and in every thread.
import { DEFAULT_BUCKETS } from '../harness/libraries.mjs'

const COUNTER = 'bench_requests_total'
const HISTOGRAM = 'bench_latency_seconds'
const TENANTS = 500

/** Route patterns are constants of a program; tenants come out of requests, as new strings every time. */
const ROUTES = Array.from({ length: 500 }, (_, index) => `/api/v1/resource-${index}/:id`)

/** Seconds within three octaves: what one route's latencies usually span. */
const THREE_OCTAVES = [0.0021, 0.0042, 0.0084]
/** One value in each of ten octaves. */
const TEN_OCTAVES = Array.from({ length: 10 }, (_, octave) => 0.0003 * 2 ** octave)

const kinds = {
  counter: {
    define: (library, maxSeries) => library.counter(options(COUNTER, maxSeries)),
    record: (metric, labels) => metric.inc(labels),
    line: COUNTER,
    perSeries: 1,
  },
  buckets: {
    define: (library, maxSeries) => library.histogram({ ...options(HISTOGRAM, maxSeries), buckets: DEFAULT_BUCKETS }),
    record: observeAll(THREE_OCTAVES),
    line: `${HISTOGRAM}_count`,
    perSeries: THREE_OCTAVES.length,
  },
  threeOctaves: {
    define: (library, maxSeries) => library.histogram(options(HISTOGRAM, maxSeries)),
    record: observeAll(THREE_OCTAVES),
    line: `${HISTOGRAM}_count`,
    perSeries: THREE_OCTAVES.length,
  },
  tenOctaves: {
    define: (library, maxSeries) => library.histogram(options(HISTOGRAM, maxSeries)),
    record: observeAll(TEN_OCTAVES),
    line: `${HISTOGRAM}_count`,
    perSeries: TEN_OCTAVES.length,
  },
}

/**
 * Records into the series [from, to) of a kind, and keeps nothing itself: what stays is the library's.
 * @param {keyof typeof kinds} kind
 * @param {import('../harness/libraries.mjs').Library} library
 * @param {number} maxSeries
 */
export function recorder(kind, library, maxSeries) {
  const { define, record, line, perSeries } = kinds[kind]
  const metric = define(library, maxSeries)
  return {
    line,
    perSeries,
    recordRange(from, to) {
      for (let index = from; index < to; index++) {
        record(metric, { route: ROUTES[Math.floor(index / TENANTS)], tenant: freshTenant(index % TENANTS) })
      }
    },
  }
}

/**
 * Garbage first, so that the young generation has grown to its full size before the baseline is taken.
 */
export function churn() {
  let kept = 0
  for (let index = 0; index < 300_000; index++) kept += freshTenant(index % TENANTS).length
  return kept
}

/** Resident memory and V8's own account of this thread, after full collections. */
export function collected() {
  for (let round = 0; round < 4; round++) globalThis.gc()
  const { rss, heapUsed, external } = process.memoryUsage()
  return { rss, heap: heapUsed + external }
}

function options(name, maxSeries) {
  return { name, labels: ['route', 'tenant'], maxSeries }
}

function observeAll(values) {
  return (metric, labels) => {
    for (const value of values) metric.observe(labels, value)
  }
}

/** A flat string of its own, as a header or a path segment is. */
function freshTenant(index) {
  return Buffer.from(`tenant-${index + 1000}`, 'latin1').latin1Slice()
}
