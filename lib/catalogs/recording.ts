// What the recording functions of catalogs share: labels that stay within their set, and shares of what happened lately.
import type { BoundGauge, LabelValue } from '../index.js'

/** NaN: no label has this value, required or optional, so what is recorded with it is dropped and counted. */
export const NO_LABEL: LabelValue = Number.NaN

/** What no gauge and no histogram takes, and counts as dropped. (NaN they take, and counters take 1 for what is absent.) */
export const NO_NUMBER = undefined as unknown as number

/** Linux has no more nodes than this (MAX_NUMNODES). */
const MAX_NUMA_NODES = 1024

/** A label that has a fixed set of values. */
export function oneOf(values: readonly string[], given: unknown): LabelValue {
  return values.includes(given as string) ? (given as string) : NO_LABEL
}

/** A label with the values `true` and `false`. */
export function booleanLabel(given: unknown): LabelValue {
  return typeof given === 'boolean' ? given : NO_LABEL
}

/** An optional label: `undefined` is absent. */
export function optional<T>(given: T | undefined, label: (given: T) => LabelValue): LabelValue | undefined {
  return given === undefined ? undefined : label(given)
}

/** @param node - an integer, 0 to 1023 */
export function numaNodeLabel(node: number): LabelValue {
  return Number.isInteger(node) && node >= 0 && node < MAX_NUMA_NODES ? node : NO_LABEL
}

/** What a counter is to add: absent is not 1. */
export function amountOf(given: number): number {
  return given === undefined ? Number.NaN : given
}

/** Finite and not negative. */
export function isAmount(given: unknown): given is number {
  return typeof given === 'number' && given >= 0 && given < Infinity
}

/** Finite, 0 to 1. */
export function isShare(given: unknown): given is number {
  return typeof given === 'number' && given >= 0 && given <= 1
}

/** Each event weighs 0.95 times the one after it: the average is over the last twenty, as it were. */
const KEPT = 0.95
/** What has faded to this is nothing: it would otherwise end as a subnormal, which is slow and never fades. */
const FADED = 1e-9

/**
 * Two amounts of each event, as two sums in which events fade. The first over both is an exponential moving average with
 * weight 0.05, without the bias towards 0 that one which starts at 0 has.
 *
 * Why two sums and not the average: each thread has its own, and sums can be added up in a scrape. A thread that has seen
 * little then weighs little; averages of averages would take it for as good as the others.
 */
class RecentPair {
  #first = 0
  #second = 0

  record(first: number, second: number, firstSeries: BoundGauge, secondSeries: BoundGauge): void {
    this.#first = fade(this.#first) + first
    this.#second = fade(this.#second) + second
    // One series for both: where label sets overflow, or where they were refused, which counts once.
    if (firstSeries === secondSeries) firstSeries.set(this.#first + this.#second)
    else {
      firstSeries.set(this.#first)
      secondSeries.set(this.#second)
    }
  }
}

function fade(sum: number): number {
  return sum < FADED ? 0 : sum * KEPT
}

/** The pairs of a gauge's series. They live as long as the handle of the first one: a series that ends takes its past with it. */
export class RecentPairs {
  readonly #pairs = new WeakMap<BoundGauge, RecentPair>()

  /** Both amounts are finite and not negative. */
  record(firstSeries: BoundGauge, first: number, secondSeries: BoundGauge, second: number): void {
    let pair = this.#pairs.get(firstSeries)
    if (pair === undefined) {
      pair = new RecentPair()
      this.#pairs.set(firstSeries, pair)
    }
    pair.record(first, second, firstSeries, secondSeries)
  }
}
