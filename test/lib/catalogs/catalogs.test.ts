// What all catalogs have in common: their data agrees with itself, with what it defines, with the planning documents and with
// docs/metrics.md.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { Registry } from 'nanotally'
import { type CatalogFamily, catalogs, type Threshold } from 'nanotally/catalogs'
import { describe, expect, test } from 'vitest'
import { lintMetric } from '../../../dist/lint.js'
import { families, familyOf, faultsOf } from '../../support/catalogs.js'
import { notAllowed } from '../../support/lint.js'
import { readPromql } from '../../support/promql.js'
import { checkRules } from '../../support/promtool.js'
import { scrape } from '../../support/registry.js'
import promised from '../lint/catalog-names.json' with { type: 'json' }

const NAMES = [
  ...[
    'allocation',
    'streaming',
    'spreading',
    'cognitive',
    'graph',
    'memory',
    'hardware',
    'numa',
    'reliability',
    'exporter',
  ],
  ...['http', 'http-semantic', 'business', 'postgres', 'redis', 'runtime', 'alerting'],
]

test('there are all that were promised, each with families', () => {
  expect(catalogs.map(({ name }) => name).sort()).toEqual([...NAMES].sort())
  for (const { name, about, families } of catalogs) {
    expect(Object.keys(families).length, name).toBeGreaterThan(3)
    expect(about, name).toMatch(/^[A-Z].*\.$/s)
  }
})

test('a family lives in one catalog', () => {
  expect(families.length).toBeGreaterThan(100)
  expect(families.map(({ name }) => name).filter((name, i, all) => all.indexOf(name) !== i)).toEqual([])
})

test('names, help, units and labels pass the linter, but for what the documents give', () => {
  const found = families.flatMap((family) =>
    lintMetric({ ...family, labels: [...(family.labels ?? []), ...(family.optionalLabels ?? [])] }).map(({ rule }) => ({
      name: family.name,
      rule,
    })),
  )
  expect(found.filter(notAllowed)).toEqual([])
})

describe('the planning documents', () => {
  test.each(promised)('$name', ({ name, type, labels = [], document }) => {
    const family = families.find((one) => one.name === name)
    expect(family?.type).toBe(type)
    expect([...(family?.labels ?? []), ...(family?.optionalLabels ?? [])]).toEqual(expect.arrayContaining(labels))
    const number = { 'monitoring infrastructure': '000', 'streaming metrics': '001' }[document]
    if (number !== undefined) expect(family?.documents).toContain(number)
  })
})

/** Whether a figure is on the far side of what is expected. */
function isPast({ above, below }: Threshold, [from, to]: CatalogFamily['expected']): boolean {
  return (above === undefined || above >= to) && (below === undefined || below <= from)
}

const keyed = catalogs.flatMap((catalog) =>
  Object.values(catalog.families).map((family) => [family.name, family, catalog.families] as const),
)

describe.each(keyed)('%s', (name, family, siblings) => {
  // What is computed since the start goes blind in time: its figures may be about the late growth of what it is computed from.
  const { derived } = family
  const operands = derived === undefined ? [] : 'of' in derived ? [...derived.of, ...derived.to] : derived.rateOf
  const subjects =
    family.exposedBy === undefined
      ? [name, ...operands.map((operand) => siblings[operand.family]?.name)]
      : Object.values(siblings).map((sibling) => sibling.name)

  test('its query is about it, and about nothing that no catalog has', () => {
    expect(faultsOf(family.query)).toEqual([])
    const asked = readPromql(family.query).selectors.map((selector) => familyOf(selector.name)?.name)
    expect(asked.filter((each) => each !== undefined && subjects.includes(each))).not.toEqual([])
  })

  test('its query is one that can be right', () => {
    const { functions, selectors } = readPromql(family.query)
    if (functions.includes('histogram_quantile'))
      expect(family.query).toMatch(/histogram_quantile\(.*\b(rate|increase)\(/s)
    const series = selectors.find((selector) => familyOf(selector.name)?.name === name)
    const isCumulative = family.type !== 'gauge' && !/_(sum|count)$/.test(series?.name ?? '')
    if (isCumulative) expect(functions.some((one) => ['rate', 'increase', 'irate'].includes(one))).toBe(true)
  })

  test('its figures are in order', () => {
    const { expected, warning, critical } = family
    expect(expected[0]).toBeLessThanOrEqual(expected[1])
    for (const threshold of [warning, critical]) {
      if (threshold === undefined) continue
      expect(threshold.above !== undefined || threshold.below !== undefined).toBe(true)
      expect(isPast(threshold, expected), 'a threshold within what is expected').toBe(true)
    }
    if (warning?.above !== undefined && critical?.above !== undefined) {
      expect(critical.above).toBeGreaterThanOrEqual(warning.above)
    }
    if (warning?.below !== undefined && critical?.below !== undefined) {
      expect(critical.below).toBeLessThanOrEqual(warning.below)
    }
  })

  test('its labels with fixed values are labels of it', () => {
    const labels = [...(family.labels ?? []), ...(family.optionalLabels ?? [])]
    for (const [label, values] of Object.entries(family.values ?? {})) {
      expect(labels).toContain(label)
      expect(values.length).toBeGreaterThan(0)
    }
  })

  test('it has a source', () => {
    expect(family.source).toMatch(/\S/)
    expect(family.help).toMatch(/^[A-Z0-9].*\.$/s)
    expect(family.planned === undefined || family.exposedBy === undefined).toBe(true)
  })
})

test('promtool takes every query', async () => {
  expect(await checkRules(families.map(({ query }, i) => ({ record: `catalog:query:${i}`, expr: query })))).toEqual([])
  expect(await checkRules([{ record: 'broken', expr: 'sum(' }])).not.toEqual([])
})

test('a query that is wrong is told', () => {
  expect(faultsOf('rate(')).not.toEqual([])
  expect(faultsOf('1 + 1')).toEqual(['it asks about nothing'])
  expect(faultsOf('engram_nothing')).toEqual(['no catalog has engram_nothing'])
  expect(faultsOf('engram_streaming_queue_depth{nothing="1"}')).toEqual(['engram_streaming_queue_depth has no nothing'])
  expect(faultsOf('sum by (nothing) (engram_streaming_queue_depth)')).toEqual(['nothing in it has nothing'])
})

test('each catalog defines its own families, and no others, as its data says', async () => {
  let defined = 0
  for (const { name, families: data } of catalogs) {
    const registry = new Registry()
    const module = await import(`nanotally/catalogs/${name}`)
    const factory = module[`${name.replace(/-(\w)/, (_, letter) => letter.toUpperCase())}Metrics`]
    const own = Object.values(data).filter(({ planned, exposedBy }) => planned === undefined && exposedBy === undefined)
    if (own.length === 0) {
      expect(factory, name).toBeUndefined()
      continue
    }
    const metrics = factory({ registry })
    // Found, not defined twice; and each under its key.
    factory({ registry })
    for (const [key, family] of Object.entries(data)) {
      const isRecorded = own.includes(family) && family.derived === undefined
      expect(metrics[key]?.name, `${name}.${key}`).toBe(isRecorded ? family.name : undefined)
    }
    // Unlabelled counters and histograms are there from the start.
    const exposed = [...(await scrape(registry)).keys()].filter((each) => !each.startsWith('nanotally_'))
    const names = own.map((family) => family.name)
    expect(exposed.filter((each) => !names.includes(each))).toEqual([])
    defined += own.length
  }
  expect(defined).toBeGreaterThan(80)
})

test('docs/metrics.md is what the catalogs say', () => {
  const script = fileURLToPath(new URL('../../../scripts/metrics-document.mjs', import.meta.url))
  const { status, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' })
  expect(stderr).toBe('')
  expect(status).toBe(0)
})
