// One series: what it was at each interval in which it changed. Between two samples nothing happened, so nothing is kept.
import { type MetricType, toNumber, type WireSeries } from './document.js'
import {
  type BucketCounts,
  type Buckets,
  bucketDifferences,
  countsByUpperEnd,
  QUANTILES,
  quantile,
} from './quantiles.js'

export interface Sample {
  readonly tick: number
  /** A counter's total, a gauge's value, a histogram's count. */
  readonly value: number
  /** Since the interval before. NaN where that is not known: in the first sample, and in the first of a new connection. */
  readonly increase: number
  /** Of the observations of the interval, one for each of QUANTILES; undefined where there were none. */
  readonly quantiles: readonly number[] | undefined
  /** The observations of the interval. Dropped early when there are too many: see Model. */
  buckets: Buckets | undefined
}

export class Series {
  readonly labels: Readonly<Record<string, string>>
  /** `method="GET", status="200"`: what is shown, and searched. Empty without labels. */
  readonly text: string
  readonly firstTick: number
  /** The tick that told of its end. */
  endedTick: number | undefined
  readonly samples: Sample[] = []
  readonly #type: MetricType
  #counts: BucketCounts = new Map()

  constructor(type: MetricType, labels: Readonly<Record<string, string>>, tick: number) {
    this.#type = type
    this.labels = labels
    this.firstTick = tick
    this.text = Object.entries(labels)
      .map(([name, value]) => `${name}="${value}"`)
      .join(', ')
  }

  /** @param joined whether the interval before is known: false in the first document of a connection */
  add(tick: number, wire: WireSeries, joined: boolean): Sample {
    const last = this.samples.at(-1)
    const known = joined && last !== undefined
    const sample =
      this.#type === 'histogram' ? this.#histogramSample(tick, wire, known) : this.#plainSample(tick, wire, known)
    this.samples.push(sample)
    return sample
  }

  #plainSample(tick: number, wire: WireSeries, known: boolean): Sample {
    const value = toNumber(wire.value)
    const before = known ? (this.samples.at(-1) as Sample).value : Number.NaN
    // A counter that is lower than before has begun anew, from 0.
    const increase = this.#type === 'counter' && value < before ? value : value - before
    return { tick, value, increase, quantiles: undefined, buckets: undefined }
  }

  #histogramSample(tick: number, wire: WireSeries, known: boolean): Sample {
    const value = toNumber(wire.count)
    const all = Float64Array.from((wire.buckets ?? []).flat(), (each) => toNumber(each))
    const before = known ? (this.samples.at(-1) as Sample).value : Number.NaN
    const restarted = value < before
    const buckets = known ? bucketDifferences(restarted ? new Map() : this.#counts, all) : new Float64Array()
    this.#counts = countsByUpperEnd(all)
    return {
      tick,
      value,
      increase: restarted ? value : value - before,
      quantiles: buckets.length === 0 ? undefined : QUANTILES.map((q) => quantile(buckets, q)),
      buckets,
    }
  }

  /** The newest sample up to a tick. */
  at(tick: number): Sample | undefined {
    const { samples } = this
    let from = 0
    let to = samples.length
    while (from < to) {
      const middle = (from + to) >> 1
      if ((samples[middle] as Sample).tick <= tick) from = middle + 1
      else to = middle
    }
    return samples[from - 1]
  }

  /** Takes out samples that no tick from `oldest` on needs. */
  trim(oldest: number): void {
    const kept = this.samples.findLastIndex((sample) => sample.tick <= oldest)
    if (kept > 0) this.samples.splice(0, kept)
  }
}
