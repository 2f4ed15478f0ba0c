// The observations of an interval, and their quantiles, from cumulative buckets.
import { describe, expect, test } from 'vitest'
import { bucketDifferences, countsByUpperEnd, quantile } from '../../page/src/model/quantiles.js'

const buckets = (...rows: number[][]) => Float64Array.from(rows.flat())
const since = (before: Float64Array, now: Float64Array) => [...bucketDifferences(countsByUpperEnd(before), now)]

describe('differences', () => {
  test('hold what has grown, and what is new', () => {
    const before = buckets([1, 2, 5], [2, 4, 3])
    expect(since(before, buckets([0.5, 1, 2], [1, 2, 5], [2, 4, 7]))).toEqual([0.5, 1, 2, 2, 4, 4])
  })

  test('are none when nothing was observed', () => {
    expect(since(buckets([1, 2, 5]), buckets([1, 2, 5]))).toEqual([])
  })

  test.each([
    ['a lower count', buckets([1, 2, 4], [2, 4, 9])],
    ['a bucket that is gone', buckets([2, 4, 9])],
  ])('after %s the histogram has begun anew', (_, now) => {
    expect(since(buckets([1, 2, 5], [2, 4, 3]), now)).toEqual([...now])
  })
})

describe('a quantile', () => {
  test('of none is NaN', () => {
    expect(quantile(buckets(), 0.5)).toBeNaN()
  })

  test('is interpolated on a logarithmic scale inside an octave', () => {
    expect(quantile(buckets([1, 2, 4]), 0.5)).toBeCloseTo(Math.SQRT2, 12)
  })

  test('is interpolated linearly in a wide bucket, and from 0 in the first one', () => {
    expect(quantile(buckets([1, 5, 4]), 0.5)).toBe(3)
    expect(quantile(buckets([Number.NEGATIVE_INFINITY, 5, 4]), 0.5)).toBe(2.5)
    expect(quantile(buckets([Number.NEGATIVE_INFINITY, -1, 4]), 0.5)).toBe(-1)
    expect(quantile(buckets([0, 5, 4]), 0.5)).toBe(2.5)
  })

  test('of zeros is 0', () => {
    expect(quantile(buckets([-(2 ** -128), 2 ** -128, 3], [1, 2, 1]), 0.5)).toBe(0)
  })

  test('in the endless last bucket is its lower end', () => {
    expect(quantile(buckets([1, 5, 1], [5, Number.POSITIVE_INFINITY, 99]), 0.99)).toBe(5)
  })

  test.each([
    [0.5, 2],
    [0.9, 16],
    [0.99, 20],
    [1, 20],
  ])('%d is in the bucket of its rank', (q, most) => {
    const found = quantile(buckets([1, 2, 50], [2, 4, 20], [10, 16, 20], [16, 20, 10]), q)
    expect(found).toBeLessThanOrEqual(most)
    expect(found).toBeGreaterThan(most / 2)
  })

  test('of the exact one is at most a bucket away', () => {
    const counts = new Map<number, number>()
    const values = Array.from({ length: 1000 }, (_, i) => 1.007 ** i)
    for (const value of values) {
      const index = Math.ceil(Math.log2(value) * 8)
      counts.set(index, (counts.get(index) ?? 0) + 1)
    }
    const rows = [...counts].map(([index, count]) => [2 ** ((index - 1) / 8), 2 ** (index / 8), count])
    for (const q of [0.01, 0.5, 0.9, 0.99]) {
      const exact = values[Math.ceil(q * values.length) - 1] as number
      expect(quantile(buckets(...rows), q) / exact).toBeGreaterThan(2 ** (-1 / 8))
      expect(quantile(buckets(...rows), q) / exact).toBeLessThan(2 ** (1 / 8))
    }
  })
})
