// Every metric of the engine, through nanotally's public API alone. The main thread and each worker import this file: the
// same definition in another thread leads to the same series, with no set-up and no messages. What the hot paths record
// is bound here once, by the numbers that the engine uses (a priority, an outcome, a relation).
import { counter, derivedGauge, gauge, histogram } from 'nanotally'
import { HOP_BUCKETS, KINDS, OUTCOMES, PARTS_OF_SPEECH, PRIORITIES, RELATIONS } from '../wordnet/vocabulary.mjs'

/**
 * One bound handle per value of a metric's only label.
 * @template T
 * @param {{ labels(value: string): T }} metric @param {readonly string[]} values
 */
const bindAll = (metric, values) => values.map((value) => metric.labels(value))

const jobs = counter({
  name: 'engram_jobs_queued_total',
  help: 'Jobs that were put into a queue.',
  labels: ['kind', 'priority'],
})
/** [kind][priority] */
export const jobsQueued = KINDS.map((kind) => PRIORITIES.map((priority) => jobs.labels({ kind, priority })))

/** [priority] */
export const backpressure = bindAll(
  counter({
    name: 'engram_backpressure_total',
    help: 'Jobs that had to wait because their queue was full.',
    labels: ['priority'],
  }),
  PRIORITIES,
)

/** [priority] Raised by the main thread, lowered by a worker: only the sum over the threads means something. */
export const queueDepth = bindAll(
  gauge({ name: 'engram_queue_depth', help: 'Jobs that wait in the queues.', labels: ['priority'], aggregate: 'sum' }),
  PRIORITIES,
)

/** [priority] */
export const queueWait = bindAll(
  histogram({
    name: 'engram_queue_wait_seconds',
    help: 'Time that a job spent in its queue.',
    unit: 'seconds',
    labels: ['priority'],
  }),
  PRIORITIES,
)

/** [priority] */
export const observations = bindAll(
  counter({ name: 'engram_observations_total', help: 'Observations that were stored.', labels: ['priority'] }),
  PRIORITIES,
)

export const storeLatency = histogram({
  name: 'engram_store_latency_seconds',
  help: 'Time to choose the senses of an observation and store it.',
  unit: 'seconds',
})

export const evictions = counter({
  name: 'engram_evictions_total',
  help: 'Observations that a full store let go for a new one.',
})

export const storedObservations = gauge({
  name: 'engram_stored_observations',
  help: 'Observations in the stores of all workers.',
  aggregate: 'sum',
})

const recallsByOutcome = counter({
  name: 'engram_recalls_total',
  help: 'Recall queries that were answered: with an observation (hit), without (miss), or with no known word (unknown).',
  labels: ['outcome'],
})
/** [outcome] */
export const recalls = bindAll(recallsByOutcome, OUTCOMES)

derivedGauge({
  name: 'engram_recall_hit_ratio',
  help: 'Share of the recalls so far that brought an observation back.',
  ratio: { of: [{ metric: recallsByOutcome, where: { outcome: 'hit' } }], to: [recallsByOutcome] },
})

/** [priority] */
export const recallLatency = bindAll(
  histogram({
    name: 'engram_recall_latency_seconds',
    help: 'Time to answer a recall, its wait in the queue not counted.',
    unit: 'seconds',
    labels: ['priority'],
  }),
  PRIORITIES,
)

export const recallHops = histogram({
  name: 'engram_recall_hops',
  help: 'How many hops activation went in a recall.',
  buckets: [...HOP_BUCKETS],
})

export const recallSynsets = histogram({
  name: 'engram_recall_synsets',
  help: 'Synsets that activation reached in a recall.',
})

/** [relation] */
export const activations = bindAll(
  counter({
    name: 'engram_activations_total',
    help: 'Edges that activation crossed, by relation.',
    labels: ['relation'],
  }),
  RELATIONS,
)

/** [part of speech] */
export const graphSynsets = bindAll(
  gauge({ name: 'engram_graph_synsets', help: 'Synsets in the graph.', labels: ['part_of_speech'] }),
  PARTS_OF_SPEECH,
)

/** [relation] */
export const graphEdges = bindAll(
  gauge({ name: 'engram_graph_edges', help: 'Edges in the graph.', labels: ['relation'] }),
  RELATIONS,
)

export const graphLemmas = gauge({ name: 'engram_graph_lemmas', help: 'Lemmas that lead into the graph.' })

export const graphBytes = gauge({
  name: 'engram_graph_bytes',
  help: 'Shared memory that the graph takes.',
  unit: 'bytes',
})

export const loadSeconds = gauge({
  name: 'engram_load_seconds',
  help: 'Time that it took to read WordNet and build the graph.',
  unit: 'seconds',
})

export const workers = gauge({ name: 'engram_workers', help: 'Worker threads that answer jobs.' })

/** Adds the resident memory of the process, read before each scrape. The main thread calls it: it is one number, not a sum. */
export function watchMemory() {
  gauge({
    name: 'engram_resident_memory_bytes',
    help: 'Resident memory of the process.',
    unit: 'bytes',
    collect: (resident) => resident.set(process.memoryUsage.rss()),
  })
}
