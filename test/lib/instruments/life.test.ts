// How series end and begin anew in one environment: remove(), clear(), reset(). Idle series: idle.test.ts.
import { type Counter, counter, derivedGauge, gauge, histogram, info, Registry, stateSet } from 'nanotally'
import { describe, expect, test } from 'vitest'
import { openMetricsOf, openMetricsSamples } from '../../support/created.js'
import { read, refusal, rejections, samplesOf, scrape } from '../../support/registry.js'
import { until } from '../../support/until.js'

const OVERFLOW = { otel_metric_overflow: 'true' }
const TRACE = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' }

/** Every kind of metric with a label `l`, what records 1 through a handle, and the sample that shows it. */
function kinds(registry: Registry) {
  const options = { help: 'h', labels: ['l'], registry } as const
  const gauges = (['sum', 'last', 'min', 'max', 'average'] as const).map((aggregate) => {
    const metric = gauge({ ...options, name: aggregate, aggregate })
    return { metric, sample: aggregate, bind: (l: string) => metric.labels(l), record: 'set' as const }
  })
  const total = counter({ ...options, name: 'c_total' })
  const exponential = histogram({ ...options, name: 'exponential' })
  const explicit = histogram({ ...options, name: 'explicit', buckets: [0.5, 1, 2] })
  return [
    { metric: total, sample: 'c_total', bind: (l: string) => total.labels(l), record: 'inc' as const },
    ...gauges,
    ...[exponential, explicit].map((metric) => ({
      metric,
      sample: `${metric.name}_sum`,
      bind: (l: string) => metric.labels(l),
      record: 'observe' as const,
    })),
  ].map(({ bind, record, ...rest }) => ({
    ...rest,
    bind: (l: string) => {
      const bound = bind(l) as unknown as Record<string, (value: number) => void>
      return (value: number) => bound[record]?.(value)
    },
  }))
}

describe('remove()', () => {
  test('by object and by position; values as they are given are one series with their text', async () => {
    const registry = new Registry()
    const c = counter({ name: 'c_total', help: 'h', labels: ['l'], registry })
    const given: [recorded: string | number | boolean | bigint, removed: string | number | boolean | bigint][] = [
      ['200', 200],
      [200, '200'],
      [7n, 7],
      [8, 8n],
      [true, 'true'],
      ['false', false],
      ['', ''],
      [-0, 0],
      [1e21, '1e+21'],
      ['\ud800', '\ufffd'],
      ['a"\\\n', 'a"\\\n'],
    ]
    for (const [recorded, removed] of given) {
      for (const isByPosition of [false, true]) {
        const bound = c.labels(recorded)
        c.inc({ l: recorded })
        c.inc({ l: removed })
        expect(Object.values(await samplesOf(registry, 'c_total'))).toEqual([2])
        expect(isByPosition ? c.remove(removed) : c.remove({ l: removed })).toBe(true)
        expect(await samplesOf(registry, 'c_total')).toEqual({})
        expect(isByPosition ? c.remove(removed) : c.remove({ l: recorded }), 'nothing is there any more').toBe(false)
        // None of the keys that led to the old handle still does.
        for (const l of [recorded, removed]) expect(c.labels(l)).not.toBe(bound)
        expect(c.labels(recorded)).toBe(c.labels(removed))
        c.remove(recorded)
      }
    }
    expect(await rejections(registry, 'c_total')).toEqual({})
  })

  test('several labels, optional ones', async () => {
    const registry = new Registry()
    const c = counter({ name: 'c_total', help: 'h', labels: ['a', 'b'], optionalLabels: ['o', 'p'], registry })
    c.inc({ a: 1, b: 2 }, 1)
    c.inc({ a: 1, b: 2, o: 3 }, 2)
    c.inc({ a: 1, b: 2, p: 3 }, 4)
    c.inc({ a: 2, b: 1 }, 8)
    c.inc({ a: 1, b: 3, o: 'x', p: 'y' }, 16)
    expect(c.remove({ a: 1, b: 2, o: '' })).toBe(true)
    expect(c.remove(1, 2, undefined, 3)).toBe(true)
    expect(c.remove(1, 3, 'x')).toBe(false)
    expect(c.remove(1, 3, 'x', 'y')).toBe(true)
    expect(await samplesOf(registry, 'c_total')).toEqual({ '{"a":"1","b":"2","o":"3"}': 2, '{"a":"2","b":"1"}': 8 })
    expect(c.remove({ b: '2', o: 3, a: '1' })).toBe(true)
    expect(c.remove({ a: 2, b: 1, o: undefined, p: undefined })).toBe(true)
    expect(await samplesOf(registry, 'c_total')).toEqual({})
  })

  test('labels that are none of the metric throw, and end nothing', async () => {
    const registry = new Registry()
    const c = counter({ name: 'c_total', help: 'h', labels: ['l'], registry }) as unknown as Counter
    const plain = counter({ name: 'plain_total', help: 'h', registry }) as unknown as Counter
    c.inc({ l: 'a' })
    plain.inc()
    const wrong: unknown[][] = [
      [],
      [undefined],
      [null],
      [{}],
      [{ m: 'a' }],
      [{ l: 'a', m: 'a' }],
      [{ l: {} }],
      [{ l: Number.NaN }],
      [Symbol('a')],
      [['a']],
      ['a', 'b'],
    ]
    for (const given of wrong) {
      const error = refusal(() => c.remove(...(given as [])))
      expect([given, error instanceof RangeError, error.code]).toEqual([given, true, 'ERR_NANOTALLY_INVALID_LABEL'])
    }
    for (const given of [['a'], [{ l: 'a' }]]) {
      expect(refusal(() => plain.remove(...(given as []))).code).toBe('ERR_NANOTALLY_INVALID_LABEL')
    }
    expect(await read(registry, 'c_total', { l: 'a' })).toBe(1)
    expect(await read(registry, 'plain_total')).toBe(1)
  })

  test('recordings through old handles are dropped and counted; the labels begin anew', async () => {
    const registry = new Registry()
    let checked = 0
    for (const { metric, sample, bind } of kinds(registry)) {
      const old = bind('a')
      const other = bind('b')
      old(4)
      other(1)
      expect((metric as unknown as Counter).remove({ l: 'a' })).toBe(true)
      old(8)
      old(8)
      expect(await rejections(registry, metric.name)).toEqual({ removed: 2 })
      expect(await read(registry, sample, { l: 'a' })).toBeUndefined()
      bind('a')(2)
      old(8)
      expect(await read(registry, sample, { l: 'a' })).toBe(2)
      expect(await read(registry, sample, { l: 'b' })).toBe(1)
      expect(await rejections(registry, metric.name)).toEqual({ removed: 3 })
      checked++
    }
    expect(checked).toBe(8)
  })

  test('a series that returns has a new created time', async () => {
    const registry = new Registry()
    const c = counter({ name: 'c_total', help: 'h', labels: ['l'], registry })
    const h = histogram({ name: 'h', help: 'h', labels: ['l'], registry })
    c.inc({ l: 'stays' })
    c.inc({ l: 'a' })
    h.observe({ l: 'a' }, 1)
    const [counters, histograms] = [
      await openMetricsSamples(registry, 'c_created'),
      await openMetricsSamples(registry, 'h_created'),
    ]
    await until('later created times', async () => {
      expect([c.remove('a'), h.remove('a')]).toEqual([true, true])
      c.inc({ l: 'a' })
      h.observe({ l: 'a' }, 1)
      const now = await openMetricsSamples(registry, 'c_created')
      expect(now['l="stays"']).toBe(counters['l="stays"'])
      const since = (await openMetricsSamples(registry, 'h_created'))['l="a"'] as number
      return (now['l="a"'] as number) > (counters['l="a"'] as number) && since > (histograms['l="a"'] as number)
    })
  })

  test('a metric without labels begins anew at once', async () => {
    const registry = new Registry()
    const c = counter({ name: 'c_total', help: 'h', registry })
    const h = histogram({ name: 'h', help: 'h', registry })
    const g = gauge({ name: 'g', help: 'h', registry })
    const bound = c.labels()
    c.inc(5)
    h.observe(5)
    g.set(5)
    expect([c.remove(), h.remove(), g.remove()]).toEqual([true, true, true])
    expect(await read(registry, 'c_total')).toBe(0)
    expect(await read(registry, 'h_count')).toBe(0)
    expect(await read(registry, 'g')).toBeUndefined()
    bound.inc(100)
    c.inc(1)
    h.observe(2)
    g.inc(3)
    expect(await read(registry, 'c_total')).toBe(1)
    expect(await read(registry, 'h_sum')).toBe(2)
    expect(await read(registry, 'g')).toBe(3)
    expect(c.labels()).not.toBe(bound)
    expect(await rejections(registry, 'c_total')).toEqual({ removed: 1 })
  })

  test('a histogram reads as one without observations, and keeps no exemplars', async () => {
    const registry = new Registry()
    const h = histogram({ name: 'h', help: 'h', labels: ['l'], registry })
    const old = h.labels('a')
    for (let i = -40; i < 40; i++) old.observe(2 ** i, { exemplar: TRACE })
    expect(await openMetricsOf(registry)).toContain(TRACE.traceId)
    expect(h.remove('a')).toBe(true)
    expect(old.count).toBe(0)
    expect(old.quantile(0.5)).toBeNaN()
    expect(h.count).toBe(0)
    old.observe(1, { exemplar: TRACE })
    h.observe({ l: 'a' }, 3)
    expect(
      h
        .labels('a')
        .snapshot()
        .buckets.map(({ count }) => count),
    ).toEqual([1])
    expect(h.sum).toBe(3)
    expect(await openMetricsOf(registry)).not.toContain(TRACE.traceId)
  })

  test('slots and cells are used anew, and no series begins with what another left', async () => {
    const registry = new Registry()
    const all = kinds(registry)
    for (let round = 0; round < 50; round++) {
      for (const { metric, bind } of all) {
        for (let i = 0; i < 40; i++) bind(`${round}-${i}`)(round + 1)
        for (let i = 0; i < 40; i++) expect((metric as unknown as Counter).remove(`${round}-${i}`)).toBe(true)
        bind('last')(1)
        expect((metric as unknown as Counter).remove({ l: 'last' })).toBe(true)
      }
    }
    for (const { sample, bind } of all) {
      for (let i = 0; i < 40; i++) bind(`${i}`)(0.5)
      const samples = (await scrape(registry)).get(sample.replace('_sum', ''))?.samples ?? []
      const values = samples.filter(({ name }) => name === sample).map(({ value }) => value)
      expect(values, sample).toEqual(Array(40).fill(0.5))
    }
    expect((await scrape(registry)).has('nanotally_overflowed_total')).toBe(false)
  })

  test('room under maxSeries', async () => {
    const registry = new Registry()
    const c = counter({ name: 'c_total', help: 'h', labels: ['l'], maxSeries: 2, registry })
    for (const l of ['a', 'b', 'c']) c.inc({ l })
    expect(await read(registry, 'c_total', OVERFLOW)).toBe(1)
    expect(c.remove('c'), 'the overflow series is nobody of that name').toBe(false)
    c.remove('a')
    c.inc({ l: 'c' }, 2)
    expect(await samplesOf(registry, 'c_total')).toEqual({
      [JSON.stringify({ l: 'b' })]: 1,
      [JSON.stringify({ l: 'c' })]: 2,
      [JSON.stringify(OVERFLOW)]: 1,
    })
  })

  test('of a metric or a registry that is gone', () => {
    const registry = new Registry()
    const c = counter({ name: 'c_total', help: 'h', labels: ['l'], registry })
    c.inc({ l: 'a' })
    registry.remove('c_total')
    for (const call of [() => c.remove('a'), () => c.clear(), () => c.reset()]) {
      expect(refusal(call).code).toBe('ERR_NANOTALLY_METRIC_REMOVED')
    }
    registry.close()
    for (const call of [() => c.remove('a'), () => c.clear(), () => c.reset()]) {
      expect(refusal(call).code).toBe('ERR_NANOTALLY_REGISTRY_CLOSED')
    }
  })
})

describe('clear()', () => {
  test('ends all series, the overflow series too; all handles drop', async () => {
    const registry = new Registry()
    const c = counter({ name: 'c_total', help: 'h', labels: ['l'], maxSeries: 2, registry })
    const other = counter({ name: 'other_total', help: 'h', labels: ['l'], registry })
    other.inc({ l: 'a' })
    const handles = ['a', 'b', 'c'].map((l) => c.labels(l))
    for (const bound of handles) bound.inc()
    c.clear()
    expect(await samplesOf(registry, 'c_total')).toEqual({})
    for (const bound of handles) bound.inc(100)
    expect(await rejections(registry, 'c_total')).toEqual({ removed: 3 })
    for (const l of ['c', 'b', 'a']) c.inc({ l }, 2)
    expect(await samplesOf(registry, 'c_total')).toEqual({
      [JSON.stringify({ l: 'c' })]: 2,
      [JSON.stringify({ l: 'b' })]: 2,
      [JSON.stringify(OVERFLOW)]: 2,
    })
    expect(await read(registry, 'other_total', { l: 'a' })).toBe(1)
    c.clear()
    c.clear()
    expect(await samplesOf(registry, 'c_total')).toEqual({})
  })

  test('every kind of metric, with and without labels', async () => {
    const registry = new Registry()
    for (const { metric, sample, bind } of kinds(registry)) {
      const old = bind('a')
      old(3)
      metric.clear()
      old(3)
      expect(await read(registry, sample, { l: 'a' })).toBeUndefined()
      bind('a')(1)
      expect(await read(registry, sample, { l: 'a' })).toBe(1)
      expect(await rejections(registry, metric.name)).toEqual({ removed: 1 })
    }
    const plain = counter({ name: 'plain_total', help: 'h', registry })
    plain.inc(5)
    plain.clear()
    expect(await read(registry, 'plain_total')).toBe(0)
    plain.inc(2)
    expect(await read(registry, 'plain_total')).toBe(2)
  })

  test('facts and states', async () => {
    const registry = new Registry()
    const build = info({ name: 'build_info', help: 'h', labels: ['version'], registry })
    const breaker = stateSet({ name: 'breaker', help: 'h', states: ['open', 'closed'], registry })
    build.set({ version: '1' })
    breaker.set('open')
    build.clear()
    breaker.clear()
    expect(await samplesOf(registry, 'build_info')).toEqual({})
    expect(await samplesOf(registry, 'breaker')).toEqual({})
    build.set({ version: '2' })
    breaker.set('closed')
    expect(await read(registry, 'build_info', { version: '2' })).toBe(1)
    expect(await read(registry, 'breaker', { breaker: 'open' })).toBe(0)
    expect(await read(registry, 'breaker', { breaker: 'closed' })).toBe(1)
  })
})

describe('reset()', () => {
  test('counters and histograms start at zero, handles go on', async () => {
    const registry = new Registry()
    const c = counter({ name: 'c_total', help: 'h', labels: ['l'], maxSeries: 1, registry })
    const hs = [
      histogram({ name: 'exponential', help: 'h', labels: ['l'], registry }),
      histogram({ name: 'explicit', help: 'h', labels: ['l'], buckets: [0.1, 1], registry }),
    ]
    const bound = c.labels('a')
    bound.inc(0.1)
    c.inc({ l: 'over' }, 0.7)
    const observers = hs.map((h) => h.labels('a'))
    for (let round = 1; round <= 3; round++) {
      c.reset()
      for (const h of hs) h.reset()
      const zero = await scrape(registry)
      expect(zero.get('c_total')?.samples.map(({ value }) => value)).toEqual([0, 0])
      for (const h of hs) {
        expect(
          zero.get(h.name)?.samples.filter(({ value }) => value !== 0),
          h.name,
        ).toEqual([])
        expect([h.count, h.sum, h.total().buckets.filter(({ count }) => count > 0)]).toEqual([0, 0, []])
      }
      bound.inc(round)
      c.inc({ l: 'over' }, 2 * round)
      for (const observer of observers) for (const value of [0.1, 0.2, 0.3, 40]) observer.observe(value)
      expect(await read(registry, 'c_total', { l: 'a' })).toBeCloseTo(round, 12)
      expect(await read(registry, 'c_total', OVERFLOW)).toBeCloseTo(2 * round, 12)
      for (const h of hs) {
        const name = h.name
        expect(await read(registry, `${name}_count`, { l: 'a' })).toBe(4)
        expect(await read(registry, `${name}_bucket`, { l: 'a', le: '+Inf' })).toBe(4)
        expect(await read(registry, `${name}_sum`, { l: 'a' })).toBeCloseTo(40.6, 10)
        expect(h.snapshot({ l: 'a' }).buckets.reduce((sum, { count }) => sum + count, 0)).toBe(4)
      }
    }
    expect(await rejections(registry, 'c_total')).toEqual({})
  })

  test('gauges of each aggregate read as never set, until they are', async () => {
    const registry = new Registry()
    let checked = 0
    for (const { metric, sample, bind } of kinds(registry)) {
      if (metric.name !== sample || sample === 'c_total') continue
      const set = bind('a')
      for (const value of [7, -7, Number.NaN, Number.POSITIVE_INFINITY]) {
        set(value)
        expect(await read(registry, sample, { l: 'a' })).toBe(value)
        metric.reset()
        expect(await read(registry, sample, { l: 'a' })).toBeUndefined()
        set(3)
        expect(await read(registry, sample, { l: 'a' })).toBe(3)
        checked++
      }
    }
    expect(checked).toBe(20)
  })

  test('moves the created time of all series of the metric, and of no other', async () => {
    const registry = new Registry()
    const c = counter({ name: 'c_total', help: 'h', labels: ['l'], registry })
    const other = counter({ name: 'other_total', help: 'h', labels: ['l'], registry })
    for (const l of ['a', 'b']) {
      c.inc({ l })
      other.inc({ l })
    }
    const before = await openMetricsSamples(registry, 'c_created')
    const others = await openMetricsSamples(registry, 'other_created')
    expect(Object.keys(before)).toEqual(['l="a"', 'l="b"'])
    await until('later created times', async () => {
      c.reset()
      const after = await openMetricsSamples(registry, 'c_created')
      return Object.entries(before).every(([labels, created]) => (after[labels] as number) > created)
    })
    expect(await openMetricsSamples(registry, 'other_created')).toEqual(others)
  })

  test('keeps no exemplars', async () => {
    const registry = new Registry()
    const h = histogram({ name: 'h', help: 'h', registry })
    h.observe(1.5, { exemplar: TRACE })
    expect(await openMetricsOf(registry)).toContain(TRACE.traceId)
    h.reset()
    expect(await openMetricsOf(registry)).not.toContain(TRACE.traceId)
    h.observe(1.5, { exemplar: TRACE })
    expect(await openMetricsOf(registry)).toContain(TRACE.traceId)
  })

  test('a series that is removed after it begins at zero, not below', async () => {
    const registry = new Registry()
    const c = counter({ name: 'c_total', help: 'h', labels: ['l'], registry })
    for (let round = 0; round < 20; round++) {
      c.inc({ l: 'a' }, 10)
      c.reset()
      c.remove('a')
      c.inc({ l: 'b' }, 1)
      expect(await read(registry, 'c_total', { l: 'b' })).toBe(1)
      c.remove('b')
    }
  })
})

test('a metric that is turned off knows no life and no death', async () => {
  const registry = new Registry()
  const options = { help: 'h', labels: ['l'], enabled: false, registry } as const
  const c = counter({ ...options, name: 'c_total', idleTimeoutMs: 100 })
  const h = histogram({ ...options, name: 'h' })
  const bound = c.labels('a')
  bound.inc()
  expect([c.remove('a'), c.remove({ l: 'a' }), h.remove('a')]).toEqual([false, false, false])
  for (const metric of [c, h]) {
    metric.clear()
    metric.reset()
  }
  bound.inc()
  expect(refusal(() => c.remove({ m: 1 } as never)).code).toBe('ERR_NANOTALLY_INVALID_LABEL')
  expect(await registry.metrics()).toBe('')
  registry.close()
  expect(c.remove('a')).toBe(false)
})

describe('derived gauges', () => {
  test('a ratio is of the series that are there', async () => {
    const registry = new Registry()
    const c = counter({ name: 'c_total', help: 'h', labels: ['l'], registry })
    derivedGauge({ name: 'share', help: 'h', registry, ratio: { of: [{ metric: c, where: { l: 'a' } }], to: [c] } })
    c.inc({ l: 'a' }, 1)
    c.inc({ l: 'b' }, 3)
    expect(await read(registry, 'share')).toBe(0.25)
    c.remove('b')
    expect(await read(registry, 'share')).toBe(1)
    c.inc({ l: 'b' }, 1)
    c.remove('a')
    expect(await read(registry, 'share')).toBe(0)
    c.reset()
    expect(await read(registry, 'share')).toBeUndefined()
    c.inc({ l: 'a' }, 1)
    expect(await read(registry, 'share')).toBe(1)
    c.clear()
    expect(await read(registry, 'share')).toBeUndefined()
  })

  test('a rate of what only grows is never negative', async () => {
    const registry = new Registry()
    const c = counter({ name: 'c_total', help: 'h', labels: ['l'], registry })
    const h = histogram({ name: 'h', help: 'h', labels: ['l'], registry })
    for (const of of [c, h])
      derivedGauge({ name: `${of.name}_rate`, help: 'h', registry, rate: { of: [of], windowMs: 1000 } })
    const ends = [() => c.remove('a') && h.remove('a'), () => c.reset() === h.reset(), () => c.clear() === h.clear()]
    for (const end of ends) {
      const rates = await until('rates above 0', async () => {
        c.inc({ l: 'a' }, 1000)
        for (let i = 0; i < 1000; i++) h.observe({ l: 'a' }, 1)
        const now = [await read(registry, 'c_total_rate'), await read(registry, 'h_rate')]
        return now.every((rate) => rate !== undefined && rate > 0) ? now : undefined
      })
      expect(rates).toHaveLength(2)
      end()
      // Not again: where the only sample is older than all that was recorded, what grows on never falls.
      c.inc({ l: 'a' })
      h.observe({ l: 'a' }, 1)
      let fallen = 0
      await until('the rates to have fallen', async () => {
        for (const name of ['c_total_rate', 'h_rate']) {
          const rate = await read(registry, name)
          expect(rate ?? 0, name).toBeGreaterThanOrEqual(0)
          if (rate === 0) fallen++
        }
        return fallen > 4
      })
    }
  })
})
