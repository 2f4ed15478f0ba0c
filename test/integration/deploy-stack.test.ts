// deploy/ as a stack, without containers: Prometheus 3.5 twice, with deploy/prometheus/prometheus.yml and the flags of compose.yaml,
// scrapes what that names: the programs of deploy/programs, Debian's exporters of a machine, PostgreSQL and Redis, a file of targets,
// both Alertmanagers and itself. Only addresses differ, one rule is added, and one of the two writes elsewhere what it scrapes.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { counter, type Exporter, Registry, startExporter } from 'nanotally'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { EXPORTER_FAMILIES } from '../../alerts/src/exporters.mjs'
import { type Alertmanager, startAlertmanager } from '../support/alertmanager.js'
import { DEPLOY, deployedAlertmanager, deployText, type PrometheusConfig, uncommented } from '../support/deploy.js'
import { startExporters } from '../support/exporters.js'
import { GoBetween } from '../support/negotiation.js'
import { type Postgres, startPostgres } from '../support/postgres.js'
import { type Prometheus, startPrometheus } from '../support/prometheus.js'
import { type RedisServer, startRedis } from '../support/redis.js'
import { Server, type ServerOptions } from '../support/server.js'
import { DEADLINE_MS, until } from '../support/until.js'

const TOKEN = 'a-long-token'
/** Fires at once: the first that fires of alerts/ would need minutes. */
const RULES = {
  groups: [
    {
      name: 'of_this_test',
      interval: '1s',
      rules: [
        {
          alert: 'OfThisTest',
          expr: 'up{job="engine"} == 1',
          labels: { severity: 'critical', component: 'streaming' },
          annotations: { summary: 'A test.', description: 'It fires.' },
        },
      ],
    },
  ],
}

const closing: (() => unknown)[] = []
const closed = <T extends { stop(): unknown }>(server: T): T => {
  closing.unshift(() => server.stop())
  return server
}

let postgres: Postgres
let redis: RedisServer
let receiver: Server
let program: Exporter
let alertmanagers: Alertmanager[]
let pair: Prometheus[]
let archive: Prometheus

/** Starts a server that tells its address. */
async function startAt(options: ServerOptions, address: RegExp): Promise<{ server: Server; address: string }> {
  const server = closed(await Server.start(options))
  return { server, address: await server.until('an address', () => address.exec(server.log)?.[1]) }
}

beforeAll(async () => {
  ;[postgres, redis] = await Promise.all([startPostgres().then(closed), startRedis().then(closed)])
  const local = { HOST: '127.0.0.1', PORT: '0', METRICS_PORT: '0', TOKEN_FILE: 'token' }
  const registry = new Registry()
  counter({ name: 'found_total', help: 'h', registry }).inc(7)
  const [exporters, engine, ofReceiver, ...more] = await Promise.all([
    startExporters(postgres, redis).then(closed),
    startAt(
      {
        command: process.execPath,
        args: [join(DEPLOY, 'programs/engine.mjs')],
        env: { ...local, ENGRAM_WORKERS: '1', ENGRAM_RATE: '200' },
      },
      /scrape http:\/\/(.*)\/metrics/,
    ),
    startAt(
      {
        command: process.execPath,
        args: [join(DEPLOY, 'programs/alert-receiver.mjs')],
        files: { token: `${TOKEN}\n` },
        env: local,
      },
      /metrics http:\/\/(.*)\/metrics/,
    ),
    startExporter({ port: 0, registry }),
  ])
  receiver = ofReceiver.server
  program = more[0]
  const url = /alerts (http\S+),/.exec(receiver.log)?.[1] as string
  // The key of PagerDuty is missing: that keeps nothing from the receiver.
  const options = deployedAlertmanager({ receiver: { url, token: TOKEN } })
  alertmanagers = (await Promise.all([startAlertmanager(options), startAlertmanager(options)])).map(closed)

  // Where a Prometheus listens is not known before it does.
  const ports = [0, 0]
  const own = await Promise.all(ports.map((_, i) => GoBetween.start(() => ports[i] as number)))
  for (const each of own) closing.unshift(() => each.close())
  const addresses: Record<string, string> = {
    'node-exporter:9100': exporters.addresses.node,
    'postgres-exporter:9187': exporters.addresses.postgres,
    'redis-exporter:9121': exporters.addresses.redis,
    'engine:9464': engine.address,
    'alert-receiver:9464': ofReceiver.address,
    'prometheus-a:9090': own[0]?.target as string,
    'prometheus-b:9090': own[1]?.target as string,
    'alertmanager-a:9093': new URL(alertmanagers[0]?.url as string).host,
    'alertmanager-b:9093': new URL(alertmanagers[1]?.url as string).host,
  }
  const start = async (replica: 'a' | 'b', text: string) => {
    const config = parse(at(addresses, text)) as PrometheusConfig
    config.rule_files = [...config.rule_files.map((path) => join(DEPLOY, 'prometheus', path)), 'rules.json']
    return closed(
      await startPrometheus({
        tool: 'prometheus-3',
        targets: [],
        config,
        flags: composeFlags(),
        env: { REPLICA: replica },
        files: { 'rules.json': JSON.stringify(RULES), 'programs.yml': JSON.stringify(foundTargets()), token: TOKEN },
      }),
    )
  }
  const text = deployText('prometheus/prometheus.yml').replace('targets/*.yml', 'programs.yml')
  archive = closed(
    await startPrometheus({
      tool: 'prometheus-3',
      targets: [],
      config: { scrape_configs: [] },
      flags: ['--web.enable-remote-write-receiver', '--enable-feature=native-histograms'],
    }),
  )
  const writing = uncommented(text, 'remote_write')
    .replace('https://metrics.example.org', archive.url)
    .replace('/etc/prometheus/secrets/remote-write-token', 'token')
  pair = await Promise.all([start('a', writing), start('b', text)])
  for (const [i, { url }] of pair.entries()) ports[i] = Number(new URL(url).port)
})

afterAll(async () => {
  await Promise.all(closing.map((close) => close()))
  await program?.close()
})

/** A file of targets as the comment of deploy/prometheus/targets/programs.yml has it. */
function foundTargets(): unknown {
  const lines = deployText('prometheus/targets/programs.yml').split('\n')
  const text = lines.flatMap((line) => /^# ((?: |-).*)/.exec(line)?.[1] ?? []).join('\n')
  const [group] = parse(text)
  return [{ ...group, targets: [new URL(program.url).host] }]
}

/** The flags that compose.yaml starts Prometheus with, but for where its files are. */
function composeFlags(): string[] {
  const command: string[] = parse(deployText('compose.yaml'), { merge: true }).services['prometheus-a'].command
  return command.filter((flag) => !/^--(config\.file|storage\.tsdb\.path)=/.test(flag))
}

/** The text with other addresses, each of which it has to have. */
function at(addresses: Readonly<Record<string, string>>, text: string): string {
  return Object.entries(addresses).reduce((result, [from, to]) => {
    if (!result.includes(from)) throw new Error(`nothing is at ${from}`)
    return result.replaceAll(from, to)
  }, text)
}

describe.each([0, 1])('Prometheus %i of the pair', (index) => {
  const prometheus = () => pair[index] as Prometheus

  test('scrapes every target, those of a file as well', async () => {
    const expected = [
      'alert-receiver',
      'alertmanager',
      'alertmanager',
      'engine',
      'my-program',
      'node',
      'postgres',
      'prometheus',
      'prometheus',
      'redis',
    ]
    let jobs: (string | undefined)[] = []
    // Some are scraped every 15 s only.
    const areUp = async () => {
      jobs = (await prometheus().query('up == 1')).map(({ labels }) => labels.job).sort()
      return jobs.length >= expected.length
    }
    await until('all targets to be up', areUp, DEADLINE_MS, 500).catch(() => {})
    expect(jobs).toEqual(expected)
    expect((await prometheus().targets()).filter(({ health }) => health !== 'up')).toEqual([])
  })

  test('its log tells of no trouble', () => {
    const lines = prometheus().log.split('\n')
    expect(lines.filter((line) => /level=INFO.*Completed loading of configuration file/.test(line))).toHaveLength(1)
    // That something takes longer than it may is the machine's trouble.
    const isLate = (line: string) => line.includes('context deadline exceeded')
    // Of observations that lie far apart the newest exemplar of a bucket may give way: docs/instruments.md, "Exemplars".
    const isOlder = (line: string) => line.includes('Error on ingesting out-of-order exemplars')
    expect(lines.filter((line) => /level=(WARN|ERROR)/.test(line) && !isLate(line) && !isOlder(line))).toEqual([])
  })

  test('keeps as long as compose.yaml says', async () => {
    const [limit] = await prometheus().query('prometheus_tsdb_retention_limit_seconds')
    expect(limit?.value).toBe(30 * 86_400)
  })
})

test('what is found in a file has the labels of the file', async () => {
  const [found] = await (pair[0] as Prometheus).query('found_total')
  expect(found).toMatchObject({ value: 7, labels: { job: 'my-program', zone: 'a' } })
})

test('native histograms and classic buckets both', async () => {
  const native = await pair[0]?.query('histogram_count(engram_streaming_recall_latency_seconds)')
  expect(native?.[0]?.labels).toMatchObject({ job: 'engine' })
  expect(await pair[0]?.query('count(engram_streaming_recall_latency_seconds_bucket)')).toHaveLength(1)
})

test('the series of Debian’s exporters that docs/deploy.md names', async () => {
  const text = readFileSync(join(DEPLOY, '../docs/deploy.md'), 'utf8')
  const named = [...new Set([...text.matchAll(/`((?:node|pg|redis)_\w+)`/g)].map(([, name]) => name as string))]
  expect(named.length).toBeGreaterThan(8)
  const found = await Promise.all(
    named.map(async (name) => [name, (await pair[0]?.query(`{__name__="${name}"}`))?.length]),
  )
  expect(found.filter(([, count]) => count === 0)).toEqual([])
  for (const up of ['pg_up', 'redis_up']) expect((await pair[0]?.query(up))?.map(({ value }) => value)).toEqual([1])
})

test('the series that rules and dashboards ask of exporters, with their labels', async () => {
  expect(EXPORTER_FAMILIES.length).toBeGreaterThan(30)
  const faults = await Promise.all(
    EXPORTER_FAMILIES.map(async ({ name, labels = [] }) => {
      const found = (await pair[0]?.query(name)) ?? []
      // Empty where a label is missing.
      const missing = labels.filter((label) => !found.some((series) => label in series.labels))
      return found.length === 0 ? `no ${name}` : missing.map((label) => `no ${label} of ${name}`)
    }),
  )
  expect(faults.flat()).toEqual([])
})

describe('the pair', () => {
  const ofTest = async (alertmanager: Alertmanager, alertname = 'OfThisTest') =>
    (await alertmanager.alerts()).filter(({ labels }) => labels.alertname === alertname)
  const lines = (name: string) => receiver.log.split('\n').filter((line) => line.includes(`"name":"${name}"`))

  test('is one alert to each Alertmanager, and one to nanotally’s receiver', async () => {
    for (const prometheus of pair) {
      await until('it to tell both', async () => {
        const sent = await prometheus.query('ALERTS{alertname="OfThisTest", alertstate="firing"}')
        return sent.length === 1
      })
    }
    // Each has told each: Prometheus counts it.
    for (const prometheus of pair) {
      await until('alerts that were sent', async () => {
        const metrics = await (await fetch(`${prometheus.url}/metrics`)).text()
        const sent = [...metrics.matchAll(/^prometheus_notifications_sent_total\{.*\} (\d+)/gm)].map(([, n]) =>
          Number(n),
        )
        return sent.length === 2 && sent.every((n) => n > 0)
      })
    }
    for (const alertmanager of alertmanagers) {
      const held = await ofTest(alertmanager)
      expect(held).toHaveLength(1)
      expect(held[0]?.labels).toMatchObject({ cluster: 'nanotally', job: 'engine', severity: 'critical' })
      expect(held[0]?.labels).not.toHaveProperty('replica')
    }
    await receiver.until('a notification', () => lines('OfThisTest').length > 0)
    expect(lines('OfThisTest').map((line) => JSON.parse(line))).toEqual([
      {
        kind: 'alerts',
        component: 'streaming',
        name: 'OfThisTest',
        severity: 'critical',
        status: 'firing',
        description: 'It fires.',
      },
    ])
  })

  test('would be two with the label that tells them apart', async () => {
    const [alertmanager] = alertmanagers as [Alertmanager]
    for (const replica of ['a', 'b']) await alertmanager.post([{ labels: { alertname: 'Twice', replica } }])
    await until('both', async () => (await ofTest(alertmanager, 'Twice')).length === 2)
  })

  test('what one of them writes elsewhere has its replica, native histograms as well', async () => {
    const written = await until('samples', async () => {
      const found = await archive.query('histogram_count(engram_streaming_recall_latency_seconds{replica="a"})')
      return found.length > 0 && found
    })
    expect(written[0]?.labels).toMatchObject({ cluster: 'nanotally', replica: 'a', job: 'engine' })
    expect(await archive.query('go_goroutines{replica="a"}')).toEqual([])
    expect((await archive.query('up{replica="a"}')).length).toBeGreaterThan(0)
  })
})

describe('databases that are gone, behind exporters that are not', () => {
  beforeAll(async () => {
    postgres.kill()
    await redis.kill()
  })

  test.each([
    ['PostgresDown', 'postgres'],
    ['RedisDown', 'redis'],
  ])('%s is raised, as the exporter is up', async (alertname, job) => {
    for (const prometheus of pair) {
      // It is scraped, and the rule is evaluated, every 15 s. That it fires after a minute, promtool has seen.
      await until(alertname, async () => {
        const raised = await prometheus.query(`ALERTS{alertname="${alertname}"} and on (job, instance) up == 1`)
        return raised.some(({ labels }) => labels.job === job && labels.severity === 'critical')
      })
      expect(await prometheus.query(`ALERTS{alertname="ScrapeFailing", job="${job}"}`)).toEqual([])
    }
  })
})
