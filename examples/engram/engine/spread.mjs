// Spreading activation over the graph of synsets (Collins and Loftus, 1975; the fan effect after Anderson, 1974). One
// spreader belongs to one thread; between two spreads it allocates nothing.
//
// Activation goes out in pulses, one hop each. A synset whose activation has reached the threshold fires once: along
// each of its edges it passes
//
//     activation * decay * weight[relation] / degree ** fanExponent
//
// so that a synset with many edges tells each neighbour little. A synset that has fired goes on collecting, but never
// fires again in the same spread: cycles end there. What fires in a hop fires with the activation that it had when the
// hop began, so the order of synsets within a hop changes nothing but the last bits of a sum.
import { RELATIONS, relationIndex } from '../wordnet/vocabulary.mjs'

/** How readily activation crosses each relation; 1 unless named here. */
export const RELATION_WEIGHTS = Object.freeze({
  antonym: 0.5,
  hypernym: 0.9,
  instance_hypernym: 0.9,
  hyponym: 0.8,
  instance_hyponym: 0.6,
  topic_member: 0.6,
  region_member: 0.4,
  usage_member: 0.3,
  usage_domain: 0.3,
})

/** What a spread with no counters of its own adds to. */
const UNCOUNTED = Object.freeze(RELATIONS.map(() => Object.freeze({ inc() {} })))

/** @typedef {import('../wordnet/graph.mjs').Graph} Graph */

/** Holds the state of one spread: activation by synset, what was touched, what crossed. */
export class Spreader {
  #graph
  #decay
  #threshold
  #maxHops
  #maxFired
  /** What one unit of activation becomes on each edge of a synset, before the relation's weight. [synset] */
  #share
  /** [relation] */
  #weight
  /** 1 when the synset was touched in this spread, 2 when it has fired or is about to. [synset] */
  #state
  #frontier
  #next
  #pulse

  /** Activation by synset, in this spread. */
  activation
  /** The synsets that activation reached, in the order in which it did; the first {@link touchedCount} entries count. */
  touched
  touchedCount = 0
  /** Edges that activation crossed in this spread, by relation. */
  crossed = new Int32Array(RELATIONS.length)
  /** The farthest hop that activation went; 0 when nothing fired along an edge. */
  hops = 0
  /** Synsets that fired. */
  firedCount = 0

  /**
   * @param {Graph} graph
   * @param {object} [options]
   * @param {number} [options.decay] what is left of activation after a hop, in (0, 1); default 0.8
   * @param {number} [options.threshold] the activation from which a synset fires; default 0.005
   * @param {number} [options.maxHops] hops after which a spread ends; default 8
   * @param {number} [options.maxFired] synsets that may fire in one spread, the nearest first; default 512
   * @param {number} [options.fanExponent] 0: fan-out does not matter; 1: a synset passes on no more than it has; default 0.7
   * @param {Record<string, number>} [options.relationWeights] default {@link RELATION_WEIGHTS}
   */
  constructor(
    graph,
    {
      decay = 0.8,
      threshold = 0.005,
      maxHops = 8,
      maxFired = 512,
      fanExponent = 0.7,
      relationWeights = RELATION_WEIGHTS,
    } = {},
  ) {
    this.#graph = graph
    this.#decay = decay
    this.#threshold = threshold
    this.#maxHops = maxHops
    this.#maxFired = maxFired
    this.#weight = new Float64Array(RELATIONS.length).fill(1)
    for (const [name, weight] of Object.entries(relationWeights)) this.#weight[relationIndex(name)] = weight
    const { edgeStart } = graph.arrays
    this.#share = new Float64Array(graph.synsetCount)
    for (let s = 0; s < graph.synsetCount; s++) {
      this.#share[s] = this.#decay / Math.max(1, edgeStart[s + 1] - edgeStart[s]) ** fanExponent
    }
    this.#state = new Uint8Array(graph.synsetCount)
    this.#frontier = new Int32Array(graph.synsetCount)
    this.#next = new Int32Array(graph.synsetCount)
    this.#pulse = new Float64Array(graph.synsetCount)
    this.activation = new Float64Array(graph.synsetCount)
    this.touched = new Int32Array(graph.synsetCount)
  }

  /** Forgets the last spread. */
  clear() {
    for (let i = 0; i < this.touchedCount; i++) {
      const synset = this.touched[i]
      this.activation[synset] = 0
      this.#state[synset] = 0
    }
    this.touchedCount = 0
    this.crossed.fill(0)
    this.hops = 0
    this.firedCount = 0
  }

  /** Activates a synset before the spread, on top of what it has. @param {number} synset @param {number} amount */
  seed(synset, amount) {
    this.#touch(synset)
    this.activation[synset] += amount
  }

  /** @param {number} synset */
  #touch(synset) {
    if (this.#state[synset] !== 0) return
    this.#state[synset] = 1
    this.touched[this.touchedCount++] = synset
  }

  /**
   * Spreads from what was seeded since the last {@link clear}.
   * @param {readonly { inc(): void }[]} [meters] one counter per relation, told of every edge that is crossed
   */
  spread(meters = UNCOUNTED) {
    const { edgeStart, edgeTarget, edgeRelation } = this.#graph.arrays
    const { activation, crossed } = this
    const state = this.#state
    const pulse = this.#pulse
    const shares = this.#share
    const weights = this.#weight
    let frontier = this.#frontier
    let next = this.#next
    let count = 0
    for (let i = 0; i < this.touchedCount; i++) count = this.#enlist(this.touched[i], frontier, count)

    for (let hop = 1; hop <= this.#maxHops && count > 0; hop++) {
      const firing = Math.min(count, this.#maxFired - this.firedCount)
      for (let i = 0; i < firing; i++) pulse[i] = activation[frontier[i]]
      let delivered = 0
      for (let i = 0; i < firing; i++) {
        const from = frontier[i]
        const share = pulse[i] * shares[from]
        for (let e = edgeStart[from]; e < edgeStart[from + 1]; e++) {
          const to = edgeTarget[e]
          const relation = edgeRelation[e]
          if (state[to] === 0) this.#touch(to)
          activation[to] += share * weights[relation]
          crossed[relation]++
          meters[relation].inc()
          delivered++
        }
      }
      this.firedCount += firing
      if (delivered > 0) this.hops = hop
      // What this hop lifted over the threshold fires in the next one: the synsets it reached first, and those that an
      // earlier hop had left below.
      count = 0
      for (let i = 0; i < firing; i++) {
        for (let e = edgeStart[frontier[i]]; e < edgeStart[frontier[i] + 1]; e++) {
          count = this.#enlist(edgeTarget[e], next, count)
        }
      }
      const spent = frontier
      frontier = next
      next = spent
    }
  }

  /**
   * Puts a synset that may fire on a list, once per spread.
   * @param {number} synset @param {Int32Array} list @param {number} count of the list's entries
   * @returns {number} the new count
   */
  #enlist(synset, list, count) {
    if (this.#state[synset] !== 1 || this.activation[synset] < this.#threshold) return count
    this.#state[synset] = 2
    list[count] = synset
    return count + 1
  }

  /**
   * The most activated synsets, the strongest first; equals by synset number.
   * @param {number} limit
   * @returns {{ synset: number, activation: number }[]}
   */
  strongest(limit) {
    /** @type {{ synset: number, activation: number }[]} */
    const best = []
    for (let i = 0; i < this.touchedCount; i++) {
      const synset = this.touched[i]
      const amount = this.activation[synset]
      const last = best[best.length - 1]
      if (best.length === limit && (amount < last.activation || (amount === last.activation && synset > last.synset))) {
        continue
      }
      let at = best.length
      while (at > 0) {
        const above = best[at - 1]
        if (above.activation > amount || (above.activation === amount && above.synset < synset)) break
        at--
      }
      best.splice(at, 0, { synset, activation: amount })
      if (best.length > limit) best.pop()
    }
    return best
  }
}
