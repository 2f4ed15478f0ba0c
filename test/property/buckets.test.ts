// The exponential buckets of JavaScript's recording path, against an exact derivation by integers, for every schema.
import fc from 'fast-check'
import { histogram, Registry } from 'nanotally'
import { describe, expect, test } from 'vitest'
import { bucketLayout, scratch } from '../../dist/instruments/bucket-layout.js'
import { native } from '../../dist/native.js'
import { exactBoundary, exactIndex, FastExactIndex, step } from './exact-buckets.js'
import { seed } from './settings.js'

const SCHEMAS = [-4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7, 8]
const RANDOM_VALUES = 1_000_000

/** What the keys of a schema count from: key = index + this. */
const keyOfIndex0 = (schema: number) => (schema >= 0 ? (1023 << schema) - 1 : (1024 >> -schema) - 1)

/** The bucket that the recording path chooses, as Prometheus' index. */
function chosenIndex(schema: number, value: number): number {
  const layout = bucketLayout(schema)
  scratch[0] = value
  const located = layout.locate()
  return layout.firstKey(located >>> 9) + (located & 511) - 1 - keyOfIndex0(schema)
}

/** Finite doubles from the zero threshold on, every exponent as likely as another. */
function randomValues(count: number): Float64Array {
  let state = seed
  const random = () => {
    // mulberry32
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
  const words = new DataView(new ArrayBuffer(8))
  return new Float64Array(count).map(() => {
    words.setUint32(0, ((896 + (random() % 1151)) << 20) | (random() & 0xfffff))
    words.setUint32(4, random())
    return words.getFloat64(0)
  })
}

describe.each(SCHEMAS)('schema %d', (schema) => {
  const fast = new FastExactIndex(schema)

  test('every boundary, and three units in the last place to either side', () => {
    let checked = 0
    const octaves = [-127, -40, -1, 0, 1, 17, 1022, 1023]
    for (let k = 0; k < 2 ** Math.max(schema, 0); k++) {
      const boundary = exactBoundary(Math.max(schema, 0), k)
      for (const octave of octaves) {
        for (let ulps = -3; ulps <= 3; ulps++) {
          const value = step(boundary * 2 ** octave, ulps)
          expect(chosenIndex(schema, value), `${value}`).toBe(fast.of(value))
          checked++
        }
      }
    }
    expect(checked).toBe(2 ** Math.max(schema, 0) * octaves.length * 7)
  })

  test('any value, by integers alone', () => {
    fc.assert(
      fc.property(fc.double({ min: 2 ** -128, minExcluded: true, noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(chosenIndex(schema, value)).toBe(exactIndex(schema, value))
        expect(fast.of(value)).toBe(exactIndex(schema, value))
      }),
      { numRuns: schema > 6 ? 500 : 1000 },
    )
  })

  test('a million random values', () => {
    const values = randomValues(RANDOM_VALUES)
    expect(new Set(values).size).toBeGreaterThan(0.99 * RANDOM_VALUES)
    let wrong = 0
    for (const value of values) if (chosenIndex(schema, value) !== fast.of(value)) wrong++
    expect(wrong).toBe(0)
  })

  test('observe() counts in the bucket so chosen, positive and negative', () => {
    const registry = new Registry()
    const h = histogram({ name: 'h', help: 'h', schema, registry })
    const bound = h.labels()
    const expected = new Map<number, number>()
    const layout = bucketLayout(schema)
    const signKey = schema >= 0 ? 2048 << schema : 2048 >> -schema
    // Forty octaves, more than the directory holds; each value is seen again when its octave is known.
    const values = randomValues(20_000).map((value, i) => {
      const mantissa = value / 2 ** Math.floor(Math.log2(value))
      return mantissa * 2 ** ((i % 40) - 20) * (i % 3 === 0 ? -1 : 1)
    })
    for (const value of [...values, ...values]) {
      bound.observe(value)
      const key = fast.of(Math.abs(value)) + keyOfIndex0(schema) + (value < 0 ? signKey : 0)
      expected.set(key, (expected.get(key) ?? 0) + 1)
    }
    const { _handle: handle, _chunks: chunks } = registry as unknown as { _handle: number; _chunks: Float64Array[] }
    const { _id: id } = h as unknown as { _id: number }
    for (const [key, count] of expected) {
      const address =
        native.resolveBlock(handle, id, 0, key >> layout.blockBits) + (key & ((1 << layout.blockBits) - 1))
      expect(chunks[address >>> 13]?.[address & 8191], `key ${key}`).toBe(count)
    }
    expect([...expected.values()].reduce((sum, count) => sum + count)).toBe(2 * values.length)
    registry.close()
  })
})

test('half of the boundaries computed in floating point are wrong, so the oracle is needed', () => {
  const wrong = Array.from({ length: 256 }, (_, k) => 2 ** (k / 256) !== exactBoundary(8, k)).filter(Boolean).length
  expect(wrong).toBeGreaterThan(50)
})
