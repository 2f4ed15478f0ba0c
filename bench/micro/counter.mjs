// Bound counters: one handle, amounts, and many handles over several chunks called from one place.
import { strict as assert } from 'node:assert'
import { expectSum, sumOf } from '../harness/exposition.mjs'
import { loadLibrary, OURS, PEERS } from '../harness/libraries.mjs'
import { uniform } from '../harness/random.mjs'
import {
  bindSpread,
  emptyLoop,
  everyLibrary,
  RAW_ADD,
  rawAdd,
  rotatingByIndex,
  rotatingByObject,
  SPREAD_SERIES,
  sumOfBatches,
} from './subjects.mjs'

const NAME = 'bench_requests_total'
const [PROM_CLIENT] = PEERS
const random = uniform(11)
/** Whole amounts: their sum is exact in any order. */
const AMOUNTS = Array.from({ length: 1024 }, () => 1 + Math.floor(random() * 100))

export const cases = [
  {
    name: 'bound counter inc(), one handle',
    budgets: [
      { of: OURS, against: RAW_ADD, atMost: 1.25, source: 'DESIGN 9' },
      { of: OURS, against: PROM_CLIENT, atMost: 1 / 40, source: 'DESIGN 9' },
    ],
    contenders: {
      'empty loop': emptyLoop,
      [RAW_ADD]: rawAdd,
      ...everyLibrary(oneHandle),
      'nanotally, disabled': { setup: disabledHandle, env: { NANOTALLY_DISABLED: '1' } },
    },
  },
  {
    name: 'bound counter inc(n), one handle, 1024 amounts',
    contenders: { 'raw add of the amounts': rawAmounts, ...everyLibrary(oneHandleAmounts) },
  },
  ...[64, 4096].map((count) => ({
    name: `bound counter inc(), rotating over ${count} of ${SPREAD_SERIES} series`,
    note: 'The series fill five 64 KiB chunks; the handles are called from one place in random order.',
    budgets: [
      // 4 ns where the floor is 2 ns.
      ...(count === 64 ? [{ of: OURS, against: RAW_ADD, atMost: 2, source: 'DESIGN 9' }] : []),
      { of: OURS, against: PROM_CLIENT, atMost: 1 / 40, source: 'DESIGN 9' },
    ],
    contenders: {
      [RAW_ADD]: rawAdd,
      'raw adds, index array': () => rotatingByIndex(count),
      'raw adds, { cells, index }': () => rotatingByObject(count),
      ...everyLibrary((library) => rotating(library, count)),
    },
  })),
]

function oneHandle(library) {
  const handle = library.counter({ name: NAME, labels: ['method', 'status'] }).labels({ method: 'GET', status: 200 })
  return {
    batch(count) {
      for (let i = 0; i < count; i++) handle.inc()
    },
    verify: async (recorded) => expectSum(await library.text(), NAME, recorded),
  }
}

/** Disabled metrics run the same code on a private cell; that nothing is exposed is what there is to verify. */
async function disabledHandle() {
  const library = await loadLibrary(OURS)
  const { batch } = oneHandle(library)
  return {
    batch,
    async verify() {
      const text = await library.text()
      assert.throws(() => sumOf(text, NAME), /found none/, 'a disabled metric must not be exposed')
    },
  }
}

function rawAmounts() {
  const cells = new Float64Array(8192)
  return {
    batch(count) {
      for (let i = 0; i < count; i++) cells[17] += AMOUNTS[i & 1023]
    },
    verify: (recorded) => assert.equal(cells[17], sumOfBatches(recorded, AMOUNTS)),
  }
}

function oneHandleAmounts(library) {
  const handle = library.counter({ name: NAME, labels: ['method', 'status'] }).labels({ method: 'GET', status: 200 })
  return {
    batch(count) {
      for (let i = 0; i < count; i++) handle.inc(AMOUNTS[i & 1023])
    },
    verify: async (recorded) => expectSum(await library.text(), NAME, sumOfBatches(recorded, AMOUNTS)),
  }
}

function rotating(library, count) {
  const metric = library.counter({ name: NAME, labels: ['shard', 'slot'], maxSeries: SPREAD_SERIES })
  const handles = bindSpread(metric, count, (bound) => bound.inc())
  const mask = count - 1
  let next = 0
  return {
    batch(operations) {
      const start = next
      for (let i = 0; i < operations; i++) handles[(start + i) & mask].inc()
      next = (start + operations) & mask
    },
    async verify(recorded) {
      const text = await library.text()
      assert.equal(sumOf(text, NAME).lines, SPREAD_SERIES)
      expectSum(text, NAME, recorded + SPREAD_SERIES)
    },
  }
}
