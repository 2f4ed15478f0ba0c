// A worker thread of the engine: takes jobs from its queue until that is closed and empty. It blocks in Atomics.wait when
// there is none, so its event loop never turns; nanotally needs nothing of it for what is recorded here to be scraped.
import { parentPort, workerData } from 'node:worker_threads'
import { setExemplarSource } from 'nanotally'
import { Distribution } from '../books/distribution.mjs'
import { SLOTS, Tally } from '../books/tally.mjs'
import { Graph } from '../wordnet/graph.mjs'
import { HIT, HOP_BUCKETS, MISS, OBSERVE, OUTCOMES, UNKNOWN } from '../wordnet/vocabulary.mjs'
import { EpisodicMemory } from './memory.mjs'
import * as metrics from './metrics.mjs'
import { emptyJob, JobQueue, nowNs } from './queue.mjs'
import { Spreader } from './spread.mjs'
import { traceOf } from './trace.mjs'

/** Time between two answers that are shown to the main thread. */
const ANSWER_EVERY_NS = 500e6
/** Synsets that an answer names. */
const STRONGEST = 5

if (parentPort === null) throw new Error('worker.mjs runs in a worker thread: engine.mjs starts it')
const port = parentPort
const graph = new Graph(workerData.graph)
const queue = new JobQueue(workerData.queue)
const memory = new EpisodicMemory(graph, { capacity: workerData.capacity })
const spreader = new Spreader(graph)
const tally = new Tally(workerData.tally, workerData.row)
const reached = new Distribution(workerData.reached)
let nextAnswerNs = 0
let jobNumber = 0

const trace = () => traceOf(workerData.row, jobNumber)
// Asked for the first observation of each octave, and about once a second for others where an event loop turns. Here none
// does, so the recalls that are shown give theirs by themselves.
setExemplarSource(trace)

/** @typedef {import('./queue.mjs').Job} Job */

/** @param {Job} job @param {number} startNs */
function observe(job, startNs) {
  const evicted = memory.store(job.lemmas, job.count, job.context)
  metrics.storeLatency.observe((nowNs() - startNs) / 1e9)
  tally.add(SLOTS.storeLatency)
  metrics.observations[job.priority].inc()
  tally.add(SLOTS.observations[job.priority])
  if (evicted) {
    metrics.evictions.inc()
    tally.add(SLOTS.evictions)
  } else {
    metrics.storedObservations.inc()
    tally.add(SLOTS.storedObservations)
  }
}

/** Activates the senses of a cue's words: one unit per word, most of it for the frequent senses. @param {Job} job */
function seedCue(job) {
  let known = 0
  for (let i = 0; i < job.count; i++) {
    if (job.lemmas[i] < 0) continue
    known++
    const senses = graph.senses(job.lemmas[i])
    let sum = 0
    for (let rank = 1; rank <= senses.length; rank++) sum += 1 / rank
    for (let rank = 1; rank <= senses.length; rank++) spreader.seed(senses[rank - 1], 1 / rank / sum)
  }
  return known
}

/** Records how far the last spread went. */
function recordSpread() {
  metrics.recallHops.observe(spreader.hops)
  tally.add(SLOTS.recallHops)
  tally.add(SLOTS.recallHopsSum, spreader.hops)
  for (const [i, le] of HOP_BUCKETS.entries()) {
    if (spreader.hops <= le) tally.add(SLOTS.recallHopsBuckets[i])
  }
  metrics.recallSynsets.observe(spreader.touchedCount)
  tally.add(SLOTS.recallSynsets)
  tally.add(SLOTS.recallSynsetsSum, spreader.touchedCount)
  reached.add(spreader.touchedCount)
  // The metric was told of each edge inside the spread; the tally has the spreader's own count.
  for (let relation = 0; relation < spreader.crossed.length; relation++) {
    if (spreader.crossed[relation] > 0) tally.add(SLOTS.activations[relation], spreader.crossed[relation])
  }
}

/** @param {Job} job @param {number} startNs */
function recall(job, startNs) {
  spreader.clear()
  let outcome = UNKNOWN
  /** @type {ReturnType<Spreader['strongest']>} */
  let strongest = []
  /** @type {ReturnType<EpisodicMemory['match']>} */
  let matches = []
  if (seedCue(job) > 0) {
    spreader.spread(metrics.activations)
    strongest = spreader.strongest(STRONGEST)
    matches = memory.match(spreader, job.context)
    outcome = matches.length > 0 ? HIT : MISS
    recordSpread()
  }
  const endNs = nowNs()
  const isShown = endNs >= nextAnswerNs
  const seconds = (endNs - startNs) / 1e9
  metrics.recallLatency[job.priority].observe(seconds, isShown ? { exemplar: trace() } : undefined)
  tally.add(SLOTS.recallLatency[job.priority])
  metrics.recalls[outcome].inc()
  tally.add(SLOTS.recalls[outcome])
  if (isShown) {
    nextAnswerNs = endNs + ANSWER_EVERY_NS
    showAnswer(job, outcome, strongest, matches, seconds)
  }
}

/**
 * Sends an answer to the main thread, in words.
 * @param {Job} job @param {number} outcome
 * @param {ReturnType<Spreader['strongest']>} strongest @param {ReturnType<EpisodicMemory['match']>} matches
 * @param {number} seconds
 */
function showAnswer(job, outcome, strongest, matches, seconds) {
  const words = (/** @type {Int32Array} */ lemmas) =>
    Array.from(lemmas, (lemma) => (lemma < 0 ? '?' : graph.lemma(lemma)))
  port.postMessage({
    type: 'answer',
    cue: words(job.lemmas.subarray(0, job.count)),
    context: job.context,
    outcome: OUTCOMES[outcome],
    hops: outcome === UNKNOWN ? 0 : spreader.hops,
    reached: outcome === UNKNOWN ? 0 : spreader.touchedCount,
    seconds,
    strongest: strongest.map(({ synset }) => graph.name(synset)),
    observations: matches.map(({ observation }) => words(memory.words(observation))),
  })
}

port.postMessage({ type: 'ready' })
const job = emptyJob()
while (queue.takeOrWait(job)) {
  const startNs = nowNs()
  jobNumber++
  metrics.queueDepth[job.priority].dec()
  tally.add(SLOTS.queueDepth[job.priority], -1)
  metrics.queueWait[job.priority].observe((startNs - job.queuedAtNs) / 1e9)
  tally.add(SLOTS.queueWait[job.priority])
  if (job.kind === OBSERVE) observe(job, startNs)
  else recall(job, startNs)
}
