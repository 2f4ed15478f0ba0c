// A Prometheus 3.5 that has data of every family that queries of dashboards and documents ask about. It scrapes the engine of
// examples/engram in its scenario `corrupt`, a program that feeds the other catalogs (dashboard-program.mjs), Debian's exporters of
// this machine and of a real PostgreSQL and Redis, itself, and what this file makes up: families that nothing exposes yet, and what
// neither this machine nor a test has. Those are listed here, each with the reason, their series marked by a label `synthetic`.
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import { counter, gauge, histogram, Registry } from 'nanotally'
import { type CatalogFamily, catalogs } from 'nanotally/catalogs'
import { SERVER_FAMILIES } from '../../dashboards/src/library/servers.js'
import { type Alertmanager, startAlertmanager } from './alertmanager.js'
import { Child } from './children.js'
import { runDemo } from './demo.js'
import { startExporters } from './exporters.js'
import { GoBetween } from './negotiation.js'
import { startPostgres } from './postgres.js'
import { type Prometheus, startPrometheus } from './prometheus.js'
import { startRedis } from './redis.js'

const ALERTS = fileURLToPath(new URL('../../alerts', import.meta.url))
/** Longer than any test. */
const LASTS_MS = 600_000
/** The rule files that record what dashboards and documents ask about. */
const RECORDING = ['recording', 'spreading']
const HARDWARE_EVENTS = ['cycles', 'instructions', 'l1d_loads', 'l1d_load_misses', 'branches', 'branch_misses']

type Labels = Record<string, string>

interface Synthetic {
  reason: string
  of: (family: CatalogFamily) => boolean
  /** What queries ask for by value. Default: one series, each label of it `synthetic`. */
  series?: (family: CatalogFamily) => Labels[]
}

const SYNTHETIC: readonly Synthetic[] = [
  { reason: 'planned: nothing exposes it yet', of: ({ planned }) => planned !== undefined },
  {
    reason: 'counted by a PMU, which virtual machines mostly lack',
    of: ({ name }) =>
      /^perf_(events|cpu_events|memory_bytes|socket_link_bytes)_total$/.test(name) ||
      /^perf_(region_)?\w*(ratio|per_cycle)$/.test(name),
    series: ({ name }) => {
      if (name === 'perf_events_total') return HARDWARE_EVENTS.map((event) => ({ event }))
      return [name === 'perf_cpu_events_total' ? { event: 'context_switches' } : {}]
    },
  },
  { reason: 'Alertmanager is no part of this test', of: ({ name }) => name.startsWith('alertmanager_') },
  {
    reason: 'the exporters of this test have no certificate and lose no connection',
    of: ({ name }) => /^nanotally_exporter_(certificate|dropped|restarts)/.test(name),
  },
  {
    reason: 'of several NUMA nodes: this machine may have one',
    of: ({ name }) => name === 'numa_imbalance_ratio',
    series: () => [{ of: 'memory' }],
  },
  {
    reason: 'of a control group with limits: this machine may have none',
    of: ({ name }) => /^process_cgroup_/.test(name),
    series: ({ name }) => [name === 'process_cgroup_memory_events_total' ? { event: 'oom_kill' } : {}],
  },
]

const families = [...catalogs.flatMap((catalog) => Object.values<CatalogFamily>(catalog.families)), ...SERVER_FAMILIES]

/** Which families are made up, and why. */
export const madeUp = new Map(
  SYNTHETIC.flatMap(({ reason, of, series = () => [{}] }) =>
    families.filter(of).map((family) => [family.name, { family, reason, series: series(family) }] as const),
  ),
)

/** A registry of the made-up families, and what makes their counters go on. */
function makeUp(): { registry: Registry; goOn: () => void } {
  const registry = new Registry()
  const steps = [...madeUp.values()].flatMap(({ family, series }) => {
    const { name, type, labels = [], optionalLabels = [], buckets } = family
    const names = [...labels, ...optionalLabels]
    const options = { name, help: 'Synthetic.', labels: [...names, 'synthetic'], registry }
    return series.map((given) => {
      const all = { ...Object.fromEntries(names.map((label) => [label, 'synthetic'])), ...given, synthetic: 'true' }
      if (type === 'counter') return () => counter(options).inc(all)
      if (type === 'gauge') return () => gauge(options).set(all, 0.5)
      return () => histogram(buckets === undefined ? options : { ...options, buckets: [...buckets] }).observe(all, 12)
    })
  })
  const goOn = () => {
    for (const step of steps) step()
  }
  return { registry, goOn }
}

/** An alert of each kind, about what the engine does. */
const RULES = {
  groups: [
    {
      name: 'fixture',
      rules: [
        { alert: 'QueueIsThere', expr: 'sum(engram_streaming_queue_capacity) > 0', labels: { severity: 'critical' } },
        {
          alert: 'Recalls',
          expr: 'engram_streaming_active_sessions_total >= 0',
          labels: { severity: 'warning', component: 'streaming' },
        },
        { alert: 'Later', expr: 'up == 1', for: '1h', labels: { severity: 'warning' } },
      ],
    },
  ],
}

type Value = [at: number, value: string]

export interface Series {
  metric: Labels
  value?: Value
  values?: Value[]
  histogram?: unknown
  histograms?: unknown[]
}

export interface CatalogStack {
  prometheus: Prometheus
  /** Where it was asked for: Prometheus sends its alerts there. */
  alertmanager: Alertmanager | undefined
  /** The engine's base URL. */
  engram: string
  /** The `host:port` of what is made up. */
  made: string
  /** A pattern of the instances that are not made up. */
  real: string
  stop(): Promise<void>
}

/** The exporters' addresses, with a PostgreSQL that they ask themselves and a Redis that this asks for keys. */
async function startServers(stops: (() => unknown)[]): Promise<string[]> {
  const started = <T extends { stop(): unknown }>(server: T): T => {
    stops.push(() => server.stop())
    return server
  }
  const [postgres, redis] = await Promise.all([
    startPostgres().then(started),
    startRedis({ maxmemory: '64mb' }).then(started),
  ])
  const client = new Redis({ path: redis.path })
  await client.set('there', '1')
  const timer = setInterval(() => void client.mget('there', 'not there').catch(() => {}), 200)
  stops.push(() => {
    clearInterval(timer)
    client.disconnect()
  })
  return Object.values(started(await startExporters(postgres, redis)).addresses)
}

/** Rules as they are shipped, evaluated each second. */
function recordingRules(): Record<string, string> {
  return Object.fromEntries(
    RECORDING.map((name) => {
      const text = readFileSync(join(ALERTS, `${name}.yml`), 'utf8')
      return [`${name}.yml`, text.replaceAll(/^( +interval:) .+$/gm, '$1 1s')]
    }),
  )
}

/**
 * Starts it, and resolves once all has been scraped.
 *
 * @param options.alertmanager - with a real Alertmanager. Default: what is made up takes the alerts
 */
export async function startCatalogStack(options: { alertmanager?: boolean } = {}): Promise<CatalogStack> {
  const stops: (() => unknown)[] = []
  const stop = async () => void (await Promise.all(stops.splice(0).map((each) => each())))
  try {
    // In it the index refuses batches, so that there are rejections, failures and recoveries to show.
    const demo = runDemo({ seconds: LASTS_MS / 1000, workers: 2, rate: 2000, scenario: 'corrupt' })
    const program = new Child(new URL('dashboard-program.mjs', import.meta.url), { timeoutMs: LASTS_MS })
    for (const child of [demo, program]) {
      stops.push(() => {
        child.kill('SIGKILL')
        return child.finished
      })
    }
    const exporters = await startServers(stops)
    const { registry, goOn } = makeUp()
    goOn()
    const timer = setInterval(goOn, 200)
    const server = createServer(async ({ method, headers: { accept } }, response) => {
      if (method !== 'GET') return response.end('{}')
      const { contentType, body } = await registry.render(accept === undefined ? {} : { accept })
      return response.setHeader('content-type', contentType).end(body)
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    stops.push(() => {
      clearInterval(timer)
      server.close()
    })
    const made = `127.0.0.1:${(server.address() as AddressInfo).port}`
    const alertmanager = options.alertmanager
      ? await startAlertmanager({ webhook: `http://${made}/alerts` })
      : undefined
    if (alertmanager) stops.push(() => alertmanager.stop())

    const programUrl = (await program.nextMessage()) as string
    const demoUrl = ((await demo.nextMessage()) as { url: string }).url
    const hosts = [programUrl, demoUrl].map((url) => new URL(url).host)
    // Its own port is not known before it listens: what leads there is.
    let ownPort = 0
    const ownMetrics = await GoBetween.start(() => ownPort)
    stops.push(() => ownMetrics.close())
    const recording = recordingRules()
    const prometheus = await startPrometheus({
      tool: 'prometheus-3',
      targets: [...hosts, ...exporters, made, ownMetrics.target],
      flags: ['--enable-feature=native-histograms'],
      // Both kinds of buckets, as docs/dashboards.md has it.
      scrapeConfig: { always_scrape_classic_histograms: true },
      config: {
        rule_files: ['rules.json', ...Object.keys(recording)],
        alerting: {
          alertmanagers: [{ static_configs: [{ targets: [alertmanager ? new URL(alertmanager.url).host : made] }] }],
        },
      },
      files: { 'rules.json': JSON.stringify(RULES), ...recording },
    })
    stops.push(() => prometheus.stop())
    ownPort = Number(new URL(prometheus.url).port)
    await prometheus.untilScraped()
    return {
      prometheus,
      alertmanager,
      engram: new URL(demoUrl).origin,
      made,
      real: hosts.map((host) => host.replaceAll('.', '\\\\.')).join('|'),
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/** What a panel's query is asked over, until now. */
export interface Range {
  seconds: number
  stepSeconds: number
}

/**
 * What Prometheus answers as of now, or over a range, as to a panel's query.
 *
 * @throws Error with the query, where Prometheus refuses it
 */
export async function ask({ url }: Prometheus, expression: string, range?: Range): Promise<Series[]> {
  const now = Date.now() / 1000
  const over =
    range === undefined
      ? { time: `${now}` }
      : { start: `${now - range.seconds}`, end: `${now}`, step: `${range.stepSeconds}` }
  const body = new URLSearchParams({ query: expression, ...over })
  const path = range === undefined ? 'query' : 'query_range'
  const response = await fetch(`${url}/api/v1/${path}`, { method: 'POST', body })
  const { data, error } = (await response.json()) as { data?: { result: Series[] }; error?: string }
  if (data === undefined) throw new Error(`${expression}: ${error}`)
  return data.result
}

/** Whether there is a number in it: a rate of nothing by nothing is none. */
export function hasData(series: readonly Series[]): boolean {
  return series.some(({ value, values = [], histogram, histograms = [] }) => {
    if (histogram !== undefined || histograms.length > 0) return true
    return [...(value === undefined ? [] : [value]), ...values].some(([, text]) => Number.isFinite(Number(text)))
  })
}
