// Random doubles from one seed, fast enough for millions of them.

/** Random 32-bit integers: mulberry32. */
export function randomWords(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
}

/** Uniform in [0, 1), all 53 bits of it. */
export function uniform(word: () => number): () => number {
  return () => ((word() >>> 5) * 2 ** 26 + (word() >>> 6)) / 2 ** 53
}

/** Doubles of random bits from 2^-127 on, every exponent as likely as another. */
export function randomMagnitudes(count: number, word: () => number): Float64Array {
  const bytes = new DataView(new ArrayBuffer(8))
  return new Float64Array(count).map(() => {
    bytes.setUint32(0, ((896 + (word() % 1151)) << 20) | (word() & 0xfffff))
    bytes.setUint32(4, word())
    return bytes.getFloat64(0)
  })
}

/** Normally distributed, mean 0 and deviation 1. */
export function normal(random: () => number): () => number {
  // Box-Muller; 1 - random() is above 0.
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}
