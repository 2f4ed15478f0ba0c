// Bound gauges: set and inc on one handle, set over many handles.
import { strict as assert } from 'node:assert'
import { expectSum, sumOf } from '../harness/exposition.mjs'
import { uniform } from '../harness/random.mjs'
import { BATCH, bindSpread, emptyLoop, everyLibrary, RAW_ADD, rawAdd, SPREAD_SERIES } from './subjects.mjs'

const NAME = 'bench_queue_depth'
const random = uniform(13)
const DEPTHS = Array.from({ length: 1024 }, () => 1 + Math.floor(random() * 1000))
const ROTATED = 64

export const cases = [
  {
    name: 'bound gauge set(value), one handle, 1024 values',
    note: 'A gauge of ours stores a value and a stamp; the peers store a value.',
    contenders: {
      'empty loop': emptyLoop,
      'raw store of the values': () => rawStores(1),
      'two raw stores': () => rawStores(2),
      ...everyLibrary(setOne),
    },
  },
  {
    name: 'bound gauge inc(), one handle',
    contenders: { [RAW_ADD]: rawAdd, ...everyLibrary(incOne) },
  },
  {
    name: `bound gauge set(value), rotating over ${ROTATED} of ${SPREAD_SERIES / 2} series`,
    contenders: everyLibrary(setRotating),
  },
]

function rawStores(stores) {
  const cells = new Float64Array(8192)
  const stamp = new Float64Array(1).fill(5)
  const one = (count) => {
    for (let i = 0; i < count; i++) {
      cells[17] = DEPTHS[i & 1023]
    }
  }
  const two = (count) => {
    for (let i = 0; i < count; i++) {
      cells[17] = DEPTHS[i & 1023]
      cells[18] = stamp[0]
    }
  }
  return {
    batch: stores === 1 ? one : two,
    verify: () => assert.equal(cells[17], DEPTHS[(BATCH - 1) & 1023]),
  }
}

function setOne(library) {
  const handle = library.gauge({ name: NAME, labels: ['queue', 'priority'] }).labels({ queue: 'a', priority: 1 })
  return {
    batch(count) {
      for (let i = 0; i < count; i++) {
        handle.set(DEPTHS[i & 1023])
      }
    },
    verify: async () => expectSum(await library.text(), NAME, DEPTHS[(BATCH - 1) & 1023]),
  }
}

function incOne(library) {
  const handle = library.gauge({ name: NAME, labels: ['queue', 'priority'] }).labels({ queue: 'a', priority: 1 })
  return {
    batch(count) {
      for (let i = 0; i < count; i++) handle.inc()
    },
    verify: async (recorded) => expectSum(await library.text(), NAME, recorded),
  }
}

function setRotating(library) {
  // A gauge has two cells, so that half as many series fill as many chunks.
  const series = SPREAD_SERIES / 2
  const metric = library.gauge({ name: NAME, labels: ['shard', 'slot'], maxSeries: series })
  const handles = bindSpread(metric, ROTATED, (bound) => bound.set(1), series)
  return {
    batch(count) {
      for (let i = 0; i < count; i++) {
        handles[i & (ROTATED - 1)].set(DEPTHS[i & 1023])
      }
    },
    async verify() {
      // Handle h holds the value of the last record in a batch whose number is h modulo ROTATED.
      let expected = series - ROTATED
      for (let i = BATCH - ROTATED; i < BATCH; i++) expected += DEPTHS[i & 1023]
      const text = await library.text()
      assert.equal(sumOf(text, NAME).lines, series)
      expectSum(text, NAME, expected)
    },
  }
}
