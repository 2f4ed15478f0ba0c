// A worker thread of the engine: takes jobs from its queue, steals observations from others' when it has none, and sleeps
// in Atomics.wait when there are none to steal. nanotally needs nothing of its event loop for what is recorded here to be
// scraped; it turns a few times a second only to show that the worker is alive.
import { setImmediate } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { setExemplarSource } from 'nanotally'
import { Distribution } from '../books/distribution.mjs'
import { SLOTS, Tally, WORKER_SLOTS } from '../books/tally.mjs'
import { GlossVectors } from '../index/vectors.mjs'
import { Graph } from '../wordnet/graph.mjs'
import { OBSERVE } from '../wordnet/vocabulary.mjs'
import { BatchSizer, MAX_BATCH, stealAbove, victimOf } from './batching.mjs'
import { BusyMeter } from './busy.mjs'
import { Controls } from './controls.mjs'
import { JobVectors, makeInsertBatch } from './insertion.mjs'
import { Shards } from './memory.mjs'
import * as metrics from './metrics.mjs'
import { emptyJob, JobQueue, nowNs } from './queue.mjs'
import { Recaller } from './recall.mjs'
import { Recording } from './recording.mjs'
import { Storer } from './store.mjs'
import { traceOf } from './trace.mjs'

/** How long a worker sleeps before it looks again whether there is something to steal: twice as long each time. */
const MIN_SLEEP_MS = 5
const MAX_SLEEP_MS = 80
/** Observations that are replayed for each job that was done, and at each look at empty queues: some 3 us each. */
const REPLAYS_PER_JOB = 2
const IDLE_REPLAYS = 32
const TURN_EVERY_NS = 250e6

if (parentPort === null) throw new Error('worker.mjs runs in a worker thread: engine.mjs starts it')
const port = parentPort
/** @type {{ worker: number, workers: number }} */
const { worker, workers } = workerData
const graph = new Graph(workerData.graph)
/** @type {JobQueue[]} */
const queues = workerData.queues.map((/** @type {import('./queue.mjs').QueueArrays} */ arrays) => new JobQueue(arrays))
const queue = queues[worker]
const shards = new Shards(graph, workerData.memories)
const controls = new Controls(workerData.controls)
const tally = new Tally(workerData.tally, workers, 1 + worker)
const own = metrics.ofWorker(worker)
const ownSlots = WORKER_SLOTS[worker]

const jobs = Array.from({ length: MAX_BATCH }, emptyJob)
let current = jobs[0]
const trace = () => traceOf(worker, current.number)
// Asked for the first observation of each octave, and about once a second for others. The recalls that are shown give
// theirs by themselves.
setExemplarSource(trace)

const recording = new Recording(tally)
// What has no glosses, as a graph of a test, has no index.
const { glosses, indexHandle, simd } = workerData
const index = indexHandle && new (await import('../index/memory-index.mjs')).MemoryIndex(indexHandle)
const glossVectors = glosses && new GlossVectors(glosses)
const vectors = glossVectors && new JobVectors(graph, glossVectors)
const insertBatch = makeInsertBatch({ controls, index, vectors })
const storer = new Storer({ worker, shards, insertBatch, controls, tally, recording, simd })
const recaller = new Recaller({
  graph,
  shards,
  tally,
  reached: new Distribution(workerData.reached),
  trace,
  show: (answer) => port.postMessage({ type: 'answer', answer }),
  recording,
  index,
  vectors,
})
const sizer = new BatchSizer()
const busy = new BusyMeter(nowNs())
let percent = 0
let sleepMs = MIN_SLEEP_MS
let turnedAtNs = nowNs()

/** @param {number} value whole percent */
function reportUtilization(value) {
  own.utilization.set(value)
  tally.add(ownSlots.utilization, value - percent)
  percent = value
}

function reportContention() {
  recording.contended([queues.reduce((sum, each) => sum + each.contended, 0), shards.contended])
}

/** Records that jobs came out of a queue. @param {number} count of {@link jobs} @param {number} atNs */
function recordTaken(count, atNs) {
  for (let i = 0; i < count; i++) {
    current = jobs[i]
    const { kind, priority, queuedAtNs } = current
    const isObservation = kind === OBSERVE
    const wait = isObservation ? metrics.queueWait : metrics.recallWait
    wait[priority].observe((atNs - queuedAtNs) / 1e9)
    tally.add((isObservation ? SLOTS.queueWait : SLOTS.recallWait)[priority])
    tally.add((isObservation ? SLOTS.queueDepth : SLOTS.recallsWaiting)[priority], -1)
  }
}

/** @param {number} count of {@link jobs} */
function store(count) {
  storer.store(jobs, count, (job) => {
    current = job
  })
}

/** One recall, or a batch of observations, from the worker's own queue. @returns {boolean} false when it is empty */
function workOwn() {
  if (sizer.adapt(queue.observations)) recording.batchGrew()
  const count = queue.take(jobs, sizer.size)
  if (count === 0) return false
  const startNs = nowNs()
  recordTaken(count, startNs)
  if (jobs[0].kind === OBSERVE) store(count)
  else recaller.recall(jobs[0], startNs)
  replay(REPLAYS_PER_JOB * count)
  return true
}

/** Replays observations of the worker's own shard. @param {number} most */
function replay(most) {
  recording.moved(shards.at(worker).replay(most))
  if (glossVectors) recording.vectorsAsked(glossVectors)
}

/** A batch of observations from the longest other queue. @returns {boolean} false when none is long enough */
function workStolen() {
  const victim = queues[victimOf(queues, worker)]
  const count = victim?.steal(jobs, stealAbove(victim.observationCapacity)) ?? 0
  if (count === 0) return false
  own.workStolen.inc()
  tally.add(ownSlots.workStolen)
  recordTaken(count, nowNs())
  store(count)
  return true
}

/** What is done while there is nothing to do: memories are consolidated. */
function idle() {
  replay(IDLE_REPLAYS)
}

/** Sleeps until there may be something to do. @param {number} signal that was seen before looking */
function sleep(signal) {
  const sleptAtNs = nowNs()
  queue.sleep(signal, sleepMs)
  busy.slept(nowNs() - sleptAtNs)
}

/** Stands still for as long as the controls want it: it looks like a thread that hangs. */
function stand() {
  const stoodAtNs = nowNs()
  if (controls.stand(worker)) busy.slept(nowNs() - stoodAtNs)
}

reportUtilization(0)
port.postMessage({ type: 'ready' })
for (;;) {
  stand()
  const signal = queue.signal
  const isClosed = queue.isClosed
  if (workOwn() || workStolen()) {
    sleepMs = MIN_SLEEP_MS
  } else if (isClosed) {
    break
  } else {
    idle()
    sleep(signal)
    sleepMs = Math.min(MAX_SLEEP_MS, 2 * sleepMs)
  }
  const atNs = nowNs()
  if (atNs - turnedAtNs >= TURN_EVERY_NS) {
    turnedAtNs = atNs
    await setImmediate()
  }
  const busyPercent = busy.report(atNs)
  if (busyPercent === undefined) continue
  reportUtilization(busyPercent)
  reportContention()
}
reportContention()
