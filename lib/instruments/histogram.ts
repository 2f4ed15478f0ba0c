// Histograms: distributions, by exponential buckets of a fixed relative width or by explicit bounds.
import { invalidType, invalidValue } from '../errors.js'
import type { BoundHistogram } from './bound-histogram.js'
import { bucketLayout, MAX_SCHEMA, MIN_SCHEMA } from './bucket-layout.js'
import {
  checkDefinition,
  type LabelNames,
  type Labels,
  type LabelTuple,
  type MetricOptions,
  type WithLabels,
} from './definition.js'
import { BoundExplicit } from './explicit.js'
import { BoundExponential } from './exponential.js'
import { makeInitial } from './initial.js'
import { define, type Handles, Instrument } from './instrument.js'

const DEFAULT_SCHEMA = 3
/** native/core/metric.h, ExplicitCells::kMaxBounds. */
const MAX_BUCKETS = 1000

/** Options of `histogram()`. Give `schema` or `buckets`, not both. */
export interface HistogramOptions<L extends LabelNames, O extends LabelNames> extends MetricOptions<L, O> {
  /**
   * Resolution of the base-2 exponential buckets, -4 to 8: each is 2^(2^-schema) times as wide as the one below. Default
   * 3: a factor of 1.09. Every finite number lands in its exact bucket; magnitudes up to 2^-128 are zeros.
   */
  schema?: number | undefined
  /** Explicit upper bounds, inclusive, ascending; 1 to 1000 of them. A closing Infinity may be given or left out. */
  buckets?: readonly number[] | undefined
}

class DroppingExponential extends BoundExponential {
  override observe(): void {
    this._metric._drop(this)
  }
}

class DroppingExplicit extends BoundExplicit {
  override observe(): void {
    this._metric._drop(this)
  }
}

function exponentialHandles(schema: number): Handles<BoundHistogram> {
  const layout = bucketLayout(schema)
  return {
    make: (metric, place) => new BoundExponential(metric, place, layout, metric._registry._chunks),
    dropping: DroppingExponential.prototype,
  }
}

function explicitHandles(buckets: readonly number[]): Handles<BoundHistogram> {
  const bounds = Float64Array.from(buckets)
  return { make: (metric, place) => new BoundExplicit(metric, place, bounds), dropping: DroppingExplicit.prototype }
}

/** A histogram with required labels `L` and optional ones `O`. Made by `histogram()`. */
export class Histogram<
  L extends LabelNames = LabelNames,
  O extends LabelNames = LabelNames,
> extends Instrument<BoundHistogram> {
  /** Records an observation in the series with these labels, found on each call. See `BoundHistogram.observe`. */
  observe(...args: WithLabels<L, O, [value: number]>): void
  observe(first?: unknown, second?: number): void {
    if (typeof first === 'object' && first !== null) {
      this._tree.get(first as Record<string, unknown>).observe(second as number)
    } else {
      this._handleWithout().observe(first as number)
    }
  }

  /** Starts a timer on the series with these labels, see `BoundHistogram.startTimer`. */
  startTimer(...args: WithLabels<L, O, []>): () => number
  startTimer(labels?: unknown): () => number {
    return this.#handle(labels).startTimer()
  }

  /** Times a function on the series with these labels, see `BoundHistogram.time`. */
  time<T>(...args: WithLabels<L, O, [fn: () => T]>): T
  time<T>(...args: unknown[]): T {
    return this.#handle(args.length > 1 ? args[0] : undefined).time(args.at(-1) as () => T)
  }

  /** Binds a label set, see `Counter.labels`. */
  labels(labels: Labels<L, O>): BoundHistogram
  labels(...values: LabelTuple<L, O>): BoundHistogram
  labels(...values: unknown[]): BoundHistogram {
    return this._handleOf(values[0], values)
  }

  /** Ends the series with these labels, see `Counter.remove`. */
  remove(labels: Labels<L, O>): boolean
  remove(...values: LabelTuple<L, O>): boolean
  remove(...values: unknown[]): boolean {
    return this._remove(values[0], values)
  }

  #handle(labels: unknown): BoundHistogram {
    return labels === undefined ? this._handleWithout() : this._handleOf(labels, [labels])
  }
}

function checkSchema(schema: unknown): number {
  if (typeof schema !== 'number') throw invalidType('schema', 'an integer', schema)
  if (!Number.isInteger(schema) || schema < MIN_SCHEMA || schema > MAX_SCHEMA) {
    throw invalidValue('schema', `an integer of ${MIN_SCHEMA} to ${MAX_SCHEMA}`, schema, 'ERR_NANOTALLY_INVALID_SCHEMA')
  }
  return schema
}

function checkBuckets(buckets: unknown): number[] {
  if (!Array.isArray(buckets)) throw invalidType('buckets', 'an array of numbers', buckets)
  const bounds: unknown[] = buckets.at(-1) === Infinity ? buckets.slice(0, -1) : buckets
  const refuse = (expected: string, received: unknown) =>
    invalidValue('buckets', expected, received, 'ERR_NANOTALLY_INVALID_BUCKETS')
  if (bounds.length < 1 || bounds.length > MAX_BUCKETS) throw refuse(`1 to ${MAX_BUCKETS} finite bounds`, bounds.length)
  for (const [i, bound] of bounds.entries()) {
    if (typeof bound !== 'number') throw invalidType('buckets', 'numbers', bound)
    if (!Number.isFinite(bound)) throw refuse('finite bounds', bound)
    if (i > 0 && bound <= (bounds[i - 1] as number)) throw refuse('ascending bounds, each once', bound)
  }
  return bounds as number[]
}

/**
 * Defines a histogram, or returns the one that is already defined so.
 *
 * @throws as `counter`; `ERR_NANOTALLY_INVALID_SCHEMA`, `ERR_NANOTALLY_INVALID_BUCKETS`
 *
 * @example
 * const latency = histogram({ name: 'recall_latency_seconds', help: 'Time to recall.', unit: 'seconds', labels: ['space'] })
 * const inA = latency.labels({ space: 'a' })
 * inA.observe(0.0031)
 * const stop = inA.startTimer()
 * stop()
 */
export function histogram<const L extends LabelNames = [], const O extends LabelNames = []>(
  options: HistogramOptions<L, O>,
): Histogram<L, O> {
  const definition = checkDefinition('histogram', options)
  const { schema, buckets } = options
  let handles: Handles<BoundHistogram>
  if (buckets === undefined) {
    definition.native.schema = checkSchema(schema ?? DEFAULT_SCHEMA)
    handles = exponentialHandles(definition.native.schema)
  } else {
    if (schema !== undefined) throw invalidValue('schema', 'no schema beside buckets', schema)
    definition.native.bounds = checkBuckets(buckets)
    handles = explicitHandles(definition.native.bounds)
  }
  return makeInitial(
    define(definition, (id) => new Histogram<L, O>(definition, id, handles)),
    definition.initial,
  )
}
