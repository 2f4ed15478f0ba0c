// What the recording cases share: contenders per library, floors, seeded values, series spread over chunks.
//
// A subject is { batch(count), verify(recorded) }: `batch` records `count` times from one place, and `verify` fails unless
// exactly `recorded` records are found afterwards.
import { strict as assert } from 'node:assert'
import { loadLibrary, NAIVE, OURS, PEERS } from '../harness/libraries.mjs'
import { distinctIntegers } from '../harness/random.mjs'

/** The floor that ratios are taken against: one typed-array add, always to the same cell. */
export const RAW_ADD = 'raw add, same cell'
/** A histogram's floor: its sum and one bucket. */
export const TWO_RAW_ADDS = 'two raw adds, same cells'

/**
 * Operations per timed call. Longer loops would measure on-stack replacement, which programs do not run; shorter ones
 * the clock, whose two reads of 40-60 ns are 1 % of a batch of 2 ns operations.
 */
export const BATCH = 2000

/** Cells in a 64 KiB chunk. */
const CHUNK_CELLS = 8192
/** Series of the rotating cases: five chunks of counters. */
export const SPREAD_SERIES = 5 * CHUNK_CELLS

/**
 * The same setup for every library, as contenders.
 * @param {(library: import('../harness/libraries.mjs').Library) => any} setup
 * @param {string[]} [names]
 */
export function everyLibrary(setup, names = [OURS, NAIVE, ...PEERS]) {
  return Object.fromEntries(names.map((name) => [name, async () => setup(await loadLibrary(name))]))
}

/** The loop itself. */
export function emptyLoop() {
  return {
    batch(count) {
      let index = 0
      while (index < count) index++
      return index
    },
    verify() {},
  }
}

/** One add to one cell. */
export function rawAdd() {
  const cells = new Float64Array(CHUNK_CELLS)
  const index = 17
  return {
    batch(count) {
      for (let i = 0; i < count; i++) cells[index] += 1
    },
    verify: (recorded) => assert.equal(cells[index], recorded),
  }
}

/** Two adds to two cells of one chunk: what a histogram cannot do without. */
export function twoRawAdds() {
  const cells = new Float64Array(CHUNK_CELLS)
  const sum = 17
  const bucket = 170
  return {
    batch(count) {
      for (let i = 0; i < count; i++) {
        cells[sum] += 0.5
        cells[bucket] += 1
      }
    },
    verify(recorded) {
      assert.equal(cells[bucket], recorded)
      assert.equal(cells[sum], recorded / 2)
    },
  }
}

/** Two adds to two cells, one of each amount. */
function twoAdds(first, second) {
  const cells = new Float64Array(8192)
  return {
    batch(count) {
      for (let i = 0; i < count; i++) {
        cells[17] += first
        cells[170] += second
      }
    },
    verify(recorded) {
      assert.equal(cells[17], recorded * first)
      assert.equal(cells[170], recorded * second)
    },
  }
}

/** The floors of what adds two amounts: to the same cell, and each to its own. */
export function floorsOfTwoAdds(first, second) {
  return { 'empty loop': emptyLoop, [RAW_ADD]: rawAdd, [TWO_RAW_ADDS]: () => twoAdds(first, second) }
}

/**
 * The places of `count` of SPREAD_SERIES series, in random order: one that took every n-th would make cache sets collide.
 * @param {number} count
 */
export function spreadPlaces(count) {
  return distinctIntegers(count, SPREAD_SERIES, 7)
}

/**
 * Raw adds that rotate over as many cells, as far apart, as the handles of the rotating cases; one plain index array.
 * @param {number} count A power of two.
 */
export function rotatingByIndex(count) {
  const cells = new Float64Array(SPREAD_SERIES)
  const places = Uint32Array.from(spreadPlaces(count))
  const mask = count - 1
  let next = 0
  return {
    batch(operations) {
      const start = next
      for (let i = 0; i < operations; i++) cells[places[(start + i) & mask]] += 1
      next = (start + operations) & mask
    },
    verify: (recorded) => assert.equal(total([cells]), recorded),
  }
}

/**
 * The same through objects that hold a chunk and an index: the least that a bound handle can be.
 * @param {number} count A power of two.
 */
export function rotatingByObject(count) {
  const chunks = Array.from({ length: SPREAD_SERIES / CHUNK_CELLS }, () => new Float64Array(CHUNK_CELLS))
  const places = spreadPlaces(count).map((place) => ({
    cells: chunks[Math.floor(place / CHUNK_CELLS)],
    index: place % CHUNK_CELLS,
  }))
  const mask = count - 1
  let next = 0
  return {
    batch(operations) {
      const start = next
      for (let i = 0; i < operations; i++) {
        const place = places[(start + i) & mask]
        place.cells[place.index] += 1
      }
      next = (start + operations) & mask
    },
    verify: (recorded) => assert.equal(total(chunks), recorded),
  }
}

/**
 * Makes SPREAD_SERIES labelled series of a metric, then binds `count` of them.
 * @param {any} metric With the labels `shard` and `slot`.
 * @param {number} count
 * @param {(bound: any, place: number) => void} touch Makes a series live where binding alone does not (the peers').
 * @param {number} [total] Series in all.
 */
export function bindSpread(metric, count, touch, total = SPREAD_SERIES) {
  const labelsOf = (place) => ({ shard: `shard-${place % 64}`, slot: `slot-${Math.floor(place / 64)}` })
  for (let place = 0; place < total; place++) touch(metric.labels(labelsOf(place)), place)
  return distinctIntegers(count, total, 7).map((place) => metric.labels(labelsOf(place)))
}

/**
 * The sum of what was recorded by whole batches that each take `values` in rotation, from the first one on.
 * @param {number} recorded A multiple of BATCH.
 * @param {readonly number[]} values 1024 of them.
 */
export function sumOfBatches(recorded, values) {
  let sum = 0
  for (let i = 0; i < BATCH; i++) sum += values[i & 1023]
  return (recorded / BATCH) * sum
}

function total(chunks) {
  let sum = 0
  for (const cells of chunks) for (const value of cells) sum += value
  return sum
}
