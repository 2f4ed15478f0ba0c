// Every metric of the engine, through nanotally's public API alone: the streaming catalog's, and the demo's own, which are
// data of the same kind. The main thread and each worker import this file: the same definition in another thread leads to
// the same series, with no set-up and no messages. What the hot paths record is bound here once, by the numbers that the
// engine uses (a priority, an outcome, a relation).
import { gauge } from 'nanotally'
import { defineFamilies } from 'nanotally/catalogs'
import { streamingMetrics } from 'nanotally/catalogs/streaming'
import { HOP_BUCKETS, KINDS, OUTCOMES, PARTS_OF_SPEECH, PRIORITIES, RELATIONS } from '../wordnet/vocabulary.mjs'
import { BATCH_ERRORS, MEMORY_SPACES, RAISED_LEVELS, REASONS, RECALL_REASONS } from './terms.mjs'

/** @satisfies {import('nanotally/catalogs').CatalogFamilies} */
const FAMILIES = /** @type {const} */ ({
  jobsQueued: {
    name: 'engram_jobs_queued_total',
    type: 'counter',
    help: 'Jobs that were put into a queue.',
    labels: ['kind', 'priority'],
    values: { kind: KINDS, priority: PRIORITIES },
    query: 'sum by (kind) (rate(engram_jobs_queued_total[1m]))',
    queryUnit: 'per second',
    expected: [100, 100_000],
    source: 'the main thread, when it queues a job',
  },
  recallsRefused: {
    name: 'engram_recalls_refused_total',
    type: 'counter',
    help: 'Recalls that were not queued.',
    labels: ['reason'],
    values: { reason: RECALL_REASONS },
    query: 'sum(rate(engram_recalls_refused_total[5m]))',
    queryUnit: 'per second',
    expected: [0, 1],
    source: 'the main thread, when the ring is full or the recall is none',
  },
  recallsWaiting: {
    name: 'engram_recalls_waiting',
    type: 'gauge',
    help: 'Recalls that wait in the queues.',
    labels: ['priority'],
    values: { priority: PRIORITIES },
    aggregate: 'last',
    query: 'sum(engram_recalls_waiting)',
    expected: [0, 100],
    source: 'the main thread, every few milliseconds',
  },
  recallWait: {
    name: 'engram_recall_wait_seconds',
    type: 'histogram',
    unit: 'seconds',
    help: 'Time that a recall spent in its queue.',
    labels: ['priority'],
    values: { priority: PRIORITIES },
    query: 'histogram_quantile(0.99, sum by (le) (rate(engram_recall_wait_seconds_bucket[5m])))',
    expected: [0, 0.05],
    source: 'a worker, when it takes a recall out of its queue',
  },
  storeLatency: {
    name: 'engram_store_latency_seconds',
    type: 'histogram',
    unit: 'seconds',
    help: 'Time to choose the senses of an observation and store it.',
    query: 'histogram_quantile(0.99, sum by (le) (rate(engram_store_latency_seconds_bucket[5m])))',
    expected: [0.000001, 0.001],
    source: 'a worker, for each observation of a batch',
  },
  evictions: {
    name: 'engram_evictions_total',
    type: 'counter',
    help: 'Observations that a full store let go for a new one.',
    query: 'sum(rate(engram_evictions_total[1m]))',
    queryUnit: 'per second',
    expected: [0, 100_000],
    source: 'a worker, when it stores',
  },
  storedObservations: {
    name: 'engram_stored_observations',
    type: 'gauge',
    help: 'Observations in the stores of all workers.',
    aggregate: 'sum',
    query: 'engram_stored_observations',
    expected: [0, 160_000],
    source: 'a worker, when it stores',
  },
  recalls: {
    name: 'engram_recalls_total',
    type: 'counter',
    help: 'Recall queries that were answered: with an observation (hit), without (miss), or with no known word (unknown).',
    labels: ['outcome'],
    values: { outcome: OUTCOMES },
    query: 'sum by (outcome) (rate(engram_recalls_total[1m]))',
    queryUnit: 'per second',
    expected: [100, 100_000],
    source: 'a worker, when it answers',
  },
  recallHitRatio: {
    name: 'engram_recall_hit_ratio',
    type: 'gauge',
    help: 'Share of the recalls so far that brought an observation back.',
    derived: { of: [{ family: 'recalls', where: { outcome: 'hit' } }], to: [{ family: 'recalls' }] },
    query: 'engram_recall_hit_ratio',
    expected: [0.5, 1],
    source: 'computed from engram_recalls_total',
  },
  recallHops: {
    name: 'engram_recall_hops',
    type: 'histogram',
    help: 'How many hops activation went in a recall.',
    buckets: HOP_BUCKETS,
    query: 'histogram_quantile(0.5, sum by (le) (rate(engram_recall_hops_bucket[5m])))',
    queryUnit: 'hops',
    expected: [1, 8],
    source: 'a worker, after a spread',
  },
  recallSynsets: {
    name: 'engram_recall_synsets',
    type: 'histogram',
    help: 'Synsets that activation reached in a recall.',
    query: 'histogram_quantile(0.5, sum by (le) (rate(engram_recall_synsets_bucket[5m])))',
    queryUnit: 'synsets',
    expected: [10, 10_000],
    source: 'a worker, after a spread',
  },
  activations: {
    name: 'engram_activations_total',
    type: 'counter',
    help: 'Edges that activation crossed, by relation.',
    labels: ['relation'],
    values: { relation: RELATIONS },
    query: 'sum(rate(engram_activations_total[1m]))',
    queryUnit: 'per second',
    expected: [1000, 1e8],
    source: 'a worker, at each edge of a spread',
  },
  graphSynsets: {
    name: 'engram_graph_synsets',
    type: 'gauge',
    help: 'Synsets in the graph.',
    labels: ['part_of_speech'],
    values: { part_of_speech: PARTS_OF_SPEECH },
    query: 'sum(engram_graph_synsets)',
    expected: [1, 200_000],
    source: 'the main thread, once the graph is loaded',
  },
  graphEdges: {
    name: 'engram_graph_edges',
    type: 'gauge',
    help: 'Edges in the graph.',
    labels: ['relation'],
    values: { relation: RELATIONS },
    query: 'sum(engram_graph_edges)',
    expected: [0, 500_000],
    source: 'the main thread, once the graph is loaded',
  },
  graphLemmas: {
    name: 'engram_graph_lemmas',
    type: 'gauge',
    help: 'Lemmas that lead into the graph.',
    query: 'engram_graph_lemmas',
    expected: [1, 200_000],
    source: 'the main thread, once the graph is loaded',
  },
  graphBytes: {
    name: 'engram_graph_bytes',
    type: 'gauge',
    unit: 'bytes',
    help: 'Shared memory that the graph takes.',
    query: 'engram_graph_bytes',
    expected: [1, 2 ** 28],
    source: 'the main thread, once the graph is loaded',
  },
  loadSeconds: {
    name: 'engram_load_seconds',
    type: 'gauge',
    unit: 'seconds',
    help: 'Time that it took to read WordNet and build the graph.',
    query: 'engram_load_seconds',
    expected: [0.1, 10],
    source: 'the main thread, once the graph is loaded',
  },
  workers: {
    name: 'engram_workers',
    type: 'gauge',
    help: 'Worker threads that answer jobs.',
    query: 'engram_workers',
    expected: [1, 32],
    source: 'the main thread, when it starts them',
  },
  residentMemory: {
    name: 'engram_resident_memory_bytes',
    type: 'gauge',
    unit: 'bytes',
    help: 'Resident memory of the process.',
    query: 'engram_resident_memory_bytes',
    expected: [2 ** 26, 2 ** 30],
    source: 'the main thread, read at each scrape',
    exposedBy: 'watchMemory()',
  },
})

/** The families that no catalog of nanotally has, as a catalog. @type {import('nanotally/catalogs').Catalog} */
export const demo = { name: 'demo', about: 'What the demo measures of itself besides.', families: FAMILIES }

const own = defineFamilies(FAMILIES, {})
const streaming = streamingMetrics()

/**
 * One bound handle per value of a metric's only label.
 * @template T
 * @param {{ labels(value: string): T }} metric @param {readonly string[]} values
 */
const bindAll = (metric, values) => values.map((value) => metric.labels(value))

/** [kind][priority] */
export const jobsQueued = KINDS.map((kind) => PRIORITIES.map((priority) => own.jobsQueued.labels({ kind, priority })))
/** [reason] */
export const recallsRefused = bindAll(own.recallsRefused, RECALL_REASONS)
/** [priority] */
export const recallsWaiting = bindAll(own.recallsWaiting, PRIORITIES)
/** [priority] */
export const recallWait = bindAll(own.recallWait, PRIORITIES)
/** [outcome] */
export const recalls = bindAll(own.recalls, OUTCOMES)
/** [relation] */
export const activations = bindAll(own.activations, RELATIONS)
/** [part of speech] */
export const graphSynsets = bindAll(own.graphSynsets, PARTS_OF_SPEECH)
/** [relation] */
export const graphEdges = bindAll(own.graphEdges, RELATIONS)
export const { storeLatency, evictions, storedObservations, recallHops, recallSynsets } = own
export const { graphLemmas, graphBytes, loadSeconds, workers } = own

/** [space][priority] */
export const observations = MEMORY_SPACES.map((memory_space) =>
  PRIORITIES.map((priority) => streaming.observations.labels({ memory_space, priority })),
)
/** [space][reason] */
export const rejected = MEMORY_SPACES.map((memory_space) =>
  REASONS.map((reason) => streaming.observationsRejected.labels({ memory_space, reason })),
)
/** [space][level - 1]: nothing goes up to normal */
export const backpressureActivations = MEMORY_SPACES.map((memory_space) =>
  RAISED_LEVELS.map((level) => streaming.backpressureActivations.labels({ memory_space, level })),
)
/** [space] */
export const backpressureState = bindAll(streaming.backpressureState, MEMORY_SPACES)
/** [priority] */
export const queueDepth = bindAll(streaming.queueDepth, PRIORITIES)
/** [priority] */
export const queueCapacity = bindAll(streaming.queueCapacity, PRIORITIES)
/** [priority] */
export const queueWait = bindAll(streaming.queueWaitTime, PRIORITIES)
/** [space] */
export const observationLatency = bindAll(streaming.observationLatency, MEMORY_SPACES)
/** [space] */
export const recallLatency = bindAll(streaming.recallLatency, MEMORY_SPACES)
export const { activeSessions, queueMemory } = streaming

/** What one worker tells of itself. @param {number} worker its number, from 0 on */
export function ofWorker(worker) {
  const worker_id = String(worker)
  return {
    batchesProcessed: streaming.batchesProcessed.labels(worker_id),
    /** [error] */
    batchFailures: BATCH_ERRORS.map((error_type) => streaming.batchFailures.labels({ worker_id, error_type })),
    workStolen: streaming.workStolen.labels(worker_id),
    batchSize: streaming.batchSize.labels(worker_id),
    utilization: streaming.workerUtilization.labels(worker_id),
  }
}

/** Adds the resident memory of the process, read before each scrape. The main thread calls it: it is one number, not a sum. */
export function watchMemory() {
  const { name, help, unit } = FAMILIES.residentMemory
  gauge({ name, help, unit, collect: (resident) => resident.set(process.memoryUsage.rss()) })
}
