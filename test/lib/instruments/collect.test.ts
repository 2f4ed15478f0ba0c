// Collect callbacks: asked before each scrape, on the thread that defined them; what they do wrong harms no scrape.
import { gauge, Registry } from 'nanotally'
import { expect, test } from 'vitest'
import { read, rejections } from '../../support/registry.js'

test('asked before each scrape, with the gauge', async () => {
  const registry = new Registry()
  let asked = 0
  const g = gauge({
    name: 'g',
    help: 'h',
    registry,
    collect(given) {
      expect(given).toBe(g)
      given.set(++asked)
    },
  })
  expect(await read(registry, 'g')).toBe(1)
  expect(await read(registry, 'g')).toBe(2)
})

test('a promise is waited for', async () => {
  const registry = new Registry()
  gauge({
    name: 'g',
    help: 'h',
    labels: ['l'],
    registry,
    async collect(g) {
      await new Promise((resolve) => setImmediate(resolve))
      g.set({ l: 'late' }, 7)
    },
  })
  expect(await read(registry, 'g', { l: 'late' })).toBe(7)
})

test('what throws or rejects is counted; the others are asked all the same', async () => {
  const registry = new Registry()
  const failing = {
    throws() {
      throw new Error('boom')
    },
    async rejects() {
      throw new Error('boom')
    },
    throws_a_symbol() {
      throw Symbol('boom')
    },
    throws_nothing_printable() {
      throw Object.create(null)
    },
  }
  for (const [name, collect] of Object.entries(failing)) gauge({ name, help: 'h', registry, collect }).set(1)
  gauge({ name: 'z', help: 'h', registry, collect: (g) => g.set(5) })
  expect(await read(registry, 'z')).toBe(5)
  for (const name of Object.keys(failing)) {
    expect(await rejections(registry, name)).toMatchObject({ collect: expect.any(Number) })
    expect(await read(registry, name)).toBe(1)
  }
})

test('one that never settles delays a scrape but does not stop it', async () => {
  const registry = new Registry()
  gauge({ name: 'stuck', help: 'h', registry, collect: () => new Promise<void>(() => {}) }).set(3)
  gauge({ name: 'z', help: 'h', registry, collect: (g) => g.set(5) })
  expect(await read(registry, 'stuck')).toBe(3)
  expect(await read(registry, 'z')).toBe(5)
})

test('the first callback of a gauge holds', async () => {
  const registry = new Registry()
  gauge({ name: 'g', help: 'h', registry })
  gauge({ name: 'g', help: 'h', registry, collect: (g) => g.set(1) })
  gauge({ name: 'g', help: 'h', registry, collect: (g) => g.set(2) })
  expect(await read(registry, 'g')).toBe(1)
})

test('a callback that removes its own metric', async () => {
  const registry = new Registry()
  gauge({
    name: 'g',
    help: 'h',
    registry,
    collect(g) {
      g.set(1)
      registry.remove('g')
    },
  })
  gauge({ name: 'z', help: 'h', registry, collect: (g) => g.set(5) })
  expect(await read(registry, 'g')).toBeUndefined()
  expect(await read(registry, 'z')).toBe(5)
})

test('a callback that closes its registry makes that scrape fail, and nothing else', async () => {
  const registry = new Registry()
  gauge({ name: 'g', help: 'h', registry, collect: () => registry.close() })
  await expect(registry.metrics()).rejects.toMatchObject({ code: 'ERR_NANOTALLY_REGISTRY_CLOSED' })
})

test('a removed metric is asked no more', async () => {
  const registry = new Registry()
  let asked = 0
  gauge({ name: 'g', help: 'h', registry, collect: () => void asked++ })
  await registry.metrics()
  registry.remove('g')
  await registry.metrics()
  expect(asked).toBe(1)
})

test('several scrapes at once are each answered', async () => {
  const registry = new Registry()
  let asked = 0
  gauge({ name: 'g', help: 'h', registry, collect: async (g) => g.set(++asked) })
  const texts = await Promise.all(Array.from({ length: 20 }, () => registry.metrics()))
  expect(asked).toBe(20)
  expect(texts.every((text) => /^g \d+$/m.test(text))).toBe(true)
})
