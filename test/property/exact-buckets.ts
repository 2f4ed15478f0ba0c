// Buckets of base-2 exponential histograms derived a second way, by integer arithmetic: bucket i of schema s covers
// (2^((i-1)/2^s), 2^(i/2^s)].

const words = new DataView(new ArrayBuffer(8))

/** A finite double above 0 as mantissa * 2^exponent. */
function parts(value: number): { mantissa: bigint; exponent: number } {
  words.setFloat64(0, value)
  const bits = words.getBigUint64(0)
  const field = Number(bits >> 52n)
  const fraction = bits & ((1n << 52n) - 1n)
  return field === 0
    ? { mantissa: fraction, exponent: -1074 }
    : { mantissa: fraction | (1n << 52n), exponent: field - 1075 }
}

/** The smallest n with 2^n >= x. */
function ceilLog2(x: bigint): number {
  let n = x.toString(2).length
  if ((x & (x - 1n)) === 0n) n--
  return n
}

/** The index of the bucket of a finite value above 0: the smallest i with value <= 2^(i/2^schema). Exact, and slow. */
export function exactIndex(schema: number, value: number): number {
  const { mantissa, exponent } = parts(value)
  if (schema >= 0) {
    // value^(2^s) <= 2^i
    const power = 2 ** schema
    return ceilLog2(mantissa ** BigInt(power)) + exponent * power
  }
  // value <= 2^(i * 2^-s)
  return Math.ceil((ceilLog2(mantissa) + exponent) / 2 ** -schema) + 0 // not -0
}

const boundaries = new Map<string, number>()

/** The largest double <= 2^(k/2^schema), for k of 0..2^schema - 1. */
export function exactBoundary(schema: number, k: number): number {
  // The same fraction in its lowest terms is cheaper.
  if (schema > 0 && k % 2 === 0) return exactBoundary(schema - 1, k / 2)
  const key = `${k}/${schema}`
  let boundary = boundaries.get(key)
  if (boundary === undefined) {
    boundary = deriveBoundary(schema, k)
    boundaries.set(key, boundary)
  }
  return boundary
}

/** By integers; the guess in floating point only saves steps. */
function deriveBoundary(schema: number, k: number): number {
  let fraction = parts(2 ** (k / 2 ** schema)).mantissa - (1n << 52n)
  while (exactIndex(schema, withMantissa(fraction)) > k) fraction--
  while (exactIndex(schema, withMantissa(fraction + 1n)) <= k) fraction++
  return withMantissa(fraction)
}

/** 1 <= result < 2. */
function withMantissa(fraction: bigint): number {
  words.setBigUint64(0, (1023n << 52n) | fraction)
  return words.getFloat64(0)
}

/** The double that lies `ulps` above a finite one of the same sign. */
export function step(value: number, ulps: number): number {
  words.setFloat64(0, value)
  words.setBigUint64(0, words.getBigUint64(0) + BigInt(ulps))
  return words.getFloat64(0)
}

/** exactIndex made fast by the exact boundaries: a double is above 2^(k/2^s) if it is above the largest double <= that. */
export class FastExactIndex {
  readonly #schema: number
  readonly #boundaries: Float64Array

  constructor(schema: number) {
    this.#schema = schema
    this.#boundaries = Float64Array.from({ length: 2 ** Math.max(schema, 0) }, (_, k) =>
      exactBoundary(Math.max(schema, 0), k),
    )
  }

  /** Finite, normal, above 0. */
  of(value: number): number {
    words.setFloat64(0, value)
    const octave = (words.getUint32(0) >>> 20) - 1023
    words.setUint32(0, (words.getUint32(0) & 0xfffff) | (1023 << 20))
    const mantissa = words.getFloat64(0)
    let low = 0
    let high = this.#boundaries.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#boundaries[middle] as number) < mantissa) low = middle + 1
      else high = middle
    }
    if (this.#schema >= 0) return octave * 2 ** this.#schema + low
    return Math.ceil((octave + low) / 2 ** -this.#schema) + 0 // not -0
  }
}
