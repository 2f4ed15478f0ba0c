// The reliability catalog: health checks by their runs, classes of thresholds, the verdict on slowdowns, what is dropped.
import { type HealthReport, Registry, startExporter } from 'nanotally'
import { reliability, reliabilityMetrics, THRESHOLD_CLASSES, thresholdClass } from 'nanotally/catalogs/reliability'
import { expect, onTestFinished, test, vi } from 'vitest'
import { find, register, SOON } from '../../support/health.js'
import { read, refusal, rejections, samplesOf, scrape } from '../../support/registry.js'
import { until } from '../../support/until.js'

function open() {
  const registry = new Registry()
  return { registry, metrics: reliabilityMetrics({ registry }) }
}

type Check = HealthReport['checks'][number]
function reportOf(...checks: (Partial<Check> & { name: string })[]): HealthReport {
  return {
    status: 'healthy',
    time: 1,
    checks: checks.map((check) => ({ status: 'healthy', message: 'ok', critical: true, ...check })),
  }
}

const runs = async (registry: Registry) => {
  const samples = await samplesOf(registry, 'engram_health_checks_total')
  return Object.fromEntries(
    Object.entries(samples).map(([labels, value]) => [Object.values(JSON.parse(labels)).join(' '), value]),
  )
}

test('checks of the program: their time in milliseconds, their success', async () => {
  const { registry, metrics } = open()
  metrics.recordHealthCheck('cache_coherence', true, 0.002)
  metrics.recordHealthCheck('cache_coherence', true, 0.006)
  metrics.recordHealthCheck('cache_coherence', false, 0.5)
  metrics.recordHealthCheck('numa_topology', true)
  const component = 'cache_coherence'
  expect(await read(registry, 'engram_health_check_duration_ms_sum', { component })).toBe(508)
  expect(await read(registry, 'engram_health_check_duration_ms_bucket', { component, le: '5' })).toBe(1)
  expect(await samplesOf(registry, 'engram_health_check_success_ratio')).toEqual({
    '{"component":"cache_coherence"}': 2 / 3,
    '{"component":"numa_topology"}': 1,
  })
  // Nobody measured how long the other one took.
  expect(await read(registry, 'engram_health_check_duration_ms_count', { component: 'numa_topology' })).toBeUndefined()
})

test('of a report each run is recorded once, and what is built in at each look', async () => {
  const { registry, metrics } = open()
  const database = { name: 'database', consecutiveFailures: 0, durationSeconds: 0.25, lastRun: 100 }
  const first = reportOf(database, { name: 'event_loops' }, { name: 'numa_imbalance', status: 'unavailable' })
  metrics.recordHealthReport(first)
  metrics.recordHealthReport(first)
  expect(await runs(registry)).toEqual({ 'database success': 1, 'event_loops success': 2 })
  metrics.recordHealthReport(reportOf({ ...database, lastRun: 105, status: 'degraded', consecutiveFailures: 1 }))
  metrics.recordHealthReport(reportOf({ ...database, lastRun: 110, status: 'unhealthy', consecutiveFailures: 2 }))
  metrics.recordHealthReport(reportOf({ ...database, lastRun: 115, status: 'degraded' }))
  metrics.recordHealthReport(reportOf({ name: 'event_loops', status: 'unhealthy' }))
  expect(await runs(registry)).toEqual({
    'database success': 2,
    'database failure': 2,
    'event_loops success': 2,
    'event_loops failure': 1,
  })
  expect(await read(registry, 'engram_health_check_duration_ms_count', { component: 'database' })).toBe(4)
  expect(await read(registry, 'engram_health_check_duration_ms_count', { component: 'event_loops' })).toBeUndefined()
})

test('a check that has not run yet is no failure', async () => {
  const { registry, metrics } = open()
  const check = { name: 'late', status: 'unhealthy', consecutiveFailures: 0, durationSeconds: 0, lastRun: 50 } as const
  metrics.recordHealthReport(reportOf(check))
  expect(await runs(registry)).toEqual({})
  metrics.recordHealthReport(reportOf({ ...check, status: 'healthy', lastRun: 51, durationSeconds: 0.001 }))
  expect(await runs(registry)).toEqual({ 'late success': 1 })
})

test('health that is watched: the runs of a real check, and the built-in ones where the registry is served', async () => {
  const registry = new Registry('watched')
  onTestFinished(() => registry.close())
  const exporter = await startExporter({ registry, port: 0, unref: true })
  onTestFinished(() => exporter.close())
  const metrics = reliabilityMetrics({ registry })
  let fails = false
  const result = register(() => !fails, { ...SOON, failAfter: 3 })
  const watch = metrics.watchHealth({ intervalMs: 10 })
  onTestFinished(() => watch.stop())
  const { name } = result()
  await until('successes', async () => ((await runs(registry))[`${name} success`] ?? 0) >= 2)
  expect((await runs(registry))[`${name} failure`]).toBeUndefined()
  fails = true
  const seen = await until('failures', async () => {
    const seen = await runs(registry)
    return (seen[`${name} failure`] ?? 0) >= 3 && seen
  })
  expect(seen['event_loops success']).toBeGreaterThan(0)
  expect(await read(registry, 'engram_health_check_success_ratio', { component: name })).toBeGreaterThan(0)
  expect(await read(registry, 'engram_health_check_duration_ms_count', { component: name })).toBeGreaterThanOrEqual(5)
  watch.stop()
  watch.stop()
  const last = find(name)?.lastRun ?? 0
  const stopped = await runs(registry)
  await until('a further run', () => (find(name)?.lastRun ?? 0) > last)
  expect(await runs(registry)).toEqual(stopped)
  metrics.recordHealthReport()
  expect((await runs(registry))[`${name} failure`]).toBe((stopped[`${name} failure`] ?? 0) + 1)
})

test('watching ends with the registry; its interval is checked', () => {
  const { registry, metrics } = open()
  for (const intervalMs of [0, 9, 3_600_001, 10.5, Number.NaN, '10']) {
    const error = refusal(() => metrics.watchHealth({ intervalMs: intervalMs as number }))
    expect([intervalMs, error.name]).toEqual([intervalMs, 'RangeError'])
  }
  vi.useFakeTimers()
  onTestFinished(() => {
    vi.useRealTimers()
  })
  metrics.watchHealth({ intervalMs: 10 })
  vi.advanceTimersByTime(100)
  expect(vi.getTimerCount()).toBe(1)
  registry.close()
  metrics.recordHealthReport()
  vi.advanceTimersByTime(10)
  expect(vi.getTimerCount()).toBe(0)
})

test('thresholds are classes: tenths, and what is above 1', async () => {
  const tenths = Array.from({ length: 10 }, (_, i) => (i + 1) / 10)
  expect(tenths.map(thresholdClass)).toEqual(THRESHOLD_CLASSES.slice(0, 10))
  expect([0, 0.05, 0.1000001, 0.30000000000000004, 0.79, 0.80001, 1, 1.01, 1e9, Infinity].map(thresholdClass)).toEqual([
    '0.1',
    '0.1',
    '0.2',
    '0.3',
    '0.8',
    '0.9',
    '1',
    'above_1',
    'above_1',
    'above_1',
  ])
  expect([-0.1, Number.NaN, '0.8', undefined].map((value) => thresholdClass(value as number))).toEqual(
    Array(4).fill(undefined),
  )
  const { registry, metrics } = open()
  for (let i = 0; i < 1000; i++) metrics.recordDegradation('cache_miss_ratio', i / 500)
  const samples = await samplesOf(registry, 'engram_graceful_degradation_events')
  expect(Object.keys(samples)).toHaveLength(THRESHOLD_CLASSES.length)
  expect(samples['{"trigger":"cache_miss_ratio","threshold":"0.8"}']).toBe(50)
})

test('a slowdown sets its gauge, and what is fast again takes it back', async () => {
  const { registry, metrics } = open()
  const baseline = { mean: 10, variance: 0.04, count: 200 }
  const value = () => {
    return read(registry, 'engram_performance_regression_detected', { metric: 'latency', significance: '5_percent' })
  }
  expect(await value()).toBeUndefined()
  expect(metrics.recordPerformance('latency', baseline, [10.1, 9.9, 10, 10.2, 9.8])?.isRegression).toBe(false)
  expect(await value()).toBe(0)
  const slow = metrics.recordPerformance('latency', baseline, [11.9, 12.1, 12, 12.2, 11.8])
  expect(slow?.slowdown).toBeCloseTo(0.2, 12)
  expect(await value()).toBe(1)
  metrics.recordPerformance('latency', [10, 10, 10, 10, 10.1], { mean: 10, variance: 0.01, count: 50 })
  expect(await value()).toBe(0)
})

test('what cannot be recorded is dropped and counted', async () => {
  const { registry, metrics } = open()
  metrics.recordHealthCheck('c', true, -1)
  metrics.recordHealthCheck('c', 'yes' as unknown as boolean, 1)
  metrics.recordHealthCheck(undefined as unknown as string, true)
  metrics.recordHealthReport(null as unknown as HealthReport)
  metrics.recordErrorRecovery('memory_pressure', 250)
  metrics.recordErrorRecovery('memory_pressure', Number.NaN)
  metrics.recordDegradation('t', -1)
  const good = { mean: 10, variance: 1, count: 10 }
  const bad = [undefined, null, 7, [1, 2, 3, 4], [1, 2, 3, 4, Number.NaN], { ...good, mean: 0 }]
  for (const sample of bad) expect(metrics.recordPerformance('m', good, sample as number[])).toBeUndefined()
  expect(await runs(registry)).toEqual({})
  expect(await read(registry, 'engram_error_recovery_duration_ms_sum', { error_type: 'memory_pressure' })).toBe(250)
  expect(await samplesOf(registry, 'engram_performance_regression_detected')).toEqual({})
  expect(await rejections(registry, 'engram_health_check_duration_ms')).toEqual({ not_a_number: 1 })
  expect(await rejections(registry, 'engram_health_checks_total')).toEqual({ labels: 2 })
  expect(await rejections(registry, 'engram_error_recovery_duration_ms')).toEqual({ not_a_number: 1 })
  expect(await rejections(registry, 'engram_graceful_degradation_events')).toEqual({ labels: 1 })
  expect(await rejections(registry, 'engram_performance_regression_detected')).toEqual({ not_a_number: bad.length })
})

test('every family is the one that the data tell', async () => {
  const { registry } = open()
  const families = await scrape(registry)
  const told = Object.values(reliability.families)
  expect([...families.keys()].toSorted()).toEqual(told.map(({ name }) => name).toSorted())
  for (const { name, type, help } of told) expect(families.get(name)).toMatchObject({ type, help })
})
