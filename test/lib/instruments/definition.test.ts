// Definitions: what is refused, with which error class and code, and that a refusal leaves nothing behind.
import { counter, derivedGauge, gauge, histogram, NanotallyError, Registry } from 'nanotally'
import { describe, expect, test } from 'vitest'
import { refusal, scrape } from '../../support/registry.js'

type Make = (options: never) => unknown
const makers: Record<string, Make> = { counter, gauge, histogram }

describe.each(Object.keys(makers))('%s', (kind) => {
  const make = makers[kind] as Make

  test.each<[string, Record<string, unknown>, string, ErrorConstructor]>([
    ['a name that is no string', { name: 5 }, 'INVALID_TYPE', TypeError],
    ['no name', { name: undefined }, 'INVALID_TYPE', TypeError],
    ['an empty name', { name: '' }, 'INVALID_NAME', RangeError],
    ['a name with NUL', { name: 'a\0b' }, 'INVALID_NAME', RangeError],
    ['a name with half a surrogate pair', { name: 'a\ud83d' }, 'INVALID_NAME', RangeError],
    ['a name of 1001 characters', { name: 'a'.repeat(1001) }, 'INVALID_NAME', RangeError],
    ['no help', { help: undefined }, 'INVALID_TYPE', TypeError],
    ['help that is no string', { help: 5 }, 'INVALID_TYPE', TypeError],
    ['a unit that is no string', { unit: 5 }, 'INVALID_TYPE', TypeError],
    ['a unit with a space', { unit: 'per second' }, 'INVALID_VALUE', RangeError],
    ['labels that are no array', { labels: 'method' }, 'INVALID_TYPE', TypeError],
    ['labels that are null', { labels: null }, 'INVALID_TYPE', TypeError],
    ['a label that is no string', { labels: [5] }, 'INVALID_TYPE', TypeError],
    ['a label with NUL', { labels: ['a\0'] }, 'INVALID_LABEL', RangeError],
    ['a label with half a surrogate pair', { labels: ['\udfff'] }, 'INVALID_LABEL', RangeError],
    ['a label of 1001 characters', { labels: ['a'.repeat(1001)] }, 'INVALID_LABEL', RangeError],
    ['an empty label', { labels: [''] }, 'INVALID_LABEL', RangeError],
    ['a label twice', { labels: ['a', 'b', 'a'] }, 'INVALID_LABEL', RangeError],
    ['a label that is required and optional', { labels: ['a'], optionalLabels: ['a'] }, 'INVALID_LABEL', RangeError],
    ['optional labels that are no array', { optionalLabels: {} }, 'INVALID_TYPE', TypeError],
    ['a bad optional label', { optionalLabels: ['\0'] }, 'INVALID_LABEL', RangeError],
    ['a reserved label', { labels: ['__name__'] }, 'RESERVED_LABEL', RangeError],
    ['a reserved label that needs quotes', { labels: ['__a.b'] }, 'RESERVED_LABEL', RangeError],
    ['the label __proto__', { optionalLabels: ['__proto__'] }, 'RESERVED_LABEL', RangeError],
    ['the overflow label', { labels: ['otel_metric_overflow'] }, 'RESERVED_LABEL', RangeError],
    ['maxSeries that is no number', { maxSeries: '5' }, 'INVALID_TYPE', TypeError],
    ['a fractional maxSeries', { maxSeries: 1.5 }, 'INVALID_TYPE', TypeError],
    ['maxSeries 0', { maxSeries: 0 }, 'INVALID_VALUE', RangeError],
    ['a maxSeries beyond a million', { maxSeries: 1_000_001 }, 'INVALID_VALUE', RangeError],
    ['enabled that is no boolean', { enabled: 1 }, 'INVALID_TYPE', TypeError],
    ['a registry that is none', { registry: {} }, 'INVALID_TYPE', TypeError],
    ['a registry that is null', { registry: null }, 'INVALID_TYPE', TypeError],
  ])('%s', async (_, wrong, code, type) => {
    const registry = new Registry()
    const error = refusal(() => make({ name: 'x_total', help: 'h', registry, ...wrong } as never))
    expect(error).toBeInstanceOf(type)
    expect(error.code).toBe(`ERR_NANOTALLY_${code}`)
    expect(error.message).toMatch(/^\w+: expected .+, received /)
    expect(error.message.length).toBeLessThan(300)
    expect((await scrape(registry)).size).toBe(0)
  })

  test.each([undefined, null, 5, 'x_total'])('options that are %s', (options) => {
    expect(refusal(() => make(options as never)).code).toBe('ERR_NANOTALLY_INVALID_TYPE')
  })

  test('the outermost values that are allowed', () => {
    const registry = new Registry()
    const labels = ['_', 'a1', 'B_2', 'quantile']
    make({ name: ':a_B:1', help: '', unit: 'bytes_2:x', labels, maxSeries: 1_000_000, registry } as never)
    make({ name: '_', help: 'a\nb\\', optionalLabels: labels, maxSeries: 1, enabled: true, registry } as never)
    const others = ['a-b', '1', 'zähler', ' ', '"', 'a\n', '😀', 'x'.repeat(1000)]
    for (const name of others) make({ name, help: '', labels: others, registry } as never)
  })

  test('a closed registry', () => {
    const registry = new Registry()
    registry.close()
    const error = refusal(() => make({ name: 'x_total', help: 'h', registry } as never))
    expect(error).toBeInstanceOf(NanotallyError)
    expect(error.code).toBe('ERR_NANOTALLY_REGISTRY_CLOSED')
  })
})

describe('histogram', () => {
  test.each<[string, Record<string, unknown>, string]>([
    ['schema -5', { schema: -5 }, 'INVALID_SCHEMA'],
    ['schema 9', { schema: 9 }, 'INVALID_SCHEMA'],
    ['a fractional schema', { schema: 2.5 }, 'INVALID_SCHEMA'],
    ['schema NaN', { schema: Number.NaN }, 'INVALID_SCHEMA'],
    ['a schema that is no number', { schema: '3' }, 'INVALID_TYPE'],
    ['a schema beside buckets', { schema: 3, buckets: [1] }, 'INVALID_VALUE'],
    ['buckets that are no array', { buckets: 5 }, 'INVALID_TYPE'],
    ['a bucket that is no number', { buckets: [1, '2'] }, 'INVALID_TYPE'],
    ['no buckets', { buckets: [] }, 'INVALID_BUCKETS'],
    ['no bucket but Infinity', { buckets: [Number.POSITIVE_INFINITY] }, 'INVALID_BUCKETS'],
    ['descending buckets', { buckets: [1, 3, 2] }, 'INVALID_BUCKETS'],
    ['a bucket twice', { buckets: [1, 2, 2] }, 'INVALID_BUCKETS'],
    ['zero twice', { buckets: [-0, 0] }, 'INVALID_BUCKETS'],
    ['NaN among the buckets', { buckets: [1, Number.NaN, 2] }, 'INVALID_BUCKETS'],
    ['-Infinity among the buckets', { buckets: [Number.NEGATIVE_INFINITY, 1] }, 'INVALID_BUCKETS'],
    ['Infinity before the end', { buckets: [1, Number.POSITIVE_INFINITY, 2] }, 'INVALID_BUCKETS'],
    ['a hole', { buckets: Object.assign(new Array(3), { 0: 1, 2: 3 }) }, 'INVALID_TYPE'],
    ['1001 buckets', { buckets: Array.from({ length: 1001 }, (_, i) => i) }, 'INVALID_BUCKETS'],
    ['the label le', { labels: ['le'] }, 'RESERVED_LABEL'],
    ['the optional label le', { optionalLabels: ['le'] }, 'RESERVED_LABEL'],
  ])('%s', (_, wrong, code) => {
    const registry = new Registry()
    expect(refusal(() => histogram({ name: 'h', help: 'h', registry, ...wrong } as never)).code).toBe(
      `ERR_NANOTALLY_${code}`,
    )
  })

  test('le is a label like any other elsewhere', () => {
    const registry = new Registry()
    counter({ name: 'a_total', help: 'h', labels: ['le'], registry })
    gauge({ name: 'b', help: 'h', labels: ['le'], registry })
  })

  test('later changes to the given buckets change nothing', async () => {
    const registry = new Registry()
    const buckets = [1, 2]
    const h = histogram({ name: 'h', help: 'h', buckets, registry })
    buckets[0] = 5
    h.observe(1)
    const first = (await scrape(registry)).get('h')?.samples[0]
    expect(first).toMatchObject({ labels: { le: '1' }, value: 1 })
  })
})

describe('gauge', () => {
  test.each<[string, Record<string, unknown>, string]>([
    ['an unknown aggregate', { aggregate: 'median' }, 'INVALID_VALUE'],
    ['an aggregate that is no string', { aggregate: 5 }, 'INVALID_VALUE'],
    ['an unknown exit rule', { onExit: 'default' }, 'INVALID_VALUE'],
    ['a collect that is no function', { collect: 5 }, 'INVALID_TYPE'],
  ])('%s', (_, wrong, code) => {
    const registry = new Registry()
    expect(refusal(() => gauge({ name: 'g', help: 'h', registry, ...wrong } as never)).code).toBe(
      `ERR_NANOTALLY_${code}`,
    )
  })
})

describe('conflicts', () => {
  const base = { name: 'x', help: 'h' }
  const others: [string, (registry: Registry) => unknown][] = [
    ['another type', (registry) => gauge({ ...base, labels: ['a'], registry })],
    ['other labels', (registry) => counter({ ...base, labels: ['b'], registry })],
    ['more labels', (registry) => counter({ ...base, labels: ['a', 'b'], registry })],
    ['no labels', (registry) => counter({ ...base, registry })],
    ['an optional in place of a required label', (registry) => counter({ ...base, optionalLabels: ['a'], registry })],
    ['another unit', (registry) => counter({ ...base, labels: ['a'], unit: 'bytes', registry })],
  ]
  test.each(others)('%s', (_, define) => {
    const registry = new Registry()
    counter({ ...base, labels: ['a'], registry })
    const error = refusal(() => define(registry))
    expect(error).toBeInstanceOf(NanotallyError)
    expect(error.code).toBe('ERR_NANOTALLY_METRIC_CONFLICT')
    expect(error.message).toContain('metric x ')
  })

  test('another order of the labels', () => {
    const registry = new Registry()
    counter({ ...base, labels: ['a', 'b'], registry })
    expect(refusal(() => counter({ ...base, labels: ['b', 'a'], registry })).code).toBe('ERR_NANOTALLY_METRIC_CONFLICT')
  })

  test('a gauge of another aggregate or exit rule', () => {
    const registry = new Registry()
    gauge({ ...base, registry })
    gauge({ ...base, aggregate: 'sum', registry })
    expect(refusal(() => gauge({ ...base, aggregate: 'max', registry })).code).toBe('ERR_NANOTALLY_METRIC_CONFLICT')
    expect(refusal(() => gauge({ ...base, onExit: 'keep', registry })).code).toBe('ERR_NANOTALLY_METRIC_CONFLICT')
  })

  test('a histogram of other buckets', () => {
    const registry = new Registry()
    histogram({ ...base, registry })
    histogram({ ...base, schema: 3, registry })
    histogram({ ...base, name: 'y', buckets: [1, 2], registry })
    for (const other of [{ schema: 4 }, { buckets: [1] }, { name: 'y' }, { name: 'y', buckets: [1, 3] }]) {
      expect(refusal(() => histogram({ ...base, ...other, registry })).code).toBe('ERR_NANOTALLY_METRIC_CONFLICT')
    }
  })

  test.each(['_bucket', '_sum', '_count'])('a name that is a sample of a histogram: %s', (suffix) => {
    const first = new Registry()
    histogram({ ...base, registry: first })
    expect(refusal(() => gauge({ ...base, name: `x${suffix}`, registry: first })).code).toBe(
      'ERR_NANOTALLY_METRIC_CONFLICT',
    )
    const second = new Registry()
    gauge({ ...base, name: `x${suffix}`, registry: second })
    expect(refusal(() => histogram({ ...base, registry: second })).code).toBe('ERR_NANOTALLY_METRIC_CONFLICT')
  })

  test.each(['nanotally_rejected_total', 'nanotally_overflowed_total'])('a family of nanotally: %s', (name) => {
    expect(refusal(() => counter({ name, help: 'h', registry: new Registry() })).code).toBe(
      'ERR_NANOTALLY_METRIC_CONFLICT',
    )
  })

  test('a derived gauge of the same name, either way', () => {
    const registry = new Registry()
    const a = counter({ name: 'a_total', help: 'h', registry })
    derivedGauge({ name: 'ratio', help: 'h', registry, ratio: { of: [a], to: [a] } })
    expect(refusal(() => gauge({ name: 'ratio', help: 'h', registry })).code).toBe('ERR_NANOTALLY_METRIC_CONFLICT')
    const error = refusal(() => derivedGauge({ name: 'a_total', help: 'h', registry, ratio: { of: [a], to: [a] } }))
    expect(error.code).toBe('ERR_NANOTALLY_METRIC_CONFLICT')
  })
})

test('the same definition returns the same metric, whatever its help and maxSeries', async () => {
  const registry = new Registry()
  const options = { name: 'x_total', help: 'first', labels: ['a'], optionalLabels: ['b'], unit: 'things', registry }
  const x = counter(options)
  expect(counter(options)).toBe(x)
  expect(counter({ ...options, help: 'second', maxSeries: 5 })).toBe(x)
  expect((await scrape(registry)).get('x_total')?.help).toBe('first')
  const h = histogram({ name: 'h', help: 'h', buckets: [1], registry })
  expect(histogram({ name: 'h', help: 'h', buckets: [1], registry })).toBe(h)
  const g = gauge({ name: 'g', help: 'h', aggregate: 'max', onExit: 'keep', registry })
  expect(gauge({ name: 'g', help: 'h', aggregate: 'max', onExit: 'keep', registry })).toBe(g)
})

test('one name in two registries is two metrics', async () => {
  const first = new Registry()
  const second = new Registry()
  counter({ name: 'x_total', help: 'h', registry: first }).inc()
  gauge({ name: 'x_total', help: 'h', registry: second }).set(5)
  expect((await scrape(first)).get('x_total')).toMatchObject({ type: 'counter', samples: [{ value: 1 }] })
  expect((await scrape(second)).get('x_total')).toMatchObject({ type: 'gauge', samples: [{ value: 5 }] })
})
