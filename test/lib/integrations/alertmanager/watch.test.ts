// What a watch tells of thresholds that are passed and kept again; and what it does not watch, or no more, and why.
import { counter, gauge, histogram, Registry } from 'nanotally'
import { type Catalog, catalogs } from 'nanotally/catalogs'
import { type Alert, alertReceiver, watchThresholds } from 'nanotally/integrations/alertmanager'
import { describe, expect, onTestFinished, test } from 'vitest'
import { makePlan } from '../../../../dist/integrations/internal/watch/plan.js'
import { SeriesStore } from '../../../../dist/integrations/internal/watch/store.js'
import { Thresholds, windowsOf } from '../../../../dist/integrations/internal/watch/thresholds.js'
import { read, samplesOf } from '../../../support/registry.js'
import { until } from '../../../support/until.js'
import { catalogOf, namedRegistry, openWatch, statuses, warnings } from './watches.js'

const described = (alerts: readonly Alert[]) =>
  alerts.map(({ name, severity, status }) => `${name} ${severity} ${status}`)

test('a threshold is passed and kept again: alerts as those of Alertmanager', async () => {
  const registry = namedRegistry()
  const depth = gauge({ name: 'depth', help: 'h', labels: ['queue'], registry })
  depth.set({ queue: 'a' }, 1)
  const { told } = await openWatch(
    [{ name: 'queue_depth', warning: { above: 5 }, critical: { above: 10 }, query: 'max by (queue) (depth)' }],
    { registry },
  )
  const before = Date.now()
  depth.set({ queue: 'a' }, 11)
  await until('both alerts', () => told.length === 2)
  expect(described(told).sort()).toEqual(['queue_depth critical firing', 'queue_depth warning firing'])
  const critical = told.find(({ severity }) => severity === 'critical') as Alert
  expect(critical).toEqual({
    fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
    name: 'queue_depth',
    severity: 'critical',
    component: 'mine',
    subsystem: 'mine',
    status: 'firing',
    startsAt: expect.any(Date),
    endsAt: undefined,
    labels: { alertname: 'queue_depth', severity: 'critical', component: 'mine', subsystem: 'mine', queue: 'a' },
    annotations: {
      summary: 'A figure.',
      description: 'max by (queue) (depth) is 11, and should not be above 10.',
    },
    value: 11,
    source: 'watch',
  })
  expect(critical.startsAt.getTime()).toBeGreaterThanOrEqual(before)
  depth.set({ queue: 'a' }, 7)
  await until('one to be resolved', () => told.length === 3)
  expect(told[2]).toEqual({ ...critical, status: 'resolved', endsAt: expect.any(Date) })
  depth.remove({ queue: 'a' })
  await until('the other to be resolved, as its series is gone', () => told.length === 4)
  expect(described(told)[3]).toBe('queue_depth warning resolved')
  expect(await samplesOf(registry, 'alerting_alerts_received_total')).toEqual({
    '{"source":"watch","status":"firing","severity":"critical"}': 1,
    '{"source":"watch","status":"firing","severity":"warning"}': 1,
    '{"source":"watch","status":"resolved","severity":"critical"}': 1,
    '{"source":"watch","status":"resolved","severity":"warning"}': 1,
  })
})

test('rates, ratios of them and quantiles of what any thread records', async () => {
  const registry = namedRegistry()
  const errors = counter({ name: 'errors_total', help: 'h', labels: ['kind'], registry })
  const all = counter({ name: 'all_total', help: 'h', registry })
  const times = histogram({ name: 'times_seconds', help: 'h', registry })
  const { told } = await openWatch(
    [
      { query: 'sum(rate(errors_total[5m])) / sum(rate(all_total[5m]))', critical: { above: 0.1 } },
      { query: 'histogram_quantile(0.99, sum by (le) (rate(times_seconds_bucket[5m])))', critical: { above: 1 } },
      { query: 'sum by (kind) (increase(errors_total[5m]))', critical: { above: 0 } },
    ],
    { registry },
  )
  all.inc(100)
  for (let i = 0; i < 100; i++) times.observe(0.01)
  await until('the quantile to be computed', async () => {
    return ((await read(registry, 'alerting_watch_evaluations_total', { outcome: 'evaluated' })) ?? 0) > 3
  })
  expect(told).toEqual([])
  // The first of its kind: a series that is new.
  errors.inc({ kind: 'x' }, 1)
  await until('the error to be told', () => told.length === 1)
  expect(told[0]).toMatchObject({ name: 'f2', value: 1, labels: { kind: 'x' } })
  errors.inc({ kind: 'x' }, 49)
  for (let i = 0; i < 50; i++) times.observe(3)
  await until('both to be told', () => told.length === 3)
  expect(told.map(({ name }) => name).sort()).toEqual(['f0', 'f1', 'f2'])
  expect(told.find(({ name }) => name === 'f1')?.value).toBeGreaterThan(2)
})

describe('forSeconds', () => {
  const plan = makePlan([catalogOf({ critical: { above: 5, forSeconds: 2 } })], Infinity, 900_000)

  /** What happens at which second, for values at each quarter of one. */
  function run(values: readonly number[], known: ConstructorParameters<typeof Thresholds>[1] = []) {
    const store = new SeriesStore(windowsOf(plan.thresholds), 100)
    const thresholds = new Thresholds(plan.thresholds, known, 0)
    return values.flatMap((value, i) => {
      store.update(`depth ${value}\n`, i * 250)
      return thresholds.evaluate(store, 1e12 + i * 250).alerts.map((alert) => ({ ...alert, after: i / 4 }))
    })
  }

  test('not before it has been past for as long, without a break', () => {
    const shown = run([...Array(8).fill(6), 5, ...Array(10).fill(6), 1])
    expect(shown.map(({ status, after }) => [status, after])).toEqual([
      ['firing', 4.25],
      ['resolved', 4.75],
    ])
    expect(shown[1]).toMatchObject({ startsAt: 1e12 + 4250, endsAt: 1e12 + 4750, fingerprint: shown[0]?.fingerprint })
  })

  test('what fired before the thread began fires on, or is resolved', () => {
    const fired = run(Array(10).fill(6))
    expect(run(Array(4).fill(6), fired)).toEqual([])
    expect(run([1], fired)).toMatchObject([{ status: 'resolved', startsAt: fired[0]?.startsAt }])
  })
})

test('what looks for rates that are too low waits for one whole window', () => {
  const { thresholds } = makePlan(
    [catalogOf({ query: 'sum(rate(c[1s]))', critical: { below: 10 } }, { query: 'c', critical: { below: 0 } })],
    Infinity,
    900_000,
  )
  const store = new SeriesStore(windowsOf(thresholds), 100)
  const watched = new Thresholds(thresholds, [], 0)
  const rounds = [0, 500, 1000, 1500].map((now) => {
    store.update(`c ${now / 1000}\n`, now)
    const { alerts, outcomes } = watched.evaluate(store, now)
    return [alerts.length, Object.fromEntries(outcomes)]
  })
  expect(rounds).toEqual([
    [0, { warming: 1, evaluated: 1 }],
    [0, { warming: 1, evaluated: 1 }],
    [1, { evaluated: 2 }],
    [0, { evaluated: 2 }],
  ])
})

describe('what is not watched', () => {
  test('of all catalogs: by name, and why', async () => {
    const watch = await watchThresholds({
      catalogs,
      receiver: alertReceiver({ dispatchers: [{ name: 'x', dispatch() {} }] }),
    })
    onTestFinished(async () => void (await watch.close()))
    const families = catalogs.flatMap((catalog) => Object.values(catalog.families))
    const thresholds = families
      .flatMap(({ warning, critical }) => [warning, critical])
      .filter((one) => one !== undefined)
    expect(watch.watched.length + watch.unwatched.length).toBe(thresholds.length)
    expect(new Set(watch.unwatched.map(({ reason }) => reason.replace(/:.*|\d+/g, '')))).toEqual(
      new Set(['planned', 'it looks back for  s, more than maxWindowMs']),
    )
    expect(watch.watched.length).toBeGreaterThan(160)
    expect(watch.watched[0]).toEqual({
      ...{ catalog: 'allocation', name: 'allocation_failures_total', severity: 'warning' },
      alert: 'HighAllocationErrorRate',
      ...{ query: expect.any(String), above: expect.any(Number), below: undefined, forSeconds: expect.any(Number) },
    })
  })

  test('queries that are no PromQL of ours, and those that ask about nothing', async () => {
    const critical = { above: 1 }
    const { watch } = await openWatch([
      { query: 'topk(1, depth)', critical },
      { query: 'time()', critical },
      { query: 'rate(depth[1h])', critical },
      { query: 'depth', critical },
    ])
    expect(watch.unwatched.map(({ name, reason }) => [name, reason])).toEqual([
      ['f0', 'topk() is not supported'],
      ['f1', 'it asks about no series'],
      ['f2', 'it looks back for 3600 s, more than maxWindowMs'],
    ])
    expect(watch.watched.map(({ name }) => name)).toEqual(['f3'])
  })

  test('windows of rates can be shortened, those of increases cannot', async () => {
    const families = [
      { query: 'rate(depth[1h])', critical: { above: 1 } },
      { query: 'increase(depth[1h])', critical: { above: 1 } },
    ]
    const { watch } = await openWatch(families, { rateWindowMs: 5000 })
    expect(watch.watched.map(({ name }) => name)).toEqual(['f0'])
  })

  test('what has become too much, or ambiguous, is given up and told', async () => {
    const registry = namedRegistry()
    const warned = warnings()
    const many = gauge({ name: 'many', help: 'h', labels: ['x'], registry })
    const two = gauge({ name: 'two', help: 'h', labels: ['x'], registry })
    two.set({ x: 'a' }, 1)
    gauge({ name: 'one', help: 'h', registry }).set(1)
    many.set({ x: 'first' }, 99)
    const { told, watch } = await openWatch(
      [
        { query: 'max(many)', critical: { above: 5 } },
        { query: 'two / on () one', critical: { above: 1e9 } },
        { query: 'one', critical: { above: 1e9 } },
      ],
      { registry, maxSeries: 10 },
    )
    expect(watch.unwatched).toEqual([])
    await until('it to fire', () => told.length === 1)
    for (let i = 0; i < 20; i++) many.set({ x: i }, i)
    two.set({ x: 'b' }, 1)
    await until('both to be given up', () => watch.unwatched.length === 2)
    expect(watch.unwatched.map(({ name, reason }) => [name, reason]).sort()).toEqual([
      ['f0', 'there are more series than maxSeries'],
      ['f1', 'several values have the same labels'],
    ])
    expect(watch.watched.map(({ name }) => name)).toEqual(['f2'])
    expect(warned.length).toBe(2)
    await until('its end to be told', () => told.length === 2)
    expect(told[1]).toEqual({
      ...told[0],
      status: 'resolved',
      endsAt: expect.any(Date),
      annotations: {
        summary: 'A figure.',
        description:
          'max(many) is 99, and should not be above 5. ' +
          'It is not watched any more: there are more series than maxSeries.',
        unwatched: 'there are more series than maxSeries',
      },
    })
  })

  test('what fired before the thread began, and cannot be evaluated, has its end told at once', () => {
    const { thresholds } = makePlan(
      [catalogOf({ query: 'sum(rate(c[1m]))', critical: { above: 0 } })],
      Infinity,
      900_000,
    )
    const store = new SeriesStore(windowsOf(thresholds), 1)
    const rounds = (watched: Thresholds, ...expositions: string[]) =>
      expositions.map((text) => {
        store.update(text, store.now + 250)
        return watched.evaluate(store, store.now)
      })
    const [, fired] = rounds(new Thresholds(thresholds, [], 0), 'c 0\n', 'c 9\n')
    expect(statuses(fired?.alerts ?? [])).toEqual(['firing'])
    const again = new Thresholds(thresholds, fired?.alerts ?? [], store.now)
    const [blind, later] = rounds(again, 'c{x="a"} 1\nc{x="b"} 1\n', 'c{x="a"} 1\nc{x="b"} 1\n')
    expect(blind?.alerts).toMatchObject([
      {
        status: 'resolved',
        fingerprint: fired?.alerts[0]?.fingerprint,
        annotations: { unwatched: expect.any(String) },
      },
    ])
    expect([blind?.givenUp.length, later?.alerts, later?.givenUp]).toEqual([1, [], []])
  })
})

describe('two catalogs with a family of one name', () => {
  const catalogsOf = (...queries: string[]) =>
    queries.map((query) => ({ ...catalogOf({ name: 'f', query, critical: { above: 5 } }), name: `of ${query}` }))
  const run = (catalogs: readonly Catalog[], text: string, known: ConstructorParameters<typeof Thresholds>[1]) => {
    const { thresholds } = makePlan(catalogs, Infinity, 900_000)
    const store = new SeriesStore(windowsOf(thresholds), 100)
    store.update(text, 0)
    return new Thresholds(thresholds, known, 0).evaluate(store, 1e12).alerts
  }

  test('what fired of the one is not resolved by the other', () => {
    const fired = run(catalogsOf('a', 'b'), 'a 9\nb 1\n', [])
    expect(statuses(fired)).toEqual(['firing'])
    expect(run(catalogsOf('a', 'b'), 'a 9\nb 1\n', fired)).toEqual([])
    expect(run(catalogsOf('a', 'b'), 'a 1\nb 1\n', fired)).toMatchObject([{ status: 'resolved', catalog: 'of a' }])
  })

  test('their alerts are told apart, where the series say for themselves what they belong to', () => {
    const labels = '{component="c",subsystem="s"}'
    const fired = run(catalogsOf('a', 'b'), `a${labels} 9\nb${labels} 9\n`, [])
    expect(fired[0]?.labels).toEqual(fired[1]?.labels)
    expect(new Set(fired.map(({ fingerprint }) => fingerprint)).size).toBe(2)
  })
})

const dispatchers = [{ name: 'a', dispatch: () => {} }]
const some = [catalogOf({ critical: { above: 1 } })]

test.each<[code: string, options: object]>([
  ['INVALID_TYPE', {}],
  ['INVALID_VALUE', { catalogs: [], dispatchers }],
  ['INVALID_TYPE', { catalogs: [{}], dispatchers }],
  ['INVALID_TYPE', { catalogs: [{ name: 'x' }], dispatchers }],
  ['INVALID_VALUE', { catalogs: [catalogOf({})], dispatchers }],
  ['INVALID_VALUE', { catalogs: some }],
  ['INVALID_VALUE', { catalogs: some, dispatchers, receiver: { accept() {} } }],
  ['INVALID_TYPE', { catalogs: some, receiver: {} }],
  ['INVALID_VALUE', { catalogs: some, dispatchers, intervalMs: 1 }],
  ['INVALID_VALUE', { catalogs: some, dispatchers, maxWindowMs: 5000, rateWindowMs: 6000 }],
  ['INVALID_TYPE', { catalogs: some, dispatchers, maxSeries: '1' }],
  ['INVALID_VALUE', { catalogs: some, dispatchers, interval: 1 }],
  ['PRIVATE_REGISTRY', { catalogs: some, dispatchers, registry: new Registry() }],
])('options that are wrong are refused: %s', async (code, options) => {
  await expect(watchThresholds(options as never)).rejects.toMatchObject({ code: `ERR_NANOTALLY_${code}` })
})
