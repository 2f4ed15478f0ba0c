// The real Prometheus in the formats that it prefers: OpenMetrics as it comes, protobuf where it takes native histograms.
import { counter, type Exporter, histogram, Registry, startExporter } from 'nanotally'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Prometheus, startPrometheus } from '../support/prometheus.js'

const FINE = 8
/** More buckets than the 160 that are sent. */
const VALUES = Array.from({ length: 500 }, (_, i) => 1.02 ** i * 1e-3)
const SPECIAL = [0, -1.5, -1.5, 2 ** -130, Number.MAX_VALUE, Number.POSITIVE_INFINITY, Number.NaN]

const registry = new Registry()
counter({ name: 'jobs_total', help: 'A "quote" and a\nline.', labels: ['l'], registry }).inc({ l: '\\"\n😀' }, 2.5)
const usual = histogram({ name: 'usual_seconds', help: 'h', unit: 'seconds', labels: ['l'], registry })
const fine = histogram({ name: 'fine_seconds', help: 'h', schema: FINE, registry })
for (const value of VALUES) {
  usual.observe({ l: 'a' }, value)
  fine.observe(value)
}
histogram({ name: 'empty_seconds', help: 'h', registry }).labels()
const special = histogram({ name: 'special', help: 'h', registry })
for (const value of SPECIAL) special.observe(value)
const explicit = histogram({ name: 'explicit_bytes', help: 'h', buckets: [0.01, 1, 100], registry })
for (const value of VALUES) explicit.observe(value)

const EXEMPLAR = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' }
const traced = {
  exponential: histogram({ name: 'traced_seconds', help: 'h', unit: 'seconds', registry }),
  explicit: histogram({ name: 'traced_bytes', help: 'h', unit: 'bytes', buckets: [1, 2], registry }),
}
for (const h of Object.values(traced)) h.observe(1.5, { exemplar: EXEMPLAR })

/** The exemplars that a Prometheus has of series, but for their times. */
async function exemplarsOf(prometheus: Prometheus, selector: string) {
  const found = await prometheus.exemplars(selector)
  for (const { timestampSeconds } of found) expect(timestampSeconds).toBeGreaterThan(1.7e9)
  return found.map(({ seriesLabels, labels, value }) => ({
    name: seriesLabels.__name__,
    le: seriesLabels.le,
    labels,
    value,
  }))
}
const KEPT = { labels: { trace_id: EXEMPLAR.traceId, span_id: EXEMPLAR.spanId }, value: 1.5 }

let exporter: Exporter
beforeAll(async () => {
  exporter = await startExporter({ port: 0, registry })
})
afterAll(() => exporter?.close())

async function scrape(flags: string[]): Promise<Prometheus> {
  const prometheus = await startPrometheus({ targets: [`127.0.0.1:${exporter.port}`], flags })
  await prometheus.untilScraped()
  return prometheus
}

describe('with native histograms', () => {
  let prometheus: Prometheus
  beforeAll(async () => {
    prometheus = await scrape(['--enable-feature=native-histograms,exemplar-storage'])
  })
  afterAll(() => prometheus?.stop())

  async function value(query: string): Promise<number | undefined> {
    return (await prometheus.query(query))[0]?.value
  }

  test('labels and values come back', async () => {
    const [jobs] = await prometheus.query('jobs_total')
    expect(jobs?.value).toBe(2.5)
    expect(jobs?.labels.l).toBe('\\"\n😀')
  })

  test.each(['usual_seconds', 'fine_seconds'])('counts, sums and quantiles of %s', async (name) => {
    expect(await value(`histogram_count(${name})`)).toBe(VALUES.length)
    expect(await value(`histogram_sum(${name})`)).toBeCloseTo(
      VALUES.reduce((a, b) => a + b),
      6,
    )
    // At most as coarse as schema 3, whose neighbouring boundaries are 2^(1/8) apart.
    for (const q of [0.5, 0.9, 0.99]) {
      const exact = VALUES[Math.ceil(q * VALUES.length) - 1] as number
      const ratio = ((await value(`histogram_quantile(${q}, ${name})`)) as number) / exact
      expect(ratio).toBeGreaterThan(2 ** (-1 / 8))
      expect(ratio).toBeLessThan(2 ** (1 / 8))
    }
  })

  test('one without observations is native too', async () => {
    expect(await value('histogram_count(empty_seconds)')).toBe(0)
    expect(await prometheus.query('empty_seconds_count')).toEqual([])
  })

  test('zeros, negative, infinite and not-a-number observations', async () => {
    expect(await value('histogram_count(special)')).toBe(SPECIAL.length)
    expect(await value('histogram_sum(special)')).toBeNaN()
    // Two zeros; two below.
    expect(await value('histogram_fraction(-2, -1, special)')).toBeCloseTo(2 / SPECIAL.length, 6)
  })

  test('exemplars come back by the API', async () => {
    expect(await exemplarsOf(prometheus, 'traced_seconds')).toEqual([{ name: 'traced_seconds', ...KEPT }])
    expect(await exemplarsOf(prometheus, '{__name__=~"traced_bytes.*"}')).toEqual([
      { name: 'traced_bytes_bucket', le: expect.stringMatching(/^2(\.0)?$/), ...KEPT },
    ])
  })

  test('explicit buckets stay classic', async () => {
    expect(await value('explicit_bytes_bucket{le="1"} or explicit_bytes_bucket{le="1.0"}')).toBe(
      VALUES.filter((v) => v <= 1).length,
    )
    expect(await prometheus.query('histogram_count(explicit_bytes)')).toEqual([])
  })
})

describe('without', () => {
  let prometheus: Prometheus
  beforeAll(async () => {
    prometheus = await scrape(['--enable-feature=exemplar-storage'])
  })
  afterAll(() => prometheus?.stop())

  test('exemplars come back by the API', async () => {
    for (const name of ['traced_seconds', 'traced_bytes']) {
      expect(await exemplarsOf(prometheus, `{__name__=~"${name}.*"}`)).toEqual([
        { name: `${name}_bucket`, le: '2.0', ...KEPT },
      ])
    }
  })

  test('it reads OpenMetrics', async () => {
    const [created] = await prometheus.query('jobs_created')
    expect(created?.value).toBeGreaterThan(1.7e9)
    const [bucket] = await prometheus.query('usual_seconds_bucket{le="1.0"}')
    expect(bucket?.value).toBe(VALUES.filter((v) => v <= 1).length)
    const [count] = await prometheus.query('usual_seconds_count')
    expect(count?.value).toBe(VALUES.length)
  })
})
