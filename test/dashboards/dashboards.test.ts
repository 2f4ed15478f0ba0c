// The dashboards without a server: what they ask, what they show it as, where they put it and where they lead.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as grafanaUnits from '@grafana/grafana-foundation-sdk/units'
import { type CatalogFamily, catalogs } from 'nanotally/catalogs'
import { describe, expect, test } from 'vitest'
import { runbookOf } from '../../alerts/src/build.mjs'
import { EXPORTER_FAMILIES } from '../../alerts/src/exporters.mjs'
import { SERVER_FAMILIES } from '../../dashboards/src/library/servers.js'
import { unitOf } from '../../dashboards/src/library/units.js'
import { WITHOUT_HEAT_MAP } from '../../dashboards/src/without-heat-map.js'
import { threshold } from '../../scripts/figures.mjs'
import { alerts } from '../alerts/rules.js'
import { faultsOf, seriesOf } from '../support/catalogs.js'
import {
  asSent,
  type DashboardJson,
  dashboardFiles,
  FOLDER,
  type PanelJson,
  type PanelTarget,
  panelsOf,
} from '../support/dashboards.js'
import { parseMarkdown } from '../support/markdown.js'
import { readPromql } from '../support/promql.js'

const DOCS = join(FOLDER, '..', 'docs')
const GUIDE = readFileSync(join(DOCS, 'panels.md'), 'utf8')
const UNITS = new Set(Object.values(grafanaUnits))
const { Seconds, Milliseconds, Nanoseconds } = grafanaUnits
const PLANNED = /^Planned: /
const NEEDS_PMU = /^Needs a PMU/
const COLUMNS = 24

const catalogFamilies = catalogs.flatMap((catalog) => Object.values<CatalogFamily>(catalog.families))
const runbooks = new Set(alerts.map(({ alert }) => runbookOf(alert)))
const families = seriesOf([...catalogFamilies, ...SERVER_FAMILIES])

/** The families that a panel asks about. */
function familiesOf({ targets = [] }: PanelJson): CatalogFamily[] {
  return targets
    .flatMap(({ expr }) => readPromql(asSent(expr)).selectors)
    .map(({ name }) => families.get(name)?.family)
    .filter((family) => family !== undefined)
}

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

function unitsOf({ fieldConfig }: PanelJson): unknown[] {
  const { defaults = {}, overrides = [] } = fieldConfig ?? {}
  const own = overrides.flatMap(({ properties }) => properties).filter(({ id }) => id === 'unit')
  return [defaults.unit, ...own.map(({ value }) => value)]
}

interface Thresholds {
  steps: { value: number | null; color: string }[]
}

function overriddenThresholds({ fieldConfig }: PanelJson): Thresholds[] {
  const own = (fieldConfig?.overrides ?? []).flatMap(({ properties }) => properties)
  return own.filter(({ id }) => id === 'thresholds').map(({ value }) => value as Thresholds)
}

/** The thresholds that a panel's query is held against: its own, or those of all. */
function thresholdsOf({ fieldConfig }: PanelJson, { refId }: PanelTarget): Thresholds | undefined {
  const override = fieldConfig?.overrides.find(
    ({ matcher, properties }) =>
      matcher.id === 'byFrameRefID' && matcher.options === refId && properties.some(({ id }) => id === 'thresholds'),
  )
  const own = override?.properties.find(({ id }) => id === 'thresholds')?.value
  return (own as Thresholds | undefined) ?? fieldConfig?.defaults.thresholds
}

/** The labels that each aggregation of a query keeps, from left to right. */
function groupingsOf(expr: string): string[][] {
  const aggregations = expr.matchAll(/\b(?:sum|min|max|avg|count)(?: by \(([^)]*)\))? ?\(/g)
  return [...aggregations].map(([, labels = '']) => labels.split(', '))
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
        const family = families.get(name)?.family as CatalogFamily
        if (SERVER_FAMILIES.includes(family)) continue
        checked++
        expect([expr, labels]).toEqual([expr, expect.arrayContaining(['instance'])])
        const isCounter = family.type === 'counter' || name !== family.name
        if (isCounter) expect(expr).toMatch(new RegExp(`(rate|increase)\\(${name}\\b`))
      }
    }
    expect(checked).toBeGreaterThan(10)
  })

  test('panels are within 24 columns, none over another, each with an id of its own', () => {
    expect(placementFaults(dashboard)).toEqual([])
    const ids = dashboard.panels.flatMap((panel) => [panel, ...(panel.panels ?? [])]).map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    expect(new Set(panels.map(({ panel }) => panel.title)).size).toBe(panels.length)
    expect(panels.length).toBeGreaterThan(10)
  })

  test('units are Grafana’s', () => {
    for (const { panel } of panels) {
      for (const unit of unitsOf(panel)) expect([panel.title, UNITS.has(unit as string)]).toEqual([panel.title, true])
    }
  })

  test('thresholds ascend', () => {
    for (const { panel } of panels) {
      const all = [panel.fieldConfig?.defaults.thresholds, ...overriddenThresholds(panel)]
      for (const values of all.map((each) => each?.steps.map(({ value }) => value ?? -Infinity) ?? [])) {
        expect([panel.title, values[0]]).toEqual([panel.title, -Infinity])
        expect([panel.title, values]).toEqual([panel.title, [...new Set(values)].sort((a, b) => a - b)])
      }
    }
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
    const metrics = parseMarkdown(readFileSync(join(DOCS, 'metrics.md'), 'utf8')).anchors
    for (const { panel } of panels) {
      const names = familiesOf(panel).map(({ name }) => name)
      const told = [...(panel.description ?? '').matchAll(/\*\*(\w+)\*\*: ./g)].map(([, name = '']) =>
        families.has(name),
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
    expect(families.has(found?.[1] ?? '')).toBe(true)
    expect(dashboard.annotations.list).toMatchObject([{ enable: true, expr: expect.stringContaining('ALERTS{') }])
    const [menu, guide, all] = dashboard.links
    expect(all?.url).toBe(`\${docs}/runbooks`)
    expect(menu).toMatchObject({ type: 'dashboards', tags: ['nanotally'] })
    const [page, anchor] = (guide?.url ?? '').split('#')
    expect(page).toBe(`\${docs}/panels.md`)
    expect(parseMarkdown(GUIDE).anchors).toContain(anchor)
  })
})

/** Whether a panel's link leads to a dashboard, to the runbook of an alert, or to a heading that there is. */
function leadsTo(url: string, metrics: ReadonlySet<string>): boolean {
  const [, dashboard] = /^\/d\/nanotally-([a-z-]+)\?/.exec(url) ?? []
  if (dashboard !== undefined) return dashboardFiles.some(({ name }) => name === dashboard)
  const [, runbook] = /^\$\{docs\}\/runbooks\/([a-z-]+)\.md$/.exec(url) ?? []
  if (runbook !== undefined) return runbooks.has(runbook)
  const [, anchor] = /^\$\{docs\}\/metrics\.md#(\w+)$/.exec(url) ?? []
  return anchor !== undefined && metrics.has(anchor)
}

const named = (wanted: string) => dashboardFiles.find(({ name }) => name === wanted)?.dashboard as DashboardJson

test('streaming has the eleven panels of document 001 in its order, and asks every 5 s', () => {
  const first = panelsOf(named('streaming')).filter(({ row }) => row === 'Streaming')
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
  expect(named('streaming').refresh).toBe('5s')
  expect(first.flatMap(({ panel }) => panel.links ?? []).filter(({ url }) => url.startsWith('/d/')).length).toBe(5)
})

test('the guide through streaming tells of each of its panels, with the catalog’s figures', () => {
  const guide = GUIDE.split(/^## /m).find((part) => part.startsWith('Streaming\n'))
  const sections = new Map(
    guide?.split(/^### /m).map((part) => [part.split('\n')[0], part.replaceAll(/\s+/g, ' ')] as const),
  )
  let told = 0
  for (const { panel } of panelsOf(named('streaming')).filter(({ row }) => row === 'Streaming')) {
    const section = sections.get(panel.title)
    expect([panel.title, section?.length ?? 0]).toEqual([panel.title, expect.any(Number)])
    const steps = [panel.fieldConfig?.defaults.thresholds, ...overriddenThresholds(panel)].flatMap(
      (each) => each?.steps ?? [],
    )
    for (const { warning, critical } of familiesOf(panel)) {
      for (const [name, figures] of Object.entries({ warning, critical })) {
        // Only what the panel's own thresholds are about.
        const bound = figures?.above ?? figures?.below
        if (figures === undefined || !steps.some(({ value }) => value === (bound || 1e-9))) continue
        expect(section).toContain(threshold(name, figures))
        told++
      }
    }
  }
  expect(told).toBeGreaterThan(8)
})

/** What the guide tells of, by dashboard and row: its tables' rows, and headings that have none but say something. */
function guided(guide: string): string[] {
  const titles: string[] = []
  let [dashboard = '', row = ''] = []
  for (const line of guide.split('\n')) {
    const [, level, title = ''] = /^(##+) (.+)$/.exec(line) ?? []
    if (level === '##') [dashboard, row] = [title, '']
    if (level === '###') row = title
    const [, panel] = /^\| ([^|]+?) \| .*\| [^|]{10,} \|$/.exec(line) ?? []
    if (panel !== undefined && panel !== 'panel') titles.push(`${dashboard} / ${row} / ${panel}`)
  }
  return titles
}

test('the guide tells of each panel of each dashboard in its row, of each once, and of no other', () => {
  const expected = dashboardFiles.flatMap(({ dashboard }) => {
    const panels = panelsOf(dashboard)
    const titles = new Set(panels.map(({ panel }) => panel.title))
    return (
      panels
        .filter(({ panel: { title } }) => {
          const stem = title.replace(/, classic buckets$/, '')
          return stem === title || !titles.has(stem)
        })
        // Streaming's eleven have a section each, which the test above reads.
        .filter(({ row }) => !(dashboard.title === 'Streaming' && row === 'Streaming'))
        .map(({ panel, row }) => `${dashboard.title} / ${row} / ${panel.title}`)
    )
  })
  expect(expected.length).toBeGreaterThan(200)
  expect(guided(GUIDE).sort()).toEqual(expected.sort())
  const headings = [...GUIDE.matchAll(/^## (.+)$/gm)].map(([, title]) => title)
  expect(headings.sort()).toEqual(dashboardFiles.map(({ dashboard }) => dashboard.title).sort())
  const sections = GUIDE.split(/^## /m).find((part) => part.startsWith('Streaming\n'))
  const rows = new Set(panelsOf(named('streaming')).map(({ row, panel }) => (row === 'Streaming' ? panel.title : row)))
  const told = [...(sections ?? '').matchAll(/^### (.+)$/gm)].map(([, title]) => title)
  expect(told).toEqual([...rows].filter((title) => !title?.startsWith('Classic twins')))
})

test('the guide’s figures and runbooks are current', () => {
  const script = fileURLToPath(new URL('../../scripts/panels-document.mjs', import.meta.url))
  expect(() => execFileSync(process.execPath, [script, '--check'], { stdio: 'pipe' })).not.toThrow()
})

test('what is held against a catalog’s limits is asked by instance, and its legend says which', () => {
  // What begins in one process ends in another.
  const areOfAll = ['onboarding_completed_total', 'onboarding_abandoned_total']
  let [each, ofAll] = [0, 0]
  for (const { panel } of dashboardFiles.flatMap(({ dashboard }) => panelsOf(dashboard))) {
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

test('critical alerts are red, and targets that are down', () => {
  const panel = (name: string, title: string) =>
    panelsOf(named(name)).find((each) => each.panel.title === title)?.panel as PanelJson
  const colors = (panel: PanelJson, target: PanelTarget | undefined) =>
    target === undefined ? [] : thresholdsOf(panel, target)?.steps.map(({ color }) => color)
  for (const [title, color] of [
    ['Critical', 'red'],
    ['Warnings', 'orange'],
  ] as const) {
    const stat = panel('alert-status', title)
    expect([title, colors(stat, stat.targets?.[0])]).toEqual([title, ['green', color]])
  }
  expect(panel('alert-status', 'Critical').description).toContain('critical above 0')
  const { fieldConfig } = panel('alert-status', 'Firing, by severity')
  const series = fieldConfig?.overrides.map(({ matcher, properties }) => [matcher.options, properties[0]?.value])
  expect(series).toEqual([
    ['critical', { mode: 'fixed', fixedColor: 'red' }],
    ['warning', { mode: 'fixed', fixedColor: 'orange' }],
  ])
  const targets = panel('overview', 'Targets that are scraped')
  expect(targets.targets?.map((each) => colors(targets, each))).toEqual([['green'], ['green', 'red']])
})

test('a share of failures is 0, and not nothing, before the first of them', () => {
  const expressions = dashboardFiles
    .flatMap(({ dashboard }) => panelsOf(dashboard))
    .flatMap(({ panel }) => panel.targets ?? [])
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

test('spreading has the five panels of document 002', () => {
  const titles = panelsOf(named('spreading')).map(({ panel }) => panel.title)
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

test('each heat map of native histograms has a twin of classic buckets', () => {
  let twins = 0
  for (const { dashboard } of dashboardFiles) {
    const panels = panelsOf(dashboard).map(({ panel }) => panel)
    for (const { type, title, targets } of panels) {
      const [, histogram] = /^sum\(rate\((\w+)\{/.exec(targets?.[0]?.expr ?? '') ?? []
      if (type !== 'heatmap' || histogram === undefined) continue
      const twin = panels.find((panel) => panel.title === `${title}, classic buckets`)
      expect(twin?.targets?.[0]?.expr).toMatch(new RegExp(`^sum by \\(le\\) \\(rate\\(${histogram}_bucket\\{`))
      twins++
    }
  }
  expect(twins).toBeGreaterThan(15)
})

/** Of a histogram what a heat map asks for, as it would be sent: native ones, or classic buckets. */
const NATIVE_HEAT = /^sum\(rate\((\w+)\{instance=~"\.\*"\}\[\w+\]\)\)$/
const CLASSIC_HEAT = /^sum by \(le\) \(rate\((\w+)_bucket\{instance=~"\.\*"\}\[\w+\]\)\)$/

/** Histograms without the heat map that they could have: of exponential ones a native one and its twin, else a classic one. */
function withoutHeatMap(histograms: readonly CatalogFamily[]): string[] {
  const drawn = new Set<string>()
  for (const { panel } of dashboardFiles.flatMap(({ dashboard }) => panelsOf(dashboard))) {
    if (panel.type !== 'heatmap') continue
    for (const { expr } of panel.targets ?? []) {
      const [, native] = NATIVE_HEAT.exec(asSent(expr)) ?? []
      const [, classic] = CLASSIC_HEAT.exec(asSent(expr)) ?? []
      if (native !== undefined) drawn.add(`native ${native}`)
      if (classic !== undefined) drawn.add(`classic ${classic}`)
    }
  }
  return histograms
    .filter(({ name, buckets }) => {
      const isExponential = buckets === undefined
      return !drawn.has(`classic ${name}`) || isExponential !== drawn.has(`native ${name}`)
    })
    .map(({ name }) => name)
}

test('every histogram of every catalog has a heat map and its classic twin, or a reason why not', () => {
  const histograms = catalogFamilies.filter(({ type }) => type === 'histogram')
  expect(histograms.length).toBeGreaterThan(30)
  expect(withoutHeatMap(histograms).sort()).toEqual(Object.keys(WITHOUT_HEAT_MAP).sort())
  for (const [name, reason] of Object.entries(WITHOUT_HEAT_MAP)) {
    expect([name, reason]).toEqual([name, expect.stringMatching(/^.{20,}$/)])
    // What takes time has a heat map: a reason is for other distributions.
    const { unit, queryUnit } = families.get(name)?.family ?? {}
    const measure = unitOf(unit ?? queryUnit ?? '')
    expect([name, [Seconds, Milliseconds, Nanoseconds].includes(measure)]).toEqual([name, false])
  }
  const another: CatalogFamily = {
    name: 'another_latency',
    type: 'histogram',
    help: 'h',
    query: 'another_latency',
    expected: [0, 1],
    source: 'nothing',
  }
  expect(withoutHeatMap([another])).toEqual(['another_latency'])
})

/** The windows of what a query rates, each once. */
const windowsOf = (query: string) => [...new Set([...query.matchAll(/\brate\([^[\]]*\[([^\]]+)\]/g)].map(([, w]) => w))]

test('what is held against a lower limit is asked over the window of its catalog, with all of its panel', () => {
  const panels = dashboardFiles.flatMap(({ dashboard }) => panelsOf(dashboard)).map(({ panel }) => panel)
  const rated = catalogFamilies.filter(
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

test('a panel whose alert asks for so much at least says so, with its figure', () => {
  const told = new Map<string, number>()
  for (const { alert, family, source } of alerts) {
    const { least } = source
    if (least === undefined || family === undefined) continue
    for (const { panel } of dashboardFiles.flatMap(({ dashboard }) => panelsOf(dashboard))) {
      const isHeld = (panel.targets ?? []).some(
        (target) =>
          (thresholdsOf(panel, target)?.steps.length ?? 0) > 1 &&
          target.expr.includes(least.of.replace(/(_count)?(\{.*\})?$/, '')),
      )
      if (!isHeld || !panel.description?.includes(`**${family.name}**: `)) continue
      const line = panel.description.split('\n\n').find((each) => each.includes(`${alert} asks`))
      expect([panel.title, line]).toEqual([
        panel.title,
        expect.stringContaining(`${least.count} ${least.things} or more`),
      ])
      told.set(alert, (told.get(alert) ?? 0) + 1)
    }
  }
  const asking = alerts.filter(({ source }) => source.least !== undefined).map(({ alert }) => alert)
  expect([...told.keys()].sort()).toEqual([...new Set(asking)].sort())
  expect(told.size).toBeGreaterThan(10)
})

test('every family with a figure to look at is on a dashboard', () => {
  const asked = new Set(
    dashboardFiles.flatMap(({ dashboard }) => panelsOf(dashboard)).flatMap(({ panel }) => familiesOf(panel)),
  )
  const told = dashboardFiles.map(({ text }) => text).join('')
  const watched = [...catalogFamilies, ...EXPORTER_FAMILIES].filter(
    ({ warning, critical }) => warning !== undefined || critical !== undefined,
  )
  expect(watched.length).toBeGreaterThan(100)
  // Those whose own query is about the families that they are computed from stand in descriptions.
  const missing = watched.filter((family) => !asked.has(family) && !told.includes(`**${family.name}**`))
  expect(missing.map(({ name }) => name)).toEqual([])
})

test('panels lead to the runbooks of the alerts about what they show, and each alert has a panel that does', () => {
  const linked = new Map<string, string[]>()
  for (const { panel } of dashboardFiles.flatMap(({ dashboard }) => panelsOf(dashboard))) {
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
  const { targets, fieldConfig } =
    panelsOf(named('alert-status')).find(({ panel }) => panel.title === 'Alerts')?.panel ?? ({} as PanelJson)
  expect(targets?.[0]?.expr).toContain('"runbook", "$1", "alertname", "(.*)"')
  const properties = fieldConfig?.overrides.flatMap((override) => override.properties) ?? []
  const ownOf = (wanted: string) => properties.find(({ id }) => id === wanted)?.value
  const [mapped, others] = ownOf('mappings') as { options: Record<string, { text: string }> & { pattern?: string } }[]
  const texts = Object.fromEntries(Object.entries(mapped?.options ?? {}).map(([alert, { text }]) => [alert, text]))
  expect(texts).toEqual(Object.fromEntries(alerts.map(({ alert }) => [alert, runbookOf(alert)])))
  expect(others).toMatchObject({ type: 'regex', options: { pattern: '.*', result: { text: 'README' } } })
  expect(ownOf('links')).toMatchObject([{ url: `\${docs}/runbooks/\${__value.text}.md` }])
})

test('thresholds and units are those of the catalogs', () => {
  const panel = panelsOf(named('streaming')).find(({ panel: { title } }) => title === 'Queue depth by priority')?.panel
  const figures = families.get('engram_streaming_queue_depth')?.family
  expect(panel?.fieldConfig?.defaults).toMatchObject({
    unit: 'percentunit',
    thresholds: {
      steps: [
        { value: null, color: 'green' },
        { value: figures?.warning?.above, color: 'orange' },
        { value: figures?.critical?.above, color: 'red' },
      ],
    },
  })
  const bad = panelsOf(named('nanotally')).find(({ panel: { title } }) => title === 'Health')?.panel
  expect(bad?.fieldConfig?.defaults.thresholds?.steps.map(({ color }) => color)).toEqual(['red', 'orange', 'green'])
})

test('the measures of the catalogs', () => {
  const measures = new Set(catalogFamilies.map(({ queryUnit, unit }) => queryUnit ?? unit ?? ''))
  expect(measures.size).toBeGreaterThan(50)
  // Numbers of things, and none of these is a duration, a share, a rate or an amount of memory.
  const short = [...measures].filter((measure) => unitOf(measure) === 'short')
  for (const measure of short) expect(measure).not.toMatch(/\bseconds?\b|byte|\bratio\b|percent|^of /)
  for (const measure of measures) expect(UNITS.has(unitOf(measure))).toBe(true)
})

test('faults would be told', () => {
  const dashboard = structuredClone(named('streaming'))
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
