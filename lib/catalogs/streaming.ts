// The streaming catalog: an engine that takes observations through a queue of three priorities, stores them in batches by
// workers that steal from each other, and answers recalls. Planning document 001.

import type { Catalog, CatalogFamilies, Instruments } from './shared/catalog.js'
import { type CatalogOptions, defineFamilies } from './shared/catalog.js'

export const PRIORITIES = ['high', 'normal', 'low'] as const
export type Priority = (typeof PRIORITIES)[number]

/** In ascending order: their places are the values of `engram_streaming_backpressure_state`. */
export const BACKPRESSURE_STATES = ['normal', 'warning', 'critical', 'overloaded'] as const
export type BackpressureState = (typeof BACKPRESSURE_STATES)[number]

const FAMILIES = {
  observations: {
    name: 'engram_streaming_observations_total',
    type: 'counter',
    help: 'Observations that were stored.',
    labels: ['memory_space', 'priority'],
    values: { priority: PRIORITIES },
    query: 'sum(rate(engram_streaming_observations_total[1m]))',
    queryUnit: 'per second',
    expected: [100, 100_000],
    warning: { below: 100, forSeconds: 600 },
    source: 'a worker, once an observation is in the index',
    documents: ['001'],
  },
  observationsRejected: {
    name: 'engram_streaming_observations_rejected_total',
    type: 'counter',
    help: 'Observations that were refused.',
    labels: ['memory_space', 'reason'],
    // The series of what is stored appears with the first that is: an engine that refuses all from the start has none.
    query:
      'sum(rate(engram_streaming_observations_rejected_total[5m])) / (sum(rate(engram_streaming_observations_rejected_total[5m])) + sum(rate(engram_streaming_observations_total[5m])) or sum(rate(engram_streaming_observations_rejected_total[5m])))',
    queryUnit: 'of all observations',
    expected: [0, 0.01],
    warning: { above: 0.01, forSeconds: 300 },
    source: 'the queue, when it has no room or the observation is none',
    documents: ['001'],
  },
  backpressureActivations: {
    name: 'engram_streaming_backpressure_activations_total',
    type: 'counter',
    help: 'Times that back-pressure went up to a level.',
    labels: ['memory_space', 'level'],
    values: { level: BACKPRESSURE_STATES },
    query: 'sum(rate(engram_streaming_backpressure_activations_total[5m]))',
    queryUnit: 'per second',
    expected: [0, 1],
    warning: { above: 100, forSeconds: 300 },
    source: 'the queue, when its state goes up',
    documents: ['001'],
  },
  batchesProcessed: {
    name: 'engram_streaming_batches_processed_total',
    type: 'counter',
    help: 'Batches that were stored.',
    labels: ['worker_id'],
    query: 'sum by (worker_id) (rate(engram_streaming_batches_processed_total[1m]))',
    queryUnit: 'per second',
    expected: [1, 10_000],
    source: 'a worker, at the end of each batch',
    documents: ['001'],
  },
  batchFailures: {
    name: 'engram_streaming_batch_failures_total',
    type: 'counter',
    help: 'Batches that could not be inserted into the index.',
    labels: ['worker_id', 'error_type'],
    query: 'sum by (error_type) (increase(engram_streaming_batch_failures_total[5m]))',
    expected: [0, 0],
    critical: { above: 0, forSeconds: 120 },
    source: 'a worker, when the index refuses a batch',
    documents: ['001'],
  },
  workStolen: {
    name: 'engram_streaming_work_stolen_total',
    type: 'counter',
    help: 'Batches that a worker took from the queue of another.',
    labels: ['worker_id'],
    query:
      'sum(rate(engram_streaming_work_stolen_total[5m])) / sum(rate(engram_streaming_batches_processed_total[5m]))',
    queryUnit: 'of all batches',
    expected: [0, 0.3],
    warning: { above: 0.3, forSeconds: 600 },
    source: 'a worker that found its own queue empty',
    documents: ['001'],
  },
  queueDepth: {
    name: 'engram_streaming_queue_depth',
    type: 'gauge',
    help: 'Observations that wait.',
    labels: ['priority'],
    values: { priority: PRIORITIES },
    aggregate: 'last',
    // Of the fullest lane: the queue refuses what its lane has no room for, however empty the others are.
    query:
      'max(sum by (priority) (engram_streaming_queue_depth) / sum by (priority) (engram_streaming_queue_capacity))',
    queryUnit: 'of the capacity',
    expected: [0, 0.5],
    warning: { above: 0.8, forSeconds: 120 },
    critical: { above: 0.9, forSeconds: 60 },
    source: 'the queue, when it changes',
    documents: ['001'],
  },
  queueCapacity: {
    name: 'engram_streaming_queue_capacity',
    type: 'gauge',
    help: 'Observations that the queue has room for.',
    labels: ['priority'],
    values: { priority: PRIORITIES },
    aggregate: 'last',
    query: 'engram_streaming_queue_capacity',
    expected: [1, 1_000_000],
    source: 'the queue, when it is made; document 001 compares depths with a capacity that it does not expose',
  },
  workerUtilization: {
    name: 'engram_streaming_worker_utilization',
    type: 'gauge',
    help: 'Share of a worker’s time that it was busy, in percent.',
    labels: ['worker_id'],
    aggregate: 'last',
    query: 'max(engram_streaming_worker_utilization) - min(engram_streaming_worker_utilization)',
    queryUnit: 'percentage points between workers',
    expected: [0, 40],
    warning: { above: 40, forSeconds: 300 },
    source: 'a worker, from the time that its event loop was busy',
    documents: ['001'],
  },
  activeSessions: {
    name: 'engram_streaming_active_sessions_total',
    type: 'gauge',
    help: 'Client sessions that are open.',
    aggregate: 'sum',
    query: 'engram_streaming_active_sessions_total',
    expected: [0, 10_000],
    source: 'whoever accepts sessions, each thread its own',
    documents: ['001'],
  },
  backpressureState: {
    name: 'engram_streaming_backpressure_state',
    type: 'gauge',
    help: 'Back-pressure: 0 normal, 1 warning, 2 critical, 3 overloaded.',
    labels: ['memory_space'],
    aggregate: 'last',
    query: 'max by (memory_space) (engram_streaming_backpressure_state)',
    expected: [0, 0],
    warning: { above: 0, forSeconds: 600 },
    source: 'the queue, when its state changes',
    documents: ['001'],
  },
  queueMemory: {
    name: 'engram_streaming_queue_memory_bytes',
    type: 'gauge',
    unit: 'bytes',
    help: 'Memory that the queue takes.',
    aggregate: 'last',
    query: 'engram_streaming_queue_memory_bytes',
    expected: [0, 2 ** 30],
    warning: { above: 2 ** 30, forSeconds: 300 },
    source: 'the queue, from the sizes of its rings',
    documents: ['001'],
  },
  observationLatency: {
    name: 'engram_streaming_observation_latency_seconds',
    type: 'histogram',
    unit: 'seconds',
    help: 'Time from the queueing of an observation until it is in the index.',
    labels: ['memory_space'],
    query: 'histogram_quantile(0.99, sum by (le) (rate(engram_streaming_observation_latency_seconds_bucket[5m])))',
    expected: [0.0001, 0.1],
    warning: { above: 0.1, forSeconds: 300 },
    source: 'a worker, once an observation is in the index',
    documents: ['001'],
  },
  recallLatency: {
    name: 'engram_streaming_recall_latency_seconds',
    type: 'histogram',
    unit: 'seconds',
    help: 'Time to answer a recall.',
    labels: ['memory_space'],
    query: 'histogram_quantile(0.99, sum by (le) (rate(engram_streaming_recall_latency_seconds_bucket[5m])))',
    expected: [0.0001, 0.05],
    warning: { above: 0.05, forSeconds: 300 },
    source: 'a worker, when it answers',
    documents: ['001'],
  },
  batchSize: {
    name: 'engram_streaming_batch_size',
    type: 'histogram',
    help: 'Observations in a batch.',
    labels: ['worker_id'],
    query: 'histogram_quantile(0.5, sum by (le) (rate(engram_streaming_batch_size_bucket[5m])))',
    queryUnit: 'observations',
    // Of batches of one it is between the bounds of their bucket.
    expected: [0.5, 1000],
    source: 'a worker, when it takes a batch',
    documents: ['001'],
  },
  queueWaitTime: {
    name: 'engram_streaming_queue_wait_time_seconds',
    type: 'histogram',
    unit: 'seconds',
    help: 'Time that an observation spent in the queue.',
    labels: ['priority'],
    values: { priority: PRIORITIES },
    query:
      'histogram_quantile(0.99, sum by (le, priority) (rate(engram_streaming_queue_wait_time_seconds_bucket[5m])))',
    expected: [0, 0.1],
    source: 'a worker, when it takes an observation out of the queue',
    documents: ['001'],
  },
} as const satisfies CatalogFamilies

/** The catalog as data. */
export const streaming: Catalog = {
  name: 'streaming',
  about: 'Observations that stream through a queue with priorities, back-pressure and work stealing.',
  families: FAMILIES,
}

/** Streaming metrics of a registry. Its functions never throw: what cannot be recorded is dropped and counted. */
export interface StreamingMetrics extends Instruments<typeof FAMILIES> {
  recordObservationProcessed(memorySpace: string, priority: Priority): void
  /** @param reason - a short fixed text, such as `queue_full` */
  recordObservationRejected(memorySpace: string, reason: string): void
  recordBackpressureActivation(memorySpace: string, level: BackpressureState): void
  recordBatchProcessed(workerId: number | string): void
  /** @param errorType - a short fixed text, such as an error's code */
  recordBatchFailure(workerId: number | string, errorType: string): void
  recordWorkStolen(workerId: number | string): void
  updateQueueDepth(priority: Priority, observations: number): void
  updateQueueCapacity(priority: Priority, observations: number): void
  /** @param percent - 0 to 100 */
  updateWorkerUtilization(workerId: number | string, percent: number): void
  /** Of the calling thread; those of all threads are added up. */
  updateActiveSessions(sessions: number): void
  updateBackpressureState(memorySpace: string, state: BackpressureState): void
  updateQueueMemory(bytes: number): void
  recordObservationLatency(memorySpace: string, seconds: number): void
  recordRecallLatency(memorySpace: string, seconds: number): void
  /** @param observations - in the batch */
  recordBatchSize(workerId: number | string, observations: number): void
  recordQueueWaitTime(priority: Priority, seconds: number): void
}

/**
 * Defines the streaming families in a registry, or finds them there, and returns what records them. Each family is also there
 * itself, to be bound where a function that looks its labels up is too slow.
 *
 * @throws as `counter()`
 *
 * @example
 * const metrics = streamingMetrics()
 * metrics.recordObservationProcessed('default', 'high')
 * const highDepth = metrics.queueDepth.labels('high')
 * highDepth.set(12)
 */
export function streamingMetrics(options: CatalogOptions = {}): StreamingMetrics {
  const families = defineFamilies(FAMILIES, options)
  return {
    ...families,
    recordObservationProcessed: (memory_space, priority) => families.observations.inc({ memory_space, priority }),
    recordObservationRejected: (memory_space, reason) => families.observationsRejected.inc({ memory_space, reason }),
    recordBackpressureActivation: (memory_space, level) =>
      families.backpressureActivations.inc({ memory_space, level }),
    recordBatchProcessed: (worker_id) => families.batchesProcessed.inc({ worker_id }),
    recordBatchFailure: (worker_id, error_type) => families.batchFailures.inc({ worker_id, error_type }),
    recordWorkStolen: (worker_id) => families.workStolen.inc({ worker_id }),
    updateQueueDepth: (priority, observations) => families.queueDepth.set({ priority }, observations),
    updateQueueCapacity: (priority, observations) => families.queueCapacity.set({ priority }, observations),
    updateWorkerUtilization: (worker_id, percent) => families.workerUtilization.set({ worker_id }, percent),
    updateActiveSessions: (sessions) => families.activeSessions.set(sessions),
    updateBackpressureState: (memory_space, state) => {
      const value = BACKPRESSURE_STATES.indexOf(state)
      // What is no state is no number, which is dropped and counted.
      families.backpressureState.set({ memory_space }, value < 0 ? (state as unknown as number) : value)
    },
    updateQueueMemory: (bytes) => families.queueMemory.set(bytes),
    recordObservationLatency: (memory_space, seconds) => families.observationLatency.observe({ memory_space }, seconds),
    recordRecallLatency: (memory_space, seconds) => families.recallLatency.observe({ memory_space }, seconds),
    recordBatchSize: (worker_id, observations) => families.batchSize.observe({ worker_id }, observations),
    recordQueueWaitTime: (priority, seconds) => families.queueWaitTime.observe({ priority }, seconds),
  }
}
