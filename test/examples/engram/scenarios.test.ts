// Each scenario, in a process of its own, until it has shown what it is about: what is to be seen is there, nothing is lost,
// and both books are equal. The fixture waits for events, however long they take; no test looks at the time.
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { accepts, SCENARIOS } from '../../../examples/engram/engine/scenarios.mjs'
import { LEVELS, MEMORY_SPACES } from '../../../examples/engram/engine/terms.mjs'
import { assertEnded, ENDING_FLAGS, runChild } from '../../support/children.js'

const FIXTURE = fileURLToPath(new URL('./fixtures/scenario.mjs', import.meta.url))

interface Told {
  compared: number
  differing: unknown[]
  mostWaiting: number
  samples: [sample: string, value: number][]
}

/** Runs a scenario; `sum` adds up the samples of a name, or those of them that have some text in their labels. */
async function run(scenario: string, options: object) {
  const args = [JSON.stringify({ scenario, ...options })]
  const result = await runChild(FIXTURE, { args, nodeFlags: ENDING_FLAGS })
  assertEnded(result)
  const { samples, ...told } = result.messages[0] as Told
  expect(told.differing).toEqual([])
  expect(told.compared).toBe(samples.length)
  const sum = (name: string, text = '') =>
    samples
      .filter(([sample]) => sample.replace(/\{.*/, '') === name && sample.includes(text))
      .reduce((total, [, value]) => total + value, 0)

  // All that was queued was stored or rejected by the index: nothing waits any more.
  const queued = sum('engram_jobs_queued_total', 'kind="observe"')
  const stored = sum('engram_streaming_observations_total')
  expect(queued).toBe(stored + sum('engram_streaming_observations_rejected_total', 'index_error'))
  expect(queued).toBeGreaterThan(0)
  expect(sum('engram_streaming_queue_depth')).toBe(0)
  expect(sum('engram_streaming_batch_size_sum')).toBe(queued)
  expect(sum('engram_streaming_queue_wait_time_seconds_count')).toBe(queued)
  expect(sum('engram_streaming_observation_latency_seconds_count')).toBe(stored)
  const recalled = sum('engram_jobs_queued_total', 'kind="recall"')
  expect(sum('engram_recalls_total')).toBe(recalled)
  expect(sum('engram_streaming_recall_latency_seconds_count')).toBe(recalled)
  // No client is there any more, and no pressure.
  expect(sum('engram_streaming_active_sessions_total')).toBe(0)
  expect(sum('engram_streaming_backpressure_state')).toBe(0)
  return { ...told, sum, rejected: (reason: string) => sum('engram_streaming_observations_rejected_total', reason) }
}

test('calm: nothing goes wrong', async () => {
  const { sum } = await run('calm', { workers: 2, rate: 1000 })
  expect(sum('engram_streaming_observations_rejected_total')).toBe(0)
  expect(sum('engram_streaming_batch_failures_total')).toBe(0)
})

test('overload: pressure goes through all states, and load is shed', async () => {
  const { sum, rejected, mostWaiting } = await run('overload', { workers: 2, queueCapacity: 64, phaseSeconds: 0.3 })
  for (const space of MEMORY_SPACES) {
    const ups = LEVELS.slice(1).map((level) =>
      sum('engram_streaming_backpressure_activations_total', `memory_space="${space}",level="${level}"`),
    )
    // No state is passed over on the way up.
    expect(ups[0]).toBeGreaterThan(0)
    if ((ups[2] as number) > 0) expect(ups[1]).toBeGreaterThan(0)
  }
  expect(sum('engram_streaming_backpressure_activations_total', 'overloaded')).toBeGreaterThan(0)
  expect(rejected('overloaded')).toBeGreaterThan(0)
  expect(mostWaiting).toBeGreaterThan(0.8 * sum('engram_streaming_queue_capacity'))
  expect(mostWaiting).toBeLessThanOrEqual(sum('engram_streaming_queue_capacity'))
})

test('stall: the others take what waits for the worker that hangs, its recalls wait', async () => {
  const { sum } = await run('stall', { workers: 3, queueCapacity: 64, phaseSeconds: 0.3 })
  const stolen = [0, 1, 2].map((id) => sum('engram_streaming_work_stolen_total', `"${id}"`))
  expect((stolen[1] as number) + (stolen[2] as number)).toBeGreaterThan(0)
})

test('imbalance: one worker has all the work, and shares it', async () => {
  const { sum } = await run('imbalance', { workers: 2, rate: 0, queueCapacity: 512 })
  expect(sum('engram_streaming_work_stolen_total', '"0"')).toBe(0)
  expect(sum('engram_streaming_work_stolen_total', '"1"')).toBe(sum('engram_streaming_batch_size_count', '"1"'))
  expect(sum('engram_streaming_batches_processed_total', '"0"')).toBeGreaterThan(0)
  // A load that waits for room is never turned away.
  expect(sum('engram_streaming_observations_rejected_total')).toBe(0)
  expect(sum('engram_recalls_refused_total')).toBe(0)
})

test('corrupt: the index refuses batches, twice each, until it is repaired', async () => {
  const { sum, rejected } = await run('corrupt', { workers: 2, phaseSeconds: 0.2 })
  const failures = sum('engram_streaming_batch_failures_total')
  expect(sum('engram_streaming_batch_failures_total', 'index_corrupt')).toBe(failures)
  const processed = sum('engram_streaming_batches_processed_total')
  const refused = sum('engram_streaming_batch_size_count') - processed
  // A batch may be refused once and then stored, where the index is repaired between.
  expect(failures).toBeGreaterThanOrEqual(2 * refused)
  expect(refused).toBeGreaterThan(0)
  expect(rejected('index_error')).toBeGreaterThan(0)
})

test('there are no others', () => {
  expect(SCENARIOS).toEqual(['calm', 'overload', 'stall', 'imbalance', 'corrupt'])
  expect([0, 1, 2, 3].map(accepts('imbalance', 2))).toEqual([true, false, true, false])
  expect([0, 1, 2, 3].map(accepts('stall', 2))).toEqual([true, true, true, true])
})
