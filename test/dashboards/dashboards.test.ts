// What each dashboard has to be by itself: found by its address, laid out in the grid, with links that lead somewhere.
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { runbookOf } from '../../alerts/src/build.mjs'
import { SERVER_FAMILIES } from '../../dashboards/src/library/servers.js'
import { alerts } from '../alerts/rules.js'
import { faultsOf } from '../support/catalogs.js'
import { type DashboardJson, dashboardFiles, dashboardNamed, type PanelJson, panelsOf } from '../support/dashboards.js'
import { parseMarkdown } from '../support/markdown.js'
import { familiesOf, knownSeries } from './panels.js'

const PLANNED = /^Planned: /
const NEEDS_PMU = /^Needs a PMU/
const COLUMNS = 24

const runbooks = new Set(alerts.map(({ alert }) => runbookOf(alert)))

/** The headings of a document of docs/, as links name them. */
const anchorsOf = (document: string) =>
  parseMarkdown(readFileSync(new URL(`../../docs/${document}`, import.meta.url), 'utf8')).anchors

/** What is wrong with where panels are: of those of a row that is collapsed, among themselves. */
function placementFaults({ panels }: DashboardJson): string[] {
  const faults: string[] = []
  const check = (some: readonly PanelJson[]) => {
    for (const [i, { title, gridPos: a }] of some.entries()) {
      if (a.x < 0 || a.y < 0 || a.w < 1 || a.h < 1 || a.x + a.w > COLUMNS) faults.push(`${title} is out of the grid`)
      for (const { title: other, gridPos: b } of some.slice(i + 1)) {
        if (a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h) {
          faults.push(`${title} and ${other} overlap`)
        }
      }
    }
  }
  check(panels)
  for (const { panels: inner = [], gridPos } of panels) {
    check(inner)
    for (const { title, gridPos: at } of inner) if (at.y <= gridPos.y) faults.push(`${title} is above its row`)
  }
  return faults
}

/** Whether a panel's link leads to a dashboard, to the runbook of an alert, or to a heading that there is. */
function leadsTo(url: string, metrics: ReadonlySet<string>): boolean {
  const [, dashboard] = /^\/d\/nanotally-([a-z-]+)\?/.exec(url) ?? []
  if (dashboard !== undefined) return dashboardFiles.some(({ name }) => name === dashboard)
  const [, runbook] = /^\$\{docs\}\/runbooks\/([a-z-]+)\.md$/.exec(url) ?? []
  if (runbook !== undefined) return runbooks.has(runbook)
  const [, anchor] = /^\$\{docs\}\/metrics\.md#(\w+)$/.exec(url) ?? []
  return anchor !== undefined && metrics.has(anchor)
}

test('there are twelve, each found by its address and its tag', () => {
  expect(dashboardFiles.map(({ name }) => name)).toEqual([
    'alert-status',
    'application',
    'business',
    'cognitive',
    'databases',
    'hardware',
    'nanotally',
    'node-runtime',
    'overview',
    'spreading',
    'streaming',
    'system',
  ])
  for (const { name, dashboard } of dashboardFiles) {
    expect(dashboard).toMatchObject({ uid: `nanotally-${name}`, tags: ['nanotally'], schemaVersion: 36 })
  }
})

describe.each(dashboardFiles)('$name', ({ dashboard }) => {
  const panels = panelsOf(dashboard)

  test('panels are within 24 columns, none over another, each with an id of its own', () => {
    expect(placementFaults(dashboard)).toEqual([])
    const ids = dashboard.panels.flatMap((panel) => [panel, ...(panel.panels ?? [])]).map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    expect(new Set(panels.map(({ panel }) => panel.title)).size).toBe(panels.length)
    expect(panels.length).toBeGreaterThan(10)
  })

  test('legends differ within a panel', () => {
    for (const { panel } of panels) {
      const legends = (panel.targets ?? []).map(({ legendFormat = '' }) => legendFormat)
      expect([panel.title, legends]).toEqual([panel.title, [...new Set(legends)]])
    }
  })

  test('what is planned or needs a PMU is in a collapsed row that says so', () => {
    for (const { panel, row, isCollapsed } of panels) {
      const isPlanned = familiesOf(panel).some(({ planned }) => planned !== undefined)
      expect([panel.title, PLANNED.test(row)]).toEqual([panel.title, isPlanned])
      if (isPlanned || NEEDS_PMU.test(row)) expect([panel.title, isCollapsed]).toEqual([panel.title, true])
    }
  })

  test('panels say what they show, and lead to the page of each family', () => {
    const metrics = anchorsOf('metrics.md')
    for (const { panel } of panels) {
      const names = familiesOf(panel).map(({ name }) => name)
      const told = [...(panel.description ?? '').matchAll(/\*\*(\w+)\*\*: ./g)].map(([, name = '']) =>
        knownSeries.has(name),
      )
      expect([panel.title, told.length > 0 && told.every(Boolean)]).toEqual([panel.title, true])
      const links = panel.links ?? []
      expect([panel.title, links.length > 0 || SERVER_FAMILIES.some(({ name }) => names.includes(name))]).toEqual([
        panel.title,
        true,
      ])
      for (const { url } of links) expect([url, leadsTo(url, metrics)]).toEqual([url, true])
    }
  })

  test('variables, annotations of alerts, a menu, a guide', () => {
    expect(dashboard.templating.list.map(({ name, type }) => [name, type])).toEqual([
      ['datasource', 'datasource'],
      ['instance', 'query'],
      ['docs', 'constant'],
    ])
    const found = /^label_values\((\w+), instance\)$/.exec(dashboard.templating.list[1]?.definition ?? '')
    expect(knownSeries.has(found?.[1] ?? '')).toBe(true)
    expect(dashboard.annotations.list).toMatchObject([{ enable: true, expr: expect.stringContaining('ALERTS{') }])
    const [menu, guide, all] = dashboard.links
    expect(all?.url).toBe(`\${docs}/runbooks`)
    expect(menu).toMatchObject({ type: 'dashboards', tags: ['nanotally'] })
    const [page, anchor] = (guide?.url ?? '').split('#')
    expect(page).toBe(`\${docs}/panels.md`)
    expect(anchorsOf('panels.md')).toContain(anchor)
  })
})

test('faults would be told', () => {
  const dashboard = structuredClone(dashboardNamed('streaming'))
  const panels = dashboard.panels.filter(({ type }) => type !== 'row')
  Object.assign(panels[1]?.gridPos ?? {}, { x: 20 })
  expect(placementFaults(dashboard)).toEqual([
    'Observation rate by space is out of the grid',
    'Observation rate by space and Queue depth by priority overlap',
  ])
  expect(faultsOf('rate(ALERTS[5m])')).toEqual(['no catalog has ALERTS'])
  expect(leadsTo('/d/nanotally-nothing?x', new Set())).toBe(false)
  expect(leadsTo(`\${docs}/runbooks/nothing.md`, new Set())).toBe(false)
  expect(leadsTo(`\${docs}/metrics.md#nothing`, new Set(['something']))).toBe(false)
})
