// Shares of what happened lately.
import type { BoundGauge } from '../../index.js'

/** Each event weighs 0.95 times the one after it: the average is over the last twenty, as it were. */
const KEPT = 0.95
/** What has faded to this is nothing: it would otherwise end as a subnormal, which is slow and never fades. */
const FADED = 1e-9

/**
 * Two amounts of each event, as two sums in which events fade. The first over both is an exponential moving average with
 * weight 0.05, without the bias towards 0 that one which starts at 0 has.
 *
 * Why two sums and not the average: each thread has its own, and sums can be added up in a scrape. A thread that has seen
 * little then weighs little; averages of averages would take it for as good as the others.
 */
class RecentPair {
  #first = 0
  #second = 0

  record(first: number, second: number, firstSeries: BoundGauge, secondSeries: BoundGauge): void {
    this.#first = fade(this.#first) + first
    this.#second = fade(this.#second) + second
    // One series for both: where label sets overflow, or where they were refused, which counts once.
    if (firstSeries === secondSeries) firstSeries.set(this.#first + this.#second)
    else {
      firstSeries.set(this.#first)
      secondSeries.set(this.#second)
    }
  }
}

function fade(sum: number): number {
  return sum < FADED ? 0 : sum * KEPT
}

/** The pairs of a gauge's series. They live as long as the handle of the first one: a series that ends takes its past with it. */
export class RecentPairs {
  readonly #pairs = new WeakMap<BoundGauge, RecentPair>()

  /** Both amounts are finite and not negative. */
  record(firstSeries: BoundGauge, first: number, secondSeries: BoundGauge, second: number): void {
    let pair = this.#pairs.get(firstSeries)
    if (pair === undefined) {
      pair = new RecentPair()
      this.#pairs.set(firstSeries, pair)
    }
    pair.record(first, second, firstSeries, secondSeries)
  }
}
