// Gauges: set, inc and dec, what they refuse, and when a series appears.
import { gauge, Registry } from 'nanotally'
import { expect, test } from 'vitest'
import { read, rejections, scrape } from '../../support/registry.js'

test('a series is exposed from its first record on', async () => {
  const registry = new Registry()
  const depth = gauge({ name: 'queue_depth', help: 'h', labels: ['priority'], registry })
  const temperature = gauge({ name: 'temperature', help: 'h', registry })
  depth.labels('high')
  expect((await scrape(registry)).get('queue_depth')?.samples).toEqual([])
  expect((await scrape(registry)).get('temperature')).toMatchObject({ type: 'gauge', samples: [] })
  depth.labels('high').set(12)
  temperature.set(0)
  expect(await read(registry, 'queue_depth', { priority: 'high' })).toBe(12)
  expect(await read(registry, 'temperature')).toBe(0)
})

test('set, inc and dec, with labels and bound', async () => {
  const registry = new Registry()
  const plain = gauge({ name: 'plain', help: 'h', registry })
  plain.set(10)
  plain.inc()
  plain.inc(2.5)
  plain.dec()
  plain.dec(0.5)
  expect(await read(registry, 'plain')).toBe(12)

  const labelled = gauge({ name: 'labelled', help: 'h', labels: ['l'], registry })
  labelled.set({ l: 'a' }, 5)
  labelled.inc({ l: 'a' })
  labelled.inc({ l: 'a' }, -2)
  labelled.dec({ l: 'a' })
  labelled.dec({ l: 'a' }, 0.25)
  labelled.labels({ l: 'a' }).inc()
  labelled.labels('a').dec(2)
  expect(await read(registry, 'labelled', { l: 'a' })).toBe(1.75)
})

test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 5e-324, 2 ** 53, -1e308])(
  'any number can be set: %s',
  async (value) => {
    const registry = new Registry()
    gauge({ name: 'g', help: 'h', registry }).set(value)
    expect(Object.is(await read(registry, 'g'), value)).toBe(true)
    expect(await rejections(registry, 'g')).toEqual({})
  },
)

test.each<[unknown, string]>([
  [Number.NaN, 'not_a_number'],
  [Number.POSITIVE_INFINITY, 'infinite'],
  [Number.NEGATIVE_INFINITY, 'infinite'],
  ['3', 'not_a_number'],
  [3n, 'not_a_number'],
  [null, 'not_a_number'],
  [Symbol('s'), 'not_a_number'],
  [{ valueOf: () => 1 }, 'not_a_number'],
])('inc and dec drop and count %s as %s', async (amount, reason) => {
  const registry = new Registry()
  const g = gauge({ name: 'g', help: 'h', registry }).labels()
  g.set(1)
  g.inc(amount as number)
  g.dec(amount as number)
  expect(await read(registry, 'g')).toBe(1)
  expect(await rejections(registry, 'g')).toEqual({ [reason]: 2 })
})

test.each([undefined, null, '1', 1n, true, Symbol('s'), {}])('set drops and counts %s', async (value) => {
  const registry = new Registry()
  const g = gauge({ name: 'g', help: 'h', registry })
  g.labels().set(value as number)
  expect((await scrape(registry)).get('g')?.samples).toEqual([])
  expect(await rejections(registry, 'g')).toEqual({ not_a_number: 1 })
})

test('set after inc and inc after set', async () => {
  const registry = new Registry()
  const g = gauge({ name: 'g', help: 'h', registry })
  g.inc(3)
  g.set(10)
  g.inc()
  g.dec(2)
  expect(await read(registry, 'g')).toBe(9)
})

test.each(['sum', 'last', 'min', 'max', 'average'] as const)('one thread with aggregate %s', async (aggregate) => {
  const registry = new Registry()
  const g = gauge({ name: 'g', help: 'h', aggregate, registry })
  g.set(-3)
  expect(await read(registry, 'g')).toBe(-3)
  g.set(4)
  expect(await read(registry, 'g')).toBe(4)
})
