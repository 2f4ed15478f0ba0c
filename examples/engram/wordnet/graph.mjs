// The graph of synsets in compact arrays on SharedArrayBuffers: built once by the main thread, read by every worker
// without a copy, written by nobody afterwards. Adjacency is in compressed sparse rows: the edges of synset s are the
// entries edgeStart[s] .. edgeStart[s + 1] - 1 of edgeTarget and edgeRelation, and likewise for words and senses.

/** @typedef {import('./wordnet.mjs').Draft} Draft */

/**
 * What crosses to a worker (a structured clone shares the buffers). S synsets, E edges, L lemmas.
 * @typedef {object} GraphArrays
 * @property {Int32Array} edgeStart [S + 1]
 * @property {Int32Array} edgeTarget [E] a synset
 * @property {Uint8Array} edgeRelation [E] index into RELATIONS
 * @property {Uint8Array} partOfSpeech [S] index into PARTS_OF_SPEECH
 * @property {Uint8Array} context [S] index into CONTEXTS
 * @property {Int32Array} wordStart [S + 1]
 * @property {Int32Array} wordLemma [words] a lemma
 * @property {Int32Array} senseStart [L + 1]
 * @property {Int32Array} senseSynset [senses] a synset
 * @property {Int32Array} lemmaStart [L + 1]
 * @property {Uint8Array} lemmaText [bytes] the lemmas in ASCII, sorted by bytes
 */

/** @param {number} length */
const int32 = (length) => new Int32Array(new SharedArrayBuffer(length * Int32Array.BYTES_PER_ELEMENT))
/** @param {number} length */
const uint8 = (length) => new Uint8Array(new SharedArrayBuffer(length))

/**
 * Lists of numbers as compressed sparse rows.
 * @param {number} count how many lists
 * @param {(index: number) => readonly number[]} listAt
 * @returns {{ start: Int32Array, values: Int32Array }}
 */
function rows(count, listAt) {
  const start = int32(count + 1)
  for (let i = 0; i < count; i++) start[i + 1] = start[i] + listAt(i).length
  const values = int32(start[count])
  for (let i = 0; i < count; i++) values.set(listAt(i), start[i])
  return { start, values }
}

/**
 * Builds the shared arrays.
 * @param {Draft} draft
 * @returns {Graph}
 * @throws {RangeError} for a synset's word that is not among the lemmas, or a lemma that is not ASCII
 */
export function buildGraph({ synsets, senses }) {
  const lemmas = [...senses.keys()].sort()
  const lemmaNumber = new Map(lemmas.map((lemma, index) => [lemma, index]))

  const edges = rows(synsets.length, (s) => synsets[s].edges.map((edge) => edge.to))
  const edgeRelation = uint8(edges.values.length)
  const partOfSpeech = uint8(synsets.length)
  const context = uint8(synsets.length)
  for (const [s, synset] of synsets.entries()) {
    for (const [i, edge] of synset.edges.entries()) edgeRelation[edges.start[s] + i] = edge.relation
    partOfSpeech[s] = synset.partOfSpeech
    context[s] = synset.context
  }

  const words = rows(synsets.length, (s) =>
    synsets[s].words.map((word) => {
      const lemma = lemmaNumber.get(word)
      if (lemma === undefined) throw new RangeError(`the word ${JSON.stringify(word)} is in no index`)
      return lemma
    }),
  )
  const senseRows = rows(lemmas.length, (l) => /** @type {number[]} */ (senses.get(lemmas[l])))

  const lemmaStart = int32(lemmas.length + 1)
  for (const [l, lemma] of lemmas.entries()) lemmaStart[l + 1] = lemmaStart[l] + lemma.length
  const lemmaText = uint8(lemmaStart[lemmas.length])
  for (const [l, lemma] of lemmas.entries()) {
    for (let i = 0; i < lemma.length; i++) {
      const code = lemma.charCodeAt(i)
      if (code > 0x7f) throw new RangeError(`the lemma ${JSON.stringify(lemma)} is not ASCII`)
      lemmaText[lemmaStart[l] + i] = code
    }
  }

  return new Graph({
    edgeStart: edges.start,
    edgeTarget: edges.values,
    edgeRelation,
    partOfSpeech,
    context,
    wordStart: words.start,
    wordLemma: words.values,
    senseStart: senseRows.start,
    senseSynset: senseRows.values,
    lemmaStart,
    lemmaText,
  })
}

/** A view of the shared arrays. Any number of threads may hold one; nothing in it changes. */
export class Graph {
  /** @param {GraphArrays} arrays those of another thread's graph, or {@link buildGraph}'s */
  constructor(arrays) {
    this.arrays = arrays
    this.synsetCount = arrays.edgeStart.length - 1
    this.edgeCount = arrays.edgeTarget.length
    this.lemmaCount = arrays.lemmaStart.length - 1
    this.text = Buffer.from(arrays.lemmaText.buffer)
  }

  /** Bytes of shared memory that the graph takes. */
  get byteLength() {
    return Object.values(this.arrays).reduce((sum, array) => sum + array.byteLength, 0)
  }

  /** The text of a lemma, with underscores for spaces. @param {number} lemma */
  lemma(lemma) {
    const { lemmaStart } = this.arrays
    return this.text.toString('latin1', lemmaStart[lemma], lemmaStart[lemma + 1])
  }

  /**
   * The number of a lemma, or -1 when WordNet does not have it. Case and spaces do not matter: `Ice cream` is `ice_cream`.
   * @param {string} word
   */
  lemmaOf(word) {
    const wanted = word.toLowerCase().replaceAll(' ', '_')
    let low = 0
    let high = this.lemmaCount - 1
    while (low <= high) {
      const middle = (low + high) >>> 1
      const found = this.lemma(middle)
      if (found === wanted) return middle
      if (found < wanted) low = middle + 1
      else high = middle - 1
    }
    return -1
  }

  /** The synsets of a lemma: nouns, verbs, adjectives, adverbs, each by sense. @param {number} lemma */
  senses(lemma) {
    const { senseStart, senseSynset } = this.arrays
    return senseSynset.subarray(senseStart[lemma], senseStart[lemma + 1])
  }

  /** The lemmas of a synset, in WordNet's order. @param {number} synset */
  words(synset) {
    const { wordStart, wordLemma } = this.arrays
    return wordLemma.subarray(wordStart[synset], wordStart[synset + 1])
  }

  /** A synset's name: its first word. @param {number} synset */
  name(synset) {
    return this.lemma(this.arrays.wordLemma[this.arrays.wordStart[synset]])
  }

  /** The edges of a synset as objects: for tests and reports, not for hot loops. @param {number} synset */
  edges(synset) {
    const { edgeStart, edgeTarget, edgeRelation } = this.arrays
    const edges = []
    for (let e = edgeStart[synset]; e < edgeStart[synset + 1]; e++) {
      edges.push({ relation: edgeRelation[e], to: edgeTarget[e] })
    }
    return edges
  }
}
