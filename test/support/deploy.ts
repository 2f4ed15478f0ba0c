// What deploy/ says, for tests that check it or run it with addresses and times of their own.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import type { ConfiguredAlertmanagerOptions } from './alertmanager.js'
import { toolPath } from './server.js'
import { temporaryFolder } from './temporary.js'

export const DEPLOY = fileURLToPath(new URL('../../deploy', import.meta.url))

export interface ScrapeJob {
  job_name: string
  scrape_interval?: string
  static_configs?: { targets: string[]; labels?: Record<string, string> }[]
  file_sd_configs?: { files: string[]; refresh_interval?: string }[]
  [setting: string]: unknown
}

/** deploy/prometheus/prometheus.yml, as far as tests read it. */
export interface PrometheusConfig {
  global: {
    scrape_interval: string
    scrape_timeout?: string
    evaluation_interval: string
    external_labels: Record<string, string>
    [setting: string]: unknown
  }
  rule_files: string[]
  alerting: {
    alert_relabel_configs: { regex: string; action: string }[]
    alertmanagers: { static_configs: { targets: string[] }[]; [setting: string]: unknown }[]
  }
  scrape_configs: ScrapeJob[]
  [setting: string]: unknown
}

export interface Route {
  receiver?: string
  matchers?: string[]
  group_by?: string[]
  group_wait?: string
  group_interval?: string
  repeat_interval?: string
  routes?: Route[]
}

export interface InhibitRule {
  source_matchers: string[]
  target_matchers: string[]
  equal: string[]
}

export interface HttpConfig {
  authorization?: { credentials_file: string }
  [setting: string]: unknown
}

export interface Receiver {
  name: string
  webhook_configs?: { url: string; http_config?: HttpConfig; [setting: string]: unknown }[]
  pagerduty_configs?: { routing_key_file: string; url?: string; [setting: string]: unknown }[]
}

/** deploy/alertmanager/alertmanager.yml, as far as tests read it. */
export interface AlertmanagerConfig {
  templates: string[]
  route: Route
  inhibit_rules: InhibitRule[]
  receivers: Receiver[]
  [setting: string]: unknown
}

/** A file of deploy/ as it is. */
export function deployText(path: string): string {
  return readFileSync(`${DEPLOY}/${path}`, 'utf8')
}

/** A copy of what deploy/prometheus/prometheus.yml says, to be changed. */
export function prometheusConfig(): PrometheusConfig {
  return parse(deployText('prometheus/prometheus.yml'))
}

/** A copy of what deploy/alertmanager/alertmanager.yml says, to be changed: receivers share nothing. */
export function alertmanagerConfig(): AlertmanagerConfig {
  return JSON.parse(JSON.stringify(parse(deployText('alertmanager/alertmanager.yml'))))
}

/** The commented block that begins with a key, as it is without its comment signs. */
export function uncommented(text: string, key: string): string {
  const lines = text.split('\n')
  const begin = lines.indexOf(`# ${key}:`)
  const end = lines.findIndex((line, i) => i > begin && !line.startsWith('# '))
  return lines.map((line, i) => (i >= begin && i < end ? line.slice(2) : line)).join('\n')
}

export interface AlertmanagerPlaces {
  /** Of nanotally's receiver, and the token that it asks for. */
  receiver: { url: string; token: string }
  /** In place of PagerDuty. Without it the file of the routing key is missing. */
  pagerduty?: { url: string; key: string }
}

/** Alertmanager as deploy/ has it, at other addresses, and at once: its waits are cut short. */
export function deployedAlertmanager({ receiver, pagerduty }: AlertmanagerPlaces): ConfiguredAlertmanagerOptions {
  const config = alertmanagerConfig()
  config.templates = config.templates.map((path) => `${DEPLOY}/alertmanager/${path}`)
  const hasten = (route: Route) => {
    if (route.group_wait !== undefined) route.group_wait = '100ms'
    if (route.group_interval !== undefined) route.group_interval = '1s'
    route.routes?.forEach(hasten)
  }
  hasten(config.route)
  for (const { webhook_configs: webhooks = [], pagerduty_configs: pagers = [] } of config.receivers) {
    for (const webhook of webhooks) {
      webhook.url = receiver.url
      webhook.http_config = { ...webhook.http_config, authorization: { credentials_file: 'token' } }
    }
    for (const pager of pagers)
      Object.assign(pager, { routing_key_file: 'key', ...(pagerduty && { url: pagerduty.url }) })
  }
  return { config, files: { token: receiver.token, ...(pagerduty && { key: pagerduty.key }) } }
}

/** How a checker ended, and what it printed of both streams. */
export interface Verdict {
  status: number | null
  text: string
}

/** Runs a checker that scripts/tools.sh knows, such as amtool. */
export function runChecker(tool: string, args: readonly string[]): Verdict {
  const { status, stdout, stderr, error } = spawnSync(toolPath(tool), args, { encoding: 'utf8' })
  if (error !== undefined) throw error
  return { status, text: `${stdout}${stderr}` }
}

/** A pod as Kubernetes tells Prometheus of it. */
export interface FoundPod {
  address: string
  /** Its meta labels, without `__meta_kubernetes_`. */
  told: Readonly<Record<string, string>>
}

/** What deploy/prometheus/kubernetes.yml makes of pods: the addresses that are scraped, with their labels. */
export function targetsOfPods(pods: readonly FoundPod[]): [url: string, labels: Record<string, string>][] {
  const [{ kubernetes_sd_configs: discovered, ...job }] = parse(deployText('prometheus/kubernetes.yml')).scrape_configs
  if (JSON.stringify(discovered) !== '[{"role":"pod"}]') throw new Error(`not pods: ${JSON.stringify(discovered)}`)
  const found = pods.map(({ address, told }) => ({
    targets: [address],
    labels: Object.fromEntries(Object.entries(told).map(([name, value]) => [`__meta_kubernetes_${name}`, value])),
  }))
  const folder = temporaryFolder({
    'prometheus.yml': JSON.stringify({ scrape_configs: [{ ...job, file_sd_configs: [{ files: ['pods.json'] }] }] }),
    'pods.json': JSON.stringify(found),
  })
  const args = ['check', 'service-discovery', '--timeout=4s', `${folder}/prometheus.yml`, job.job_name]
  const { status, text } = runChecker('promtool-3', args)
  if (status !== 0) throw new Error(text)
  const targets: { labels: Record<string, string> }[] = JSON.parse(text)
  if (targets.length !== pods.length) throw new Error(`of ${pods.length} pods promtool has seen ${targets.length}`)
  return targets.flatMap(
    ({ labels: { __scheme__: scheme, __address__: address, __metrics_path__: path, ...labels } }) => {
      const own = Object.entries(labels).filter(([name]) => !name.startsWith('__'))
      // What is dropped has no labels any more.
      return own.length === 0 ? [] : [[`${scheme}://${address}${path}`, Object.fromEntries(own)]]
    },
  )
}
