// What a watch makes of catalogs: what its alerts are called, and which catalogs it refuses.
import { gauge } from 'nanotally'
import { type Catalog, catalogs } from 'nanotally/catalogs'
import { streaming } from 'nanotally/catalogs/streaming'
import { watchThresholds } from 'nanotally/integrations/alertmanager'
import { describe, expect, test } from 'vitest'
import { makePlan } from '../../../../dist/integrations/internal/watch/plan.js'
import { alerts as rules } from '../../../alerts/rules.js'
import { read } from '../../../support/registry.js'
import { TIME_FACTOR } from '../../../support/time-factor.mjs'
import { until } from '../../../support/until.js'
import { namedRegistry, openWatch } from './watches.js'

describe('what alerts are called', () => {
  test('as the rule of alerts/ about the same threshold, with its runbook', () => {
    const planned = makePlan([streaming], Infinity, 900_000).thresholds.filter(
      ({ name }) => name === 'engram_streaming_queue_depth',
    )
    const rulesOf = rules.filter(({ family }) => family?.name === 'engram_streaming_queue_depth')
    expect(planned.map(({ labels: own, annotations }) => ({ own, annotations }))).toEqual(
      rulesOf.map(({ alert, labels: own, annotations: { summary, runbook_url } }) => ({
        own: { alertname: alert, ...own },
        annotations: { summary, runbook_url },
      })),
    )
    expect(planned).toHaveLength(2)
  })

  test('one name for one threshold, in all catalogs', () => {
    const { thresholds } = makePlan(catalogs, Infinity, 86_400_000)
    const titles = thresholds.map(({ catalog, labels }) => [catalog, labels.alertname, labels.severity].join(' '))
    expect(titles.filter((title, i) => titles.indexOf(title) !== i)).toEqual([])
    const named = thresholds.filter(({ alert, name }) => alert !== name)
    expect(named.length).toBeGreaterThan(70)
  })

  test('a family of somebody else’s by its own name, though a catalog of ours has one of it', () => {
    const [own] = makePlan([{ ...streaming, name: 'theirs' }], Infinity, 900_000).thresholds
    expect(own).toMatchObject({ alert: own?.name, defaults: { component: 'theirs', subsystem: 'theirs' } })
  })

  test('labels of the series that the alert’s would hide are exported_NAME: they are two alerts', async () => {
    const registry = namedRegistry()
    const open = gauge({ name: 'tickets', help: 'h', labels: ['severity', 'alertname'], registry })
    const { told } = await openWatch([{ name: 'tickets_open', query: 'tickets', critical: { above: 5 } }], { registry })
    open.set({ severity: 'p1', alertname: 'x' }, 50)
    open.set({ severity: 'p2', alertname: 'x' }, 99)
    await until('both', () => told.length === 2)
    expect(told.map(({ value, name, severity, labels }) => [value, name, severity, labels.exported_severity])).toEqual([
      [50, 'tickets_open', 'critical', 'p1'],
      [99, 'tickets_open', 'critical', 'p2'],
    ])
    expect(told[0]?.labels.exported_alertname).toBe('x')
    open.set({ severity: 'p1', alertname: 'x' }, 1)
    await until('the end of one', () => told.length === 3)
    expect(told[2]).toMatchObject({ status: 'resolved', value: 50, labels: { exported_severity: 'p1' } })
  })
})

test('however many series are past a threshold, each is told', async () => {
  const registry = namedRegistry()
  const depth = gauge({ name: 'depth', help: 'h', labels: ['l'], registry })
  for (let l = 0; l < 1500; l++) depth.set({ l }, 9)
  const { told } = await openWatch([{ critical: { above: 5 } }], { registry })
  await until('all', () => told.length === 1500)
})

test('four times a second, when nothing else is said', async () => {
  const registry = namedRegistry()
  const evaluations = async () => (await read(registry, 'alerting_watch_duration_seconds_count')) ?? 0
  const begun = performance.now()
  await openWatch([{ critical: { above: 5 } }], { registry, intervalMs: undefined })
  // Not sooner, however fast the machine; and of any longer interval that people would write, not within the deadline.
  await until('evaluations', async () => (await evaluations()) >= 9, 30_000 * TIME_FACTOR)
  expect(performance.now() - begun).toBeGreaterThan(8 * 250 - 250)
})

describe('catalogs that are refused', () => {
  const dispatchers = [{ name: 'a', dispatch: () => {} }]
  const refusalOf = (given: unknown) =>
    watchThresholds({ catalogs: given as Catalog[], dispatchers, registry: namedRegistry() }).then(
      () => 'none',
      ({ code, message }) => `${code} ${message}`,
    )
  const family = { name: 'f', type: 'gauge', help: 'h', query: 'f', expected: [0, 1], source: 's' }
  const of = (...families: unknown[]) => [
    { name: 'mine', about: 'a', families: Object.fromEntries(families.entries()) },
  ]

  test.each<[families: unknown[], code: string, message: RegExp]>([
    [[null], 'TYPE', /families\.0: expected an object, received null/],
    [[{ ...family, query: undefined }], 'TYPE', /families\.0\.query: expected a text/],
    [[{ ...family, help: () => 'h' }], 'TYPE', /families\.0\.help: expected a text, received a function/],
    [[family, { ...family, name: 1 }], 'TYPE', /families\.1\.name: expected a text/],
    [[{ ...family, warning: null }], 'TYPE', /families\.0\.warning: expected an object/],
    [[{ ...family, warning: {} }], 'VALUE', /families\.0\.warning: expected above or below/],
    [[{ ...family, critical: { above: '5' } }], 'TYPE', /critical\.above: expected a number/],
    [[{ ...family, critical: { below: Number.NaN } }], 'VALUE', /critical\.below: expected a number, received NaN/],
    [[{ ...family, critical: { above: 1, forSeconds: '5m' } }], 'TYPE', /critical\.forSeconds: expected a number/],
    [[{ ...family, critical: { above: 1, forSeconds: -1 } }], 'VALUE', /critical\.forSeconds: expected 0 or more/],
  ])('%j', async (families, code, message) => {
    const refusal = await refusalOf(of(...families))
    expect(refusal).toMatch(`ERR_NANOTALLY_INVALID_${code}`)
    expect(refusal).toMatch(message)
  })

  test('two thresholds of one name, which nobody could tell apart', async () => {
    const waiting = { ...family, critical: { above: 1 } }
    const expected = /ERR_NANOTALLY_INVALID_VALUE .*families\.1\.name: expected a name that no other family of it has/
    expect(await refusalOf(of(waiting, { ...waiting, query: 'g' }))).toMatch(expected)
    expect(await refusalOf([...of(waiting), ...of(waiting)])).toMatch('catalogs[1].families.0.name')
    expect(await refusalOf(of(waiting, { ...family, warning: { above: 1 } }))).toBe('none')
  })

  test('one whose thresholds cannot be read, with the reason', async () => {
    expect(await refusalOf(of({ ...family, query: 'rate(f', critical: { above: 1 } }))).toMatch(
      'expected a threshold that can be watched; f: it ends too early',
    )
  })
})
