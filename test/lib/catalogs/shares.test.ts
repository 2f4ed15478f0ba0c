// Shares in their worst case: what is well has never happened, and its series is not there. An empty answer would be past no
// limit, and no panel would show it.
import { expect, test } from 'vitest'
import { familyOf } from '../../support/catalogs.js'
import { testRules } from '../../support/rule-tests.js'

const counter = (series: string) => ({ series, values: '0+60x40' })
const WORST = [
  {
    family: 'engram_streaming_observations_rejected_total',
    series: [counter('engram_streaming_observations_rejected_total{memory_space="noun", reason="queue_full"}')],
    answer: { labels: '{}', value: 1 },
  },
  {
    family: 'redis_connections',
    series: [{ series: 'redis_connections{client="cache", state="connecting"}', values: '1x40' }],
    answer: { labels: '{client="cache"}', value: 0 },
  },
  {
    family: 'engram_health_check_success_ratio',
    series: [
      counter('engram_health_checks_total{component="disk", outcome="failure"}'),
      counter('engram_health_checks_total{component="queue", outcome="failure"}'),
      counter('engram_health_checks_total{component="queue", outcome="success"}'),
    ],
    answer: [
      { labels: '{component="disk"}', value: 0 },
      { labels: '{component="queue"}', value: 0.5 },
    ],
  },
  {
    family: 'onboarding_completed_total',
    series: [counter('onboarding_started_total{flow="web"}')],
    answer: { labels: '{}', value: 0 },
  },
]

test.each(WORST)('$family', async ({ family, series, answer }) => {
  const expr = familyOf(family)?.query ?? ''
  const promql_expr_test = [{ expr, eval_time: '10m', exp_samples: [answer].flat() }]
  const tests = [{ interval: '15s', input_series: series, promql_expr_test }]
  expect(await testRules({ rule_files: [], evaluation_interval: '15s', tests })).toEqual([])
})
