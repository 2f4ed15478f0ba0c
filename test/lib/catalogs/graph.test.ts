// The graph catalog: what its recording functions show in a scrape, its classes, and what it drops.
import { Registry } from 'nanotally'
import { batchSizeClass, type GraphMetrics, graphMetrics, layerClass } from 'nanotally/catalogs/graph'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { read, rejections, samplesOf, scrape } from '../../support/registry.js'
import { until } from '../../support/until.js'

const HOPS = 'engram_hnsw_traversal_hops'
const LOCALITY = 'engram_hnsw_cache_locality_ratio'
const COMPRESSION = 'engram_graph_edge_compression_ratio'
const THROUGHPUT = 'engram_batch_operation_throughput'
const DURATION = 'engram_operation_duration_seconds'

beforeEach(() => {
  vi.spyOn(process, 'emitWarning').mockReturnValue()
})

function setUp() {
  const registry = new Registry()
  return { registry, metrics: graphMetrics({ registry }) }
}

/** Records as a caller without types would. */
function untyped(metrics: GraphMetrics): Record<string, (...args: unknown[]) => unknown> {
  return metrics as never
}

const NO_AMOUNTS: readonly unknown[] = [Number.NaN, -1, Infinity, -Infinity, '1', undefined, null, 1n, {}, Symbol('s')]

test('registries are apart; twice in one is once', async () => {
  const { registry, metrics } = setUp()
  const other = setUp()
  const again = graphMetrics({ registry })
  metrics.recordEdgesFollowed('bf', 'enabled', 1, 1)
  again.recordEdgesFollowed('bf', 'enabled', 2, 0)
  other.metrics.recordEdgesFollowed('bf', 'enabled', 0, 1)
  const labels = { traversal_pattern: 'bf', prefetch: 'enabled' }
  expect(await read(registry, LOCALITY, labels)).toBe(0.75)
  expect(await read(other.registry, LOCALITY, labels)).toBe(0)
})

describe('the HNSW index', () => {
  test('hops of a search, by layer', async () => {
    const { registry, metrics } = setUp()
    metrics.recordTraversalHops('batch_similarity', 0, 37)
    metrics.recordTraversalHops('batch_similarity', 0, 3)
    metrics.recordTraversalHops('batch_similarity', 23, 1)
    const layer0 = { query_type: 'batch_similarity', layer: '0' }
    expect(await read(registry, `${HOPS}_count`, layer0)).toBe(2)
    expect(await read(registry, `${HOPS}_sum`, layer0)).toBe(40)
    expect(await read(registry, `${HOPS}_bucket`, { ...layer0, le: '4' })).toBe(1)
    expect(await read(registry, `${HOPS}_count`, { query_type: 'batch_similarity', layer: '16+' })).toBe(1)
  })

  test('locality is the share of near edges', async () => {
    const { registry, metrics } = setUp()
    metrics.recordEdgesFollowed('bf', 'enabled', 60, 20)
    metrics.recordEdgesFollowed('bf', 'enabled', 30, 10)
    metrics.recordEdgesFollowed('bf', 'disabled', 0, 5)
    metrics.recordEdgesFollowed('random', 'disabled', 0, 0)
    expect(await samplesOf(registry, LOCALITY)).toEqual({
      '{"traversal_pattern":"bf","prefetch":"enabled"}': 0.75,
      '{"traversal_pattern":"bf","prefetch":"disabled"}': 0,
    })
  })

  test('what cannot be recorded is dropped and counted', async () => {
    const { registry, metrics } = setUp()
    const { recordTraversalHops, recordEdgesFollowed } = untyped(metrics)
    for (const layer of [-1, 0.5, ...NO_AMOUNTS]) recordTraversalHops?.('q', layer, 1)
    for (const hops of NO_AMOUNTS) recordTraversalHops?.('q', 0, hops)
    expect(await rejections(registry, HOPS)).toEqual({ labels: NO_AMOUNTS.length + 2, not_a_number: NO_AMOUNTS.length })
    for (const edges of NO_AMOUNTS) {
      recordEdgesFollowed?.('bf', 'enabled', edges, 1)
      recordEdgesFollowed?.('bf', 'enabled', 1, edges)
    }
    for (const prefetch of [true, 'on', undefined, {}]) recordEdgesFollowed?.('bf', prefetch, Number.NaN, 1)
    expect(await rejections(registry, 'engram_hnsw_near_edges_total')).toEqual({
      not_a_number: 2 * NO_AMOUNTS.length,
      labels: 4,
    })
    expect(await samplesOf(registry, LOCALITY)).toEqual({})
  })
})

describe('edges', () => {
  test('compression is of what is in the graph now', async () => {
    const { registry, metrics } = setUp()
    metrics.addEdgeBytes('delta', 4000, 1000)
    metrics.addEdgeBytes('none', 400, 400)
    expect(await samplesOf(registry, COMPRESSION)).toEqual({ '{"encoding":"delta"}': 4, '{"encoding":"none"}': 1 })
    metrics.addEdgeBytes('delta', -2000, -200)
    expect(await read(registry, COMPRESSION, { encoding: 'delta' })).toBe(2.5)
    metrics.addEdgeBytes('delta', -2000, -800)
    expect(await samplesOf(registry, COMPRESSION)).toEqual({ '{"encoding":"none"}': 1 })
  })

  test('both numbers or neither', async () => {
    const { registry, metrics } = setUp()
    const bad = NO_AMOUNTS.filter((amount) => amount !== -1)
    for (const bytes of bad) {
      untyped(metrics).addEdgeBytes?.('delta', bytes, 1)
      untyped(metrics).addEdgeBytes?.('delta', 1, bytes)
    }
    expect(await rejections(registry, 'engram_graph_edge_raw_bytes')).toEqual({ not_a_number: 2 * bad.length })
    expect(await samplesOf(registry, 'engram_graph_edge_encoded_bytes')).toEqual({})
  })
})

describe('batches', () => {
  test('throughput is the growth of what was worked through', async () => {
    const { registry, metrics } = setUp()
    metrics.recordBatch('similarity_search', 'enabled', 1000)
    metrics.recordBatch('similarity_search', 'disabled', 1)
    const labels = { operation: 'similarity_search', simd: 'enabled' }
    await until('a throughput', async () => {
      metrics.recordBatch('similarity_search', 'enabled', 1000)
      return ((await read(registry, THROUGHPUT, labels)) ?? 0) > 0
    })
    expect(await read(registry, THROUGHPUT, { ...labels, simd: 'disabled' })).toBe(0)
    expect((await read(registry, 'engram_batch_operation_items_total', labels)) ?? 0).toBeGreaterThanOrEqual(2000)
  })

  test('back-pressure is counted by strategy', async () => {
    const { registry, metrics } = setUp()
    metrics.recordBatchBackpressure('adaptive_resize')
    metrics.recordBatchBackpressure('adaptive_resize')
    metrics.recordBatchBackpressure('drop')
    expect(await samplesOf(registry, 'engram_streaming_batch_backpressure_events')).toEqual({
      '{"strategy":"adaptive_resize"}': 2,
      '{"strategy":"drop"}': 1,
    })
  })

  test('what cannot be recorded is dropped and counted', async () => {
    const { registry, metrics } = setUp()
    const { recordBatch, recordBatchBackpressure } = untyped(metrics)
    for (const items of NO_AMOUNTS) recordBatch?.('op', 'enabled', items)
    for (const simd of [true, 'avx2', undefined]) recordBatch?.('op', simd, 1)
    expect(await rejections(registry, 'engram_batch_operation_items_total')).toEqual({
      negative: 1 + 1,
      infinite: 1,
      not_a_number: NO_AMOUNTS.length - 3,
      labels: 3,
    })
    for (const strategy of [undefined, {}, Number.NaN]) recordBatchBackpressure?.(strategy)
    expect(await rejections(registry, 'engram_streaming_batch_backpressure_events')).toEqual({ labels: 3 })
  })
})

describe('operations', () => {
  test('the series of the planning document', async () => {
    const { registry, metrics } = setUp()
    metrics.recordOperation('store', 'success', 0.25, { numaNode: 0 })
    metrics.recordOperation('recall', 'success', 0.5, { cueType: 'embedding', simdType: 'avx512' })
    metrics.recordOperation('batch_store', 'success', 1, { batchSize: 1000, backpressure: 'none' })
    metrics.recordOperation('recall', 'error', 2)
    const sums = (await scrape(registry))
      .get(DURATION)
      ?.samples.filter(({ name }) => name === `${DURATION}_sum`)
      .map(({ labels, value }) => [labels, value])
    expect(sums).toEqual(
      expect.arrayContaining([
        [{ operation: 'store', status: 'success', numa_node: '0' }, 0.25],
        [{ operation: 'recall', status: 'success', cue_type: 'embedding', simd_type: 'avx512' }, 0.5],
        [{ operation: 'batch_store', status: 'success', batch_size: '101-1000', backpressure: 'none' }, 1],
        [{ operation: 'recall', status: 'error' }, 2],
      ]),
    )
    expect(sums?.length).toBe(4)
  })

  test('a bound one is the same series', async () => {
    const { registry, metrics } = setUp()
    metrics.operation('store', 'success', { numaNode: 1 }).observe(0.25)
    metrics.recordOperation('store', 'success', 0.5, { numaNode: 1 })
    const labels = { operation: 'store', status: 'success', numa_node: '1' }
    expect(await read(registry, `${DURATION}_sum`, labels)).toBe(0.75)
    expect(await read(registry, `${DURATION}_count`, labels)).toBe(2)
  })

  test('details outside of their sets are dropped and counted', async () => {
    const { registry, metrics } = setUp()
    const details: unknown[] = [
      { numaNode: -1 },
      { numaNode: 1024 },
      { numaNode: '0' },
      { numaNode: null },
      { cueType: {} },
      { simdType: 'mmx' },
      { simdType: null },
      { batchSize: -1 },
      { batchSize: 1.5 },
      { backpressure: 'some' },
    ]
    for (const one of details) {
      untyped(metrics).recordOperation?.('store', 'success', 1, one)
      const bound = untyped(metrics).operation?.('store', 'success', one) as ReturnType<GraphMetrics['operation']>
      bound.observe(1)
    }
    untyped(metrics).recordOperation?.('store', 'fine', 1)
    expect(await rejections(registry, DURATION)).toEqual({ labels: 2 * details.length + 1 })
    for (const seconds of NO_AMOUNTS) untyped(metrics).recordOperation?.('store', 'success', seconds, null)
    expect((await rejections(registry, DURATION)).not_a_number).toBe(NO_AMOUNTS.length)
    expect(metrics.operationDuration.count).toBe(0)
  })
})

describe('classes', () => {
  test.each([
    [0, 0],
    [1, 1],
    [2, '2-10'],
    [10, '2-10'],
    [11, '11-100'],
    [100, '11-100'],
    [101, '101-1000'],
    [1000, '101-1000'],
    [1001, '1001-10000'],
    [10_000, '1001-10000'],
    [10_001, '10001+'],
    [Number.MAX_VALUE, '10001+'],
    [-1, Number.NaN],
    [0.5, Number.NaN],
    [Infinity, Number.NaN],
    [Number.NaN, Number.NaN],
  ])('a batch of %d is %s', (items, expected) => {
    expect(batchSizeClass(items)).toBe(expected)
  })

  test.each([
    [0, 0],
    [15, 15],
    [16, '16+'],
    [1000, '16+'],
    [-1, Number.NaN],
    [1.5, Number.NaN],
    [Infinity, Number.NaN],
  ])('layer %d is %s', (layer, expected) => {
    expect(layerClass(layer)).toBe(expected)
  })
})
