// The engine's own count of everything that it also tells nanotally, to check nanotally against: other code, other memory,
// no import of nanotally here. One row of 64-bit integers per thread in a SharedArrayBuffer; a thread adds to its own row,
// and anyone may read.
import { HOP_BUCKETS, KINDS, OUTCOMES, PARTS_OF_SPEECH, PRIORITIES, RELATIONS } from '../wordnet/vocabulary.mjs'

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

/** The numbers to {@link Tally.add} to, in the shape of what the engine knows: a priority, an outcome, a relation. */
export const SLOTS = Object.freeze({
  jobsQueued: KINDS.map((kind) =>
    PRIORITIES.map((priority) => slot('counter', 'engram_jobs_queued_total', { kind, priority })),
  ),
  backpressure: byPriority('counter', 'engram_backpressure_total'),
  queueDepth: byPriority('gauge', 'engram_queue_depth'),
  queueWait: byPriority('histogram', 'engram_queue_wait_seconds_count'),
  observations: byPriority('counter', 'engram_observations_total'),
  storeLatency: slot('histogram', 'engram_store_latency_seconds_count'),
  evictions: slot('counter', 'engram_evictions_total'),
  storedObservations: slot('gauge', 'engram_stored_observations'),
  recalls: OUTCOMES.map((outcome) => slot('counter', 'engram_recalls_total', { outcome })),
  recallLatency: byPriority('histogram', 'engram_recall_latency_seconds_count'),
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
})

/** `name{label="value"}`; the engine's label values need no escapes. @param {Slot} of */
function sampleText({ name, labels }) {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value}"`)
  return pairs.length === 0 ? name : `${name}{${pairs.join(',')}}`
}

/** One thread's row to add to, and everybody's rows to read. */
export class Tally {
  #cells
  #first

  /**
   * @param {SharedArrayBuffer} buffer of {@link Tally.createBuffer}
   * @param {number} row the thread's own
   */
  constructor(buffer, row) {
    this.#cells = new BigInt64Array(buffer)
    this.#first = row * slots.length
  }

  /** @param {number} rows one per thread */
  static createBuffer(rows) {
    return new SharedArrayBuffer(rows * slots.length * BigInt64Array.BYTES_PER_ELEMENT)
  }

  /** @param {number} slotNumber one of {@link SLOTS} @param {number} amount an integer; negative for a gauge that falls */
  add(slotNumber, amount = 1) {
    Atomics.add(this.#cells, this.#first + slotNumber, BigInt(amount))
  }

  /**
   * The sums over all rows, exact once the threads have stopped; before that, each is a count of some moment.
   * @returns {TallyRow[]}
   * @throws {RangeError} when a sum is beyond 2^53 and no float64 could be compared with it
   */
  read() {
    return slots.map((of, number) => {
      let sum = 0n
      for (let at = number; at < this.#cells.length; at += slots.length) sum += Atomics.load(this.#cells, at)
      const value = Number(sum)
      if (!Number.isSafeInteger(value)) throw new RangeError(`${sampleText(of)} is ${sum}, beyond what a float64 holds`)
      return { sample: sampleText(of), ...of, value }
    })
  }
}
