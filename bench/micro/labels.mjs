// Records that resolve their labels on each call: one, two and three labels, constant and rotating.
import { expectSum } from '../harness/exposition.mjs'
import { OURS, PEERS } from '../harness/libraries.mjs'
import { latencies } from '../harness/random.mjs'
import { everyLibrary, RAW_ADD, rawAdd } from './subjects.mjs'

const NAME = 'bench_requests_total'
const LATENCY = 'bench_latency_seconds'
const [PROM_CLIENT, PLATFORMATIC] = PEERS
const VALUES = latencies(1024, 23)

/** 64 label sets from every number of labels: 64; 4 x 16; 4 x 4 x 4. */
const METHODS = ['GET', 'POST', 'PUT', 'DELETE']
const STATUSES = [200, 201, 202, 204, 301, 302, 304, 307, 400, 401, 403, 404, 409, 429, 500, 503]
const ROUTES = Array.from({ length: 64 }, (_, index) => `/api/v1/resource-${index}`)

const twoLabelBudgets = [
  { of: OURS, against: PROM_CLIENT, atMost: 1 / 8, source: 'DESIGN 9' },
  { of: OURS, against: PLATFORMATIC, atMost: 1 / 4, source: 'DESIGN 9' },
  { of: OURS, atMost: 50, source: 'DESIGN 9, the mission: counter < 50 ns' },
]
const histogramBudgets = [{ of: OURS, atMost: 100, source: 'DESIGN 9, the mission: histogram < 100 ns' }]

/** What a number of labels means: their names, the first set as a literal, and the i-th set as a literal. */
const shapes = {
  1: {
    title: 'one label',
    names: ['route'],
    constant: (metric) => (count) => {
      for (let i = 0; i < count; i++) metric.inc({ route: '/api/v1/items' })
    },
    literal: (metric) => (count) => {
      for (let i = 0; i < count; i++) metric.inc({ route: ROUTES[i & 63] })
    },
    make: (i) => ({ route: ROUTES[i & 63] }),
  },
  2: {
    title: 'two labels',
    names: ['method', 'status'],
    budgets: twoLabelBudgets,
    constant: (metric) => (count) => {
      for (let i = 0; i < count; i++) metric.inc({ method: 'GET', status: 200 })
    },
    literal: (metric) => (count) => {
      for (let i = 0; i < count; i++) metric.inc({ method: METHODS[i & 3], status: STATUSES[(i >> 2) & 15] })
    },
    make: (i) => ({ method: METHODS[i & 3], status: STATUSES[(i >> 2) & 15] }),
  },
  3: {
    title: 'three labels',
    names: ['method', 'route', 'status'],
    constant: (metric) => (count) => {
      for (let i = 0; i < count; i++) metric.inc({ method: 'GET', route: '/api/v1/items', status: 200 })
    },
    literal: (metric) => (count) => {
      for (let i = 0; i < count; i++) {
        metric.inc({ method: METHODS[i & 3], route: ROUTES[(i >> 2) & 3], status: STATUSES[(i >> 4) & 3] })
      }
    },
    make: (i) => ({ method: METHODS[i & 3], route: ROUTES[(i >> 2) & 3], status: STATUSES[(i >> 4) & 3] }),
  },
}

export const cases = [
  ...Object.values(shapes).flatMap((shape) => [
    labelled(`${shape.title}, constant`, shape, shape.constant),
    labelled(`${shape.title}, 64 sets, literals made in place`, shape, shape.literal),
    labelled(`${shape.title}, 64 sets, label objects made before`, shape, (metric) => {
      const sets = Array.from({ length: 64 }, (_, index) => shape.make(index))
      return (count) => {
        for (let i = 0; i < count; i++) metric.inc(sets[i & 63])
      }
    }),
  ]),
  {
    name: 'counter inc(labels), two labels, 64 sets, the strings new in each call',
    note: 'As values come out of a parser: every string is new, so that its hash is not known yet.',
    contenders: {
      'making the strings': () => ({ batch: freshStrings(() => {}), verify() {} }),
      ...everyLibrary((library) => {
        const metric = library.counter({ name: NAME, labels: ['tenant', 'status'] })
        return {
          batch: freshStrings((labels) => metric.inc(labels)),
          verify: async (recorded) => expectSum(await library.text(), NAME, recorded),
        }
      }),
    },
  },
  {
    name: 'counter labels(...values).inc(), two labels, 64 sets',
    note: 'Positional values, bound again on every call.',
    contenders: everyLibrary((library) => {
      const metric = library.counter({ name: NAME, labels: ['method', 'status'] })
      return {
        batch(count) {
          for (let i = 0; i < count; i++) metric.labels(METHODS[i & 3], STATUSES[(i >> 2) & 15]).inc()
        },
        verify: async (recorded) => expectSum(await library.text(), NAME, recorded),
      }
    }),
  },
  {
    name: 'histogram observe(labels, value), two labels, 64 sets, literals made in place',
    budgets: histogramBudgets,
    contenders: everyLibrary((library) => {
      const metric = library.histogram({ name: LATENCY, labels: ['method', 'status'] })
      return {
        batch(count) {
          for (let i = 0; i < count; i++) {
            metric.observe({ method: METHODS[i & 3], status: STATUSES[(i >> 2) & 15] }, VALUES[i & 1023])
          }
        },
        verify: async (recorded) => expectSum(await library.text(), `${LATENCY}_count`, recorded),
      }
    }),
  },
]

function labelled(title, shape, makeBatch) {
  return {
    name: `counter inc(labels), ${title}`,
    budgets: shape.budgets,
    contenders: {
      [RAW_ADD]: rawAdd,
      ...everyLibrary((library) => {
        const metric = library.counter({ name: NAME, labels: shape.names })
        return {
          batch: makeBatch(metric),
          verify: async (recorded) => expectSum(await library.text(), NAME, recorded),
        }
      }),
    },
  }
}

function freshStrings(use) {
  const text = Array.from({ length: 64 }, (_, index) => `tenant-with-a-name-${index}`.padEnd(24, '.')).join('')
  const bytes = Buffer.from(text, 'latin1')
  return (count) => {
    let length = 0
    for (let i = 0; i < count; i++) {
      const start = (i & 63) * 24
      const tenant = bytes.latin1Slice(start, start + 24)
      length += tenant.length
      use({ tenant, status: 200 })
    }
    return length
  }
}
