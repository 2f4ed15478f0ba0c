// The statistics of the benches: known data, seeded intervals that cover what they claim, and no conclusion without one.
import { describe, expect, test } from 'vitest'
import { latencies, uniform } from '../../bench/harness/random.mjs'
import {
  compare,
  estimate,
  estimateDifference,
  estimateRatio,
  median,
  quantile,
  ROUNDS_FOR_A_CONCLUSION,
  summarize,
} from '../../bench/harness/statistics.mjs'

describe('order statistics', () => {
  test('medians and quantiles interpolate, whatever the order', () => {
    expect(median([3, 1, 2])).toBe(2)
    expect(median([4, 1, 3, 2])).toBe(2.5)
    expect(quantile([10, 0], 0.25)).toBe(2.5)
    expect(summarize([5, 1, 4, 2, 3])).toEqual({ count: 5, min: 1, q1: 2, median: 3, q3: 4, max: 5 })
  })

  test('samples that are missing or not finite are refused, never skipped', () => {
    expect(() => median([])).toThrow('received none')
    expect(() => estimate([])).toThrow('received none')
    expect(() => estimate([1, Number.NaN])).toThrow('received NaN')
    expect(() => summarize([1, Number.POSITIVE_INFINITY])).toThrow('received Infinity')
    expect(() => estimateRatio([1, 2], [1])).toThrow('received 2 and 1')
    expect(() => estimateRatio([1], [0])).toThrow('positive denominator')
  })
})

describe('bootstrap intervals', () => {
  test('equal samples have an interval without width', () => {
    expect(estimate(new Array(9).fill(2.5))).toEqual({ value: 2.5, low: 2.5, high: 2.5, rounds: 9 })
  })

  test('they are seeded: the same samples give the same interval', () => {
    const samples = latencies(9, 1)
    expect(estimate(samples)).toEqual(estimate([...samples]))
  })

  test('the interval of 1..9 leaves out the extremes only', () => {
    // The exact distribution of the resampled median of nine puts 3.0 % below 2.5 and 0.1 % below 1.5.
    const { value, low, high } = estimate([1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(value).toBe(5)
    expect([low, high]).toEqual([2, 8])
  })

  test('nine rounds cover the true median about as often as they claim', () => {
    const runs = 400
    const all = latencies(9 * runs, 3)
    let covered = 0
    for (let run = 0; run < runs; run++) {
      const { low, high } = estimate(all.slice(9 * run, 9 * run + 9))
      if (low <= 0.003 && 0.003 <= high) covered++
    }
    expect(covered / runs).toBeGreaterThan(0.92)
    // And they are no wider than needed: an interval that always covers says nothing.
    expect(covered / runs).toBeLessThan(0.995)
  })

  test('ratios and differences are taken within a round, so that drift cancels out', () => {
    const random = uniform(5)
    const machine = Array.from({ length: 9 }, () => 1 + 4 * random())
    const floor = machine.map((speed) => 2 * speed)
    const ours = machine.map((speed) => 2.4 * speed)
    const ratio = estimateRatio(ours, floor)
    for (const value of [ratio.value, ratio.low, ratio.high]) expect(value).toBeCloseTo(1.2, 12)
    const difference = estimateDifference(
      floor.map((value) => value + 3),
      floor,
    )
    for (const value of [difference.value, difference.low, difference.high]) expect(value).toBeCloseTo(3, 12)
  })
})

describe('what a ratio says', () => {
  const rounds = 9

  test('an interval that spans 1 is no measurable difference', () => {
    expect(compare({ value: 1.02, low: 0.98, high: 1.05, rounds })).toBe('no measurable difference')
    expect(compare({ value: 1, low: 1, high: 1, rounds })).toBe('no measurable difference')
  })

  test('an interval on one side of 1 is a difference', () => {
    expect(compare({ value: 1.02, low: 1.01, high: 1.05, rounds })).toBe('more')
    expect(compare({ value: 0.5, low: 0.4, high: 0.99, rounds })).toBe('less')
  })

  test('too few rounds say nothing, however clear they look', () => {
    expect(compare({ value: 40, low: 39, high: 41, rounds: ROUNDS_FOR_A_CONCLUSION - 1 })).toBe('too few rounds')
    expect(compare({ value: 40, low: 39, high: 41, rounds: ROUNDS_FOR_A_CONCLUSION })).toBe('more')
  })
})
