// The recording functions of the catalogs of document 003, of which it says what they may cost: cognitive, graph, memory.
import { expectSum } from '../harness/exposition.mjs'
import { OURS } from '../harness/libraries.mjs'
import { emptyLoop, RAW_ADD, rawAdd, TWO_RAW_ADDS, twoRawAdds } from './subjects.mjs'

/** The planning document's budget in nanoseconds; ratios are to what a raw add takes, 2 ns on the machines that it is about. */
const budget = (ns) => [{ of: OURS, against: RAW_ADD, atMost: ns / 2, source: `document 003: ${ns} ns` }]
const STATES = ['recent', 'consolidating', 'remote', 'consolidating']
const NEXT = { recent: 'consolidating', consolidating: 'remote', remote: 'recent' }
const TYPES = ['hippocampal', 'neocortical']
const OPERATIONS = ['store', 'recall', 'batch_store', 'recall']
/** Addresses of 64-byte blocks, but for one in eight. */
const ADDRESSES = Array.from({ length: 64 }, (_, i) => 0x7f00_1234_0000 + i * 64 + (i % 8 === 7 ? 8 : 0))
const FREE_BLOCKS = Float64Array.from({ length: 1000 }, (_, i) => 64 + (i % 16) * 64)
/** What two decaying sums have come to after a whole batch and more, together: all that can be. */
const FULL = 1 / 0.05

const floors = { 'empty loop': emptyLoop, [RAW_ADD]: rawAdd }
const histogramFloors = { ...floors, [TWO_RAW_ADDS]: twoRawAdds }

/**
 * @param {string} catalog
 * @param {(metrics: any) => (count: number) => void} make
 * @param {string} sample what is read at the end
 * @param {(recorded: number) => number} [expected] the sum of its series
 */
function ours(catalog, make, sample, expected = (recorded) => recorded, tolerance = 0) {
  return async () => {
    const { registry } = await import('nanotally')
    const module = await import(`nanotally/catalogs/${catalog}`)
    return {
      batch: make(module[`${catalog}Metrics`]()),
      verify: async (recorded) => expectSum(await registry.metrics(), sample, expected(recorded), tolerance),
    }
  }
}

const cognitive = [
  {
    name: 'cognitive: recordClsContribution(state, hippocampal, neocortical)',
    budgets: budget(10_000),
    contenders: {
      ...floors,
      [OURS]: ours(
        'cognitive',
        (metrics) => (count) => {
          for (let i = 0; i < count; i++) metrics.recordClsContribution(STATES[i & 3], 0.75, 0.25)
        },
        'engram_cls_recent_weight',
        () => 3 * FULL,
        1e-6,
      ),
    },
  },
  {
    name: 'cognitive: recordConsolidationTransition(from, to, milliseconds)',
    budgets: budget(5000),
    contenders: {
      ...histogramFloors,
      [OURS]: ours(
        'cognitive',
        (metrics) => {
          let state = 'recent'
          return (count) => {
            for (let i = 0; i < count; i++) {
              state = metrics.recordConsolidationTransition(state, NEXT[state], 1 + (i & 1023))
            }
          }
        },
        'engram_consolidation_transition_duration_ms_count',
      ),
    },
  },
  {
    name: 'cognitive: recordPatternCompletion(type, plausibility, falseMemory)',
    budgets: budget(1000),
    contenders: {
      ...histogramFloors,
      [OURS]: ours(
        'cognitive',
        (metrics) => (count) => {
          for (let i = 0; i < count; i++) metrics.recordPatternCompletion(TYPES[i & 1], (i & 63) / 64, (i & 4) === 0)
        },
        'engram_pattern_completion_plausibility_count',
      ),
    },
  },
  {
    name: 'cognitive: classifyCompletion(paradigm, threshold, plausibility, wasStored)',
    budgets: budget(2000),
    contenders: {
      ...floors,
      [OURS]: ours(
        'cognitive',
        (metrics) => (count) => {
          for (let i = 0; i < count; i++) metrics.classifyCompletion('drm', 0.7, (i & 63) / 64, (i & 4) === 0)
        },
        'engram_false_memory_recent_weight',
        () => FULL,
        1e-6,
      ),
    },
  },
]

const graph = [
  {
    name: 'graph: recordTraversalHops(queryType, layer, hops)',
    budgets: budget(100),
    contenders: {
      ...histogramFloors,
      [OURS]: ours(
        'graph',
        (metrics) => (count) => {
          for (let i = 0; i < count; i++) metrics.recordTraversalHops('batch_similarity', i & 3, 1 + (i & 63))
        },
        'engram_hnsw_traversal_hops_count',
      ),
    },
  },
  {
    name: 'graph: recordEdgesFollowed(pattern, prefetch, near, far)',
    budgets: budget(100),
    contenders: {
      ...floors,
      [OURS]: ours(
        'graph',
        (metrics) => (count) => {
          for (let i = 0; i < count; i++) metrics.recordEdgesFollowed('bf', 'enabled', 210, 46)
        },
        'engram_hnsw_near_edges_total',
        (recorded) => recorded * 210,
      ),
    },
  },
  {
    name: 'graph: recordBatch(operation, simd, items)',
    budgets: budget(50),
    contenders: {
      ...floors,
      [OURS]: ours(
        'graph',
        (metrics) => (count) => {
          for (let i = 0; i < count; i++) metrics.recordBatch('similarity_search', 'enabled', 64)
        },
        'engram_batch_operation_items_total',
        (recorded) => recorded * 64,
      ),
    },
  },
  {
    name: 'graph: recordOperation(operation, status, seconds), two labels and with two more',
    budgets: budget(100),
    contenders: {
      ...histogramFloors,
      [OURS]: ours(
        'graph',
        (metrics) => (count) => {
          for (let i = 0; i < count; i++) metrics.recordOperation(OPERATIONS[i & 3], 'success', 0.0004 + (i & 63) / 1e5)
        },
        'engram_operation_duration_seconds_count',
      ),
      [`${OURS}, cue and SIMD`]: ours(
        'graph',
        (metrics) => (count) => {
          for (let i = 0; i < count; i++) {
            const details = { cueType: 'embedding', simdType: 'avx2' }
            metrics.recordOperation(OPERATIONS[i & 3], 'success', 0.0004 + (i & 63) / 1e5, details)
          }
        },
        'engram_operation_duration_seconds_count',
      ),
    },
  },
  {
    name: 'graph: operation(operation, status).observe(seconds), bound',
    budgets: budget(100),
    contenders: {
      ...histogramFloors,
      [OURS]: ours(
        'graph',
        (metrics) => {
          const bound = metrics.operation('recall', 'success', { cueType: 'embedding', simdType: 'avx2' })
          return (count) => {
            for (let i = 0; i < count; i++) bound.observe(0.0004 + (i & 63) / 1e5)
          }
        },
        'engram_operation_duration_seconds_count',
      ),
    },
  },
]

const memory = [
  {
    name: 'memory: pool().allocated(bytes)',
    budgets: budget(5),
    contenders: {
      ...floors,
      [OURS]: ours(
        'memory',
        (metrics) => {
          const pool = metrics.pool('vector_arena', { numaNode: 0 })
          return (count) => {
            for (let i = 0; i < count; i++) pool.allocated(3072)
          }
        },
        'engram_memory_pool_allocated_bytes_total',
        (recorded) => recorded * 3072,
      ),
    },
  },
  {
    name: 'memory: pool().allocated(bytes) and freed(bytes)',
    budgets: budget(10),
    contenders: {
      ...floors,
      [OURS]: ours(
        'memory',
        (metrics) => {
          const pool = metrics.pool('vector_arena', { numaNode: 0 })
          return (count) => {
            for (let i = 0; i < count; i++) {
              pool.allocated(3072)
              pool.freed(3072)
            }
          }
        },
        'engram_memory_pool_freed_bytes_total',
        (recorded) => recorded * 3072,
      ),
    },
  },
  {
    name: 'memory: pool().allocated(bytes, address)',
    budgets: budget(8),
    contenders: {
      ...floors,
      [OURS]: ours(
        'memory',
        (metrics) => {
          const pool = metrics.pool('vector_arena')
          return (count) => {
            for (let i = 0; i < count; i++) pool.allocated(3072, ADDRESSES[i & 63])
          }
        },
        'engram_checked_allocations_total',
      ),
    },
  },
  {
    name: 'memory: alignment().check(address)',
    budgets: budget(3),
    contenders: {
      ...floors,
      [OURS]: ours(
        'memory',
        (metrics) => {
          const lines = metrics.alignment(64)
          return (count) => {
            for (let i = 0; i < count; i++) lines.check(ADDRESSES[i & 63])
          }
        },
        'engram_checked_allocations_total',
      ),
    },
  },
  {
    name: 'memory: pool().recordFreeBlocks(sizes), 1 000 blocks',
    budgets: budget(1_000_000),
    contenders: {
      ...floors,
      [OURS]: ours(
        'memory',
        (metrics) => {
          const pool = metrics.pool('vector_arena')
          return (count) => {
            for (let i = 0; i < count; i++) pool.recordFreeBlocks(FREE_BLOCKS)
          }
        },
        'engram_memory_pool_fragmentable_bytes',
        () => FREE_BLOCKS.reduce((sum, size) => sum + size),
      ),
    },
  },
  {
    name: 'memory: recordContention(component, operation)',
    budgets: budget(50),
    contenders: {
      ...floors,
      [OURS]: ours(
        'memory',
        (metrics) => (count) => {
          for (let i = 0; i < count; i++) metrics.recordContention('metrics_registry', 'counter_increment')
        },
        'engram_lock_free_contentions_total',
      ),
    },
  },
]

export const cases = [...cognitive, ...graph, ...memory]
