// What a histogram held when it was read: its buckets, its quantiles, and the merge of two such. The arithmetic is in
// native/core/histogram_math.h; this keeps its numbers.
import { invalidType, NanotallyError } from '../errors.js'
import { native } from '../native.js'
import { ZERO_THRESHOLD } from './bucket-layout.js'

/** What buckets a histogram has: a schema, or its explicit bounds. */
export type HistogramShape = number | Float64Array

/** The head of a histogram's values: native/binding/histograms.h, PackedHistogram. */
const COUNT = 0
const SUM = 1
const NAN = 2
const ZERO = 3
const HEAD = 6

/**
 * The observations above `lower`, up to and including `upper`. Of a negative exponential bucket the lower end is included
 * and the upper one is not; of the zero bucket, `lower` -2^-128, both are.
 */
export interface HistogramBucket {
  /** Negative infinity in the first explicit bucket. */
  readonly lower: number
  /** Infinity in the last explicit bucket. */
  readonly upper: number
  readonly count: number
}

/** What `HistogramSnapshot.toJSON()` returns: see the properties there. JSON itself shows NaN and infinities as `null`. */
export interface HistogramSnapshotJSON {
  readonly count: number
  readonly sum: number
  readonly nanCount: number
  readonly schema: number | undefined
  readonly zeroCount: number
  readonly zeroThreshold: number
  readonly buckets: readonly HistogramBucket[]
}

/**
 * What one or more series of a histogram held at one time, over all threads. Immutable, and a copy: it costs 16 bytes for
 * each populated bucket, and stays as it is when the histogram goes on.
 *
 * @example
 * const sizes = histogram({ name: 'message_bytes', help: 'Sizes of messages.', unit: 'bytes' })
 * for (const size of [100, 200, 300, 4000]) sizes.observe(size)
 * const snapshot = sizes.snapshot()
 * console.log(snapshot.count, snapshot.sum / snapshot.count, snapshot.quantile(0.99))
 * for (const { lower, upper, count } of snapshot.buckets) console.log(`${count} in (${lower}, ${upper}]`)
 */
export class HistogramSnapshot {
  /** Observations, those of NaN among them. */
  readonly count: number
  /** Of all observations. May lead or trail `count` by one observation in flight per thread that records. */
  readonly sum: number
  /** Observations of NaN. They are in no bucket. */
  readonly nanCount: number
  /** -4 to 8; undefined for explicit buckets. */
  readonly schema: number | undefined
  /** Observations of magnitudes up to `zeroThreshold`, which have a bucket of their own. 0 for explicit buckets. */
  readonly zeroCount: number
  /** 2^-128; 0 for explicit buckets. */
  readonly zeroThreshold: number
  readonly #shape: HistogramShape
  readonly #values: Float64Array
  #buckets: readonly HistogramBucket[] | undefined

  /** @internal */
  constructor(shape: HistogramShape, values: Float64Array) {
    this.#shape = shape
    this.#values = values
    this.count = values[COUNT] as number
    this.sum = values[SUM] as number
    this.nanCount = values[NAN] as number
    this.schema = typeof shape === 'number' ? shape : undefined
    this.zeroCount = values[ZERO] as number
    this.zeroThreshold = typeof shape === 'number' ? ZERO_THRESHOLD : 0
    Object.freeze(this)
  }

  /**
   * Ascending, negative ones first. Of an exponential histogram those with observations: the highest finite one ends at
   * `Number.MAX_VALUE`, and one from there to Infinity holds the infinite observations alone, as one from -Infinity to
   * `-Number.MAX_VALUE` does. Of explicit buckets all, empty ones too.
   */
  get buckets(): readonly HistogramBucket[] {
    if (this.#buckets === undefined) {
      const ranges = native.histogramBuckets(this.#shape, this.#values)
      const buckets: HistogramBucket[] = []
      for (let i = 0; i < ranges.length; i += 3) {
        const [lower, upper, count] = ranges.subarray(i, i + 3) as unknown as [number, number, number]
        buckets.push(Object.freeze({ lower, upper, count }))
      }
      this.#buckets = Object.freeze(buckets)
    }
    return this.#buckets
  }

  /**
   * Estimates the value that the share `q` of the observations is at or below, as Prometheus' `histogram_quantile` does:
   * by interpolating inside the bucket of the observation of that rank, on a logarithmic scale in exponential buckets and
   * linearly in explicit ones and around zero. The estimate stays in that bucket, so in an exponential histogram its
   * relative error is at most 2^(2^-schema) - 1: 9.1 % at schema 3.
   *
   * NaN when there are no observations, or when the rank falls among those of NaN, which come after all others. Infinity
   * or -Infinity when it falls among infinite ones of an exponential histogram. Of explicit buckets the first counts from
   * 0 (if its bound is not above 0, that bound is the estimate), and in the last the highest bound is the estimate.
   *
   * @param q 0 to 1. Below 0: -Infinity. Above 1: Infinity. NaN: NaN.
   * @throws `ERR_NANOTALLY_INVALID_TYPE` when `q` is not a number.
   */
  quantile(q: number): number {
    if (typeof q !== 'number') throw invalidType('q', 'a number', q)
    return native.histogramQuantile(this.#shape, this.#values, q)
  }

  /**
   * All observations of both, as if they had been recorded by one histogram; this and `other` stay as they are. Of two
   * schemas the result has the lower one, each bucket of which is made of whole ones of the higher: nothing is estimated.
   *
   * @throws `ERR_NANOTALLY_HISTOGRAM_MISMATCH` for explicit buckets beside other ones, or beside exponential ones;
   * `ERR_NANOTALLY_INVALID_TYPE` when `other` is no HistogramSnapshot.
   */
  merge(other: HistogramSnapshot): HistogramSnapshot {
    if (!(other instanceof HistogramSnapshot)) throw invalidType('other', 'a HistogramSnapshot', other)
    const values = native.mergeHistograms(this.#shape, this.#values, other.#shape, other.#values)
    const lower = other.schema !== undefined && other.schema < (this.schema as number)
    return new HistogramSnapshot(lower ? other.#shape : this.#shape, values)
  }

  /** A plain object, for `JSON.stringify` and for messages between threads. */
  toJSON(): HistogramSnapshotJSON {
    const { count, sum, nanCount, schema, zeroCount, zeroThreshold, buckets } = this
    return { count, sum, nanCount, schema, zeroCount, zeroThreshold, buckets }
  }
}

/** Why nothing can be read any more: not an error for those who read. */
const GONE = ['ERR_NANOTALLY_METRIC_REMOVED', 'ERR_NANOTALLY_REGISTRY_CLOSED']

/** A snapshot of what `read` returns; one without observations when the metric is gone. */
export function readSnapshot(shape: HistogramShape, read: () => Float64Array): HistogramSnapshot {
  try {
    return new HistogramSnapshot(shape, read())
  } catch (error) {
    if (!(error instanceof NanotallyError && GONE.includes(error.code))) throw error
    return emptySnapshot(shape)
  }
}

/** A snapshot of no observations. */
export function emptySnapshot(shape: HistogramShape): HistogramSnapshot {
  const counts = typeof shape === 'number' ? 0 : shape.length + 1
  return new HistogramSnapshot(shape, new Float64Array(HEAD + counts))
}
