// The memory catalog: what its recording functions show in a scrape, and what it drops.
import { Worker } from 'node:worker_threads'
import { registry as defaultRegistry, Registry } from 'nanotally'
import { type Alignment, memoryMetrics } from 'nanotally/catalogs/memory'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { read, rejections, samplesOf } from '../../support/registry.js'

const UTILIZATION = 'engram_memory_pool_utilization'
const FRAGMENTATION = 'engram_memory_pool_fragmentation_ratio'
const ALIGNED = 'engram_cache_aligned_allocations_percent'
const CHECKED = 'engram_checked_allocations_total'
const CONTENTIONS = 'engram_lock_free_contentions_total'
const CONTENTION = 'engram_atomic_operation_contention'
const NO_AMOUNTS: readonly unknown[] = [Number.NaN, -1, Infinity, -Infinity, '1', undefined, null, 1n, {}, Symbol('s')]

beforeEach(() => {
  vi.spyOn(process, 'emitWarning').mockReturnValue()
})

function setUp() {
  const registry = new Registry()
  return { registry, metrics: memoryMetrics({ registry }) }
}

/** Records as a caller without types would. */
function untyped(metrics: object): Record<string, (...args: unknown[]) => unknown> {
  return metrics as never
}

test('registries are apart; twice in one is once', async () => {
  const { registry, metrics } = setUp()
  const other = setUp()
  const again = memoryMetrics({ registry })
  metrics.recordContention('queue', 'push')
  again.recordContention('queue', 'push', 2)
  other.metrics.recordContention('queue', 'push', 5)
  expect(await read(registry, CONTENTIONS, { component: 'queue', operation: 'push' })).toBe(3)
  expect(await read(other.registry, CONTENTIONS, { component: 'queue', operation: 'push' })).toBe(5)
})

describe('pools', () => {
  test('utilization is what is allocated of the capacity, with the labels that there are', async () => {
    const { registry, metrics } = setUp()
    const unlabelled = metrics.pool()
    unlabelled.setCapacity(100)
    unlabelled.allocated(50)
    const arena = metrics.pool('episode_arena', { numaNode: 0 })
    arena.setCapacity(1000)
    arena.allocated(900)
    arena.freed(150)
    metrics.pool('vector_arena').setCapacity(10)
    metrics.pool('no_capacity').allocated(10)
    expect(await samplesOf(registry, UTILIZATION)).toEqual({
      '{}': 0.5,
      '{"pool_type":"episode_arena","numa_node":"0"}': 0.75,
      '{"pool_type":"vector_arena"}': 0,
    })
  })

  test('pools with the same labels are added up, and may come and go', async () => {
    const { registry, metrics } = setUp()
    const [one, two] = [metrics.pool('p'), metrics.pool('p')]
    one.setCapacity(100)
    two.setCapacity(300)
    one.allocated(100)
    expect(await read(registry, UTILIZATION, { pool_type: 'p' })).toBe(0.25)
    two.setCapacity(100)
    expect(await read(registry, UTILIZATION, { pool_type: 'p' })).toBe(0.5)
    one.freed(100)
    one.setCapacity(0)
    expect(await read(registry, UTILIZATION, { pool_type: 'p' })).toBe(0)
    two.setCapacity(0)
    expect(await samplesOf(registry, UTILIZATION)).toEqual({})
  })

  test('one thread may free what another allocated, and end', async () => {
    const here = memoryMetrics().pool('shared')
    here.setCapacity(1000)
    here.allocated(800)
    const worker = new Worker(
      `const { memoryMetrics } = require('nanotally/catalogs/memory')
       const there = memoryMetrics().pool('shared')
       there.freed(300)
       there.setCapacity(1000)`,
      { eval: true },
    )
    const code = await new Promise((resolve, reject) => worker.once('exit', resolve).once('error', reject))
    expect(code).toBe(0)
    expect(await read(defaultRegistry, UTILIZATION, { pool_type: 'shared' })).toBe(0.25)
  })

  test('fragmentation is what is free outside of the largest block', async () => {
    const { registry, metrics } = setUp()
    const listed = metrics.pool('vector_arena')
    expect(await samplesOf(registry, FRAGMENTATION)).toEqual({})
    listed.recordFreeBlocks([10, 60, 30])
    expect(await read(registry, FRAGMENTATION, { pool_type: 'vector_arena' })).toBe(0.4)
    listed.recordFreeBlocks(Float64Array.of(50))
    expect(await read(registry, FRAGMENTATION, { pool_type: 'vector_arena' })).toBe(0)
    listed.recordFragmentation(750, 1000)
    expect(await read(registry, FRAGMENTATION, { pool_type: 'vector_arena' })).toBe(0.75)
    listed.recordFreeBlocks([])
    expect(await samplesOf(registry, FRAGMENTATION)).toEqual({})
  })

  test('nodes are one for fragmentation, each pool with its largest block', async () => {
    const { registry, metrics } = setUp()
    metrics.pool('p', { numaNode: 0 }).recordFreeBlocks([50, 50])
    metrics.pool('p', { numaNode: 1 }).recordFreeBlocks([300])
    expect(await samplesOf(registry, FRAGMENTATION)).toEqual({ '{"pool_type":"p"}': 0.125 })
    expect(await read(registry, 'engram_memory_pool_fragmentable_bytes', { pool_type: 'p', numa_node: '1' })).toBe(300)
  })

  test('sizes that are none are dropped and counted', async () => {
    const { registry, metrics } = setUp()
    const pool = metrics.pool('p')
    const call = (method: string, ...args: unknown[]) => untyped(pool)[method]?.call(pool, ...args)
    for (const method of ['allocated', 'freed', 'setCapacity'] as const) {
      for (const bytes of NO_AMOUNTS) call(method, bytes)
    }
    const all = NO_AMOUNTS.length
    const byCounter = { not_a_number: all - 3, negative: 1 + 1, infinite: 1 }
    expect(await rejections(registry, 'engram_memory_pool_allocated_bytes_total')).toEqual(byCounter)
    expect(await rejections(registry, 'engram_memory_pool_freed_bytes_total')).toEqual(byCounter)
    expect(await rejections(registry, 'engram_memory_pool_capacity_bytes')).toEqual({ not_a_number: all })
    for (const bytes of NO_AMOUNTS) {
      call('recordFragmentation', bytes, 10)
      call('recordFragmentation', 10, bytes)
      call('recordFreeBlocks', [1, bytes, 2])
      call('recordFreeBlocks', bytes)
    }
    pool.recordFragmentation(11, 10)
    // A text has a length, but its parts are no numbers.
    expect(await rejections(registry, 'engram_memory_pool_fragmented_bytes')).toEqual({ not_a_number: 4 * all + 1 })
    expect(await samplesOf(registry, 'engram_memory_pool_fragmented_bytes')).toEqual({})
    // What is refused leaves no trace in what comes later.
    pool.setCapacity(100)
    pool.allocated(25)
    expect(await read(registry, UTILIZATION, { pool_type: 'p' })).toBe(0.25)
  })

  test('labels that are none make a pool whose events are dropped and counted', async () => {
    const { registry, metrics } = setUp()
    const options: unknown[] = [{ numaNode: -1 }, { numaNode: 0.5 }, { numaNode: '0' }, { numaNode: 1024 }]
    for (const one of options) metrics.pool('p', one as never).allocated(1)
    metrics.pool(Symbol('s') as never, null as never).allocated(1)
    expect(await rejections(registry, 'engram_memory_pool_allocated_bytes_total')).toEqual({ labels: 5 })
  })
})

describe('alignment', () => {
  test.each<[Alignment | undefined, string, number]>([
    [undefined, '64_byte', 64],
    [16, '16_byte', 16],
    [32, '32_byte', 32],
    [64, '64_byte', 64],
    [128, '128_byte', 128],
    [4096, '4096_byte', 4096],
  ])('to %s bytes', async (given, alignment, bytes) => {
    const { registry, metrics } = setUp()
    const recorder = metrics.alignment(given)
    expect(await samplesOf(registry, ALIGNED)).toEqual({})
    const bases = [0, bytes, 3 * bytes, 2 ** 31, 2 ** 32, 2 ** 47, 2 ** 53 - bytes]
    for (const address of bases) expect(recorder.check(address)).toBe(true)
    expect(await read(registry, ALIGNED, { alignment })).toBe(100)
    for (const base of bases) expect(recorder.check(base + 8)).toBe(false)
    expect(recorder.check(2 ** 53 - 1)).toBe(false)
    expect(await read(registry, ALIGNED, { alignment })).toBeCloseTo((100 * 7) / 15, 12)
    expect(await read(registry, CHECKED, { alignment, aligned: 'true' })).toBe(7)
    expect(await read(registry, CHECKED, { alignment, aligned: 'false' })).toBe(8)
  })

  test('a pool checks the addresses that it is given', async () => {
    const { registry, metrics } = setUp()
    const pool = metrics.pool('p', { alignment: 128 })
    pool.allocated(1, 128)
    pool.allocated(1, 64)
    pool.allocated(1)
    metrics.pool('q').allocated(1, 64)
    expect(await samplesOf(registry, ALIGNED)).toEqual({
      '{"alignment":"128_byte"}': 50,
      '{"alignment":"64_byte"}': 100,
    })
  })

  test('a share of none is seen from the start', async () => {
    const { registry, metrics } = setUp()
    metrics.alignment().check(8)
    expect(await read(registry, CHECKED, { alignment: '64_byte', aligned: 'true' })).toBe(0)
    expect(await read(registry, ALIGNED, { alignment: '64_byte' })).toBe(0)
  })

  test('what is no address or no alignment is dropped and counted', async () => {
    const { registry, metrics } = setUp()
    const recorder = metrics.alignment()
    const addresses: unknown[] = [...NO_AMOUNTS, 0.5, -64, 2 ** 53]
    for (const address of addresses) expect(recorder.check(address as number)).toBe(false)
    expect(await rejections(registry, CHECKED)).toEqual({ not_a_number: addresses.length })
    const alignments: unknown[] = [0, 48, 65, -64, Number.NaN, '64', null, {}, Symbol('s'), 64n]
    for (const alignment of alignments) metrics.alignment(alignment as never).check(64)
    expect((await rejections(registry, CHECKED)).labels).toBe(alignments.length)
    expect(await samplesOf(registry, ALIGNED)).toEqual({})
  })
})

describe('what must not be', () => {
  test('violations are seen from 0 on', async () => {
    const { registry, metrics } = setUp()
    const batches = metrics.zeroAllocation('batch_processing')
    expect(await samplesOf(registry, 'engram_zero_allocation_violations')).toEqual({
      '{"component":"batch_processing"}': 0,
    })
    batches.inc()
    expect(await samplesOf(registry, 'engram_zero_allocation_violations')).toEqual({
      '{"component":"batch_processing"}': 1,
    })
  })

  test('adaptations to pressure are counted by action', async () => {
    const { registry, metrics } = setUp()
    metrics.recordPressureAdaptation('pool_shrink')
    metrics.recordPressureAdaptation('pool_shrink')
    untyped(metrics).recordPressureAdaptation?.({})
    const name = 'engram_memory_pressure_adaptation_events'
    expect(await samplesOf(registry, name)).toEqual({ '{"action":"pool_shrink"}': 2 })
    expect(await rejections(registry, name)).toEqual({ labels: 1 })
  })
})

describe('contention', () => {
  test('failed attempts, bound and not', async () => {
    const { registry, metrics } = setUp()
    const bound = metrics.contention('metrics_registry', 'counter_increment')
    expect(await read(registry, CONTENTIONS, { component: 'metrics_registry', operation: 'counter_increment' })).toBe(0)
    bound.inc(3)
    metrics.recordContention('metrics_registry', 'counter_increment')
    metrics.recordContention('queue', 'pop', 2)
    expect(await samplesOf(registry, CONTENTIONS)).toEqual({
      '{"component":"metrics_registry","operation":"counter_increment"}': 4,
      '{"component":"queue","operation":"pop"}': 2,
    })
    metrics.recordContention('queue', 'pop', -1)
    untyped(metrics).recordContention?.(undefined, 'pop')
    expect(await rejections(registry, CONTENTIONS)).toEqual({ negative: 1, labels: 1 })
  })

  test('cycles of an atomic operation, by node where it is told', async () => {
    const { registry, metrics } = setUp()
    metrics.recordAtomicOperations('fetch_add', 100, 2000, 0)
    metrics.recordAtomicOperations('fetch_add', 100, 20_000, 1)
    metrics.recordAtomicOperations('compare_exchange', 10, 250)
    metrics.recordAtomicOperations('load', 0, 0)
    expect(await samplesOf(registry, CONTENTION)).toEqual({
      '{"operation":"fetch_add","numa_node":"0"}': 20,
      '{"operation":"fetch_add","numa_node":"1"}': 200,
      '{"operation":"compare_exchange"}': 25,
    })
  })

  test('both numbers or neither', async () => {
    const { registry, metrics } = setUp()
    for (const value of NO_AMOUNTS) {
      untyped(metrics).recordAtomicOperations?.('fetch_add', value, 1)
      untyped(metrics).recordAtomicOperations?.('fetch_add', 1, value)
    }
    metrics.recordAtomicOperations('fetch_add', 1, 1, -1)
    // The operations refuse the label, and so do the cycles.
    expect(await rejections(registry, 'engram_atomic_operations_total')).toEqual({
      not_a_number: 2 * NO_AMOUNTS.length,
      labels: 1,
    })
    expect(await rejections(registry, 'engram_atomic_operation_cycles_total')).toEqual({ labels: 1 })
    expect(await samplesOf(registry, CONTENTION)).toEqual({})
  })
})
