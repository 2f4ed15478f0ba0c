// Prometheus 3.5, in each format that it asks for: names of any text, native histograms, created times, exemplars. What its
// API tells is what was recorded.
import { counter, type Exporter, gauge, histogram, Registry, startExporter, stateSet } from 'nanotally'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { GoBetween } from '../support/negotiation.js'
import { type Prometheus, startPrometheus } from '../support/prometheus.js'

const LABELS = { größe: '"\\\n😀', plain: 'x' }
const JOBS = 2.5
const VALUES = Array.from({ length: 400 }, (_, i) => 1.03 ** i * 1e-3)
/** Observed with exemplars, each in an octave of its own. */
const TRACED = [0.5, 1.5, 3, 6].map((value, i) => ({
  value,
  exemplar: { traceId: (0xabc0 + i).toString(16).padStart(32, '7'), spanId: (i + 1).toString(16).padStart(16, '0') },
}))
const TOTAL = [...VALUES, ...TRACED.map(({ value }) => value)]
const COUNT = TOTAL.length
const SUM = TOTAL.reduce((a, b) => a + b)

const registry = new Registry()
const beforeSeconds = Date.now() / 1000
counter({ name: 'jobs.done_total', help: 'h', labels: ['größe', 'plain'], registry }).inc(LABELS, JOBS)
gauge({ name: 'Füllstand in %', help: 'h', registry }).set(-1.5)
stateSet({ name: 'breaker.state', help: 'h', states: ['open', 'closed'], registry }).set('open')
const usual = histogram({ name: 'wait.seconds', help: 'h', labels: ['l'], registry }).labels('a')
const explicit = histogram({ name: 'size_bytes', help: 'h', buckets: [1, 2, 4, 8], registry }).labels()
const sparse = histogram({ name: 'drift', help: 'h', schema: 0, registry })
for (const handle of [usual, explicit]) {
  for (const value of VALUES) handle.observe(value)
  for (const { value, exemplar } of TRACED) handle.observe(value, { exemplar })
}
for (const value of [-1.5, -1.5, 0, 0, 3]) sparse.observe(value)
const afterSeconds = Date.now() / 1000

let exporter: Exporter
let goBetween: GoBetween
let prometheus: Prometheus
beforeAll(async () => {
  exporter = await startExporter({ port: 0, registry })
})
afterAll(() => exporter?.close())

/** Starts a Prometheus for the tests of a `describe`. */
function scrapedBy(features: string, scrapeConfig: Record<string, unknown> = {}): void {
  beforeAll(async () => {
    goBetween = await GoBetween.start(exporter.port)
    const flags = features === '' ? [] : [`--enable-feature=${features}`]
    prometheus = await startPrometheus({ tool: 'prometheus-3', targets: [goBetween.target], flags, scrapeConfig })
    await prometheus.untilScraped()
  })
  afterAll(async () => {
    await prometheus?.stop()
    goBetween?.close()
  })
}

function negotiated(accept: string, contentType: string): void {
  test('the formats agreed on', () => {
    expect(goBetween.distinct).toEqual([{ accept: expect.stringContaining(accept), status: 200, contentType }])
    expect(prometheus.log).toContain('version=3.5')
  })
}

async function values(query: string): Promise<number[]> {
  return (await prometheus.query(query)).map(({ value }) => value)
}

/** The samples of the names that 2.42 could not have told, as they were given. */
function namesAreKept(): void {
  test('names and labels of any text', async () => {
    const [jobs, ...others] = await prometheus.query('{"jobs.done_total"}')
    expect(jobs).toMatchObject({ value: JOBS, labels: { __name__: 'jobs.done_total', ...LABELS } })
    expect(others).toEqual([])
    expect(await values('{"jobs.done_total", "größe"="\\"\\\\\\n😀"}')).toEqual([JOBS])
    expect(await values('{"Füllstand in %"}')).toEqual([-1.5])
    expect(await values('{"breaker.state", "breaker.state"="open"}')).toEqual([1])
    expect(await values('{"breaker.state", "breaker.state"="closed"}')).toEqual([0])
    expect(await values('{"wait.seconds_count"}')).toEqual([COUNT])
    expect((await values('{"wait.seconds_sum"}'))[0]).toBeCloseTo(SUM, 6)
  })
}

/** The zero that Prometheus puts where a series began is where we say that it began. */
function beginsAtZero(selector: string, last: number): void {
  test(`${selector} begins with a zero at its created time`, async () => {
    const [series, ...others] = await prometheus.range(`${selector}[1h]`)
    expect(others).toEqual([])
    const [zero, ...rest] = series?.samples ?? []
    expect(zero?.value).toBe(0)
    expect(zero?.timestampSeconds).toBeGreaterThanOrEqual(beforeSeconds - 0.001)
    expect(zero?.timestampSeconds).toBeLessThanOrEqual(afterSeconds + 0.001)
    expect(rest.length).toBeGreaterThan(0)
    for (const { value } of rest) expect(value).toBe(last)
  })
}

function exemplarsComeBack(...selectors: string[]): void {
  test.each(selectors)('the exemplars of %s', async (selector) => {
    const found = await prometheus.exemplars(selector)
    const shown = found.map(({ value, labels }) => ({
      value,
      exemplar: { traceId: labels.trace_id, spanId: labels.span_id },
    }))
    expect(shown.sort((a, b) => a.value - b.value)).toEqual(TRACED)
    for (const { timestampSeconds } of found) {
      expect(timestampSeconds).toBeGreaterThanOrEqual(beforeSeconds - 0.001)
      expect(timestampSeconds).toBeLessThanOrEqual(afterSeconds + 0.001)
    }
  })
}

describe('as it comes', () => {
  scrapedBy('')
  negotiated(
    'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=',
    'application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8',
  )
  namesAreKept()

  test('created times are series', async () => {
    const [created] = await values('{"jobs.done_created"}')
    expect(created).toBeGreaterThanOrEqual(beforeSeconds - 0.001)
    expect(created).toBeLessThanOrEqual(afterSeconds + 0.001)
  })
})

describe('in text 1.0.0', () => {
  scrapedBy('', { scrape_protocols: ['PrometheusText1.0.0'] })
  negotiated(
    'text/plain;version=1.0.0;escaping=allow-utf-8;q=',
    'text/plain; version=1.0.0; charset=utf-8; escaping=allow-utf-8',
  )
  namesAreKept()
})

describe('in OpenMetrics, with created times and exemplars', () => {
  scrapedBy('created-timestamp-zero-ingestion,exemplar-storage', { scrape_protocols: ['OpenMetricsText1.0.0'] })
  negotiated(
    'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=',
    'application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8',
  )
  namesAreKept()
  beginsAtZero('{"jobs.done_total"}', JOBS)
  beginsAtZero('{"wait.seconds_count"}', COUNT)
  beginsAtZero('size_bytes_bucket{le="+Inf"}', COUNT)
  exemplarsComeBack('{"wait.seconds_bucket"}', 'size_bytes_bucket')

  test('created times are no series of their own', async () => {
    expect(await prometheus.query('{__name__=~".*_created"}')).toEqual([])
  })
})

describe('in protobuf, with native histograms, created times and exemplars', () => {
  scrapedBy('native-histograms,created-timestamp-zero-ingestion,exemplar-storage')
  // It asks for no escaping here, which means underscores.
  negotiated(
    'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=',
    'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited; escaping=underscores',
  )
  beginsAtZero('jobs_done_total', JOBS)
  exemplarsComeBack('wait_seconds', 'size_bytes_bucket')

  test('escaped names, labels as they are', async () => {
    const [jobs, ...others] = await prometheus.query('jobs_done_total')
    expect(jobs).toMatchObject({ value: JOBS, labels: { gr__e: LABELS.größe, plain: 'x' } })
    expect(others).toEqual([])
    expect(await values('F_llstand_in__')).toEqual([-1.5])
    expect(await values('breaker_state{breaker_state="open"}')).toEqual([1])
  })

  test('counts, sums and quantiles', async () => {
    expect(await values('histogram_count(wait_seconds)')).toEqual([COUNT])
    expect((await values('histogram_sum(wait_seconds)'))[0]).toBeCloseTo(SUM, 6)
    expect(await prometheus.query('wait_seconds_bucket')).toEqual([])
    const sorted = [...TOTAL].sort((a, b) => a - b)
    for (const q of [0.01, 0.5, 0.9, 0.99, 0.999]) {
      const exact = sorted[Math.ceil(q * COUNT) - 1] as number
      const [estimate = Number.NaN] = await values(`histogram_quantile(${q}, wait_seconds)`)
      // What docs/instruments.md states for schema 3.
      expect(Math.abs(estimate - exact) / exact).toBeLessThanOrEqual(2 ** (1 / 8) - 1)
    }
  })

  test('a native histogram begins empty at its created time', async () => {
    // Prometheus had not been started by then: without the zero there would be nothing.
    expect(await values(`histogram_count(wait_seconds @ ${afterSeconds + 0.001})`)).toEqual([0])
  })

  test('negative buckets and zeros', async () => {
    expect(await values('histogram_count(drift)')).toEqual([5])
    expect(await values('histogram_fraction(-2, -1, drift)')).toEqual([0.4])
    expect((await values('histogram_fraction(-0.5, 0.5, drift)'))[0]).toBeCloseTo(0.4, 9)
    expect(await values('histogram_fraction(2, 4, drift)')).toEqual([0.2])
  })
})
