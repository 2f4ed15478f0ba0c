// The hot recorders of the catalogs hardware, numa, spreading and reliability, beside the adds that they come to.
import { createRequire } from 'node:module'
import { expectSum } from '../harness/exposition.mjs'
import { OURS, PEERS } from '../harness/libraries.mjs'
import { floorsOfTwoAdds as floors, RAW_ADD, rawAdd } from './subjects.mjs'

const require = createRequire(import.meta.url)
const [PROM_CLIENT] = PEERS
/** Document 003's targets in nanoseconds; ratios are to a raw add, 2 ns on the machines that they were written on. */
const budget = (ns) => [{ of: OURS, against: RAW_ADD, atMost: ns / 2, source: `document 003: ${ns} ns` }]

/**
 * @param {string} catalog Of `nanotally/catalogs/`.
 * @param {(module: any) => (count: number) => void} make
 * @param {string} sample The sample whose values add up to `perRecord` for each record.
 */
async function ours(catalog, make, sample, perRecord) {
  const { registry } = await import('nanotally')
  return {
    batch: make(await import(`nanotally/catalogs/${catalog}`)),
    verify: async (recorded) => expectSum(await registry.metrics(), sample, recorded * perRecord, 1e-6),
  }
}

/** The same two counters with the same labels, bound once. */
function promClient(first, second, labels, amounts) {
  const { Counter, register } = require(PROM_CLIENT)
  const labelNames = Object.keys(labels)
  const help = 'Made by a bench.'
  const one = new Counter({ name: first, help, labelNames }).labels(labels)
  const two = new Counter({ name: second, help, labelNames }).labels(labels)
  return {
    batch(count) {
      for (let i = 0; i < count; i++) {
        one.inc(amounts[0])
        two.inc(amounts[1])
      }
    },
    verify: async (recorded) => expectSum(await register.metrics(), first, recorded * amounts[0]),
  }
}

const COSINE = {
  instructionSet: 'avx512',
  operation: 'cosine_similarity',
  instructionType: 'fma',
  vectorWidth: 16,
}
const COSINE_LABELS = { instruction_set: 'avx512', operation: 'cosine', instruction_type: 'fma', vector_width: 16 }

const CHECKS = Array.from({ length: 10 }, (_, i) => ({
  name: `check_${i}`,
  status: 'healthy',
  message: 'ok',
  critical: true,
  consecutiveFailures: 0,
  durationSeconds: 0.002,
  lastRun: 0,
}))

export const cases = [
  {
    name: 'catalog hardware: simdRecorder.record(instructions, cycles)',
    budgets: budget(20),
    contenders: {
      ...floors(96, 40),
      [OURS]: () =>
        ours(
          'hardware',
          ({ hardwareMetrics }) => {
            const simd = hardwareMetrics().simdRecorder(COSINE)
            return (count) => {
              for (let i = 0; i < count; i++) simd.record(96, 40)
            }
          },
          'engram_simd_instructions_total',
          96,
        ),
      [`${OURS}, recordSimdOperation()`]: () =>
        ours(
          'hardware',
          ({ hardwareMetrics }) => {
            const metrics = hardwareMetrics()
            return (count) => {
              for (let i = 0; i < count; i++) metrics.recordSimdOperation(COSINE, 96, 40)
            }
          },
          'engram_simd_instructions_total',
          96,
        ),
      [PROM_CLIENT]: () => promClient('simd_instructions_total', 'simd_cycles_total', COSINE_LABELS, [96, 40]),
    },
  },
  {
    name: 'catalog hardware: cacheRecorder.record(hits, misses)',
    budgets: budget(15),
    contenders: {
      ...floors(63, 1),
      [OURS]: () =>
        ours(
          'hardware',
          ({ hardwareMetrics }) => {
            const cache = hardwareMetrics().cacheRecorder('l1', 'sequential')
            return (count) => {
              for (let i = 0; i < count; i++) cache.record(63, 1)
            }
          },
          'engram_cache_hits_total',
          63,
        ),
      [`${OURS}, three caches`]: () =>
        ours(
          'hardware',
          ({ hardwareMetrics }) => {
            const metrics = hardwareMetrics()
            const [l1, l2, l3] = ['l1', 'l2', 'l3'].map((level) => metrics.cacheRecorder(level, 'sequential'))
            const caches = [l1, l2, l3, l2]
            return (count) => {
              for (let i = 0; i < count; i++) caches[i & 3].record(63, 1)
            }
          },
          'engram_cache_hits_total',
          63,
        ),
      [PROM_CLIENT]: () =>
        promClient('cache_hits_total', 'cache_misses_total', { level: 'l1', access_pattern: 'sequential' }, [63, 1]),
    },
  },
  {
    name: 'catalog hardware: branchRecorder.record(branches, mispredictions)',
    budgets: budget(10),
    contenders: {
      ...floors(125, 3),
      [OURS]: () =>
        ours(
          'hardware',
          ({ hardwareMetrics }) => {
            const branches = hardwareMetrics().branchRecorder('hnsw_traversal')
            return (count) => {
              for (let i = 0; i < count; i++) branches.record(128, 3)
            }
          },
          'engram_branches_total',
          128,
        ),
      [PROM_CLIENT]: () => promClient('branches_total', 'mispredictions_total', { component: 'hnsw' }, [128, 3]),
    },
  },
  {
    name: 'catalog numa: numaRecorder.record(local, remote)',
    budgets: budget(30),
    contenders: {
      ...floors(1024, 16),
      [OURS]: () =>
        ours(
          'numa',
          ({ numaMetrics }) => {
            const pair = numaMetrics().numaRecorder(0, 1)
            return (count) => {
              for (let i = 0; i < count; i++) pair.record(1024, 16)
            }
          },
          'engram_numa_accesses_total',
          1040,
        ),
      [PROM_CLIENT]: () => promClient('local_total', 'remote_total', { source_node: 0, target_node: 1 }, [1024, 16]),
    },
  },
  {
    name: 'catalog numa: recordNodeBalance() of 8 nodes',
    budgets: budget(100_000),
    contenders: {
      [RAW_ADD]: rawAdd,
      [OURS]: async () => {
        const { registry } = await import('nanotally')
        const { numaMetrics } = await import('nanotally/catalogs/numa')
        const metrics = numaMetrics()
        const amounts = Float64Array.from({ length: 8 }, (_, i) => 4 + i)
        return {
          batch(count) {
            for (let i = 0; i < count; i++) {
              amounts[i & 7] = 4 + (i & 7)
              metrics.recordNodeBalance('memory_allocation', amounts)
            }
          },
          verify: async () => expectSum(await registry.metrics(), 'engram_numa_node_imbalance_ratio', 7 / 11, 1e-12),
        }
      },
    },
  },
  {
    name: 'catalog spreading: recordSpreadingResult() with 8 confidences',
    contenders: {
      [RAW_ADD]: rawAdd,
      [OURS]: () =>
        ours(
          'spreading',
          ({ spreadingMetrics }) => {
            const metrics = spreadingMetrics()
            const confidences = Float64Array.from({ length: 8 }, (_, i) => (i + 1) / 8)
            return (count) => {
              for (let i = 0; i < count; i++) {
                metrics.recordSpreadingResult({
                  averageHops: 2.5,
                  cyclesDetected: 1,
                  activations: 310,
                  confidenceAggregations: 12,
                  confidences,
                })
              }
            }
          },
          'engram_spreading_confidence_distribution_count',
          8,
        ),
      [`${OURS}, recordSpreadingLatency()`]: () =>
        ours(
          'spreading',
          ({ spreadingMetrics }) => {
            const metrics = spreadingMetrics()
            return (count) => {
              for (let i = 0; i < count; i++) metrics.recordSpreadingLatency(13 / 4096, 'hot')
            }
          },
          'engram_spreading_latency_count',
          1,
        ),
    },
  },
  {
    name: 'catalog reliability: recordHealthReport() of 10 checks that have run',
    note: 'The target is that of a complete health check.',
    budgets: budget(500_000),
    contenders: {
      [RAW_ADD]: rawAdd,
      [OURS]: () =>
        ours(
          'reliability',
          ({ reliabilityMetrics }) => {
            const metrics = reliabilityMetrics()
            let now = 0
            return (count) => {
              for (let i = 0; i < count; i++) {
                now++
                for (const check of CHECKS) check.lastRun = now
                metrics.recordHealthReport({ status: 'healthy', time: now, checks: CHECKS })
              }
            }
          },
          'engram_health_check_duration_ms_count',
          CHECKS.length,
        ),
      [`${OURS}, recordHealthCheck()`]: () =>
        ours(
          'reliability',
          ({ reliabilityMetrics }) => {
            const metrics = reliabilityMetrics()
            return (count) => {
              for (let i = 0; i < count; i++) metrics.recordHealthCheck('cache_coherence', true, 0.002)
            }
          },
          'engram_health_check_duration_ms_count',
          1,
        ),
      [`${OURS}, recordPerformance()`]: async () => {
        const { registry } = await import('nanotally')
        const { reliabilityMetrics } = await import('nanotally/catalogs/reliability')
        const metrics = reliabilityMetrics()
        const baseline = { mean: 10, variance: 4, count: 200 }
        const current = { mean: 12, variance: 4, count: 200 }
        return {
          batch(count) {
            for (let i = 0; i < count; i++) metrics.recordPerformance('latency', baseline, current)
          },
          verify: async () => expectSum(await registry.metrics(), 'engram_performance_regression_detected', 1),
        }
      },
    },
  },
]
