// The exponential buckets of JavaScript's recording path, against an exact derivation by integers, for every schema.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bucketLayout, scratch } from '../../dist/instruments/bucket-layout.js'
import { randomMagnitudes, randomWords, uniform } from '../support/random.js'
import { exactBoundary, exactIndex, FastExactIndex, step } from './exact-buckets.js'
import { seed } from './settings.js'

const SCHEMAS = [-4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7, 8]
const RANDOM_VALUES = 1_000_000

/** What the keys of a schema count from: key = index + this. */
const keyOfIndex0 = (schema: number) => (schema >= 0 ? (1023 << schema) - 1 : (1024 >> -schema) - 1)

// The test runner looks imports up at each use, which would be most of the time that millions of values take.
const inScratch = scratch

/** The bucket that the recording path chooses, as Prometheus' index. */
function chooserOf(schema: number): (value: number) => number {
  const layout = bucketLayout(schema)
  const firstIndex = 1 + keyOfIndex0(schema)
  return (value) => {
    inScratch[0] = value
    const located = layout.locate()
    return layout.firstKey(located >>> 9) + (located & 511) - firstIndex
  }
}

const randomValues = randomMagnitudes(RANDOM_VALUES, randomWords(seed))

describe.each(SCHEMAS)('schema %d', (schema) => {
  const fast = new FastExactIndex(schema)
  const chosen = chooserOf(schema)

  test('every boundary, and three units in the last place to either side', () => {
    let checked = 0
    const octaves = [-127, -40, -1, 0, 1, 17, 1022, 1023]
    for (let k = 0; k < 2 ** Math.max(schema, 0); k++) {
      const boundary = exactBoundary(Math.max(schema, 0), k)
      for (const octave of octaves) {
        for (let ulps = -3; ulps <= 3; ulps++) {
          const value = step(boundary * 2 ** octave, ulps)
          expect(chosen(value), `${value}`).toBe(fast.of(value))
          checked++
        }
      }
    }
    expect(checked).toBe(2 ** Math.max(schema, 0) * octaves.length * 7)
  })

  test('any value, by integers alone', () => {
    fc.assert(
      fc.property(fc.double({ min: 2 ** -128, minExcluded: true, noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(chosen(value)).toBe(exactIndex(schema, value))
        expect(fast.of(value)).toBe(exactIndex(schema, value))
      }),
      { numRuns: schema > 6 ? 500 : 1000 },
    )
  })

  test('a hundred thousand uniform values of each of four scales', () => {
    const random = uniform(randomWords(seed))
    let checked = 0
    let wrong = 0
    for (const scale of [1, 10, 1e-3, 1e9]) {
      for (let i = 0; i < 100_000; i++) {
        const value = scale * random()
        if (value <= 2 ** -128) continue
        if (chosen(value) !== fast.of(value)) wrong++
        checked++
      }
    }
    expect(wrong).toBe(0)
    expect(checked).toBeGreaterThan(399_990)
  })

  test('a million random values', () => {
    let wrong = 0
    for (const value of randomValues) if (chosen(value) !== fast.of(value)) wrong++
    expect(wrong).toBe(0)
  })
})

test('the random values differ', () => {
  const sorted = randomValues.toSorted()
  expect(sorted).toHaveLength(RANDOM_VALUES)
  expect(sorted.filter((value, i) => value !== sorted[i - 1]).length).toBeGreaterThan(0.99 * RANDOM_VALUES)
})

test('half of the boundaries computed in floating point are wrong, so the oracle is needed', () => {
  const wrong = Array.from({ length: 256 }, (_, k) => 2 ** (k / 256) !== exactBoundary(8, k)).filter(Boolean).length
  expect(wrong).toBeGreaterThan(50)
})
