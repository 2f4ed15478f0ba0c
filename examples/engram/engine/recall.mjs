// A worker's recall step: spreads activation from the words of a cue, asks the worker's shard what it speaks for, records
// how it went, and now and then shows an answer.
import { SLOTS } from '../books/tally.mjs'
import { HIT, HOP_BUCKETS, MISS, OUTCOMES, UNKNOWN } from '../wordnet/vocabulary.mjs'
import * as metrics from './metrics.mjs'
import { nowNs } from './queue.mjs'
import { Spreader } from './spread.mjs'
import { SPACE_OF_CONTEXT } from './terms.mjs'

/** Time between two answers that are shown. */
const ANSWER_EVERY_NS = 500e6
/** Synsets that an answer names. */
const STRONGEST = 5
/** Recalls that found nothing ask the index what is near; of the others one in so many does. */
const SEARCH_EVERY = 16
/** What is asked of the index: how many memories, and how many candidates it keeps. */
const NEAREST = { k: 3, ef: 16 }

/**
 * @typedef {import('./queue.mjs').Job} Job
 * @typedef {import('./memory.mjs').Found} Found
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
 */

/** Answers recalls. Belongs to one thread. */
export class Recaller {
  #graph
  #shards
  #spreader
  #tally
  #reached
  #trace
  #show
  #recording
  #index
  #vectors
  #nextAnswerNs = 0
  #recalls = 0

  /**
   * @param {object} parts
   * @param {import('../wordnet/graph.mjs').Graph} parts.graph
   * @param {import('./memory.mjs').Shards} parts.shards
   * @param {import('../books/tally.mjs').Tally} parts.tally
   * @param {import('../books/distribution.mjs').Distribution} parts.reached synsets that each spread reached
   * @param {() => import('nanotally').Exemplar} parts.trace of the job at hand
   * @param {(answer: Answer) => void} parts.show
   * @param {import('./recording.mjs').Recording} parts.recording
   * @param {import('../index/memory-index.mjs').MemoryIndex} [parts.index] default: there is none
   * @param {import('./insertion.mjs').JobVectors} [parts.vectors] as `index`
   */
  constructor({ graph, shards, tally, reached, trace, show, recording, index, vectors }) {
    this.#graph = graph
    this.#shards = shards
    this.#spreader = new Spreader(graph)
    this.#tally = tally
    this.#reached = reached
    this.#trace = trace
    this.#show = show
    this.#recording = recording
    this.#index = index
    this.#vectors = vectors
  }

  /** @param {Job} job @param {number} startNs */
  recall(job, startNs) {
    const spreader = this.#spreader
    spreader.clear()
    let outcome = UNKNOWN
    /** @type {ReturnType<Spreader['strongest']>} */
    let strongest = []
    /** @type {Found[]} */
    let found = []
    let tier = 0
    if (this.#seedCue(job) > 0) {
      this.#recording.spreadBegins()
      spreader.spread(metrics.activations, this.#recording.hop)
      strongest = spreader.strongest(STRONGEST)
      const confidences = strongest.map(({ synset }) => spreader.confidence(synset))
      this.#recording.spreadEnds(spreader, this.#graph.synsetCount, confidences)
      const shard = this.#shards.of(job.context)
      found = shard.match(spreader, job.context)
      this.#recording.found(found)
      outcome = found.length > 0 ? HIT : MISS
      this.#recording.completed(shard.complete(job, spreader, found[0]))
      if (outcome === MISS || this.#recalls++ % SEARCH_EVERY === 0) tier = this.#searchIndex(job)
      this.#recordSpread()
    }
    const endNs = nowNs()
    if (outcome !== UNKNOWN) this.#recording.recalled((endNs - startNs) / 1e9, tier)
    const isShown = endNs >= this.#nextAnswerNs
    const seconds = (endNs - startNs) / 1e9
    const space = SPACE_OF_CONTEXT[job.context]
    metrics.recallLatency[space].observe(seconds, isShown ? { exemplar: this.#trace() } : undefined)
    this.#tally.add(SLOTS.recallLatency[space])
    metrics.recalls[outcome].inc()
    this.#tally.add(SLOTS.recalls[outcome])
    if (isShown) {
      this.#nextAnswerNs = endNs + ANSWER_EVERY_NS
      this.#show(this.#inWords(job, outcome, strongest, found, seconds))
    }
  }

  /** What is near by its vector. @param {Job} job @returns {number} the coldest tier that it came from; 0 where nothing did */
  #searchIndex(job) {
    if (this.#index === undefined || !this.#vectors?.of(job)) return 0
    const answer = this.#index.search(this.#vectors.vector, NEAREST)
    this.#recording.searched(answer)
    return Math.max(0, ...answer.tiers)
  }

  /** Activates the senses of a cue's words: one unit per word, most of it for the frequent senses. @param {Job} job */
  #seedCue(job) {
    let known = 0
    for (let i = 0; i < job.count; i++) {
      if (job.lemmas[i] < 0) continue
      known++
      const senses = this.#graph.senses(job.lemmas[i])
      let sum = 0
      for (let rank = 1; rank <= senses.length; rank++) sum += 1 / rank
      for (let rank = 1; rank <= senses.length; rank++) this.#spreader.seed(senses[rank - 1], 1 / rank / sum)
    }
    return known
  }

  /** Records how far the last spread went. */
  #recordSpread() {
    const { hops, touchedCount, crossed } = this.#spreader
    const tally = this.#tally
    metrics.recallHops.observe(hops)
    tally.add(SLOTS.recallHops)
    tally.add(SLOTS.recallHopsSum, hops)
    for (const [i, le] of HOP_BUCKETS.entries()) {
      if (hops <= le) tally.add(SLOTS.recallHopsBuckets[i])
    }
    metrics.recallSynsets.observe(touchedCount)
    tally.add(SLOTS.recallSynsets)
    tally.add(SLOTS.recallSynsetsSum, touchedCount)
    this.#reached.add(touchedCount)
    // The metric was told of each edge inside the spread; the tally has the spreader's own count.
    for (let relation = 0; relation < crossed.length; relation++) {
      if (crossed[relation] > 0) tally.add(SLOTS.activations[relation], crossed[relation])
    }
  }

  /**
   * @param {Job} job @param {number} outcome @param {ReturnType<Spreader['strongest']>} strongest
   * @param {Found[]} found @param {number} seconds
   * @returns {Answer}
   */
  #inWords(job, outcome, strongest, found, seconds) {
    const graph = this.#graph
    const words = (/** @type {Int32Array} */ lemmas) =>
      Array.from(lemmas, (lemma) => (lemma < 0 ? '?' : graph.lemma(lemma)))
    const memory = this.#shards.of(job.context)
    // A thief may have stored over what was found.
    const observations = found
      .map(({ observation, number }) => ({ number, copy: memory.read(observation) }))
      .filter(({ number, copy }) => copy.number === number)
      .map(({ copy }) => words(copy.words))
    return {
      cue: words(job.lemmas.subarray(0, job.count)),
      context: job.context,
      outcome: OUTCOMES[outcome],
      hops: outcome === UNKNOWN ? 0 : this.#spreader.hops,
      reached: outcome === UNKNOWN ? 0 : this.#spreader.touchedCount,
      seconds,
      strongest: strongest.map(({ synset }) => graph.name(synset)),
      observations,
    }
  }
}
