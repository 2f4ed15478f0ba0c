// Complementary learning systems (McClelland, McNaughton and O'Reilly, 1995): a fast store that keeps each observation
// (the hippocampus; here EpisodicMemory, by whose slots this file names observations) and a slow one that learns what
// observations have in common (the neocortex; associations.mjs). The slow one learns by replay, which takes the
// observations in turn, so that what is new is interleaved with what is older: learnt at one go it would overwrite it.
//
//     recent --first replay--> consolidating --replaysToRemote--> remote
//                                   ^                               |
//                                   +---------- a recall -----------+
//
// A recall makes a remote observation labile again: it has to be consolidated anew (Nader, Schafe and LeDoux, 2000), and
// leaves a fresh trace in the hippocampus (Nadel and Moscovitch, 1997), which takes fewer replays than the first time.
//
// The evidence of a recall. The trace in the hippocampus fades as the neocortex takes over (Squire and Alvarez, 1995):
// it halves with every second replay. The neocortex's part is measured, not assumed: the mean strength of the associations
// between the observation's synsets, which other observations may have taught it as well, and which it may have let go.
// The weights are the two as parts of their sum.
//
// Not thread-safe: threads that share the arrays hold a lock around each call. About 64 bytes per observation, and the
// table of associations. Work per call is bounded: a replay costs about 3 us.
import { MAX_WORDS } from '../wordnet/senses.mjs'
import { Associations, createAssociations } from './associations.mjs'

/** @type {readonly ['recent', 'consolidating', 'remote']} */
export const CONSOLIDATION_STATES = Object.freeze(['recent', 'consolidating', 'remote'])
export const RECENT = 0
export const CONSOLIDATING = 1
export const REMOTE = 2
/** The state of a slot without an observation. */
const EMPTY = 0xff
const NONE = -1

/** Replays in which the trace in the hippocampus halves. */
const TRACE_HALVES = 2
/** Recalls of a state over which its weights are averaged, about: later ones count more. */
const AVERAGED_RECALLS = 64

/** In `queue`: the observations that wait for a replay. */
const HEAD = 0
const TAIL = 1
/** In `figures`: observations by state, those that went by state, recalls by state, the average weight by state. */
const PRESENT = 0
const EVICTED = PRESENT + CONSOLIDATION_STATES.length
const RECALLS = EVICTED + CONSOLIDATION_STATES.length
const HIPPOCAMPAL = RECALLS + CONSOLIDATION_STATES.length
const STORED = HIPPOCAMPAL + CONSOLIDATION_STATES.length
const REPLAYS = STORED + 1
const FIGURES = REPLAYS + 1

/**
 * @typedef {object} ConsolidationArrays
 * @property {Uint8Array} state index into CONSOLIDATION_STATES, 255: no observation. [slot]
 * @property {Uint8Array} replays since the last fresh trace, see REMOTE. [slot]
 * @property {Float64Array} sinceMs when it came into its state. [slot]
 * @property {Uint8Array} synsetCount [slot]
 * @property {Int32Array} synset [slot][MAX_WORDS]
 * @property {Int32Array} next in the queue. [slot]
 * @property {Int32Array} previous in the queue. [slot]
 * @property {Int32Array} queue HEAD, TAIL
 * @property {Float64Array} figures
 * @property {import('./associations.mjs').AssociationArrays} associations
 *
 * @typedef {object} Transition
 * @property {number} slot
 * @property {number} from index into CONSOLIDATION_STATES
 * @property {number} to index into CONSOLIDATION_STATES
 * @property {number} ms time in the former state
 *
 * @typedef {object} Weights of the evidence of recalls; they add up to 1
 * @property {number} hippocampal
 * @property {number} neocortical
 */

/** A clock that all threads of the process share, in milliseconds. */
const clockMs = () => Number(process.hrtime.bigint()) / 1e6

/**
 * The shared arrays.
 * @param {number} capacity slots of the EpisodicMemory
 * @param {{ rows?: number }} [options] synsets whose associations are kept, a power of two; default 16 384, in 2.2 MB
 * @returns {ConsolidationArrays}
 * @throws {RangeError}
 */
export function createConsolidation(capacity, { rows = 16_384 } = {}) {
  const bytes = (/** @type {number} */ each) => new SharedArrayBuffer(capacity * each)
  return {
    state: new Uint8Array(bytes(1)).fill(EMPTY),
    replays: new Uint8Array(bytes(1)),
    sinceMs: new Float64Array(bytes(8)),
    synsetCount: new Uint8Array(bytes(1)),
    synset: new Int32Array(bytes(4 * MAX_WORDS)),
    next: new Int32Array(bytes(4)),
    previous: new Int32Array(bytes(4)),
    queue: new Int32Array(new SharedArrayBuffer(8)).fill(NONE),
    figures: new Float64Array(new SharedArrayBuffer(FIGURES * 8)),
    associations: createAssociations(rows),
  }
}

/** The consolidation of one store's observations. */
export class Consolidation {
  #arrays
  #now
  #replaysToRemote
  #replaysLeft

  /** What replay has taught. */
  associations

  /**
   * @param {ConsolidationArrays} arrays
   * @param {object} [options] the same in every thread
   * @param {number} [options.replaysToRemote] 2 to 255; default 5
   * @param {number} [options.replaysAfterRecall] that a remote observation needs when it was recalled, 1 to
   *   `replaysToRemote` - 1; default 2
   * @param {ConstructorParameters<typeof Associations>[1]} [options.learning]
   * @param {() => number} [options.now] a clock in milliseconds; default: the process's monotonic one
   */
  constructor(arrays, { replaysToRemote = 5, replaysAfterRecall = 2, learning = {}, now = clockMs } = {}) {
    this.#arrays = arrays
    this.#now = now
    this.#replaysToRemote = replaysToRemote
    this.#replaysLeft = replaysAfterRecall
    this.associations = new Associations(arrays.associations, learning)
  }

  /**
   * An observation came into a slot of the store. What was in the slot before is evicted.
   * @param {number} slot
   * @param {ArrayLike<number>} synsets what its words mean, all different; MAX_WORDS at most
   */
  stored(slot, synsets) {
    const { state, replays, sinceMs, synset, synsetCount, figures } = this.#arrays
    if (state[slot] !== EMPTY) this.evicted(slot)
    state[slot] = RECENT
    replays[slot] = 0
    sinceMs[slot] = this.#now()
    synsetCount[slot] = synsets.length
    for (let i = 0; i < synsets.length; i++) synset[slot * MAX_WORDS + i] = synsets[i]
    figures[STORED]++
    figures[PRESENT + RECENT]++
    this.#append(slot)
  }

  /**
   * The store let an observation go. What replay has learnt of it stays.
   * @param {number} slot
   * @returns {number} the state that it was in
   */
  evicted(slot) {
    const state = this.#stateOf(slot)
    if (state !== REMOTE) this.#remove(slot)
    this.#arrays.state[slot] = EMPTY
    this.#arrays.figures[PRESENT + state]--
    this.#arrays.figures[EVICTED + state]++
    return state
  }

  /**
   * An observation was recalled.
   * @param {number} slot
   * @returns {Weights & { state: number, transition: Transition | undefined }} the evidence of this recall, the state in
   *   which the observation was met, and the transition to consolidating of one that was remote
   */
  recalled(slot) {
    const { replays, figures } = this.#arrays
    const state = this.#stateOf(slot)
    const hippocampal = this.#hippocampalPart(slot)
    const recalls = ++figures[RECALLS + state]
    figures[HIPPOCAMPAL + state] += (hippocampal - figures[HIPPOCAMPAL + state]) / Math.min(recalls, AVERAGED_RECALLS)
    let transition
    if (state === REMOTE) {
      replays[slot] = this.#replaysToRemote - this.#replaysLeft
      transition = this.#move(slot, CONSOLIDATING)
      this.#append(slot)
    }
    return { hippocampal, neocortical: 1 - hippocampal, state, transition }
  }

  /**
   * Replays observations that are not remote, those that have waited longest, each at most once in a call.
   * @param {number} budget observations, at most
   * @returns {Transition[]} in the order of the replays
   */
  replay(budget) {
    const { replays, synset, synsetCount, queue, figures, state } = this.#arrays
    const count = Math.min(budget, figures[PRESENT + RECENT] + figures[PRESENT + CONSOLIDATING])
    /** @type {Transition[]} */
    const transitions = []
    for (let i = 0; i < count; i++) {
      const slot = queue[HEAD]
      this.#remove(slot)
      this.associations.learn(synset.subarray(slot * MAX_WORDS, slot * MAX_WORDS + synsetCount[slot]))
      figures[REPLAYS]++
      replays[slot]++
      const to = replays[slot] >= this.#replaysToRemote ? REMOTE : CONSOLIDATING
      if (to !== state[slot]) transitions.push(this.#move(slot, to))
      if (to !== REMOTE) this.#append(slot)
    }
    return transitions
  }

  /**
   * The weights of the evidence of the last recalls of observations in one state. Without any, all is the hippocampus's:
   * `recalls` tells.
   * @param {number} state index into CONSOLIDATION_STATES
   * @returns {Weights & { recalls: number }}
   */
  weights(state) {
    const { figures } = this.#arrays
    const recalls = figures[RECALLS + state]
    const hippocampal = recalls === 0 ? 1 : figures[HIPPOCAMPAL + state]
    return { hippocampal, neocortical: 1 - hippocampal, recalls }
  }

  /** Exact: `stored` is the sum of all that are present and all that were evicted. Both by state. */
  figures() {
    const { figures } = this.#arrays
    const byState = (/** @type {number} */ start) => [...figures.subarray(start, start + CONSOLIDATION_STATES.length)]
    return { stored: figures[STORED], present: byState(PRESENT), evicted: byState(EVICTED), replays: figures[REPLAYS] }
  }

  /** The state of an observation, or undefined where the slot has none. @param {number} slot */
  state(slot) {
    const state = this.#arrays.state[slot]
    return state === EMPTY ? undefined : state
  }

  /** @param {number} slot */
  #stateOf(slot) {
    const state = this.#arrays.state[slot]
    if (state === undefined || state === EMPTY) throw new RangeError(`slot ${slot}: expected one with an observation`)
    return state
  }

  /** The part of the hippocampus in the evidence of an observation, 0 to 1. @param {number} slot */
  #hippocampalPart(slot) {
    const { replays, synset, synsetCount } = this.#arrays
    const trace = 2 ** (-replays[slot] / TRACE_HALVES)
    const known = this.associations.cohesion(synset.subarray(slot * MAX_WORDS, slot * MAX_WORDS + synsetCount[slot]))
    return trace / (trace + known)
  }

  /** @param {number} slot @param {number} to @returns {Transition} */
  #move(slot, to) {
    const { state, sinceMs, figures } = this.#arrays
    const from = state[slot]
    const now = this.#now()
    const ms = now - sinceMs[slot]
    state[slot] = to
    sinceMs[slot] = now
    figures[PRESENT + from]--
    figures[PRESENT + to]++
    return { slot, from, to, ms }
  }

  /** @param {number} slot */
  #append(slot) {
    const { next, previous, queue } = this.#arrays
    const last = queue[TAIL]
    next[slot] = NONE
    previous[slot] = last
    if (last === NONE) queue[HEAD] = slot
    else next[last] = slot
    queue[TAIL] = slot
  }

  /** @param {number} slot */
  #remove(slot) {
    const { next, previous, queue } = this.#arrays
    const before = previous[slot]
    const after = next[slot]
    if (before === NONE) queue[HEAD] = after
    else next[before] = after
    if (after === NONE) queue[TAIL] = before
    else previous[after] = before
  }
}
