// Which synsets were ever met in which context: what decides whether a memory is false. Kept apart from the store, which
// forgets: that an observation was let go does not make it untrue. One bit each, in a shared array: 663 KB for WordNet.
// Not thread-safe: threads that share the bits hold a lock around each call.

/**
 * The shared bits.
 * @param {number} synsets
 * @param {number} contexts
 */
export function createMet(synsets, contexts) {
  return new Uint8Array(new SharedArrayBuffer(Math.ceil((synsets * contexts) / 8)))
}

/** A view of the bits. */
export class Met {
  #bits
  #synsets

  /** @param {Uint8Array} bits of {@link createMet} @param {number} synsets as given there */
  constructor(bits, synsets) {
    this.#bits = bits
    this.#synsets = synsets
  }

  /** An observation was made. @param {ArrayLike<number>} synsets @param {number} context */
  note(synsets, context) {
    for (let i = 0; i < synsets.length; i++) {
      const bit = context * this.#synsets + synsets[i]
      this.#bits[bit >>> 3] |= 1 << (bit & 7)
    }
  }

  /** Whether any observation of a context had a synset. @param {number} synset @param {number} context */
  hasMet(synset, context) {
    const bit = context * this.#synsets + synset
    return (this.#bits[bit >>> 3] & (1 << (bit & 7))) !== 0
  }
}
