// Two counters that are recorded into together.
import type { BoundCounter } from '../../index.js'
import { isAmount } from './recording.js'

/** Counters refuse each number that is no amount. What is no number at all would be 1, if it is undefined. */
function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : Number.NaN
}

/**
 * Two counters that get their parts of a sample, or neither of them does: then whichever cannot be added is counted as
 * dropped. Belongs to the thread that made it. Costs two memory adds and the checks of both numbers.
 */
export class PairRecorder {
  /** @internal */
  readonly _first: BoundCounter
  /** @internal */
  readonly _second: BoundCounter

  constructor(first: BoundCounter, second: BoundCounter) {
    this._first = first
    this._second = second
  }

  /** Never throws. */
  record(first: number, second: number): void {
    if (isAmount(first) && isAmount(second)) {
      this._first.inc(first)
      this._second.inc(second)
    } else if (isAmount(first)) this._second.inc(numberOf(second))
    else this._first.inc(numberOf(first))
  }
}
