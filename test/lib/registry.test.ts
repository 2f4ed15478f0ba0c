// Registries: naming, privacy, rendering, removal and closing, within one thread.
import { counter, registry as defaultRegistry, gauge, histogram, Registry } from 'nanotally'
import { describe, expect, test } from 'vitest'
import { read, rejections, scrape } from '../support/registry.js'

test('render gives a Buffer and its content type, metrics the same as a string', async () => {
  const registry = new Registry()
  counter({ name: 'c_total', help: 'Ä.', registry }).inc()
  const { contentType, body } = await registry.render()
  expect(contentType).toBe('text/plain; version=0.0.4; charset=utf-8; escaping=underscores')
  expect(registry.contentType).toBe(contentType)
  expect(Buffer.isBuffer(body)).toBe(true)
  expect(body.toString()).toBe('# HELP c_total Ä.\n# TYPE c_total counter\nc_total 1\n')
  expect(await registry.metrics()).toBe(body.toString())
})

test('an empty registry is an empty text', async () => {
  expect(await new Registry().metrics()).toBe('')
})

test.each([undefined, '', '*/*', 'text/plain', 'nonsense', '\0', '*/*;q=0'])('text for Accept %s', async (accept) => {
  const registry = new Registry()
  counter({ name: 'c_total', help: 'h', registry }).inc()
  const { contentType, body } = await registry.render({ accept })
  expect(contentType).toBe(registry.contentType)
  expect(body.toString()).toBe(await registry.metrics())
})

test('Accept chooses the format', async () => {
  const registry = new Registry()
  counter({ name: 'c_total', help: 'h', registry }).inc()
  const openMetrics = await registry.render({ accept: 'application/openmetrics-text; version=1.0.0; escaping=dots' })
  expect(openMetrics.contentType).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=dots')
  expect(openMetrics.body.toString()).toMatch(
    /^# HELP c h\n# TYPE c counter\nc_total 1\nc_created \d+(\.\d+)?\n# EOF\n$/,
  )
  const protobuf = await registry.render({ accept: 'application/vnd.google.protobuf' })
  expect(protobuf.contentType).toContain('encoding=delimited')
  expect(protobuf.body.subarray(1, 10)).toEqual(Buffer.from('\n\x07c_total'))
})

test('names choose the families', async () => {
  const registry = new Registry()
  for (const name of ['a_total', 'b_total', 'c_total']) counter({ name, help: 'h', registry }).inc()
  histogram({ name: 'd', help: 'h', registry }).observe(1)
  const shown = async (names?: string[]) =>
    [...(await registry.render({ names })).body.toString().matchAll(/^# TYPE (\S+)/gm)].map((match) => match[1])
  expect(await shown(['b_total', 'd_bucket', 'no_such'])).toEqual(['b_total', 'd'])
  expect(await shown(['no_such'])).toEqual([])
  expect(await shown([])).toEqual(['a_total', 'b_total', 'c_total', 'd'])
  expect(await shown(undefined)).toEqual(await shown([]))
})

test.each([{ accept: 5 }, { accept: null }, { names: 'a' }, { names: ['a', 5] }, { names: null }])(
  '%o is refused',
  async (options) => {
    await expect(new Registry().render(options as never)).rejects.toMatchObject({ code: 'ERR_NANOTALLY_INVALID_TYPE' })
  },
)

test.each([-1, 1.5, 60_001, Number.NaN, '5'])('collectTimeoutMs %s is refused', async (collectTimeoutMs) => {
  await expect(new Registry().render({ collectTimeoutMs } as never)).rejects.toMatchObject({
    code: 'ERR_NANOTALLY_INVALID_VALUE',
  })
})

test('families come sorted by name', async () => {
  const registry = new Registry()
  for (const name of ['b', 'a', 'c']) gauge({ name, help: 'h', registry }).set(1)
  expect([...(await scrape(registry)).keys()]).toEqual(['a', 'b', 'c'])
})

test('a scrape changes nothing', async () => {
  const registry = new Registry()
  counter({ name: 'c_total', help: 'h', registry }).inc(0.1)
  gauge({ name: 'g', help: 'h', registry, aggregate: 'last' }).set(3)
  histogram({ name: 'h', help: 'h', registry }).observe(0.1)
  const first = await registry.metrics()
  for (let i = 0; i < 10; i++) expect(await registry.metrics()).toBe(first)
})

test('buffers of earlier scrapes stay as they are', async () => {
  const registry = new Registry()
  const c = counter({ name: 'c_total', help: 'h', registry })
  const bodies: Uint8Array[] = []
  for (let i = 0; i < 50; i++) {
    c.inc()
    bodies.push((await registry.render()).body)
  }
  expect(bodies.map((body) => /^c_total (\d+)$/m.exec(body.toString())?.[1])).toEqual(
    bodies.map((_, i) => String(i + 1)),
  )
})

describe('names', () => {
  test('a name leads to one registry', async () => {
    const registry = new Registry('names-1')
    expect(registry.name).toBe('names-1')
    expect(new Registry('names-1')).toBe(registry)
    expect(new Registry('default')).toBe(defaultRegistry)
    expect(new Registry('names-2')).not.toBe(registry)
    counter({ name: 'c_total', help: 'h', registry }).inc()
    expect(await read(new Registry('names-1'), 'c_total')).toBe(1)
    expect(await read(new Registry('names-2'), 'c_total')).toBeUndefined()
  })

  test('unnamed ones are all different', () => {
    expect(new Registry()).not.toBe(new Registry())
    expect(new Registry().name).toBeUndefined()
  })

  test('odd names are names', () => {
    for (const name of ['\0', 'ä😀', 'a'.repeat(200), '__proto__']) expect(new Registry(name)).toBe(new Registry(name))
  })

  test.each<[unknown, string]>([
    ['', 'INVALID_VALUE'],
    ['a'.repeat(201), 'INVALID_VALUE'],
    [5, 'INVALID_TYPE'],
    [null, 'INVALID_TYPE'],
    [Symbol('s'), 'INVALID_TYPE'],
  ])('%s is refused', (name, code) => {
    expect(() => new Registry(name as string)).toThrow(expect.objectContaining({ code: `ERR_NANOTALLY_${code}` }))
  })
})

describe('removal', () => {
  test('a metric goes at once, its handles drop and count', async () => {
    const registry = new Registry()
    const c = counter({ name: 'c_total', help: 'h', labels: ['l'], registry })
    const g = gauge({ name: 'g', help: 'h', registry })
    const exponential = histogram({ name: 'exponential', help: 'h', registry })
    const explicit = histogram({ name: 'explicit', help: 'h', buckets: [1], registry })
    const bound = { c: c.labels('x'), g: g.labels(), exponential: exponential.labels(), explicit: explicit.labels() }
    const record = () => {
      bound.c.inc()
      c.inc({ l: 'x' })
      c.inc({ l: 'new' })
      c.labels('newer').inc()
      bound.g.set(1)
      bound.g.inc()
      bound.g.dec()
      g.set(1)
      bound.exponential.observe(1)
      bound.exponential.observe(0)
      bound.exponential.observe(1e300)
      exponential.startTimer()()
      bound.explicit.observe(1)
      explicit.time(() => 1)
    }
    record()
    for (const name of ['c_total', 'g', 'exponential', 'explicit']) expect(registry.remove(name)).toBe(true)
    expect((await scrape(registry)).size).toBe(0)
    record()
    // The metrics are gone, so the drops belong to no metric any more.
    expect(await rejections(registry)).toEqual({ removed: 14 })
    expect((await scrape(registry)).size).toBe(1)
  })

  test('false where there is no such metric', () => {
    const registry = new Registry()
    counter({ name: 'c_total', help: 'h', registry })
    expect(registry.remove('d_total')).toBe(false)
    expect(registry.remove('c_total')).toBe(true)
    expect(registry.remove('c_total')).toBe(false)
  })

  test('the name may be defined anew as anything, and starts from nothing', async () => {
    const registry = new Registry()
    const old = counter({ name: 'x', help: 'h', labels: ['l'], registry })
    const oldBound = old.labels('a')
    oldBound.inc(5)
    registry.remove('x')
    const fresh = gauge({ name: 'x', help: 'h', registry })
    expect((await scrape(registry)).get('x')?.samples).toEqual([])
    fresh.set(1)
    oldBound.inc(100)
    old.inc({ l: 'a' }, 100)
    old.inc({ l: 'b' }, 100)
    expect((await scrape(registry)).get('x')?.samples).toEqual([{ name: 'x', labels: {}, value: 1 }])
    registry.remove('x')
    const again = counter({ name: 'x', help: 'h', labels: ['l'], registry })
    expect(again).not.toBe(old)
    again.inc({ l: 'a' })
    expect(await read(registry, 'x', { l: 'a' })).toBe(1)
  })

  test('reused cells start from zero, whatever lay in them', async () => {
    const registry = new Registry()
    const shapes = [
      () => counter({ name: 'x', help: 'h', registry }).inc(3),
      () => gauge({ name: 'x', help: 'h', registry }).set(Number.NaN),
      () => histogram({ name: 'x', help: 'h', registry, schema: 0 }).observe(1e9),
      () => histogram({ name: 'x', help: 'h', registry, buckets: [1, 2, 3] }).observe(2),
    ]
    const expected = ['x 3\n', 'x NaN\n', 'x_count 1\n', 'x_count 1\n']
    for (let round = 0; round < 200; round++) {
      const shape = (round * 7) % shapes.length
      shapes[shape]?.()
      expect(await registry.metrics()).toContain(expected[shape])
      registry.remove('x')
    }
  })

  test('cells are reused: definition and removal in a loop take no more memory', async () => {
    const registry = new Registry()
    const chunks = () => (registry as unknown as { _chunks: unknown[] })._chunks.length
    const cycle = () => {
      const h = histogram({ name: 'h', help: 'h', labels: ['l'], registry })
      for (let l = 0; l < 50; l++) for (let e = -10; e < 10; e++) h.observe({ l }, 2 ** e * 1.1)
      registry.remove('h')
    }
    cycle()
    cycle()
    const after = chunks()
    for (let i = 0; i < 20; i++) cycle()
    expect(chunks()).toBe(after)
    expect(after).toBeGreaterThan(0)
  })
})

describe('closing', () => {
  test('nothing is exposed or recorded any more; closing again is nothing', async () => {
    const registry = new Registry()
    const c = counter({ name: 'c_total', help: 'h', labels: ['l'], registry })
    const g = gauge({ name: 'g', help: 'h', registry, collect: (self) => self.set(1) })
    const h = histogram({ name: 'h', help: 'h', registry })
    const bound = c.labels('a')
    bound.inc()
    h.observe(1)
    registry.close()
    registry.close()
    bound.inc()
    c.inc({ l: 'b' })
    g.set(1)
    h.observe(2)
    const code = 'ERR_NANOTALLY_REGISTRY_CLOSED'
    await expect(registry.render()).rejects.toMatchObject({ code })
    await expect(registry.metrics()).rejects.toMatchObject({ code })
    expect(() => registry.remove('c_total')).toThrow(expect.objectContaining({ code }))
  })

  test('a name may be opened anew, and starts empty', async () => {
    const first = new Registry('closing-1')
    counter({ name: 'c_total', help: 'h', registry: first }).inc(5)
    first.close()
    const second = new Registry('closing-1')
    expect(second).not.toBe(first)
    expect(await read(second, 'c_total')).toBeUndefined()
    counter({ name: 'c_total', help: 'h', registry: second }).inc()
    expect(await read(second, 'c_total')).toBe(1)
    first.close()
    expect(new Registry('closing-1')).toBe(second)
  })

  test('the default registry cannot be closed', () => {
    expect(() => defaultRegistry.close()).toThrow(expect.objectContaining({ code: 'ERR_NANOTALLY_DEFAULT_REGISTRY' }))
  })

  test('while a scrape is under way it is answered, or refused as from then on', async () => {
    let answered = 0
    for (let turns = 0; turns < 50; turns++) {
      const registry = new Registry()
      counter({ name: 'c_total', help: 'h', registry }).inc()
      const scrape = registry.render()
      for (let i = 0; i < turns; i++) await null
      registry.close()
      const result = await scrape.catch((error) => error)
      if (result.body === undefined) expect(result).toMatchObject({ code: 'ERR_NANOTALLY_REGISTRY_CLOSED' })
      else answered++
    }
    expect(answered).toBeGreaterThan(0)
  })

  test('a thousand registries', async () => {
    for (let i = 0; i < 1000; i++) {
      const registry = new Registry()
      counter({ name: 'c_total', help: 'h', registry }).inc(i)
      if (i % 100 === 0) expect(await read(registry, 'c_total')).toBe(i)
      registry.close()
    }
  })
})
