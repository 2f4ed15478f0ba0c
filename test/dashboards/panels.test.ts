// Which panels there are: those of the planning documents, one for each family with a figure, and one that leads to each runbook.
import { expect, test } from 'vitest'
import { runbookOf } from '../../alerts/src/build.mjs'
import { EXPORTER_FAMILIES } from '../../alerts/src/exporters.mjs'
import { alerts } from '../alerts/rules.js'
import { families } from '../support/catalogs.js'
import { allPanels, dashboardFiles, dashboardNamed, panelNamed, panelsOf } from '../support/dashboards.js'
import { familiesOf } from './panels.js'

test('streaming has the eleven panels of document 001 in its order, and asks every 5 s', () => {
  const first = panelsOf(dashboardNamed('streaming')).filter(({ row }) => row === 'Streaming')
  expect(first.map(({ panel }) => panel.title)).toEqual([
    'System overview',
    'Observation rate by space',
    'Queue depth by priority',
    'Worker utilization heatmap',
    'Observation latency distribution',
    'Backpressure events',
    'Backpressure state timeline',
    'Recall latency',
    'Batch processing stats',
    'Batch size distribution',
    'Error rate',
  ])
  expect(dashboardNamed('streaming').refresh).toBe('5s')
  expect(first.flatMap(({ panel }) => panel.links ?? []).filter(({ url }) => url.startsWith('/d/')).length).toBe(5)
})

test('spreading has the five panels of document 002', () => {
  const titles = panelsOf(dashboardNamed('spreading')).map(({ panel }) => panel.title)
  for (const title of [
    'Spreading latency P95',
    'Throughput by tier',
    'Memory pool utilization',
    'Cycle detection rate',
    'Circuit breaker status',
  ]) {
    expect(titles).toContain(title)
  }
})

test('every family with a figure to look at is on a dashboard', () => {
  const asked = new Set(allPanels.flatMap(({ panel }) => familiesOf(panel)))
  const told = dashboardFiles.map(({ text }) => text).join('')
  const watched = [...families, ...EXPORTER_FAMILIES].filter(
    ({ warning, critical }) => warning !== undefined || critical !== undefined,
  )
  expect(watched.length).toBeGreaterThan(100)
  // Those whose own query is about the families that they are computed from stand in descriptions.
  const missing = watched.filter((family) => !asked.has(family) && !told.includes(`**${family.name}**`))
  expect(missing.map(({ name }) => name)).toEqual([])
})

test('panels lead to the runbooks of the alerts about what they show, and each alert has a panel that does', () => {
  const linked = new Map<string, string[]>()
  for (const { panel } of allPanels) {
    for (const { title, url } of panel.links ?? []) {
      const [, alert] = /^Runbook: (\w+)$/.exec(title) ?? []
      expect([title, url.includes('/runbooks/')]).toEqual([title, alert !== undefined])
      if (alert === undefined) continue
      expect([panel.title, url]).toEqual([panel.title, `\${docs}/runbooks/${runbookOf(alert)}.md`])
      linked.set(alert, [...(linked.get(alert) ?? []), panel.title])
    }
  }
  expect([...linked.keys()].sort()).toEqual([...new Set(alerts.map(({ alert }) => alert))].sort())
  expect(linked.get('CriticalQueueDepth')).toEqual(['System overview', 'Queue depth by priority'])
  expect(linked.get('ScrapeFailing')).toEqual(expect.arrayContaining(['Targets']))
  // It looks at `up`, too, but is not about targets.
  expect(linked.get('StreamingMetricsAbsent')).toEqual(['Queue depth by priority'])
})

test('the table of alerts leads to the runbook of each', () => {
  const { targets, fieldConfig } = panelNamed('alert-status', 'Alerts')
  expect(targets?.[0]?.expr).toContain('"runbook", "$1", "alertname", "(.*)"')
  const properties = fieldConfig?.overrides.flatMap((override) => override.properties) ?? []
  const ownOf = (wanted: string) => properties.find(({ id }) => id === wanted)?.value
  const [mapped, others] = ownOf('mappings') as { options: Record<string, { text: string }> & { pattern?: string } }[]
  const texts = Object.fromEntries(Object.entries(mapped?.options ?? {}).map(([alert, { text }]) => [alert, text]))
  expect(texts).toEqual(Object.fromEntries(alerts.map(({ alert }) => [alert, runbookOf(alert)])))
  expect(others).toMatchObject({ type: 'regex', options: { pattern: '.*', result: { text: 'README' } } })
  expect(ownOf('links')).toMatchObject([{ url: `\${docs}/runbooks/\${__value.text}.md` }])
})
