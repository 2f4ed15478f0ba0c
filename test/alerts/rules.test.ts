// What all rules have in common: they are what their sources and the catalogs say, Prometheus takes them, they ask about families
// that there are, and tell people what they need.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { type Catalog, type CatalogFamily, catalogs, type Threshold } from 'nanotally/catalogs'
import { describe, expect, test } from 'vitest'
import { buildRules, byInstance, runbookOf } from '../../alerts/src/build.mjs'
import { EXPORTER_FAMILIES } from '../../alerts/src/exporters.mjs'
import { sources } from '../../alerts/src/index.mjs'
import { alertsByPage, withHead } from '../../alerts/src/runbook.mjs'
import { unwatched } from '../../alerts/src/unwatched.mjs'
import { familyOf, faultsOf } from '../support/catalogs.js'
import { isInHead, type OperationDocument, operationDocuments, runbookPaths } from '../support/operation-documents.js'
import { readPromql } from '../support/promql.js'
import { runPromtool } from '../support/promtool.js'
import { temporaryFolder } from '../support/temporary.js'
import { alerts, FOLDER, files, ROOT, rulePaths } from './rules.js'

/** What the planning documents name, in their words where they have a rule. */
const NAMED = {
  '000': [
    'HighAllocationLatency',
    'HighAllocationErrorRate',
    'AllocationColumnsExhausted',
    'HeapNearlyFull',
    'EventLoopStalled',
    'DiskNearlyFull',
  ],
  '001': [
    ...['HighQueueDepth', 'CriticalQueueDepth', 'WorkerDown', 'WorkerUtilizationImbalance'],
    ...['HighObservationLatency', 'HighRecallLatency', 'FrequentBackpressure', 'PersistentBackpressure'],
    ...['HighRejectionRate', 'BatchInsertionFailures', 'LowThroughput', 'ExcessiveWorkStealing'],
    ...['HighQueueMemory', 'StreamingMetricsAbsent'],
  ],
  '002': [
    'SpreadingLatencyHigh',
    'SpreadingFailures',
    'CircuitBreakerOpen',
    'SpreadingLatencyPredicted',
    'MemoryPoolExhaustionPredicted',
  ],
  '003': [
    ...['CLSSystemImbalance', 'FalseMemoryGenerationSpike', 'ConsolidationStalled'],
    ...['SIMDUtilizationLow', 'CacheHitRatioDeterioration', 'BranchPredictionDegradation'],
    ...['NUMARemoteAccessRatioHigh', 'NUMANodeImbalance', 'CrossSocketBandwidthSaturation'],
    ...['MemoryPoolFragmentation', 'ZeroAllocationViolation', 'CacheAlignmentDegraded'],
    ...['HealthCheckLatencyHigh', 'PerformanceRegressionDetected', 'GracefulDegradationActivated'],
    ...['LockFreeContentionSpike', 'AtomicOperationContentionHigh', 'MetricsAggregationLag'],
  ],
  // Of databases and system resources themselves.
  '004': [
    ...['PostgresDown', 'PostgresConnectionsNearlyUsed', 'RedisDown', 'RedisMemoryNearlyFull'],
    ...['DiskNearlyFull', 'HostMemoryNearlyFull'],
  ],
}

/** Severities and durations of document 003, in the order above. */
const OF_003 =
  'warning 120, critical 300, warning 900, warning 120, critical 60, warning 30, warning 180, critical 300, warning 60, warning 120, critical 0, warning 120, warning 120, critical 0, warning 60, critical 60, warning 120, warning 30'
/** The same of document 001, of what it says them of. */
const OF_001: Record<string, string> = {
  HighQueueDepth: 'warning 120',
  CriticalQueueDepth: 'critical 60',
  WorkerDown: 'critical 60',
  WorkerUtilizationImbalance: 'warning 300',
  HighObservationLatency: 'warning 300',
  HighRecallLatency: 'warning 300',
  FrequentBackpressure: 'warning 300',
  PersistentBackpressure: 'warning 600',
  HighRejectionRate: 'warning 300',
  BatchInsertionFailures: 'critical 120',
  LowThroughput: 'info 600',
  ExcessiveWorkStealing: 'info 600',
}

const textOf = (file: string) => readFileSync(`${FOLDER}/${file}.yml`, 'utf8')
const nameOf = ({ alert, labels }: { alert: string; labels: { severity: string } }) => `${alert} (${labels.severity})`

describe('the planning documents', () => {
  test.each(Object.entries(NAMED))('%s: each alert that it names is there', (document, names) => {
    for (const name of names) {
      const rules = alerts.filter(({ alert }) => alert === name)
      expect(rules.length, name).toBeGreaterThan(0)
      expect(rules[0]?.source.documents, name).toContain(document)
    }
  })

  test('each lasts as long and is as severe as they say', () => {
    const said = (name: string) => {
      const [{ labels, forSeconds } = { labels: { severity: '' }, forSeconds: -1 }] = alerts.filter(
        ({ alert }) => alert === name,
      )
      return `${labels.severity} ${forSeconds}`
    }
    expect(NAMED['003'].map(said).join(', ')).toBe(OF_003)
    expect(NAMED['003']).toHaveLength(18)
    expect(NAMED['001']).toHaveLength(14)
    for (const [name, saying] of Object.entries(OF_001)) expect(said(name), name).toBe(saying)
    expect(['SpreadingLatencyHigh', 'SpreadingFailures', 'CircuitBreakerOpen'].map(said)).toEqual([
      ...['warning 120', 'critical 60', 'critical 30'],
    ])
    expect(said('HighAllocationLatency')).toBe('warning 300')
  })

  test('001: its recording rules are there', () => {
    const records = files.flatMap(({ groups }) => groups.flatMap(({ rules }) => rules.map(({ record }) => record)))
    expect(records.filter((record) => record !== undefined)).toEqual([
      'spreading:latency:p95',
      'streaming:observation_rate:1m',
      'streaming:queue_utilization:ratio',
      'streaming:worker_utilization:avg',
      'streaming:observation_latency:p99',
      'streaming:recall_latency:p99',
    ])
  })

  test('003: its groups are evaluated as often as it says', () => {
    const intervals = files.flatMap(({ groups }) => groups.map(({ name, intervalSeconds }) => [name, intervalSeconds]))
    expect(Object.fromEntries(intervals)).toMatchObject({
      engram_cognitive_performance: 30,
      engram_hardware_performance: 15,
      engram_numa_performance: 45,
      engram_memory_pools: 30,
      engram_systems_health: 60,
      engram_lock_free_monitoring: 10,
    })
  })
})

describe('the files', () => {
  test('are what alerts/src and the catalogs say', () => {
    const script = `${ROOT}/scripts/alert-rules.mjs`
    const { status, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' })
    expect(stderr).toBe('')
    expect(status).toBe(0)
  })

  test('are taken by promtool', async () => {
    const lines = await runPromtool(['check', 'rules', ...rulePaths])
    expect(lines.filter((line) => !/^Checking | SUCCESS: /.test(line))).toEqual([])
    const found = lines.flatMap((line) => /(\d+) rules found/.exec(line)?.[1] ?? [])
    expect(found.map(Number).reduce((sum, n) => sum + n, 0)).toBe(alerts.length + 6)
    const broken = `${temporaryFolder({ 'broken.yml': textOf('numa').replaceAll('sum by', 'sum bye') })}/broken.yml`
    expect((await runPromtool(['check', 'rules', broken])).join('\n')).toMatch(/parse error/)
  })

  test('rules over planned families are in a file of their own', () => {
    const planned = alerts.filter(({ file }) => file === 'planned').map(({ alert }) => alert)
    const waiting = ({ name }: { name: string }) => familyOf(name)?.planned !== undefined
    expect(planned).toEqual(
      alerts.filter(({ expr }) => readPromql(expr).selectors.some(waiting)).map(({ alert }) => alert),
    )
    expect(planned.length).toBeLessThan(10)
  })
})

describe('the catalogs’ figures', () => {
  const aboutFamilies = alerts.filter(({ family }) => family !== undefined)

  test.each(aboutFamilies.map((rule) => [nameOf(rule), rule] as const))('%s', (_, rule) => {
    const { family, source, labels, expr, condition, forSeconds, file, alert } = rule
    const threshold = (family as CatalogFamily)[
      source.level ?? (labels.severity as 'warning' | 'critical')
    ] as Threshold
    const { above, below, forSeconds: lasts = 0 } = threshold
    expect(condition).toEqual(above === undefined ? { op: '<', limit: below } : { op: '>', limit: above })
    // Of all instances together it is the catalog's own query.
    const together = expr.replaceAll(/ by \(job, instance\)/g, '').replaceAll('job, instance, ', '')
    if (source.expr === undefined) {
      expect(together).toContain((family as CatalogFamily).query.replaceAll(/\b(sum|min|max|avg)\(/g, '$1 ('))
      expect(forSeconds).toBe(lasts)
    }
    // And that is what Prometheus loads.
    const rules = textOf(file).split(/^ {6}- alert: /m)
    const [loaded] = rules.filter(
      (text) => text.startsWith(`${alert}\n`) && text.includes(`severity: ${labels.severity}\n`),
    )
    expect(loaded).toMatch(
      new RegExp(`${above === undefined ? '<' : '>'} ${String(above ?? below).replace('.', '\\.')}\\b`),
    )
    const written = /for: (\d+)([sm])\n/.exec(loaded ?? '')
    expect(Number(written?.[1]) * (written?.[2] === 'm' ? 60 : 1)).toBe(forSeconds)
  })

  test('another figure in a catalog makes another rule', () => {
    const threshold = { above: 0.123, forSeconds: 45 }
    const changed = catalogs.map((catalog) => ({
      ...catalog,
      families: Object.fromEntries(
        Object.entries(catalog.families).map(([key, family]) => [
          key,
          family.name === 'allocation_duration' ? { ...family, warning: threshold } : family,
        ]),
      ),
    })) as Catalog[]
    const [rule] = buildRules(sources, changed)[0]?.groups[0]?.rules ?? []
    expect(rule).toMatchObject({ alert: 'HighAllocationLatency', forSeconds: 45, condition: { limit: 0.123 } })
    expect(rule?.expr).toMatch(/ > 0\.123$/m)
    expect(rule?.annotations?.description).toMatch(/\(above 0\.123 for 45s\)\.$/)
  })

  test('a source that does not agree is told', () => {
    const file = { file: 'x', component: 'x', about: 'X.' }
    const rule = {
      alert: 'X',
      severity: 'critical',
      subsystem: 'x',
      summary: 'x',
      description: 'x',
      measure: 'x',
    } as const
    const build = (more: object) =>
      buildRules([{ ...file, groups: [{ name: 'x', intervalSeconds: 15, rules: [{ ...rule, ...more }] }] }], catalogs)
    expect(() => build({ family: 'engram_nothing' })).toThrow('no catalog has engram_nothing')
    expect(() => build({ family: 'allocation_duration' })).toThrow('has no such threshold')
    expect(() => build({ family: 'allocation_duration', severity: 'warning', forSeconds: 1 })).toThrow(
      'is in the catalog',
    )
    expect(() => build({ family: 'nanotally_rejected_total', severity: 'warning', firstIncrease: true })).toThrow(
      'is gone',
    )
  })
})

test('each threshold of a catalog or an exporter has an alert, or is listed with the reason why not', () => {
  const levels = ['warning', 'critical'] as const
  const ofCatalogs = catalogs.flatMap(({ families }) => Object.values<CatalogFamily>(families))
  const thresholds = [...ofCatalogs, ...EXPORTER_FAMILIES].flatMap((family) =>
    levels.filter((level) => family[level] !== undefined).map((level) => `${family.name} ${level}`),
  )
  const watched = new Set(
    alerts.map(({ family, source, labels }) => `${family?.name} ${source.level ?? labels.severity}`),
  )
  const listed = unwatched.flatMap(({ thresholds: names }) =>
    names.flatMap((name) => (name.includes(' ') ? [name] : levels.map((level) => `${name} ${level}`))),
  )
  expect(thresholds.filter((name) => !watched.has(name) && !listed.includes(name))).toEqual([])
  // Of a name alone one level may be missing, not both; and none is there twice, or has an alert.
  expect(listed.filter((name) => watched.has(name))).toEqual([])
  expect(listed).toHaveLength(new Set(listed).size)
  const there = new Set(thresholds.map((name) => name.split(' ')[0]))
  expect(listed.filter((name) => !there.has(name.split(' ')[0] as string))).toEqual([])
  expect(thresholds.length).toBeGreaterThan(150)
  for (const { why } of unwatched) {
    for (const [, name] of why.matchAll(/`([A-Z]\w+)`/g)) expect(alerts.map(({ alert }) => alert)).toContain(name)
  }
})

test('the aggregations of every rule keep the target', () => {
  const ofOthers = (expr: string) =>
    readPromql(expr).aggregations.filter((labels) => !['job', 'instance'].every((label) => labels.includes(label)))
  const exprs = files.flatMap(({ groups }) => groups.flatMap(({ rules }) => rules.map(({ expr }) => expr)))
  expect(exprs.flatMap(ofOthers)).toEqual([])
  expect(exprs.flatMap((expr) => readPromql(expr).aggregations).length).toBeGreaterThan(alerts.length)
  expect(ofOthers('count by (le) (a) + sum(b) + max(c) by (job, le) + min without (le) (d) + topk(3, e)')).toEqual([
    ...[['le'], [], ['job', 'le'], [], []],
  ])
})

const labelsOf = (name: string) =>
  (familyOf(name) ?? EXPORTER_FAMILIES.find((family) => family.name === name))?.labels ?? []

/** What Prometheus adds for each target and of each alert, and what a rule of the same file records. */
const OTHERS = ['no catalog has up', 'no catalog has ALERTS', 'no catalog has spreading:latency:p95']

describe.each(alerts.map((rule) => [nameOf(rule), rule] as const))('%s', (_, rule) => {
  const { alert, expr, labels, annotations, source } = rule

  test('it asks about families and labels that there are', () => {
    expect(faultsOf(expr, EXPORTER_FAMILIES).filter((fault) => !OTHERS.includes(fault))).toEqual([])
  })

  test('it has what routes and people need', () => {
    expect(alert).toMatch(/^[A-Z][A-Za-z]+$/)
    expect(['info', 'warning', 'critical']).toContain(labels.severity)
    expect(labels.component).toMatch(/^[a-z]+$/)
    expect(labels.subsystem).toMatch(/^[a-z_]+$/)
    expect(annotations.summary).toMatch(/^[A-Z].*[^.]$/)
    expect(annotations.description).toContain('{{ $value')
    expect(annotations.description).toMatch(/\.$/)
    expect(annotations.value).toBe('{{ $value }}')
    expect(annotations.runbook_url).toMatch(/^https:\/\/[^ ]+\/docs\/runbooks\/[a-z]+(-[a-z]+)*\.md$/)
  })

  test('its own labels hide none of the series', () => {
    const { selectors, groupings } = readPromql(expr)
    const isGrouped = /\b(sum|min|max|avg|quantile)\b.*by/.test(expr)
    const left = isGrouped ? groupings : selectors.flatMap(({ name }) => labelsOf(name))
    const hidden = left.filter((label) => ['severity', 'component', 'subsystem'].includes(label))
    expect([...new Set(hidden)]).toEqual(source.frees ?? [])
    for (const label of source.frees ?? []) expect(expr).toContain(`"exported_${label}", "$1", "${label}"`)
  })
})

describe('runbooks', () => {
  const SECTIONS = ['Symptoms', 'Queries', 'Actions', 'Prevention']
  const pathOf = (alert: string) => `docs/runbooks/${runbookOf(alert)}.md`

  /** What is wrong with a page. */
  function faultsOfPage(document: OperationDocument): string[] {
    const { title, text, blocks } = document
    const [, ...sections] = text.split(/^## (?=.)/m).map((section) => section.split('\n'))
    const names = sections.map(([name]) => name)
    const queries = blocks.filter((block) => block.language === 'promql' && !isInHead(document, block))
    return [
      ...(alerts.some(({ alert }) => alert === title) ? [] : [`no alert is called ${title}`]),
      ...(`${names}` === `${SECTIONS}` ? [] : [`its sections are ${names.join(', ')}`]),
      ...sections.filter(([, ...lines]) => lines.join('').trim() === '').map(([name]) => `there is nothing in ${name}`),
      ...(queries.length >= 2 ? [] : [`${queries.length} queries of its own`]),
    ]
  }

  test('each alert has its page, and each page its alert', () => {
    const pages = new Map(alerts.map(({ alert }) => [pathOf(alert), alert]))
    expect(pages.size).toBeGreaterThan(60)
    expect([...pages.keys()].filter((path) => !runbookPaths.includes(path))).toEqual([])
    expect(runbookPaths.filter((path) => !pages.has(path))).toEqual([])
    for (const { path, title } of operationDocuments) if (pages.has(path)) expect(title, path).toBe(pages.get(path))
  })

  test.each(operationDocuments.filter(({ path }) => runbookPaths.includes(path)))('$path', (document) => {
    expect(faultsOfPage(document)).toEqual([])
  })

  test('a head goes after the title, and in the place of the one that is there', () => {
    const rules = alertsByPage(files).get('health-check-failing') ?? []
    const sections = new Map([['System', 'system']])
    const panel = { title: 'Checks', exprs: ['nanotally_health_check_status'], isCollapsed: false }
    const surroundings = { families: [], dashboards: [{ title: 'System', panels: [panel] }], sections }
    const rest = '## Symptoms\n\nx\n'
    const page = withHead(`# HealthCheckFailing\n\n${rest}`, rules, surroundings)
    expect(page.startsWith('# HealthCheckFailing\n\n<!-- ')).toBe(true)
    expect(page.endsWith(` -->\n\n${rest}`)).toBe(true)
    expect(page.match(/^\| (warning|critical) \|/gm)).toEqual(['| warning |', '| critical |'])
    for (const { expr } of rules) expect(page).toContain(`\`\`\`promql\n${expr}\n\`\`\``)
    expect(page).toContain('[System](../dashboards.md#system): *Checks*')
    expect(withHead(page, rules, surroundings)).toBe(page)
    expect(withHead(page.replace('| warning |', '| old |'), rules, surroundings)).toBe(page)
    expect(() => withHead(page, rules, { ...surroundings, sections: new Map() })).toThrow('no section System')
  })

  test('what is missing on a page is told', () => {
    const text = '# Nothing\n\n## Symptoms\n\nx\n\n## Actions\n\n## Queries\n\nx\n'
    expect(faultsOfPage({ path: 'docs/runbooks/nothing.md', title: 'Nothing', text, blocks: [] })).toEqual([
      'no alert is called Nothing',
      'its sections are Symptoms, Actions, Queries',
      'there is nothing in Actions',
      '0 queries of its own',
    ])
  })
})

test('names of runbooks', () => {
  expect(['CLSSystemImbalance', 'SIMDUtilizationLow', 'NUMANodeImbalance', 'HighQueueDepth'].map(runbookOf)).toEqual([
    ...['cls-system-imbalance', 'simd-utilization-low', 'numa-node-imbalance', 'high-queue-depth'],
  ])
})

test('aggregations by instance', () => {
  expect(byInstance('max(a_sum) - sum by (le) (rate(b[5m]))')).toBe(
    'max by (job, instance) (a_sum) - sum by (job, instance, le) (rate(b[5m]))',
  )
  expect(byInstance('max_over_time(a[5m])')).toBe('max_over_time(a[5m])')
})
