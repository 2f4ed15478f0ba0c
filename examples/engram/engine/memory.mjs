// A shard of memory: a bounded store of observations, each linked to the synsets that its words mean. All of it is in
// shared arrays that are allocated once: about 100 bytes per observation and 4 per synset. Any thread may store and recall
// through a view of its own.
//
// One lock per shard guards all of the arrays, and each operation holds it from beginning to end; what takes longest, the
// choice of senses, comes before it. What a recall found may be evicted once it is over, so it comes with its number.
//
// When the store is full a new observation takes the place of an old one by the CLOCK rule (Corbato, 1968): the hand goes
// around in order of storing and takes the first observation that no recall has brought back since it last came by.
import { MAX_WORDS, SenseChooser } from '../wordnet/senses.mjs'
import { Lock } from './lock.mjs'
import { createMind, Mind } from './mind.mjs'

/** Observations of one synset that a recall looks at, the newest first: bounds the work of a recall. */
const MAX_SCANNED = 128
/** What an observation's score is multiplied by when it was made in the context of the recall. */
const SAME_CONTEXT = 1.5
const NONE = -1

/** Control words. */
const LOCK = 0
const SIZE = 1
const HAND = 2
const CONTROL_WORDS = 3

/**
 * @typedef {import('../wordnet/graph.mjs').Graph} Graph
 * @typedef {import('./spread.mjs').Spreader} Spreader
 *
 * @typedef {object} MemoryArrays
 * @property {Int32Array} control
 * @property {Float64Array} number [observation]
 * @property {Uint8Array} context [observation]
 * @property {Uint8Array} recalled [observation]
 * @property {Uint8Array} wordCount [observation]
 * @property {Int32Array} word lemmas; a link is observation * MAX_WORDS + word. [link]
 * @property {Int32Array} synset what they mean; -1: unknown, or linked already. [link]
 * @property {Int32Array} head a list of links per synset, the newest first. [synset]
 * @property {Int32Array} next [link]
 * @property {Int32Array} previous [link]
 * @property {import('./mind.mjs').MindArrays} mind
 *
 * @typedef {object} Found
 * @property {number} observation its place in the store
 * @property {number} number
 * @property {number} score
 * @property {ReturnType<Mind['consolidation']['recalled']>} evidence what recalled it
 */

/**
 * The shared arrays of a shard.
 * @param {number} synsetCount of the graph
 * @param {number} capacity observations that are kept at most
 * @returns {MemoryArrays}
 */
export function createMemory(synsetCount, capacity) {
  const bytes = () => new Uint8Array(new SharedArrayBuffer(capacity))
  const ints = (/** @type {number} */ length) => new Int32Array(new SharedArrayBuffer(length * 4))
  return {
    control: ints(CONTROL_WORDS),
    number: new Float64Array(new SharedArrayBuffer(capacity * 8)),
    context: bytes(),
    recalled: bytes(),
    wordCount: bytes(),
    word: ints(capacity * MAX_WORDS),
    synset: ints(capacity * MAX_WORDS),
    head: ints(synsetCount).fill(NONE),
    next: ints(capacity * MAX_WORDS),
    previous: ints(capacity * MAX_WORDS),
    mind: createMind(synsetCount, capacity),
  }
}

/** One thread's view of a shard. */
export class EpisodicMemory {
  #arrays
  #senses
  #lock
  #capacity
  /** The view's own, made when it first recalls. [observation] */
  #score = new Float64Array(0)
  #candidates = new Int32Array(0)
  #chosen = new Int32Array(MAX_WORDS)
  #mind
  /** The number of the observation that the last store let go, where it returned true. */
  evicted = 0

  /**
   * @param {Graph} graph
   * @param {MemoryArrays} arrays of {@link createMemory}
   * @param {SenseChooser} [senses] of the same thread, which several views may share
   */
  constructor(graph, arrays, senses = new SenseChooser(graph)) {
    this.#arrays = arrays
    this.#senses = senses
    this.#lock = new Lock(arrays.control, LOCK)
    this.#capacity = arrays.number.length
    this.#mind = new Mind(graph, arrays.mind, { synsets: (observation) => this.#synsetsOf(observation) })
  }

  /** Times that this view had to wait for the lock. */
  get contended() {
    return this.#lock.contended
  }

  /** Observations that are stored now. */
  get size() {
    return Atomics.load(this.#arrays.control, SIZE)
  }

  /**
   * Stores an observation.
   * @param {Int32Array} lemmas the first `count` entries are read; -1 for an unknown word
   * @param {number} count at most MAX_WORDS
   * @param {number} context index into CONTEXTS
   * @param {number} [number] by which it will be known
   * @returns {boolean} whether an older observation had to go: {@link evicted}
   */
  store(lemmas, count, context, number = 0) {
    this.#senses.choose(lemmas, count, this.#chosen)
    const arrays = this.#arrays
    this.#lock.acquire()
    const evicts = arrays.control[SIZE] === this.#capacity
    const slot = evicts ? this.#evict() : arrays.control[SIZE]++
    arrays.number[slot] = number
    arrays.context[slot] = context
    arrays.recalled[slot] = 0
    arrays.wordCount[slot] = count
    for (let i = 0; i < count; i++) {
      const synset = this.#chosen.indexOf(this.#chosen[i]) < i ? NONE : this.#chosen[i]
      arrays.word[slot * MAX_WORDS + i] = lemmas[i]
      this.#link(slot * MAX_WORDS + i, synset)
    }
    this.#mind.stored(slot, this.#synsetsOf(slot), context)
    this.#lock.release()
    return evicts
  }

  /**
   * The observations that an activation speaks for: the sum of the activations of an observation's synsets is its score.
   * They are marked as recalled, which keeps them in the store for one more round.
   * @param {Spreader} spreader after a spread
   * @param {number} context index into CONTEXTS
   * @param {{ limit?: number, minScore?: number }} [options] default 3 observations, with a score of at least 0.35
   * @returns {Found[]} the best first; equals by place
   */
  match(spreader, context, { limit = 3, minScore = 0.35 } = {}) {
    if (this.#score.length === 0) {
      this.#score = new Float64Array(this.#capacity)
      this.#candidates = new Int32Array(this.#capacity)
    }
    const { number, recalled } = this.#arrays
    this.#lock.acquire()
    const count = this.#scoreAll(spreader, context)
    /** @type {Omit<Found, 'evidence'>[]} */
    const candidates = []
    for (let i = 0; i < count; i++) {
      const observation = this.#candidates[i]
      const score = this.#score[observation]
      if (score >= minScore) candidates.push({ observation, number: number[observation], score })
      this.#score[observation] = 0
    }
    candidates.sort((a, b) => b.score - a.score || a.observation - b.observation)
    const found = candidates.slice(0, limit).map((candidate) => {
      recalled[candidate.observation] = 1
      return { ...candidate, evidence: this.#mind.consolidation.recalled(candidate.observation) }
    })
    this.#lock.release()
    return found
  }

  /** The lock is held. @param {Spreader} spreader @param {number} context @returns {number} candidates that have a score */
  #scoreAll(spreader, context) {
    const { head, next, context: contexts } = this.#arrays
    const score = this.#score
    let count = 0
    for (let i = 0; i < spreader.touchedCount; i++) {
      const synset = spreader.touched[i]
      const amount = spreader.activation[synset]
      let left = MAX_SCANNED
      for (let link = head[synset]; link !== NONE && left > 0; link = next[link], left--) {
        const observation = (link / MAX_WORDS) | 0
        if (score[observation] === 0) this.#candidates[count++] = observation
        score[observation] += contexts[observation] === context ? amount * SAME_CONTEXT : amount
      }
    }
    return count
  }

  /**
   * What a cue is completed to, after a spread from it.
   * @param {import('../cognition/completion.mjs').Cue} cue @param {Spreader} spreader
   * @param {Found} [best] that {@link match} found: where it has been evicted since, nothing is recollected
   */
  complete(cue, spreader, best) {
    this.#lock.acquire()
    const isThere = best !== undefined && this.#arrays.number[best.observation] === best.number
    const completions = this.#mind.complete(cue, spreader, isThere ? best.observation : undefined)
    this.#lock.release()
    return completions
  }

  /** Replays some observations: see Consolidation. @param {number} budget @returns {import('../cognition/consolidation.mjs').Transition[]} */
  replay(budget) {
    this.#lock.acquire()
    const transitions = this.#mind.consolidation.replay(budget)
    this.#lock.release()
    return transitions
  }

  /** Observations by state, stored, present and evicted. */
  consolidation() {
    this.#lock.acquire()
    const figures = this.#mind.consolidation.figures()
    this.#lock.release()
    return figures
  }

  /**
   * A copy of a stored observation: its lemmas, and the synsets that it is linked to.
   * @param {number} observation its place in the store
   */
  read(observation) {
    const { number, context, wordCount, word } = this.#arrays
    const start = observation * MAX_WORDS
    this.#lock.acquire()
    const end = start + wordCount[observation]
    const copy = {
      number: number[observation],
      context: context[observation],
      words: word.slice(start, end),
      synsets: this.#synsetsOf(observation),
    }
    this.#lock.release()
    return copy
  }

  /** The synsets that an observation is linked to. The lock is held. @param {number} observation */
  #synsetsOf(observation) {
    const { synset, wordCount } = this.#arrays
    const start = observation * MAX_WORDS
    return synset.slice(start, start + wordCount[observation]).filter((linked) => linked !== NONE)
  }

  /** The lock is held. @returns {number} the place of the observation that went */
  #evict() {
    const { control, recalled, wordCount, number } = this.#arrays
    while (recalled[control[HAND]] === 1) {
      recalled[control[HAND]] = 0
      control[HAND] = (control[HAND] + 1) % this.#capacity
    }
    const slot = control[HAND]
    control[HAND] = (slot + 1) % this.#capacity
    for (let i = 0; i < wordCount[slot]; i++) this.#unlink(slot * MAX_WORDS + i)
    this.evicted = number[slot]
    return slot
  }

  /** The lock is held. @param {number} link @param {number} synset */
  #link(link, synset) {
    const arrays = this.#arrays
    arrays.synset[link] = synset
    if (synset === NONE) return
    const first = arrays.head[synset]
    arrays.next[link] = first
    arrays.previous[link] = NONE
    if (first !== NONE) arrays.previous[first] = link
    arrays.head[synset] = link
  }

  /** The lock is held. @param {number} link */
  #unlink(link) {
    const { synset: synsets, next: nexts, previous: previouses, head } = this.#arrays
    const synset = synsets[link]
    if (synset === NONE) return
    const next = nexts[link]
    const previous = previouses[link]
    if (previous === NONE) head[synset] = next
    else nexts[previous] = next
    if (next !== NONE) previouses[next] = previous
  }
}

/** The shard that keeps the memories of a context, and the worker that owns it. @param {number} context @param {number} shards */
export function shardOf(context, shards) {
  return context % shards
}

/** One thread's views of all shards, each made when it is first needed. */
export class Shards {
  #graph
  #arrays
  #senses
  /** @type {(EpisodicMemory | undefined)[]} */
  #views = []

  /** @param {Graph} graph @param {MemoryArrays[]} arrays */
  constructor(graph, arrays) {
    this.#graph = graph
    this.#arrays = arrays
    this.#senses = new SenseChooser(graph)
  }

  /** Times that the views had to wait for their locks. */
  get contended() {
    return this.#views.reduce((sum, view) => sum + (view?.contended ?? 0), 0)
  }

  /** The shard of a context. @param {number} context @returns {EpisodicMemory} */
  of(context) {
    return this.at(shardOf(context, this.#arrays.length))
  }

  /** @param {number} shard @returns {EpisodicMemory} */
  at(shard) {
    this.#views[shard] ??= new EpisodicMemory(this.#graph, this.#arrays[shard], this.#senses)
    return this.#views[shard]
  }
}
