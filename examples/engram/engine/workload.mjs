// Makes up what the engine lives through: clients that come and go, observations of things that belong together, and cues
// that ask for them again. Seeded: the same seed gives the same jobs in the same order on every machine. Belongs to the main thread.

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
/** Sessions that are open at once, and requests that one makes before it closes. */
const MAX_SESSIONS = 32
const MIN_SESSION_REQUESTS = 50
const MAX_SESSION_REQUESTS = 500
/** Chance that a request is the first of a new session, where none is open: less the more there are. About 17 are. */
const NEW_SESSION = 1 / 128

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
  /** Requests that each open session will still make. @type {number[]} */
  #sessions = []
  #onSession

  /**
   * @param {Graph} graph
   * @param {number} seed an integer
   * @param {object} [options]
   * @param {(context: number) => boolean} [options.accepts] contexts that requests may have; default all
   * @param {(change: 1 | -1) => void} [options.onSession] told of each session that opens (1) or closes (-1)
   * @throws {RangeError} when the graph has no synset in any of the contexts
   */
  constructor(graph, seed, { accepts = () => true, onSession = () => {} } = {}) {
    this.#graph = graph
    this.#random = new Random(seed)
    this.#onSession = onSession
    const places = CONTEXTS.map((_, context) => ({ context, synsets: /** @type {number[]} */ ([]) }))
    for (let s = 0; s < graph.synsetCount; s++) places[graph.arrays.context[s]].synsets.push(s)
    this.#places = places.filter((place) => accepts(place.context) && place.synsets.length > 0)
    if (this.#places.length === 0) throw new RangeError('expected a graph with synsets in some context of the load')
  }

  /** Sessions that are open. */
  get sessions() {
    return this.#sessions.length
  }

  /** Closes all sessions. */
  closeSessions() {
    while (this.#sessions.pop() !== undefined) this.#onSession(-1)
  }

  /** An observation that no session made: more load. @param {number} priority @returns {Request} */
  extra(priority) {
    return { kind: OBSERVE, priority, ...this.#observation() }
  }

  /** @returns {Request} */
  next() {
    this.#passSession()
    const kind = this.#remembered.length === 0 || this.#random.next() < OBSERVATIONS ? OBSERVE : RECALL
    const priority = this.#random.weighted(PRIORITY_SHARES)
    return { kind, priority, ...(kind === OBSERVE ? this.#observation() : this.#cue()) }
  }

  /** Lets some session make a request: a new one now and then, or the first one. */
  #passSession() {
    const sessions = this.#sessions
    const isNew = this.#random.next() < NEW_SESSION * (1 - sessions.length / MAX_SESSIONS)
    if (sessions.length === 0 || isNew) {
      sessions.push(MIN_SESSION_REQUESTS + this.#random.below(MAX_SESSION_REQUESTS - MIN_SESSION_REQUESTS + 1))
      this.#onSession(1)
    }
    const at = this.#random.below(sessions.length)
    if (--sessions[at] > 0) return
    sessions.splice(at, 1)
    this.#onSession(-1)
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
