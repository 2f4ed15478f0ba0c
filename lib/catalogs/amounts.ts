// What catalogs have in common that record samples: what a sample may be, and two counters that are recorded into together.
import type { BoundCounter } from '../index.js'

/** What an instrument is handed in place of a value that it would take and that means nothing: it drops and counts it. */
export const REFUSED = undefined as unknown as number

/** Finite and not negative. */
export function isAmount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value < Infinity
}

/** The value, if it is an amount; else what a histogram or a gauge drops and counts. Infinities and NaN they would take. */
export function amountOrRefused(value: unknown): number {
  return isAmount(value) ? value : REFUSED
}

/** A label's value, if it is one of those that the label has; else what the recording is dropped and counted for. */
export function knownOrRefused<T>(values: readonly T[], value: T): T {
  return values.includes(value) ? value : (undefined as T)
}

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
