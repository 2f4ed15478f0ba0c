// Vectors of synsets from their glosses, and of observations from those of their synsets. No learning and no model:
// feature hashing (Weinberger et al., "Feature Hashing for Large Scale Multitask Learning", 2009). Each word of a gloss
// adds, with signs that its hash tells, its weight to a few of the dimensions: two glosses with rare words in common get
// vectors with a large cosine. The weight is the logarithm of how rare the word is among all glosses. The same glosses
// give the same vectors, on every machine.

/** @typedef {import('../wordnet/glosses.mjs').GlossArrays} GlossArrays */

/** Dimensions that a word adds to. With one only, the glosses of a single rare word would all be equal or orthogonal. */
const PLACES = 4
/** Words with the same hash count as one for the weights: 8 of 100 share one. */
const HASH_BITS = 20
/** Letters of a word that matter: the endings of longer words should not make them others. */
const STEM = 7

const STOP_WORDS = new Set(
  `a an and are as at be by can for from has have in into is it its not of on one or other some such that the their them
  there these they this those to used usually was were when where which who with without you your his her he she`
    .split(/\s+/)
    .map((word) => hashOf(word)),
)

/** FNV-1a over the letters of a word. @param {string} word */
function hashOf(word) {
  let hash = 0x811c9dc5
  for (let i = 0; i < Math.min(word.length, STEM); i++) hash = Math.imul(hash ^ word.charCodeAt(i), 0x01000193)
  return hash
}

/** Spreads the bits of a hash, so that all of them depend on all (the end of MurmurHash3). @param {number} hash */
function mix(hash) {
  let mixed = hash
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}

/**
 * What threads share of the vectors. S synsets, D dimensions.
 * @typedef {object} VectorArrays
 * @property {GlossArrays} glosses
 * @property {Float32Array} weights [2 ** HASH_BITS] of a word by its hash
 * @property {Float32Array} vectors [S * D] computed when they are first asked for
 * @property {Uint8Array} known [S] 1: the vector is there; 2: it is all zeros
 */

/**
 * Counts how many glosses each word is in: one pass over all glosses. The vectors come later, one by one. They take 4 bytes
 * a dimension of shared address space, of which the system gives memory to those that were asked for.
 * @param {GlossArrays} glosses
 * @param {{ dimensions?: number }} [options] a multiple of 16; default 64
 * @returns {VectorArrays}
 */
export function buildVectors(glosses, { dimensions = 64 } = {}) {
  if (!Number.isInteger(dimensions) || dimensions < 16 || dimensions % 16 !== 0) {
    throw new RangeError(`expected a multiple of 16 dimensions, received ${dimensions}`)
  }
  const synsetCount = glosses.start.length - 1
  const shared = (/** @type {number} */ bytes) => new SharedArrayBuffer(bytes)
  const weights = new Float32Array(shared(4 << HASH_BITS))
  const glossesWith = new Uint32Array(1 << HASH_BITS)
  const last = new Int32Array(1 << HASH_BITS).fill(-1)
  let synset = 0
  /** @param {number} hash */
  const count = (hash) => {
    const word = hash >>> (32 - HASH_BITS)
    if (last[word] === synset) return
    last[word] = synset
    glossesWith[word]++
  }
  for (; synset < synsetCount; synset++) forEachWord(glosses, synset, count)
  for (let word = 0; word < weights.length; word++) {
    if (glossesWith[word] > 0) weights[word] = Math.log(1 + synsetCount / glossesWith[word])
  }
  return {
    glosses,
    weights,
    vectors: new Float32Array(shared(4 * synsetCount * dimensions)),
    known: new Uint8Array(shared(synsetCount)),
  }
}

/**
 * Visits the hashes of the words of a synset and its gloss: letters in lower case, stop words and single letters left out.
 * @param {GlossArrays} glosses @param {number} synset @param {(hash: number) => void} visit
 */
function forEachWord({ start, text }, synset, visit) {
  const end = start[synset + 1]
  let hash = 0x811c9dc5
  let length = 0
  for (let at = start[synset]; at <= end; at++) {
    const letter = at < end ? text[at] | 0x20 : 0
    if (letter >= 0x61 && letter <= 0x7a) {
      if (length++ < STEM) hash = Math.imul(hash ^ letter, 0x01000193)
    } else if (length > 0) {
      if (length > 1 && !STOP_WORDS.has(hash)) visit(mix(hash))
      hash = 0x811c9dc5
      length = 0
    }
  }
}

/** The vectors: any number of threads may have them at once. */
export class GlossVectors {
  #glosses
  #weights
  #vectors
  #known
  /** Of an observation's synsets. @type {Float64Array} */
  #sum
  /** Of a synset's words. @type {Float64Array} */
  #words

  /** Vectors that were asked for and were there, and those that had to be computed, by this object. */
  hits = 0
  misses = 0

  /** @param {VectorArrays} arrays of {@link buildVectors}, in this thread or another */
  constructor(arrays) {
    this.arrays = arrays
    this.#glosses = arrays.glosses
    this.#weights = arrays.weights
    this.#vectors = arrays.vectors
    this.#known = arrays.known
    this.synsetCount = arrays.known.length
    this.dimensions = arrays.vectors.length / arrays.known.length
    this.#sum = new Float64Array(this.dimensions)
    this.#words = new Float64Array(this.dimensions)
  }

  /**
   * A synset's vector, of unit length; undefined where no word of its gloss is one. Shared: not to be written to.
   * @param {number} synset
   * @returns {Float32Array | undefined}
   */
  of(synset) {
    const begin = synset * this.dimensions
    const vector = this.#vectors.subarray(begin, begin + this.dimensions)
    // Two threads that both find it missing write the same bytes. Who reads 1 reads what was written before it.
    let known = Atomics.load(this.#known, synset)
    if (known !== 0) this.hits++
    else {
      this.misses++
      known = this.#compute(synset, vector) ? 1 : 2
      Atomics.store(this.#known, synset, known)
    }
    return known === 1 ? vector : undefined
  }

  /**
   * The vector of what means several synsets, such as an observation: the sum of theirs, of unit length.
   * @param {ArrayLike<number>} synsets the first `count` entries are read; -1 is none
   * @param {number} count
   * @param {Float32Array} out receives it; all zeros where none has a vector
   * @returns {boolean} whether one has
   */
  sum(synsets, count, out) {
    const sum = this.#sum.fill(0)
    for (let i = 0; i < count; i++) {
      const vector = synsets[i] < 0 ? undefined : this.of(synsets[i])
      if (vector === undefined) continue
      for (let d = 0; d < sum.length; d++) sum[d] += vector[d]
    }
    return normalise(sum, out)
  }

  /** @param {number} synset @param {Float32Array} out */
  #compute(synset, out) {
    const sum = this.#words.fill(0)
    const dimensions = this.dimensions
    forEachWord(this.#glosses, synset, (hash) => {
      const weight = this.#weights[hash >>> (32 - HASH_BITS)]
      let bits = mix(hash + 0x9e3779b9)
      for (let place = 0; place < PLACES; place++) {
        const d = (bits >>> 1) % dimensions
        sum[d] += (bits & 1) === 0 ? weight : -weight
        bits = mix(bits + 0x9e3779b9)
      }
    })
    return normalise(sum, out)
  }
}

/** @param {Float64Array} sum @param {Float32Array} out */
function normalise(sum, out) {
  let squares = 0
  for (let d = 0; d < sum.length; d++) squares += sum[d] * sum[d]
  const length = Math.sqrt(squares)
  for (let d = 0; d < sum.length; d++) out[d] = length > 0 ? sum[d] / length : 0
  return length > 0
}
