// Makes up what the engine lives through: observations of things that belong together, and cues that ask for them again.
// Seeded: the same seed gives the same jobs in the same order on every machine. Belongs to the main thread.

import { CONTEXTS, OBSERVE, RECALL } from '../wordnet/vocabulary.mjs'
import { Random } from './random.mjs'

/** Share of observations among the jobs. */
const OBSERVATIONS = 0.4
/** Shares of high, normal and low. */
const PRIORITY_SHARES = [0.2, 0.6, 0.2]
/** What a cue is taken from: an observation of late, WordNet at large, or nowhere (a slip of the pen). */
const CUE_SHARES = [0.8, 0.17, 0.03]
/** Observations that cues are taken from. */
const REMEMBERED = 8192
/** Words of an observation. */
const MIN_WORDS = 3
const MAX_OBSERVED_WORDS = 6

/**
 * @typedef {import('../wordnet/graph.mjs').Graph} Graph
 *
 * @typedef {object} Request
 * @property {number} kind index into KINDS
 * @property {number} priority index into PRIORITIES
 * @property {number} context index into CONTEXTS
 * @property {string[]} words
 */

/** An endless stream of requests. */
export class Workload {
  #graph
  #random
  /** The synsets of each context that have any. @type {{ context: number, synsets: number[] }[]} */
  #places
  /** @type {{ context: number, words: string[] }[]} */
  #remembered = []
  #observed = 0

  /** @param {Graph} graph @param {number} seed an integer */
  constructor(graph, seed) {
    this.#graph = graph
    this.#random = new Random(seed)
    const places = CONTEXTS.map((_, context) => ({ context, synsets: /** @type {number[]} */ ([]) }))
    for (let s = 0; s < graph.synsetCount; s++) places[graph.arrays.context[s]].synsets.push(s)
    this.#places = places.filter((place) => place.synsets.length > 0)
  }

  /** @returns {Request} */
  next() {
    const kind = this.#remembered.length === 0 || this.#random.next() < OBSERVATIONS ? OBSERVE : RECALL
    const priority = this.#random.weighted(PRIORITY_SHARES)
    return { kind, priority, ...(kind === OBSERVE ? this.#observation() : this.#cue()) }
  }

  /** Things that belong together: the words along a short walk from a synset of some context. */
  #observation() {
    const place = this.#pick(this.#places)
    const { edgeStart, edgeTarget } = this.#graph.arrays
    const wanted = MIN_WORDS + this.#random.below(MAX_OBSERVED_WORDS - MIN_WORDS + 1)
    let synset = this.#pick(place.synsets)
    const words = []
    for (let i = 0; i < wanted; i++) {
      words.push(this.#graph.lemma(this.#pick(this.#graph.words(synset))))
      const degree = edgeStart[synset + 1] - edgeStart[synset]
      synset = degree === 0 ? this.#pick(place.synsets) : edgeTarget[edgeStart[synset] + this.#random.below(degree)]
    }
    const observation = { context: place.context, words }
    this.#remembered[this.#observed++ % REMEMBERED] = observation
    return observation
  }

  /** One or two words to recall by. */
  #cue() {
    const source = this.#random.weighted(CUE_SHARES)
    if (source === 0) {
      const { context, words } = this.#pick(this.#remembered)
      const first = this.#random.below(words.length - 1)
      return { context, words: words.slice(first, first + 1 + this.#random.below(2)) }
    }
    const { context } = this.#pick(this.#places)
    const word = this.#graph.lemma(this.#random.below(this.#graph.lemmaCount))
    // No lemma has a tilde, so this one is unknown.
    return { context, words: [source === 1 ? word : `${word}~`] }
  }

  /** @template T @param {ArrayLike<T>} list @returns {T} */
  #pick(list) {
    return list[this.#random.below(list.length)]
  }
}
