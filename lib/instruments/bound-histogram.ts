// What the two kinds of histogram series share: timing, reading, and exemplars that are given.
import { native } from '../native.js'
import { type Exemplar, keepExemplar, type SampledSeries } from './exemplars.js'
import { emptySnapshot, type HistogramShape, type HistogramSnapshot, readSnapshot } from './histogram-snapshot.js'
import { IN_SINK, type Instrument, type Place } from './instrument.js'

/** Options of `observe()`. */
export interface ObserveOptions {
  /**
   * The trace that the observation was made in. It takes the place of the last exemplar of its bucket (its octave, if the
   * histogram is exponential) each time: how often that happens is the caller's to bound. That costs about
   * 0.4 us. One that is unusable is counted as rejected; the observation is recorded.
   */
  exemplar?: Exemplar | undefined
}

/**
 * One series of a histogram. Keep it: recording through it is two memory adds. Belongs to the thread that bound it.
 * There is one subclass per kind of buckets.
 */
export abstract class BoundHistogram implements SampledSeries {
  /** @internal */
  _held: boolean
  /** @internal */
  readonly _metric: Instrument<BoundHistogram>
  /** The series' number within its metric, or IN_SINK. @internal */
  readonly _series: number

  /** @internal */
  constructor(metric: Instrument<BoundHistogram>, place: Place) {
    this._metric = metric
    this._held = false
    this._series = place.series
  }

  /** @internal */
  abstract get _shape(): HistogramShape

  /**
   * Records one observation. Never throws. NaN is counted and makes the sum NaN, infinities go to the outermost buckets
   * (Prometheus, "Native Histograms", section "NaN and infinities"); what is no number is dropped and counted.
   */
  abstract observe(value: number, options?: ObserveOptions): void

  /** Called by `observe` where options are given. @internal */
  _observeWith(value: number, options: ObserveOptions): void {
    this.observe(value)
    // Read here: what a caller in JavaScript passes may be anything.
    const exemplar = options?.exemplar
    if (exemplar === undefined || typeof value !== 'number' || this._series === IN_SINK) return
    keepExemplar(this, value, exemplar)
  }

  /** @internal */
  abstract _startSampling(): number[]
  /** @internal */
  abstract _stopSampling(): void
  /** @internal */
  abstract _arm(place: number): void

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

  /**
   * Reads the series, over all threads: what has been recorded so far. A copy, made in some microseconds; it never waits
   * for those who record. Without observations when the series leads nowhere: it or its metric was removed, the metric is
   * disabled, or its labels were refused.
   *
   * @throws `ERR_NANOTALLY_OUT_OF_MEMORY`
   */
  snapshot(): HistogramSnapshot {
    if (this._series === IN_SINK) return emptySnapshot(this._shape)
    const { _registry: registry, _id: id } = this._metric
    return readSnapshot(this._shape, () => native.readHistogram(registry._handle, id, this._series))
  }

  /** The observations so far, over all threads. Each access reads the series: for more than one number take a snapshot. */
  get count(): number {
    return this.snapshot().count
  }

  /** The sum of the observations so far, over all threads. Each access reads the series. */
  get sum(): number {
    return this.snapshot().sum
  }

  /** Estimates a quantile of the observations so far, see `HistogramSnapshot.quantile`. Each call reads the series. */
  quantile(q: number): number {
    return this.snapshot().quantile(q)
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
