// Reading histograms: what a snapshot shows of each kind of observation, quantiles, merges, and what reading refuses.
import { readFileSync } from 'node:fs'
import { type HistogramSnapshot, histogram, Registry } from 'nanotally'
import { describe, expect, test } from 'vitest'

const SCHEMAS = [-4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7, 8]
const THRESHOLD = 2 ** -128
const MAX = Number.MAX_VALUE

/** An exponential histogram of these observations. */
function exponential(schema: number, ...values: number[]): HistogramSnapshot {
  const h = histogram({ name: 'h', help: 'h', schema, registry: new Registry() })
  for (const value of values) h.observe(value)
  return h.snapshot()
}

/** A histogram with explicit buckets of these observations. */
function explicit(buckets: readonly number[], ...values: number[]): HistogramSnapshot {
  const h = histogram({ name: 'h', help: 'h', buckets, registry: new Registry() })
  for (const value of values) h.observe(value)
  return h.snapshot()
}

/** The buckets as [lower, upper, count]. */
const triples = (snapshot: HistogramSnapshot) =>
  snapshot.buckets.map(({ lower, upper, count }) => [lower, upper, count])

describe.each(SCHEMAS)('schema %d', (schema) => {
  test('zeros: magnitudes up to the threshold, subnormal ones too', () => {
    const snapshot = exponential(schema, 0, -0, THRESHOLD, -THRESHOLD, 5e-324, -5e-324, 2 ** -1022)
    expect(snapshot.zeroCount).toBe(7)
    expect(triples(snapshot)).toEqual([[-THRESHOLD, THRESHOLD, 7]])
  })

  test('the least and the greatest finite values have buckets of their own', () => {
    const least = THRESHOLD * (1 + Number.EPSILON)
    const snapshot = exponential(schema, least, -least, MAX, -MAX)
    expect(snapshot.zeroCount).toBe(0)
    expect(snapshot.buckets).toHaveLength(4)
    const [lowest, negative, positive, highest] = snapshot.buckets
    expect(lowest).toEqual({ lower: -MAX, upper: -(highest?.lower as number), count: 1 })
    expect(highest?.upper).toBe(MAX)
    expect(highest?.lower).toBeLessThan(MAX)
    expect(negative).toEqual({ lower: -(positive?.upper as number), upper: -THRESHOLD, count: 1 })
    expect(positive?.lower).toBe(THRESHOLD)
    expect(positive?.upper).toBeGreaterThanOrEqual(least)
  })

  test('infinities are past the greatest finite values, NaN is in no bucket', () => {
    const snapshot = exponential(schema, Infinity, -Infinity, Infinity, Number.NaN)
    expect(triples(snapshot)).toEqual([
      [-Infinity, -MAX, 1],
      [MAX, Infinity, 2],
    ])
    expect([snapshot.count, snapshot.nanCount, snapshot.sum]).toEqual([4, 1, Number.NaN])
  })

  test('negative values are in mirrored buckets', () => {
    const values = [1, 1.1, 3, 1000, 1e-9, 2 ** -20]
    const positive = triples(exponential(schema, ...values))
    const negative = triples(exponential(schema, ...values.map((value) => -value)))
    expect(negative).toEqual(positive.map(([lower = 0, upper = 0, count]) => [-upper, -lower, count]).reverse())
  })
})

test('a snapshot shows what was observed, and stays', () => {
  const h = histogram({ name: 'h', help: 'h', schema: 0, registry: new Registry() })
  for (const value of [1, 1.5, 2, -4, 0, Number.NaN]) h.observe(value)
  h.observe(100)
  const snapshot = h.snapshot()
  const shown = {
    count: 7,
    sum: Number.NaN,
    nanCount: 1,
    schema: 0,
    zeroCount: 1,
    zeroThreshold: THRESHOLD,
    buckets: [
      { lower: -4, upper: -2, count: 1 },
      { lower: -THRESHOLD, upper: THRESHOLD, count: 1 },
      { lower: 0.5, upper: 1, count: 1 },
      { lower: 1, upper: 2, count: 2 },
      { lower: 64, upper: 128, count: 1 },
    ],
  }
  expect(snapshot.toJSON()).toEqual(shown)
  h.observe(7)
  expect(snapshot.toJSON()).toEqual(shown)
  expect(h.snapshot().count).toBe(8)
  expect(JSON.parse(JSON.stringify(snapshot))).toEqual({ ...shown, sum: null })
  expect(structuredClone(snapshot.toJSON())).toEqual(shown)
})

test('a snapshot cannot be changed', () => {
  const snapshot = exponential(3, 1, 2)
  expect(() => Object.assign(snapshot, { count: 5 })).toThrow(TypeError)
  expect(() => (snapshot.buckets as unknown[]).push({})).toThrow(TypeError)
  expect(() => Object.assign(snapshot.buckets[0] as object, { count: 5 })).toThrow(TypeError)
  expect(snapshot.buckets).toBe(snapshot.buckets)
})

test('explicit buckets are shown all, and no schema', () => {
  const snapshot = explicit([-1, 0, 5], -Infinity, -1, 3, 5, Infinity, Number.NaN)
  expect(triples(snapshot)).toEqual([
    [-Infinity, -1, 2],
    [-1, 0, 0],
    [0, 5, 2],
    [5, Infinity, 1],
  ])
  const { schema, zeroCount, zeroThreshold, count, nanCount } = snapshot
  expect({ schema, zeroCount, zeroThreshold, count, nanCount }).toEqual({
    schema: undefined,
    zeroCount: 0,
    zeroThreshold: 0,
    count: 6,
    nanCount: 1,
  })
})

describe('series', () => {
  test('one by its labels, by its handle, and all together', () => {
    const h = histogram({ name: 'h', help: 'h', labels: ['l'], optionalLabels: ['o'], registry: new Registry() })
    const a = h.labels('a')
    a.observe(1)
    a.observe(4)
    h.observe({ l: 'a', o: 'x' }, 16)
    expect([a.count, a.sum, a.snapshot().count]).toEqual([2, 5, 2])
    expect(h.snapshot({ l: 'a' }).sum).toBe(5)
    expect(h.snapshot({ l: 'a', o: 'x' }).sum).toBe(16)
    expect(h.snapshot({ l: 'b' }).count).toBe(0)
    expect([h.count, h.sum, h.total().quantile(1)]).toEqual([3, 21, 16])
    expect(h.quantile({ l: 'a' }, 1)).toBe(4)
    expect(a.quantile(0.1)).toBeLessThanOrEqual(1)
  })

  test('without labels', () => {
    const h = histogram({ name: 'h', help: 'h', registry: new Registry() })
    h.observe(8)
    expect([h.count, h.sum, h.quantile(1), h.snapshot().count, h.labels().count]).toEqual([1, 8, 8, 1, 1])
  })

  test('the overflow series is part of all', () => {
    const h = histogram({ name: 'h', help: 'h', labels: ['l'], maxSeries: 2, registry: new Registry() })
    for (let l = 0; l < 5; l++) h.observe({ l }, 1)
    expect(h.snapshot({ l: 4 }).count).toBe(3)
    expect(h.count).toBe(5)
  })

  test('a removed series reads as nothing, and its label set begins anew', () => {
    const h = histogram({ name: 'h', help: 'h', labels: ['l'], registry: new Registry() })
    const a = h.labels('a')
    a.observe(1)
    h.observe({ l: 'b' }, 2)
    expect(h.remove({ l: 'a' })).toBe(true)
    expect([a.count, h.count, h.snapshot({ l: 'a' }).count]).toEqual([0, 1, 0])
    h.observe({ l: 'a' }, 4)
    expect([a.sum, h.snapshot({ l: 'a' }).sum, h.sum]).toEqual([0, 4, 6])
    h.clear()
    expect([h.count, h.snapshot({ l: 'b' }).count]).toEqual([0, 0])
  })

  test.each([{ buckets: undefined }, { buckets: [1, 10] }])(
    'a reset takes what was recorded before it (%j)',
    ({ buckets }) => {
      const h = histogram({ name: 'h', help: 'h', buckets, registry: new Registry() })
      for (const value of [2, 0, Number.NaN, -3]) h.observe(value)
      const before = h.snapshot()
      h.reset()
      expect([before.count, h.count, h.quantile(0.5)]).toEqual([4, 0, Number.NaN])
      h.observe(5)
      expect(h.snapshot().buckets.filter(({ count }) => count > 0)).toHaveLength(1)
      expect([h.count, h.snapshot().nanCount]).toEqual([1, 0])
    },
  )

  test('what leads nowhere reads as nothing', () => {
    const registry = new Registry()
    const kept = histogram({ name: 'kept', help: 'h', labels: ['l'], registry })
    const removed = histogram({ name: 'removed', help: 'h', labels: ['l'], buckets: [1], registry })
    const disabled = histogram({ name: 'disabled', help: 'h', labels: ['l'], enabled: false, registry })
    const handles = [kept, removed, disabled].map((h) => h.labels('a'))
    for (const handle of handles) handle.observe(0.5)
    registry.remove('removed')
    expect(handles.map(({ count }) => count)).toEqual([1, 0, 0])
    expect([kept, removed, disabled].map(({ count }) => count)).toEqual([1, 0, 0])
    expect(triples(removed.total())).toEqual([
      [-Infinity, 1, 0],
      [1, Infinity, 0],
    ])
    expect(kept.snapshot({ x: 'a' } as never).count).toBe(0)
    registry.close()
    expect(handles.map(({ sum }) => sum)).toEqual([0, 0, 0])
    expect(kept.total().toJSON()).toEqual({ ...exponential(3).toJSON() })
    expect(kept.quantile({ l: 'a' }, 0.5)).toBeNaN()
  })
})

describe('quantile', () => {
  test('inside exponential buckets, zeros, infinities and NaN', () => {
    expect(exponential(0, 1.5, 1.5).quantile(0.5)).toBeCloseTo(Math.SQRT2, 14)
    expect(exponential(0, -1.5, -1.5).quantile(0.5)).toBeCloseTo(-Math.SQRT2, 14)
    expect(exponential(3, 0, 0, 5).quantile(0.4)).toBeLessThanOrEqual(THRESHOLD)
    expect(exponential(3, 0, 0, 5).quantile(0)).toBe(0)
    expect(exponential(3, 1, Infinity).quantile(1)).toBe(Infinity)
    expect(exponential(3, 1, -Infinity).quantile(0)).toBe(-Infinity)
    expect(exponential(3, 1, Number.NaN).quantile(0.5)).toBe(1)
    expect(exponential(3, 1, Number.NaN).quantile(0.51)).toBeNaN()
  })

  test('inside explicit buckets', () => {
    const snapshot = explicit([10, 20], 5, 5, 15, 15, 100, 100)
    expect(snapshot.quantile(1 / 6)).toBeCloseTo(5, 12)
    expect(snapshot.quantile(0.5)).toBeCloseTo(15, 12)
    expect(snapshot.quantile(0.9)).toBe(20)
    expect(explicit([-5, 5], -7).quantile(0.5)).toBe(-5)
  })

  test('of nothing, and of what is no share', () => {
    for (const empty of [exponential(3), explicit([1])]) {
      expect([-1, 0, 0.5, 1, 2].map((q) => empty.quantile(q))).toEqual(Array(5).fill(Number.NaN))
    }
    const one = exponential(3, 1)
    expect([-1e-9, 1 + 1e-9, Number.NaN].map((q) => one.quantile(q))).toEqual([-Infinity, Infinity, Number.NaN])
    for (const q of ['0.5', undefined, null, 1n]) {
      expect(() => one.quantile(q as number)).toThrow(expect.objectContaining({ code: 'ERR_NANOTALLY_INVALID_TYPE' }))
    }
  })
})

test('docs/instruments.md states the error of each schema, rounded up', () => {
  const document = readFileSync(new URL('../../../docs/instruments.md', import.meta.url), 'utf8')
  const cells = (row: string) => [
    ...(document.match(new RegExp(row, 'm'))?.[0].matchAll(/(-?[\d.]+)( %)?\**(?= \|)/g) ?? []),
  ]
  const schemas = cells('^\\| schema \\|.*$').map(([, schema]) => Number(schema))
  const stated = cells('^\\| relative error at most \\|.*$').map(
    ([, error, percent]) => Number(error) / (percent ? 100 : 1),
  )
  expect(schemas).toEqual(SCHEMAS)
  for (const [i, schema] of SCHEMAS.entries()) {
    const error = 2 ** (2 ** -schema) - 1
    expect(stated[i]).toBeGreaterThanOrEqual(error)
    expect(stated[i]).toBeLessThan(error * 1.005)
  }
})

describe('merge', () => {
  test('of equal and of different schemas; both stay as they are', () => {
    const [coarse, fine] = [exponential(0, 1.5, -3, 0), exponential(5, 1.2, 1.9, 1000)]
    for (const merged of [coarse.merge(fine), fine.merge(coarse)]) {
      expect(merged.toJSON()).toEqual(exponential(0, 1.5, -3, 0, 1.2, 1.9, 1000).toJSON())
    }
    expect(fine.merge(fine).toJSON()).toEqual(exponential(5, 1.2, 1.2, 1.9, 1.9, 1000, 1000).toJSON())
    expect([coarse.count, fine.count, fine.schema]).toEqual([3, 3, 5])
  })

  test('of explicit buckets', () => {
    const merged = explicit([1, 2], 0.5, 3).merge(explicit([1, 2], 1.5, Number.NaN))
    expect(merged.buckets.map(({ count }) => count)).toEqual([1, 1, 1])
    expect([merged.count, merged.nanCount, merged.schema]).toEqual([4, 1, undefined])
  })

  test('refuses other buckets, and what is no snapshot', () => {
    const pairs: [HistogramSnapshot, HistogramSnapshot][] = [
      [explicit([1, 2]), explicit([1, 3])],
      [explicit([1, 2]), explicit([1])],
      [explicit([1, 2]), exponential(3)],
      [exponential(3), explicit([1, 2])],
    ]
    for (const [a, b] of pairs) {
      expect(() => a.merge(b)).toThrow(expect.objectContaining({ code: 'ERR_NANOTALLY_HISTOGRAM_MISMATCH' }))
    }
    for (const other of [undefined, null, {}, exponential(3).toJSON()]) {
      expect(() => exponential(3).merge(other as HistogramSnapshot)).toThrow(
        expect.objectContaining({ code: 'ERR_NANOTALLY_INVALID_TYPE' }),
      )
    }
  })
})
