// What an exposition shows of a registry, read by the tests' own parsers into one shape for all formats.
import {
  bucketCounts,
  type ExemplarMessage,
  type HistogramMessage,
  type MetricMessage,
  parseMetricFamilies,
  secondsOf,
} from '../support/metric-families.js'
import { parseQuotedText, type QuotedFormat } from '../support/quoted-text.js'
import { parseTextFormat } from '../support/text-format.js'

export type Labels = Record<string, string>

export interface ShownExemplar {
  /** The boundary of its bucket. */
  le: number
  labels: Labels
  value: number
  timestampSeconds: number
}

export interface ShownNative {
  schema: number
  zeroCount: number
  positive: [index: number, count: number][]
  negative: [index: number, count: number][]
  exemplars: Omit<ShownExemplar, 'le'>[]
}

export interface ShownSeries {
  labels: Labels
  /** Of anything but a histogram. */
  value?: number
  count?: number
  sum?: number
  /** Cumulative, ascending. */
  buckets: [le: number, count: number][]
  exemplars: ShownExemplar[]
  createdSeconds?: number
  native?: ShownNative
}

export interface ShownFamily {
  /** As the format has it. */
  type: string
  help: string
  unit: string
  /** By `labelKey`. */
  series: Map<string, ShownSeries>
}

/** By the name that the metric was defined with. */
export type Shown = Map<string, ShownFamily>

/** One text for equal label sets; labels of an empty value are none. */
export function labelKey(labels: Labels): string {
  return JSON.stringify(
    Object.entries(labels)
      .filter(([, value]) => value !== '')
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  )
}

/** Takes back `escaping=values` (Prometheus' content negotiation): the name that a U__ name was. */
export function unescapeValues(name: string): string {
  if (!name.startsWith('U__')) return name
  return name.slice(3).replace(/__|_([0-9a-f]+)_/g, (_, hex?: string) => {
    return hex === undefined ? '_' : String.fromCodePoint(Number.parseInt(hex, 16))
  })
}

const unescapedLabels = (labels: Labels): Labels =>
  Object.fromEntries(Object.entries(labels).map(([name, value]) => [unescapeValues(name), value]))

const number = (text: string) => Number(text.replace('Inf', 'Infinity'))

/** Adds one line of text to what is shown. */
function addSample(family: ShownFamily, suffix: string, given: Labels, value: number, exemplar?: object): void {
  const { le = '', ...others } = given
  const isBucket = suffix === '_bucket'
  const labels = isBucket ? others : given
  const key = labelKey(labels)
  const series = family.series.get(key) ?? { labels, buckets: [], exemplars: [] }
  family.series.set(key, series)
  if (suffix === '_created') series.createdSeconds = value
  else if (suffix === '_sum') series.sum = value
  else if (suffix === '_count') series.count = value
  else if (isBucket) series.buckets.push([number(le), value])
  else series.value = value
  if (exemplar !== undefined) series.exemplars.push({ le: number(le), ...(exemplar as Omit<ShownExemplar, 'le'>) })
}

/** Text 0.0.4, as `escaping=values` has it. */
export function readText004(body: Uint8Array): Shown {
  const shown: Shown = new Map()
  for (const { name, help = '', type, samples } of parseTextFormat(body).values()) {
    const family: ShownFamily = { type, help, unit: '', series: new Map() }
    shown.set(unescapeValues(name), family)
    for (const sample of samples) {
      addSample(family, sample.name.slice(name.length), unescapedLabels(sample.labels), sample.value)
    }
  }
  return shown
}

/** The suffix of the samples that OpenMetrics does not count as a part of the family's name. */
const NAME_SUFFIXES: Record<string, string> = { counter: '_total', info: '_info' }

/** Text 1.0.0 or OpenMetrics with names as they are. */
export function readQuoted(body: Uint8Array, format: QuotedFormat): Shown {
  const shown: Shown = new Map()
  for (const { name, help, type, unit, samples } of parseQuotedText(body, format).values()) {
    const suffix = format === 'openmetrics' ? (NAME_SUFFIXES[type] ?? '') : ''
    const family: ShownFamily = { type, help, unit, series: new Map() }
    shown.set(name + suffix, family)
    for (const sample of samples) {
      const own = sample.name.slice(name.length)
      addSample(family, own === suffix ? '' : own, sample.labels, sample.value, sample.exemplar)
    }
  }
  return shown
}

const pairs = (labels: readonly { name: string; value: string }[]): Labels =>
  Object.fromEntries(labels.map(({ name, value }) => [name, value]))

const exemplarOf = ({ label, value, timestamp }: ExemplarMessage) => ({
  labels: pairs(label),
  value,
  timestampSeconds: secondsOf(timestamp),
})

function nativeOf(histogram: HistogramMessage): ShownNative | undefined {
  const { schema, zero_count: zeroCount = 0, exemplars = [] } = histogram
  if (schema === undefined) return undefined
  if (!((histogram.zero_threshold ?? 0) > 0)) throw new RangeError('a native histogram without a zero threshold')
  return {
    schema,
    zeroCount,
    positive: bucketCounts(histogram.positive_span, histogram.positive_delta),
    negative: bucketCounts(histogram.negative_span, histogram.negative_delta),
    exemplars: exemplars.map(exemplarOf),
  }
}

function seriesOf({ label = [], gauge, counter, histogram }: MetricMessage): ShownSeries {
  const series: ShownSeries = { labels: pairs(label), buckets: [], exemplars: [] }
  const value = counter?.value ?? gauge?.value
  if (value !== undefined) series.value = value
  const created = counter?.created_timestamp ?? histogram?.created_timestamp
  if (created !== undefined) series.createdSeconds = secondsOf(created)
  if (histogram === undefined) return series
  series.count = histogram.sample_count
  series.sum = histogram.sample_sum
  for (const { upper_bound: le, cumulative_count: count, exemplar } of histogram.bucket ?? []) {
    series.buckets.push([le, count])
    if (exemplar !== undefined) series.exemplars.push({ le, ...exemplarOf(exemplar) })
  }
  const native = nativeOf(histogram)
  if (native !== undefined) series.native = native
  return series
}

/** Delimited protobuf with names as they are. */
export function readProtobuf(body: Uint8Array): Shown {
  const shown: Shown = new Map()
  for (const { name, help, type, unit = '', metric } of parseMetricFamilies(body)) {
    const series = metric.map(seriesOf)
    const byLabels = new Map(series.map((one) => [labelKey(one.labels), one]))
    if (shown.has(name) || byLabels.size !== series.length) throw new Error(`${name} or a series of it is shown twice`)
    shown.set(name, { type: type.toLowerCase(), help, unit, series: byLabels })
  }
  return shown
}
