// Any registry, through each format and back by the tests' own parsers: values, labels, created times and exemplars are those
// that were recorded, and the same in each.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  exactBuckets,
  type Program,
  program,
  type RecordedMetric,
  type RecordedSeries,
  record,
  ZERO_THRESHOLD,
} from './recorded.js'
import { readProtobuf, readQuoted, readText004, type Shown, type ShownFamily, type ShownSeries } from './shown.js'
import './settings.js'

const FORMATS = {
  'text-0.0.4': { accept: 'text/plain;version=0.0.4;escaping=values', read: readText004 },
  'text-1.0.0': {
    accept: 'text/plain;version=1.0.0;escaping=allow-utf-8',
    read: (body: Uint8Array) => readQuoted(body, 'text-1.0.0'),
  },
  openmetrics: {
    accept: 'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8',
    read: (body: Uint8Array) => readQuoted(body, 'openmetrics'),
  },
  protobuf: {
    accept:
      'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;escaping=allow-utf-8',
    read: readProtobuf,
  },
} as const
type Format = keyof typeof FORMATS

/** How much was compared, so that nothing passes by being empty. */
const checked = { values: 0, histograms: 0, created: 0, exemplars: 0, nativeBuckets: 0, quotedNames: 0 }

/** OpenMetrics has types of its own, and none for a counter whose name does not tell one. */
function expectedType({ kind, name }: RecordedMetric, format: Format): string {
  if (format === 'openmetrics') {
    if (kind === 'counter' && !name.endsWith('_total')) return 'unknown'
    // The label of a state set would not be called as the metric where colons are escaped.
    if (kind === 'stateset' && name.includes(':')) return 'gauge'
    return kind
  }
  return kind === 'info' || kind === 'stateset' ? 'gauge' : kind
}

function expectedUnit({ unit, name, kind }: RecordedMetric, format: Format): string {
  if (format === 'protobuf') return unit
  const family = kind === 'counter' ? name.replace(/_total$/, '') : name
  return format === 'openmetrics' && family.endsWith(`_${unit}`) ? unit : ''
}

function checkHistogram(
  metric: RecordedMetric,
  { observed, value: sum }: RecordedSeries,
  shown: ShownSeries,
  format: Format,
) {
  const values = observed.map(({ value }) => value)
  // OpenMetrics has no sums and counts that might fall.
  const isTold = format !== 'openmetrics' || (!((metric.bounds?.[0] ?? 0) < 0) && sum >= 0)
  expect(shown.count).toBe(isTold ? values.length : undefined)
  expect(shown.sum).toEqual(isTold ? sum : undefined)
  expect(shown.value).toBeUndefined()
  expect(shown.buckets.at(-1)).toEqual([Infinity, values.length])
  for (const [le, count] of shown.buckets) {
    const below = values.filter((value) => {
      const counted = metric.schema !== undefined && Math.abs(value) <= ZERO_THRESHOLD ? 0 : value
      return counted <= le || le === Infinity
    })
    expect([le, count]).toEqual([le, below.length])
  }
  if (metric.bounds !== undefined) expect(shown.buckets.map(([le]) => le)).toEqual([...metric.bounds, Infinity])
  checked.histograms++
}

/**
 * What is shown was given, with a value of its bucket. An explicit bucket shows its newest; of an exponential histogram,
 * where exemplars of a bucket may be equally old, it is among the native ones.
 */
function checkExemplars(
  metric: RecordedMetric,
  { observed }: RecordedSeries,
  { buckets, exemplars, native }: ShownSeries,
) {
  const les = buckets.map(([le]) => le)
  const bucketOf = (value: number) => les.find((le) => value <= le)
  // Ids are numbers: shown with small letters.
  const identity = (value: number, traceId = '', spanId = '') => `${value} ${traceId} ${spanId}`.toLowerCase()
  const shownOf = ({ value, labels }: { value: number; labels: Record<string, string> }) =>
    identity(value, labels.trace_id, labels.span_id)
  const given = observed
    .filter(({ value, exemplar }) => exemplar !== undefined && !Number.isNaN(value))
    .map(({ value, exemplar }) => ({ value, id: identity(value, exemplar?.traceId, exemplar?.spanId) }))
  const known = new Set(given.map(({ id }) => id))
  for (const exemplar of [...exemplars, ...(native?.exemplars ?? [])]) expect(known).toContain(shownOf(exemplar))
  for (const { le, value } of exemplars) expect(le).toBe(bucketOf(value))
  expect(new Set(exemplars.map(({ le }) => le)).size).toBe(exemplars.length)
  expect(exemplars.length > 0).toBe(given.length > 0)
  if (metric.bounds !== undefined) {
    const newest = new Map(given.map(({ value, id }) => [bucketOf(value), id]))
    expect(exemplars.map(shownOf).sort()).toEqual([...newest.values()].sort())
  } else if (native !== undefined && given.length > 0) {
    expect(native.exemplars.map(shownOf)).toContain(given.at(-1)?.id)
    for (const { value, timestampSeconds } of native.exemplars) {
      const inText = exemplars.find(({ le }) => le === bucketOf(value))
      expect(inText?.timestampSeconds).toBeGreaterThanOrEqual(timestampSeconds)
    }
  }
  checked.exemplars += exemplars.length
}

function checkNative(metric: RecordedMetric, { observed }: RecordedSeries, { native }: ShownSeries) {
  const { schema } = metric
  if (schema === undefined) {
    expect(native).toBeUndefined()
    return
  }
  // Too few observations for a lower schema.
  expect(native?.schema).toBe(schema)
  expect(native?.zeroCount).toBe(observed.filter(({ value }) => Math.abs(value) <= ZERO_THRESHOLD).length)
  expect(native?.positive).toEqual(exactBuckets(schema, observed, 1))
  expect(native?.negative).toEqual(exactBuckets(schema, observed, -1))
  checked.nativeBuckets += (native?.positive.length ?? 0) + (native?.negative.length ?? 0)
}

function checkFamily(metric: RecordedMetric, shown: ShownFamily | undefined, format: Format, times: [number, number]) {
  const { kind, help, series } = metric
  expect(shown).toMatchObject({ type: expectedType(metric, format), help, unit: expectedUnit(metric, format) })
  expect([...(shown?.series.keys() ?? [])].sort()).toEqual([...series.keys()].sort())
  for (const [key, recorded] of series) {
    const one = shown?.series.get(key) as ShownSeries
    if (kind === 'histogram') {
      checkHistogram(metric, recorded, one, format)
      if (format === 'openmetrics' || format === 'protobuf') checkExemplars(metric, recorded, one)
      else expect(one.exemplars).toEqual([])
      if (format === 'protobuf') checkNative(metric, recorded, one)
    } else {
      expect(one.value).toEqual(recorded.value)
      checked.values++
    }
    const type = shown?.type
    const isTimed = format.startsWith('text')
      ? false
      : type === 'counter' || (type === 'histogram' && format === 'protobuf')
    if (isTimed) expect(one.createdSeconds).toBeDefined()
    if (one.createdSeconds !== undefined) {
      expect(one.createdSeconds).toBeGreaterThanOrEqual(times[0])
      expect(one.createdSeconds).toBeLessThanOrEqual(times[1])
      checked.created++
    }
  }
}

/** What OpenMetrics and protobuf tell both is the same in both, to the millisecond that protobuf keeps. */
function checkTimes(openMetrics: Shown, protobuf: Shown) {
  const milliseconds = (seconds: number) => Math.round(seconds * 1000)
  for (const [name, family] of openMetrics) {
    for (const [key, one] of family.series) {
      const other = protobuf.get(name)?.series.get(key)
      if (one.createdSeconds !== undefined) {
        expect(milliseconds(one.createdSeconds)).toBe(milliseconds(other?.createdSeconds ?? Number.NaN))
      }
      const rounded = (series: ShownSeries | undefined) =>
        series?.exemplars.map((exemplar) => ({
          ...exemplar,
          timestampSeconds: milliseconds(exemplar.timestampSeconds),
        }))
      expect(rounded(one)).toEqual(rounded(other))
    }
  }
}

type Bodies = Record<Format, Buffer>

/** Defines, records and renders. */
async function run(made: Program): Promise<{ metrics: RecordedMetric[]; bodies: Bodies; times: [number, number] }> {
  const before = Date.now() / 1000 - 0.001
  const { registry, metrics } = record(made)
  const times: [number, number] = [before, Date.now() / 1000 + 0.001]
  const bodies = {} as Bodies
  for (const format of Object.keys(FORMATS) as Format[]) {
    const { accept } = FORMATS[format]
    bodies[format] = (await registry.render({ accept })).body
  }
  registry.close()
  return { metrics, bodies, times }
}

/** Throws where an exposition shows anything but what was recorded, or another than the others. */
function check({ metrics, bodies, times }: Awaited<ReturnType<typeof run>>): void {
  const names = metrics.map(({ name }) => name).sort()
  const shown = {} as Record<Format, Shown>
  for (const format of Object.keys(FORMATS) as Format[]) {
    shown[format] = FORMATS[format].read(bodies[format])
    expect([...shown[format].keys()].filter((name) => !name.startsWith('nanotally_')).sort()).toEqual(names)
    for (const metric of metrics) checkFamily(metric, shown[format].get(metric.name), format, times)
  }
  checkTimes(shown.openmetrics, shown.protobuf)
  checked.quotedNames += names.filter((name) => !/^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(name)).length
}

test('what was recorded comes back from every format', async () => {
  await fc.assert(
    fc.asyncProperty(program, async (made) => check(await run(made))),
    { numRuns: 500 },
  )
  console.log(`compared: ${JSON.stringify(checked)}`)
  expect(checked.values).toBeGreaterThan(1000)
  expect(checked.histograms).toBeGreaterThan(500)
  expect(checked.created).toBeGreaterThan(500)
  expect(checked.exemplars).toBeGreaterThan(1000)
  expect(checked.nativeBuckets).toBeGreaterThan(500)
  expect(checked.quotedNames).toBeGreaterThan(100)
})

describe('a changed exposition is noticed', () => {
  const TRACE = 'abcdef0123456789abcdef0123456789'
  const series = { values: ['one', '', ''], amounts: [12345.5], observed: [{ value: 3, exemplar: { traceId: TRACE } }] }
  const rest = { suffix: '', help: 'elp', labels: ['l'], states: ['on', 'off'], series: [series] }
  const made: Program = [
    { ...rest, kind: 'counter', start: 'a.b', layout: 3 },
    { ...rest, kind: 'histogram', start: 'c.d', layout: 3 },
    { ...rest, kind: 'histogram', start: 'e', layout: [1, 4] },
  ]
  const double = (value: number) => {
    const bytes = Buffer.alloc(8)
    bytes.writeDoubleLE(value)
    return bytes
  }
  const texts = (from: string, to: string) => [Buffer.from(from), Buffer.from(to)] as const
  const all = Object.keys(FORMATS) as Format[]

  test.each<[what: string, formats: Format[], change: readonly [Buffer, Buffer]]>([
    ['a value', ['text-0.0.4', 'text-1.0.0', 'openmetrics'], texts(' 12345.5\n', ' 12345.6\n')],
    ['a value', ['protobuf'], [double(12345.5), double(12345.6)]],
    ['a label', all, texts('one', 'two')],
    ['a help', all, texts('help', 'hemp')],
    ['a name', ['text-1.0.0', 'openmetrics', 'protobuf'], texts('a.b0', 'a.c0')],
    ['a name', ['text-0.0.4'], texts('U__a_2e_b0', 'U__a_2e_c0')],
    ['a boundary', ['text-0.0.4', 'text-1.0.0', 'openmetrics'], texts('le="4', 'le="5')],
    ['a boundary', ['protobuf'], [double(4), double(5)]],
    ['an exemplar', ['openmetrics', 'protobuf'], texts(TRACE, TRACE.replace('a', 'b'))],
  ])('%s (%s)', async (_, formats, [from, to]) => {
    const result = await run(made)
    check(result)
    for (const format of formats) {
      const body = Buffer.from(
        result.bodies[format].toString('latin1').replaceAll(from.toString('latin1'), to.toString('latin1')),
        'latin1',
      )
      expect(body.equals(result.bodies[format])).toBe(false)
      expect(() => check({ ...result, bodies: { ...result.bodies, [format]: body } })).toThrow()
    }
  })
})
