// The same hot calls after a program has used every instrument in every shape.
//
// A case alone shows V8 one metric, one shape of labels and one kind of value. A real program has dozens, and the methods
// of a library share their inline caches among all of them; these rows show what that costs.
import { expectSum } from '../harness/exposition.mjs'
import { DEFAULT_BUCKETS, OURS, PEERS } from '../harness/libraries.mjs'
import { latencies } from '../harness/random.mjs'
import { everyLibrary, RAW_ADD, rawAdd, TWO_RAW_ADDS, twoRawAdds } from './subjects.mjs'

const REQUESTS = 'bench_requests_total'
const LATENCY = 'bench_latency_seconds'
const [PROM_CLIENT, PLATFORMATIC] = PEERS
const VALUES = latencies(1024, 29)
const METHODS = ['GET', 'POST', 'PUT', 'DELETE']
const STATUSES = [200, 201, 204, 301, 304, 400, 401, 403, 404, 409, 429, 500, 501, 502, 503, 504]
const ROTATED = 64

export const cases = [
  {
    name: 'in a mixed program: bound counter inc(), rotating over 64 handles of 4 metrics',
    budgets: [{ of: OURS, against: RAW_ADD, atMost: 2, source: 'DESIGN 9' }],
    contenders: {
      [RAW_ADD]: rawAdd,
      ...everyLibrary((library) => {
        useEverything(library)
        const names = ['a', 'b', 'c', 'd'].map((letter) => `bench_${letter}_total`)
        const metrics = names.map((name) => library.counter({ name, labels: ['slot'] }))
        const handles = Array.from({ length: ROTATED }, (_, index) => metrics[index & 3].labels({ slot: index }))
        return {
          batch(count) {
            for (let i = 0; i < count; i++) handles[i & (ROTATED - 1)].inc()
          },
          async verify(recorded) {
            const text = await library.text()
            for (const name of names) expectSum(text, name, recorded / names.length)
          },
        }
      }),
    },
  },
  {
    name: 'in a mixed program: bound exponential histogram observe(), rotating over 32 handles, 1024 latencies',
    budgets: [{ of: OURS, against: TWO_RAW_ADDS, atMost: 3, source: 'DESIGN 9' }],
    contenders: {
      [TWO_RAW_ADDS]: twoRawAdds,
      ...everyLibrary((library) => {
        useEverything(library)
        const metric = library.histogram({ name: LATENCY, labels: ['slot'] })
        const handles = Array.from({ length: 32 }, (_, index) => metric.labels({ slot: index }))
        return {
          batch(count) {
            for (let i = 0; i < count; i++) handles[i & 31].observe(VALUES[i & 1023])
          },
          verify: async (recorded) => expectSum(await library.text(), `${LATENCY}_count`, recorded),
        }
      }),
    },
  },
  {
    name: 'in a mixed program: counter inc(labels), two labels, 64 sets, literals made in place',
    budgets: [
      { of: OURS, against: PROM_CLIENT, atMost: 1 / 8, source: 'DESIGN 9' },
      { of: OURS, against: PLATFORMATIC, atMost: 1 / 4, source: 'DESIGN 9' },
    ],
    contenders: {
      [RAW_ADD]: rawAdd,
      ...everyLibrary((library) => {
        useEverything(library)
        const metric = library.counter({ name: REQUESTS, labels: ['method', 'status'] })
        return {
          batch(count) {
            for (let i = 0; i < count; i++) metric.inc({ method: METHODS[i & 3], status: STATUSES[(i >> 2) & 15] })
          },
          verify: async (recorded) => expectSum(await library.text(), REQUESTS, recorded),
        }
      }),
    },
  },
]

/** Every instrument, with none to three labels, numbers and strings, whole and fractional amounts, bound and not. */
function useEverything(library) {
  for (let labels = 0; labels <= 3; labels++) {
    const names = ['one', 'two', 'three'].slice(0, labels)
    const options = (kind) => ({ name: `bench_mixed_${kind}_${labels}`, labels: names })
    const counter = library.counter({ name: `bench_mixed_${labels}_total`, labels: names })
    const gauge = library.gauge(options('level'))
    const exponential = library.histogram(options('seconds'))
    const explicit = library.histogram({ ...options('buckets'), buckets: DEFAULT_BUCKETS })
    for (let i = 0; i < 2000; i++) {
      const value = VALUES[i & 1023]
      if (labels === 0) {
        counter.inc(i & 1 ? 1 : value)
        gauge.set(i & 1 ? i : value)
        exponential.observe(value)
        explicit.observe(value)
        continue
      }
      const set = Object.fromEntries(
        names.map((name, place) => [name, i & 1 ? (i >> place) & 7 : `value-${(i >> place) & 7}`]),
      )
      counter.inc(set)
      counter.inc(set, value)
      counter.labels(set).inc(i & 1 ? 2 : value)
      gauge.set(set, value)
      gauge.labels(set).set(i)
      exponential.observe(set, value)
      exponential.labels(set).observe(i & 1 ? value : 1)
      explicit.observe(set, value)
      explicit.labels(set).observe(value)
    }
  }
}
