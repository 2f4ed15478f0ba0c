// Welch's test for slowdowns: its quantiles beside published ones, a worked example, its error rate and its power.

import { expect, test } from 'vitest'
import {
  detectSlowdown,
  MIN_COUNT,
  type SampleSummary,
  summarize,
  t95,
} from '../../../dist/catalogs/shared/regression.js'
import { randomWords } from '../../support/random.js'

/** t of 0.95 by degrees of freedom: NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2. */
const PUBLISHED: [number, number][] = [
  [4, 2.132],
  [5, 2.015],
  [6, 1.943],
  [7, 1.895],
  [8, 1.86],
  [9, 1.833],
  [10, 1.812],
  [15, 1.753],
  [20, 1.725],
  [30, 1.697],
  [60, 1.671],
  [100, 1.66],
]

/** Uniform in (0, 1), from a seed. */
function uniform(seed: number): () => number {
  const word = randomWords(seed)
  return () => (word() + 0.5) / 2 ** 32
}

/** Normally distributed (Box and Muller). */
function normal(next: () => number, mean: number, deviation: number, count: number): number[] {
  return Array.from({ length: count }, () => {
    return mean + deviation * Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next())
  })
}

test.each(PUBLISHED)('the quantile at %d degrees of freedom is %d', (degrees, expected) => {
  expect(Math.abs(t95(degrees) - expected)).toBeLessThan(0.0006)
})

test('with many degrees of freedom it is the normal one', () => {
  expect(t95(1e9)).toBeCloseTo(1.6448536269514722, 8)
})

test('summaries are those of both passes', () => {
  const values = [2, 4, 4, 4, 5, 5, 7, 9]
  expect(summarize(values)).toEqual({ mean: 5, variance: 32 / 7, count: 8 })
  // Where the sum of squares would have lost everything.
  const offset = summarize(values.map((value) => value + 1e9))
  expect(offset.mean).toBe(1e9 + 5)
  expect(offset.variance).toBeCloseTo(32 / 7, 6)
})

test('a worked example', () => {
  const baseline: SampleSummary = { mean: 10, variance: 4, count: 25 }
  const current: SampleSummary = { mean: 12, variance: 9, count: 36 }
  const verdict = detectSlowdown(baseline, current)
  // By hand: errors 1.1025 x 4 / 25 = 0.1764 and 9 / 36 = 0.25; t = (12 - 10.5) / sqrt(0.4264);
  // degrees = 0.4264^2 / (0.1764^2 / 24 + 0.25^2 / 35).
  expect(verdict?.t).toBeCloseTo(1.5 / Math.sqrt(0.4264), 12)
  expect(verdict?.degreesOfFreedom).toBeCloseTo(0.18181696 / (0.03111696 / 24 + 0.0625 / 35), 8)
  expect(verdict?.slowdown).toBeCloseTo(0.2, 12)
  expect(verdict).toMatchObject({ isRegression: true })
})

test('what is not shown to be more than 5 % slower is no regression', () => {
  const baseline: SampleSummary = { mean: 10, variance: 1, count: 100 }
  const of = (mean: number, variance = 1) => detectSlowdown(baseline, { mean, variance, count: 100 })?.isRegression
  expect(of(9)).toBe(false)
  expect(of(10)).toBe(false)
  expect(of(10.5)).toBe(false)
  expect(of(10.6)).toBe(false)
  expect(of(10.8)).toBe(true)
  expect(of(10.8, 9)).toBe(false)
  expect(of(12)).toBe(true)
})

test('measurements without any spread are compared as they are', () => {
  const baseline = summarize([2, 2, 2, 2, 2])
  const of = (value: number) => detectSlowdown(baseline, summarize(Array(5).fill(value)))
  expect(of(2.1)?.isRegression).toBe(false)
  expect(of(2.2)?.isRegression).toBe(true)
  expect(of(2.2)?.degreesOfFreedom).toBe(8)
})

test('times of nanoseconds and of years are judged alike', () => {
  for (const scale of [1e-160, 1e-9, 1e9]) {
    const sample = (mean: number) => ({ mean: mean * scale, variance: scale * scale, count: 50 })
    const verdict = detectSlowdown(sample(10), sample(12))
    if (scale > 1e-100) expect(verdict?.degreesOfFreedom).toBeCloseTo(97.77, 1)
    expect(verdict?.isRegression).toBe(true)
  }
})

test('at a slowdown of exactly 5 % one test in twenty errs; at none, none; at 30 % nearly none misses', () => {
  const next = uniform(20_260_101)
  const rate = (slowdown: number) => {
    const rounds = 4000
    let detected = 0
    for (let i = 0; i < rounds; i++) {
      const baseline = summarize(normal(next, 10, 1, 40))
      // Slower, and more uneven.
      if (detectSlowdown(baseline, summarize(normal(next, 10 * (1 + slowdown), 2, 20)))?.isRegression) detected++
    }
    return detected / rounds
  }
  const [none, five, thirty] = [rate(0), rate(0.05), rate(0.3)]
  // The rate's standard error is 0.0034.
  expect(five).toBeGreaterThan(0.05 - 4 * 0.0034)
  expect(five).toBeLessThan(0.05 + 4 * 0.0034)
  expect(none).toBeLessThan(0.02)
  expect(thirty).toBeGreaterThan(0.99)
})

test('of too few measurements, and of what is none, nothing is said', () => {
  const good: SampleSummary = { mean: 1, variance: 1, count: MIN_COUNT }
  expect(detectSlowdown(good, good)).toBeDefined()
  const bad = [
    { ...good, count: MIN_COUNT - 1 },
    { ...good, count: 5.5 },
    { ...good, mean: 0 },
    { ...good, mean: -1 },
    { ...good, mean: Number.NaN },
    { ...good, mean: Infinity },
    { ...good, variance: -1 },
    { ...good, variance: Number.NaN },
    undefined,
    null,
  ]
  for (const one of bad) {
    expect([one, detectSlowdown(one as SampleSummary, good)]).toEqual([one, undefined])
    expect([one, detectSlowdown(good, one as SampleSummary)]).toEqual([one, undefined])
  }
  expect(detectSlowdown(good, summarize([]))).toBeUndefined()
})
