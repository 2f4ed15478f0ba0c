// How observations get into the index of vectors: the vector of an observation is that of the most frequent senses of its words.

/** What an index refuses by, as the engine's books call it. What is not here is an exception to them. */
const ERRORS = new Map([
  ['ERR_ENGRAM_INDEX_BROKEN', 'index_corrupt'],
  ['ERR_ENGRAM_NO_MEMORY', 'index_full'],
])

/** Makes the vectors of jobs. Belongs to one thread. */
export class JobVectors {
  #graph
  #vectors
  #synsets

  /** @param {import('../wordnet/graph.mjs').Graph} graph @param {import('../index/vectors.mjs').GlossVectors} vectors */
  constructor(graph, vectors) {
    this.#graph = graph
    this.#vectors = vectors
    this.#synsets = new Int32Array(64)
    /** What {@link of} writes to. */
    this.vector = new Float32Array(vectors.dimensions)
  }

  /** @param {import('./queue.mjs').Job} job @returns {boolean} whether it has a vector, which is then in {@link vector} */
  of({ lemmas, count }) {
    for (let i = 0; i < count; i++) this.#synsets[i] = lemmas[i] < 0 ? -1 : this.#graph.senses(lemmas[i])[0]
    return this.#vectors.sum(this.#synsets, count, this.vector)
  }
}

/**
 * @param {object} parts
 * @param {import('./controls.mjs').Controls} parts.controls
 * @param {import('../index/memory-index.mjs').MemoryIndex | undefined} parts.index undefined: there is none
 * @param {JobVectors | undefined} parts.vectors
 * @returns {import('./store.mjs').InsertBatch}
 */
export function makeInsertBatch({ controls, index, vectors }) {
  return (jobs, count) => {
    if (controls.isCorrupt) return 'index_corrupt'
    if (index === undefined || vectors === undefined) return undefined
    try {
      for (let i = 0; i < count; i++) {
        if (vectors.of(jobs[i])) index.insert(jobs[i].number, vectors.vector)
      }
    } catch (error) {
      const code = ERRORS.get(/** @type {{ code?: string }} */ (Object(error)).code ?? '')
      if (code === undefined) throw error
      return code
    }
    return undefined
  }
}
