// Feeds the load to the engine: so many requests per second, whether it keeps up or not, or as many as it takes.

/** Time that one turn may hold the main thread, where the workers keep up with anything. */
export const MAX_TURN_MS = 4
/** Load that a late turn makes up for, at most: a stall must not end in a burst. */
const MAX_CATCH_UP_MS = 100

/** @typedef {import('./workload.mjs').Request} Request */

/** Feeds requests by turns. */
export class Feeder {
  #rate
  #workload
  #gate
  #nowNs
  #lastNs
  #due = 0
  /** A request that there was no room for, to be tried again before any other. @type {Request | undefined} */
  #held

  /**
   * @param {object} parts
   * @param {number} parts.rate requests per second; 0: as many as there is room for
   * @param {{ next(): Request }} parts.workload
   * @param {{ hasRoom(request: Request): boolean, submit(request: Request): unknown }} parts.gate
   * @param {() => number} parts.nowNs
   */
  constructor({ rate, workload, gate, nowNs }) {
    this.#rate = rate
    this.#workload = workload
    this.#gate = gate
    this.#nowNs = nowNs
    this.#lastNs = nowNs()
  }

  /** Feeds what is due. */
  turn() {
    if (this.#rate === 0) this.#fill()
    else this.#keepUp()
  }

  /** Never finds a ring full, so nothing is turned away. */
  #fill() {
    const endNs = this.#nowNs() + MAX_TURN_MS * 1e6
    while (this.#nowNs() < endNs) {
      const request = this.#held ?? this.#workload.next()
      if (!this.#gate.hasRoom(request)) {
        this.#held = request
        return
      }
      this.#held = undefined
      this.#gate.submit(request)
    }
  }

  #keepUp() {
    const now = this.#nowNs()
    const most = Math.max(1, (this.#rate * MAX_CATCH_UP_MS) / 1000)
    this.#due = Math.min(most, this.#due + (this.#rate * (now - this.#lastNs)) / 1e9)
    this.#lastNs = now
    for (; this.#due >= 1 && this.#nowNs() - now < MAX_TURN_MS * 1e6; this.#due--) {
      this.#gate.submit(this.#workload.next())
    }
  }
}
