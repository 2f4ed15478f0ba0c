// What recording rules come to, in promtool: of an instance that works, by hand, and of one at which nothing happens.
import { expect, test } from 'vitest'
import { type InputSeries, type RuleTest, seconds, seriesText, testRules } from '../support/rule-tests.js'
import { files, rulePaths } from './rules.js'
import { STEP } from './units.js'

const STEPS = 40
const MILLION = 1_000_000
const TARGETS = { busy: { job: 'engram', instance: 'busy' }, idle: { job: 'engram', instance: 'idle' } }

type Labels = Record<string, string>

/** The same series of both instances; the idle one's is a counter that stands, or a gauge at `idle`. */
const counter = (name: string, perSecond: number, labels: Labels = {}): InputSeries[] => [
  { series: seriesText(name, { ...TARGETS.busy, ...labels }), values: `7+${perSecond * STEP}x${STEPS}` },
  { series: seriesText(name, { ...TARGETS.idle, ...labels }), values: `7x${STEPS}` },
]
const gauge = (name: string, busy: number, idle: number, labels: Labels = {}): InputSeries[] => [
  { series: seriesText(name, { ...TARGETS.busy, ...labels }), values: `${busy}x${STEPS}` },
  { series: seriesText(name, { ...TARGETS.idle, ...labels }), values: `${idle}x${STEPS}` },
]
/** Observations per second up to each bound. */
const histogram = (name: string, upTo: Record<string, number>, labels: Labels): InputSeries[] =>
  Object.entries(upTo).flatMap(([le, perSecond]) => counter(`${name}_bucket`, perSecond, { ...labels, le }))

const SERIES = [
  ...counter('engram_streaming_observations_total', 10, { memory_space: 'noun', priority: 'high' }),
  ...counter('engram_streaming_observations_total', 20, { memory_space: 'verb', priority: 'low' }),
  ...gauge('engram_streaming_queue_depth', 100, 0, { priority: 'high' }),
  ...gauge('engram_streaming_queue_capacity', 1000, 1000, { priority: 'high' }),
  ...gauge('engram_streaming_queue_depth', 600, 0, { priority: 'low' }),
  ...gauge('engram_streaming_queue_capacity', 800, 800, { priority: 'low' }),
  ...gauge('engram_streaming_worker_utilization', 40, 0, { worker_id: '0' }),
  ...gauge('engram_streaming_worker_utilization', 60, 0, { worker_id: '1' }),
  ...histogram(
    'engram_streaming_observation_latency_seconds',
    { '0.05': 90, '0.1': 98, '0.2': 100, '+Inf': 100 },
    { memory_space: 'noun' },
  ),
  ...histogram(
    'engram_streaming_recall_latency_seconds',
    { '0.01': 50, '0.02': 100, '+Inf': 100 },
    { memory_space: 'noun' },
  ),
  ...histogram('engram_spreading_latency', { '0.001': 80, '0.004': 100, '+Inf': 100 }, { tier: 'hot' }),
]

/** Of the idle instance undefined where there is nothing to tell. */
const VALUES: Readonly<Record<string, { busy: number; idle: number | undefined }>> = {
  // The 95th of 100 is the 15th of the 20 between 0.001 and 0.004.
  'spreading:latency:p95': { busy: 0.003_25, idle: undefined },
  'streaming:observation_rate:1m': { busy: 30, idle: 0 },
  // The fullest lane: both together are 0.39 full.
  'streaming:queue_utilization:ratio': { busy: 0.75, idle: 0 },
  'streaming:worker_utilization:avg': { busy: 50, idle: 0 },
  'streaming:observation_latency:p99': { busy: 0.15, idle: undefined },
  'streaming:recall_latency:p99': { busy: 0.0198, idle: undefined },
}

function valuesTest(values: typeof VALUES): RuleTest {
  return {
    interval: seconds(STEP),
    input_series: SERIES,
    promql_expr_test: Object.entries(values).map(([record, { busy, idle }]) => ({
      // What arithmetic leaves at the end of a number is not meant, so that whole ones are compared.
      expr: `round(${MILLION} * ${record})`,
      eval_time: seconds(STEP * STEPS),
      exp_samples: [
        { labels: seriesText('', TARGETS.busy), value: Math.round(MILLION * busy) },
        ...(idle === undefined ? [] : [{ labels: seriesText('', TARGETS.idle), value: Math.round(MILLION * idle) }]),
      ],
    })),
  }
}

const run = (values: typeof VALUES) =>
  testRules({ rule_files: [...rulePaths], evaluation_interval: seconds(STEP), tests: [valuesTest(values)] })

test('each comes to what it says, of each instance alone', async () => {
  const records = files.flatMap(({ groups }) =>
    groups.flatMap(({ rules }) => rules.flatMap(({ record }) => record ?? [])),
  )
  expect(Object.keys(VALUES)).toEqual(records)
  expect(await run(VALUES)).toEqual([])
})

test('another value is told', async () => {
  const lines = (await run({ 'streaming:queue_utilization:ratio': { busy: 0.39, idle: 0 } })).join('\n')
  expect(lines).toMatch(/got:.*busy.* 7\.5E\+05/)
})
