// The engine with queues that are filled while its workers stand still, and emptied while nobody queues: so the time of
// workers is apart from that of the thread that feeds them. Requests are the seeded load of the demo.
import { setTimeout as delay } from 'node:timers/promises'
import { registry } from 'nanotally'
import { start } from '../../examples/engram/engine/engine.mjs'
import { shardOf } from '../../examples/engram/engine/memory.mjs'
import * as metrics from '../../examples/engram/engine/metrics.mjs'
import { Workload } from '../../examples/engram/engine/workload.mjs'
import { OBSERVE } from '../../examples/engram/wordnet/vocabulary.mjs'
import { childTask, release, report } from '../harness/child.mjs'
import { median } from '../harness/statistics.mjs'

/** For what a worker gets in a cycle, 6 in 10 of it of one priority, so that back-pressure stays normal. */
const QUEUE_CAPACITY = 4096
const PRIORITIES = 3
/** Whose load is never due: the requests are our own. */
const NO_RATE = 1e-9
const SEED = 5
const POLL_MS = 4

const { workers, observations, recalls, cycles, idleSeconds } = childTask()
const engine = await start({ workers, rate: NO_RATE, queueCapacity: QUEUE_CAPACITY })
const workload = new Workload(engine.graph, SEED)
let [observed, recalled] = [0, 0]

const stored = () => metrics.storeLatency.snapshot().count
const answered = () => metrics.recallLatency.reduce((sum, latency) => sum + latency.snapshot().count, 0)

/** As many of each kind for each worker, in the order and with the priorities of the load. */
function makeRequests() {
  const wanted = [observations, recalls]
  const made = [[], []]
  const of = [new Array(workers).fill(0), new Array(workers).fill(0)]
  while (of.some((counts, kind) => counts.some((count) => count < wanted[kind]))) {
    const request = workload.next()
    const kind = request.kind === OBSERVE ? 0 : 1
    const worker = shardOf(request.context, workers)
    if (of[kind][worker] === wanted[kind]) continue
    of[kind][worker]++
    made[kind].push(request)
  }
  return { toStore: made[0], toRecall: made[1] }
}

function processorMicroseconds() {
  const { user, system } = process.cpuUsage()
  return user + system
}

/**
 * Queues requests and has them done.
 * @param {object[]} requests of one kind @param {() => number} count of those that are done
 */
async function fillAndEmpty(requests, count) {
  const expected = count() + requests.length
  for (let worker = 0; worker < workers; worker++) engine.stall(worker)
  const queueing = processorMicroseconds()
  for (const request of requests) {
    const refused = engine.submit(request)
    if (refused !== undefined) throw new Error(`a request was refused: ${refused}`)
  }
  const queued = processorMicroseconds() - queueing
  // A worker that looked before it was told to stand may take a batch yet.
  await delay(20)
  const before = { count: count(), time: performance.now(), processor: processorMicroseconds() }
  for (let worker = 0; worker < workers; worker++) engine.resume(worker)
  while (count() < expected) await delay(POLL_MS)
  const done = expected - before.count
  return {
    perSecond: (1000 * done) / (performance.now() - before.time),
    microseconds: (processorMicroseconds() - before.processor) / done,
    queueingMicroseconds: queued / requests.length,
  }
}

async function cycle() {
  const { toStore, toRecall } = makeRequests()
  observed += toStore.length
  recalled += toRecall.length
  return { storing: await fillAndEmpty(toStore, stored), recalling: await fillAndEmpty(toRecall, answered) }
}

// Fills the stores, and has V8 compile what the others run.
await cycle()
const done = []
for (let i = 0; i < cycles; i++) done.push(await cycle())

for (let i = 0; i < 4; i++) globalThis.gc()
const idle = { time: performance.now(), processor: processorMicroseconds() }
await delay(idleSeconds * 1000)
const idlePercent = (processorMicroseconds() - idle.processor) / 10 / (performance.now() - idle.time)
const residentMiB = process.memoryUsage.rss() / 2 ** 20

const samples = (await registry.metrics()).split('\n').filter((line) => /^[a-z]/.test(line)).length

const tally = await engine.stop()
const tallied = (name) => tally.filter((row) => row.name === name).reduce((sum, { value }) => sum + Number(value), 0)
for (const [name, wanted] of [
  ['engram_streaming_observations_total', observed],
  ['engram_recalls_total', recalled],
]) {
  if (tallied(name) !== wanted) throw new Error(`${name}: the engine counted ${tallied(name)} of ${wanted}`)
}
const of = (phase, key) => median(done.map((each) => each[phase][key]))
await report({
  measures: {
    observationsPerSecond: of('storing', 'perSecond'),
    observationMicroseconds: of('storing', 'microseconds'),
    recallsPerSecond: of('recalling', 'perSecond'),
    recallMicroseconds: of('recalling', 'microseconds'),
    queueingMicroseconds: of('storing', 'queueingMicroseconds'),
    idlePercent,
    queueBytes: tallied('engram_streaming_queue_memory_bytes') / (workers * PRIORITIES * QUEUE_CAPACITY),
    residentMiB,
    samples,
  },
  detail: { observed, recalled, done },
})
release()
