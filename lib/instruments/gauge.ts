// Gauges: values that go up and down, set by several threads and merged as the gauge's aggregate says.
import { invalidType, invalidValue } from '../errors.js'
import { TICK_CELL } from '../sink.js'
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

const AGGREGATES = ['sum', 'last', 'min', 'max', 'average'] as const
const EXIT_RULES = ['keep', 'drop'] as const
/** Where each thread's value enters, a zero that nobody measured would be mistaken for one. */
const NOT_INITIAL: readonly string[] = ['min', 'max', 'average']
/** The stamp of an initial zero: ticks begin at 1, so whatever any thread records is later. */
const BEFORE_ANY_TICK = 0.5

/** Options of `gauge()`. */
export interface GaugeOptions<L extends LabelNames, O extends LabelNames> extends MetricOptions<L, O> {
  /**
   * Label sets that are exposed as 0 until they are recorded, by `sum` and `last` only: a zero that nobody measured would
   * enter a minimum, maximum or average.
   */
  initial?: readonly Labels<L, O>[] | undefined
  /**
   * How the values that several threads hold become one. `last` is the most recent, to about 100 ms; within that,
   * unspecified. Default `sum`.
   */
  aggregate?: 'sum' | 'last' | 'min' | 'max' | 'average' | undefined
  /**
   * What the end of a thread does to its values. By default `last` keeps them; `min`, `max` and `average` drop them; `sum`
   * keeps what was only incremented and decremented and drops what was set.
   */
  onExit?: 'keep' | 'drop' | undefined
  /**
   * Called before each scrape on the thread that defined the gauge, to set it. A promise is waited for, for a short time:
   * see `RenderOptions.collectTimeoutMs`. What it throws is counted and warned of once.
   */
  collect?: ((gauge: Gauge<L, O>) => void | Promise<void>) | undefined
}

/**
 * One series of a gauge in this thread. Until it is first recorded it is not exposed.
 *
 * Two cells: the value, then its stamp: the registry's tick at the last record (0: never, 0.5: an initial zero), negative
 * once `set` was used.
 */
export class BoundGauge {
  /** @internal */
  _cells: Float64Array
  /** @internal */
  _at: number
  /** @internal */
  _held: boolean
  /** @internal */
  readonly _series: number
  /** @internal */
  readonly _metric: Instrument<BoundGauge>

  /** @internal */
  constructor(metric: Instrument<BoundGauge>, place: Place) {
    this._cells = place.cells
    this._at = place.at
    this._metric = metric
    this._held = false
    this._series = place.series
  }

  /** Sets the value: any number, infinities and NaN included. Never throws: anything else is dropped and counted. */
  set(value: number): void {
    if (typeof value === 'number') {
      const cells = this._cells
      cells[this._at] = value
      cells[this._at + 1] = -(cells[TICK_CELL] as number)
    } else {
      this._metric._reject('not_a_number', value)
    }
  }

  /** Adds to this thread's value: a finite amount, default 1. Never throws: anything else is dropped and counted. */
  inc(amount = 1): void {
    if (Number.isFinite(amount)) {
      const cells = this._cells
      const stamp = this._at + 1
      cells[this._at] += amount
      const tick = cells[TICK_CELL] as number
      cells[stamp] = (cells[stamp] as number) < 0 ? -tick : tick
    } else {
      this._metric._reject(typeof amount === 'number' && !Number.isNaN(amount) ? 'infinite' : 'not_a_number', amount)
    }
  }

  /** Subtracts from this thread's value: a finite amount, default 1. As `inc`. */
  dec(amount = 1): void {
    // Negating a bigint or an object could throw; inc refuses them as they are.
    this.inc(typeof amount === 'number' ? -amount : amount)
  }
}

class DroppingGauge extends BoundGauge {
  override set(): void {
    this._metric._drop(this)
  }
  override inc(): void {
    this._metric._drop(this)
  }
  override dec(): void {
    this._metric._drop(this)
  }
}

/** Of all kinds of gauges. @internal */
export const GAUGE_HANDLES: Handles<BoundGauge> = {
  make: (metric, place) => new BoundGauge(metric, place),
  dropping: DroppingGauge.prototype,
}

/** A gauge with required labels `L` and optional ones `O`. Made by `gauge()`. */
export class Gauge<
  L extends LabelNames = LabelNames,
  O extends LabelNames = LabelNames,
> extends Instrument<BoundGauge> {
  /** @internal */
  _collect: (() => void | Promise<void>) | undefined

  /** Sets the series with these labels, found on each call. Never throws, see `BoundGauge.set`. */
  set(...args: WithLabels<L, O, [value: number]>): void
  set(first?: unknown, second?: number): void {
    if (typeof first === 'object' && first !== null) {
      this._tree.get(first as Record<string, unknown>).set(second as number)
    } else {
      this._handleWithout().set(first as number)
    }
  }

  /** Adds to the series with these labels, found on each call. Never throws, see `BoundGauge.inc`. */
  inc(...args: WithLabels<L, O, [amount?: number]>): void
  inc(first?: unknown, second?: number): void {
    if (typeof first === 'object' && first !== null) this._tree.get(first as Record<string, unknown>).inc(second)
    else this._handleWithout().inc(first as number | undefined)
  }

  /** Subtracts from the series with these labels, found on each call. Never throws, see `BoundGauge.dec`. */
  dec(...args: WithLabels<L, O, [amount?: number]>): void
  dec(first?: unknown, second?: number): void {
    if (typeof first === 'object' && first !== null) this._tree.get(first as Record<string, unknown>).dec(second)
    else this._handleWithout().dec(first as number | undefined)
  }

  /** Binds a label set, see `Counter.labels`. */
  labels(labels: Labels<L, O>): BoundGauge
  labels(...values: LabelTuple<L, O>): BoundGauge
  labels(...values: unknown[]): BoundGauge {
    return this._handleOf(values[0], values)
  }

  /** Ends the series with these labels, see `Counter.remove`. */
  remove(labels: Labels<L, O>): boolean
  remove(...values: LabelTuple<L, O>): boolean
  remove(...values: unknown[]): boolean {
    return this._remove(values[0], values)
  }
}

/** Exposes a series that this thread has not recorded, whose value cell is 0; says nothing about those that it has. */
function startAtZero({ _cells, _at }: BoundGauge): void {
  if (_cells[_at + 1] === 0) _cells[_at + 1] = BEFORE_ANY_TICK
}

function checkOneOf<T extends string>(name: string, value: T | undefined, allowed: readonly T[]): T | undefined {
  if (value !== undefined && !allowed.includes(value)) throw invalidValue(name, `one of ${allowed.join(', ')}`, value)
  return value
}

/**
 * Defines a gauge, or returns the one that is already defined so.
 *
 * @throws as `counter`
 *
 * @example
 * const depth = gauge({ name: 'queue_depth', help: 'Waiting jobs.', labels: ['priority'], onExit: 'drop' })
 * depth.labels('high').set(12)
 * gauge({ name: 'heap_used_bytes', help: 'Heap in use.', collect: (g) => g.set(process.memoryUsage().heapUsed) })
 */
export function gauge<const L extends LabelNames = [], const O extends LabelNames = []>(
  options: GaugeOptions<L, O>,
): Gauge<L, O> {
  const definition = checkDefinition('gauge', options)
  const { collect } = options
  if (collect !== undefined && typeof collect !== 'function') throw invalidType('collect', 'a function', collect)
  definition.native.aggregate = checkOneOf('aggregate', options.aggregate, AGGREGATES) ?? 'sum'
  definition.native.onExit = checkOneOf('onExit', options.onExit, EXIT_RULES) ?? 'default'
  if (definition.initial.length > 0 && NOT_INITIAL.includes(definition.native.aggregate)) {
    throw invalidValue('initial', 'none for an aggregate of min, max or average', definition.native.aggregate)
  }
  const made = makeInitial(
    define(definition, (id) => new Gauge<L, O>(definition, id, GAUGE_HANDLES)),
    definition.initial,
    startAtZero,
  )
  if (collect !== undefined && made._collect === undefined && definition.enabled) {
    made._collect = () => collect(made)
    definition.registry._startCollecting()
  }
  return made
}
