// From an overloaded engine to an object: examples/engram in scenario overload, the real Prometheus and Alertmanager with
// alerts/ and the configurations of deploy/, and nanotally's receiver. Beside it a calm engine, of which nothing may be told. The
// copies of the configurations differ in addresses, secrets and times: see deployedPrometheus(), and deployedAlertmanager() of
// test/support/deploy.ts.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Registry } from 'nanotally'
import { type Alert, type AlertGroup, startAlertReceiver } from 'nanotally/integrations/alertmanager'
import { expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { ROOT, rulePaths } from '../alerts/rules.js'
import { startAlertmanager } from '../support/alertmanager.js'
import type { Child } from '../support/children.js'
import { runDemo } from '../support/demo.js'
import { deployedAlertmanager, prometheusConfig } from '../support/deploy.js'
import { startPagerDuty } from '../support/pagerduty.js'
import { startPrometheus } from '../support/prometheus.js'
import { read } from '../support/registry.js'
import { TIME_FACTOR } from '../support/time-factor.mjs'
import { until } from '../support/until.js'

/** Every time that something has to last is this much shorter. */
const SHORTER = 20
/** What the scenario is about, of what does not take longer. */
const OF_OVERLOAD = ['CriticalQueueDepth', 'HighObservationLatency', 'HighRejectionRate']
/** Some ten seconds where the machine has nothing else to do. */
const SCENARIO_MS = 150_000 * TIME_FACTOR
const TOKEN = 'a-token-of-this-test'

/** A duration of Prometheus, shortened. */
function shorter(text: string): string {
  const [, count, unit = ''] = /^(\d+)([smh])$/.exec(text) ?? []
  const seconds = Number(count) * ({ s: 1, m: 60, h: 3600 }[unit] ?? Number.NaN)
  return `${Math.ceil((1000 * seconds) / SHORTER)}ms`
}

/** A file of rules in which alerts fire sooner, and that is evaluated every second. Windows and limits are as they were. */
function shortenedRules(path: string): string {
  const { groups } = parse(readFileSync(path, 'utf8')) as { groups: { interval: string; rules: { for?: string }[] }[] }
  for (const group of groups) {
    group.interval = '1s'
    for (const rule of group.rules) if (rule.for !== undefined) rule.for = shorter(rule.for)
  }
  return JSON.stringify({ groups })
}

/** deploy's Prometheus as replica a, of which only the job of engines is left. */
function deployedPrometheus(engines: readonly string[], alertmanager: string): Record<string, unknown> {
  const config = prometheusConfig()
  const interval = { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' }
  return {
    ...config,
    global: { ...config.global, ...interval, external_labels: { ...config.global.external_labels, replica: 'a' } },
    rule_files: ['rules-*.json'],
    alerting: { ...config.alerting, alertmanagers: [{ static_configs: [{ targets: [alertmanager] }] }] },
    scrape_config_files: [],
    scrape_configs: config.scrape_configs
      .filter(({ job_name: name }) => name === 'engine')
      .map((job) => ({ ...job, static_configs: [{ targets: engines }] })),
  }
}

/** The instance that Prometheus scrapes of an engine. */
async function instanceOf(demo: Child): Promise<string> {
  onTestFinished(() => void demo.kill('SIGKILL'))
  return new URL(((await demo.nextMessage()) as { url: string }).url).host
}

test('an overloaded engine is told of, and that it is over; nothing of a calm one', async () => {
  const told: Alert[] = []
  /** The group in which each was told. */
  const groups = new Map<Alert, AlertGroup>()
  const registry = new Registry()
  const receiver = await startAlertReceiver({
    port: 0,
    registry,
    credentials: { bearer: TOKEN },
    dispatchers: [
      {
        name: 'test',
        dispatch: ({ alerts, group }) => {
          told.push(...alerts)
          for (const alert of alerts) groups.set(alert, group)
        },
      },
    ],
  })
  onTestFinished(async () => void (await receiver.close()))
  const pagerDuty = await startPagerDuty()
  onTestFinished(() => pagerDuty.close())
  await using alertmanager = await startAlertmanager(
    deployedAlertmanager({
      receiver: { url: receiver.url, token: TOKEN },
      pagerduty: { url: pagerDuty.url, key: 'a-key' },
    }),
  )

  const lasting = { seconds: 300 * TIME_FACTOR, workers: 1 }
  // The calm one is at work before the other comes, and has most of the processors: it is to be calm. Not nicer than that: beside
  // something else that is busy the other would not come to anything.
  const calm = await instanceOf(runDemo({ ...lasting, rate: 500 }))
  const engine = runDemo({ ...lasting, scenario: 'overload', niceness: 10 })
  const overloaded = await instanceOf(engine)
  await using prometheus = await startPrometheus({
    tool: 'prometheus-3',
    targets: [calm, overloaded],
    flags: ['--enable-feature=native-histograms'],
    config: deployedPrometheus([calm, overloaded], new URL(alertmanager.url).host),
    files: Object.fromEntries(rulePaths.map((path, i) => [`rules-${i}.json`, shortenedRules(path)])),
  })

  // What fires, and has fired, of an engine.
  const fired = async (instance: string) => {
    const expression = `max_over_time(ALERTS{instance="${instance}", alertstate="firing"}[1h])`
    const found = await prometheus.query(expression)
    return [...new Set(found.map(({ labels }) => labels.alertname ?? ''))].sort()
  }
  let missing = OF_OVERLOAD
  const allFired = async () => {
    const names = await fired(overloaded)
    missing = OF_OVERLOAD.filter((name) => !names.includes(name))
    return missing.length === 0
  }
  await until('alerts', allFired, SCENARIO_MS).catch(() => expect(missing).toEqual([]))
  await until('the alert to arrive', () => told.some(({ name }) => name === 'CriticalQueueDepth'))
  const alert = told.find(({ name }) => name === 'CriticalQueueDepth') as Alert
  expect(alert).toMatchObject({
    severity: 'critical',
    component: 'streaming',
    subsystem: 'capacity',
    status: 'firing',
    labels: { instance: overloaded, job: 'engine', cluster: 'nanotally' },
    source: 'alertmanager',
  })
  expect(alert.labels).not.toHaveProperty('replica')
  expect(alert.value).toBeGreaterThan(0.9)
  expect(alert.annotations.description).toMatch(/ is \d[\d.]*% full \(above 0\.9 for 1m\)\.$/)
  expect(
    existsSync(join(ROOT, new URL(alert.annotations.runbook_url as string).pathname.replace(/^.*\/main\//, ''))),
  ).toBe(true)
  expect(groups.get(alert)).toMatchObject({ component: 'streaming', severity: 'critical' })

  // The load ends; the engine is there still, and empties its queue.
  engine.kill('SIGINT')
  const ended = () => told.find(({ name, status }) => name === 'CriticalQueueDepth' && status === 'resolved')
  await until('the end of it', ended)
  expect(ended()?.fingerprint).toBe(alert.fingerprint)
  const page = await until('a page', () => pagerDuty.events.find(({ payload }) => payload?.component === 'streaming'))
  expect(page).toMatchObject({
    event_action: 'trigger',
    payload: { severity: 'critical', summary: expect.stringContaining(alert.annotations.summary as string) },
    links: [{ href: alert.annotations.runbook_url }],
  })
  await until('the page to end', () => pagerDuty.events.some(({ event_action }) => event_action === 'resolve'))

  // Meanwhile, the calm engine: scraped all the time, at work, and nothing fired or was told.
  const [up] = await prometheus.query(`min_over_time(up{instance="${calm}"}[1h])`)
  expect(up?.value).toBe(1)
  const [rate] = await prometheus.query(`sum(rate(engram_streaming_observations_total{instance="${calm}"}[20s]))`)
  expect(rate?.value).toBeGreaterThan(50)
  expect(await fired(calm)).toEqual([])
  expect([...new Set(told.map(({ labels }) => labels.instance))]).toEqual([overloaded])
  const received = (status: string) =>
    read(registry, 'alerting_alerts_received_total', { source: 'alertmanager', status, severity: 'critical' })
  expect(await received('firing')).toBeGreaterThanOrEqual(1)
  expect(await received('resolved')).toBeGreaterThanOrEqual(1)
})
