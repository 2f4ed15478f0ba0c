// The Python client's strict parser reads the OpenMetrics text of a registry that has every kind of metric, as it was meant.
import { counter, derivedGauge, gauge, histogram, Registry } from 'nanotally'
import { expect, test } from 'vitest'
import { native } from '../../dist/native.js'
import { CHUNK_BITS, OFFSET_MASK } from '../../dist/sink.js'
import { type OpenMetricsFamily, parseOpenMetrics } from '../support/openmetrics.js'

const ACCEPT = 'application/openmetrics-text; version=1.0.0'

async function parsed(registry: Registry): Promise<Map<string, OpenMetricsFamily>> {
  const { body } = await registry.render({ accept: ACCEPT })
  return new Map(parseOpenMetrics(body).map((family) => [family.name, family]))
}

/** A gauge of a kind that the formats tell apart, each series set to its value. */
function defineKind(registry: Registry, kind: 'info' | 'stateset', name: string, label: string, values: object): void {
  const { id } = native.defineMetric(registry._handle, {
    ...{ name, help: `A ${kind}.`, unit: '', type: 'gauge', kind, labels: [label], optionalCount: 0, maxSeries: 10 },
    ...{ aggregate: 'last', onExit: 'default' },
  })
  for (const [labelValue, value] of Object.entries(values)) {
    const { address } = native.resolveSeries(registry._handle, id, [labelValue])
    const cells = native.openChunk(registry._handle, address >>> CHUNK_BITS)
    cells[address & OFFSET_MASK] = value
    cells[(address & OFFSET_MASK) + 1] = 1
  }
}

test('every kind of metric', async () => {
  const registry = new Registry()
  const before = Date.now() / 1000
  const work = counter({ name: 'work_seconds_total', help: 'A "quote", a \\,\na line.', unit: 'seconds', registry })
  work.inc(0.5)
  const misses = counter({ name: 'misses', help: 'No suffix.', labels: ['l'], registry })
  misses.inc({ l: 'say "hi"\\\n😀' }, 2)
  gauge({ name: 'heap_bytes', help: 'h', unit: 'bytes', registry }).set(-1.5)
  gauge({ name: 'not_finite', help: 'h', registry }).set(Number.NaN)
  gauge({ name: 'never_set', help: 'h', registry })
  const exponential = histogram({ name: 'latency_seconds', help: 'h', unit: 'seconds', labels: ['l'], registry })
  const explicit = histogram({ name: 'size_bytes', help: 'h', buckets: [1, 10, 1e6], registry })
  const negative = histogram({ name: 'drift', help: 'h', buckets: [-1, 1], registry })
  for (const value of [0.25, 0.5, 3, 3, 0]) {
    exponential.observe({ l: 'a' }, value)
    explicit.observe(value)
    negative.observe(-value)
  }
  derivedGauge({ name: 'work_ratio', help: 'h', unit: 'ratio', ratio: { of: [work], to: [work] }, registry })
  defineKind(registry, 'info', 'build_info', 'version', { '1.2': 1 })
  defineKind(registry, 'stateset', 'phase', 'phase', { idle: 0, busy: 1 })
  work.inc(-1) // refused, so that nanotally's own families are there

  const families = await parsed(registry)
  expect([...families].map(([name, { type, unit }]) => [name, type, unit])).toEqual([
    ['build', 'info', ''],
    ['drift', 'histogram', ''],
    ['heap_bytes', 'gauge', 'bytes'],
    ['latency_seconds', 'histogram', 'seconds'],
    ['misses', 'unknown', ''],
    ['never_set', 'gauge', ''],
    ['not_finite', 'gauge', ''],
    ['phase', 'stateset', ''],
    ['size_bytes', 'histogram', ''],
    ['work_seconds', 'counter', 'seconds'],
    ['work_ratio', 'gauge', 'ratio'],
    ['nanotally_rejected', 'counter', ''],
  ])
  const samples = (name: string) => families.get(name)?.samples ?? []
  const values = (name: string) => samples(name).map(({ name, labels, value }) => [name, Object.values(labels), value])
  expect(families.get('work_seconds')?.help).toBe('A "quote", a \\,\na line.')
  expect(values('work_seconds')).toEqual([
    ['work_seconds_total', [], '0.5'],
    ['work_seconds_created', [], expect.any(String)],
  ])
  const created = Number(samples('work_seconds')[1]?.value)
  expect(created).toBeGreaterThan(before - 1)
  expect(created).toBeLessThan(Date.now() / 1000 + 1)
  expect(values('misses')).toEqual([['misses', ['say "hi"\\\n😀'], '2.0']])
  expect(values('heap_bytes')).toEqual([['heap_bytes', [], '-1.5']])
  expect(values('not_finite')).toEqual([['not_finite', [], 'nan']])
  expect(values('build')).toEqual([['build_info', ['1.2'], '1.0']])
  expect(values('phase').map(([, labels, value]) => [labels, value])).toEqual([
    [['idle'], '0.0'],
    [['busy'], '1.0'],
  ])
  expect(values('size_bytes').slice(0, -1)).toEqual([
    ['size_bytes_bucket', ['1.0'], '3.0'],
    ['size_bytes_bucket', ['10.0'], '5.0'],
    ['size_bytes_bucket', ['1e+06'], '5.0'],
    ['size_bytes_bucket', ['+Inf'], '5.0'],
    ['size_bytes_sum', [], '6.75'],
    ['size_bytes_count', [], '5.0'],
  ])
  expect(values('drift').map(([name]) => name)).toEqual([...Array(3).fill('drift_bucket'), 'drift_created'])
  expect(samples('latency_seconds').map(({ name }) => name)).toContain('latency_seconds_count')
  expect(values('work_ratio')).toEqual([['work_ratio', [], '1.0']])
})

test('names that would clash in OpenMetrics', async () => {
  const registry = new Registry()
  for (const name of ['a_total', 'b_total', 'c']) counter({ name, help: 'h', registry }).inc()
  gauge({ name: 'a', help: 'h', registry }).set(1)
  gauge({ name: 'b_created', help: 'h', registry }).set(1)
  expect([...(await parsed(registry))].map(([name, { type }]) => `${name} ${type}`)).toEqual([
    'a gauge',
    'a_total unknown',
    'b_created gauge',
    'b_total unknown',
    'c unknown',
  ])
})

test('an empty registry', async () => {
  expect((await parsed(new Registry())).size).toBe(0)
})
