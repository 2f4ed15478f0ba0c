// A small seeded generator of random numbers: sfc32 (Chris Doty-Humphrey, PractRand), period at least 2^128 on average.
// The same seed gives the same workload on every machine.

/** One stream of random numbers. */
export class Random {
  #a
  #b
  #c
  #counter = 1

  /** @param {number} seed an integer; its low 32 bits count */
  constructor(seed) {
    this.#a = 0x9e3779b9 | 0
    this.#b = 0x243f6a88 | 0
    this.#c = seed | 0
    for (let i = 0; i < 16; i++) this.next()
  }

  /** A number in [0, 1), of 32 random bits. */
  next() {
    const out = (this.#a + this.#b + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + out
    this.#c |= 0
    return (out >>> 0) / 2 ** 32
  }

  /** An integer in [0, limit). @param {number} limit */
  below(limit) {
    return Math.floor(this.next() * limit)
  }

  /**
   * An index, drawn by weight.
   * @param {readonly number[]} weights not negative, with a sum of 1
   */
  weighted(weights) {
    let left = this.next()
    for (let i = 0; i < weights.length - 1; i++) {
      left -= weights[i]
      if (left < 0) return i
    }
    return weights.length - 1
  }
}
