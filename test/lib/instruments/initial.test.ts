// `initial`: series that exist at zero from the definition on, what it refuses, and what it leaves alone.
import { counter, gauge, histogram, Registry } from 'nanotally'
import { describe, expect, test } from 'vitest'
import { read, refusal, samplesOf, scrape } from '../../support/registry.js'

const options = { help: 'h', labels: ['method', 'status'], optionalLabels: ['tenant'] } as const
const LABELS = [
  { method: 'GET', status: 200 },
  { method: 'GET', status: '500', tenant: undefined },
  { method: 'PUT', status: 200n, tenant: true },
]
const SERIES = [
  { method: 'GET', status: '200' },
  { method: 'GET', status: '500' },
  { method: 'PUT', status: '200', tenant: 'true' },
]
const zeros = Object.fromEntries(SERIES.map((labels) => [JSON.stringify(labels), 0]))

describe('series exist at zero', () => {
  test('counters', async () => {
    const registry = new Registry()
    const c = counter({ name: 'c_total', ...options, initial: LABELS, registry })
    expect(await samplesOf(registry, 'c_total')).toEqual(zeros)
    c.inc({ method: 'GET', status: 200 }, 3)
    c.inc({ method: 'GET', status: 404 })
    expect(await samplesOf(registry, 'c_total')).toEqual({
      ...zeros,
      [JSON.stringify(SERIES[0])]: 3,
      [JSON.stringify({ method: 'GET', status: '404' })]: 1,
    })
  })

  test('histograms of both kinds', async () => {
    const registry = new Registry()
    histogram({ name: 'x', ...options, initial: LABELS, registry })
    histogram({ name: 'b', ...options, buckets: [1, 2], initial: LABELS, registry })
    for (const labels of SERIES) {
      for (const name of ['x_count', 'x_sum', 'b_count', 'b_sum']) expect(await read(registry, name, labels)).toBe(0)
      expect(await read(registry, 'b_bucket', { ...labels, le: '1' })).toBe(0)
    }
    expect((await scrape(registry)).get('b')?.samples).toHaveLength(3 * 5)
  })

  test.each(['sum', 'last'] as const)('gauges, %s', async (aggregate) => {
    const registry = new Registry()
    const g = gauge({ name: 'g', ...options, aggregate, initial: LABELS, registry })
    expect(await samplesOf(registry, 'g')).toEqual(zeros)
    g.set({ method: 'GET', status: 200 }, -5)
    g.inc({ method: 'GET', status: 500 }, 2)
    expect(await samplesOf(registry, 'g')).toEqual({
      ...zeros,
      [JSON.stringify(SERIES[0])]: -5,
      [JSON.stringify(SERIES[1])]: 2,
    })
  })

  test('a gauge without labels, which is not exposed otherwise', async () => {
    const registry = new Registry()
    gauge({ name: 'with', help: 'h', initial: [{}], registry })
    gauge({ name: 'without', help: 'h', registry })
    expect(await read(registry, 'with')).toBe(0)
    expect(await read(registry, 'without')).toBeUndefined()
  })

  test('the series without optional labels', async () => {
    const registry = new Registry()
    counter({ name: 'c_total', help: 'h', optionalLabels: ['a'], initial: [{}, { a: '' }, { a: 'x' }], registry })
    expect(await samplesOf(registry, 'c_total')).toEqual({ '{}': 0, '{"a":"x"}': 0 })
  })
})

test('defining again adds series and leaves values as they are', async () => {
  const registry = new Registry()
  const g = gauge({ name: 'g', help: 'h', labels: ['l'], initial: [{ l: 1 }], aggregate: 'last', registry })
  g.set({ l: 1 }, 7)
  g.set({ l: 2 }, 8)
  const c = counter({ name: 'c_total', help: 'h', labels: ['l'], registry })
  c.inc({ l: 1 }, 7)
  const initial = [{ l: 1 }, { l: 2 }, { l: 3 }]
  expect(gauge({ name: 'g', help: 'h', labels: ['l'], initial, aggregate: 'last', registry })).toBe(g)
  expect(counter({ name: 'c_total', help: 'h', labels: ['l'], initial, registry })).toBe(c)
  expect(await samplesOf(registry, 'g')).toEqual({ '{"l":"1"}': 7, '{"l":"2"}': 8, '{"l":"3"}': 0 })
  expect(await samplesOf(registry, 'c_total')).toEqual({ '{"l":"1"}': 7, '{"l":"2"}': 0, '{"l":"3"}': 0 })
})

test('as many as maxSeries', async () => {
  const registry = new Registry()
  const initial = Array.from({ length: 5 }, (_, l) => ({ l }))
  counter({ name: 'c_total', help: 'h', labels: ['l'], maxSeries: 5, initial, registry })
  expect(Object.keys(await samplesOf(registry, 'c_total'))).toHaveLength(5)
  expect((await scrape(registry)).has('nanotally_overflowed_total')).toBe(false)
})

test('a disabled metric exposes nothing', async () => {
  const registry = new Registry()
  counter({ name: 'c_total', help: 'h', labels: ['l'], initial: [{ l: 1 }], enabled: false, registry })
  expect((await scrape(registry)).size).toBe(0)
})

describe.each([
  ['counter', counter],
  ['gauge', gauge],
  ['histogram', histogram],
])('%s refuses', (_, make) => {
  test.each<[string, unknown, string]>([
    ['what is no array', {}, 'INVALID_TYPE'],
    ['null', null, 'INVALID_TYPE'],
    ['a string as labels', ['GET'], 'INVALID_TYPE'],
    ['null as labels', [null], 'INVALID_TYPE'],
    ['values by position', [['GET', 200]], 'INVALID_TYPE'],
    ['a hole', new Array(1), 'INVALID_TYPE'],
    ['an unknown label', [{ method: 'GET', status: 200, path: '/' }], 'INVALID_LABEL'],
    ['a missing label', [{ method: 'GET' }], 'INVALID_LABEL'],
    ['an undefined label', [{ method: 'GET', status: undefined }], 'INVALID_LABEL'],
    ['an object as value', [{ method: 'GET', status: {} }], 'INVALID_TYPE'],
    ['null as value', [{ method: 'GET', status: null }], 'INVALID_TYPE'],
    ['NaN as value', [{ method: 'GET', status: Number.NaN }], 'INVALID_TYPE'],
    ['a bad one after a good one', [{ method: 'GET', status: 1 }, { method: 'GET' }], 'INVALID_LABEL'],
    ['more than maxSeries', Array.from({ length: 4 }, (_, status) => ({ method: 'GET', status })), 'INVALID_VALUE'],
  ])('%s, and defines nothing', async (_, initial, code) => {
    const registry = new Registry()
    const error = refusal(() => make({ name: 'x', ...options, maxSeries: 3, initial, registry } as never))
    expect(error.code).toBe(`ERR_NANOTALLY_${code}`)
    expect(error.message).toMatch(/^initial: expected .+, received /)
    expect((await scrape(registry)).size).toBe(0)
  })
})

test.each(['min', 'max', 'average'] as const)('a %s gauge takes none', (aggregate) => {
  const registry = new Registry()
  const make = (initial: { l: number }[]) =>
    gauge({ name: 'g', help: 'h', labels: ['l'], aggregate, initial, registry })
  expect(refusal(() => make([{ l: 1 }])).code).toBe('ERR_NANOTALLY_INVALID_VALUE')
  make([])
})
