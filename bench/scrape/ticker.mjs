// Measures for how long the event loop's thread was held: the longest gap between two consecutive immediates.
//
// It does not rely on the event loop's own statistics, which count a thread that waits for another one as idle or busy
// depending on how it waits.

/** Runs from its construction to `stop()`; one thread only. */
export class Ticker {
  #longest = 0
  #last = performance.now()
  #stopped = false
  #ticks = 0
  #onTick = []

  constructor() {
    setImmediate(() => this.#tick())
  }

  /** Resolves once the first ticks have come: the gap before them is not the measured work's. */
  async started() {
    while (this.#ticks < 3) await this.#next()
    this.#longest = 0
  }

  /**
   * Takes one more tick, which ends the gap that is open now.
   * @returns {Promise<number>} The longest gap in milliseconds since `started()`.
   */
  async stop() {
    await this.#next()
    this.#stopped = true
    return this.#longest
  }

  #next() {
    return new Promise((resolve) => this.#onTick.push(resolve))
  }

  #tick() {
    const now = performance.now()
    this.#longest = Math.max(this.#longest, now - this.#last)
    this.#last = now
    this.#ticks++
    for (const resolve of this.#onTick.splice(0)) resolve()
    if (!this.#stopped) setImmediate(() => this.#tick())
  }
}
