// The numa catalog: what each function records, as a scrape shows it, imbalance by hand, and what is dropped.
import { Registry } from 'nanotally'
import { METRICS_COMPONENT, numa, numaMetrics } from 'nanotally/catalogs/numa'
import { memoryPlacement } from 'nanotally/hardware'
import { expect, test } from 'vitest'
import { read, rejections, samplesOf, scrape } from '../../support/registry.js'

function open() {
  const registry = new Registry()
  return { registry, metrics: numaMetrics({ registry }) }
}

test('remote accesses per access, by pair of nodes', async () => {
  const { registry, metrics } = open()
  const pair = metrics.numaRecorder(0, 1)
  for (let i = 0; i < 4; i++) pair.record(75, 25)
  metrics.recordAccesses(1, 0, 0, 8)
  expect(await samplesOf(registry, 'engram_numa_remote_access_ratio')).toEqual({
    '{"source_node":"0","target_node":"1"}': 0.25,
    '{"source_node":"1","target_node":"0"}': 1,
  })
  const labels = { source_node: '0', target_node: '1', locality: 'remote' }
  expect(await read(registry, 'engram_numa_accesses_total', labels)).toBe(100)
})

test('memory by node and component, migrations by reason', async () => {
  const { registry, metrics } = open()
  metrics.updateMemoryAllocation(0, 'episode_arena', 4096)
  metrics.updateMemoryAllocation(0, 'episode_arena', 8192)
  metrics.updateMemoryAllocation(1023, 'episode_arena', 0)
  metrics.recordThreadMigration('load_balancing')
  expect(await samplesOf(registry, 'engram_numa_memory_allocation_bytes')).toEqual({
    '{"node":"0","component":"episode_arena"}': 8192,
    '{"node":"1023","component":"episode_arena"}': 0,
  })
  expect(await read(registry, 'engram_numa_thread_migration_count', { reason: 'load_balancing' })).toBe(1)
  expect((await scrape(registry)).get('engram_numa_thread_migration_count')?.type).toBe('counter')
})

test("nanotally's own memory is where the kernel says", async () => {
  const { registry, metrics } = open()
  const placement = metrics.updateMetricsMemory()
  const told = await samplesOf(registry, 'engram_numa_memory_allocation_bytes')
  expect(placement.available).toBe(memoryPlacement().available)
  if (!placement.available) {
    // Nothing was measured, so nothing is 0.
    expect(told).toEqual({})
    return
  }
  expect(placement.nodes.length).toBeGreaterThan(0)
  const expected = placement.nodes.map(({ node, bytes }) => [
    JSON.stringify({ node: String(node), component: METRICS_COMPONENT }),
    bytes,
  ])
  expect(told).toEqual(Object.fromEntries(expected))
  for (const bytes of Object.values(told)) expect(bytes).toBeGreaterThanOrEqual(4096)
})

test.each([
  [[100, 100], 0],
  [[100, 60], 0.4],
  [[60, 100], 0.4],
  [[100, 0], 1],
  [[8, 4, 6, 2], 0.75],
  [[0, 0], 0],
  [[1, 1, 1, 0], 1],
  [new Float64Array([4, 3]), 0.25],
] as const)('imbalance of %j is %d', async (amounts, expected) => {
  const { registry, metrics } = open()
  expect(metrics.recordNodeBalance('memory_allocation', amounts)).toBeCloseTo(expected, 15)
  const labels = { metric_type: 'memory_allocation' }
  expect(await read(registry, 'engram_numa_node_imbalance_ratio', labels)).toBeCloseTo(expected, 15)
})

test('less than two nodes are neither even nor uneven', async () => {
  const { registry, metrics } = open()
  expect(metrics.recordNodeBalance('memory_allocation', [5])).toBeUndefined()
  expect(metrics.recordNodeBalance('memory_allocation', [])).toBeUndefined()
  const families = await scrape(registry)
  expect(families.get('engram_numa_node_imbalance_ratio')?.samples).toEqual([])
  expect(families.has('nanotally_rejected_total')).toBe(false)
})

test('what cannot be recorded is dropped and counted', async () => {
  const { registry, metrics } = open()
  metrics.recordNodeBalance('memory_allocation', [4, 2])
  for (const amounts of [[1, -1], [1, Number.NaN], [Infinity, 1], undefined, null, 7]) {
    expect(metrics.recordNodeBalance('memory_allocation', amounts as number[])).toBeUndefined()
  }
  for (const node of [-1, 1024, 0.5, Number.NaN, '0', undefined]) {
    metrics.updateMemoryAllocation(node as number, 'c', 1)
    metrics.recordAccesses(0, node as number, 1, 1)
  }
  metrics.updateMemoryAllocation(0, 'c', -1)
  metrics.recordAccesses(0, 1, 1, -1)
  metrics.recordThreadMigration(undefined as unknown as string)
  // The last good one stays.
  expect(await samplesOf(registry, 'engram_numa_node_imbalance_ratio')).toEqual({
    '{"metric_type":"memory_allocation"}': 0.5,
  })
  expect(await samplesOf(registry, 'engram_numa_memory_allocation_bytes')).toEqual({})
  expect(Object.values(await samplesOf(registry, 'engram_numa_accesses_total'))).toEqual([0, 0])
  expect(await rejections(registry, 'engram_numa_node_imbalance_ratio')).toEqual({ not_a_number: 6 })
  expect(await rejections(registry, 'engram_numa_memory_allocation_bytes')).toEqual({ labels: 6, not_a_number: 1 })
  expect(await rejections(registry, 'engram_numa_accesses_total')).toEqual({ labels: 12, negative: 1 })
  expect(await rejections(registry, 'engram_numa_thread_migration_count')).toEqual({ labels: 1 })
})

test('every family is the one that the data tell; what waits for something is not there', async () => {
  const { registry } = open()
  const families = await scrape(registry)
  const told = Object.values(numa.families).filter(({ exposedBy }) => exposedBy === undefined)
  const planned = told.filter((family) => family.planned).map(({ name }) => name)
  expect(planned).toEqual(['engram_numa_cross_socket_bandwidth_gbps'])
  const own = told.filter((family) => !family.planned)
  expect([...families.keys()].toSorted()).toEqual(own.map(({ name }) => name).toSorted())
  for (const { name, type, help } of own) expect(families.get(name)).toMatchObject({ type, help })
})
