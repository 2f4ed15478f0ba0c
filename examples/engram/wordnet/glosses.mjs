// The glosses of synsets, their definitions and examples, and their words, as one text in shared memory: written once
// by the main thread, read by every worker.

/**
 * What crosses to a worker (a structured clone shares the buffers). S synsets.
 * @typedef {object} GlossArrays
 * @property {Int32Array} start [S + 1]
 * @property {Uint8Array} text [bytes] in Latin-1: the words of a synset, then its gloss, separated by spaces
 */

/**
 * Builds the shared arrays: about 11 MB for WordNet.
 * @param {readonly { words: readonly string[], gloss?: string }[]} synsets those of a draft of wordnet.mjs
 * @returns {GlossArrays}
 */
export function buildGlosses(synsets) {
  const start = new Int32Array(new SharedArrayBuffer((synsets.length + 1) * Int32Array.BYTES_PER_ELEMENT))
  for (const [s, { words, gloss = '' }] of synsets.entries()) {
    start[s + 1] = start[s] + words.reduce((sum, word) => sum + word.length + 1, gloss.length)
  }
  const text = new Uint8Array(new SharedArrayBuffer(start[synsets.length]))
  // One character per byte: WordNet's files are read as Latin-1.
  const bytes = Buffer.from(text.buffer)
  for (const [s, { words, gloss = '' }] of synsets.entries()) {
    let at = start[s]
    for (const word of words) {
      at += bytes.write(word, at, 'latin1')
      bytes[at++] = 0x20
    }
    bytes.write(gloss, at, 'latin1')
  }
  return { start, text }
}
