// Pattern completion: from a few words, what else belongs to them. Two systems answer, each in its own way:
//
//   hippocampal: the observation that the cue brings back best; the rest of it (Marr, 1971). The pattern speaks for
//     its parts as far as it overlaps with the cue: the words that they share, of all that they have (Jaccard's index).
//   neocortical: what replay has associated with the cue's words, whether or not there is an observation that has it. The
//     words of the cue each speak for an item with the strength of their association to it, as a noisy or.
//
// Either evidence is joined, by a noisy or again, with what spreading activation says of the item (plausibility.mjs). A
// completed item is a false memory when no observation of the context ever had it. That is looked up, not guessed: the
// hippocampal ones are true things from another context (a confusion of sources: Johnson, Hashtroudi and Lindsay, 1993),
// the neocortical ones were inferred.
//
// Belongs to one thread. Where other threads write to the store or to the associations, a lock is held around complete().
import { MAX_WORDS } from '../wordnet/senses.mjs'
import { Associations } from './associations.mjs'
import { either, plausibilityOf } from './plausibility.mjs'

/** @type {readonly ['hippocampal', 'neocortical']} */
export const COMPLETION_TYPES = Object.freeze(['hippocampal', 'neocortical'])
export const HIPPOCAMPAL = 0
export const NEOCORTICAL = 1

/** Senses of a cue's word that are considered, the most frequent first. */
const MAX_SENSES = 8
const NO_OBSERVATION = -1

/**
 * @typedef {object} Episodes what is asked of the store: EpisodicMemory has it
 * @property {(observation: number) => ArrayLike<number>} synsets that a stored observation is linked to
 *
 * @typedef {object} Witness what knows the truth, see met.mjs
 * @property {(synset: number, context: number) => boolean} hasMet whether any observation of the context had the synset
 *
 * @typedef {object} Completion
 * @property {number} synset
 * @property {number} type index into COMPLETION_TYPES
 * @property {number} plausibility 0 to 1
 * @property {boolean} isFalse
 *
 * @typedef {object} Cue
 * @property {Int32Array} lemmas the first `count` entries are read; -1 for an unknown word
 * @property {number} count at most MAX_WORDS
 * @property {number} context index into CONTEXTS
 */

/** Completes cues. */
export class Completer {
  #graph
  #episodes
  #associations
  #witness
  /** Senses of the cue's words, word after word. Those of word w end at #senseEnd[w]. */
  #sense = new Int32Array(MAX_WORDS * MAX_SENSES)
  #senseEnd = new Int32Array(MAX_WORDS)
  #wordCount = 0
  #candidates = new Int32Array(MAX_WORDS * MAX_SENSES * Associations.most)

  /**
   * @param {import('../wordnet/graph.mjs').Graph} graph
   * @param {object} sources
   * @param {Episodes} sources.episodes
   * @param {Associations} sources.associations
   * @param {Witness} sources.witness
   */
  constructor(graph, { episodes, associations, witness }) {
    this.#graph = graph
    this.#episodes = episodes
    this.#associations = associations
    this.#witness = witness
  }

  /**
   * What a cue is completed to.
   * @param {Cue} cue
   * @param {import('../engine/spread.mjs').Spreader} spreader after a spread from the cue
   * @param {object} [options]
   * @param {number} [options.observation] that the cue brought back best; default: none did
   * @param {number} [options.limit] items of each type, at most; default 3
   * @param {number} [options.minPlausibility] default 0.5
   * @returns {Completion[]} hippocampal ones first, the most plausible of a type first; equals by synset number
   */
  complete(cue, spreader, { observation = NO_OBSERVATION, limit = 3, minPlausibility = 0.5 } = {}) {
    this.#take(cue)
    /** @type {Completion[]} */
    const completions = []
    for (let type = 0; type < COMPLETION_TYPES.length; type++) {
      const found = type === HIPPOCAMPAL ? this.#recollect(observation, spreader) : this.#infer(spreader)
      const plausible = found.filter(({ plausibility }) => plausibility >= minPlausibility)
      plausible.sort((a, b) => b.plausibility - a.plausibility || a.synset - b.synset)
      for (const { synset, plausibility } of plausible.slice(0, limit)) {
        completions.push({ synset, type, plausibility, isFalse: !this.#witness.hasMet(synset, cue.context) })
      }
    }
    return completions
  }

  /** The rest of an observation. @param {number} observation @param {import('../engine/spread.mjs').Spreader} spreader */
  #recollect(observation, spreader) {
    /** @type {{ synset: number, plausibility: number }[]} */
    const found = []
    if (observation === NO_OBSERVATION || this.#wordCount === 0) return found
    const synsets = this.#episodes.synsets(observation)
    let shared = 0
    for (let word = 0; word < this.#wordCount; word++) if (this.#isIn(word, synsets)) shared++
    const overlap = shared / (this.#wordCount + synsets.length - shared)
    for (let i = 0; i < synsets.length; i++) {
      if (this.#isCue(synsets[i])) continue
      const plausibility = either(overlap, plausibilityOf(spreader.confidence(synsets[i])))
      found.push({ synset: synsets[i], plausibility })
    }
    return found
  }

  /** What is associated with the cue. @param {import('../engine/spread.mjs').Spreader} spreader */
  #infer(spreader) {
    /** @type {{ synset: number, plausibility: number }[]} */
    const found = []
    const senses = this.#wordCount === 0 ? 0 : this.#senseEnd[this.#wordCount - 1]
    let count = 0
    for (let i = 0; i < senses; i++) count = this.#associations.read(this.#sense[i], this.#candidates, count)
    const candidates = this.#candidates.subarray(0, count).sort()
    for (let i = 0; i < count; i++) {
      const synset = candidates[i]
      if ((i > 0 && synset === candidates[i - 1]) || this.#isCue(synset)) continue
      const plausibility = either(this.#association(synset), plausibilityOf(spreader.confidence(synset)))
      found.push({ synset, plausibility })
    }
    return found
  }

  /** Notes the senses of a cue's words. @param {Cue} cue */
  #take({ lemmas, count }) {
    let end = 0
    this.#wordCount = 0
    for (let i = 0; i < count; i++) {
      if (lemmas[i] < 0) continue
      const senses = this.#graph.senses(lemmas[i])
      for (let rank = 0; rank < Math.min(senses.length, MAX_SENSES); rank++) this.#sense[end++] = senses[rank]
      this.#senseEnd[this.#wordCount++] = end
    }
  }

  /** How far the cue's words speak for a synset. @param {number} synset */
  #association(synset) {
    let sum = 0
    let at = 0
    for (let word = 0; word < this.#wordCount; word++) {
      let best = 0
      for (; at < this.#senseEnd[word]; at++) {
        best = Math.max(best, this.#associations.strength(this.#sense[at], synset))
      }
      sum = either(sum, best)
    }
    return sum
  }

  /** Whether a synset is a sense of one of the cue's words. @param {number} synset */
  #isCue(synset) {
    const end = this.#wordCount === 0 ? 0 : this.#senseEnd[this.#wordCount - 1]
    for (let i = 0; i < end; i++) if (this.#sense[i] === synset) return true
    return false
  }

  /** Whether a cue's word, in one of its senses, is among some synsets. @param {number} word @param {ArrayLike<number>} synsets */
  #isIn(word, synsets) {
    for (let at = word === 0 ? 0 : this.#senseEnd[word - 1]; at < this.#senseEnd[word]; at++) {
      for (let i = 0; i < synsets.length; i++) if (synsets[i] === this.#sense[at]) return true
    }
    return false
  }
}
