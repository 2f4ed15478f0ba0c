// Measures false recall while the engine runs: now and then one more subject studies the DRM lists and is asked for their lures.
import { cognitiveMetrics } from 'nanotally/catalogs/cognitive'
import { drmTrials, LURE } from '../cognition/drm.mjs'
import { Spreader } from './spread.mjs'

/** How plausible a word has to be to be taken for a memory: document 003 measures at it. */
export const THRESHOLD = 0.7

/** One subject after the other, each seeded by its number. */
export class DrmMeasurement {
  #metrics = cognitiveMetrics()
  #graph
  #spreader
  #subject = 0

  /** @param {import('../wordnet/graph.mjs').Graph} graph */
  constructor(graph) {
    this.#graph = graph
    this.#spreader = new Spreader(graph)
  }

  /** The next subject: some 5 ms. @returns {number} lures that it took for memories, of all */
  next() {
    const trials = drmTrials({ graph: this.#graph, spreader: this.#spreader, seed: ++this.#subject, subjects: 1 })
    const lures = trials.filter(({ kind }) => kind === LURE)
    const taken = lures.filter(({ plausibility }) => {
      return this.#metrics.classifyCompletion('drm', THRESHOLD, plausibility, false)
    })
    return taken.length / lures.length
  }
}
