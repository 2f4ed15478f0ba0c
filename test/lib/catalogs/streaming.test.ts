import { Registry } from 'nanotally'
import { BACKPRESSURE_STATES, PRIORITIES, streaming, streamingMetrics } from 'nanotally/catalogs/streaming'
import { expect, test, vi } from 'vitest'
import { read, rejections } from '../../support/registry.js'

test('every recording function leads to its family', async () => {
  const registry = new Registry()
  const metrics = streamingMetrics({ registry })
  metrics.recordObservationProcessed('space', 'high')
  metrics.recordObservationRejected('space', 'queue_full')
  metrics.recordBackpressureActivation('space', 'warning')
  metrics.recordBatchProcessed(0)
  metrics.recordBatchFailure('0', 'index_error')
  metrics.recordWorkStolen(1)
  metrics.updateQueueDepth('low', 3)
  metrics.updateQueueCapacity('low', 1024)
  metrics.updateWorkerUtilization(1, 87.5)
  metrics.updateActiveSessions(4)
  metrics.updateBackpressureState('space', 'critical')
  metrics.updateQueueMemory(65_536)
  metrics.recordObservationLatency('space', 0.002)
  metrics.recordRecallLatency('space', 0.001)
  metrics.recordBatchSize(0, 32)
  metrics.recordQueueWaitTime('normal', 0.5)
  const expected: Record<keyof typeof streaming.families, [labels: Record<string, string>, value: number]> = {
    observations: [{ memory_space: 'space', priority: 'high' }, 1],
    observationsRejected: [{ memory_space: 'space', reason: 'queue_full' }, 1],
    backpressureActivations: [{ memory_space: 'space', level: 'warning' }, 1],
    batchesProcessed: [{ worker_id: '0' }, 1],
    batchFailures: [{ worker_id: '0', error_type: 'index_error' }, 1],
    workStolen: [{ worker_id: '1' }, 1],
    queueDepth: [{ priority: 'low' }, 3],
    queueCapacity: [{ priority: 'low' }, 1024],
    workerUtilization: [{ worker_id: '1' }, 87.5],
    activeSessions: [{}, 4],
    backpressureState: [{ memory_space: 'space' }, 2],
    queueMemory: [{}, 65_536],
    observationLatency: [{ memory_space: 'space' }, 0.002],
    recallLatency: [{ memory_space: 'space' }, 0.001],
    batchSize: [{ worker_id: '0' }, 32],
    queueWaitTime: [{ priority: 'normal' }, 0.5],
  }
  expect(Object.keys(streaming.families)).toEqual(Object.keys(expected))
  for (const [key, [labels, value]] of Object.entries(expected)) {
    const { name = key, type } = streaming.families[key] ?? {}
    expect(await read(registry, type === 'histogram' ? `${name}_sum` : name, labels), name).toBe(value)
    if (type === 'histogram') expect(await read(registry, `${name}_count`, labels), name).toBe(1)
  }
})

test('states are told by their places, what is none is dropped and counted', async () => {
  vi.spyOn(process, 'emitWarning').mockReturnValue()
  const registry = new Registry()
  const metrics = streamingMetrics({ registry })
  for (const [value, state] of BACKPRESSURE_STATES.entries()) {
    metrics.updateBackpressureState('space', state)
    expect(await read(registry, 'engram_streaming_backpressure_state', { memory_space: 'space' })).toBe(value)
  }
  metrics.updateBackpressureState('space', 'panic' as never)
  expect(await read(registry, 'engram_streaming_backpressure_state', { memory_space: 'space' })).toBe(3)
  expect(await rejections(registry, 'engram_streaming_backpressure_state')).toEqual({ not_a_number: 1 })
})

test('registries are apart, and defined twice is the same', async () => {
  const registry = new Registry()
  streamingMetrics({ registry }).recordWorkStolen(1)
  streamingMetrics({ registry }).recordWorkStolen(1)
  streamingMetrics({ registry: new Registry() }).recordWorkStolen(1)
  expect(await read(registry, 'engram_streaming_work_stolen_total', { worker_id: '1' })).toBe(2)
  expect(PRIORITIES).toEqual(['high', 'normal', 'low'])
})
