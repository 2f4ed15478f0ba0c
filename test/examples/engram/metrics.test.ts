// What the demo exposes is what catalogs say: the streaming one, and its own.
import { registry } from 'nanotally'
import { catalogs } from 'nanotally/catalogs'
import { streaming } from 'nanotally/catalogs/streaming'
import { expect, test } from 'vitest'
import { demo, ofWorker, watchMemory } from '../../../examples/engram/engine/metrics.mjs'
import { BATCH_ERRORS, MEMORY_SPACES, REASONS } from '../../../examples/engram/engine/terms.mjs'
import { Scrape } from '../../../examples/engram/view/exposition.mjs'
import { PRIORITIES } from '../../../examples/engram/wordnet/vocabulary.mjs'

const own = Object.values(demo.families)

test('each family is in one catalog, and there with its type', async () => {
  ofWorker(3)
  watchMemory()
  const { types } = new Scrape(await registry.metrics())
  const names = [...Object.values(streaming.families), ...own].map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
  const elsewhere = new Set(catalogs.flatMap(({ families }) => Object.values(families).map(({ name }) => name)))
  expect(own.filter(({ name }) => elsewhere.has(name))).toEqual([])
  // Gauges are exposed once they are set.
  const exposed = [...types].filter(([name]) => name.startsWith('engram_'))
  const described = new Map([...Object.values(streaming.families), ...own].map(({ name, type }) => [name, type]))
  expect(exposed.filter(([name, type]) => described.get(name) !== type)).toEqual([])
  const recorded = [...described].filter(([, type]) => type !== 'gauge').map(([name]) => name)
  expect(recorded.filter((name) => !types.has(name))).toEqual([])
  expect(exposed.length).toBeGreaterThan(20)
})

test('its labels have the values that the streaming catalog names', async () => {
  expect(PRIORITIES).toEqual(streaming.families.observations?.values?.priority)
  const scrape = new Scrape(await registry.metrics())
  const values = (name: string, label: string) => [
    ...new Set(scrape.select(`engram_streaming_${name}`).map(({ labels }) => labels[label])),
  ]
  expect(values('observations_total', 'memory_space').sort()).toEqual([...MEMORY_SPACES].sort())
  expect(values('observations_rejected_total', 'reason').sort()).toEqual([...REASONS].sort())
  expect(values('batch_failures_total', 'error_type').sort()).toEqual([...BATCH_ERRORS].sort())
  expect(values('batch_failures_total', 'worker_id')).toEqual(['3'])
})
