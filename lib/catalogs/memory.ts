// The memory catalog: pools that an engine allocates from, what they must never do, and contention for what threads share.
// Planning documents 002 and 003.
import type { BoundCounter } from '../index.js'
import type { Catalog, CatalogFamilies, Instruments } from './shared/catalog.js'
import { type CatalogOptions, defineFamilies } from './shared/catalog.js'
import { AlignmentRecorder, PoolRecorder } from './shared/memory-recorders.js'
import { isAmount, numaNodeLabel, oneOf, optional } from './shared/recording.js'

export type { AlignmentRecorder, PoolRecorder } from './shared/memory-recorders.js'

/** Bytes that allocations can be aligned to: a register of 128 or 256 bits, a cache line, two of them, a page. */
export type Alignment = 16 | 32 | 64 | 128 | 4096

/** A cache line of x86-64 and of most ARM64. */
const CACHE_LINE: Alignment = 64
const ALIGNMENT_LABELS = ['16_byte', '32_byte', '64_byte', '128_byte', '4096_byte'] as const
const BOOLEANS = ['true', 'false'] as const

const FAMILIES = {
  poolAllocatedBytes: {
    name: 'engram_memory_pool_allocated_bytes_total',
    type: 'counter',
    unit: 'bytes',
    help: 'Bytes that were allocated from pools.',
    optionalLabels: ['pool_type', 'numa_node'],
    query: 'sum by (pool_type) (rate(engram_memory_pool_allocated_bytes_total[5m]))',
    queryUnit: 'bytes per second',
    expected: [0, 2 ** 34],
    source: 'a pool, at each allocation',
  },
  poolFreedBytes: {
    name: 'engram_memory_pool_freed_bytes_total',
    type: 'counter',
    unit: 'bytes',
    help: 'Bytes that were given back to pools.',
    optionalLabels: ['pool_type', 'numa_node'],
    query: 'sum by (pool_type) (rate(engram_memory_pool_freed_bytes_total[5m]))',
    queryUnit: 'bytes per second',
    expected: [0, 2 ** 34],
    source: 'a pool, whenever memory is given back to it',
  },
  poolCapacity: {
    name: 'engram_memory_pool_capacity_bytes',
    type: 'gauge',
    unit: 'bytes',
    help: 'Bytes that pools have room for.',
    optionalLabels: ['pool_type', 'numa_node'],
    query: 'sum by (pool_type) (engram_memory_pool_capacity_bytes)',
    expected: [0, 2 ** 40],
    source: 'a pool, when it is made, grows or shrinks',
  },
  poolUtilization: {
    name: 'engram_memory_pool_utilization',
    type: 'gauge',
    help: 'Share of the capacity of pools that is in use.',
    optionalLabels: ['pool_type', 'numa_node'],
    derived: {
      of: [{ family: 'poolAllocatedBytes' }, { family: 'poolFreedBytes', minus: true }],
      to: [{ family: 'poolCapacity' }],
    },
    query: 'max by (pool_type, numa_node) (engram_memory_pool_utilization)',
    queryUnit: 'of the capacity',
    expected: [0, 0.9],
    warning: { above: 0.9, forSeconds: 120 },
    source: 'computed of what was allocated, freed and is there',
    documents: ['002', '003'],
  },
  poolFragmentedBytes: {
    name: 'engram_memory_pool_fragmented_bytes',
    type: 'gauge',
    unit: 'bytes',
    help: 'Bytes of pools that fragmentation makes useless for now: free ones outside of the largest free block, or, where blocks have size classes, the rests of blocks and the free blocks of slabs in use.',
    optionalLabels: ['pool_type', 'numa_node'],
    query: 'sum by (pool_type) (engram_memory_pool_fragmented_bytes)',
    expected: [0, 2 ** 40],
    source: 'a pool, when it looks through its blocks',
  },
  poolFragmentableBytes: {
    name: 'engram_memory_pool_fragmentable_bytes',
    type: 'gauge',
    unit: 'bytes',
    help: 'Bytes of pools that could be fragmented: all free ones, or, where blocks have size classes, those of the slabs in use.',
    optionalLabels: ['pool_type', 'numa_node'],
    query: 'sum by (pool_type) (engram_memory_pool_fragmentable_bytes)',
    expected: [0, 2 ** 40],
    source: 'a pool, when it looks through its blocks',
  },
  poolFragmentation: {
    name: 'engram_memory_pool_fragmentation_ratio',
    type: 'gauge',
    unit: 'ratio',
    help: 'Share of the bytes of pools that could be fragmented which are.',
    labels: ['pool_type'],
    derived: {
      of: [{ family: 'poolFragmentedBytes' }],
      to: [{ family: 'poolFragmentableBytes' }],
    },
    query: 'max by (pool_type) (engram_memory_pool_fragmentation_ratio)',
    expected: [0, 0.3],
    warning: { above: 0.3, forSeconds: 120 },
    source: 'computed of the fragmented bytes and those that could be',
    documents: ['003'],
  },
  pressureAdaptations: {
    name: 'engram_memory_pressure_adaptation_events',
    type: 'counter',
    help: 'Times that the engine adapted to memory pressure.',
    labels: ['action'],
    query: 'sum by (action) (rate(engram_memory_pressure_adaptation_events[5m]))',
    queryUnit: 'per second',
    expected: [0, 0.1],
    source: 'whatever adapts, such as a pool that shrinks',
    documents: ['003'],
  },
  zeroAllocationViolations: {
    name: 'engram_zero_allocation_violations',
    type: 'counter',
    help: 'Allocations from the heap where there must be none.',
    labels: ['component'],
    query: 'sum by (component) (increase(engram_zero_allocation_violations[1m]))',
    queryUnit: 'in a minute',
    expected: [0, 0],
    critical: { above: 0 },
    source: 'a component that promises not to allocate, when its pool had no room',
    documents: ['003'],
  },
  checkedAllocations: {
    name: 'engram_checked_allocations_total',
    type: 'counter',
    help: 'Allocations whose address was checked, by whether it is a multiple of the alignment.',
    labels: ['alignment', 'aligned'],
    values: { alignment: ALIGNMENT_LABELS, aligned: BOOLEANS },
    query: 'sum by (alignment, aligned) (rate(engram_checked_allocations_total[5m]))',
    queryUnit: 'per second',
    expected: [0, 1e7],
    source: 'a pool, at each allocation',
  },
  cacheAlignedAllocations: {
    name: 'engram_cache_aligned_allocations_percent',
    type: 'gauge',
    unit: 'percent',
    help: 'Share of the checked allocations that are aligned, in percent, since the start.',
    labels: ['alignment'],
    values: { alignment: ALIGNMENT_LABELS },
    derived: {
      of: [{ family: 'checkedAllocations', where: { aligned: 'true' } }],
      to: [
        { family: 'checkedAllocations', where: { aligned: 'true' } },
        { family: 'checkedAllocations', where: { aligned: 'false' } },
      ],
      scale: 100,
    },
    // Document 003 compares the percentage since the start. After a billion aligned allocations that does not show that none
    // are any more: these minutes do.
    query:
      '100 * sum by (alignment) (rate(engram_checked_allocations_total{aligned="true"}[5m])) / sum by (alignment) (rate(engram_checked_allocations_total[5m]))',
    queryUnit: 'percent that are aligned',
    expected: [95, 100],
    warning: { below: 95, forSeconds: 120 },
    source: 'computed of engram_checked_allocations_total',
    documents: ['003'],
  },
  lockFreeContentions: {
    name: 'engram_lock_free_contentions_total',
    type: 'counter',
    help: 'Attempts on lock-free structures that failed because another thread was faster.',
    labels: ['component', 'operation'],
    // Document 003 takes the rate over 30 s, in which a scrape every 15 s leaves one increase, or none.
    query: 'sum by (component, operation) (rate(engram_lock_free_contentions_total[1m]))',
    queryUnit: 'per second',
    expected: [0, 1000],
    critical: { above: 1000, forSeconds: 60 },
    source: 'a loop around a compare-and-exchange, for each turn but the last',
    documents: ['003'],
  },
  lockFreeQueueUtilization: {
    name: 'engram_lock_free_queue_utilization',
    type: 'gauge',
    help: 'Share of the capacity of lock-free queues that is in use.',
    labels: ['queue_type'],
    values: { queue_type: ['metric_updates'] },
    aggregate: 'last',
    query: 'max by (queue_type) (engram_lock_free_queue_utilization)',
    queryUnit: 'of the capacity',
    expected: [0, 0.8],
    source: 'a queue of metric updates',
    documents: ['003'],
    planned: 'streaming aggregation: recording is an add to memory, and no queue of metric updates is there to fill',
  },
  atomicOperations: {
    name: 'engram_atomic_operations_total',
    type: 'counter',
    help: 'Atomic operations on shared memory that were timed.',
    labels: ['operation'],
    optionalLabels: ['numa_node'],
    query: 'sum by (operation) (rate(engram_atomic_operations_total[5m]))',
    queryUnit: 'per second',
    expected: [0, 1e9],
    source: 'native code that times atomic operations, all or a sample',
  },
  atomicOperationCycles: {
    name: 'engram_atomic_operation_cycles_total',
    type: 'counter',
    help: 'Processor cycles that the timed atomic operations took.',
    labels: ['operation'],
    optionalLabels: ['numa_node'],
    query: 'sum by (operation) (rate(engram_atomic_operation_cycles_total[5m]))',
    queryUnit: 'cycles per second',
    expected: [0, 1e9],
    source: 'native code that times atomic operations, all or a sample',
  },
  atomicContention: {
    name: 'engram_atomic_operation_contention',
    type: 'gauge',
    help: 'Processor cycles of an atomic operation on shared memory, on average since the start; about 20 without contention.',
    labels: ['operation'],
    optionalLabels: ['numa_node'],
    derived: { of: [{ family: 'atomicOperationCycles' }], to: [{ family: 'atomicOperations' }] },
    // Document 003 compares the average since the start, of fetch_add only. The trouble is contention now, for anything.
    query:
      'sum by (operation) (rate(engram_atomic_operation_cycles_total[5m])) / sum by (operation) (rate(engram_atomic_operations_total[5m]))',
    queryUnit: 'cycles per operation',
    expected: [5, 100],
    warning: { above: 100, forSeconds: 120 },
    source: 'computed of the timed operations and their cycles',
    documents: ['003'],
  },
} as const satisfies CatalogFamilies

/** The catalog as data. */
export const memory: Catalog = {
  name: 'memory',
  about: 'Memory pools, alignment, allocations that must not be, and contention for memory that threads share.',
  families: FAMILIES,
}

/** Options of `pool()`. */
export interface PoolOptions {
  /** The node that its memory is on: an integer, 0 to 1023. */
  numaNode?: number | undefined
  /** What the addresses of its allocations are checked against. Default 64. */
  alignment?: Alignment | undefined
}

/**
 * Memory metrics of a registry. Its functions never throw: what cannot be recorded is dropped and counted, as is what is
 * recorded into something that was asked for with unusable labels.
 */
export interface MemoryMetrics extends Instruments<typeof FAMILIES> {
  /**
   * Where a pool records what happens to it; make it once for each pool. Pools with the same labels are added up.
   *
   * @param poolType - a short fixed text, such as `vector_arena`; default: no such label
   */
  pool(poolType?: string, options?: PoolOptions): PoolRecorder
  /**
   * Where addresses are checked; make it once.
   *
   * @param bytes - default 64
   */
  alignment(bytes?: Alignment): AlignmentRecorder
  /**
   * Counts allocations of a component that must not allocate; make it once, so that there is a 0 to see the first one from.
   *
   * @param component - a short fixed text, such as `batch_processing`
   */
  zeroAllocation(component: string): BoundCounter
  /** Counts failed attempts on a lock-free structure; make it once. Both are short fixed texts. */
  contention(component: string, operation: string): BoundCounter
  /** @param failures - attempts that failed; default 1 */
  recordContention(component: string, operation: string, failures?: number): void
  /** @param action - a short fixed text, such as `pool_shrink` */
  recordPressureAdaptation(action: string): void
  /**
   * @param operation - a short fixed text, such as `fetch_add`
   * @param operations - how many were timed
   * @param cycles - what they took together
   * @param numaNode - the node of the memory that they were on: an integer, 0 to 1023
   */
  recordAtomicOperations(operation: string, operations: number, cycles: number, numaNode?: number): void
}

/**
 * Defines the memory families in a registry, or finds them there, and returns what records them. Each family that is not
 * computed is also there itself.
 *
 * @throws as `counter()`
 *
 * @example
 * const metrics = memoryMetrics()
 * const vectors = metrics.pool('vector_arena', { numaNode: 0 })
 * vectors.setCapacity(64 * 2 ** 20)
 * vectors.allocated(3072, 0x7f00_0000_1000)
 * vectors.freed(3072)
 * vectors.recordFreeBlocks([3072, 61 * 2 ** 20])
 */
export function memoryMetrics(options: CatalogOptions = {}): MemoryMetrics {
  const families = defineFamilies(FAMILIES, options)
  const alignment = (bytes: Alignment = CACHE_LINE) => {
    const known = typeof bytes === 'number' ? bytes : Number.NaN
    const label = oneOf(ALIGNMENT_LABELS, `${known}_byte`)
    const bind = (isAligned: boolean) => families.checkedAllocations.labels(label, isAligned)
    return new AlignmentRecorder(known, bind(true), bind(false))
  }
  return {
    ...families,
    pool: (poolType, poolOptions) => {
      const labels = { pool_type: poolType, numa_node: optional(poolOptions?.numaNode, numaNodeLabel) }
      return new PoolRecorder({
        allocated: families.poolAllocatedBytes.labels(labels),
        freed: families.poolFreedBytes.labels(labels),
        capacity: families.poolCapacity.labels(labels),
        fragmented: families.poolFragmentedBytes.labels(labels),
        fragmentable: families.poolFragmentableBytes.labels(labels),
        alignment: alignment(poolOptions?.alignment),
      })
    },
    alignment,
    zeroAllocation: (component) => families.zeroAllocationViolations.labels(component),
    contention: (component, operation) => families.lockFreeContentions.labels(component, operation),
    recordContention: (component, operation, failures) =>
      families.lockFreeContentions.inc({ component, operation }, failures),
    recordPressureAdaptation: (action) => families.pressureAdaptations.inc({ action }),
    recordAtomicOperations: (operation, operations, cycles, numaNode) => {
      const node = optional(numaNode, numaNodeLabel)
      const timed = families.atomicOperations.labels(operation, node)
      // Both or neither: the average is of the two.
      if (isAmount(operations) && isAmount(cycles)) {
        timed.inc(operations)
        families.atomicOperationCycles.labels(operation, node).inc(cycles)
      } else timed.inc(Number.NaN)
    },
  }
}
