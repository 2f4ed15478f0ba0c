// The hardware catalog: what recorders add up to, as a scrape shows it, rates and ratios, and what is dropped.
import { counter, registry as defaultRegistry, Registry } from 'nanotally'
import {
  CACHE_LEVELS,
  hardware,
  hardwareMetrics,
  INSTRUCTION_SETS,
  type SimdKernel,
  STALL_CAUSES,
  VECTOR_WIDTHS,
} from 'nanotally/catalogs/hardware'
import { perf } from 'nanotally/hardware'
import { describe, expect, test } from 'vitest'
import { read, rejections, samplesOf, scrape } from '../../support/registry.js'
import { until } from '../../support/until.js'

function open() {
  const registry = new Registry()
  return { registry, metrics: hardwareMetrics({ registry }) }
}

const COSINE: SimdKernel = {
  instructionSet: 'avx512',
  operation: 'cosine_similarity',
  instructionType: 'fma',
  vectorWidth: 16,
}

test('utilisation is instructions for each 100 cycles, over all kinds of instructions of an operation', async () => {
  const { registry, metrics } = open()
  const labels = { instruction_set: 'avx512', operation: 'cosine_similarity' }
  expect(await read(registry, 'engram_simd_utilization_percent', labels)).toBeUndefined()
  const fma = metrics.simdRecorder(COSINE)
  for (let i = 0; i < 10; i++) fma.record(30, 100)
  metrics.recordSimdOperation({ ...COSINE, instructionType: 'load' }, 100, 0)
  metrics.recordSimdOperation({ ...COSINE, instructionSet: 'avx2', vectorWidth: 8 }, 50, 20)
  expect(await read(registry, 'engram_simd_utilization_percent', labels)).toBe(40)
  expect(await read(registry, 'engram_simd_utilization_percent', { ...labels, instruction_set: 'avx2' })).toBe(250)
  const series = { ...labels, instruction_type: 'fma', vector_width: '16' }
  expect(await read(registry, 'engram_simd_instructions_total', series)).toBe(300)
  expect(await read(registry, 'engram_simd_cycles_total', series)).toBe(1000)
})

test('rates are there once there is something to compare with', async () => {
  const { registry, metrics } = open()
  await scrape(registry)
  const labels = { instruction_type: 'fma', vector_width: '16' }
  const rates = await until('both rates', async () => {
    metrics.recordSimdOperation(COSINE, 1000, 1000)
    metrics.recordPipelineStalls('cache_miss', 500)
    const simd = await read(registry, 'engram_simd_instructions_per_second', labels)
    const stalls = await read(registry, 'engram_pipeline_stalls_per_second', { cause: 'cache_miss' })
    return simd !== undefined && stalls !== undefined && simd > 0 && stalls > 0 && { simd, stalls }
  })
  // Both were recorded together, in a scrape each.
  expect(rates.simd / rates.stalls).toBeGreaterThan(1)
  expect(await read(registry, 'engram_pipeline_stalls_total', { cause: 'cache_miss' })).toBeGreaterThanOrEqual(500)
})

test('hits per access, by level and pattern', async () => {
  const { registry, metrics } = open()
  const sequential = metrics.cacheRecorder('l1', 'sequential')
  for (let i = 0; i < 4; i++) sequential.record(96, 4)
  metrics.recordCachePerformance('l3', 'graph_traversal', 1, 3)
  expect(await samplesOf(registry, 'engram_cache_hit_ratio')).toEqual({
    '{"level":"l1","access_pattern":"sequential"}': 0.96,
    '{"level":"l3","access_pattern":"graph_traversal"}': 0.25,
  })
  const labels = { level: 'l1', access_pattern: 'sequential' }
  expect(await read(registry, 'engram_cache_hits_total', labels)).toBe(384)
  expect(await read(registry, 'engram_cache_misses_total', labels)).toBe(16)
})

test('branches predicted rightly, by component', async () => {
  const { registry, metrics } = open()
  metrics.branchRecorder('hnsw_traversal').record(128, 32)
  metrics.recordBranches('access', 10, 10)
  expect(await samplesOf(registry, 'engram_branch_prediction_accuracy')).toEqual({
    '{"component":"hnsw_traversal"}': 0.75,
    '{"component":"access"}': 0,
  })
  expect(await read(registry, 'engram_branches_total', { component: 'hnsw_traversal', outcome: 'predicted' })).toBe(96)
})

test('all values that labels have are taken', async () => {
  const { registry, metrics } = open()
  for (const instructionSet of INSTRUCTION_SETS) metrics.recordSimdOperation({ ...COSINE, instructionSet }, 1, 1)
  for (const vectorWidth of VECTOR_WIDTHS) metrics.recordSimdOperation({ ...COSINE, vectorWidth }, 1, 1)
  for (const level of CACHE_LEVELS) metrics.recordCachePerformance(level, 'random', 1, 1)
  for (const cause of STALL_CAUSES) metrics.recordPipelineStalls(cause, 1)
  const counts = ['simd_instructions', 'cache_hits', 'pipeline_stalls'].map(async (name) => {
    return Object.keys(await samplesOf(registry, `engram_${name}_total`)).length
  })
  expect(await Promise.all(counts)).toEqual([INSTRUCTION_SETS.length + VECTOR_WIDTHS.length - 1, 3, 5])
  expect((await scrape(registry)).has('nanotally_rejected_total')).toBe(false)
})

test('a sample is recorded as a whole, or dropped and counted', async () => {
  const { registry, metrics } = open()
  const simd = metrics.simdRecorder(COSINE)
  simd.record(-1, 5)
  simd.record(5, Number.NaN)
  simd.record(Infinity, 5)
  simd.record(5, undefined as unknown as number)
  metrics.branchRecorder('c').record(3, 4)
  metrics.branchRecorder('c').record('3' as unknown as number, 1)
  metrics.cacheRecorder('l1', 'p').record(1, 2n as unknown as number)
  metrics.recordPipelineStalls('cache_miss', -1)
  metrics.recordPipelineStalls('cache_miss', undefined as unknown as number)
  const totals = ['simd_instructions', 'simd_cycles', 'branches', 'cache_hits', 'cache_misses', 'pipeline_stalls']
  for (const name of totals) {
    const values = Object.values(await samplesOf(registry, `engram_${name}_total`))
    expect([name, ...new Set(values)]).toEqual([name, 0])
  }
  expect(await rejections(registry, 'engram_simd_instructions_total')).toEqual({ negative: 1, infinite: 1 })
  expect(await rejections(registry, 'engram_simd_cycles_total')).toEqual({ not_a_number: 2 })
  expect(await rejections(registry, 'engram_branches_total')).toEqual({ negative: 1, not_a_number: 1 })
  expect(await rejections(registry, 'engram_cache_misses_total')).toEqual({ not_a_number: 1 })
  expect(await rejections(registry, 'engram_pipeline_stalls_total')).toEqual({ negative: 1, not_a_number: 1 })
})

test('what is no value of a label is dropped and counted', async () => {
  const { registry, metrics } = open()
  metrics.recordSimdOperation({ ...COSINE, instructionSet: 'mmx' as 'avx2' }, 1, 1)
  metrics.recordSimdOperation({ ...COSINE, vectorWidth: 3 as 4 }, 1, 1)
  metrics.recordSimdOperation(undefined as unknown as SimdKernel, 1, 1)
  metrics.recordCachePerformance('l9' as 'l1', 'random', 1, 1)
  metrics.recordPipelineStalls('boredom' as 'frontend', 1)
  metrics.recordBranches(undefined as unknown as string, 2, 1)
  for (const name of ['simd_instructions', 'cache_hits', 'pipeline_stalls', 'branches']) {
    expect(await samplesOf(registry, `engram_${name}_total`)).toEqual({})
  }
  expect(await rejections(registry, 'engram_simd_instructions_total')).toEqual({ labels: 3 })
  expect(await rejections(registry, 'engram_cache_hits_total')).toEqual({ labels: 1 })
  expect(await rejections(registry, 'engram_pipeline_stalls_total')).toEqual({ labels: 1 })
  expect(await rejections(registry, 'engram_branches_total')).toEqual({ labels: 2 })
})

test('every family is the one that the data tell; what waits for something is not there', async () => {
  const { registry } = open()
  const families = await scrape(registry)
  const told = Object.values(hardware.families).filter(({ exposedBy }) => exposedBy === undefined)
  expect(told.filter(({ planned }) => planned).map(({ name }) => name)).toEqual(['engram_cache_miss_latency_ns'])
  const own = told.filter(({ planned }) => !planned)
  expect([...families.keys()].toSorted()).toEqual(own.map(({ name }) => name).toSorted())
  for (const { name, type, help } of own) expect(families.get(name)).toMatchObject({ type, help })
})

describe('watchRegions', () => {
  const kernel = {
    instructionSet: 'avx2',
    operation: 'cosine_similarity',
    instructionType: 'fma',
    vectorWidth: 8,
  } as const

  /** A registry in which regions have counted, as the native core exposes it on a machine with a PMU. */
  function setUp() {
    const registry = new Registry()
    const events = counter({
      name: 'perf_region_events_total',
      help: 'Events.',
      labels: ['region', 'event'],
      registry,
    })
    const count = (region: string, counts: Record<string, number>) => {
      for (const [event, by] of Object.entries(counts)) events.inc({ region, event }, by)
    }
    return { registry, count, metrics: hardwareMetrics({ registry }) }
  }

  test('what a region counts is recorded under the labels that it is watched with', async () => {
    const { registry, count, metrics } = setUp()
    const watch = metrics.watchRegions({
      'a "b"\\\n': { component: 'hnsw_traversal', accessPattern: 'graph_traversal', kernel },
    })
    count('a "b"\\\n', { branches: 100, branch_misses: 4, l1d_loads: 1000, l1d_load_misses: 50, llc_loads: 50 })
    count('a "b"\\\n', { cycles: 400, fp_128: 10, fp_256: 90, stalled_cycles_backend: 70 })
    count('unwatched', { branches: 7, branch_misses: 7, stalled_cycles_frontend: 7 })
    // Differences: what was seen is not seen again, whoever looks at once.
    await Promise.all([watch.look(), watch.look(), watch.look()])
    expect(await read(registry, 'engram_branch_prediction_accuracy', { component: 'hnsw_traversal' })).toBe(0.96)
    const l1 = { level: 'l1', access_pattern: 'graph_traversal' }
    expect(await read(registry, 'engram_cache_hits_total', l1)).toBe(950)
    expect(await read(registry, 'engram_cache_hit_ratio', l1)).toBe(0.95)
    // Its misses are not counted.
    expect(await read(registry, 'engram_cache_hit_ratio', { ...l1, level: 'l3' })).toBeUndefined()
    const simd = { instruction_set: 'avx2', operation: 'cosine_similarity' }
    expect(await read(registry, 'engram_simd_utilization_percent', simd)).toBe(25)
    expect(await samplesOf(registry, 'engram_pipeline_stalls_total')).toEqual({ '{"cause":"backend"}': 70 })

    count('a "b"\\\n', { branches: 100, branch_misses: 16 })
    await watch.look()
    expect(await read(registry, 'engram_branch_prediction_accuracy', { component: 'hnsw_traversal' })).toBe(0.9)
    watch.stop()
    watch.stop()
  })

  test('estimates that exceed what they are a part of are taken for all of it', async () => {
    const { registry, count, metrics } = setUp()
    const watch = metrics.watchRegions({ r: { component: 'c', accessPattern: 'p' } })
    count('r', { branches: 10, branch_misses: 12, l2_references: 3, l2_misses: 5 })
    await watch.look()
    expect(await read(registry, 'engram_branch_prediction_accuracy', { component: 'c' })).toBe(0)
    expect(await read(registry, 'engram_cache_misses_total', { level: 'l2', access_pattern: 'p' })).toBe(3)
    watch.stop()
  })

  test('it looks by itself, and ends with its registry', async () => {
    const { registry, count, metrics } = setUp()
    const watch = metrics.watchRegions({ r: { component: 'c' } }, { intervalMs: 100 })
    count('r', { branches: 10, branch_misses: 1 })
    const accuracy = () => read(registry, 'engram_branch_prediction_accuracy', { component: 'c' })
    await until('a look', async () => (await accuracy()) === 0.9)
    registry.close()
    await expect(watch.look()).rejects.toThrow()
    watch.stop()
  })

  test.each([99, 3_600_001, 1.5, '100', Number.NaN])('an interval of %s is refused', (intervalMs) => {
    const { metrics } = setUp()
    expect(() => metrics.watchRegions({}, { intervalMs: intervalMs as number })).toThrow(
      expect.objectContaining({ code: 'ERR_NANOTALLY_INVALID_VALUE' }),
    )
  })

  test('a real region, of whatever this machine counts', async () => {
    const metrics = hardwareMetrics()
    const region = perf.region('watched')
    region.measure(() => Math.sqrt(2))
    const watch = metrics.watchRegions({ watched: { component: 'watched', accessPattern: 'none' } })
    await watch.look()
    const text = await defaultRegistry.metrics()
    const counts = region.events.includes('branches') && region.events.includes('branch_misses')
    expect(text.includes('engram_branch_prediction_accuracy{component="watched"}')).toBe(counts)
    watch.stop()
  })
})
