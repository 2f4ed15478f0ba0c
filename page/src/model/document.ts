// What /events sends: the shapes of its JSON documents, and the numbers that JSON cannot tell.

export type WireNumber = number | 'NaN' | '+Inf' | '-Inf'

export type MetricType = 'counter' | 'gauge' | 'histogram' | 'info' | 'stateset'

export interface WireSeries {
  labels: Readonly<Record<string, string>>
  /** Of all types but histograms. */
  value?: WireNumber
  /** Of histograms, as are the following. */
  count?: WireNumber
  sum?: WireNumber
  /** Lower end, upper end, observations; populated ones only, ascending. */
  buckets?: readonly (readonly [WireNumber, WireNumber, WireNumber])[]
}

export interface WireFamily {
  name: string
  type: MetricType
  unit: string
  help: string
  series: readonly WireSeries[]
}

/** All series, of a `snapshot` event; or those that changed in an interval, of a `changes` event. */
export interface EventDocument {
  /** Unix seconds. */
  time: number
  /** Seconds between two events. Of snapshots. */
  interval?: number
  families: readonly WireFamily[]
  /** Of changes: the series that are no more. */
  ended?: readonly { name: string; labels: Readonly<Record<string, string>> }[]
}

export function toNumber(value: WireNumber | undefined): number {
  if (value === '+Inf') return Number.POSITIVE_INFINITY
  if (value === '-Inf') return Number.NEGATIVE_INFINITY
  return typeof value === 'number' ? value : Number.NaN
}

/** What tells a series from the others of its family. */
export function labelKey(labels: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)))
}
