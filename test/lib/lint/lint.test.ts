// The linter of names: each rule by a name that breaks it and one that nearly does; the allow-list, entry by entry; and
// nanotally's own metrics and those of the demo.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { counter, Registry } from 'nanotally'
import { collectDefaultMetrics, Registry as PromRegistry } from 'prom-client'
import { describe, expect, test } from 'vitest'
import { isAllowed, type LintedMetric, type LintRule, lintMetric } from '../../../dist/lint.js'
import { findings, notAllowed } from '../../support/lint.js'
import { scrape } from '../../support/registry.js'

const require = createRequire(import.meta.url)
const rulesOf = (metric: Partial<LintedMetric>) =>
  lintMetric({ name: 'x', type: 'gauge', help: 'h', ...metric }).map(({ rule }) => rule)

interface Entry {
  name: string
  rules: LintRule[]
  origin: 'catalog' | 'prom-client'
  reason: string
}
const allowList: Entry[] = require('../../../lib/lint-allow-list.json')

describe('rules', () => {
  const broken: [LintRule, Partial<LintedMetric>][] = [
    ['no-help', { help: '' }],
    ['no-help', { help: ' \n' }],
    ['no-help', { help: undefined }],
    ['counter-suffix', { name: 'jobs', type: 'counter' }],
    ['total-suffix', { name: 'jobs_total' }],
    ['total-suffix', { name: 'jobs_total', type: 'histogram' }],
    ['info-suffix', { name: 'build', type: 'info' }],
    ['reserved-suffix', { name: 'x_count' }],
    ['reserved-suffix', { name: 'x_sum' }],
    ['reserved-suffix', { name: 'x_bucket' }],
    ['reserved-suffix', { name: 'x_bucket', type: 'summary' }],
    ['reserved-label', { labels: ['a', 'le'] }],
    ['reserved-label', { type: 'histogram', labels: ['quantile'] }],
    ['type-in-name', { name: 'jobs_gauge' }],
    ['type-in-name', { name: 'jobs_Counter_total', type: 'counter' }],
    ['colon', { name: 'a:b' }],
    ['camel-case', { name: 'queueDepth' }],
    ['camel-case', { labels: ['ok', 'tenantId'] }],
    ['abbreviated-unit', { name: 'lag_ms' }],
    ['abbreviated-unit', { name: 'a_KB_read_total', type: 'counter' }],
    ['base-unit', { name: 'age_days' }],
    ['base-unit', { name: 'lag_milliseconds' }],
    ['base-unit', { name: 'read_kilobytes_total', type: 'counter' }],
    ['base-unit', { name: 'distance_miles' }],
    ['base-unit', { name: 'load_percent' }],
    ['unit-suffix', { name: 'latency', unit: 'seconds' }],
    ['unit-suffix', { name: 'seconds_of_latency', unit: 'seconds' }],
    ['label-as-metric', { name: 'breaker', labels: ['breaker'] }],
    ['quoted-name', { name: 'http.requests' }],
    ['quoted-name', { labels: ['http.route'] }],
  ]
  test.each(broken)('%s is broken by %j', (rule, metric) => {
    expect(rulesOf(metric)).toEqual([rule])
    expect(lintMetric({ name: 'x', type: 'gauge', help: 'h', ...metric })[0]?.message.length).toBeGreaterThan(10)
  })

  const fine: Partial<LintedMetric>[] = [
    {},
    { name: 'jobs_total', type: 'counter', unit: '' },
    { name: 'read_bytes_total', type: 'counter', unit: 'bytes' },
    { name: 'latency_seconds', type: 'histogram', unit: 'seconds', labels: ['space'] },
    { name: 'x_bucket', type: 'histogram' },
    { name: 'x_count', type: 'summary' },
    { name: 'x_total', type: 'unknown', labels: ['le'] },
    { name: 'x_count', type: 'untyped' },
    { name: 'build_info', type: 'info', labels: ['version'] },
    { name: 'breaker', type: 'stateset', labels: ['breaker'] },
    { name: 'ms_office_files' },
    { name: 'histogram_of_jobs' },
    { name: 'thermometers' },
    { name: 'battery_kelvin' },
    { name: 'hit_ratio' },
    { name: 'total_jobs' },
    { name: 'HTTP_requests' },
  ]
  test.each(fine)('%j is fine', (metric) => {
    expect(rulesOf(metric)).toEqual([])
  })

  test('several at once, each once', () => {
    expect(rulesOf({ name: 'jobGauge_gauge_ms_hours', help: '', labels: ['le', 'le'] })).toEqual([
      'no-help',
      'reserved-label',
      'type-in-name',
      'camel-case',
      'abbreviated-unit',
      'base-unit',
    ])
  })

  test('every rule is broken by some of these', () => {
    const source = readFileSync(new URL('../../../lib/lint.ts', import.meta.url), 'utf8')
    const table = source.slice(source.indexOf('const RULES'), source.indexOf('} satisfies'))
    const rules = [...table.matchAll(/^ {2}'?([a-z-]+)'?: \(/gm)].map(([, rule]) => rule)
    expect(rules).toHaveLength(14)
    expect(new Set(broken.map(([rule]) => rule))).toEqual(new Set(rules))
  })
})

describe('the allow-list', async () => {
  const catalog: (LintedMetric & { document: string })[] = require('./catalog-names.json')
  const registry = new PromRegistry()
  collectDefaultMetrics({ register: registry })
  const given = {
    catalog: catalog.map((metric) => ({ ...metric, help: 'h' })),
    'prom-client': (await registry.getMetricsAsJSON()).map(
      ({ name, help, type }) => ({ name, help, type }) as unknown as LintedMetric,
    ),
  }

  test('both sources have names', () => {
    expect(given.catalog.length).toBeGreaterThanOrEqual(60)
    expect(given['prom-client'].length).toBeGreaterThanOrEqual(25)
    expect(new Set(catalog.map(({ name }) => name)).size).toBe(catalog.length)
    expect(allowList.length).toBeGreaterThan(10)
    expect(new Set(allowList.map(({ name }) => name)).size).toBe(allowList.length)
  })

  test.each(allowList)('$name is given by $origin, and breaks what it may break', ({ name, rules, origin, reason }) => {
    const metric = given[origin].find((one) => one.name === name)
    expect(lintMetric(metric as LintedMetric).map(({ rule }) => rule)).toEqual(rules)
    for (const rule of rules) expect(isAllowed(name, rule)).toBe(true)
    expect(isAllowed(name, 'no-help')).toBe(false)
    expect(reason.length).toBeGreaterThan(20)
  })

  test('whatever they give besides breaks nothing', () => {
    const found = Object.values(given)
      .flat()
      .flatMap((metric) => lintMetric(metric).map(({ rule }) => ({ name: metric.name, rule })))
    expect(found.filter(notAllowed)).toEqual([])
    expect(found.length).toBe(allowList.flatMap(({ rules }) => rules).length)
  })
})

describe('what is exposed', () => {
  test("nanotally's own metrics", async () => {
    process.removeAllListeners('warning')
    const registry = new Registry()
    const c = counter({ name: 'c_total', help: 'h', labels: ['l'], maxSeries: 1, registry })
    for (let l = 0; l < 3; l++) c.inc({ l })
    c.inc({ l: 0 }, -1)
    const families = await scrape(registry)
    expect(families.has('nanotally_rejected_total')).toBe(true)
    expect(families.has('nanotally_overflowed_total')).toBe(true)
    expect(findings(families)).toEqual([])
  })

  test("the demo's metrics", async () => {
    const { registry } = await import('nanotally')
    const { watchMemory } = await import('../../../examples/engram/engine/metrics.mjs')
    watchMemory()
    const families = await scrape(registry)
    expect(families.size).toBeGreaterThanOrEqual(15)
    expect(findings(families).filter(notAllowed)).toEqual([])
  })
})
