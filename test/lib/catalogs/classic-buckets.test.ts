// The `le` that catalogs' histograms show: always the same, so that quantiles over them are those of what was observed.
import { collectRuntimeMetrics, type Histogram, Registry } from 'nanotally'
import { type CatalogFamily, catalogs, defineFamilies } from 'nanotally/catalogs'
import { expect, test } from 'vitest'
import { classicBucketsOf } from '../../../dist/catalogs/shared/classic-buckets.js'
import { COLLECTIONS, collectionDurations } from '../../../dist/runtime/garbage-collection.js'
import { scrape } from '../../support/registry.js'
import { until } from '../../support/until.js'

const histograms: readonly CatalogFamily[] = catalogs
  .flatMap(({ families }) => Object.values(families))
  .filter(({ type, buckets }) => type === 'histogram' && buckets === undefined)
const family: CatalogFamily = {
  name: 'wait_seconds',
  type: 'histogram',
  help: 'h',
  query: 'histogram_quantile(0.99, sum by (le) (rate(wait_seconds_bucket[5m])))',
  expected: [0.001, 0.1],
  source: 's',
}

/** The finite bounds that a histogram shows. */
async function shownBy(registry: Registry, name: string): Promise<number[]> {
  const samples = (await scrape(registry)).get(name)?.samples ?? []
  const bounds = new Set(
    samples.flatMap(({ labels: { le } }) => (le === undefined || le === '+Inf' ? [] : [Number(le)])),
  )
  return [...bounds]
}

test.each<[string, Partial<CatalogFamily>, number, number]>([
  ['from the least that is expected to four times the most', {}, -10, -1],
  ['to four times the gravest threshold', { warning: { above: 1 }, critical: { above: 2 } }, -10, 3],
  ['from a part of the most where 0 is expected', { expected: [0, 1] }, -12, 2],
  ['what is said to be told', { classicRange: [1, 5] }, 0, 3],
])('%s', (_, more, first, last) => {
  const buckets = classicBucketsOf({ ...family, ...more }) ?? []
  expect([buckets[0], buckets.at(-1)]).toEqual([2 ** first, 2 ** last])
  expect(buckets).toHaveLength(last - first + 1)
})

test('none where nobody asks for a quantile, and where the buckets are the family’s own', () => {
  expect(classicBucketsOf({ ...family, query: 'sum(rate(wait_seconds_count[5m]))' })).toBeUndefined()
  expect(classicBucketsOf({ ...family, buckets: [1, 2] })).toBeUndefined()
  expect(classicBucketsOf({ ...family, type: 'gauge' })).toBeUndefined()
})

test('those of each catalog are the same before and after something extraordinary', async () => {
  expect(histograms.length).toBeGreaterThan(25)
  expect(histograms.filter((each) => classicBucketsOf(each) === undefined).map(({ name }) => name)).toEqual([])
  const registry = new Registry()
  const own = histograms.filter(({ planned, exposedBy }) => planned === undefined && exposedBy === undefined)
  for (const each of own) {
    const { it } = defineFamilies({ it: each as CatalogFamily & { type: 'histogram' } }, { registry })
    const labels = Object.fromEntries((each.labels ?? []).map((label) => [label, each.values?.[label]?.[0] ?? 'x']))
    const series = (it as unknown as Histogram<string[]>).labels(labels)
    const [least = 0] = classicBucketsOf(each) ?? []
    series.observe(least)
    const before = await shownBy(registry, each.name)
    for (const value of [0, 1e-9, 1e9]) series.observe(value)
    expect([each.name, before]).toEqual([each.name, classicBucketsOf(each)])
    expect(await shownBy(registry, each.name)).toEqual(before)
  }
})

test('those of the runtime are what its catalog says', async () => {
  const exposed = histograms.filter(({ exposedBy }) => exposedBy !== undefined)
  const registry = new Registry('classic-buckets')
  const metrics = collectRuntimeMetrics({ registry })
  collectionDurations(registry).observe({ kind: 'minor', thread: 'main' }, 0.001)
  for (const each of exposed) {
    await until(each.name, async () => (await shownBy(registry, each.name)).length > 0)
    expect([each.name, await shownBy(registry, each.name)]).toEqual([each.name, classicBucketsOf(each)])
  }
  expect(exposed.map(({ name }) => name)).toContain(COLLECTIONS)
  metrics.stop()
  registry.close()
})
