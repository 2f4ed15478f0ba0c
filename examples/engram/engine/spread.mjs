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
//
// The path of a synset that fires is the chain of firings that led to it: before it the first of those that reached it in
// the hop that lifted it over the threshold, and so on back to a seed. So what fires in hop h has a path of h - 1 edges.
// An edge that is crossed to a synset on the path of the one that fires closes a cycle: activation has come back to where
// it had been, and is collected as any other. WordNet has most relations in both directions, so nearly all cycles are
// echoes, two edges there and back; they are told apart. Firing synsets alone have a path, and nearly always it is enough
// to compare with the last synset on it, so this costs a spread about 4 % (of 60 us for 2 300 edges).
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
/** The hop of a spread that nobody watches. */
const UNWATCHED = () => {}
/** What lies before a seed on its path. */
const NONE = -1

/** @typedef {import('../wordnet/graph.mjs').Graph} Graph */

/** Holds the state of one spread: activation by synset, what was touched, what crossed. */
export class Spreader {
  #graph
  #decay
  #threshold
  /** Hops after which a spread ends. */
  maxHops
  #maxFired
  /** What one unit of activation becomes on each edge of a synset, before the relation's weight. [synset] */
  #share
  /** [relation] */
  #weight
  /** 0: not touched in this spread; 1: touched; else 1 + the hop in which it fires, 255 at most. [synset] */
  #state
  /** What fired or is about to, in that order: the synsets of one hop after those of the hop before. [position] */
  #queue
  /** What each of them fired with. [position] */
  #pulse
  /** Where the one before it on its path is in the queue. [position] */
  #before
  #seedCount = 0
  #hopSum = 0
  /** The highest activation, once somebody asked for it; 0 before. */
  #peak = 0

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
  /** Crossed edges that led back to a synset on the path of the one that fired, itself included. */
  cycles = 0
  /** Those of the cycles that were of two edges: straight back to where activation had come from. */
  echoes = 0

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
    this.maxHops = maxHops
    this.#maxFired = maxFired
    this.#weight = new Float64Array(RELATIONS.length).fill(1)
    for (const [name, weight] of Object.entries(relationWeights)) this.#weight[relationIndex(name)] = weight
    const { edgeStart } = graph.arrays
    this.#share = new Float64Array(graph.synsetCount)
    for (let s = 0; s < graph.synsetCount; s++) {
      this.#share[s] = this.#decay / Math.max(1, edgeStart[s + 1] - edgeStart[s]) ** fanExponent
    }
    this.#state = new Uint8Array(graph.synsetCount)
    this.#queue = new Int32Array(graph.synsetCount)
    this.#pulse = new Float64Array(graph.synsetCount)
    this.#before = new Int32Array(graph.synsetCount)
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
    this.cycles = 0
    this.echoes = 0
    this.#seedCount = 0
    this.#hopSum = 0
    this.#peak = 0
  }

  /** Activates a synset before the spread, on top of what it has. @param {number} synset @param {number} amount */
  seed(synset, amount) {
    this.#touch(synset)
    this.activation[synset] += amount
    this.#peak = 0
  }

  /** @param {number} synset */
  #touch(synset) {
    if (this.#state[synset] !== 0) return
    this.#state[synset] = 1
    this.touched[this.touchedCount++] = synset
  }

  /**
   * Spreads from what was seeded since the last {@link clear}; once.
   * @param {readonly { inc(): void }[]} [meters] one counter per relation, told of every edge that is crossed
   * @param {(hop: number, reached: number) => void} [onHop] called when a hop is over that crossed edges, with its number
   *   from 1 and the synsets that are reached by then: for its time to be taken
   */
  spread(meters = UNCOUNTED, onHop = UNWATCHED) {
    const { edgeStart, edgeTarget, edgeRelation } = this.#graph.arrays
    const { activation, crossed } = this
    const state = this.#state
    const pulse = this.#pulse
    const shares = this.#share
    const weights = this.#weight
    const queue = this.#queue
    const before = this.#before
    let start = 0
    let end = 0
    let echoes = 0
    let longer = 0
    let reached = this.touchedCount
    this.#seedCount = reached
    for (let i = 0; i < reached; i++) end = this.#enlist(this.touched[i], NONE, 1, end)

    for (let hop = 1; hop <= this.maxHops && start < end; hop++) {
      const stop = Math.min(end, start + this.#maxFired - this.firedCount)
      for (let i = start; i < stop; i++) pulse[i] = activation[queue[i]]
      let delivered = 0
      for (let i = start; i < stop; i++) {
        const from = queue[i]
        const cameFrom = before[i] === NONE ? NONE : queue[before[i]]
        const share = pulse[i] * shares[from]
        for (let e = edgeStart[from]; e < edgeStart[from + 1]; e++) {
          const to = edgeTarget[e]
          const relation = edgeRelation[e]
          const was = state[to]
          if (was === 0) this.#touch(to)
          else if (to === cameFrom) echoes++
          else if (was > 1 && (was < hop || to === from)) {
            // It fired two hops ago or earlier, or it is the one that fires: only these can be on the path else.
            let on = i
            while (on !== NONE && queue[on] !== to) on = before[on]
            if (on !== NONE) longer++
          }
          activation[to] += share * weights[relation]
          crossed[relation]++
          meters[relation].inc()
          delivered++
        }
      }
      this.firedCount += stop - start
      if (delivered > 0) this.hops = hop
      this.#hopSum += hop * (this.touchedCount - reached)
      reached = this.touchedCount
      // What this hop lifted over the threshold fires in the next one: the synsets it reached first, and those that an
      // earlier hop had left below.
      const first = start
      start = end
      for (let i = first; i < stop; i++) {
        for (let e = edgeStart[queue[i]]; e < edgeStart[queue[i] + 1]; e++) {
          end = this.#enlist(edgeTarget[e], i, hop + 1, end)
        }
      }
      if (delivered > 0) onHop(hop, reached)
    }
    this.echoes = echoes
    this.cycles = echoes + longer
  }

  /**
   * Puts a synset that may fire into the queue, once per spread.
   * @param {number} synset @param {number} before where the one before it on its path is in the queue
   * @param {number} hop in which it may fire
   * @param {number} end of the queue
   * @returns {number} the new end
   */
  #enlist(synset, before, hop, end) {
    if (this.#state[synset] !== 1 || this.activation[synset] < this.#threshold) return end
    this.#state[synset] = Math.min(hop + 1, 0xff)
    this.#queue[end] = synset
    this.#before[end] = before
    return end + 1
  }

  /** Edges that activation crossed, over all relations. */
  get crossedCount() {
    let sum = 0
    for (let relation = 0; relation < this.crossed.length; relation++) sum += this.crossed[relation]
    return sum
  }

  /**
   * How often activation came together from several paths: edges that led to a synset which had some already. What came
   * back in a cycle is no other path, and does not count.
   */
  get aggregations() {
    return this.crossedCount - (this.touchedCount - this.#seedCount) - this.cycles
  }

  /** Mean of the hops in which the synsets beside the seeds were reached first; 0 when there are none. */
  get averageHops() {
    return this.#hopSum / Math.max(1, this.touchedCount - this.#seedCount)
  }

  /** Edges crossed per synset that fired; 0 when none did. */
  get branchingFactor() {
    return this.crossedCount / Math.max(1, this.firedCount)
  }

  /** The part of all synsets that was reached, the seeds included: 0 to 1. */
  get coverage() {
    return this.touchedCount / this.#graph.synsetCount
  }

  /**
   * How sure it is that a synset is meant: its activation relative to the highest of this spread, 0 to 1. The most activated
   * synset, mostly a seed, has 1, one that was not reached 0. The first call after a spread looks at all that was reached.
   * @param {number} synset
   */
  confidence(synset) {
    if (this.#peak === 0) {
      for (let i = 0; i < this.touchedCount; i++) {
        this.#peak = Math.max(this.#peak, this.activation[this.touched[i]])
      }
    }
    return this.#peak === 0 ? 0 : this.activation[synset] / this.#peak
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
