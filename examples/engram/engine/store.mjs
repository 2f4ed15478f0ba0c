// A worker's store step: a batch of observations goes into the index as a whole, then each into the shard of its context.
// What the index refuses is tried once more and then rejected: no observation is lost without being counted.
import { SLOTS, WORKER_SLOTS } from '../books/tally.mjs'
import * as metrics from './metrics.mjs'
import { nowNs } from './queue.mjs'
import { BATCH_ERRORS, EXCEPTION, INDEX_ERROR, SPACE_OF_CONTEXT } from './terms.mjs'

/** Times that a batch is offered to the index. */
const ATTEMPTS = 2

/**
 * @typedef {import('./queue.mjs').Job} Job
 *
 * @typedef {(jobs: readonly Job[], count: number) => string | undefined} InsertBatch puts the first `count` observations
 *   into the index. Where it cannot it returns one of BATCH_ERRORS, or throws an error, with one of them as its `code` at
 *   best. What it had put there before stays: an index may know observations that are not stored, as it knows those that went
 */

/** Stores batches. Belongs to one thread. */
export class Storer {
  #shards
  #insertBatch
  #controls
  #tally
  #recording
  #simd
  #metrics
  #slots

  /**
   * @param {object} parts
   * @param {number} parts.worker
   * @param {import('./memory.mjs').Shards} parts.shards
   * @param {InsertBatch} parts.insertBatch
   * @param {import('./controls.mjs').Controls} parts.controls
   * @param {import('../books/tally.mjs').Tally} parts.tally
   * @param {import('./recording.mjs').Recording} parts.recording
   * @param {boolean} [parts.simd] whether the index computes distances so; default false
   */
  constructor({ worker, shards, insertBatch, controls, tally, recording, simd = false }) {
    this.#shards = shards
    this.#insertBatch = insertBatch
    this.#controls = controls
    this.#tally = tally
    this.#recording = recording
    this.#simd = simd
    this.#metrics = metrics.ofWorker(worker)
    this.#slots = WORKER_SLOTS[worker]
  }

  /**
   * Stores a batch of observations, or rejects it.
   * @param {readonly Job[]} jobs @param {number} count of them
   * @param {(job: Job) => void} onEach told of each observation before it is stored
   */
  store(jobs, count, onEach) {
    this.#metrics.batchSize.observe(count)
    this.#tally.add(this.#slots.batchSize)
    this.#tally.add(this.#slots.batchSizeSum, count)
    const startNs = nowNs()
    if (!this.#insert(jobs, count)) {
      for (let i = 0; i < count; i++) this.#reject(jobs[i])
      this.#recording.batch((nowNs() - startNs) / 1e9, false, count, this.#simd)
      return
    }
    const costNs = this.#controls.costUs * 1000
    let nextNs = nowNs()
    for (let i = 0; i < count; i++) {
      onEach(jobs[i])
      nextNs = this.#storeOne(jobs[i], nextNs, costNs)
    }
    this.#metrics.batchesProcessed.inc()
    this.#tally.add(this.#slots.batchesProcessed)
    this.#recording.batch((nextNs - startNs) / 1e9, true, count, this.#simd)
  }

  /** @param {readonly Job[]} jobs @param {number} count @returns {boolean} whether the index took them */
  #insert(jobs, count) {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const error = this.#attempt(jobs, count)
      if (error < 0) return true
      this.#metrics.batchFailures[error].inc()
      this.#tally.add(this.#slots.batchFailures[error])
    }
    return false
  }

  /** @param {readonly Job[]} jobs @param {number} count @returns {number} index into BATCH_ERRORS; -1: the index took them */
  #attempt(jobs, count) {
    let code
    try {
      code = this.#insertBatch(jobs, count)
      if (code === undefined) return -1
    } catch (error) {
      code = /** @type {{ code?: unknown }} */ (Object(error)).code
    }
    const known = BATCH_ERRORS.indexOf(String(code))
    return known < 0 ? EXCEPTION : known
  }

  /** @param {Job} job @param {number} startNs @param {number} costNs of work besides @returns {number} when it was done */
  #storeOne(job, startNs, costNs) {
    const { lemmas, count, context, priority, number, queuedAtNs } = job
    const evicted = this.#shards.of(context).store(lemmas, count, context, number)
    let endNs = nowNs()
    while (endNs - startNs < costNs) endNs = nowNs()

    const space = SPACE_OF_CONTEXT[context]
    metrics.storeLatency.observe((endNs - startNs) / 1e9)
    this.#tally.add(SLOTS.storeLatency)
    metrics.observationLatency[space].observe((endNs - queuedAtNs) / 1e9)
    this.#tally.add(SLOTS.observationLatency[space])
    metrics.observations[space][priority].inc()
    this.#tally.add(SLOTS.observations[space][priority])
    if (evicted) {
      metrics.evictions.inc()
      this.#tally.add(SLOTS.evictions)
    } else {
      metrics.storedObservations.inc()
      this.#tally.add(SLOTS.storedObservations)
    }
    return endNs
  }

  /** @param {Job} job */
  #reject({ context }) {
    const space = SPACE_OF_CONTEXT[context]
    metrics.rejected[space][INDEX_ERROR].inc()
    this.#tally.add(SLOTS.rejected[space][INDEX_ERROR])
  }
}
