// What panels ask: PromQL about series that there are, of the chosen instances; by instance and over the catalog's window where
// that has a limit; what replicas hold both not twice, and 0 where nothing has failed yet.
import type { CatalogFamily } from 'nanotally/catalogs'
import { describe, expect, test } from 'vitest'
import { EXPORTER_FAMILIES } from '../../alerts/src/exporters.mjs'
import { SERVER_FAMILIES } from '../../dashboards/src/library/servers.js'
import { families, faultsOf } from '../support/catalogs.js'
import { allPanels, asSent, dashboardFiles, panelsOf } from '../support/dashboards.js'
import { readPromql } from '../support/promql.js'
import { familiesOf, knownSeries, thresholdsOf } from './panels.js'

/** The labels that each aggregation of a query keeps, from left to right. */
function groupingsOf(expr: string): string[][] {
  const aggregations = expr.matchAll(/\b(?:sum|min|max|avg|count)(?: by \(([^)]*)\))? ?\(/g)
  return [...aggregations].map(([, labels = '']) => labels.split(', '))
}

/** The windows of what a query rates, each once. */
const windowsOf = (query: string) => [...new Set([...query.matchAll(/\brate\([^[\]]*\[([^\]]+)\]/g)].map(([, w]) => w))]

describe.each(dashboardFiles)('$name', ({ dashboard }) => {
  const panels = panelsOf(dashboard)

  test('its queries are PromQL about families and labels that there are', () => {
    const queries = panels.flatMap(({ panel }) => (panel.targets ?? []).map(({ expr }) => expr))
    expect(queries.length).toBeGreaterThan(10)
    for (const query of queries) expect([query, faultsOf(asSent(query), SERVER_FAMILIES)]).toEqual([query, []])
    for (const { expr } of dashboard.annotations.list) expect(faultsOf(asSent(expr), SERVER_FAMILIES)).toEqual([])
  })

  test('every series of a catalog is asked for the chosen instances, and counters by their rate', () => {
    let checked = 0
    for (const { expr } of panels.flatMap(({ panel }) => panel.targets ?? [])) {
      for (const { name, labels } of readPromql(asSent(expr)).selectors) {
        const family = knownSeries.get(name)?.family as CatalogFamily
        if (SERVER_FAMILIES.includes(family)) continue
        checked++
        expect([expr, labels]).toEqual([expr, expect.arrayContaining(['instance'])])
        const isCounter = family.type === 'counter' || name !== family.name
        if (isCounter) expect(expr).toMatch(new RegExp(`(rate|increase)\\(${name}\\b`))
      }
    }
    expect(checked).toBeGreaterThan(10)
  })
})

test('what is held against a catalog’s limits is asked by instance, and its legend says which', () => {
  // What begins in one process ends in another.
  const areOfAll = ['onboarding_completed_total', 'onboarding_abandoned_total']
  let [each, ofAll] = [0, 0]
  for (const { panel } of allPanels) {
    for (const target of panel.targets ?? []) {
      const asked = familiesOf({ ...panel, targets: [target] })
      const isLimited = (thresholdsOf(panel, target)?.steps.length ?? 0) > 1
      const isOfReplicas = asked.some((f) => SERVER_FAMILIES.includes(f) && !EXPORTER_FAMILIES.includes(f))
      if (!isLimited || isOfReplicas) continue
      if (asked.some(({ name }) => areOfAll.includes(name))) {
        ofAll++
        continue
      }
      each++
      const groupings = groupingsOf(target.expr)
      expect([target.expr, groupings.every((labels) => labels.includes('instance'))]).toEqual([target.expr, true])
      if (panel.type !== 'table') {
        expect([panel.title, target.legendFormat]).toEqual([panel.title, expect.stringContaining('{{instance}}')])
      }
    }
  }
  expect(each).toBeGreaterThan(120)
  expect(ofAll).toBe(2)
  expect(groupingsOf('max(a) - sum by (le, job) (rate(b[5m]))')).toEqual([[''], ['le', 'job']])
})

test('what is held against a lower limit is asked over the window of its catalog, with all of its panel', () => {
  const panels = allPanels.map(({ panel }) => panel)
  const rated = families.filter(
    ({ query, warning, critical }) =>
      (warning?.below !== undefined || critical?.below !== undefined) && windowsOf(query).length > 0,
  )
  expect(rated.length).toBeGreaterThan(10)
  for (const { name, query } of rated) {
    const about = panels.filter(({ description }) => description?.includes(`**${name}**: `))
    const held = about.filter((panel) =>
      (panel.targets ?? []).some(
        (target) => windowsOf(target.expr).length > 0 && thresholdsOf(panel, target)?.steps[0]?.color !== 'green',
      ),
    )
    expect([name, held.length > 0]).toEqual([name, true])
    for (const { title, targets = [] } of held) {
      const windows = [...new Set(targets.flatMap(({ expr }) => windowsOf(expr)))]
      expect([name, title, windows]).toEqual([name, title, windowsOf(query)])
    }
  }
  // All others follow the range.
  const follows = panels.flatMap(({ targets = [] }) => targets).filter(({ expr }) => expr.includes('$__rate_interval'))
  expect(follows.length).toBeGreaterThan(150)
})

test('what two replicas of a server hold both is not counted twice', () => {
  const own = SERVER_FAMILIES.filter(({ name, type }) => type === 'gauge' && /^(prometheus|alertmanager)_/.test(name))
  expect(own.length).toBeGreaterThan(4)
  for (const { name, query } of own) {
    expect([name, query]).toEqual([name, expect.stringMatching(/^max\b/)])
    // A sum is of what one of them tells.
    for (const labels of groupingsOf(query).slice(1))
      expect([name, labels]).toEqual([name, expect.arrayContaining(['instance'])])
  }
})

test('a share of failures is 0, and not nothing, before the first of them', () => {
  const expressions = allPanels.flatMap(({ panel }) => panel.targets ?? [])
  const shares = expressions.filter(({ expr }) => / or 0 \* /.test(expr))
  const asked = new Set(shares.flatMap(({ expr }) => readPromql(asSent(expr)).selectors.map(({ name }) => name)))
  for (const name of [
    'engram_streaming_observations_rejected_total',
    'http_requests_total',
    'http_server_request_duration_seconds_count',
    'postgres_query_errors_total',
    'postgres_pool_acquire_failures_total',
    'redis_command_errors_total',
    'user_actions_total',
    'memory_operations_total',
    'knowledge_extraction_failures_total',
    'alerting_notifications_total',
    'engram_health_checks_total',
  ]) {
    expect([name, asked.has(name)]).toEqual([name, true])
  }
})
