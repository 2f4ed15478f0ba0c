// Series that native code and JavaScript share: whoever defines them, both record, and each recording is counted.
import { counter, gauge, histogram, nativeInterface, Registry } from 'nanotally'
import { describe, expect, test } from 'vitest'
import { checkMetrics } from '../support/promtool.js'
import { read, rejections, scrape } from '../support/registry.js'
import { definedFamilies } from '../support/text-format.js'
import { Actor } from '../workers/actor.js'
import { type GetOptions, handleOf, recorder, type Type } from './recorder.js'

expect(recorder.attach(nativeInterface())).toBe('OK')

let names = 0
/** A registry that both sides reach, by its name, and that the test has for itself. */
function sharedRegistry(): { registry: Registry; name: string } {
  const name = `series-${names++}`
  return { registry: new Registry(name), name }
}

describe('defined by JavaScript', () => {
  /** From -1e9 to 1e9, around every boundary that the buckets below have, zero and what is no finite number. */
  const VALUES = [0, 1e-40, -1e-40, 1e-9, 0.1, 0.25, 0.5, 0.75, 1, 1.01, 2, 3, 1e3, 1e9, -0.3, -1, -1e9].concat(
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.NaN,
  )

  test.each([
    ['exponential, schema 5', { schema: 5 }],
    ['exponential, schema 3', {}],
    ['exponential, schema -4', { schema: -4 }],
    ['explicit', { buckets: [-1, 0, 0.25, 0.5, 1, 2] }],
  ])('a histogram, %s: native values fall into the buckets of JavaScript', async (_, layout) => {
    const { registry, name } = sharedRegistry()
    for (const metric of ['by_javascript', 'by_native', 'by_both']) {
      histogram({ name: metric, help: 'h', labels: ['l'], registry, ...layout })
    }
    const labels = [['l', 'a']] as const
    const byNative = handleOf(recorder, 'histogram', 'by_native', labels, { registry: name })
    recorder.end(recorder.start(2, 'observe', byNative, VALUES, 3 * VALUES.length), false)
    recorder.record('observe', byNative, VALUES)
    const byBoth = handleOf(recorder, 'histogram', 'by_both', labels, { registry: name })
    const ours = histogram({ name: 'by_javascript', help: 'h', labels: ['l'], registry, ...layout }).labels('a')
    const shared = histogram({ name: 'by_both', help: 'h', labels: ['l'], registry, ...layout }).labels('a')
    for (let i = 0; i < 7; i++) {
      for (const value of VALUES) ours.observe(value)
      if (i < 4) recorder.record('observe', byBoth, VALUES)
      else for (const value of VALUES) shared.observe(value)
    }
    const families = await scrape(registry)
    const [javascript, native, both] = ['by_javascript', 'by_native', 'by_both'].map((metric) =>
      families.get(metric)?.samples.map((sample) => ({ ...sample, name: sample.name.replace(metric, 'm') })),
    )
    expect(javascript?.find(({ name }) => name === 'm_count')?.value).toBe(7 * VALUES.length)
    expect(native).toEqual(javascript)
    expect(both).toEqual(javascript)
  })

  test('a histogram whose values need more blocks of buckets than wait in reserve', async () => {
    const { registry, name } = sharedRegistry()
    const values = Array.from({ length: 2000 }, (_, i) => 2 ** (i - 1000)).concat(-(2 ** 900))
    const ours = histogram({ name: 'by_javascript', help: 'h', registry })
    for (const value of values) ours.observe(value)
    recorder.record('observe', handleOf(recorder, 'histogram', 'by_native', [], { registry: name }), values)
    const families = await scrape(registry)
    const [javascript, native] = ['by_javascript', 'by_native'].map((metric) =>
      families.get(metric)?.samples.map((sample) => ({ ...sample, name: sample.name.replace(metric, 'm') })),
    )
    expect(native?.find(({ name }) => name === 'm_count')?.value).toBe(2001)
    expect(native).toEqual(javascript)
  })

  test('a counter: the sum of both', async () => {
    const { registry, name } = sharedRegistry()
    const c = counter({ name: 'x_total', help: 'h', labels: ['l'], registry })
    c.inc({ l: 'a' }, 0.5)
    const handle = handleOf(recorder, 'counter', 'x_total', [['l', 'a']], { registry: name })
    recorder.end(recorder.start(4, 'add', handle, [0.25], 10_000), false)
    c.inc({ l: 'a' }, 2)
    expect(await read(registry, 'x_total', { l: 'a' })).toBe(10_002.5)
  })

  // In order: JavaScript sets 10, native threads 4; both from then on in turn.
  test.each([
    ['sum', 14],
    ['min', 4],
    ['max', 10],
    ['average', 7],
  ] as const)('a gauge, %s: all native threads are one participant', async (aggregate, expected) => {
    const { registry, name } = sharedRegistry()
    const g = gauge({ name: 'g', help: 'h', aggregate, registry })
    g.set(10)
    const handle = handleOf(recorder, 'gauge', 'g', [], { registry: name })
    expect(await read(registry, 'g')).toBe(10) // native code has not recorded yet
    recorder.end(recorder.start(3, 'set', handle, [4], 100), false)
    recorder.end(recorder.start(3, 'change', handle, [1, -1], 100), false)
    recorder.record('set', handle, [4])
    expect(await read(registry, 'g')).toBe(expected)
  })

  test('a gauge, last: whoever was later', async () => {
    const { registry, name } = sharedRegistry()
    const g = gauge({ name: 'g', help: 'h', aggregate: 'last', registry })
    const handle = handleOf(recorder, 'gauge', 'g', [], { registry: name })
    // A scrape is what orders two recordings that are close together.
    g.set(10)
    expect(await read(registry, 'g')).toBe(10)
    recorder.record('set', handle, [4])
    expect(await read(registry, 'g')).toBe(4)
    recorder.record('change', handle, [-1.5])
    expect(await read(registry, 'g')).toBe(2.5)
    g.set(10)
    expect(await read(registry, 'g')).toBe(10)
  })

  test('a gauge of a worker, of this thread and of native threads', async () => {
    const { registry, name } = sharedRegistry()
    gauge({ name: 'g', help: 'h', registry }).inc(1)
    const worker = new Actor()
    await worker.run((n, _, name) => {
      n.gauge({ name: 'g', help: 'h', registry: new n.Registry(name) }).inc(10)
    }, name)
    recorder.record('change', handleOf(recorder, 'gauge', 'g', [], { registry: name }), [100])
    expect(await read(registry, 'g')).toBe(111)
    await worker.end()
    expect(await read(registry, 'g')).toBe(111)
  })

  test('labels in any order; optional ones may be left out', async () => {
    const { registry, name } = sharedRegistry()
    const options = { name: 'x_total', help: 'h', labels: ['a', 'b'], optionalLabels: ['c'], registry } as const
    counter(options).inc({ a: '1', b: '2' })
    for (const labels of [
      [['b', '2'] as const, ['a', '1'] as const],
      [['c', ''] as const, ['a', '1'] as const, ['b', '2'] as const],
    ]) {
      recorder.record('add', handleOf(recorder, 'counter', 'x_total', labels, { registry: name }), [10])
    }
    const all = [['c', '3'] as const, ['b', '2'] as const, ['a', '1'] as const]
    recorder.record('add', handleOf(recorder, 'counter', 'x_total', all, { registry: name }), [5])
    expect((await scrape(registry)).get('x_total')?.samples).toEqual([
      { name: 'x_total', labels: { a: '1', b: '2' }, value: 21 },
      { name: 'x_total', labels: { a: '1', b: '2', c: '3' }, value: 5 },
    ])
  })

  test('past maxSeries a handle leads to the overflow series', async () => {
    const { registry, name } = sharedRegistry()
    counter({ name: 'x_total', help: 'h', labels: ['l'], maxSeries: 2, registry }).inc({ l: 'a' })
    for (const l of ['a', 'b', 'c', 'd']) {
      recorder.record('add', handleOf(recorder, 'counter', 'x_total', [['l', l]], { registry: name }), [10])
    }
    expect(await read(registry, 'x_total', { l: 'a' })).toBe(11)
    expect(await read(registry, 'x_total', { l: 'b' })).toBe(10)
    expect(await read(registry, 'x_total', { otel_metric_overflow: 'true' })).toBe(20)
  })
})

describe('defined by native code', () => {
  test('JavaScript that defines the same has the same metric', async () => {
    const { registry, name } = sharedRegistry()
    const help = 'Told by native code.'
    const options = { registry: name, help, unit: 'bytes' }
    recorder.record('add', handleOf(recorder, 'counter', 'x_bytes_total', [['l', 'a']], options), [1])
    recorder.record('observe', handleOf(recorder, 'histogram', 'fine', [], { registry: name, schema: 6 }), [1])
    recorder.record('observe', handleOf(recorder, 'histogram', 'two', [], { registry: name, buckets: [1, 2] }), [1])
    counter({ name: 'x_bytes_total', help, unit: 'bytes', labels: ['l'], registry }).inc({ l: 'a' }, 2)
    histogram({ name: 'fine', help: '', schema: 6, registry }).observe(1)
    histogram({ name: 'two', help: '', buckets: [1, 2], registry }).observe(1)
    const families = await scrape(registry)
    expect(families.get('x_bytes_total')).toMatchObject({ help, samples: [{ labels: { l: 'a' }, value: 3 }] })
    expect(await read(registry, 'fine_count')).toBe(2)
    expect(await read(registry, 'two_bucket', { le: '1' })).toBe(2)
  })

  test('JavaScript that defines something else throws', () => {
    const { registry, name } = sharedRegistry()
    handleOf(recorder, 'histogram', 'h', [['l', 'a']], { registry: name })
    const conflict = expect.objectContaining({ code: 'ERR_NANOTALLY_METRIC_CONFLICT' })
    expect(() => gauge({ name: 'h', help: 'h', labels: ['l'], registry })).toThrow(conflict)
    expect(() => histogram({ name: 'h', help: 'h', registry })).toThrow(conflict)
    expect(() => histogram({ name: 'h', help: 'h', labels: ['l'], schema: 4, registry })).toThrow(conflict)
  })

  test('a counter shows its series at 0, a gauge not until it is recorded', async () => {
    const { registry, name } = sharedRegistry()
    handleOf(recorder, 'counter', 'c_total', [], { registry: name })
    const g = handleOf(recorder, 'gauge', 'g', [], { registry: name })
    expect(await read(registry, 'c_total')).toBe(0)
    expect(await read(registry, 'g')).toBeUndefined()
    recorder.record('change', g, [0])
    expect(await read(registry, 'g')).toBe(0)
  })

  test('handles are released and got again; what they recorded stays', async () => {
    const { registry, name } = sharedRegistry()
    const types = [
      ['counter', 'add', 'c_total', 'c_total'],
      ['gauge', 'change', 'g', 'g'],
      ['histogram', 'observe', 'h', 'h_sum'],
    ] as const
    for (const [type, what, metric] of types) {
      for (let i = 0; i < 100; i++) {
        const handle = handleOf(recorder, type, metric, [], { registry: name })
        recorder.record(what, handle, [1])
        recorder.release(handle)
      }
    }
    for (const [, , , sample] of types) expect(await read(registry, sample)).toBe(100)
  })

  test('a registry that is closed and opened anew', async () => {
    const { registry, name } = sharedRegistry()
    const handle = handleOf(recorder, 'counter', 'c_total', [], { registry: name })
    recorder.record('add', handle, [1])
    registry.close()
    recorder.record('add', handle, [1])
    const anew = new Registry(name)
    expect(await anew.metrics()).toBe('')
    const again = handleOf(recorder, 'counter', 'c_total', [], { registry: name })
    recorder.record('add', again, [5])
    recorder.record('add', handle, [1])
    recorder.release(handle)
    expect(await read(anew, 'c_total')).toBe(5)
  })
})

describe('what gets refuse', () => {
  const OK_LABEL = [['l', 'a']] as const
  const thousandAndOne = Array.from({ length: 1001 }, (_, i) => i)

  test.each<[string, ...Parameters<typeof recorder.get>]>([
    ['no name', 'counter', null],
    ['an empty name', 'counter', ''],
    ['a name of 1001 characters', 'gauge', 'x'.repeat(1001)],
    ['no labels, but a count of one', 'counter', 'x', null],
    ['a label without a name', 'counter', 'x', [[null, 'a']]],
    ['a label without a value', 'counter', 'x', [['l', null]]],
    ['an empty label name', 'counter', 'x', [['', 'a']]],
    ['a label name of 1001 characters', 'counter', 'x', [['x'.repeat(1001), 'a']]],
    ['a label name that is not UTF-8', 'counter', 'x', [[Buffer.from([0xff]), 'a']]],
    ['a reserved label', 'counter', 'x', [['__name__', 'a']]],
    ['the overflow label', 'gauge', 'x', [['otel_metric_overflow', 'true']]],
    ['le on a histogram', 'histogram', 'x', [['le', '1']]],
    ['a label twice', 'counter', 'x', [...OK_LABEL, ['m', 'b'], ['l', 'a']]],
    ['an empty registry name', 'counter', 'x', [], { registry: '' }],
    ['a registry name of 201 characters', 'counter', 'x', [], { registry: 'r'.repeat(201) }],
    ['a unit with a space', 'counter', 'x', [], { unit: 'a b' }],
    ['schema -5', 'histogram', 'x', [], { schema: -5 }],
    ['schema 9', 'histogram', 'x', [], { schema: 9 }],
    ['buckets without a bound', 'histogram', 'x', [], { buckets: [] }],
    ['descending bounds', 'histogram', 'x', [], { buckets: [2, 1] }],
    ['a bound twice', 'histogram', 'x', [], { buckets: [1, 1] }],
    ['an infinite bound', 'histogram', 'x', [], { buckets: [1, Number.POSITIVE_INFINITY] }],
    ['a bound that is NaN', 'histogram', 'x', [], { buckets: [Number.NaN] }],
    ['1001 bounds', 'histogram', 'x', [], { buckets: thousandAndOne }],
    ['options without their size', 'counter', 'x', [], { size: 0 }],
  ])('%s', async (_, type, metric, labels, options) => {
    const { registry, name } = sharedRegistry()
    const result = recorder.get(type, metric, labels ?? (labels === null ? null : []), { registry: name, ...options })
    expect(result).toEqual({ status: 'INVALID_ARGUMENT', handle: 0 })
    expect(await registry.metrics()).toBe('')
  })

  test('a registry name is as long, and means the same, as in JavaScript', async () => {
    for (const [forC, ours] of [
      ['ü'.repeat(200), 'ü'.repeat(200)],
      ['𝄞'.repeat(100), '𝄞'.repeat(100)],
      [Buffer.from([0x72, 0xff]), 'r\ufffd'],
    ] as const) {
      recorder.record('add', handleOf(recorder, 'counter', 'c_total', [], { registry: forC }), [1])
      expect(await read(new Registry(ours), 'c_total')).toBe(1)
    }
    for (const registry of ['ü'.repeat(201), `${'𝄞'.repeat(100)}r`]) {
      expect(recorder.get('counter', 'c_total', [], { registry }).status).toBe('INVALID_ARGUMENT')
    }
  })

  test('and what they take, close to it', async () => {
    const { registry, name } = sharedRegistry()
    const taken: [Type, string, (readonly [string, string])[], GetOptions][] = [
      ['counter', '_:x1', [['le', 'a']], {}],
      ['histogram', 'a', [['_l', '']], { buckets: thousandAndOne.slice(1) }],
      ['histogram', 'b', [['otel_metric_overflows', 'x']], { schema: -4 }],
      ['histogram', 'c', [], { schema: 8 }],
      ['gauge', 'd', [], { schema: 9, buckets: [2, 1], unit: '1' }], // of histograms only
      ['gauge', '1x-y', [['a:b', 'c']], {}],
      ['counter', 'größe\n', [], {}],
    ]
    for (const [type, metric, labels, options] of taken) {
      handleOf(recorder, type, metric, labels, { registry: name, ...options })
    }
    expect(definedFamilies(await registry.metrics())).toHaveLength(taken.length)
  })

  test.each<[string, Type, string, (readonly [string, string])[]]>([
    ['another type', 'counter', 'h', [...OK_LABEL]],
    ['another type', 'histogram', 'c_total', [...OK_LABEL]],
    ['another type', 'gauge', 'c_total', [...OK_LABEL]],
    ['a required label left out', 'counter', 'c_total', []],
    ['a label that it has not', 'counter', 'c_total', [...OK_LABEL, ['m', 'a']]],
    ['only a label that it has not', 'counter', 'c_total', [['m', 'a']]],
    ['the name of a sample of a histogram', 'counter', 'h_count', []],
    ['the name of a derived gauge', 'gauge', 'ratio', []],
  ])('of a metric of JavaScript: %s', async (_, type, metric, labels) => {
    const { registry, name } = sharedRegistry()
    const c = counter({ name: 'c_total', help: 'h', labels: ['l'], registry })
    histogram({ name: 'h', help: 'h', labels: ['l'], registry })
    const { derivedGauge } = await import('nanotally')
    derivedGauge({ name: 'ratio', help: 'h', ratio: { of: [c], to: [c] }, registry })
    const before = definedFamilies(await registry.metrics())
    expect(recorder.get(type, metric, labels, { registry: name })).toEqual({ status: 'CONFLICT', handle: 0 })
    expect(definedFamilies(await registry.metrics())).toEqual(before)
  })
})

describe('text', () => {
  test('what is not UTF-8 is replaced, and a scrape stays well-formed', async () => {
    const { registry, name } = sharedRegistry()
    const bytes = {
      'a lone 0xff': [[0x61, 0xff, 0x62], 'a\ufffdb'],
      'a cut sequence': [[0xe2, 0x82], '\ufffd\ufffd'],
      'an overlong slash': [[0xc0, 0xaf], '\ufffd\ufffd'],
      'a surrogate': [[0xed, 0xa0, 0x80], '\ufffd\ufffd\ufffd'],
      'past U+10FFFF': [[0xf4, 0x90, 0x80, 0x80], '\ufffd\ufffd\ufffd\ufffd'],
      'well-formed': [[...Buffer.from('€ 𝄞 "quoted"\\\n')], '€ 𝄞 "quoted"\\\n'],
    } as const
    const help = Buffer.from([0x68, 0xfe, 0x70])
    for (const [kind, [value]] of Object.entries(bytes)) {
      const labels = [
        ['kind', kind],
        ['value', Buffer.from(value)],
      ] as const
      recorder.record('add', handleOf(recorder, 'counter', 'texts_total', labels, { registry: name, help }), [1])
    }
    // It is the series that the replaced text names.
    const texts = counter({ name: 'texts_total', help: 'h\ufffdp', labels: ['kind', 'value'], registry })
    texts.inc({ kind: 'a lone 0xff', value: 'a\ufffdb' }, 10)
    const { body } = await registry.render()
    expect(await checkMetrics(body)).toEqual([])
    const family = (await scrape(registry)).get('texts_total')
    expect(family?.help).toBe('h\ufffdp')
    expect(Object.fromEntries((family?.samples ?? []).map(({ labels }) => [labels.kind, labels.value]))).toEqual(
      Object.fromEntries(Object.entries(bytes).map(([kind, [, text]]) => [kind, text])),
    )
    expect(family?.samples.map(({ value }) => value)).toEqual([11, 1, 1, 1, 1, 1])
  })
})

describe('numbers', () => {
  test('a counter drops and counts what is no amount', async () => {
    const { registry, name } = sharedRegistry()
    const handle = handleOf(recorder, 'counter', 'c_total', [], { registry: name })
    recorder.record('add', handle, [1, Number.NaN, -1, -0.1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 2])
    expect(await read(registry, 'c_total')).toBe(3)
    expect(await rejections(registry, 'c_total')).toEqual({ not_a_number: 1, negative: 3, infinite: 1 })
  })

  test('a gauge is set to anything, and changed by what is finite', async () => {
    const { registry, name } = sharedRegistry()
    const handle = handleOf(recorder, 'gauge', 'g', [], { registry: name })
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -5]) {
      recorder.record('set', handle, [value])
      expect(await read(registry, 'g')).toBe(value)
    }
    recorder.record('change', handle, [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 2])
    expect(await read(registry, 'g')).toBe(-3)
    expect(await rejections(registry, 'g')).toEqual({ not_a_number: 1, infinite: 2 })
  })

  test('a counter at 2^53: on one CPU an add of 1 leaves it, an add of 2 counts', async () => {
    const { registry, name } = sharedRegistry()
    const full = 2 ** 53
    const byOnes = handleOf(recorder, 'counter', 'ones_total', [], { registry: name })
    expect(recorder.recordOnOneCpu('add', byOnes, [full - 1, 1, 1, 1, 1, 1])).toBe(true)
    expect(await read(registry, 'ones_total')).toBe(full)
    const byTwos = handleOf(recorder, 'counter', 'twos_total', [], { registry: name })
    expect(recorder.recordOnOneCpu('add', byTwos, [full, 2, 2])).toBe(true)
    expect(await read(registry, 'twos_total')).toBe(full + 4)
    // Another sum, here JavaScript's, is still exact, and is added to the first exactly.
    const ones = counter({ name: 'ones_total', help: '', registry })
    for (let i = 0; i < 6; i++) ones.inc()
    expect(await read(registry, 'ones_total')).toBe(full + 6)
  })
})
