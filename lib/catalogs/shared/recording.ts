// What the recording functions of catalogs share: labels that stay within their set, values that mean something.
import type { LabelValue } from '../../index.js'

/** NaN: no label has this value, required or optional, so what is recorded with it is dropped and counted. */
export const NO_LABEL: LabelValue = Number.NaN

/** What no gauge and no histogram takes, and counts as dropped. (NaN they take, and counters take 1 for what is absent.) */
export const NO_NUMBER = undefined as unknown as number

/** Linux has no more nodes than this (MAX_NUMNODES). */
const MAX_NUMA_NODES = 1024

/** A label that has a fixed set of values. */
export function oneOf(values: readonly LabelValue[], given: unknown): LabelValue {
  return values.includes(given as LabelValue) ? (given as LabelValue) : NO_LABEL
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

/** The value, if it is an amount; else what a histogram or a gauge drops and counts: infinities and NaN they would take. */
export function amountOrNoNumber(given: unknown): number {
  return isAmount(given) ? given : NO_NUMBER
}

/** Finite, 0 to 1. */
export function isShare(given: unknown): given is number {
  return typeof given === 'number' && given >= 0 && given <= 1
}
