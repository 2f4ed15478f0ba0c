// Histograms: which bucket an observation lands in as the text shows it, its sum and count, and timing.
import { histogram, Registry } from 'nanotally'
import { describe, expect, test } from 'vitest'
import { read, rejections, scrape } from '../../support/registry.js'

/** The cumulative buckets of a series, `le` to count. */
async function buckets(registry: Registry, name: string): Promise<Record<string, number>> {
  const samples = (await scrape(registry)).get(name)?.samples ?? []
  return Object.fromEntries(
    samples.filter((sample) => sample.name === `${name}_bucket`).map(({ labels, value }) => [labels.le, value]),
  )
}

describe('explicit buckets', () => {
  test('bounds are inclusive, +Inf is implied and may be given', async () => {
    const registry = new Registry()
    const h = histogram({ name: 'h', help: 'h', buckets: [-1, 0, 1.5, 10], registry })
    const same = histogram({ name: 'h', help: 'h', buckets: [-1, 0, 1.5, 10, Number.POSITIVE_INFINITY], registry })
    expect(same).toBe(h)
    for (const value of [-5, -1, -0.5, 0, -0, 1.5, 1.5000000000000002, 10, 11]) h.observe(value)
    expect(await buckets(registry, 'h')).toEqual({ '-1': 2, 0: 5, 1.5: 6, 10: 8, '+Inf': 9 })
    expect(await read(registry, 'h_count')).toBe(9)
    expect(await read(registry, 'h_sum')).toBe(-5 - 1 - 0.5 + 0 + 1.5 + 1.5000000000000002 + 10 + 11)
  })

  test('infinities go to the outermost buckets, NaN to +Inf', async () => {
    const registry = new Registry()
    const h = histogram({ name: 'h', help: 'h', buckets: [1], registry })
    h.observe(Number.NEGATIVE_INFINITY)
    expect(await buckets(registry, 'h')).toEqual({ 1: 1, '+Inf': 1 })
    h.observe(Number.POSITIVE_INFINITY)
    h.observe(Number.NaN)
    expect(await buckets(registry, 'h')).toEqual({ 1: 1, '+Inf': 3 })
    expect(await read(registry, 'h_sum')).toBeNaN()
    expect(await rejections(registry, 'h')).toEqual({})
  })

  test('a thousand bounds', async () => {
    const registry = new Registry()
    const bounds = Array.from({ length: 1000 }, (_, i) => i)
    const h = histogram({ name: 'h', help: 'h', buckets: bounds, registry })
    for (let i = 0; i <= 1000; i++) h.observe(i)
    const read = await buckets(registry, 'h')
    expect(Object.keys(read)).toHaveLength(1001)
    expect(bounds.every((bound) => read[bound] === bound + 1)).toBe(true)
  })
})

describe('exponential buckets', () => {
  test('the text shows the powers of two around what was observed', async () => {
    const registry = new Registry()
    const h = histogram({ name: 'h', help: 'h', registry })
    for (const value of [0.3, 0.5, 0.6, 3]) h.observe(value)
    expect(await buckets(registry, 'h')).toEqual({ 0.25: 0, 0.5: 2, 1: 3, 2: 3, 4: 4, '+Inf': 4 })
    expect(await read(registry, 'h_sum')).toBe(0.3 + 0.5 + 0.6 + 3)
  })

  test('zeros, negative numbers, infinities and NaN are counted', async () => {
    const registry = new Registry()
    const h = histogram({ name: 'h', help: 'h', schema: 2, registry })
    for (const value of [0, -0, 2 ** -128, -(2 ** -128), 5e-324, -3, Number.NEGATIVE_INFINITY]) h.observe(value)
    expect(await read(registry, 'h_count')).toBe(7)
    expect(Object.values(await buckets(registry, 'h'))).toEqual([7, 7]) // all at or below the zero threshold
    h.observe(1)
    h.observe(Number.POSITIVE_INFINITY)
    h.observe(Number.NaN)
    expect(await buckets(registry, 'h')).toEqual({ 0.5: 7, 1: 8, '+Inf': 10 })
    expect(await read(registry, 'h_sum')).toBeNaN()
  })

  test('values spread over more octaves than the directory holds', async () => {
    const registry = new Registry()
    const h = histogram({ name: 'h', help: 'h', schema: 8, registry })
    const values = Array.from({ length: 2040 }, (_, i) => 2 ** (i - 1000)).filter(Number.isFinite)
    for (const value of values) h.observe(value)
    for (const value of values) h.observe(-value)
    expect(values).toHaveLength(2024)
    expect(await read(registry, 'h_count')).toBe(2 * values.length)
  })

  test.each([-4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7, 8])('schema %d', async (schema) => {
    const registry = new Registry()
    const h = histogram({ name: 'h', help: 'h', schema, registry })
    for (const value of [1, 1.5, 2, 100]) h.observe(value)
    const shown = await buckets(registry, 'h')
    expect(await read(registry, 'h_count')).toBe(4)
    // Whatever boundaries are shown, an observation at or below one of them is in its count.
    for (const [le, count] of Object.entries(shown)) {
      const bound = le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le)
      expect(count).toBe([1, 1.5, 2, 100].filter((value) => value <= bound).length)
    }
    expect(Object.keys(shown).length).toBeGreaterThan(2)
  })
})

describe.each([{ kind: 'exponential' }, { kind: 'explicit', buckets: [0.1, 1] }])('$kind', ({ buckets: bounds }) => {
  const make = (registry: Registry) =>
    histogram({ name: 'h_seconds', help: 'h', unit: 'seconds', labels: ['l'], buckets: bounds, registry })

  test('observe by labels and bound', async () => {
    const registry = new Registry()
    const h = make(registry)
    h.observe({ l: 'a' }, 0.5)
    h.labels('a').observe(0.25)
    h.labels({ l: 'b' }).observe(4)
    expect(await read(registry, 'h_seconds_count', { l: 'a' })).toBe(2)
    expect(await read(registry, 'h_seconds_sum', { l: 'a' })).toBe(0.75)
    expect(await read(registry, 'h_seconds_count', { l: 'b' })).toBe(1)
  })

  test.each<unknown>([undefined, null, '1', 1n, true, Symbol('s'), {}, { valueOf: () => 1 }])(
    'an observation of %s is dropped and counted',
    async (value) => {
      const registry = new Registry()
      const h = make(registry)
      h.labels('a').observe(value as number)
      h.observe({ l: 'a' }, value as number)
      expect(await read(registry, 'h_seconds_count', { l: 'a' })).toBe(0)
      expect(await rejections(registry, 'h_seconds')).toEqual({ not_a_number: 2 })
    },
  )

  test('startTimer records the seconds that it returns, on each call', async () => {
    const registry = new Registry()
    const h = make(registry)
    const stop = h.labels('a').startTimer()
    const first = stop()
    const second = stop()
    const third = h.startTimer({ l: 'a' })()
    expect(first).toBeGreaterThanOrEqual(0)
    expect(second).toBeGreaterThanOrEqual(first)
    expect(await read(registry, 'h_seconds_count', { l: 'a' })).toBe(3)
    expect(await read(registry, 'h_seconds_sum', { l: 'a' })).toBe(first + second + third)
  })

  test('time returns what the function returns and records once', async () => {
    const registry = new Registry()
    const h = make(registry)
    const bound = h.labels('a')
    expect(bound.time(() => 7)).toBe(7)
    expect(bound.time(() => undefined)).toBeUndefined()
    expect(bound.time(() => null)).toBeNull()
    // biome-ignore lint/suspicious/noThenProperty: what is tested
    const thenless = { then: 5 }
    expect(bound.time(() => thenless)).toBe(thenless)
    expect(h.time({ l: 'a' }, () => 'x')).toBe('x')
    expect(await read(registry, 'h_seconds_count', { l: 'a' })).toBe(5)
  })

  test('time records when the promise settles, not before', async () => {
    const registry = new Registry()
    const h = make(registry)
    const { promise, resolve } = withResolvers<string>()
    const timed = h.labels('a').time(() => promise)
    expect(timed).toBeInstanceOf(Promise)
    expect(await read(registry, 'h_seconds_count', { l: 'a' })).toBe(0)
    resolve('done')
    expect(await timed).toBe('done')
    expect(await read(registry, 'h_seconds_count', { l: 'a' })).toBe(1)
    expect(await h.time({ l: 'a' }, async () => 5)).toBe(5)
    expect(await read(registry, 'h_seconds_count', { l: 'a' })).toBe(2)
  })

  test('a failure is passed on and its time recorded', async () => {
    const registry = new Registry()
    const bound = make(registry).labels('a')
    const failure = new Error('boom')
    expect(() =>
      bound.time(() => {
        throw failure
      }),
    ).toThrow(failure)
    await expect(bound.time(() => Promise.reject(failure))).rejects.toBe(failure)
    expect(await read(registry, 'h_seconds_count', { l: 'a' })).toBe(2)
  })

  test('a thenable of another kind is waited for', async () => {
    const registry = new Registry()
    // biome-ignore lint/suspicious/noThenProperty: what is tested
    const thenable = { then: (resolve: (value: number) => void) => resolve(3) }
    const timed = make(registry)
      .labels('a')
      .time(() => thenable)
    expect(await timed).toBe(3)
    expect(await read(registry, 'h_seconds_count', { l: 'a' })).toBe(1)
  })
})

test('an unlabelled histogram: observe, startTimer, time', async () => {
  const registry = new Registry()
  const h = histogram({ name: 'h_seconds', help: 'h', registry })
  expect(await read(registry, 'h_seconds_count')).toBe(0)
  h.observe(1)
  h.startTimer()()
  h.time(() => 1)
  await h.time(async () => 1)
  h.labels().observe(1)
  expect(await read(registry, 'h_seconds_count')).toBe(5)
})

function withResolvers<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {}
  const promise = new Promise<T>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}
