// The recording functions of the streaming catalog, which find their series by labels on each call.
import { expectSum } from '../harness/exposition.mjs'
import { OURS } from '../harness/libraries.mjs'
import { BATCH, emptyLoop, RAW_ADD, rawAdd, TWO_RAW_ADDS, twoRawAdds } from './subjects.mjs'

/** The planning document's budget in nanoseconds; ratios are to what a raw add takes, 2 ns on the machines that it is about. */
const budget = (ns) => [{ of: OURS, against: RAW_ADD, atMost: ns / 2, source: `document 001: ${ns} ns` }]
const PRIORITIES = ['high', 'normal', 'low', 'normal']
const STATES = ['normal', 'warning', 'critical', 'overloaded']

/** @param {(recorded: number) => number} expected the sum of the family's samples */
async function ours(make, family, expected = (recorded) => recorded) {
  const { registry } = await import('nanotally')
  const { streamingMetrics } = await import('nanotally/catalogs/streaming')
  return {
    batch: make(streamingMetrics()),
    verify: async (recorded) => expectSum(await registry.metrics(), family, expected(recorded)),
  }
}

const floors = { 'empty loop': emptyLoop, [RAW_ADD]: rawAdd }

export const cases = [
  {
    name: 'streaming: recordObservationProcessed(space, priority)',
    budgets: budget(50),
    contenders: {
      ...floors,
      [OURS]: () =>
        ours(
          (metrics) => (count) => {
            for (let i = 0; i < count; i++) metrics.recordObservationProcessed('default', PRIORITIES[i & 3])
          },
          'engram_streaming_observations_total',
        ),
    },
  },
  {
    name: 'streaming: recordObservationLatency(space, seconds)',
    budgets: budget(100),
    contenders: {
      ...floors,
      [TWO_RAW_ADDS]: twoRawAdds,
      [OURS]: () =>
        ours(
          (metrics) => (count) => {
            for (let i = 0; i < count; i++) metrics.recordObservationLatency('default', 0.0004 + (i & 63) / 1e5)
          },
          'engram_streaming_observation_latency_seconds_count',
        ),
    },
  },
  {
    name: 'streaming: updateBackpressureState(space, state)',
    budgets: budget(50),
    contenders: {
      ...floors,
      [OURS]: () =>
        ours(
          (metrics) => (count) => {
            for (let i = 0; i < count; i++) metrics.updateBackpressureState('default', STATES[i & 3])
          },
          'engram_streaming_backpressure_state',
          () => (BATCH - 1) & 3,
        ),
    },
  },
]
