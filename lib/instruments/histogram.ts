// Histograms: distributions, by exponential buckets of a fixed relative width or by explicit bounds.
import { invalidType, invalidValue } from '../errors.js'
import { type NativeDefinition, native } from '../native.js'
import type { BoundHistogram, ObserveOptions } from './bound-histogram.js'
import { bucketLayout, MAX_SCHEMA, MIN_SCHEMA, ZERO_THRESHOLD } from './bucket-layout.js'
import {
  checkDefinition,
  type LabelNames,
  type Labels,
  type LabelTuple,
  type MetricOptions,
  type WithLabels,
} from './definition.js'
import { addSampled } from './exemplars.js'
import { BoundExplicit } from './explicit.js'
import { BoundExponential } from './exponential.js'
import { type HistogramSnapshot, readSnapshot } from './histogram-snapshot.js'
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
  /**
   * Which `le` boundaries the text formats show of an exponential histogram: those of this coarser schema, -4 to `schema`.
   * By default powers of two around what was observed.
   */
  classicSchema?: number | undefined
  /**
   * The same one by one: ascending, 1 to 1000, each an exact boundary of `schema` (such as any power of two from 2^-128
   * on), so that what is shown was counted and not estimated. Not beside `classicSchema`.
   */
  classicBuckets?: readonly number[] | undefined
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
  observe(...args: WithLabels<L, O, [value: number, options?: ObserveOptions]>): void
  observe(first?: unknown, second?: unknown, third?: ObserveOptions): void {
    if (typeof first === 'object' && first !== null) {
      this._tree.get(first as Record<string, unknown>).observe(second as number, third)
    } else {
      this._handleWithout().observe(first as number, second as ObserveOptions | undefined)
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

  /** Reads the series with these labels, over all threads, see `BoundHistogram.snapshot`. */
  snapshot(...args: WithLabels<L, O, []>): HistogramSnapshot
  snapshot(labels?: unknown): HistogramSnapshot {
    return this.#look(labels).snapshot()
  }

  /** Estimates a quantile of the series with these labels, see `HistogramSnapshot.quantile`. */
  quantile(...args: WithLabels<L, O, [q: number]>): number
  quantile(...args: unknown[]): number {
    return this.#look(args.length > 1 ? args[0] : undefined).quantile(args.at(-1) as number)
  }

  /**
   * Reads all series together that a scrape shows, the overflow series too. Without observations when the metric is gone.
   *
   * @throws `ERR_NANOTALLY_OUT_OF_MEMORY`
   */
  total(): HistogramSnapshot {
    return readSnapshot(this._unlabelled._shape, () => native.readHistogramTotal(this._registry._handle, this._id))
  }

  /** The observations so far of all series that a scrape shows, over all threads. Each access reads them. */
  get count(): number {
    return this.total().count
  }

  /** Their sum. */
  get sum(): number {
    return this.total().sum
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

  /** The same for a moment: the program is not given the handle, so it keeps no series from expiring. */
  #look(labels: unknown): BoundHistogram {
    if (typeof labels !== 'object' || labels === null) return this._handleWithout()
    return this._tree.get(labels as Record<string, unknown>)
  }
}

function checkSchema(schema: unknown, option = 'schema', highest = MAX_SCHEMA): number {
  if (typeof schema !== 'number') throw invalidType(option, 'an integer', schema)
  if (!Number.isInteger(schema) || schema < MIN_SCHEMA || schema > highest) {
    throw invalidValue(option, `an integer of ${MIN_SCHEMA} to ${highest}`, schema, 'ERR_NANOTALLY_INVALID_SCHEMA')
  }
  return schema
}

function refuseBuckets(option: string, expected: string, received: unknown): RangeError {
  return invalidValue(option, expected, received, 'ERR_NANOTALLY_INVALID_BUCKETS')
}

function checkBuckets(buckets: unknown, option = 'buckets'): number[] {
  if (!Array.isArray(buckets)) throw invalidType(option, 'an array of numbers', buckets)
  const bounds: unknown[] = buckets.at(-1) === Infinity ? buckets.slice(0, -1) : buckets
  const refuse = (expected: string, received: unknown) => refuseBuckets(option, expected, received)
  if (bounds.length < 1 || bounds.length > MAX_BUCKETS) throw refuse(`1 to ${MAX_BUCKETS} finite bounds`, bounds.length)
  for (const [i, bound] of bounds.entries()) {
    if (typeof bound !== 'number') throw invalidType(option, 'numbers', bound)
    if (!Number.isFinite(bound)) throw refuse('finite bounds', bound)
    if (i > 0 && bound <= (bounds[i - 1] as number)) throw refuse('ascending bounds, each once', bound)
  }
  return bounds as number[]
}

/** Bounds that are boundaries of an exponential histogram's schema, so that its buckets add up to what they show. */
function checkClassicBuckets(buckets: unknown, schema: number): number[] {
  const bounds = checkBuckets(buckets, 'classicBuckets')
  for (const bound of bounds) {
    if (bound === ZERO_THRESHOLD) continue
    const [below, above] =
      bound > ZERO_THRESHOLD ? native.boundariesAround(schema, bound) : [ZERO_THRESHOLD, ZERO_THRESHOLD]
    if (above === bound) continue
    const nearest = below === above || above === Infinity ? `${below}` : `${below} and ${above}`
    throw refuseBuckets('classicBuckets', `exact boundaries of schema ${schema} (the nearest: ${nearest})`, bound)
  }
  return bounds
}

/** The buckets of a definition: explicit ones, or exponential ones and what the text formats show of them. */
function checkLayout(options: HistogramOptions<LabelNames, LabelNames>): Partial<NativeDefinition> {
  const { buckets, classicSchema, classicBuckets } = options
  if (buckets !== undefined) {
    for (const option of ['schema', 'classicSchema', 'classicBuckets'] as const) {
      if (options[option] !== undefined) throw invalidValue(option, `no ${option} beside buckets`, options[option])
    }
    return { bounds: checkBuckets(buckets) }
  }
  const schema = checkSchema(options.schema ?? DEFAULT_SCHEMA)
  if (classicBuckets !== undefined) {
    if (classicSchema !== undefined) {
      throw invalidValue('classicSchema', 'no classicSchema beside classicBuckets', classicSchema)
    }
    return { schema, classicBounds: checkClassicBuckets(classicBuckets, schema) }
  }
  if (classicSchema === undefined) return { schema }
  return { schema, classicSchema: checkSchema(classicSchema, 'classicSchema', schema) }
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
  const layout = checkLayout(options)
  Object.assign(definition.native, layout)
  const handles =
    layout.schema === undefined ? explicitHandles(layout.bounds as number[]) : exponentialHandles(layout.schema)
  const made = define(definition, (id) => {
    const metric = new Histogram<L, O>(definition, id, handles)
    if (definition.enabled) addSampled(metric)
    return metric
  })
  return makeInitial(made, definition.initial)
}
