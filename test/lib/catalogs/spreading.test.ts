// The spreading catalog: what each function records, as a scrape shows it, the classes of hops, the average, what is dropped.
import { Registry } from 'nanotally'
import { HOP_CLASSES, hopClass, type SpreadingResult, spreading, spreadingMetrics } from 'nanotally/catalogs/spreading'
import { expect, test } from 'vitest'
import { read, rejections, samplesOf, scrape } from '../../support/registry.js'

function open() {
  const registry = new Registry()
  return { registry, metrics: spreadingMetrics({ registry }) }
}

const average = (registry: Registry) => read(registry, 'engram_spreading_average_hop_count', { result: 'successful' })

test('a spread is timed and counted by its tier', async () => {
  const { registry, metrics } = open()
  metrics.recordSpreadingLatency(0.25, 'hot')
  metrics.recordSpreadingLatency(0.5, 'hot')
  metrics.recordSpreadingLatency(1, 'cold')
  metrics.recordTierAccessLatency(0.125, 'cold')
  expect(await read(registry, 'engram_spreading_latency_sum', { tier: 'hot' })).toBe(0.75)
  expect(await samplesOf(registry, 'engram_spreads_per_second')).toEqual({ '{"tier":"hot"}': 2, '{"tier":"cold"}': 1 })
  expect((await scrape(registry)).get('engram_spreads_per_second')?.type).toBe('counter')
  expect(await read(registry, 'engram_spreading_tier_access_latency_sum', { tier: 'cold' })).toBe(0.125)
})

test('hops are classes, the eighth and further ones together', async () => {
  expect([1, 2, 7, 8, 9, 1000].map(hopClass)).toEqual(['1', '2', '7', '8_or_more', '8_or_more', '8_or_more'])
  expect([0, -1, 1.5, Number.NaN, Infinity, '1'].map((hop) => hopClass(hop as number))).toEqual(
    Array(6).fill(undefined),
  )
  const { registry, metrics } = open()
  for (let hop = 1; hop <= 100; hop++) metrics.recordHopLatency(0.5, hop)
  const counts = HOP_CLASSES.map((hop) => read(registry, 'engram_spreading_hop_latency_count', { hop }))
  expect(await Promise.all(counts)).toEqual([1, 1, 1, 1, 1, 1, 1, 93])
  metrics.recordHopLatency(0.5, 0)
  expect(await rejections(registry, 'engram_spreading_hop_latency')).toEqual({ labels: 1 })
})

test('a result enters as a whole', async () => {
  const { registry, metrics } = open()
  const confidences = new Float32Array([0.25, 0.5, 1, 0])
  metrics.recordSpreadingResult({
    averageHops: 2.5,
    cyclesDetected: 2,
    activations: 310,
    confidenceAggregations: 12,
    confidences,
  })
  metrics.recordSpreadingResult({ averageHops: 3.5 })
  expect(await average(registry)).toBe(3)
  expect(await read(registry, 'engram_cycle_detection_rate', { status: 'detected' })).toBe(2)
  expect(await read(registry, 'engram_spreading_activations_processed_total')).toBe(310)
  expect(await read(registry, 'engram_spreading_confidence_aggregations_total')).toBe(12)
  expect(await read(registry, 'engram_spreading_confidence_distribution_sum', { stage: 'final' })).toBe(1.75)
  const upTo = (le: string) => read(registry, 'engram_spreading_confidence_distribution_bucket', { stage: 'final', le })
  expect([await upTo('0.1'), await upTo('0.3'), await upTo('0.5'), await upTo('1')]).toEqual([1, 2, 3, 4])
})

test('the average is the plain one of 32 spreads, and moves from then on', async () => {
  const { registry, metrics } = open()
  for (let i = 1; i <= 32; i++) metrics.recordSpreadingResult({ averageHops: i })
  expect(await average(registry)).toBeCloseTo(16.5, 12)
  metrics.recordSpreadingResult({ averageHops: 48.5 })
  expect(await average(registry)).toBeCloseTo(16.5 + 32 / 32, 12)
  // Whoever finds the families again goes on with the same average.
  spreadingMetrics({ registry }).recordSpreadingResult({ averageHops: 17.5 })
  expect(await average(registry)).toBeCloseTo(17.5, 12)
  for (let i = 0; i < 1000; i++) metrics.recordSpreadingResult({ averageHops: 2 })
  expect(await average(registry)).toBeCloseTo(2, 9)
})

test('hits per look-up, spreads under way, failures', async () => {
  const { registry, metrics } = open()
  metrics.recordCacheLookups('hot', 3, 1)
  metrics.recordCacheLookups('cold', 0, 4)
  metrics.updateConcurrentSpreads(6)
  metrics.recordSpreadingFailure('no_activations')
  expect(await samplesOf(registry, 'engram_spreading_cache_hit_rate')).toEqual({
    '{"tier":"hot"}': 0.75,
    '{"tier":"cold"}': 0,
  })
  expect(await read(registry, 'engram_spreading_concurrent_spreads')).toBe(6)
  expect(await read(registry, 'engram_spreading_failures', { error_type: 'no_activations' })).toBe(1)
})

test('what cannot be recorded is dropped and counted', async () => {
  const { registry, metrics } = open()
  metrics.recordSpreadingLatency(-1, 'hot')
  metrics.recordSpreadingLatency(Number.NaN, 'hot')
  metrics.recordSpreadingLatency(1, undefined as unknown as string)
  const bad = [undefined, null, {}, { averageHops: -1 }, { averageHops: 1, cyclesDetected: Number.NaN }]
  for (const result of bad) metrics.recordSpreadingResult(result as SpreadingResult)
  metrics.recordSpreadingResult({ averageHops: 2, activations: 5, confidences: [0.5, 1.5, Number.NaN, -0.1] })
  metrics.recordCacheLookups('hot', 1, -1)
  metrics.updateConcurrentSpreads(Infinity)
  metrics.recordSpreadingFailure({} as string)
  expect(await read(registry, 'engram_spreading_latency_count', { tier: 'hot' })).toBe(0)
  expect(await samplesOf(registry, 'engram_spreads_per_second')).toEqual({})
  expect(await average(registry)).toBe(2)
  expect(await read(registry, 'engram_spreading_activations_processed_total')).toBe(5)
  expect(await read(registry, 'engram_spreading_confidence_distribution_count', { stage: 'final' })).toBe(1)
  expect(Object.values(await samplesOf(registry, 'engram_spreading_cache_lookups_total'))).toEqual([0, 0])
  expect(await rejections(registry, 'engram_spreading_latency')).toEqual({ not_a_number: 2, labels: 1 })
  expect(await rejections(registry, 'engram_spreads_per_second')).toEqual({ labels: 1 })
  expect(await rejections(registry, 'engram_spreading_average_hop_count')).toEqual({ not_a_number: 5 })
  expect(await rejections(registry, 'engram_spreading_confidence_distribution')).toEqual({ not_a_number: 3 })
  expect(await rejections(registry, 'engram_spreading_cache_lookups_total')).toEqual({ negative: 1 })
  expect(await rejections(registry, 'engram_spreading_concurrent_spreads')).toEqual({ not_a_number: 1 })
  expect(await rejections(registry, 'engram_spreading_failures')).toEqual({ labels: 1 })
})

test('every family is the one that the data tell; what waits for something is not there', async () => {
  const { registry } = open()
  const families = await scrape(registry)
  const told = Object.values(spreading.families)
  expect(told.filter(({ planned }) => planned).map(({ name }) => name)).toEqual(['engram_circuit_breaker_state'])
  const own = told.filter(({ planned }) => !planned)
  expect([...families.keys()].toSorted()).toEqual(own.map(({ name }) => name).toSorted())
  for (const { name, type, help } of own) expect(families.get(name)).toMatchObject({ type, help })
})
