// How busy a thread is that sleeps by itself: the share of its time in which it did not.

const NS_PER_REPORT = 1e9

/** Belongs to one thread. All times are of one monotonic clock, in ns. */
export class BusyMeter {
  #sinceNs
  #sleptNs = 0

  /** @param {number} nowNs */
  constructor(nowNs) {
    this.#sinceNs = nowNs
  }

  /** Tells of a sleep that is over. @param {number} ns */
  slept(ns) {
    this.#sleptNs += ns
  }

  /**
   * The busy share since the last report, in whole percent. Undefined until a second has passed.
   * @param {number} nowNs
   * @returns {number | undefined}
   */
  report(nowNs) {
    const span = nowNs - this.#sinceNs
    if (span < NS_PER_REPORT) return undefined
    const percent = Math.round((100 * (span - this.#sleptNs)) / span)
    this.#sinceNs = nowNs
    this.#sleptNs = 0
    return percent
  }
}
