// What a shard of memory makes of its observations: their consolidation, what was ever met, and the completion of cues. Its
// arrays are shared as the shard's are, and all of its functions are called by who holds the shard's lock.
import { Completer } from '../cognition/completion.mjs'
import { Consolidation, createConsolidation } from '../cognition/consolidation.mjs'
import { createMet, Met } from '../cognition/met.mjs'
import { CONTEXTS } from '../wordnet/vocabulary.mjs'

/**
 * @typedef {object} MindArrays
 * @property {import('../cognition/consolidation.mjs').ConsolidationArrays} consolidation
 * @property {Uint8Array} met
 */

/**
 * The shared arrays of a shard's mind.
 * @param {number} synsetCount of the graph
 * @param {number} capacity observations that the shard keeps
 * @returns {MindArrays}
 */
export function createMind(synsetCount, capacity) {
  return { consolidation: createConsolidation(capacity), met: createMet(synsetCount, CONTEXTS.length) }
}

/** One thread's view of the mind of a shard. */
export class Mind {
  #met
  #completer
  /** @type {Consolidation} */
  consolidation

  /**
   * @param {import('../wordnet/graph.mjs').Graph} graph
   * @param {MindArrays} arrays of {@link createMind}
   * @param {import('../cognition/completion.mjs').Episodes} episodes the shard's observations
   */
  constructor(graph, arrays, episodes) {
    this.consolidation = new Consolidation(arrays.consolidation)
    this.#met = new Met(arrays.met, graph.synsetCount)
    const { associations } = this.consolidation
    this.#completer = new Completer(graph, { episodes, associations, witness: this.#met })
  }

  /** An observation came into a slot, in the place of what was there. @param {number} slot @param {ArrayLike<number>} synsets @param {number} context */
  stored(slot, synsets, context) {
    this.consolidation.stored(slot, synsets)
    this.#met.note(synsets, context)
  }

  /**
   * @param {import('../cognition/completion.mjs').Cue} cue
   * @param {import('./spread.mjs').Spreader} spreader after a spread from the cue
   * @param {number | undefined} observation that the cue brought back best
   */
  complete(cue, spreader, observation) {
    return this.#completer.complete(cue, spreader, { observation })
  }
}
