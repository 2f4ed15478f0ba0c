// Label values at run time: what leads to one series, what is refused and counted, and that nothing ever throws.
import { type Counter, counter, gauge, histogram, Registry } from 'nanotally'
import { describe, expect, test } from 'vitest'
import { read, rejections, scrape } from '../../support/registry.js'

/** The label sets of a metric's series and their values, in the order of their making. */
async function series(registry: Registry, name: string): Promise<[Record<string, string>, number][]> {
  return ((await scrape(registry)).get(name)?.samples ?? []).map(({ labels, value }) => [labels, value])
}

describe('one text is one series', () => {
  test.each<[string, unknown[]]>([
    ['200', [200, '200', 200n, 2e2]],
    ['true', [true, 'true']],
    ['false', [false, 'false']],
    ['0', [0, -0, '0', 0n]],
    ['0.1', [0.1, '0.1']],
    ['1e+21', [1e21, '1e+21']],
    ['9007199254740993', [9007199254740993n, '9007199254740993']],
    ['NaN', ['NaN']],
    ['null', ['null']],
    ['[object Object]', ['[object Object]']],
    ['__proto__', ['__proto__']],
    [' ', [' ']],
  ])('%s', async (text, values) => {
    const registry = new Registry()
    const c = counter({ name: 'c_total', help: 'h', labels: ['l'], registry })
    const handles = new Set(values.map((value) => c.labels({ l: value as string })))
    for (const value of values) {
      c.inc({ l: value as string })
      c.labels(value as string).inc()
    }
    expect(handles.size).toBe(1)
    expect(await series(registry, 'c_total')).toEqual([[{ l: text }, 2 * values.length]])
  })

  test('values of one text in several labels', async () => {
    const registry = new Registry()
    const c = counter({ name: 'c_total', help: 'h', labels: ['a', 'b'], registry })
    for (const a of [1, '1', 1n]) for (const b of [true, 'true']) c.inc({ a, b })
    c.inc({ a: true, b: 1 })
    expect(await series(registry, 'c_total')).toEqual([
      [{ a: '1', b: 'true' }, 6],
      [{ a: 'true', b: '1' }, 1],
    ])
  })

  test('label sets that look alike when joined are kept apart', async () => {
    const registry = new Registry()
    const c = counter({ name: 'c_total', help: 'h', labels: ['a', 'b'], registry })
    const sets = [
      { a: 'x",b="y', b: 'z' },
      { a: 'x', b: 'y",b="z' },
      { a: 'x,', b: 'y' },
      { a: 'x', b: ',y' },
      { a: 'x\\', b: 'y' },
      { a: 'x', b: '\\y' },
      { a: 'x\n', b: 'y' },
      { a: 'x\\n', b: 'y' },
    ]
    for (const [i, set] of sets.entries()) c.inc(set, i + 1)
    expect(await series(registry, 'c_total')).toEqual(sets.map((set, i) => [set, i + 1]))
  })

  test('what text cannot carry becomes U+FFFD: lone surrogates and NUL', async () => {
    const registry = new Registry()
    const c = counter({ name: 'c_total', help: 'h', labels: ['l'], registry })
    for (const l of ['a\ud800', 'a\udfff', 'a\0', 'a\ufffd']) c.inc({ l })
    c.inc({ l: '\ud83d\ude00' })
    expect(await series(registry, 'c_total')).toEqual([
      [{ l: 'a\ufffd' }, 4],
      [{ l: '😀' }, 1],
    ])
  })
})

describe('optional labels', () => {
  test('absent, undefined and empty are the same, and not exposed', async () => {
    const registry = new Registry()
    const c = counter({ name: 'c_total', help: 'h', labels: ['a'], optionalLabels: ['b', 'c'], registry })
    c.inc({ a: 1 })
    c.inc({ a: 1, b: undefined })
    c.inc({ a: 1, b: '', c: undefined })
    c.labels(1).inc()
    c.labels(1, undefined).inc()
    c.labels(1, '', '').inc()
    c.inc({ a: 1, c: 'x' })
    c.labels(1, undefined, 'x').inc()
    c.labels(1, 'x').inc()
    expect(await series(registry, 'c_total')).toEqual([
      [{ a: '1' }, 6],
      [{ a: '1', c: 'x' }, 2],
      [{ a: '1', b: 'x' }, 1],
    ])
    expect(await rejections(registry, 'c_total')).toEqual({})
  })

  test('where all are optional the labels may be left out', async () => {
    const registry = new Registry()
    const c = counter({ name: 'c_total', help: 'h', optionalLabels: ['b'], registry })
    expect(await series(registry, 'c_total')).toEqual([])
    c.inc()
    c.inc(2)
    c.inc({})
    c.inc({}, 2)
    c.labels().inc()
    c.labels({}).inc()
    c.inc({ b: 1 })
    expect(await series(registry, 'c_total')).toEqual([
      [{}, 8],
      [{ b: '1' }, 1],
    ])
    const g = gauge({ name: 'g', help: 'h', optionalLabels: ['b'], registry })
    g.set(3)
    g.inc()
    g.dec(2)
    expect(await read(registry, 'g')).toBe(2)
    const h = histogram({ name: 'h', help: 'h', optionalLabels: ['b'], registry })
    h.observe(3)
    h.startTimer()()
    h.time(() => 0)
    h.time({ b: 1 }, () => 0)
    expect(await read(registry, 'h_count')).toBe(3)
    expect(await read(registry, 'h_count', { b: '1' })).toBe(1)
  })

  test('an empty required label is not exposed either', async () => {
    const registry = new Registry()
    counter({ name: 'c_total', help: 'h', labels: ['a'], registry }).inc({ a: '' })
    expect(await series(registry, 'c_total')).toEqual([[{}, 1]])
  })
})

describe('unusable labels are dropped and counted', () => {
  const throwing = {
    get l(): string {
      throw new Error('a getter')
    },
  }
  const proxy = new Proxy(
    { l: 'x' },
    {
      ownKeys() {
        throw new Error('a trap')
      },
    },
  )
  test.each<[string, unknown]>([
    ['no labels', undefined],
    ['null', null],
    ['an empty object', {}],
    ['an object as value', { l: {} }],
    ['an array as value', { l: ['x'] }],
    ['a function as value', { l: () => 'x' }],
    ['a symbol as value', { l: Symbol('x') }],
    ['null as value', { l: null }],
    ['undefined as value', { l: undefined }],
    ['NaN as value', { l: Number.NaN }],
    ['Infinity as value', { l: Number.POSITIVE_INFINITY }],
    ['an object with toString', { l: { toString: () => 'x' } }],
    ['a String object', { l: new String('x') }],
    ['an unknown label', { m: 'x' }],
    ['one label too many', { l: 'x', m: 'y' }],
    ['one label too many, undefined', { l: 'x', m: undefined }],
    ['an array', ['x']],
    ['a Map', new Map([['l', 'x']])],
    ['a getter that throws', throwing],
    ['a proxy whose trap throws', proxy],
  ])('%s', async (_, labels) => {
    const registry = new Registry()
    const c = counter({ name: 'c_total', help: 'h', labels: ['l'], registry }) as Counter<['l'], []>
    const g = gauge({ name: 'g', help: 'h', labels: ['l'], registry })
    const h = histogram({ name: 'h', help: 'h', labels: ['l'], registry })
    const given = labels as { l: string }
    c.inc(given)
    c.inc(given, 2)
    c.labels(given).inc()
    g.set(given, 1)
    g.inc(given)
    g.dec(given, 2)
    g.labels(given).set(1)
    h.observe(given, 1)
    h.startTimer(given)()
    expect(h.time(given, () => 5)).toBe(5)
    h.labels(given).observe(1)
    expect(await rejections(registry, 'c_total')).toEqual({ labels: 3 })
    expect(await rejections(registry, 'g')).toEqual({ labels: 4 })
    expect(await rejections(registry, 'h')).toEqual({ labels: 4 })
    for (const name of ['c_total', 'g', 'h']) expect(await series(registry, name)).toEqual([])
    c.inc({ l: 'x' })
    expect(await series(registry, 'c_total')).toEqual([[{ l: 'x' }, 1]])
  })

  test('too many or too few positional values', async () => {
    const registry = new Registry()
    const c = counter({ name: 'c_total', help: 'h', labels: ['a', 'b'], registry })
    const labels = c.labels as (...values: unknown[]) => { inc(): void }
    labels.call(c).inc()
    labels.call(c, 'x').inc()
    labels.call(c, 'x', undefined).inc()
    labels.call(c, 'x', 'y', 'z').inc()
    labels.call(c, 'x', {}).inc()
    expect(await rejections(registry, 'c_total')).toEqual({ labels: 5 })
    expect(await series(registry, 'c_total')).toEqual([])
  })

  test('labels for a metric that has none', async () => {
    const registry = new Registry()
    const c = counter({ name: 'c_total', help: 'h', registry })
    const inc = c.inc as (...args: unknown[]) => void
    inc.call(c, { l: 'x' })
    inc.call(c, { l: 'x' }, 2)
    inc.call(c, {}, 3)
    ;(c.labels as (...values: unknown[]) => { inc(): void }).call(c, 'x').inc()
    expect(await series(registry, 'c_total')).toEqual([[{}, 3]])
    expect(await rejections(registry, 'c_total')).toEqual({ labels: 3 })
  })

  test('an amount in place of the labels', async () => {
    const registry = new Registry()
    const c = counter({ name: 'c_total', help: 'h', labels: ['l'], registry })
    ;(c.inc as (...args: unknown[]) => void).call(c, 5)
    expect(await series(registry, 'c_total')).toEqual([])
    expect(await rejections(registry, 'c_total')).toEqual({ labels: 1 })
  })
})

test('labels are read through getters and prototypes', async () => {
  const registry = new Registry()
  const c = counter({ name: 'c_total', help: 'h', labels: ['l'], registry })
  class Context {
    get l() {
      return 'x'
    }
  }
  for (let i = 0; i < 3; i++) {
    c.inc(new Context())
    c.inc(Object.create({ l: 'x' }))
    c.inc(Object.assign(Object.create(null), { l: 'x' }))
    c.inc(Object.freeze({ l: 'x' }))
    c.inc(new Proxy({ l: 'x' }, {}))
  }
  expect(await series(registry, 'c_total')).toEqual([[{ l: 'x' }, 15]])
})
