// deploy/prometheus: what promtool says of it, and what other files of the repository rely on.
import { cpSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { alerts, ROOT } from '../alerts/rules.js'
import {
  DEPLOY,
  deployText,
  type FoundPod,
  type PrometheusConfig,
  prometheusConfig,
  runChecker,
  targetsOfPods,
  uncommented,
  type Verdict,
} from '../support/deploy.js'
import { temporaryFolder } from '../support/temporary.js'

const FILE = join(DEPLOY, 'prometheus/prometheus.yml')
const ruleFiles = readdirSync(`${ROOT}/alerts`).filter((name) => name.endsWith('.yml'))

/** What promtool says of a configuration in a copy of the folders that it leads to, with further files there. */
function checkCopy(
  text: string,
  tool: 'promtool' | 'promtool-3',
  more: Readonly<Record<string, string>> = {},
): Verdict {
  const folder = temporaryFolder({ ...more, 'deploy/prometheus/changed.yml': text })
  cpSync(join(DEPLOY, 'prometheus/targets'), join(folder, 'deploy/prometheus/targets'), { recursive: true })
  cpSync(`${ROOT}/alerts`, join(folder, 'alerts'), { recursive: true })
  return runChecker(tool, ['check', 'config', `${folder}/deploy/prometheus/changed.yml`])
}

function checkChanged(
  change: (config: PrometheusConfig) => void,
  tool: 'promtool' | 'promtool-3' = 'promtool-3',
  more?: Readonly<Record<string, string>>,
): Verdict {
  const config = prometheusConfig()
  change(config)
  return checkCopy(JSON.stringify(config), tool, more)
}

/** What docs/deploy.md says that Prometheus 2.42 does not know. */
function asPrometheus242(config: PrometheusConfig): void {
  delete config.global.always_scrape_classic_histograms
  delete config.scrape_config_files
}

describe('promtool of Prometheus 3', () => {
  test('takes it as it lies here, with every file of alerts/', () => {
    const { status, text } = runChecker('promtool-3', ['check', 'config', FILE])
    expect(text).not.toMatch(/FAILED|WARNING|error/)
    expect(text).toContain(`SUCCESS: ${ruleFiles.length} rule files found`)
    const rules = [...text.matchAll(/(\d+) rules found/g)].map(([, n]) => Number(n))
    expect(rules.reduce((sum, n) => sum + n, 0)).toBeGreaterThan(alerts.length)
    expect(status).toBe(0)
  })

  test('takes it with the jobs of Kubernetes, and not with a wrong one', () => {
    const jobs = deployText('prometheus/kubernetes.yml')
    const check = (text: string) =>
      checkChanged(() => {}, 'promtool-3', { 'deploy/prometheus/scrape.d/kubernetes.yml': text })
    const { status, text } = check(jobs)
    expect(text).not.toMatch(/FAILED|WARNING/)
    expect(status).toBe(0)
    const wrong = check(jobs.replace('action: keep', 'action: keeep'))
    expect(wrong.text).toMatch(/unknown relabel action "keeep"/)
    expect(wrong.status).not.toBe(0)
  })

  test('takes it with remote write', () => {
    const folder = temporaryFolder({ token: 'a-token' })
    const config = uncommented(deployText('prometheus/prometheus.yml'), 'remote_write')
    const [remote] = parse(config).remote_write
    expect(remote).toMatchObject({ send_native_histograms: true, queue_config: { capacity: expect.any(Number) } })
    const { status, text } = checkCopy(
      config.replace(remote.authorization.credentials_file, `${folder}/token`),
      'promtool-3',
    )
    expect(text).not.toMatch(/FAILED|WARNING/)
    expect(status).toBe(0)
  })

  test.each<[string, (config: PrometheusConfig) => void, RegExp]>([
    [
      'a setting that there is not',
      (config) => Object.assign(config.global, { intervall: '5s' }),
      /field intervall not found/,
    ],
    [
      'a rule file that is not there',
      (config) => config.rule_files.push('../../alerts/none.yml'),
      /none.yml" does not point/,
    ],
    ['a time-out beyond the interval', (config) => (config.global.scrape_timeout = '10s'), /timeout greater than/],
  ])('refuses %s', (_, change, message) => {
    const { status, text } = checkChanged(change)
    expect(text).toMatch(message)
    expect(status).not.toBe(0)
  })
})

test('Prometheus 2.42 takes it without what docs/deploy.md names, and not with it', () => {
  expect(checkChanged(asPrometheus242, 'promtool')).toMatchObject({ status: 0 })
  const { status, text } = checkChanged(() => {}, 'promtool')
  expect(text).toMatch(/always_scrape_classic_histograms not found/)
  expect(text).toMatch(/scrape_config_files not found/)
  expect(status).not.toBe(0)
  const named = readFileSync(`${ROOT}/docs/deploy.md`, 'utf8')
  for (const setting of ['always_scrape_classic_histograms', 'scrape_config_files']) expect(named).toContain(setting)
})

test('what becomes of pods: a file of what Kubernetes would tell takes its place', () => {
  const pod = (address: string, more: Readonly<Record<string, string>>): FoundPod => ({
    address,
    told: {
      pod_annotation_prometheus_io_scrape: 'true',
      ...{ namespace: 'shop', pod_name: 'api-0', pod_node_name: 'n1', pod_phase: 'Running' },
      ...more,
    },
  })
  const annotated = {
    pod_name: 'b',
    pod_label_app: 'an older label',
    pod_label_app_kubernetes_io_name: 'api',
    pod_annotation_prometheus_io_port: '9000',
    pod_annotation_prometheus_io_path: '/m',
    pod_annotation_prometheus_io_scheme: 'https',
  }
  const pods = [
    pod('10.0.0.1:80', {}),
    pod('10.0.0.1:81', {}),
    pod('10.0.0.2', annotated),
    pod('[fd00::1]:80', { pod_name: 'six', pod_label_app: 'web' }),
    pod('10.0.0.3:80', { pod_phase: 'Failed' }),
    pod('10.0.0.4:80', { pod_annotation_prometheus_io_scrape: 'false' }),
    pod('10.0.0.5:80', { pod_container_init: 'true' }),
  ]
  const kept = targetsOfPods(pods)
  // Those of two ports of a pod are one.
  expect(kept).toHaveLength(4)
  const common = { namespace: 'shop', node: 'n1' }
  expect(Object.fromEntries(kept)).toEqual({
    'http://10.0.0.1:9464/metrics': { ...common, job: 'kubernetes-pods', instance: 'shop/api-0', pod: 'api-0' },
    'https://10.0.0.2:9000/m': { ...common, job: 'api', instance: 'shop/b', pod: 'b' },
    'http://[fd00::1]:9464/metrics': { ...common, job: 'web', instance: 'shop/six', pod: 'six' },
  })
})

test('the scrape interval is the one that Grafana is told', () => {
  const { datasources } = parse(readFileSync(`${ROOT}/dashboards/provisioning/datasources.yaml`, 'utf8'))
  const { global, scrape_configs: jobs } = prometheusConfig()
  expect(datasources[0].jsonData.timeInterval).toBe(global.scrape_interval)
  // None of the dashboards asks for what these expose.
  const slower = jobs.filter(({ scrape_interval: own }) => own !== undefined).map(({ job_name }) => job_name)
  expect(slower).toEqual(['node', 'postgres', 'redis'])
})

test('each replica tells both Alertmanagers, and not which replica it is', () => {
  const { global, alerting, scrape_configs: jobs } = prometheusConfig()
  expect(global.external_labels).toEqual({ cluster: 'nanotally', replica: '$' + '{REPLICA}' })
  expect(alerting.alert_relabel_configs).toEqual([{ regex: 'replica', action: 'labeldrop' }])
  const told = alerting.alertmanagers.flatMap(({ static_configs }) => static_configs.flatMap(({ targets }) => targets))
  expect(told).toHaveLength(2)
  const scraped = jobs.find(({ job_name }) => job_name === 'alertmanager')?.static_configs?.[0]?.targets
  expect(scraped).toEqual(told)
})

test('the example of a file of targets is one when its comment signs are away', () => {
  const text = deployText('prometheus/targets/programs.yml')
  expect(parse(text)).toEqual([])
  const lines = text.split('\n').filter((line) => /^# ( |-)/.test(line))
  expect(parse(lines.map((line) => line.slice(2)).join('\n'))).toEqual([
    { targets: [expect.any(String), expect.any(String)], labels: { job: 'my-program', zone: 'a' } },
  ])
})
