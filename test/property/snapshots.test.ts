// What observe() records and snapshot() reads, for every schema: each value in its exact bucket, quantiles within the stated
// error, and merges that equal recording everything in one histogram.
import fc from 'fast-check'
import { type HistogramSnapshot, histogram, Registry } from 'nanotally'
import { describe, expect, test } from 'vitest'
import { normal, randomMagnitudes, randomWords, uniform } from '../support/random.js'
import { exactBoundary, FastExactIndex, step } from './exact-buckets.js'
import { seed } from './settings.js'

const SCHEMAS = [-4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7, 8]
const RANDOM_VALUES = 200_000
const THRESHOLD = 2 ** -128
const MAX = Number.MAX_VALUE

/** A snapshot of a histogram of these observations. */
function record(values: Iterable<number>, options: { schema: number } | { buckets: number[] }): HistogramSnapshot {
  const registry = new Registry()
  const bound = histogram({ name: 'h', help: 'h', registry, ...options }).labels()
  for (const value of values) bound.observe(value)
  const snapshot = bound.snapshot()
  registry.close()
  return snapshot
}

/** The exact boundaries of a schema, from integers. */
class Boundaries {
  readonly #schema: number
  readonly #inOctave: number[]

  constructor(schema: number) {
    this.#schema = schema
    this.#inOctave = Array.from({ length: 2 ** Math.max(schema, 0) }, (_, k) => exactBoundary(Math.max(schema, 0), k))
  }

  /** The largest double at or below 2^(index / 2^schema). */
  at(index: number): number {
    if (this.#schema < 0) return Math.min(2 ** (index * 2 ** -this.#schema), MAX)
    const octave = Math.floor(index / this.#inOctave.length)
    const k = index - octave * this.#inOctave.length
    return octave > 1023 ? MAX : (this.#inOctave[k] as number) * 2 ** octave
  }
}

/** Every boundary of an octave at the ends and in the middle of the range, three units in the last place to either side. */
function nearBoundaries(schema: number): number[] {
  const values: number[] = []
  for (let k = 0; k < 2 ** Math.max(schema, 0); k++) {
    const boundary = exactBoundary(Math.max(schema, 0), k)
    for (const octave of [-127, -1, 0, 17, 1022, 1023]) {
      for (let ulps = -3; ulps <= 3; ulps++) values.push(step(boundary * 2 ** octave, ulps))
    }
  }
  return values
}

describe.each(SCHEMAS)('schema %d', (schema) => {
  test('every value is in its exact bucket', () => {
    const index = new FastExactIndex(schema)
    const boundaries = new Boundaries(schema)
    const random = randomMagnitudes(RANDOM_VALUES, randomWords(seed)).map((value, i) => (i % 3 === 0 ? -value : value))
    const powers = Array.from({ length: 1151 }, (_, i) => 2 ** (i - 127))
    const near = nearBoundaries(schema)
    const special = [MAX, -MAX, step(THRESHOLD, 1), -step(THRESHOLD, 1)]
    const values = [...random, ...powers, ...near, ...special]

    const expected = new Map<number, number>()
    for (const value of values) {
      const signed = Math.sign(value) * (index.of(Math.abs(value)) + 1e6) // an index may be 0
      expected.set(signed, (expected.get(signed) ?? 0) + 1)
    }
    // As flat arrays: there are up to 200 000 buckets.
    const buckets = [...expected]
      .sort(([a], [b]) => a - b)
      .flatMap(([signed, count]) => {
        const i = Math.abs(signed) - 1e6
        const [lower, upper] = [boundaries.at(i - 1), boundaries.at(i)]
        return signed > 0 ? [lower, upper, count] : [-upper, -lower, count]
      })
    const snapshot = record(values, { schema })
    const shown = snapshot.buckets.flatMap(({ lower, upper, count }) => [lower, upper, count])
    expect(shown.length).toBe(buckets.length)
    expect(shown.findIndex((number, i) => number !== buckets[i])).toBe(-1)
    expect(snapshot.count).toBe(RANDOM_VALUES + 1151 + near.length + 4)
    expect(snapshot.zeroCount).toBe(0)
  })

  test('quantiles are within the stated error', () => {
    const count = 5003
    const stated = 2 ** (2 ** -schema) - 1
    const random = uniform(randomWords(seed))
    const gauss = normal(random)
    const distributions: Record<string, () => number> = {
      uniform: () => 100 * (1 - random()),
      exponential: () => -Math.log(1 - random()) / 1000 + 1e-30,
      lognormal: () => Math.exp(-6 + 2 * gauss()),
      bimodal: () => (random() < 0.1 ? Math.exp(3 + 0.1 * gauss()) : Math.exp(-4 + 0.3 * gauss())),
      constant: () => 0.0037,
    }
    let checked = 0
    for (const [name, draw] of Object.entries(distributions)) {
      const values = new Float64Array(count).map(draw)
      const snapshot = record(values, { schema })
      values.sort()
      for (let i = 0; i <= 1000; i++) {
        // count * q is whole for 0 and 1 alone, so one observation has the rank.
        const q = i / 1000
        const exact = values[Math.max(Math.ceil(q * count), 1) - 1] as number
        const error = Math.abs(snapshot.quantile(q) - exact) / exact
        if (error > stated * (1 + 1e-12))
          expect.fail(`${name}, q ${q}: off by ${error}, stated ${stated}, seed ${seed}`)
        checked++
      }
    }
    expect(checked).toBe(5 * 1001)
  })
})

const value = fc.oneof(
  { weight: 5, arbitrary: fc.double({ min: -1e6, max: 1e6, noNaN: true }) },
  { weight: 2, arbitrary: fc.double({ noNaN: true }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(0, -0, 1, 2, 2 ** -128, step(2 ** -128, 1), MAX, -MAX, Infinity, -Infinity, NaN),
  },
)
const schema = fc.integer({ min: -4, max: 8 })

/** Everything but the sum, which depends on the order of the additions. */
const counts = (snapshot: HistogramSnapshot) => ({ ...snapshot.toJSON(), sum: undefined })

function expectSum(merged: HistogramSnapshot, values: readonly number[]): void {
  const sum = values.reduce((total, value) => total + value, 0)
  // Where the order decides on an overflow, it decides on the sum.
  const magnitude = values.reduce((total, value) => total + Math.abs(value), 0)
  if (!Number.isFinite(magnitude)) return
  expect(Math.abs(merged.sum - sum)).toBeLessThanOrEqual(magnitude * values.length * Number.EPSILON)
}

describe('merging equals recording everything', () => {
  test('split over any schemas', () => {
    let different = 0
    fc.assert(
      fc.property(
        fc.array(fc.record({ schema, values: fc.array(value, { maxLength: 60 }) }), { minLength: 2, maxLength: 4 }),
        (parts) => {
          const snapshots = parts.map(({ schema, values }) => record(values, { schema }))
          const lowest = Math.min(...parts.map(({ schema }) => schema))
          const all = parts.flatMap(({ values }) => values)
          const whole = record(all, { schema: lowest })
          const merged = snapshots.reduce((a, b) => a.merge(b))
          expect(counts(merged)).toEqual(counts(whole))
          expect(counts(snapshots.reduceRight((a, b) => a.merge(b)))).toEqual(counts(whole))
          expectSum(merged, all)
          // From the same counts the same estimates; a NaN among the sums of infinities is all that may differ.
          for (const q of [0, 0.1, 0.5, 0.9, 1]) expect(merged.quantile(q)).toBe(whole.quantile(q))
          if (new Set(parts.map(({ schema }) => schema)).size > 1) different++
        },
      ),
      { numRuns: 300 },
    )
    expect(different).toBeGreaterThan(200)
  })

  test('with explicit buckets', () => {
    const bounds = fc.uniqueArray(fc.integer({ min: -1000, max: 1000 }), { minLength: 1, maxLength: 40 })
    const values = fc.array(value, { maxLength: 60 })
    fc.assert(
      fc.property(bounds, values, values, (unsorted, some, others) => {
        const buckets = unsorted.sort((a, b) => a - b)
        const merged = record(some, { buckets }).merge(record(others, { buckets }))
        expect(counts(merged)).toEqual(counts(record([...some, ...others], { buckets })))
        expectSum(merged, [...some, ...others])
      }),
      { numRuns: 200 },
    )
  })
})
