// The engine's own count of everything that it also tells nanotally, to check nanotally against: other code, other memory,
// no import of nanotally here. One row of 64-bit integers per thread in a SharedArrayBuffer; a thread adds to its own row,
// and anyone may read.
import { BATCH_ERRORS, MEMORY_SPACES, RAISED_LEVELS, REASONS, RECALL_REASONS } from '../engine/terms.mjs'
import { HOP_BUCKETS, KINDS, OUTCOMES, PARTS_OF_SPEECH, PRIORITIES, RELATIONS } from '../wordnet/vocabulary.mjs'
import { cognitionSlots } from './cognition-slots.mjs'

/**
 * What is counted, by the name and labels of the sample that must be equal to it.
 * @typedef {object} Slot
 * @property {'counter' | 'gauge' | 'histogram'} type of the metric that the sample belongs to
 * @property {string} name of the sample: a histogram's ends in _count, _sum or _bucket
 * @property {Record<string, string>} labels
 *
 * @typedef {Slot & { sample: string, value: number }} TallyRow `sample` is the name and labels as text exposition has them
 */

/** @type {Slot[]} */
const slots = []

/** @param {Slot['type']} type @param {string} name @param {Record<string, string>} [labels] */
function slot(type, name, labels = {}) {
  slots.push({ type, name, labels })
  return slots.length - 1
}

/** @param {Slot['type']} type @param {string} name */
const byPriority = (type, name) => PRIORITIES.map((priority) => slot(type, name, { priority }))
/** @param {Slot['type']} type @param {string} name */
const bySpace = (type, name) => MEMORY_SPACES.map((memory_space) => slot(type, name, { memory_space }))

/** The engine's own health checks. */
export const CHECKS = ['spreading', 'work_stealing', 'hnsw_integrity', 'simd_correctness']

/** The numbers to {@link Tally.add} to, in the shape of what the engine knows: a priority, an outcome, a relation. */
export const SLOTS = Object.freeze({
  jobsQueued: KINDS.map((kind) =>
    PRIORITIES.map((priority) => slot('counter', 'engram_jobs_queued_total', { kind, priority })),
  ),
  /** [space][reason] */
  rejected: MEMORY_SPACES.map((memory_space) =>
    REASONS.map((reason) => slot('counter', 'engram_streaming_observations_rejected_total', { memory_space, reason })),
  ),
  /** [space][level - 1] */
  backpressureActivations: MEMORY_SPACES.map((memory_space) =>
    RAISED_LEVELS.map((level) =>
      slot('counter', 'engram_streaming_backpressure_activations_total', { memory_space, level }),
    ),
  ),
  backpressureState: bySpace('gauge', 'engram_streaming_backpressure_state'),
  queueDepth: byPriority('gauge', 'engram_streaming_queue_depth'),
  queueCapacity: byPriority('gauge', 'engram_streaming_queue_capacity'),
  queueMemory: slot('gauge', 'engram_streaming_queue_memory_bytes'),
  queueWait: byPriority('histogram', 'engram_streaming_queue_wait_time_seconds_count'),
  activeSessions: slot('gauge', 'engram_streaming_active_sessions_total'),
  /** [space][priority] */
  observations: MEMORY_SPACES.map((memory_space) =>
    PRIORITIES.map((priority) => slot('counter', 'engram_streaming_observations_total', { memory_space, priority })),
  ),
  observationLatency: bySpace('histogram', 'engram_streaming_observation_latency_seconds_count'),
  storeLatency: slot('histogram', 'engram_store_latency_seconds_count'),
  evictions: slot('counter', 'engram_evictions_total'),
  storedObservations: slot('gauge', 'engram_stored_observations'),
  recallsRefused: RECALL_REASONS.map((reason) => slot('counter', 'engram_recalls_refused_total', { reason })),
  recallsWaiting: byPriority('gauge', 'engram_recalls_waiting'),
  recallWait: byPriority('histogram', 'engram_recall_wait_seconds_count'),
  recalls: OUTCOMES.map((outcome) => slot('counter', 'engram_recalls_total', { outcome })),
  recallLatency: bySpace('histogram', 'engram_streaming_recall_latency_seconds_count'),
  recallHops: slot('histogram', 'engram_recall_hops_count'),
  recallHopsSum: slot('histogram', 'engram_recall_hops_sum'),
  /** One per entry of HOP_BUCKETS: recalls of as many hops or fewer. */
  recallHopsBuckets: HOP_BUCKETS.map((le) => slot('histogram', 'engram_recall_hops_bucket', { le: String(le) })),
  recallSynsets: slot('histogram', 'engram_recall_synsets_count'),
  recallSynsetsSum: slot('histogram', 'engram_recall_synsets_sum'),
  activations: RELATIONS.map((relation) => slot('counter', 'engram_activations_total', { relation })),
  graphSynsets: PARTS_OF_SPEECH.map((part) => slot('gauge', 'engram_graph_synsets', { part_of_speech: part })),
  graphEdges: RELATIONS.map((relation) => slot('gauge', 'engram_graph_edges', { relation })),
  graphLemmas: slot('gauge', 'engram_graph_lemmas'),
  graphBytes: slot('gauge', 'engram_graph_bytes'),
  workers: slot('gauge', 'engram_workers'),
  ...cognitionSlots(slot),
  /** [check] */
  healthChecks: CHECKS.map((component) => ({
    runs: slot('histogram', 'engram_health_check_duration_ms_count', { component }),
    success: slot('counter', 'engram_health_checks_total', { component, outcome: 'success' }),
    failure: slot('counter', 'engram_health_checks_total', { component, outcome: 'failure' }),
  })),
  degradations: slot('counter', 'engram_graceful_degradation_events', { trigger: 'hnsw_integrity', threshold: '1' }),
  recoveries: slot('histogram', 'engram_error_recovery_duration_ms_count', { error_type: 'hnsw_integrity' }),
})

/** What each worker counts of its own: workers are as many as there are rows, without the main thread's. @param {number} worker */
function slotsOfWorker(worker) {
  const worker_id = String(worker)
  return {
    batchesProcessed: slot('counter', 'engram_streaming_batches_processed_total', { worker_id }),
    /** [error] */
    batchFailures: BATCH_ERRORS.map((error_type) =>
      slot('counter', 'engram_streaming_batch_failures_total', { worker_id, error_type }),
    ),
    workStolen: slot('counter', 'engram_streaming_work_stolen_total', { worker_id }),
    batchSize: slot('histogram', 'engram_streaming_batch_size_count', { worker_id }),
    batchSizeSum: slot('histogram', 'engram_streaming_batch_size_sum', { worker_id }),
    utilization: slot('gauge', 'engram_streaming_worker_utilization', { worker_id }),
  }
}

/** Slots that there are without any worker, and with each of MAX_WORKERS. */
const COMMON_SLOTS = slots.length
export const MAX_WORKERS = 32
/** [worker] */
export const WORKER_SLOTS = Array.from({ length: MAX_WORKERS }, (_, worker) => slotsOfWorker(worker))
const SLOTS_PER_WORKER = (slots.length - COMMON_SLOTS) / MAX_WORKERS

/** `name{label="value"}`; the engine's label values need no escapes. @param {Slot} of */
function sampleText({ name, labels }) {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value}"`)
  return pairs.length === 0 ? name : `${name}{${pairs.join(',')}}`
}

/** Slots of an engine of so many workers. @param {number} workers */
const slotCount = (workers) => COMMON_SLOTS + workers * SLOTS_PER_WORKER

/** One thread's row to add to, and everybody's rows to read. Row 0 is the main thread's, the others are workers'. */
export class Tally {
  #cells
  #first
  #slotCount

  /**
   * @param {SharedArrayBuffer} buffer of {@link Tally.createBuffer}
   * @param {number} workers as many as there
   * @param {number} row the thread's own
   */
  constructor(buffer, workers, row) {
    this.#cells = new BigInt64Array(buffer)
    this.#slotCount = slotCount(workers)
    this.#first = row * this.#slotCount
  }

  /** @param {number} workers at most MAX_WORKERS */
  static createBuffer(workers) {
    return new SharedArrayBuffer((1 + workers) * slotCount(workers) * BigInt64Array.BYTES_PER_ELEMENT)
  }

  /** @param {number} slotNumber one of {@link SLOTS} or {@link WORKER_SLOTS} @param {number} amount an integer; negative for a gauge that falls */
  add(slotNumber, amount = 1) {
    Atomics.add(this.#cells, this.#first + slotNumber, BigInt(amount))
  }

  /** The sum over all rows. @param {number} slotNumber */
  sum(slotNumber) {
    let sum = 0n
    for (let at = slotNumber; at < this.#cells.length; at += this.#slotCount) sum += Atomics.load(this.#cells, at)
    return sum
  }

  /**
   * All sums, exact once the threads have stopped; before that, each is a count of some moment.
   * @returns {TallyRow[]}
   * @throws {RangeError} when a sum is beyond 2^53 and no float64 could be compared with it
   */
  read() {
    return slots.slice(0, this.#slotCount).map((of, number) => {
      const sum = this.sum(number)
      const value = Number(sum)
      if (!Number.isSafeInteger(value)) throw new RangeError(`${sampleText(of)} is ${sum}, beyond what a float64 holds`)
      return { sample: sampleText(of), ...of, value }
    })
  }
}
