// The demo under the real Prometheus 2.42: in protobuf with native histograms, and in OpenMetrics without. Counts and sums
// equal the engine's tally, quantiles are within the stated error of the exact ones, exemplars lead back to jobs.
import { expect, test } from 'vitest'
import { demo } from '../../examples/engram/engine/metrics.mjs'
import { families } from '../support/catalogs.js'
import { assertEnded } from '../support/children.js'
import { differences, type Stopped, startDemo, type Tallied } from '../support/demo.js'
import { GoBetween } from '../support/negotiation.js'
import { type Prometheus, type StoredExemplar, startPrometheus } from '../support/prometheus.js'

const WORKERS = 3
const EXPLICIT = 'engram_recall_hops'
/** The histograms with buckets of their own, which are no native ones. */
const explicit = new Set(
  [...families, ...Object.values(demo.families)].filter(({ buckets }) => buckets !== undefined).map(({ name }) => name),
)
/** docs/instruments.md, of schema 3. */
const STATED_ERROR = 2 ** (1 / 8) - 1
const QUANTILES = [0.5, 0.9, 0.99, 0.999]

/** `x_count` of an exponential histogram is a part of the native histogram `x`. */
function nativeExpression(name: string): string {
  const [, histogram, part] = /^(.*)_(count|sum)$/.exec(name) ?? []
  return histogram === undefined || explicit.has(histogram) ? name : `histogram_${part}(${histogram})`
}

/** The observation of rank ceil(q * count). */
function exactQuantile(reached: Stopped['reached'], q: number): number {
  let rank = Math.ceil(q * reached.reduce((sum, [, count]) => sum + count, 0))
  for (const [value, count] of reached) {
    rank -= count
    if (rank <= 0) return value
  }
  return Number.NaN
}

/** Which of the quantiles Prometheus estimates by more than the stated error beside the exact ones. */
async function farQuantiles(prometheus: Prometheus, reached: Stopped['reached']): Promise<string[]> {
  const far: string[] = []
  for (const q of QUANTILES) {
    const [estimate] = await prometheus.query(`histogram_quantile(${q}, engram_recall_synsets)`)
    const exact = exactQuantile(reached, q)
    const error = Math.abs((estimate?.value ?? Number.NaN) - exact) / exact
    if (!(error <= STATED_ERROR)) far.push(`${q}: ${estimate?.value}, exactly ${exact}`)
  }
  return far
}

/** Each exemplar has the trace of a job that a worker did (examples/engram/engine/trace.mjs). */
function checkExemplars(exemplars: readonly StoredExemplar[], { tally, reached }: Stopped): void {
  const jobs = tally
    .filter(({ name }) => name === 'engram_jobs_queued_total')
    .reduce((sum, { value }) => sum + value, 0)
  const observed = new Set(reached.map(([value]) => value))
  for (const { seriesLabels, labels, value } of exemplars) {
    const { trace_id: traceId = '', span_id: spanId = '' } = labels
    expect(traceId).toMatch(/^[0-9a-f]{32}$/)
    const [worker, job] = [Number.parseInt(traceId.slice(0, 8), 16), Number.parseInt(traceId.slice(8), 16)]
    expect(worker).toBeLessThan(WORKERS)
    expect(job).toBeGreaterThanOrEqual(1)
    expect(job).toBeLessThanOrEqual(jobs)
    expect(Number.parseInt(spanId, 16)).toBe(job)
    if (seriesLabels.__name__?.startsWith('engram_recall_synsets')) expect(observed).toContain(value)
  }
  const histograms = new Set(exemplars.map(({ seriesLabels }) => seriesLabels.__name__?.replace(/_bucket$/, '')))
  expect(histograms).toContain('engram_recall_synsets')
  expect(histograms).toContain('engram_streaming_recall_latency_seconds')
  expect(histograms).toContain(EXPLICIT)
}

test.each([
  {
    features: 'native-histograms,exemplar-storage',
    contentType:
      'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited; escaping=underscores',
    isNative: true,
  },
  {
    features: 'exemplar-storage',
    contentType: 'application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores',
    isNative: false,
  },
])('with $features', async ({ features, contentType, isNative }) => {
  const engine = startDemo({ seconds: 6, workers: WORKERS })
  const ready = (await engine.nextMessage()) as { event: string; url: string }
  expect(ready.event).toBe('ready')
  await using goBetween = await GoBetween.start(Number(new URL(ready.url).port))
  await using prometheus = await startPrometheus({
    targets: [goBetween.target],
    flags: [`--enable-feature=${features}`],
  })
  await prometheus.untilScraped() // at least once under load
  const stopped = (await engine.nextMessage()) as Stopped
  expect(stopped).toMatchObject({ event: 'stopped', equal: true })
  await prometheus.untilScraped() // a scrape that began after the load had stopped
  expect(goBetween.distinct).toEqual([expect.objectContaining({ status: 200, contentType })])

  const expressionOf = isNative ? nativeExpression : (name: string) => name
  const lines = stopped.tally.filter(({ type, name }) => type === 'counter' || /_(count|sum)$/.test(name))
  const parts = lines.filter(({ name }) => expressionOf(name) !== name)
  const ofNative = lines.filter(
    ({ name, type }) => type === 'histogram' && !explicit.has(name.replace(/_(count|sum)$/, '')),
  )
  expect(ofNative.length).toBeGreaterThan(50)
  expect(parts.length).toBe(isNative ? ofNative.length : 0)
  expect(lines.length).toBeGreaterThan(30)
  expect(lines.reduce((sum, { value }) => sum + value, 0)).toBeGreaterThan(100_000)
  expect(await differences(prometheus, lines, expressionOf)).toEqual([])
  // The comparison can fail, at each kind of sample.
  for (const kind of [
    'engram_activations_total',
    'engram_streaming_queue_wait_time_seconds_count',
    'engram_recall_synsets_sum',
  ]) {
    const [first, ...others] = lines.filter(({ name }) => name === kind)
    const tampered = [{ ...(first as Tallied), value: (first as Tallied).value + 1 }, ...others]
    expect(await differences(prometheus, tampered, expressionOf)).toHaveLength(1)
  }

  if (isNative) {
    expect(await farQuantiles(prometheus, stopped.reached)).toEqual([])
    // So can this: 20 % is more than one bucket.
    const moved = stopped.reached.map(([value, count]): [number, number] => [value * 1.2, count])
    expect(await farQuantiles(prometheus, moved)).not.toEqual([])
  }

  const exemplars = await prometheus.exemplars('{__name__=~"engram_.*"}')
  checkExemplars(exemplars, stopped)
  // Of each series one at least; of a native histogram 2.42 takes no more in a scrape.
  expect(exemplars.length).toBeGreaterThanOrEqual(9)

  engine.kill('SIGTERM')
  assertEnded(await engine.finished)
})
