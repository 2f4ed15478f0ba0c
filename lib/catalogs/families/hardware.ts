// The families of the hardware catalog that are its own, as data. Those ratios are since recording began; the queries are
// about the last minutes, by the counters that the ratios are computed from.
import type { CatalogFamilies } from '../shared/catalog.js'

export const INSTRUCTION_SETS = [
  'scalar',
  'sse2',
  'sse4_2',
  'avx',
  'avx2',
  'avx512',
  'amx',
  'neon',
  'sve',
  'sve2',
] as const
export type InstructionSet = (typeof INSTRUCTION_SETS)[number]

/** Elements of a vector register, such as 16 of 32 bits in 512. */
export const VECTOR_WIDTHS = [1, 2, 4, 8, 16, 32, 64, 128, 256] as const
export type VectorWidth = (typeof VECTOR_WIDTHS)[number]

export const CACHE_LEVELS = ['l1', 'l2', 'l3'] as const
export type CatalogCacheLevel = (typeof CACHE_LEVELS)[number]

export const STALL_CAUSES = ['cache_miss', 'branch_misprediction', 'dependency', 'frontend', 'backend'] as const
export type StallCause = (typeof STALL_CAUSES)[number]

const SIMD_LABELS = ['instruction_set', 'operation', 'instruction_type', 'vector_width'] as const
const SIMD_VALUES = { instruction_set: INSTRUCTION_SETS, vector_width: VECTOR_WIDTHS.map(String) }

export const FAMILIES = {
  simdInstructions: {
    name: 'engram_simd_instructions_total',
    type: 'counter',
    help: 'SIMD instructions that kernels recorded; vector_width is the elements of a vector.',
    labels: SIMD_LABELS,
    values: SIMD_VALUES,
    query: 'sum by (operation) (rate(engram_simd_instructions_total[5m]))',
    queryUnit: 'per second',
    expected: [0, 10_000_000_000],
    source: 'a kernel, from the elements that it has worked on; or perf counters around it',
    documents: ['003'],
  },
  simdCycles: {
    name: 'engram_simd_cycles_total',
    type: 'counter',
    help: 'Cycles that the kernels with those SIMD instructions took.',
    labels: SIMD_LABELS,
    values: SIMD_VALUES,
    query: 'sum by (operation) (rate(engram_simd_cycles_total[5m]))',
    queryUnit: 'per second',
    expected: [0, 10_000_000_000],
    source: 'a kernel, with its instructions',
    documents: ['003'],
  },
  simdUtilization: {
    name: 'engram_simd_utilization_percent',
    type: 'gauge',
    help: 'SIMD instructions for each 100 cycles, since recording began: above 100 where several are done in a cycle.',
    labels: ['instruction_set', 'operation'],
    values: { instruction_set: INSTRUCTION_SETS },
    derived: { of: [{ family: 'simdInstructions' }], to: [{ family: 'simdCycles' }], scale: 100 },
    query:
      '100 * sum by (operation) (rate(engram_simd_instructions_total{instruction_set="avx512"}[5m])) / sum by (operation) (rate(engram_simd_cycles_total{instruction_set="avx512"}[5m]))',
    queryUnit: 'percent',
    expected: [30, 200],
    warning: { below: 30, forSeconds: 120 },
    source: 'computed from engram_simd_instructions_total and engram_simd_cycles_total',
    documents: ['003'],
  },
  simdInstructionsPerSecond: {
    name: 'engram_simd_instructions_per_second',
    type: 'gauge',
    help: 'SIMD instructions per second over the last minute; vector_width is the elements of a vector.',
    labels: ['instruction_type', 'vector_width'],
    values: { vector_width: SIMD_VALUES.vector_width },
    derived: { rateOf: [{ family: 'simdInstructions' }], windowSeconds: 60 },
    query: 'engram_simd_instructions_per_second',
    queryUnit: 'per second',
    expected: [0, 10_000_000_000],
    source: 'computed from engram_simd_instructions_total',
    documents: ['003'],
  },
  cacheHits: {
    name: 'engram_cache_hits_total',
    type: 'counter',
    help: 'Hits in the caches of the processor that kernels recorded.',
    labels: ['level', 'access_pattern'],
    values: { level: CACHE_LEVELS },
    query: 'sum by (level) (rate(engram_cache_hits_total[5m]))',
    queryUnit: 'per second',
    expected: [0, 100_000_000_000],
    source: 'a kernel that counts, or perf counters around it',
    documents: ['003'],
  },
  cacheMisses: {
    name: 'engram_cache_misses_total',
    type: 'counter',
    help: 'Misses in the caches of the processor that kernels recorded.',
    labels: ['level', 'access_pattern'],
    values: { level: CACHE_LEVELS },
    query: 'sum by (level) (rate(engram_cache_misses_total[5m]))',
    queryUnit: 'per second',
    expected: [0, 1_000_000_000],
    source: 'a kernel, with its hits',
    documents: ['003'],
  },
  cacheHitRatio: {
    name: 'engram_cache_hit_ratio',
    type: 'gauge',
    unit: 'ratio',
    help: 'Hits per access to a cache of the processor, since recording began.',
    labels: ['level', 'access_pattern'],
    values: { level: CACHE_LEVELS },
    derived: { of: [{ family: 'cacheHits' }], to: [{ family: 'cacheHits' }, { family: 'cacheMisses' }] },
    query:
      'sum(rate(engram_cache_hits_total{level="l1"}[5m])) / (sum(rate(engram_cache_hits_total{level="l1"}[5m])) + sum(rate(engram_cache_misses_total{level="l1"}[5m])))',
    queryUnit: 'of all accesses',
    expected: [0.85, 1],
    critical: { below: 0.85, forSeconds: 60 },
    source: 'computed from engram_cache_hits_total and engram_cache_misses_total',
    documents: ['003'],
  },
  cacheMissLatency: {
    name: 'engram_cache_miss_latency_ns',
    type: 'histogram',
    help: 'Time that a load took which the cache did not have, in nanoseconds.',
    labels: ['level', 'numa_penalty'],
    values: { level: CACHE_LEVELS, numa_penalty: ['local', 'remote'] },
    query: 'histogram_quantile(0.99, sum by (le, level, numa_penalty) (rate(engram_cache_miss_latency_ns_bucket[5m])))',
    queryUnit: 'nanoseconds',
    expected: [1, 500],
    source: 'samples of loads with their latency (PEBS, IBS, SPE)',
    documents: ['003'],
    planned: 'sampling of loads: counters alone do not tell how long a load took',
  },
  branches: {
    name: 'engram_branches_total',
    type: 'counter',
    help: 'Branches that kernels recorded, by whether they went where they were predicted to.',
    labels: ['component', 'outcome'],
    values: { outcome: ['predicted', 'mispredicted'] },
    query: 'sum by (component) (rate(engram_branches_total[5m]))',
    queryUnit: 'per second',
    expected: [0, 10_000_000_000],
    source: 'perf counters around a part of the program, or a kernel that counts',
    documents: ['003'],
  },
  branchPredictionAccuracy: {
    name: 'engram_branch_prediction_accuracy',
    type: 'gauge',
    help: 'Branches predicted rightly per branch, 0 to 1, since recording began.',
    labels: ['component'],
    derived: { of: [{ family: 'branches', where: { outcome: 'predicted' } }], to: [{ family: 'branches' }] },
    query:
      'sum by (component) (rate(engram_branches_total{outcome="predicted"}[5m])) / sum by (component) (rate(engram_branches_total[5m]))',
    queryUnit: 'of all branches',
    expected: [0.9, 1],
    warning: { below: 0.9, forSeconds: 30 },
    source: 'computed from engram_branches_total',
    documents: ['003'],
  },
  pipelineStalls: {
    name: 'engram_pipeline_stalls_total',
    type: 'counter',
    help: 'Cycles in which the pipeline of the processor stood, as recorded, by what it waited for.',
    labels: ['cause'],
    values: { cause: STALL_CAUSES },
    query: 'sum by (cause) (rate(engram_pipeline_stalls_total[5m]))',
    queryUnit: 'cycles per second',
    expected: [0, 2_000_000_000],
    source: 'perf counters around a part of the program',
    documents: ['003'],
  },
  pipelineStallsPerSecond: {
    name: 'engram_pipeline_stalls_per_second',
    type: 'gauge',
    help: 'Cycles per second in which the pipeline stood, over the last minute, by what it waited for.',
    labels: ['cause'],
    values: { cause: STALL_CAUSES },
    derived: { rateOf: [{ family: 'pipelineStalls' }], windowSeconds: 60 },
    query: 'engram_pipeline_stalls_per_second',
    queryUnit: 'cycles per second',
    expected: [0, 2_000_000_000],
    source: 'computed from engram_pipeline_stalls_total',
    documents: ['003'],
  },
} as const satisfies CatalogFamilies
