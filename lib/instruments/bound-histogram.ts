// What the two kinds of histogram series share: timing.
import type { Instrument } from './instrument.js'

/**
 * One series of a histogram. Keep it: recording through it is two memory adds. Belongs to the thread that bound it.
 * There is one subclass per kind of buckets.
 */
export abstract class BoundHistogram {
  /** @internal */
  _held: boolean
  /** @internal */
  readonly _metric: Instrument<BoundHistogram>

  /** @internal */
  constructor(metric: Instrument<BoundHistogram>) {
    this._metric = metric
    this._held = false
  }

  /**
   * Records one observation. Never throws. NaN is counted and makes the sum NaN, infinities go to the outermost buckets
   * (Prometheus, "Native Histograms", section "NaN and infinities"); what is no number is dropped and counted.
   */
  abstract observe(value: number): void

  /**
   * Starts a timer; the returned function records the seconds since then and returns them. Each call of it records.
   * The closure is allocated: on the hottest paths take the time yourself.
   */
  startTimer(): () => number {
    const start = performance.now()
    return () => {
      const seconds = (performance.now() - start) / 1000
      this.observe(seconds)
      return seconds
    }
  }

  /** Records how many seconds `fn` takes, or the promise that it returns, also when it fails. Returns what `fn` returns. */
  time<T>(fn: () => T): T {
    const stop = this.startTimer()
    let result: T
    try {
      result = fn()
    } catch (error) {
      stop()
      throw error
    }
    if (!isThenable(result)) {
      stop()
      return result
    }
    return Promise.resolve(result).then(
      (value) => {
        stop()
        return value
      },
      (error) => {
        stop()
        throw error
      },
    ) as T
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
}
