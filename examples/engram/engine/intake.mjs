// The way into the engine: queues a request for the worker that owns its context, or turns it away, and keeps the
// back-pressure of each memory space. Belongs to the main thread, which is the only one that queues.
import { SLOTS } from '../books/tally.mjs'
import { MAX_WORDS } from '../wordnet/senses.mjs'
import { OBSERVE, PRIORITIES, RECALL } from '../wordnet/vocabulary.mjs'
import { Backpressure } from './backpressure.mjs'
import { shardOf } from './memory.mjs'
import * as metrics from './metrics.mjs'
import { emptyJob, nowNs } from './queue.mjs'
import { INVALID, MEMORY_SPACES, OVERLOADED, QUEUE_FULL, REASONS, SHED, SPACE_OF_CONTEXT } from './terms.mjs'

const LOW = PRIORITIES.length - 1

/**
 * @typedef {import('./workload.mjs').Request} Request
 * @typedef {import('./queue.mjs').JobQueue} JobQueue
 */

/** Queues requests. */
export class Intake {
  #graph
  #queues
  #tally
  #job = emptyJob()
  /** The queues that the contexts of a space lead to. [space] */
  #queuesOf
  #pressures = MEMORY_SPACES.map(() => new Backpressure())

  /**
   * @param {import('../wordnet/graph.mjs').Graph} graph
   * @param {readonly JobQueue[]} queues
   * @param {import('../books/tally.mjs').Tally} tally
   */
  constructor(graph, queues, tally) {
    this.#graph = graph
    this.#queues = queues
    this.#tally = tally
    this.#queuesOf = MEMORY_SPACES.map((_, space) => [
      ...new Set(
        SPACE_OF_CONTEXT.flatMap((of, context) => (of === space ? [queues[shardOf(context, queues.length)]] : [])),
      ),
    ])
    for (let priority = 0; priority < PRIORITIES.length; priority++) {
      const capacity = sumOf(queues, (queue) => queue.observationCapacity) / PRIORITIES.length
      metrics.queueCapacity[priority].set(capacity)
      tally.add(SLOTS.queueCapacity[priority], capacity)
    }
    const bytes = sumOf(queues, (queue) => queue.byteLength)
    metrics.queueMemory.set(bytes)
    tally.add(SLOTS.queueMemory, bytes)
    for (const state of metrics.backpressureState) state.set(0)
  }

  /** The share of all queues' capacity for observations that is taken, 0 to 1. */
  get utilisation() {
    return utilisationOf(this.#queues)
  }

  /** The priority of which the fewest observations wait, of those that no memory space sheds. */
  get emptiest() {
    const end = this.levels.includes(OVERLOADED) ? LOW : PRIORITIES.length
    let emptiest = 0
    for (let priority = 1; priority < end; priority++) {
      if (this.#depth(OBSERVE, priority) < this.#depth(OBSERVE, emptiest)) emptiest = priority
    }
    return emptiest
  }

  /** Back-pressure of each memory space, as an index into LEVELS. */
  get levels() {
    return this.#pressures.map(({ level }) => level)
  }

  /** Whether {@link submit} would queue a valid request. @param {Request} request */
  hasRoom({ kind, priority, context }) {
    return !this.#isShed(kind, priority, context) && !this.#queueOf(context).isFull(kind, priority)
  }

  /**
   * Queues a request, or turns it away and counts that.
   * @param {Request} request
   * @returns {string | undefined} why it was turned away, one of REASONS; undefined: it was queued
   */
  submit({ kind, priority, context, words }) {
    if (words.length === 0 || words.length > MAX_WORDS) return this.#refuse(kind, context, INVALID)
    if (this.#isShed(kind, priority, context)) return this.#refuse(kind, context, SHED)
    const queue = this.#queueOf(context)
    if (queue.isFull(kind, priority)) return this.#refuse(kind, context, QUEUE_FULL)
    const job = this.#job
    job.number++
    job.kind = kind
    job.priority = priority
    job.context = context
    job.count = words.length
    for (let i = 0; i < words.length; i++) job.lemmas[i] = this.#graph.lemmaOf(words[i])
    job.queuedAtNs = nowNs()
    metrics.jobsQueued[kind][priority].inc()
    this.#tally.add(SLOTS.jobsQueued[kind][priority])
    // Before the push, after which a worker may take it off.
    this.#tally.add((kind === OBSERVE ? SLOTS.queueDepth : SLOTS.recallsWaiting)[priority])
    queue.push(job)
    queue.wake()
    if (kind === OBSERVE) this.#press(SPACE_OF_CONTEXT[context])
    return undefined
  }

  /** Sets the gauges of what waits, and lets back-pressure follow what the workers took. */
  report() {
    for (let priority = 0; priority < PRIORITIES.length; priority++) {
      metrics.queueDepth[priority].set(this.#depth(OBSERVE, priority))
      metrics.recallsWaiting[priority].set(this.#depth(RECALL, priority))
    }
    for (let space = 0; space < MEMORY_SPACES.length; space++) this.#press(space)
  }

  /** @param {number} kind @param {number} priority */
  #depth(kind, priority) {
    return sumOf(this.#queues, (queue) => queue.depth(kind, priority))
  }

  /** Whether a request is load to be shed. @param {number} kind @param {number} priority @param {number} context */
  #isShed(kind, priority, context) {
    return kind === OBSERVE && priority === LOW && this.#pressures[SPACE_OF_CONTEXT[context]].level === OVERLOADED
  }

  /** @param {number} context */
  #queueOf(context) {
    return this.#queues[shardOf(context, this.#queues.length)]
  }

  /** @param {number} kind @param {number} context @param {number} reason */
  #refuse(kind, context, reason) {
    if (kind === OBSERVE) {
      const space = SPACE_OF_CONTEXT[context]
      metrics.rejected[space][reason].inc()
      this.#tally.add(SLOTS.rejected[space][reason])
    } else {
      metrics.recallsRefused[reason].inc()
      this.#tally.add(SLOTS.recallsRefused[reason])
    }
    return REASONS[reason]
  }

  /** Lets the back-pressure of a space follow its queues. @param {number} space */
  #press(space) {
    const pressure = this.#pressures[space]
    const utilisation = utilisationOf(this.#queuesOf[space])
    for (let change = pressure.step(utilisation); change !== 0; change = pressure.step(utilisation)) {
      metrics.backpressureState[space].set(pressure.level)
      this.#tally.add(SLOTS.backpressureState[space], change)
      if (change < 0) continue
      metrics.backpressureActivations[space][pressure.level - 1].inc()
      this.#tally.add(SLOTS.backpressureActivations[space][pressure.level - 1])
    }
  }
}

/** @param {readonly JobQueue[]} queues @param {(queue: JobQueue) => number} numberOf */
function sumOf(queues, numberOf) {
  let sum = 0
  for (const queue of queues) sum += numberOf(queue)
  return sum
}

/** @param {readonly JobQueue[]} queues */
function utilisationOf(queues) {
  return sumOf(queues, (queue) => queue.observations) / sumOf(queues, (queue) => queue.observationCapacity)
}
