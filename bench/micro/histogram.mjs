// Bound histograms, exponential and explicit: one value, varied latencies, many handles from one place.
import { strict as assert } from 'node:assert'
import { expectSum } from '../harness/exposition.mjs'
import { DEFAULT_BUCKETS, OURS, PEERS } from '../harness/libraries.mjs'
import { latencies } from '../harness/random.mjs'
import { bindSpread, emptyLoop, everyLibrary, sumOfBatches, TWO_RAW_ADDS, twoRawAdds } from './subjects.mjs'

const NAME = 'bench_latency_seconds'
const [PROM_CLIENT] = PEERS
/** About 3.2 ms; a dyadic fraction, so that its sums are exact, and no power of two, which would be a tie. */
const VALUE = 13 / 4096
const VARIED = latencies(1024, 17)
/** Enough histograms for several chunks: each has at least a sum and one block of buckets. */
const SERIES = 2000
const ROTATED = 32
/** Adding 10^8 fractions one by one rounds each time; that no record is missing is what the exact count shows. */
const SUM_TOLERANCE = 1e-6

const peersNote = 'Ours finds one of the buckets of schema 3, the peers and the naive one of their 11.'
const againstPeers = { of: OURS, against: PROM_CLIENT, atMost: 1 / 40, source: 'DESIGN 9' }
const once = { of: OURS, against: TWO_RAW_ADDS, atMost: 1.5, source: 'DESIGN 9' }
const rotatingBudget = { of: OURS, against: TWO_RAW_ADDS, atMost: 3, source: 'DESIGN 9' }

export const cases = [
  {
    name: 'bound exponential histogram observe(), one handle, one value',
    note: peersNote,
    budgets: [once, againstPeers],
    contenders: {
      'empty loop': emptyLoop,
      [TWO_RAW_ADDS]: twoRawAdds,
      ...everyLibrary(oneValue),
    },
  },
  {
    name: 'bound exponential histogram observe(), one handle, 1024 latencies',
    note: peersNote,
    budgets: [againstPeers],
    contenders: {
      [TWO_RAW_ADDS]: twoRawAdds,
      'two raw adds, bucket known': rawObserve,
      ...everyLibrary((library) => varied(library)),
    },
  },
  {
    name: `bound exponential histogram observe(), rotating over ${ROTATED} of ${SERIES} series, one value`,
    note: peersNote,
    budgets: [rotatingBudget, againstPeers],
    contenders: { [TWO_RAW_ADDS]: twoRawAdds, ...everyLibrary(oneValueRotating) },
  },
  {
    name: `bound exponential histogram observe(), rotating over ${ROTATED} of ${SERIES} series, 1024 latencies`,
    note: peersNote,
    budgets: [rotatingBudget, againstPeers],
    contenders: { [TWO_RAW_ADDS]: twoRawAdds, ...everyLibrary((library) => variedRotating(library)) },
  },
  {
    name: 'bound histogram with 11 buckets observe(), one handle, 1024 latencies',
    contenders: {
      [TWO_RAW_ADDS]: twoRawAdds,
      ...everyLibrary((library) => varied(library, DEFAULT_BUCKETS)),
    },
  },
  {
    name: `bound histogram with 11 buckets observe(), rotating over ${ROTATED} of ${SERIES} series, 1024 latencies`,
    contenders: {
      [TWO_RAW_ADDS]: twoRawAdds,
      ...everyLibrary((library) => variedRotating(library, DEFAULT_BUCKETS)),
    },
  },
]

/** What observing would cost if the bucket of every value were known beforehand. */
function rawObserve() {
  const cells = new Float64Array(8192)
  const buckets = Uint32Array.from(VARIED, (value) => 100 + Math.ceil(8 * Math.log2(value)) + 240)
  return {
    batch(count) {
      for (let i = 0; i < count; i++) {
        cells[17] += VARIED[i & 1023]
        cells[buckets[i & 1023]] += 1
      }
    },
    verify(recorded) {
      const observed = cells.reduce((sum, value) => sum + value, 0) - cells[17]
      assert.ok(Math.abs(observed - recorded) < 0.5, `expected ${recorded} records, found ${observed}`)
    },
  }
}

/** The value is a literal in the loop, as it is in the floor: an array to read it from would cost as much as the record. */
function oneValue(library) {
  const handle = library.histogram({ name: NAME, labels: ['space', 'kind'] }).labels({ space: 'a', kind: 'b' })
  return {
    batch(count) {
      for (let i = 0; i < count; i++) handle.observe(VALUE)
    },
    verify: async (recorded) => expectObserved(await library.text(), recorded, recorded * VALUE),
  }
}

function oneValueRotating(library) {
  const handles = bindRotated(library)
  return {
    batch(count) {
      for (let i = 0; i < count; i++) handles[i & (ROTATED - 1)].observe(VALUE)
    },
    verify: async (recorded) => expectObserved(await library.text(), recorded, recorded * VALUE, SERIES),
  }
}

function varied(library, buckets) {
  const metric = library.histogram({ name: NAME, labels: ['space', 'kind'], ...(buckets && { buckets }) })
  const handle = metric.labels({ space: 'a', kind: 'b' })
  return {
    batch(count) {
      for (let i = 0; i < count; i++) handle.observe(VARIED[i & 1023])
    },
    verify: async (recorded) => expectObserved(await library.text(), recorded, sumOfBatches(recorded, VARIED)),
  }
}

function variedRotating(library, buckets) {
  const handles = bindRotated(library, buckets)
  return {
    batch(count) {
      for (let i = 0; i < count; i++) handles[i & (ROTATED - 1)].observe(VARIED[i & 1023])
    },
    verify: async (recorded) => expectObserved(await library.text(), recorded, sumOfBatches(recorded, VARIED), SERIES),
  }
}

/** SERIES series, each with one latency observed, so that they have buckets all over the chunks; ROTATED of them bound. */
function bindRotated(library, buckets) {
  const labels = ['shard', 'slot']
  const metric = library.histogram({ name: NAME, labels, maxSeries: SERIES, ...(buckets && { buckets }) })
  return bindSpread(metric, ROTATED, (bound, place) => bound.observe(VARIED[place & 1023]), SERIES)
}

/** @param {number} [series] How many series had a latency observed while they were set up. */
export function expectObserved(text, recorded, sum, series = 0) {
  let before = 0
  for (let place = 0; place < series; place++) before += VARIED[place & 1023]
  expectSum(text, `${NAME}_count`, recorded + series)
  expectSum(text, `${NAME}_sum`, sum + before, SUM_TOLERANCE)
}
