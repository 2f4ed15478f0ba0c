// Documents of /events for tests of the live page: short to write, with what the test is about.

type Value = number | 'NaN' | '+Inf' | '-Inf'
type Labels = Record<string, string>
type Buckets = [lower: Value, upper: Value, count: number][]
type Type = 'counter' | 'gauge' | 'histogram' | 'info' | 'stateset'

/** A family with series as pairs of labels and a value; with buckets for a value it is a histogram's. */
export function family(
  type: Type,
  name: string,
  series: readonly (readonly [Labels, Value | Buckets])[],
  { unit = '', help = '' } = {},
) {
  return {
    name,
    type,
    unit,
    help,
    series: series.map(([labels, value]) =>
      Array.isArray(value)
        ? { labels, count: value.reduce((sum, [, , count]) => sum + count, 0), sum: 1, quantiles: {}, buckets: value }
        : { labels, value },
    ),
  }
}

export type WireFamily = ReturnType<typeof family>

/** The document of a second: `snapshot` events begin with one, `changes` events have as many as they like. */
export function documentAt(
  time: number,
  families: readonly WireFamily[],
  { interval = 1, ended = [] as { name: string; labels: Labels }[] } = {},
) {
  return { time, interval, families, ended }
}
