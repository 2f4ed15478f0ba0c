// Counters: totals that only grow.
import {
  checkDefinition,
  type LabelNames,
  type Labels,
  type LabelTuple,
  type MetricOptions,
  type WithLabels,
} from './definition.js'
import { makeInitial } from './initial.js'
import { define, type Handles, Instrument, type Place } from './instrument.js'

/** Options of `counter()`. */
export interface CounterOptions<L extends LabelNames, O extends LabelNames> extends MetricOptions<L, O> {}

/** One series of a counter. Keep it: recording through it is a memory add. Belongs to the thread that bound it. */
export class BoundCounter {
  /** @internal */
  _cells: Float64Array
  /** @internal */
  _at: number
  /** @internal */
  _held: boolean
  /** @internal */
  readonly _series: number
  /** @internal */
  readonly _metric: Instrument<BoundCounter>

  /** @internal */
  constructor(metric: Instrument<BoundCounter>, place: Place) {
    this._cells = place.cells
    this._at = place.at
    this._metric = metric
    this._held = false
    this._series = place.series
  }

  /**
   * Adds to the counter. Never throws: a negative, infinite or non-numeric amount is dropped and counted.
   *
   * @param amount finite and >= 0; default 1. Past 2^53 an addition of 1 no longer shows (float64).
   */
  inc(amount = 1): void {
    if (typeof amount === 'number' && amount >= 0 && amount < Infinity) this._cells[this._at] += amount
    else this._metric._reject(reasonToRefuse(amount), amount)
  }
}

class DroppingCounter extends BoundCounter {
  override inc(): void {
    this._metric._drop(this)
  }
}

const HANDLES: Handles<BoundCounter> = {
  make: (metric, place) => new BoundCounter(metric, place),
  dropping: DroppingCounter.prototype,
}

function reasonToRefuse(amount: unknown): string {
  if (typeof amount !== 'number' || Number.isNaN(amount)) return 'not_a_number'
  return amount < 0 ? 'negative' : 'infinite'
}

/** A counter with required labels `L` and optional ones `O`. Made by `counter()`. */
export class Counter<
  L extends LabelNames = LabelNames,
  O extends LabelNames = LabelNames,
> extends Instrument<BoundCounter> {
  /**
   * Adds to the series with these labels, found on each call. Never throws, see `BoundCounter.inc`.
   */
  inc(...args: WithLabels<L, O, [amount?: number]>): void
  inc(first?: unknown, second?: number): void {
    if (typeof first === 'object' && first !== null) this._tree.get(first as Record<string, unknown>).inc(second)
    else this._handleWithout().inc(first as number | undefined)
  }

  /**
   * Binds a label set, given as an object or as values in the order of the labels. Unusable labels yield a handle whose
   * recordings are dropped and counted.
   */
  labels(labels: Labels<L, O>): BoundCounter
  labels(...values: LabelTuple<L, O>): BoundCounter
  labels(...values: unknown[]): BoundCounter {
    return this._handleOf(values[0], values)
  }

  /**
   * Ends the series with these labels, in all threads: recordings through its handles are dropped and counted as soon as
   * their thread has heard of it. The same labels begin a new series, with a new created time.
   *
   * @returns false when there is no such series.
   * @throws `ERR_NANOTALLY_INVALID_LABEL`, `ERR_NANOTALLY_REGISTRY_CLOSED`, `ERR_NANOTALLY_METRIC_REMOVED`
   */
  remove(labels: Labels<L, O>): boolean
  remove(...values: LabelTuple<L, O>): boolean
  remove(...values: unknown[]): boolean {
    return this._remove(values[0], values)
  }
}

/**
 * Defines a counter, or returns the one that is already defined so.
 *
 * @throws `ERR_NANOTALLY_METRIC_CONFLICT`, `ERR_NANOTALLY_INVALID_TYPE`, `ERR_NANOTALLY_INVALID_NAME`,
 * `ERR_NANOTALLY_INVALID_LABEL`, `ERR_NANOTALLY_RESERVED_LABEL`, `ERR_NANOTALLY_INVALID_VALUE`,
 * `ERR_NANOTALLY_REGISTRY_CLOSED`
 *
 * @example
 * const requests = counter({ name: 'http_requests_total', help: 'Requests served.', labels: ['method', 'status'] })
 * requests.inc({ method: 'GET', status: 200 })
 * const ok = requests.labels({ method: 'GET', status: 200 })
 * ok.inc(3)
 */
export function counter<const L extends LabelNames = [], const O extends LabelNames = []>(
  options: CounterOptions<L, O>,
): Counter<L, O> {
  const definition = checkDefinition('counter', options)
  return makeInitial(
    define(definition, (id) => new Counter<L, O>(definition, id, HANDLES)),
    definition.initial,
  )
}
