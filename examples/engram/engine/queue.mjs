// The jobs of one worker, in shared memory: one ring per priority, written by the main thread and read by the worker
// (single producer, single consumer). A full ring refuses a job: that is the engine's back-pressure.
//
// All accesses to the control words are Atomics, which are sequentially consistent. The producer writes a job before it
// moves the tail, the consumer copies it out before it moves the head, so neither sees half a job. Heads and tails count
// up without bound and wrap at 2^32; a ring's capacity is a power of two, so that the wrap changes nothing.

import { MAX_WORDS } from '../wordnet/senses.mjs'
import { PRIORITIES } from '../wordnet/vocabulary.mjs'

/** Control words. SIGNAL is bumped when there is something to look at; the worker sleeps on it. */
const SIGNAL = 0
const CLOSED = 1
const HEAD = 2
const TAIL = HEAD + PRIORITIES.length
const CONTROL_WORDS = TAIL + PRIORITIES.length

/** A job's Int32 words: kind, context, count of lemmas, lemmas. Its time is in a Float64Array beside them. */
const JOB_WORDS = 3 + MAX_WORDS

/** One take in sixteen begins with low, so that an overload slows the low jobs down but never starves them. */
const FAIRNESS_MASK = 15

/**
 * @typedef {object} Job
 * @property {number} priority index into PRIORITIES
 * @property {number} kind index into KINDS
 * @property {number} context index into CONTEXTS
 * @property {Int32Array} lemmas MAX_WORDS entries, of which `count` are in use; -1 for a word that WordNet does not have
 * @property {number} count
 * @property {number} queuedAtNs monotonic time in ns, as {@link nowNs} tells it
 *
 * @typedef {object} QueueArrays
 * @property {Int32Array} control
 * @property {Int32Array} words [priority][slot][JOB_WORDS]
 * @property {Float64Array} times [priority][slot]
 */

/** Nanoseconds of the clock that all threads of the process share. Exact to 2^53 ns, which is 104 days of uptime. */
export function nowNs() {
  return Number(process.hrtime.bigint())
}

/** A job with nothing in it, for {@link JobQueue.takeOrWait} to fill. @returns {Job} */
export function emptyJob() {
  return { priority: 0, kind: 0, context: 0, lemmas: new Int32Array(MAX_WORDS), count: 0, queuedAtNs: 0 }
}

/**
 * The shared arrays of a queue.
 * @param {number} capacity jobs per priority; a power of two
 * @returns {QueueArrays}
 * @throws {RangeError}
 */
export function createQueue(capacity) {
  if (!Number.isInteger(capacity) || capacity < 1 || (capacity & (capacity - 1)) !== 0) {
    throw new RangeError(`queueCapacity: expected a power of two, received ${capacity}`)
  }
  const slots = PRIORITIES.length * capacity
  return {
    control: new Int32Array(new SharedArrayBuffer(CONTROL_WORDS * 4)),
    words: new Int32Array(new SharedArrayBuffer(slots * JOB_WORDS * 4)),
    times: new Float64Array(new SharedArrayBuffer(slots * 8)),
  }
}

/** Either end of a queue. */
export class JobQueue {
  #control
  #words
  #times
  #capacity
  #takes = 0

  /** @param {QueueArrays} arrays */
  constructor({ control, words, times }) {
    this.#control = control
    this.#words = words
    this.#times = times
    this.#capacity = times.length / PRIORITIES.length
  }

  /** Jobs that wait. @param {number} priority */
  depth(priority) {
    return (Atomics.load(this.#control, TAIL + priority) - Atomics.load(this.#control, HEAD + priority)) | 0
  }

  /** Producer. @param {number} priority */
  isFull(priority) {
    return this.depth(priority) >= this.#capacity
  }

  /** Producer: appends a job, for {@link wake} to announce. The ring must not be full. @param {Job} job */
  push(job) {
    const tail = Atomics.load(this.#control, TAIL + job.priority)
    const slot = this.#slot(job.priority, tail)
    const at = slot * JOB_WORDS
    this.#words[at] = job.kind
    this.#words[at + 1] = job.context
    this.#words[at + 2] = job.count
    for (let i = 0; i < job.count; i++) this.#words[at + 3 + i] = job.lemmas[i]
    this.#times[slot] = job.queuedAtNs
    Atomics.store(this.#control, TAIL + job.priority, (tail + 1) | 0)
  }

  /** Producer: lets a sleeping consumer look. */
  wake() {
    Atomics.add(this.#control, SIGNAL, 1)
    Atomics.notify(this.#control, SIGNAL)
  }

  /** Producer: no job comes any more. What is queued will still be taken. */
  close() {
    Atomics.store(this.#control, CLOSED, 1)
    this.wake()
  }

  /**
   * Consumer: takes the next job, and blocks the thread until there is one.
   * @param {Job} job filled in
   * @returns {boolean} false when the queue is closed and empty
   */
  takeOrWait(job) {
    for (;;) {
      // Both are read before the rings: what is pushed after that changes SIGNAL, and nothing is pushed after CLOSED.
      const signal = Atomics.load(this.#control, SIGNAL)
      const closed = Atomics.load(this.#control, CLOSED) === 1
      if (this.#take(job)) return true
      if (closed) return false
      Atomics.wait(this.#control, SIGNAL, signal)
    }
  }

  /** @param {Job} job @returns {boolean} */
  #take(job) {
    const lowFirst = (this.#takes & FAIRNESS_MASK) === FAIRNESS_MASK
    for (let i = 0; i < PRIORITIES.length; i++) {
      const priority = lowFirst ? PRIORITIES.length - 1 - i : i
      const head = Atomics.load(this.#control, HEAD + priority)
      if (head === Atomics.load(this.#control, TAIL + priority)) continue
      const slot = this.#slot(priority, head)
      const at = slot * JOB_WORDS
      job.priority = priority
      job.kind = this.#words[at]
      job.context = this.#words[at + 1]
      job.count = this.#words[at + 2]
      for (let w = 0; w < job.count; w++) job.lemmas[w] = this.#words[at + 3 + w]
      job.queuedAtNs = this.#times[slot]
      Atomics.store(this.#control, HEAD + priority, (head + 1) | 0)
      this.#takes++
      return true
    }
    return false
  }

  /** @param {number} priority @param {number} position */
  #slot(priority, position) {
    return priority * this.#capacity + (position & (this.#capacity - 1))
  }
}
