// The jobs of one worker, in shared memory: one ring per kind and priority, written by the main thread alone. Observations
// are taken by the worker that owns the queue and by others that steal them; recalls by the owner alone.
//
// Consumers take under the queue's lock, so each job is taken once and, within a priority, in order. The producer needs no
// lock: it writes a job before it moves the tail, a consumer copies jobs out before it moves the head, and all accesses
// to the control words are Atomics, which are sequentially consistent. Heads and tails count up without bound and wrap at
// 2^32; a ring's capacity is a power of two, so that the wrap changes nothing.

import { MAX_WORDS } from '../wordnet/senses.mjs'
import { KINDS, OBSERVE, PRIORITIES, RECALL } from '../wordnet/vocabulary.mjs'
import { Lock } from './lock.mjs'

/** Control words. SIGNAL is bumped when there is something to look at; the owner sleeps on it. */
const SIGNAL = 0
const CLOSED = 1
const LOCK = 2
const HEAD = 3
const RINGS = KINDS.length * PRIORITIES.length
const TAIL = HEAD + RINGS
const CONTROL_WORDS = TAIL + RINGS

/** A job's Int32 words: context, count of lemmas, lemmas. */
const JOB_WORDS = 2 + MAX_WORDS
/** A job's float64 words: number, time. */
const JOB_REALS = 2

/** One take in sixteen begins with low, so that an overload slows the low jobs down but never starves them. */
const FAIRNESS_MASK = 15

/**
 * @typedef {object} Job
 * @property {number} number the engine's own, unique
 * @property {number} priority index into PRIORITIES
 * @property {number} kind index into KINDS
 * @property {number} context index into CONTEXTS
 * @property {Int32Array} lemmas MAX_WORDS entries, of which `count` are in use; -1 for a word that WordNet does not have
 * @property {number} count
 * @property {number} queuedAtNs monotonic time in ns, as {@link nowNs} tells it
 *
 * @typedef {object} QueueArrays
 * @property {Int32Array} control
 * @property {Int32Array} words [kind][priority][slot][JOB_WORDS]
 * @property {Float64Array} reals [kind][priority][slot][JOB_REALS]
 */

/** Nanoseconds of the clock that all threads of the process share. Exact to 2^53 ns, which is 104 days of uptime. */
export function nowNs() {
  return Number(process.hrtime.bigint())
}

/** A job with nothing in it, to be filled. @returns {Job} */
export function emptyJob() {
  return { number: 0, priority: 0, kind: 0, context: 0, lemmas: new Int32Array(MAX_WORDS), count: 0, queuedAtNs: 0 }
}

/**
 * The shared arrays of a queue.
 * @param {number} capacity jobs per kind and priority; a power of two
 * @returns {QueueArrays}
 * @throws {RangeError}
 */
export function createQueue(capacity) {
  if (!Number.isInteger(capacity) || capacity < 1 || (capacity & (capacity - 1)) !== 0) {
    throw new RangeError(`queueCapacity: expected a power of two, received ${capacity}`)
  }
  const slots = RINGS * capacity
  return {
    control: new Int32Array(new SharedArrayBuffer(CONTROL_WORDS * 4)),
    words: new Int32Array(new SharedArrayBuffer(slots * JOB_WORDS * 4)),
    reals: new Float64Array(new SharedArrayBuffer(slots * JOB_REALS * 8)),
  }
}

/** One thread's end of a queue: the producer's, the owner's or a thief's. */
export class JobQueue {
  #control
  #words
  #reals
  #capacity
  #lock
  #takes = 0

  /** @param {QueueArrays} arrays */
  constructor({ control, words, reals }) {
    this.#control = control
    this.#words = words
    this.#reals = reals
    this.#capacity = reals.length / JOB_REALS / RINGS
    this.#lock = new Lock(control, LOCK)
  }

  /** Times that this end had to wait for the lock. */
  get contended() {
    return this.#lock.contended
  }

  /** Bytes of shared memory. */
  get byteLength() {
    return this.#control.byteLength + this.#words.byteLength + this.#reals.byteLength
  }

  /** Observations that it has room for, over all priorities. */
  get observationCapacity() {
    return this.#capacity * PRIORITIES.length
  }

  /** Observations that wait, over all priorities. */
  get observations() {
    let sum = 0
    for (let priority = 0; priority < PRIORITIES.length; priority++) sum += this.depth(OBSERVE, priority)
    return sum
  }

  /** Jobs that wait. @param {number} kind @param {number} priority */
  depth(kind, priority) {
    return this.#waiting(ringOf(kind, priority))
  }

  /** Producer. @param {number} kind @param {number} priority */
  isFull(kind, priority) {
    return this.depth(kind, priority) >= this.#capacity
  }

  /** Producer: appends a job, for {@link wake} to announce. The ring must not be full. @param {Job} job */
  push(job) {
    const ring = ringOf(job.kind, job.priority)
    const tail = Atomics.load(this.#control, TAIL + ring)
    const slot = this.#slot(ring, tail)
    const at = slot * JOB_WORDS
    this.#words[at] = job.context
    this.#words[at + 1] = job.count
    for (let i = 0; i < job.count; i++) this.#words[at + 2 + i] = job.lemmas[i]
    this.#reals[slot * JOB_REALS] = job.number
    this.#reals[slot * JOB_REALS + 1] = job.queuedAtNs
    Atomics.store(this.#control, TAIL + ring, (tail + 1) | 0)
  }

  /** Producer: lets a sleeping owner look. */
  wake() {
    Atomics.add(this.#control, SIGNAL, 1)
    Atomics.notify(this.#control, SIGNAL)
  }

  /** Producer: no job comes any more. What is queued will still be taken. */
  close() {
    Atomics.store(this.#control, CLOSED, 1)
    this.wake()
  }

  /** Whether no job comes any more: nothing is pushed after this was true. */
  get isClosed() {
    return Atomics.load(this.#control, CLOSED) === 1
  }

  /** Changes with whatever there is to look at. Read it before looking. */
  get signal() {
    return Atomics.load(this.#control, SIGNAL)
  }

  /** Owner: sleeps until the signal is another one. @param {number} signal that was seen @param {number} timeoutMs */
  sleep(signal, timeoutMs) {
    Atomics.wait(this.#control, SIGNAL, signal, timeoutMs)
  }

  /**
   * Owner: takes what comes next, which is one recall, or a batch of observations. The urgent go first; of an observation
   * and a recall that are equally urgent, the one that waited longer.
   * @param {Job[]} jobs filled in from the start
   * @param {number} size observations to take, at most; no more than there are in `jobs`
   * @returns {number} how many were taken, all of the kind of the first; 0 when none waits
   */
  take(jobs, size) {
    const lowFirst = (this.#takes & FAIRNESS_MASK) === FAIRNESS_MASK
    this.#lock.acquire()
    const ring = this.#nextRing(lowFirst)
    let taken = 0
    if (ring >= ringOf(RECALL, 0)) taken = this.#moveOut(ring, jobs, 0, 1)
    else if (ring >= 0) taken = this.#moveOutObservations(jobs, size, lowFirst)
    this.#lock.release()
    if (taken > 0) this.#takes++
    return taken
  }

  /**
   * Thief: takes a batch of observations, the urgent first, each priority in order. What waits is looked at here, under the
   * lock: where several thieves have seen the same queue, the first ones leave less.
   * @param {Job[]} jobs filled in from the start
   * @param {number} above none is taken where no more than these wait
   * @returns {number} how many were taken: half of them, or as many as there are in `jobs`
   */
  steal(jobs, above) {
    this.#lock.acquire()
    const waiting = this.observations
    const taken = waiting > above ? this.#moveOutObservations(jobs, waiting >> 1, false) : 0
    this.#lock.release()
    return taken
  }

  /** The lock is held. @param {boolean} lowFirst @returns {number} -1 when all rings are empty */
  #nextRing(lowFirst) {
    for (let i = 0; i < PRIORITIES.length; i++) {
      const priority = lowFirst ? PRIORITIES.length - 1 - i : i
      const observe = ringOf(OBSERVE, priority)
      const recall = ringOf(RECALL, priority)
      if (this.#waiting(recall) === 0) {
        if (this.#waiting(observe) > 0) return observe
      } else {
        return this.#waiting(observe) > 0 && this.#oldest(observe) <= this.#oldest(recall) ? observe : recall
      }
    }
    return -1
  }

  /** The lock is held. @param {Job[]} jobs @param {number} size @param {boolean} lowFirst */
  #moveOutObservations(jobs, size, lowFirst) {
    const most = Math.min(size, jobs.length)
    let taken = 0
    for (let i = 0; i < PRIORITIES.length && taken < most; i++) {
      const priority = lowFirst ? PRIORITIES.length - 1 - i : i
      taken += this.#moveOut(ringOf(OBSERVE, priority), jobs, taken, most - taken)
    }
    return taken
  }

  /** The lock is held. @param {number} ring @param {Job[]} jobs @param {number} from @param {number} most */
  #moveOut(ring, jobs, from, most) {
    const count = Math.min(most, this.#waiting(ring))
    const head = Atomics.load(this.#control, HEAD + ring)
    for (let i = 0; i < count; i++) this.#copy(ring, head + i, jobs[from + i])
    // Only now may the producer write over them.
    Atomics.store(this.#control, HEAD + ring, (head + count) | 0)
    return count
  }

  /** @param {number} ring @param {number} position @param {Job} job */
  #copy(ring, position, job) {
    const slot = this.#slot(ring, position)
    const at = slot * JOB_WORDS
    job.kind = (ring / PRIORITIES.length) | 0
    job.priority = ring % PRIORITIES.length
    job.context = this.#words[at]
    job.count = this.#words[at + 1]
    for (let i = 0; i < job.count; i++) job.lemmas[i] = this.#words[at + 2 + i]
    job.number = this.#reals[slot * JOB_REALS]
    job.queuedAtNs = this.#reals[slot * JOB_REALS + 1]
  }

  /** The head first: where both move meanwhile it is too many rather than less than none. @param {number} ring */
  #waiting(ring) {
    const head = Atomics.load(this.#control, HEAD + ring)
    return (Atomics.load(this.#control, TAIL + ring) - head) | 0
  }

  /** When the first job of a ring was queued. The lock is held, the ring not empty. @param {number} ring */
  #oldest(ring) {
    return this.#reals[this.#slot(ring, Atomics.load(this.#control, HEAD + ring)) * JOB_REALS + 1]
  }

  /** @param {number} ring @param {number} position */
  #slot(ring, position) {
    return ring * this.#capacity + (position & (this.#capacity - 1))
  }
}

/** @param {number} kind @param {number} priority */
function ringOf(kind, priority) {
  return kind * PRIORITIES.length + priority
}
