// How often each of the small integers from 0 on was counted, by all threads, in one shared array: what the engine itself
// knows exactly of a histogram that nanotally keeps in buckets. No import of nanotally here.

export class Distribution {
  #counts

  /** @param {SharedArrayBuffer} buffer of {@link Distribution.createBuffer} */
  constructor(buffer) {
    this.#counts = new Int32Array(buffer)
  }

  /** @param {number} most the highest value that can be counted */
  static createBuffer(most) {
    return new SharedArrayBuffer((most + 1) * Int32Array.BYTES_PER_ELEMENT)
  }

  /** @param {number} value an integer of 0 to `most` */
  add(value) {
    Atomics.add(this.#counts, value, 1)
  }

  /**
   * The values that were counted, ascending, each with how often: exact once the threads have stopped.
   * @returns {[value: number, count: number][]}
   */
  read() {
    /** @type {[number, number][]} */
    const pairs = []
    for (let value = 0; value < this.#counts.length; value++) {
      const count = Atomics.load(this.#counts, value)
      if (count > 0) pairs.push([value, count])
    }
    return pairs
  }
}
