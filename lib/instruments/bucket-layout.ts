// Which bucket of an exponential histogram a number falls into, in JavaScript: native/core/bucket_mapping.h tells how and
// why; the tables come from there, so there is one derivation of them.
//
// A bucket is named here by its octave, the upper 12 bits of the double (sign and exponent), and its number in it, 1 to
// 2^schema. An exact power of two is the last bucket of the octave below. For schemas below 0 an octave has one bucket,
// which it shares with its neighbours.
import { native } from '../native.js'

/** |value| <= 2^-128 counts as zero. */
export const ZERO_THRESHOLD = 2 ** -128
export const MIN_SCHEMA = -4
export const MAX_SCHEMA = 8

/** Entries of one schema's table; indexed by the mantissa's top 9 bits. */
export const TABLE_ENTRIES = 512
/** The lookup tables of schemas 0 to 8, one after another. */
export const bucketTables = native.bucketTables()

// Where the upper and the lower half of a double lie among its two 32-bit words.
const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1
export const HIGH_WORD = isLittleEndian ? 1 : 0
const LOW_WORD = 1 - HIGH_WORD
/** Of a double's upper word. */
const MANTISSA_BITS = 20
const MANTISSA_MASK = (1 << MANTISSA_BITS) - 1

/** Where a number is put to be looked at as two words. Handed on this way it is not boxed, as an argument would be. */
export const scratch = new Float64Array(1)
const scratchWords = new Uint32Array(scratch.buffer)
const boundaryWords = new Uint32Array(native.bucketBoundaries().buffer)

/** The mapping of one schema. Immutable; shared by all histograms of that schema. */
export class BucketLayout {
  readonly schema: number
  /** Where its table starts in bucketTables. */
  readonly table: number
  /** Cells of a block = 2^blockBits (BucketMapping::BlockBits). */
  readonly blockBits: number
  /** Buckets per octave = 2^fine (schema >= 0), octaves per bucket = 2^coarse (schema <= 0). */
  readonly #fine: number
  readonly #coarse: number

  constructor(schema: number) {
    this.schema = schema
    this.#fine = Math.max(schema, 0)
    this.#coarse = Math.max(-schema, 0)
    this.table = this.#fine * TABLE_ENTRIES
    this.blockBits = Math.max(schema, 5)
  }

  /**
   * The exact octave and number of the bucket of the value in `scratch`, as octave * 512 + number. The value is finite and
   * above the zero threshold in magnitude.
   */
  locate(): number {
    const high = scratchWords[HIGH_WORD] as number
    const octave = high >>> MANTISSA_BITS
    const mantissa = high & MANTISSA_MASK
    const sum = (bucketTables[this.table + (mantissa >>> 11)] as number) + mantissa
    let number = sum >>> MANTISSA_BITS
    if ((sum & MANTISSA_MASK) === MANTISSA_MASK && number < 1 << this.#fine) {
      // A tie in the upper word. The schema's boundary k is schema 8's k << (8 - fine).
      const low = boundaryWords[2 * (number << (MAX_SCHEMA - this.#fine)) + LOW_WORD] as number
      if ((scratchWords[LOW_WORD] as number) > low) number++
    }
    return number === 0 ? (octave - 1) * 512 + (1 << this.#fine) : octave * 512 + number
  }

  /** The key (BucketMapping::KeyOf) of an octave's first bucket; the others of the octave follow it in the same block. */
  firstKey(octave: number): number {
    return this.#coarse > 0 ? (octave + 1) >> this.#coarse : octave << this.#fine
  }
}

const layouts = new Map<number, BucketLayout>()

/** `schema` is MIN_SCHEMA..MAX_SCHEMA. */
export function bucketLayout(schema: number): BucketLayout {
  let layout = layouts.get(schema)
  if (layout === undefined) {
    layout = new BucketLayout(schema)
    layouts.set(schema, layout)
  }
  return layout
}
