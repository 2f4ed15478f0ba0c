// Derived gauges: ratios and rates over other metrics' cells, grouped and filtered by labels.
import { counter, derivedGauge, gauge, histogram, NanotallyError, Registry } from 'nanotally'
import { describe, expect, test } from 'vitest'
import { read, scrape } from '../../support/registry.js'
import { until } from '../../support/until.js'

test('a ratio of sums, absent while its denominator is 0', async () => {
  const registry = new Registry()
  const hits = counter({ name: 'hits_total', help: 'h', registry })
  const misses = counter({ name: 'misses_total', help: 'h', registry })
  derivedGauge({ name: 'hit_ratio', help: 'Hits.', registry, ratio: { of: [hits], to: [hits, misses] } })
  expect((await scrape(registry)).get('hit_ratio')).toEqual({
    name: 'hit_ratio',
    help: 'Hits.',
    type: 'gauge',
    samples: [],
  })
  misses.inc()
  expect(await read(registry, 'hit_ratio')).toBe(0)
  hits.inc(3)
  expect(await read(registry, 'hit_ratio')).toBe(0.75)
})

test('grouped by labels, filtered by where', async () => {
  const registry = new Registry()
  const lookups = counter({ name: 'lookups_total', help: 'h', labels: ['cache', 'outcome'], registry })
  const ratio = { of: [{ metric: lookups, where: { outcome: 'hit' } }], to: [lookups] }
  derivedGauge({ name: 'hit_ratio', help: 'h', labels: ['cache'], registry, ratio })
  derivedGauge({ name: 'hit_ratio_overall', help: 'h', registry, ratio })
  lookups.inc({ cache: 'a"\\\n', outcome: 'hit' })
  lookups.inc({ cache: 'a"\\\n', outcome: 'miss' })
  lookups.inc({ cache: 'b', outcome: 'hit' }, 2)
  lookups.inc({ cache: 'c', outcome: 'miss' })
  expect((await scrape(registry)).get('hit_ratio')?.samples.map(({ labels, value }) => [labels.cache, value])).toEqual(
    expect.arrayContaining([
      ['a"\\\n', 0.5],
      ['b', 1],
      ['c', 0],
    ]),
  )
  expect(await read(registry, 'hit_ratio_overall')).toBe(0.6)
})

test('where matches values by their text', async () => {
  const registry = new Registry()
  const c = counter({ name: 'c_total', help: 'h', labels: ['status', 'quote'], registry })
  c.inc({ status: 200, quote: '"' }, 3)
  c.inc({ status: 500, quote: '"' }, 1)
  derivedGauge({
    name: 'ok_ratio',
    help: 'h',
    registry,
    ratio: { of: [{ metric: c, where: { status: 200, quote: '"' } }], to: [{ metric: c, where: {} }] },
  })
  expect(await read(registry, 'ok_ratio')).toBe(0.75)
})

test('histograms by count and sum, gauges by value', async () => {
  const registry = new Registry()
  const h = histogram({ name: 'h_seconds', help: 'h', registry })
  const explicit = histogram({ name: 'e_seconds', help: 'h', buckets: [1], registry })
  const g = gauge({ name: 'g', help: 'h', registry })
  const define = (name: string, of: Parameters<typeof derivedGauge>[0]['ratio']) =>
    derivedGauge({ name, help: 'h', registry, ratio: of })
  define('mean', { of: [{ metric: h, part: 'sum' }], to: [{ metric: h, part: 'count' }] })
  define('mean_explicit', { of: [{ metric: explicit, part: 'sum' }], to: [explicit] })
  define('count_by_default', { of: [h], to: [{ metric: g, part: 'value' }] })
  for (const value of [1, 2, 6]) {
    h.observe(value)
    explicit.observe(value)
  }
  expect(await read(registry, 'count_by_default')).toBeUndefined()
  g.set(2)
  expect(await read(registry, 'mean')).toBe(3)
  expect(await read(registry, 'mean_explicit')).toBe(3)
  expect(await read(registry, 'count_by_default')).toBe(1.5)
})

test('a rate is absent until there is something to compare with, then counts what was recorded', async () => {
  const registry = new Registry()
  const c = counter({ name: 'c_total', help: 'h', labels: ['l'], registry })
  c.inc({ l: 'busy' })
  c.inc({ l: 'idle' })
  derivedGauge({ name: 'c_rate', help: 'h', labels: ['l'], registry, rate: { of: [c], windowMs: 1000 } })
  // A sample of the past is taken on the tick, the first soon; the rate then grows with what is recorded.
  const rate = await until('a rate', async () => {
    c.inc({ l: 'busy' }, 1000)
    const now = await read(registry, 'c_rate', { l: 'busy' })
    return now !== undefined && now > 0 ? now : undefined
  })
  expect(Number.isFinite(rate)).toBe(true)
  expect(await read(registry, 'c_rate', { l: 'idle' })).toBe(0)
  await until('the rate to fall to 0', async () => (await read(registry, 'c_rate', { l: 'busy' })) === 0)
})

test('a ratio is scaled', async () => {
  const registry = new Registry()
  const part = counter({ name: 'part_total', help: 'h', registry })
  const all = counter({ name: 'all_total', help: 'h', registry })
  part.inc(29)
  all.inc(100)
  derivedGauge({ name: 'percent', help: 'h', registry, ratio: { of: [part], to: [all] }, scale: 100 })
  expect(await read(registry, 'percent')).toBe(29)
})

test('a removed operand takes no part any more', async () => {
  const registry = new Registry()
  const a = counter({ name: 'a_total', help: 'h', registry })
  const b = counter({ name: 'b_total', help: 'h', registry })
  a.inc()
  b.inc(3)
  derivedGauge({ name: 'share', help: 'h', registry, ratio: { of: [a], to: [a, b] } })
  expect(await read(registry, 'share')).toBe(0.25)
  registry.remove('b_total')
  expect(await read(registry, 'share')).toBe(1)
  registry.remove('a_total')
  expect(await read(registry, 'share')).toBeUndefined()
  expect(() => derivedGauge({ name: 'late', help: 'h', registry, ratio: { of: [a], to: [a] } })).toThrow(NanotallyError)
})

test('defined twice, conflicting, removed and defined anew', async () => {
  const registry = new Registry()
  const a = counter({ name: 'a_total', help: 'h', registry })
  const b = counter({ name: 'b_total', help: 'h', registry })
  a.inc(2)
  b.inc(4)
  const define = (ratio: { of: (typeof a)[]; to: (typeof a)[] }) =>
    derivedGauge({ name: 'd', help: 'h', registry, ratio })
  define({ of: [a], to: [b] })
  define({ of: [a], to: [b] })
  expect(() => define({ of: [b], to: [a] })).toThrow(expect.objectContaining({ code: 'ERR_NANOTALLY_METRIC_CONFLICT' }))
  expect(registry.remove('d')).toBe(true)
  expect(await read(registry, 'd')).toBeUndefined()
  define({ of: [b], to: [a] })
  expect(await read(registry, 'd')).toBe(2)
})

describe('refusals', () => {
  const registry = new Registry()
  const c = counter({ name: 'c_total', help: 'h', labels: ['l'], registry })
  const h = histogram({ name: 'h', help: 'h', registry })
  const foreign = counter({ name: 'c_total', help: 'h', registry: new Registry() })
  const ratio = { of: [c], to: [c] }
  test.each<[string, Record<string, unknown>, string]>([
    ['a bad name', { name: 'a\0b' }, 'INVALID_NAME'],
    ['help that is no string', { help: 1 }, 'INVALID_TYPE'],
    ['a registry that is none', { registry: {} }, 'INVALID_TYPE'],
    ['a reserved label', { labels: ['__x'] }, 'RESERVED_LABEL'],
    ['a label that an operand lacks', { labels: ['m'] }, 'INVALID_VALUE'],
    ['neither ratio nor rate', { ratio: undefined }, 'INVALID_VALUE'],
    ['both', { rate: { of: [c], windowMs: 1000 } }, 'INVALID_VALUE'],
    ['no operands', { ratio: { of: [], to: [c] } }, 'INVALID_TYPE'],
    ['operands that are no array', { ratio: { of: c, to: [c] } }, 'INVALID_TYPE'],
    ['an operand that is no metric', { ratio: { of: [{}], to: [c] } }, 'INVALID_TYPE'],
    ['an operand that is null', { ratio: { of: [null], to: [c] } }, 'INVALID_TYPE'],
    ['an operand of another registry', { ratio: { of: [foreign], to: [c] } }, 'INVALID_VALUE'],
    ['the sum of a counter', { ratio: { of: [{ metric: c, part: 'sum' }], to: [c] } }, 'INVALID_VALUE'],
    ['the value of a histogram', { ratio: { of: [{ metric: h, part: 'value' }], to: [c] } }, 'INVALID_VALUE'],
    ['an unknown part', { ratio: { of: [{ metric: h, part: 'p99' }], to: [c] } }, 'INVALID_VALUE'],
    ['an unknown label in where', { ratio: { of: [{ metric: c, where: { m: 1 } }], to: [c] } }, 'INVALID_VALUE'],
    ['a short window', { ratio: undefined, rate: { of: [c], windowMs: 999 } }, 'INVALID_VALUE'],
    ['a long window', { ratio: undefined, rate: { of: [c], windowMs: 3_600_001 } }, 'INVALID_VALUE'],
    ['a fractional window', { ratio: undefined, rate: { of: [c], windowMs: 1000.5 } }, 'INVALID_VALUE'],
    ['a scale that is no number', { scale: '100' }, 'INVALID_TYPE'],
    ['a scale of 0', { scale: 0 }, 'INVALID_VALUE'],
    ['an infinite scale', { scale: Infinity }, 'INVALID_VALUE'],
    ['no window', { ratio: undefined, rate: { of: [c] } }, 'INVALID_VALUE'],
  ])('%s', (_, wrong, code) => {
    const options = { name: 'd', help: 'h', registry, ratio, ...wrong }
    expect(() => derivedGauge(options as never)).toThrow(expect.objectContaining({ code: `ERR_NANOTALLY_${code}` }))
  })
})
