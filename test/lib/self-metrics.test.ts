// What registries tell of themselves: a named one its state and its cost, a private one only what it lost.
import { counter, gauge, Registry } from 'nanotally'
import { expect, onTestFinished, test } from 'vitest'
import { read, samplesOf, scrape } from '../support/registry.js'
import { until } from '../support/until.js'

const STATE = [
  'nanotally_arena_bytes',
  'nanotally_render_seconds_total',
  'nanotally_rendered_bytes_total',
  'nanotally_renders_total',
  'nanotally_series',
]

function open(name: string): Registry {
  const registry = new Registry(name)
  onTestFinished(() => registry.close())
  return registry
}

const own = async (registry: Registry) => [...(await scrape(registry)).keys()].filter((name) => name.startsWith('nano'))

test('a named registry tells its state; one without metrics and a private one do not', async () => {
  const [named, empty, unnamed] = [open('self'), open('empty'), new Registry()]
  for (const registry of [named, unnamed]) counter({ name: 'c_total', help: 'h', registry }).inc()
  expect(await own(named)).toEqual(STATE)
  expect(await own(unnamed)).toEqual([])
  expect(await empty.metrics()).toBe('')
})

test('expositions are counted, with their bytes and time', async () => {
  const registry = open('renders')
  counter({ name: 'c_total', help: 'h', registry }).inc()
  const [first, second] = [await registry.render(), await registry.render({ accept: 'application/openmetrics-text' })]
  const families = await scrape(registry)
  const value = (name: string) => families.get(name)?.samples[0]?.value
  expect(value('nanotally_renders_total')).toBe(2)
  expect(value('nanotally_rendered_bytes_total')).toBe(first.body.length + second.body.length)
  expect(value('nanotally_render_seconds_total')).toBeGreaterThan(0)
  expect(value('nanotally_arena_bytes')).toBeGreaterThanOrEqual(65_536)
  expect((value('nanotally_arena_bytes') as number) % 65_536).toBe(0)
})

test('the arena grows with the cells of any registry, and shrinks when that is closed', async () => {
  const registry = open('arena')
  counter({ name: 'c_total', help: 'h', registry }).inc()
  const bytes = async () => (await read(registry, 'nanotally_arena_bytes')) as number
  const before = await bytes()
  const other = new Registry()
  const c = counter({ name: 'c_total', help: 'h', labels: ['l'], maxSeries: 20_000, registry: other })
  for (let l = 0; l < 20_000; l++) c.inc({ l })
  const grown = await bytes()
  expect(grown - before).toBeGreaterThanOrEqual(2 * 65_536)
  other.close()
  await until('the memory to be given back', async () => (await bytes()) < grown)
})

test('series by state, what was lost by metric', async () => {
  const registry = open('states')
  const options = { help: 'h', labels: ['l'], maxSeries: 2, registry } as const
  const c = counter({ ...options, name: 'c_total' })
  const g = gauge({ ...options, name: 'g' })
  const old = c.labels('a')
  for (const l of ['a', 'b', 'c', 'd']) c.inc({ l })
  g.set({ l: 'a' }, 1)
  const states = (live: number) => ({ '{"state":"live"}': live, '{"state":"idle"}': 0, '{"state":"waiting"}': 0 })
  expect(await samplesOf(registry, 'nanotally_series')).toEqual(states(4))
  c.remove('a')
  old.inc()
  old.inc(-1)
  c.inc({ l: 'b' }, -1)
  expect(await samplesOf(registry, 'nanotally_series')).toEqual(states(3))
  expect(await samplesOf(registry, 'nanotally_overflowed_total')).toEqual({ '{"metric":"c_total"}': 2 })
  expect(await samplesOf(registry, 'nanotally_rejected_total')).toEqual({
    '{"metric":"c_total","reason":"negative"}': 1,
    '{"metric":"c_total","reason":"removed"}': 2,
  })
})

test('their names are taken, and names[] selects them', async () => {
  const registry = open('names')
  counter({ name: 'c_total', help: 'h', registry }).inc()
  for (const name of [...STATE, 'nanotally_expired', 'nanotally_overflowed_total', 'nanotally_rejected_total']) {
    expect(() => gauge({ name, help: 'h', registry })).toThrow(
      expect.objectContaining({ code: 'ERR_NANOTALLY_METRIC_CONFLICT' }),
    )
  }
  const { body } = await registry.render({ names: ['nanotally_series'] })
  expect(body.toString().match(/^[^#].*$/gm)).toEqual([
    'nanotally_series{state="live"} 1',
    'nanotally_series{state="idle"} 0',
    'nanotally_series{state="waiting"} 0',
  ])
})
