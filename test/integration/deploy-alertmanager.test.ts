// deploy/alertmanager against the real Alertmanager: what it inhibits and what it does not, what PagerDuty is told (a server of
// this test stands in for it), and what comes to nanotally's receiver. Addresses and waits are this test's.
import { Registry } from 'nanotally'
import { type Alert, type AlertReceiver, startAlertReceiver } from 'nanotally/integrations/alertmanager'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { alerts as rules } from '../alerts/rules.js'
import { ALERTMANAGERS, type Alertmanager, startAlertmanager } from '../support/alertmanager.js'
import { alertmanagerConfig, deployedAlertmanager } from '../support/deploy.js'
import { type PagerDuty, startPagerDuty } from '../support/pagerduty.js'
import { until } from '../support/until.js'

const TOKEN = 'a-long-token'
const KEY = 'a-routing-key'

type Labels = Record<string, string>
/** Which alerts fire together, by their names with what distinguishes them, and which of them are not told. */
interface Case {
  about: string
  fire: readonly (string | [name: string, labels: Labels])[]
  inhibited: readonly string[]
}

// At least one for each inhibit rule, in their order.
const CASES: readonly Case[] = [
  {
    about: 'the critical limit, of the same thread only',
    fire: [
      ['HeapNearlyFull critical', { thread: 'main' }],
      ['HeapNearlyFull warning', { thread: 'main' }],
      ['HeapNearlyFull warning', { thread: 'worker-1' }],
      ['EventLoopDelayHigh warning', { thread: 'main' }],
    ],
    inhibited: ['HeapNearlyFull warning main'],
  },
  {
    about: 'a target that is not scraped, but nothing critical of it',
    fire: ['ScrapeFailing critical', 'HighQueueDepth warning', 'LowThroughput info', 'BatchInsertionFailures critical'],
    inhibited: ['HighQueueDepth warning', 'LowThroughput info'],
  },
  {
    about: 'an engine that is not scraped',
    fire: [
      ['ScrapeFailing critical', { job: 'engine', cluster: 'first' }],
      ['StreamingMetricsAbsent critical', { job: '', instance: '', cluster: 'first' }],
      ['StreamingMetricsAbsent critical', { job: 'engine', instance: 'another', cluster: 'first' }],
      ['ScrapeFailing critical', { job: 'redis', cluster: 'second' }],
      ['StreamingMetricsAbsent critical', { job: '', instance: '', cluster: 'second' }],
    ],
    inhibited: ['StreamingMetricsAbsent critical first'],
  },
  {
    about: 'a full queue, but not what may be why it is full',
    fire: [
      'CriticalQueueDepth critical',
      'HighQueueDepth warning',
      ['PersistentBackpressure warning', { memory_space: 'a' }],
      'HighRejectionRate warning',
      'WorkerUtilizationImbalance warning',
      'HighRecallLatency warning',
    ],
    inhibited: ['HighQueueDepth warning', 'PersistentBackpressure warning a', 'HighRejectionRate warning'],
  },
  {
    about: 'a worker that stands still',
    fire: [['WorkerDown critical', { worker_id: '1' }], 'WorkerUtilizationImbalance warning', 'HighQueueDepth warning'],
    inhibited: ['WorkerUtilizationImbalance warning', 'HighQueueDepth warning'],
  },
  {
    about: 'spreads that do not end',
    fire: [
      'SpreadingStalled critical',
      'SpreadingLatencyHigh warning',
      'HighRecallLatency warning',
      'HighQueueDepth warning',
    ],
    inhibited: ['SpreadingLatencyHigh warning', 'HighRecallLatency warning'],
  },
  {
    about: 'a loop that stands still, but not for a moment only',
    fire: [['EventLoopStalled critical', { thread: 'main' }], 'HttpLatencyHigh warning', 'HttpLatencyHigh critical'],
    inhibited: ['HttpLatencyHigh warning'],
  },
  {
    about: 'a loop that stood still for a moment',
    fire: [['EventLoopStalled warning', { thread: 'main' }], 'HttpLatencyHigh warning'],
    inhibited: [],
  },
  {
    about: 'connections to Redis that are gone',
    fire: [
      ['RedisDisconnected critical', { client: 'cache' }],
      ['RedisLatencyHigh warning', { command_class: 'read' }],
    ],
    inhibited: ['RedisLatencyHigh warning read'],
  },
  {
    about: 'PostgreSQL that is gone, but not what fails with it, nor that of another cluster',
    fire: [
      ['PostgresDown critical', { job: 'postgres', instance: 'postgres-exporter:9187', cluster: 'third' }],
      ['PostgresLatencyHigh warning', { operation: 'SELECT', cluster: 'third' }],
      ['PostgresLatencyHigh critical', { operation: 'INSERT', cluster: 'third' }],
      ['PostgresPoolNearlyExhausted warning', { pool: 'main', cluster: 'third' }],
      ['PostgresErrorRateHigh warning', { cluster: 'third' }],
      ['PostgresLatencyHigh warning', { operation: 'SELECT', cluster: 'fourth' }],
    ],
    inhibited: ['PostgresLatencyHigh warning third SELECT', 'PostgresPoolNearlyExhausted warning third main'],
  },
  {
    about: 'Redis that is gone, but not that programs see it',
    fire: [
      ['RedisDown critical', { job: 'redis', instance: 'redis-exporter:9121', cluster: 'third' }],
      ['RedisDisconnected warning', { client: 'cache', cluster: 'third' }],
      ['RedisLatencyHigh warning', { command_class: 'read', cluster: 'third' }],
      ['RedisCommandsPending warning', { client: 'cache', cluster: 'third' }],
      ['RedisReconnecting warning', { client: 'cache', cluster: 'third' }],
    ],
    inhibited: [
      'RedisLatencyHigh warning third read',
      'RedisCommandsPending warning third cache',
      'RedisReconnecting warning third cache',
    ],
  },
  {
    about: 'a prediction of latency that has come true',
    fire: ['SpreadingLatencyHigh warning', 'SpreadingLatencyPredicted warning'],
    inhibited: ['SpreadingLatencyPredicted warning'],
  },
  {
    about: 'a prediction for the pool that is full, not for another one',
    fire: [
      ['MemoryPoolUtilizationHigh warning', { pool_type: 'edges', numa_node: '0' }],
      ['MemoryPoolExhaustionPredicted warning', { pool_type: 'edges', numa_node: '0' }],
      ['MemoryPoolExhaustionPredicted warning', { pool_type: 'vectors', numa_node: '0' }],
    ],
    inhibited: ['MemoryPoolExhaustionPredicted warning 0 edges'],
  },
  {
    about: 'a prediction for the disk that is nearly full, not for another one',
    fire: [
      ['DiskNearlyFull warning', { device: '/dev/sda1', mountpoint: '/' }],
      ['DiskFullPredicted warning', { device: '/dev/sda1', mountpoint: '/' }],
      ['DiskFullPredicted warning', { device: '/dev/sdb1', mountpoint: '/var' }],
    ],
    inhibited: ['DiskFullPredicted warning /dev/sda1 /'],
  },
]

/** An alert of alerts/*.yml as Prometheus sends it, with a value of 0.9, of an instance that is the case's own. */
function alertOf(fired: string | [string, Labels], instance: string): { labels: Labels; annotations: Labels } {
  const [title, more] = typeof fired === 'string' ? [fired, {}] : fired
  const [alertname = '', severity] = title.split(' ')
  const rule = rules.find(({ alert, labels }) => alert === alertname && labels.severity === severity)
  if (rule === undefined) throw new Error(`no alert ${title}`)
  const labels = { cluster: 'nanotally', job: 'engine', instance, alertname, ...rule.labels, ...more }
  const given = Object.entries(labels).filter(([, value]) => value !== '')
  const annotations = Object.entries(rule.annotations).map(([name, text]) => [
    name,
    text.replace(/\{\{.*?\}\}/g, '0.9'),
  ])
  return { labels: Object.fromEntries(given), annotations: Object.fromEntries(annotations) }
}

/** How a case calls an alert: by its name and severity, and by what distinguishes it. */
function titleOf({ alertname, severity, cluster, job, instance, component, subsystem, ...own }: Labels): string {
  const values = Object.entries(own)
    .sort()
    .map(([, value]) => value)
  return [alertname, severity, ...(cluster === 'nanotally' ? [] : [cluster]), ...values].join(' ')
}

test('there is a case for each inhibition', () => {
  expect(CASES.filter(({ inhibited }) => inhibited.length > 0)).toHaveLength(alertmanagerConfig().inhibit_rules.length)
})

describe.each(ALERTMANAGERS)('%s', (tool) => {
  const told: Alert[] = []
  let pagerduty: PagerDuty
  let receiver: AlertReceiver & { url: string; close(): Promise<unknown> }
  let alertmanager: Alertmanager

  beforeAll(async () => {
    pagerduty = await startPagerDuty()
    receiver = await startAlertReceiver({
      port: 0,
      registry: new Registry(),
      credentials: { bearer: TOKEN },
      dispatchers: [{ name: 'test', dispatch: ({ alerts }) => void told.push(...alerts) }],
    })
    const places = { receiver: { url: receiver.url, token: TOKEN }, pagerduty: { url: pagerduty.url, key: KEY } }
    alertmanager = await startAlertmanager({ ...deployedAlertmanager(places), tool })
  })
  afterAll(async () => {
    await alertmanager?.stop()
    await receiver?.close()
    pagerduty?.close()
  })

  describe('of what fires together', () => {
    // Those of other instances fire at the same time.
    beforeAll(async () => {
      // What is inhibited comes last: before its cause is known it would be told.
      const all = CASES.flatMap(({ fire, about, inhibited }) =>
        fire
          .map((fired) => alertOf(fired, about))
          .map((alert) => ({ alert, isInhibited: inhibited.includes(titleOf(alert.labels)) })),
      )
      for (const wanted of [false, true]) {
        const alerts = all.filter(({ isInhibited }) => isInhibited === wanted).map(({ alert }) => alert)
        const before = (await alertmanager.alerts()).length
        await alertmanager.post(alerts)
        await until('them to be there', async () => (await alertmanager.alerts()).length === before + alerts.length)
      }
    })

    test.each(CASES)('$about', async ({ fire, about, inhibited }) => {
      const posted = fire.map((fired) => alertOf(fired, about).labels)
      let suppressed: string[] = []
      let held: Labels[] = []
      await until('the inhibitions', async () => {
        const alerts = (await alertmanager.alerts()).filter(({ labels }) => posted.some((each) => isSame(each, labels)))
        held = alerts.map(({ labels }) => labels)
        suppressed = alerts.filter(({ status }) => status.inhibitedBy.length > 0).map(({ labels }) => titleOf(labels))
        return held.length === posted.length && suppressed.length >= inhibited.length
      }).catch(() => {})
      expect(held.map(titleOf).sort()).toEqual(posted.map(titleOf).sort())
      expect(suppressed.sort()).toEqual([...inhibited].sort())
    })

    const isSame = (a: Labels, b: Labels) =>
      JSON.stringify(Object.entries(a).sort()) === JSON.stringify(Object.entries(b).sort())
  })

  test('PagerDuty is told what is critical, with what helps', async () => {
    const { labels, annotations } = alertOf('FalseMemoryGenerationSpike critical', 'an instance of its own')
    await alertmanager.post([{ labels: { ...labels, job: 'paged' }, annotations }])
    const event = await until('an event', () => pagerduty.events.find(({ payload }) => payload.group === 'paged'))
    expect(event).toMatchObject({
      routing_key: KEY,
      event_action: 'trigger',
      client: 'nanotally',
      client_url: annotations.runbook_url,
      links: [{ href: annotations.runbook_url, text: 'Runbook' }],
      payload: {
        summary: `[FIRING 1] cognitive: ${annotations.summary}`,
        severity: 'critical',
        component: 'cognitive',
        custom_details: {
          firing: `* FalseMemoryGenerationSpike (critical): ${annotations.description} ${annotations.runbook_url}\n`,
          resolved: 'none\n',
        },
      },
    })
    expect(pagerduty.events.filter(({ payload }) => payload.severity !== 'critical')).toEqual([])
  })

  test('PagerDuty is told of what fires, where another of the group has ended', async () => {
    const names = ['CriticalQueueDepth critical', 'StreamingStalled critical']
    const [full, stalled] = names.map((name) => {
      const { labels, annotations } = alertOf(name, 'two of a group')
      return { labels: { ...labels, job: 'two' }, annotations }
    })
    if (full === undefined || stalled === undefined) throw new Error('no such alerts')
    await alertmanager.post([full, stalled])
    const told = () => pagerduty.events.filter(({ payload }) => payload.group === 'two')
    await until('both', () => told().some(({ payload }) => payload.summary.startsWith('[FIRING 2]')))
    await alertmanager.post([{ ...full, endsAt: new Date().toISOString() }])
    // The last: the first may have been told alone, too.
    await until('one to have ended', () => told().at(-1)?.payload.summary.startsWith('[FIRING 1]'))
    expect(told().at(-1)).toMatchObject({
      client_url: stalled.annotations.runbook_url,
      links: [{ href: stalled.annotations.runbook_url }],
      payload: { summary: `[FIRING 1] streaming: ${stalled.annotations.summary}` },
    })
  })

  test('nanotally’s receiver is told what is not inhibited, of each severity', async () => {
    const expected = CASES.flatMap(({ fire, about, inhibited }) =>
      fire.map((fired) => alertOf(fired, about).labels).filter((labels) => !inhibited.includes(titleOf(labels))),
    )
    const severities = new Set(expected.map(({ severity }) => severity))
    expect(severities).toEqual(new Set(['critical', 'warning']))
    await alertmanager.post([alertOf('LowThroughput info', 'a slow one')])
    const isTold = (instance?: string, name?: string) =>
      told.some(({ labels }) => labels.instance === instance && labels.alertname === name)
    await until('all of them', () => expected.every(({ instance, alertname }) => isTold(instance, alertname)))
    await until('what is only information', () => isTold('a slow one', 'LowThroughput'))
    const inhibited = CASES.flatMap(({ about, inhibited: titles }) =>
      titles.map((title) => [about, title.split(' ')[0]]),
    )
    // Of several of a name, some are told.
    const unique = inhibited.filter(
      ([about, name]) => !expected.some((labels) => labels.instance === about && labels.alertname === name),
    )
    expect(unique.length).toBeGreaterThan(10)
    expect(unique.filter(([about, name]) => isTold(about, name))).toEqual([])
  })
})
