// Why buckets are not found by a logarithm: near boundaries the OpenTelemetry SDK, which does so, is wrong where we are not.
// Its index of a bucket is one less than ours, its boundaries are the same.
import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import { bucketLayout, scratch } from '../../dist/instruments/bucket-layout.js'
import { exactBoundary, FastExactIndex, step } from './exact-buckets.js'
import './settings.js'

const { getMapping } = createRequire(import.meta.url)(
  '@opentelemetry/sdk-metrics/build/src/aggregator/exponential-histogram/mapping/getMapping.js',
) as { getMapping(scale: number): { mapToIndex(value: number): number } }

/** Where the two chose wrongly, by the exact buckets. */
interface Tally {
  values: number
  theirs: number
  ours: number
}

/** Looks at the values that `near` makes of each boundary of each schema from 1 to 8, in octaves of the whole range. */
function compare(near: (boundary: number, next: number) => number[]): Tally[] {
  const value = scratch
  return [1, 2, 3, 4, 5, 6, 7, 8].map((schema) => {
    const exact = new FastExactIndex(schema)
    const theirs = getMapping(schema)
    const layout = bucketLayout(schema)
    const tally = { values: 0, theirs: 0, ours: 0 }
    for (let k = 0; k < 2 ** schema; k++) {
      const boundary = exactBoundary(schema, k)
      const next = k + 1 < 2 ** schema ? exactBoundary(schema, k + 1) : 2
      for (let octave = -120; octave <= 1000; octave += 40) {
        for (const candidate of near(boundary * 2 ** octave, next * 2 ** octave)) {
          const index = exact.of(candidate)
          if (theirs.mapToIndex(candidate) + 1 !== index) tally.theirs++
          value[0] = candidate
          const located = layout.locate()
          if (layout.firstKey(located >>> 9) + (located & 511) - (1023 << schema) !== index) tally.ours++
          tally.values++
        }
      }
    }
    return tally
  })
}

const total = (tallies: Tally[], of: keyof Tally) => tallies.reduce((sum, tally) => sum + tally[of], 0)
const BOUNDARIES = 29 * (2 ** 9 - 2)

test('in the middle of buckets both are right', () => {
  const tallies = compare((boundary, next) => [(boundary + next) / 2])
  expect(total(tallies, 'values')).toBe(BOUNDARIES)
  expect([total(tallies, 'theirs'), total(tallies, 'ours')]).toEqual([0, 0])
})

test('up to three units in the last place from boundaries OpenTelemetry is not', () => {
  const tallies = compare((boundary) => [-3, -2, -1, 0, 1, 2, 3].map((ulps) => step(boundary, ulps)))
  console.table(
    tallies.map(({ values, theirs, ours }, i) => {
      const percent = `${((100 * theirs) / values).toFixed(1)} %`
      return { schema: i + 1, values, 'OpenTelemetry wrong': percent, 'nanotally wrong': ours }
    }),
  )
  expect(total(tallies, 'values')).toBe(7 * BOUNDARIES)
  expect(total(tallies, 'ours')).toBe(0)
  expect(total(tallies, 'theirs') / total(tallies, 'values')).toBeGreaterThan(0.04)
})
