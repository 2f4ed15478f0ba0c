// One slow call among many, as a registry shows it scrape by scrape, to the rules in promtool: it may page nobody.
import { type Histogram, histogram, Registry } from 'nanotally'
import { redisMetrics } from 'nanotally/catalogs/redis'
import { expect, test } from 'vitest'
import { scrape } from '../support/registry.js'
import { type InputSeries, seconds, seriesText, testRules } from '../support/rule-tests.js'
import { FOLDER } from './rules.js'
import { STEP } from './units.js'

const NAME = 'redis_command_duration_seconds'
const STEPS = 60
const FIRST_SLOW = 22
type Durations = Histogram<readonly ['client', 'command_class']>

/** What Prometheus sees: a hundred commands of 0.9 ms a second; from some time on 2 % of 20 ms, and a single one of 0.9 s. */
async function seriesOf(registry: Registry, durations: Durations): Promise<InputSeries[]> {
  const seen = new Map<string, (number | '_')[]>()
  const reads = durations.labels({ client: 'cache', command_class: 'read' })
  for (let step = 0; step <= STEPS; step++) {
    for (let i = 0; i < 100 * STEP; i++) reads.observe(0.0009)
    if (step >= FIRST_SLOW) for (let i = 0; i < 2 * STEP; i++) reads.observe(0.02)
    if (step === FIRST_SLOW) reads.observe(0.9)
    for (const { name, labels, value } of (await scrape(registry)).get(NAME)?.samples ?? []) {
      const series = seriesText(name, { job: 'a', instance: 'b', ...labels })
      const values = seen.get(series) ?? Array(step).fill('_')
      values.push(value)
      seen.set(series, values)
    }
  }
  return [...seen].map(([series, values]) => ({ series, values: values.join(' ') }))
}

/** Whether an alert about latency has fired in all this time. */
async function fires(input_series: InputSeries[]): Promise<boolean> {
  const end = STEPS * STEP
  const expr = `max_over_time(ALERTS{alertname="RedisLatencyHigh", alertstate="firing"}[${seconds(end)}]) > 0`
  const promql_expr_test = [
    { expr: `absent(${expr})`, eval_time: seconds(end), exp_samples: [{ labels: '{}', value: 1 }] },
  ]
  const tests = [{ interval: seconds(STEP), input_series, promql_expr_test }]
  return (
    (await testRules({ rule_files: [`${FOLDER}/services.yml`], evaluation_interval: seconds(STEP), tests })).length > 0
  )
}

test('of a catalog’s histogram, which shows the same bounds from the first on', async () => {
  const registry = new Registry()
  expect(await fires(await seriesOf(registry, redisMetrics({ registry }).commandDuration))).toBe(false)
})

test('of one with the bounds around what it has observed it does: the new bounds are missing in rates at first', async () => {
  const registry = new Registry()
  const durations = histogram({ name: NAME, help: 'h', unit: 'seconds', labels: ['client', 'command_class'], registry })
  expect(await fires(await seriesOf(registry, durations))).toBe(true)
})
