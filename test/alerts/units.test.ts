// Each alert, in promtool: it fires just past its limit once it has lasted, not a scrape earlier, and never just before it.
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type InputSeries, type RuleTest, seconds, testRules } from '../support/rule-tests.js'
import { temporaryFolder } from '../support/temporary.js'
import { cases } from './cases.js'
import { type Alert, alerts, FOLDER } from './rules.js'
import { STEP, unitTests } from './units.js'

const names = [...new Set(alerts.map(({ file }) => file))]
const alertsOf = (file: string) => alerts.filter((rule) => rule.file === file)
const run = (path: string, tests: RuleTest[]) =>
  testRules({ rule_files: [path], evaluation_interval: seconds(STEP), tests })

test('each alert has a case, and each case an alert', () => {
  expect([...new Set(alerts.map(({ alert }) => alert))].sort()).toEqual(Object.keys(cases).sort())
  expect(alerts.length).toBeGreaterThan(75)
})

test('descriptions name labels that the alert has', () => {
  for (const { alert, annotations } of alerts) {
    const named = [...annotations.description.matchAll(/\$labels\.(\w+)/g)].map(([, label]) => label)
    const has = ['job', 'instance', ...Object.keys(cases[alert]?.labels ?? {})]
    expect(
      named.filter((label) => !has.includes(label as string)),
      alert,
    ).toEqual([])
  }
})

test('a description says figures near 0 so that they can be read', () => {
  // What humanize makes of 0.0167 is `16.67m`.
  const isSmall = ({ condition }: Alert) => condition !== undefined && (condition.limit < 1 || condition.op === '<')
  const perSecond = alerts.filter(({ annotations }) => / a second\b/.test(annotations.description))
  const small = perSecond.filter(isSmall)
  expect(perSecond.length).toBeGreaterThan(5)
  expect(small.map(({ alert }) => alert)).toEqual(
    expect.arrayContaining(['LowThroughput', 'ExporterConnectionsDropped']),
  )
  for (const { alert, annotations, condition } of small) {
    // Below it there is 0 only.
    if (alert === 'ConsolidationStalled') continue
    expect(condition?.limit, `${alert}: an increase`).not.toBe(0)
    expect(annotations.description, alert).not.toContain('| humanize }}')
  }
})

test.each(names)('%s.yml', async (name) => {
  expect(await run(`${FOLDER}/${name}.yml`, unitTests(alertsOf(name)))).toEqual([])
})

const HOUR = (60 * 60) / STEP

describe('streaming metrics of one target that go', () => {
  const target = (instance: string) => `job="engram", instance="${instance}"`
  const series = (instance: string, up: string, capacity: string): InputSeries[] => [
    { series: `up{${target(instance)}}`, values: up },
    { series: `engram_streaming_queue_capacity{${target(instance)}, priority="normal"}`, values: capacity },
  ]
  const firing = 'ALERTS{alertname="StreamingMetricsAbsent", alertstate="firing"}'
  const labels = `component="streaming", severity="critical", subsystem="telemetry"`
  const told = (instance: string) => ({
    labels: firing.replace('}', `, ${labels}, ${target(instance)}}`),
    value: 1,
  })
  const at = (eval_time: string, ...instances: string[]) => ({
    expr: firing,
    eval_time,
    exp_samples: instances.map(told),
  })

  test('it fires of the target that is scraped without them, not of one that is gone', async () => {
    const input_series = [
      ...series('sick:1', '1x100', '9x20 _x80'),
      ...series('gone:1', '1x20 _x80', '9x20 _x80'),
      ...series('well:1', '1x100', '9x100'),
    ]
    // The last sample is at 300 s; without a mark that the series ended it is taken for another five minutes.
    const promql_expr_test = [at('885s'), at('915s', 'sick:1')]
    const tests = [{ interval: '15s', input_series, promql_expr_test }]
    expect(await run(`${FOLDER}/streaming.yml`, tests)).toEqual([])
  })

  test('it goes on for as long as they are gone: until they are back, or it is a target no more', async () => {
    const [two, four] = [2 * HOUR, 4 * HOUR + 40]
    const input_series = [
      ...series('sick:1', `1x${four}`, `9x20 stale _x${4 * HOUR - 22} 9x60`),
      // It is restarted, which helps nothing.
      ...series('again:1', `1x${two} 0x3 1x${four}`, `9x20 stale`),
      ...series('removed:1', `1x${3 * HOUR + 20} stale`, `9x20 stale`),
      // It has them again, and is gone an hour later: that is another alert's.
      ...series('mended:1', `1x${two} 0x${four}`, `9x20 stale _x60 9x${two - 82} stale`),
      ...series('never:1', `1x${four}`, '_'),
      ...series('well:1', `1x${four}`, `9x${four}`),
    ]
    const promql_expr_test = [
      at('600s'),
      at('615s', 'again:1', 'mended:1', 'removed:1', 'sick:1'),
      ...['119m', '120m30s', '121m', '3h'].map((time) => at(time, 'again:1', 'removed:1', 'sick:1')),
      at('3h10m', 'again:1', 'sick:1'),
      at('4h10m', 'again:1'),
    ]
    const tests = [{ interval: '15s', input_series, promql_expr_test }]
    expect(await run(`${FOLDER}/streaming.yml`, tests)).toEqual([])
  })

  test('Prometheus was away for longer than a moment: it is told again', async () => {
    const away = [`1x${2 * HOUR} _x60 1x${2 * HOUR}`, '9x20 stale'] as const
    // While nothing is scraped there are no alerts, as there are none while Prometheus is away.
    const input_series = [...series('sick:1', ...away), ...series('well:1', `1x${5 * HOUR}`, `9x${5 * HOUR}`)]
    const promql_expr_test = [at('2h', 'sick:1'), at('2h14m'), at('3h30m', 'sick:1')]
    const tests = [{ interval: '15s', input_series, promql_expr_test }]
    expect(await run(`${FOLDER}/streaming.yml`, tests)).toEqual([])
  })
})

test('a loop that stands for hours is told of until it turns, failed scrapes or not; one that never turned is not', async () => {
  const stall = (thread: string, values: string): InputSeries => ({
    series: `nodejs_eventloop_stall_seconds{job="engram", instance="a:1", thread="${thread}"}`,
    values,
  })
  const firing = 'group by (thread, severity) (ALERTS{alertname="EventLoopStalled", alertstate="firing"})'
  const both = ['critical', 'warning'].map((severity) => ({
    labels: `{severity="${severity}", thread="hangs"}`,
    value: 1,
  }))
  const input_series = [
    // After two hours two scrapes fail.
    stall('hangs', `0.01x${HOUR} 15+${STEP}x${HOUR} stale stale 3660+${STEP}x${2 * HOUR - 3} 0.01x20`),
    stall('waits', `500+${STEP}x${HOUR} stale stale 4130+${STEP}x${3 * HOUR + 18}`),
  ]
  const promql_expr_test = [
    { expr: firing, eval_time: '59m', exp_samples: [] },
    ...['62m', '2h', '2h2m', '3h', '4h'].map((eval_time) => ({ expr: firing, eval_time, exp_samples: both })),
    { expr: firing, eval_time: '4h2m', exp_samples: [] },
  ]
  const tests = [{ interval: '15s', input_series, promql_expr_test }]
  expect(await run(`${FOLDER}/runtime.yml`, tests)).toEqual([])
})

test('an engine that is scraped so seldom that it has no rate is not taken for one that stored nothing', async () => {
  const series = (name: string, values: string): InputSeries => ({
    series: `${name}{job="engram", instance="a:1"}`,
    values,
  })
  const [minutes, seldom] = [40, 2]
  const observations = Array.from({ length: minutes / seldom }, (_, i) => `${i * 1e6} _x${(seldom * 60) / STEP - 1}`)
  const input_series = [
    series('engram_streaming_observations_total', observations.join(' ')),
    series('engram_streaming_queue_capacity', `9x${(minutes * 60) / STEP}`),
  ]
  const expr = 'count_over_time(ALERTS{alertname="LowThroughput"}[1h])'
  const tests = [
    { interval: '15s', input_series, promql_expr_test: [{ expr, eval_time: seconds(minutes * 60), exp_samples: [] }] },
  ]
  expect(await run(`${FOLDER}/streaming.yml`, tests)).toEqual([])
})

test('a process whose dependencies answer with the third scrape only, as after a restart, wakes nobody', async () => {
  const status = (instance: string, values: string): InputSeries => ({
    series: `nanotally_health_check_status{job="engram", instance="${instance}", check="database"}`,
    values,
  })
  const told = 'group by (instance) (last_over_time(ALERTS{alertname="HealthCheckFailing", alertstate="firing"}[1h]))'
  const input_series = [status('starts', '0x1 1x20'), status('fails', '0x22')]
  const exp_samples = [{ labels: '{instance="fails"}', value: 1 }]
  const tests = [{ interval: '15s', input_series, promql_expr_test: [{ expr: told, eval_time: '5m', exp_samples }] }]
  expect(await run(`${FOLDER}/reliability.yml`, tests)).toEqual([])
})

describe('the tests can fail', () => {
  // Of some files, as what they try is the same of all.
  /** Each alert of a file whose test fails with what has been made of the file. */
  async function failing(name: string, edit: (yaml: string) => string): Promise<string[]> {
    const folder = temporaryFolder({ 'rules.yml': edit(readFileSync(`${FOLDER}/${name}.yml`, 'utf8')) })
    const lines = await run(`${folder}/rules.yml`, unitTests(alertsOf(name)))
    const failed = lines.flatMap((line) => /expr: .*alertname=\\"(\w+)/.exec(line)?.[1] ?? [])
    return [...new Set(failed)].sort()
  }
  const all = (name: string) => alertsOf(name).map(({ alert }) => alert)
  const scale = (factor: number) => (yaml: string) =>
    yaml.replaceAll(/([<>]) ([\d.]+)$/gm, (_, op, limit) => `${op} ${Number(limit) * factor}`)
  const last = (change: number) => (yaml: string) =>
    yaml.replaceAll(
      /for: (\d+)([sm])$/gm,
      (_, n, unit) => `for: ${Number(n) * { s: 1, m: 60 }[unit as 's' | 'm'] + change}s`,
    )

  test('a limit 3 % away on either side is told', async () => {
    for (const name of ['allocation', 'cognitive', 'hardware', 'numa']) {
      for (const factor of [0.97, 1.03]) expect(await failing(name, scale(factor))).toEqual(all(name).sort())
    }
  })

  test('a critical limit 3 % away is told where the warning has one, too', async () => {
    // Of the certificate, whose warning is at 7 days.
    const edit = (yaml: string) => yaml.replace(/ < 1$/m, ' < 1.03')
    expect(await failing('nanotally', edit)).toEqual(['ExporterCertificateExpiring'])
  })

  test('a prediction that does not look at what is there is told', async () => {
    for (const [name, alert] of [
      ['spreading', 'SpreadingLatencyPredicted'],
      ['memory', 'MemoryPoolExhaustionPredicted'],
    ] as const) {
      const edit = (yaml: string) => yaml.replace(/^ +and \S+ > [\d.]+\n(?= +and present_over_time)/m, '')
      expect(await failing(name, edit)).toEqual([alert])
    }
  })

  test('a scrape sooner or later is told', async () => {
    for (const change of [-STEP, STEP]) {
      expect(await failing('cognitive', last(change))).toEqual(all('cognitive').sort())
    }
  })

  test('a least number a tenth away on either side is told', async () => {
    const ofLeast = (name: string) => alertsOf(name).flatMap(({ alert, source }) => (source.least ? [alert] : []))
    for (const name of ['allocation', 'services']) {
      expect(ofLeast(name).length).toBeGreaterThan(1)
      for (const factor of [0.9, 1.1]) {
        const edit = (yaml: string) => yaml.replaceAll(/>= (\d+)$/gm, (_, count) => `>= ${Number(count) * factor}`)
        expect(await failing(name, edit)).toEqual([...new Set(ofLeast(name))].sort())
      }
    }
  })

  test('an alert that is gone is told', async () => {
    expect(
      await failing('allocation', (yaml) => yaml.replace('alert: HighAllocationLatency', 'alert: Another')),
    ).toEqual(['HighAllocationLatency'])
  })
})
