// A worker's memory: a bounded store of observations, each linked to the synsets that its words mean. Belongs to one
// thread. All of it is in arrays that are allocated once: about 110 bytes per observation and 4 per synset.
//
// When the store is full a new observation takes the place of an old one by the CLOCK rule (Corbato, 1968): the hand goes
// around in order of storing and takes the first observation that no recall has brought back since it last came by.
import { MAX_WORDS, SenseChooser } from '../wordnet/senses.mjs'

/** Observations of one synset that a recall looks at, the newest first: bounds the work of a recall. */
const MAX_SCANNED = 128
/** What an observation's score is multiplied by when it was made in the context of the recall. */
const SAME_CONTEXT = 1.5
const NONE = -1

/** @typedef {import('../wordnet/graph.mjs').Graph} Graph */
/** @typedef {import('./spread.mjs').Spreader} Spreader */

/** A bounded store of observations. */
export class EpisodicMemory {
  #senses
  #capacity
  #size = 0
  #hand = 0
  #context
  #recalled
  #wordCount
  #score
  #candidates
  #chosen = new Int32Array(MAX_WORDS)
  /** Lemmas, and the synsets they mean (-1: unknown, or linked already). [observation * MAX_WORDS + word] */
  #word
  #synset
  /** A list of links per synset, the newest first. A link is observation * MAX_WORDS + word. [synset], [link], [link] */
  #head
  #next
  #previous

  /**
   * @param {Graph} graph
   * @param {{ capacity?: number }} [options] observations that are kept at most; default 5000
   */
  constructor(graph, { capacity = 5000 } = {}) {
    this.#senses = new SenseChooser(graph)
    this.#capacity = capacity
    this.#context = new Uint8Array(capacity)
    this.#recalled = new Uint8Array(capacity)
    this.#wordCount = new Uint8Array(capacity)
    this.#score = new Float64Array(capacity)
    this.#candidates = new Int32Array(capacity)
    this.#word = new Int32Array(capacity * MAX_WORDS)
    this.#synset = new Int32Array(capacity * MAX_WORDS)
    this.#next = new Int32Array(capacity * MAX_WORDS)
    this.#previous = new Int32Array(capacity * MAX_WORDS)
    this.#head = new Int32Array(graph.synsetCount).fill(NONE)
  }

  /** Observations that are stored now. */
  get size() {
    return this.#size
  }

  /**
   * Stores an observation.
   * @param {Int32Array} lemmas the first `count` entries are read; -1 for an unknown word
   * @param {number} count at most MAX_WORDS
   * @param {number} context index into CONTEXTS
   * @returns {boolean} whether an older observation had to go
   */
  store(lemmas, count, context) {
    const evicts = this.#size === this.#capacity
    const slot = evicts ? this.#evict() : this.#size++
    this.#context[slot] = context
    this.#recalled[slot] = 0
    this.#wordCount[slot] = count
    this.#senses.choose(lemmas, count, this.#chosen)
    for (let i = 0; i < count; i++) {
      const synset = this.#chosen.indexOf(this.#chosen[i]) < i ? NONE : this.#chosen[i]
      this.#word[slot * MAX_WORDS + i] = lemmas[i]
      this.#link(slot * MAX_WORDS + i, synset)
    }
    return evicts
  }

  /**
   * The observations that an activation speaks for: the sum of the activations of an observation's synsets is its score.
   * They are marked as recalled, which keeps them in the store for one more round.
   * @param {Spreader} spreader after a spread
   * @param {number} context index into CONTEXTS
   * @param {{ limit?: number, minScore?: number }} [options] default 3 observations, with a score of at least 0.35
   * @returns {{ observation: number, score: number }[]} the best first; equals by observation number
   */
  match(spreader, context, { limit = 3, minScore = 0.35 } = {}) {
    const score = this.#score
    let count = 0
    for (let i = 0; i < spreader.touchedCount; i++) {
      const synset = spreader.touched[i]
      const amount = spreader.activation[synset]
      let left = MAX_SCANNED
      for (let link = this.#head[synset]; link !== NONE && left > 0; link = this.#next[link], left--) {
        const observation = (link / MAX_WORDS) | 0
        if (score[observation] === 0) this.#candidates[count++] = observation
        score[observation] += this.#context[observation] === context ? amount * SAME_CONTEXT : amount
      }
    }
    /** @type {{ observation: number, score: number }[]} */
    const found = []
    for (let i = 0; i < count; i++) {
      const observation = this.#candidates[i]
      if (score[observation] >= minScore) found.push({ observation, score: score[observation] })
      score[observation] = 0
    }
    found.sort((a, b) => b.score - a.score || a.observation - b.observation)
    found.length = Math.min(found.length, limit)
    for (const { observation } of found) this.#recalled[observation] = 1
    return found
  }

  /** The lemmas of a stored observation. @param {number} observation */
  words(observation) {
    const start = observation * MAX_WORDS
    return this.#word.subarray(start, start + this.#wordCount[observation])
  }

  /** The synsets that a stored observation is linked to. @param {number} observation */
  synsets(observation) {
    const start = observation * MAX_WORDS
    return this.#synset.subarray(start, start + this.#wordCount[observation]).filter((synset) => synset !== NONE)
  }

  /** @returns {number} the slot of the observation that went */
  #evict() {
    while (this.#recalled[this.#hand] === 1) {
      this.#recalled[this.#hand] = 0
      this.#hand = (this.#hand + 1) % this.#capacity
    }
    const slot = this.#hand
    this.#hand = (this.#hand + 1) % this.#capacity
    for (let i = 0; i < this.#wordCount[slot]; i++) this.#unlink(slot * MAX_WORDS + i)
    return slot
  }

  /** @param {number} link @param {number} synset */
  #link(link, synset) {
    this.#synset[link] = synset
    if (synset === NONE) return
    const first = this.#head[synset]
    this.#next[link] = first
    this.#previous[link] = NONE
    if (first !== NONE) this.#previous[first] = link
    this.#head[synset] = link
  }

  /** @param {number} link */
  #unlink(link) {
    const synset = this.#synset[link]
    if (synset === NONE) return
    const next = this.#next[link]
    const previous = this.#previous[link]
    if (previous === NONE) this.#head[synset] = next
    else this.#next[previous] = next
    if (next !== NONE) this.#previous[next] = previous
  }
}
