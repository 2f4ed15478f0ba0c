// Which bucket of an exponential histogram a number falls into, in JavaScript: native/core/bucket_mapping.h tells how and
// why; the tables come from there, so there is one derivation of them.
import { native } from '../native.js'

/** |value| <= 2^-128 counts as zero. */
export const ZERO_THRESHOLD = 2 ** -128
export const MIN_SCHEMA = -4
export const MAX_SCHEMA = 8
/** Low bits of a table entry: the number of the candidate boundary; above them its upper 20 mantissa bits. */
export const BOUNDARY_NUMBER_BITS = 9
export const BOUNDARY_NUMBER_MASK = (1 << BOUNDARY_NUMBER_BITS) - 1
/** Of a double's upper word. */
export const MANTISSA_BITS = 20
export const MANTISSA_MASK = (1 << MANTISSA_BITS) - 1

// Where the upper and the lower half of a double lie among its two 32-bit words.
const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1
export const HIGH_WORD = isLittleEndian ? 1 : 0
export const LOW_WORD = 1 - HIGH_WORD

const scratch = new Float64Array(1)
const scratchWords = new Uint32Array(scratch.buffer)
const boundaryWords = new Uint32Array(native.bucketBoundaries().buffer)

/** The exponent fields of the smallest value above the zero threshold and of the largest finite one. */
const LOWEST_EXPONENT = 895
const HIGHEST_EXPONENT = 2046

/** The mapping of one schema. Immutable; shared by all histograms of that schema. */
export class BucketLayout {
  /** Buckets per octave = 2^fine (schema >= 0), octaves per bucket = 2^coarse (schema <= 0). */
  readonly fine: number
  readonly coarse: number
  /** 1 where keys count from below a boundary (schema >= 0). */
  readonly bias: number
  readonly table: Int32Array
  readonly tableShift: number
  readonly blockBits: number
  readonly blockMask: number

  constructor(schema: number) {
    this.fine = Math.max(schema, 0)
    this.coarse = Math.max(-schema, 0)
    this.bias = schema >= 0 ? 1 : 0
    this.table = native.bucketTable(schema)
    this.tableShift = MANTISSA_BITS - this.fine - 1
    this.blockBits = Math.max(schema, 3)
    this.blockMask = (1 << this.blockBits) - 1
  }

  /** The bucket's key; `value` is finite and above the zero threshold in magnitude. Exact, ties in the upper word too. */
  keyOf(value: number): number {
    scratch[0] = value
    const high = scratchWords[HIGH_WORD] as number
    const mantissa = high & MANTISSA_MASK
    const candidate = this.table[mantissa >>> this.tableShift] as number
    const boundary = candidate >>> BOUNDARY_NUMBER_BITS
    const number = candidate & BOUNDARY_NUMBER_MASK
    let isPast = mantissa > boundary
    if (mantissa === boundary) {
      // The schema's boundary k is schema 8's k << (8 - fine).
      const low = boundaryWords[2 * (number << (MAX_SCHEMA - this.fine)) + LOW_WORD] as number
      isPast = (scratchWords[LOW_WORD] as number) > low
    }
    return (((high >>> MANTISSA_BITS) << this.fine) + number + (isPast ? 1 : 0) - this.bias) >> this.coarse
  }

  /**
   * Whether each key of the block belongs to finite values above the zero threshold. Coarse blocks at the ends of the
   * range are shared with what is no bucket (zeros, NaN), so the fast path must not know them.
   */
  isWhole(block: number): boolean {
    const first = block << this.blockBits
    const last = first + this.blockMask
    const sign = (2048 << this.fine) >> this.coarse
    const lowest = ((LOWEST_EXPONENT << this.fine) + 1 - this.bias) >> this.coarse
    const highest = ((HIGHEST_EXPONENT << this.fine) + (1 << this.fine) - this.bias) >> this.coarse
    const base = first >= sign ? sign : 0
    return first - base >= lowest && last - base <= highest
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
