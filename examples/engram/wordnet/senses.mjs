// Chooses the sense in which each word of an observation is meant: the one whose neighbourhood in the graph meets those
// of most other words (a graph form of Lesk's algorithm, 1986). Belongs to one thread; allocates nothing when it chooses.

/** Senses of a word that are considered, the most frequent first. */
const MAX_SENSES = 8
/** Neighbours of a sense that are considered. Nine tenths of all synsets have 6 edges or fewer. */
const MAX_NEIGHBOURS = 64
/** Words of an observation, at most: one bit each. */
export const MAX_WORDS = 8

/** @param {number} bits */
function ones(bits) {
  let count = 0
  for (let rest = bits; rest !== 0; rest &= rest - 1) count++
  return count
}

/** @typedef {import('./graph.mjs').Graph} Graph */

/** Chooses senses. */
export class SenseChooser {
  #graph
  /** Bit w: the synset is a sense of word w, or next to one. [synset] */
  #near
  #marked
  #markedCount = 0

  /** @param {Graph} graph */
  constructor(graph) {
    this.#graph = graph
    this.#near = new Uint8Array(graph.synsetCount)
    this.#marked = new Int32Array(graph.synsetCount)
  }

  /**
   * The synset that each word means in the company of the others; -1 for a lemma that WordNet does not have. Where the
   * company does not tell, the most frequent sense.
   * @param {Int32Array} lemmas the first `count` entries are read; -1 for an unknown word
   * @param {number} count at most {@link MAX_WORDS}
   * @param {Int32Array} synsets receives `count` entries
   */
  choose(lemmas, count, synsets) {
    for (let word = 0; word < count; word++) this.#mark(lemmas[word], word)
    for (let word = 0; word < count; word++) synsets[word] = this.#best(lemmas[word], word)
    for (let i = 0; i < this.#markedCount; i++) this.#near[this.#marked[i]] = 0
    this.#markedCount = 0
  }

  /** @param {number} lemma @param {number} word */
  #mark(lemma, word) {
    if (lemma < 0) return
    const { senseStart, senseSynset, edgeStart, edgeTarget } = this.#graph.arrays
    const senseEnd = Math.min(senseStart[lemma + 1], senseStart[lemma] + MAX_SENSES)
    for (let i = senseStart[lemma]; i < senseEnd; i++) {
      const sense = senseSynset[i]
      this.#markOne(sense, word)
      const edgeEnd = Math.min(edgeStart[sense + 1], edgeStart[sense] + MAX_NEIGHBOURS)
      for (let e = edgeStart[sense]; e < edgeEnd; e++) this.#markOne(edgeTarget[e], word)
    }
  }

  /** @param {number} synset @param {number} word */
  #markOne(synset, word) {
    if (this.#near[synset] === 0) this.#marked[this.#markedCount++] = synset
    this.#near[synset] |= 1 << word
  }

  /** @param {number} lemma @param {number} word @returns {number} */
  #best(lemma, word) {
    if (lemma < 0) return -1
    const { senseStart, senseSynset, edgeStart, edgeTarget } = this.#graph.arrays
    const others = ~(1 << word)
    let best = -1
    let bestSupport = -1
    const senseEnd = Math.min(senseStart[lemma + 1], senseStart[lemma] + MAX_SENSES)
    for (let i = senseStart[lemma]; i < senseEnd; i++) {
      const sense = senseSynset[i]
      let company = this.#near[sense]
      const edgeEnd = Math.min(edgeStart[sense + 1], edgeStart[sense] + MAX_NEIGHBOURS)
      for (let e = edgeStart[sense]; e < edgeEnd; e++) company |= this.#near[edgeTarget[e]]
      const support = ones(company & others)
      if (support > bestSupport) {
        best = sense
        bestSupport = support
      }
    }
    return best
  }
}
