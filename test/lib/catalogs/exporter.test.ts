// The exporter catalog: expositions by format and class of size, and what is dropped.
import { counter, Registry } from 'nanotally'
import {
  type ExportRecord,
  exporter,
  exporterMetrics,
  formatOf,
  SIZE_CLASSES,
  sizeClass,
} from 'nanotally/catalogs/exporter'
import { expect, test } from 'vitest'
import { read, rejections, samplesOf, scrape } from '../../support/registry.js'

function open() {
  const registry = new Registry()
  return { registry, metrics: exporterMetrics({ registry }) }
}

const NAME = 'engram_metrics_export_duration_ms'

test('sizes are classes of powers of four KiB, each up to its own size', () => {
  const bounds = SIZE_CLASSES.slice(0, -1).map((text) => Number(text) * 1024)
  expect(bounds.map(sizeClass)).toEqual(SIZE_CLASSES.slice(0, -1))
  expect(bounds.map((bytes) => sizeClass(bytes + 1))).toEqual(SIZE_CLASSES.slice(1))
  expect(sizeClass(0)).toBe('1')
  expect(sizeClass(1e15)).toBe('above_16384')
  expect([-1, Number.NaN, Infinity, '64'].map((bytes) => sizeClass(bytes as number))).toEqual(Array(4).fill(undefined))
})

test('an exposition is recorded in milliseconds, by its format and class', async () => {
  const { registry, metrics } = open()
  metrics.recordExport({ format: 'prometheus', bytes: 60_000, seconds: 0.002 })
  metrics.recordExport({ format: 'prometheus', bytes: 65_536, seconds: 0.004 })
  metrics.recordExport({ format: 'json', bytes: 100, seconds: 0 })
  expect(await read(registry, `${NAME}_sum`, { format: 'prometheus', size_kb: '64' })).toBe(6)
  expect(await read(registry, `${NAME}_bucket`, { format: 'prometheus', size_kb: '64', le: '2.5' })).toBe(1)
  expect(await read(registry, `${NAME}_count`, { format: 'json', size_kb: '1' })).toBe(1)
})

test('whoever renders through it has that recorded', async () => {
  const { registry, metrics } = open()
  const many = counter({ name: 'many_total', help: 'h', labels: ['n'], registry })
  for (let n = 0; n < 200; n++) many.inc({ n })
  const text = await metrics.render()
  expect(text.body.toString()).toContain('many_total{n="199"} 1')
  await metrics.render({ accept: 'application/openmetrics-text' })
  await metrics.render({ names: ['many_total'] })
  const protobuf = 'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited'
  await metrics.render({ accept: protobuf })
  const counts = await samplesOf(registry, NAME)
  const size_kb = sizeClass(text.body.length)
  expect(await read(registry, `${NAME}_count`, { format: 'prometheus', size_kb: size_kb as string })).toBe(2)
  const formats = Object.keys(counts).map((labels) => JSON.parse(labels).format)
  expect(new Set(formats)).toEqual(new Set(['prometheus', 'openmetrics', 'protobuf']))
  await expect(metrics.render({ accept: 1 as unknown as string })).rejects.toThrow(TypeError)
})

test('formats by their content types', () => {
  const types = ['text/plain; version=0.0.4', 'application/openmetrics-text; version=1.0.0', 'application/json']
  expect(types.map(formatOf)).toEqual(['prometheus', 'openmetrics', 'json'])
  expect(formatOf('application/vnd.google.protobuf; proto=x')).toBe('protobuf')
  expect(formatOf('image/png')).toBe('other')
})

test('what cannot be recorded is dropped and counted', async () => {
  const { registry, metrics } = open()
  const good: ExportRecord = { format: 'prometheus', bytes: 10, seconds: 1 }
  metrics.recordExport({ ...good, seconds: -1 })
  metrics.recordExport({ ...good, seconds: Number.NaN })
  metrics.recordExport({ ...good, bytes: -1 })
  metrics.recordExport({ ...good, format: 'xml' as 'json' })
  metrics.recordExport(undefined as unknown as ExportRecord)
  expect(await read(registry, `${NAME}_count`, { format: 'prometheus', size_kb: '1' })).toBe(0)
  expect(await rejections(registry, NAME)).toEqual({ not_a_number: 2, labels: 3 })
})

test('every family is the one that the data tell; what waits for something is not there', async () => {
  const { registry } = open()
  const families = await scrape(registry)
  const told = Object.values(exporter.families).filter(({ exposedBy }) => exposedBy === undefined)
  expect(told.filter(({ planned }) => planned).map(({ name }) => name)).toEqual(['engram_streaming_aggregation_lag_ms'])
  expect([...families.keys()]).toEqual([NAME])
  expect(families.get(NAME)).toMatchObject({ type: 'histogram', help: told[0]?.help })
})
