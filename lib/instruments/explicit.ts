// One series of a histogram with explicit buckets: sum, NaN count, then a cell per bucket (native/core/metric.h,
// ExplicitCells).

import { BoundHistogram, type ObserveOptions } from './bound-histogram.js'
import { isSampling, takeExemplar } from './exemplars.js'
import type { Instrument, Place } from './instrument.js'

const NAN = 1
const BUCKETS = 2
/** So many bounds are scanned from below: its branches are predictable, those of a bisection cost 3 times as much at 11. */
const SCANNED = 32

export class BoundExplicit extends BoundHistogram {
  /** @internal */
  readonly _cells: Float64Array
  /** @internal */
  readonly _at: number
  /** Upper bounds, inclusive, ascending; +Inf is implied. @internal */
  readonly _bounds: Float64Array
  /** 1 for each bucket whose next observation takes an exemplar, by its cell; undefined while there is no source. @internal */
  _armed: Uint8Array | undefined

  /** @internal */
  constructor(metric: Instrument<BoundHistogram>, place: Place, bounds: Float64Array) {
    super(metric, place)
    this._cells = place.cells
    this._at = place.at
    this._bounds = bounds
    this._armed = isSampling() ? this.#makeFlags().fill(1, BUCKETS) : undefined
  }

  /** @internal */
  override get _shape(): Float64Array {
    return this._bounds
  }

  override observe(value: number, options?: ObserveOptions): void {
    if (options !== undefined) {
      this._observeWith(value, options)
      return
    }
    if (typeof value !== 'number') {
      this._metric._reject('not_a_number', value)
      return
    }
    const cells = this._cells
    const bounds = this._bounds
    let bucket = NAN
    if (!Number.isNaN(value)) {
      // The first bound >= value; past the last one the +Inf bucket.
      let low = 0
      let high = bounds.length
      while (high - low > SCANNED) {
        const middle = (low + high) >>> 1
        if ((bounds[middle] as number) < value) low = middle + 1
        else high = middle
      }
      while (low < high && (bounds[low] as number) < value) low++
      bucket = BUCKETS + low
    }
    cells[this._at + bucket] += 1
    cells[this._at] += value
    if (this._armed !== undefined && this._armed[bucket] !== 0) this.#sample(bucket, value)
  }

  #sample(bucket: number, value: number): void {
    if (this._armed !== undefined) this._armed[bucket] = 0
    takeExemplar(this, bucket, value)
  }

  /** @internal */
  override _startSampling(): number[] {
    this._armed = this.#makeFlags()
    return Array.from({ length: this._bounds.length + 1 }, (_, i) => BUCKETS + i)
  }

  /** @internal */
  override _stopSampling(): void {
    this._armed = undefined
  }

  /** @internal */
  override _arm(bucket: number): void {
    if (this._armed !== undefined) this._armed[bucket] = 1
  }

  #makeFlags(): Uint8Array {
    return new Uint8Array(BUCKETS + this._bounds.length + 1)
  }
}
