// An index of memories by their vectors: approximate nearest neighbours, in three tiers that grow older. It lives in the
// process, outside of JavaScript: any thread may open it by its number and use it with the others. Searches run at once; an
// insertion waits for those that run, and keeps later ones waiting.
import { addon } from './addon.mjs'
import { FAULTS, FLOATS_PER_TURN, QUERY_TYPES, TIERS } from './terms.mjs'

/** @typedef {(typeof QUERY_TYPES)[number]} QueryType */
/** @typedef {(typeof TIERS)[number]} Tier */
/** @typedef {(typeof FAULTS)[number]} Fault */

/**
 * @typedef {object} MemoryIndexOptions
 * @property {number} [dimensions] of vectors: a multiple of 16, at most 1024; default 64
 * @property {number} [m] edges of a new node in each layer, 2 to 64; default 16
 * @property {number} [efConstruction] candidates that an insertion looks at; default 100
 * @property {number} [hotCapacity] vectors in a segment; default 2000
 * @property {number} [warmSegments] sealed segments in memory; default 4
 * @property {number} [coldSegments] sealed segments in files; default 8
 * @property {number} [seed] of the layers, a 32-bit integer; default 1
 */

/**
 * @typedef {object} Answer of a search. The arrays are the index object's own: its next search writes to them again
 * @property {Uint32Array} ids the best first
 * @property {Float32Array} scores cosines; in warm and cold segments of quantised vectors
 * @property {Uint8Array} tiers indices into TIERS
 * @property {Record<Tier, number>} seconds by tier
 * @property {number} hops nodes whose edges were followed, in all segments and layers
 * @property {number} distances that were computed
 * @property {number} near visits of a node whose vector begins in the same page as that of the visit before
 * @property {number} far other visits
 */

/**
 * @typedef {object} TierStats
 * @property {number} segments
 * @property {number} vectors
 * @property {number} memoryBytes
 * @property {number} fileBytes
 * @property {number} rawEdgeBytes edges of layer 0 of sealed segments, and their starts, as 32-bit integers
 * @property {number} encodedEdgeBytes the same as they are
 * @property {number} graphsSearched a search looks at each segment
 * @property {number} hits results of searches
 * @property {number} seconds of searches
 *
 * @typedef {object} Stats what the index counted itself, not by way of metrics
 * @property {number} inserted
 * @property {number} notUnit insertions that were refused, by why
 * @property {number} broken
 * @property {number} noMemory
 * @property {number} seals
 * @property {number} toCold segments that were moved to files
 * @property {number} droppedSegments
 * @property {number} droppedVectors
 * @property {number} searches
 * @property {number} faults edges and vectors that cannot be, met by searches and insertions
 * @property {number} distances
 * @property {boolean} isBroken
 * @property {number[][]} hopsCount [query type][layer] what engram_hnsw_traversal_hops has as its count
 * @property {number[][]} hopsSum [query type][layer] and as its sum
 * @property {{ enabled: number, disabled: number }} near by the label `prefetch`
 * @property {{ enabled: number, disabled: number }} far
 * @property {Record<Tier, TierStats>} tiers
 *
 * @typedef {object} Integrity
 * @property {boolean} isSound
 * @property {number} nodes
 * @property {number} edges
 * @property {number} outOfRange edges to no node
 * @property {number} selfLoops
 * @property {number} overDegree nodes with too many edges
 * @property {number} wrongLayer edges to a node that is not in the layer
 * @property {number} badVectors not finite, not of unit length, or unreadable
 * @property {number} badEntries graphs without an entry point on their top layer
 * @property {number} badEncoding nodes of sealed segments whose edges are no list
 * @property {number} shareReached of the nodes, by edges of layer 0 from the entry points; 0.99 is sound
 */

/** An insertion that was refused. */
export class InsertError extends Error {
  name = 'InsertError'

  /** @param {string} code @param {string} message */
  constructor(code, message) {
    super(message)
    this.code = code
  }
}

/** By the numbers of InsertStatus in native/hnsw.h. */
const REFUSALS = new Map([
  [-1, ['ERR_ENGRAM_NOT_UNIT', 'the vector is not of unit length']],
  [-2, ['ERR_ENGRAM_INDEX_BROKEN', 'the index is broken: repair() it']],
  [-3, ['ERR_ENGRAM_NO_MEMORY', 'there is no memory for another vector']],
  [-4, ['ERR_ENGRAM_NO_MEMORY', 'there is no memory to seal the full segment']],
])

/** The place of a name in a list. @param {readonly string[]} names @param {string} name @param {string} what */
function indexIn(names, name, what) {
  const index = names.indexOf(name)
  if (index < 0) throw new RangeError(`expected ${what}: ${names.join(', ')}; received ${JSON.stringify(name)}`)
  return index
}

/** @param {string} name @param {number} value @param {number} least @param {number} most */
function integer(name, value, least, most) {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new RangeError(`expected ${name}, an integer from ${least} to ${most}, received ${value}`)
  }
  return value
}

/** An index as a thread has it. */
export class MemoryIndex {
  #dimensions
  #ids = new Uint32Array(16)
  #scores = new Float32Array(16)
  #tiers = new Uint8Array(16)
  #figures = new Float64Array(7)

  /**
   * Makes an index. It is there until {@link close}, whatever becomes of this object or thread.
   * @param {MemoryIndexOptions} [options]
   */
  static create({
    dimensions = 64,
    m = 16,
    efConstruction = 100,
    hotCapacity = 2000,
    warmSegments = 4,
    coldSegments = 8,
    seed = 1,
  } = {}) {
    integer('dimensions', dimensions, FLOATS_PER_TURN, 1024)
    if (dimensions % FLOATS_PER_TURN !== 0) {
      throw new RangeError(`expected dimensions, a multiple of ${FLOATS_PER_TURN}, received ${dimensions}`)
    }
    const number = addon.createIndex(
      dimensions,
      integer('m', m, 2, 64),
      integer('efConstruction', efConstruction, 1, 10_000),
      integer('hotCapacity', hotCapacity, 1, 1_000_000),
      integer('warmSegments', warmSegments, 0, 1000),
      integer('coldSegments', coldSegments, 0, 1000),
      integer('seed', seed, 0, 2 ** 32 - 1),
    )
    return new MemoryIndex({ number, dimensions })
  }

  /** @param {{ number: number, dimensions: number }} handle that of another thread's index */
  constructor({ number, dimensions }) {
    this.number = number
    this.#dimensions = dimensions
  }

  /** What another thread opens the index by: `new MemoryIndex(handle)`. */
  get handle() {
    return { number: this.number, dimensions: this.#dimensions }
  }

  /** @param {Float32Array} vector */
  #check(vector) {
    if (!(vector instanceof Float32Array) || vector.length !== this.#dimensions) {
      throw new RangeError(`expected a Float32Array of ${this.#dimensions}, received one of ${vector?.length}`)
    }
  }

  /**
   * Inserts a vector, which is copied. An id may come again: it then has several vectors.
   * @param {number} id a 32-bit integer without sign
   * @param {Float32Array} vector of unit length
   * @returns {boolean} whether it filled its segment, which was sealed
   * @throws {InsertError} with the `code` `ERR_ENGRAM_NOT_UNIT`, `ERR_ENGRAM_INDEX_BROKEN` or `ERR_ENGRAM_NO_MEMORY`
   */
  insert(id, vector) {
    integer('id', id, 0, 2 ** 32 - 1)
    this.#check(vector)
    const result = addon.insert(this.number, id, vector)
    const refusal = REFUSALS.get(result)
    if (refusal !== undefined) throw new InsertError(refusal[0], refusal[1])
    return result === 1
  }

  /**
   * The memories nearest to a vector, over all tiers.
   * @param {Float32Array} vector of unit length
   * @param {{ k?: number, ef?: number, queryType?: QueryType }} [options] how many, default 10; how many candidates are kept
   *   in each segment, default 64: more find better and take longer; and the label `query_type`, default `similarity`
   * @returns {Answer}
   * @throws {RangeError} for a vector that is not of unit length, with the `code` `ERR_ENGRAM_NOT_UNIT`
   */
  search(vector, { k = 10, ef = 64, queryType = 'similarity' } = {}) {
    this.#check(vector)
    integer('k', k, 1, 10_000)
    integer('ef', ef, 1, 10_000)
    const type = indexIn(QUERY_TYPES, queryType, 'a query type')
    if (this.#ids.length < k) {
      this.#ids = new Uint32Array(k)
      this.#scores = new Float32Array(k)
      this.#tiers = new Uint8Array(k)
    }
    const figures = this.#figures
    const found = addon.search(this.number, vector, k, ef, type, this.#ids, this.#scores, this.#tiers, figures)
    if (found < 0) {
      const error = new RangeError('expected a vector of unit length')
      throw Object.assign(error, { code: 'ERR_ENGRAM_NOT_UNIT' })
    }
    return {
      ids: this.#ids.subarray(0, found),
      scores: this.#scores.subarray(0, found),
      tiers: this.#tiers.subarray(0, found),
      seconds: { hot: figures[0], warm: figures[1], cold: figures[2] },
      hops: figures[3],
      distances: figures[4],
      near: figures[5],
      far: figures[6],
    }
  }

  /** @returns {Stats} */
  stats() {
    return addon.stats(this.number)
  }

  /**
   * Looks at every node and edge; searches go on meanwhile. An index that is not sound refuses insertions from then on.
   * @returns {Record<Tier, Integrity>}
   */
  checkIntegrity() {
    return addon.checkIntegrity(this.number)
  }

  /**
   * Breaks the index on purpose. It goes unnoticed until a check, a search or an insertion meets it.
   * @param {Fault} fault @param {number} [seed] of what is random
   * @returns {boolean} false where there is nothing to break: fewer than 8 vectors in the hot tier, or no warm segment
   */
  corrupt(fault, seed = 1) {
    return addon.corrupt(this.number, indexIn(FAULTS, fault, 'a fault'), seed)
  }

  /**
   * Builds every graph that is not sound anew from its vectors, and takes insertions again.
   * @returns {{ kept: number, lost: number }} vectors of these graphs; lost are those that are broken themselves
   */
  repair() {
    return addon.repair(this.number)
  }

  /** Lets go of the index, for all threads, once the calls that use it are done. @returns {boolean} false: it was closed */
  close() {
    return addon.closeIndex(this.number)
  }
}
