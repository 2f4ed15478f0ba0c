// The hardware catalog: what kernels of the program know of SIMD, caches, branches and stalls (planning document 003), and
// what nanotally/hardware exposes.
//
// Nobody looks at the processor here: samples come from the kernels, or from counters that were read around them. Where the
// machine has a PMU, perf.region() counts by itself, into perf_region_*.

import {
  CACHE_LEVELS,
  type CatalogCacheLevel,
  FAMILIES,
  INSTRUCTION_SETS,
  type InstructionSet,
  STALL_CAUSES,
  type StallCause,
  VECTOR_WIDTHS,
  type VectorWidth,
} from './families/hardware.js'
import { EXPOSED } from './families/hardware-exposed.js'
import { type Catalog, type CatalogOptions, defineFamilies, type Instruments } from './shared/catalog.js'
import { PairRecorder } from './shared/pair-recorder.js'
import { isAmount, oneOf } from './shared/recording.js'

export {
  CACHE_LEVELS,
  type CatalogCacheLevel,
  INSTRUCTION_SETS,
  type InstructionSet,
  STALL_CAUSES,
  type StallCause,
  VECTOR_WIDTHS,
  type VectorWidth,
}

/** The catalog as data. */
export const hardware: Catalog = {
  name: 'hardware',
  about: 'What the processor does: SIMD, caches, branches, stalls; by kernels that know, and by its counters.',
  families: { ...FAMILIES, ...EXPOSED },
}

/** A loop over vectors, as its metrics name it. */
export interface SimdKernel {
  instructionSet: InstructionSet
  /** What it computes, such as `cosine_similarity`. */
  operation: string
  /** Such as `fma`. */
  instructionType: string
  /** Elements of a vector register. */
  vectorWidth: VectorWidth
}

/** Takes samples of one kernel. Keep it: a record is two memory adds. Belongs to its thread. Never throws. */
export interface SimdRecorder {
  record(instructions: number, cycles: number): void
}
/** As `SimdRecorder`, of one cache. */
export interface CacheRecorder {
  record(hits: number, misses: number): void
}
/** As `SimdRecorder`, of the branches of one component: no more mispredictions than branches. */
export interface BranchRecorder {
  record(branches: number, mispredictions: number): void
}

/** Hardware metrics of a registry. Its functions never throw: what cannot be recorded is dropped and counted. */
export interface HardwareCatalogMetrics extends Instruments<typeof FAMILIES> {
  /** For hot kernels: labels are looked up here, not in `record()`. */
  simdRecorder(kernel: SimdKernel): SimdRecorder
  /** @param accessPattern - a short fixed text, such as `sequential` */
  cacheRecorder(level: CatalogCacheLevel, accessPattern: string): CacheRecorder
  branchRecorder(component: string): BranchRecorder
  recordSimdOperation(kernel: SimdKernel, instructions: number, cycles: number): void
  recordCachePerformance(level: CatalogCacheLevel, accessPattern: string, hits: number, misses: number): void
  recordBranches(component: string, branches: number, mispredictions: number): void
  recordPipelineStalls(cause: StallCause, cycles: number): void
}

class BranchPair extends PairRecorder implements BranchRecorder {
  override record(branches: number, mispredictions: number): void {
    // More mispredictions than branches are refused as what they leave: a negative number. Others subtract, or throw.
    const areNumbers = isAmount(branches) && typeof mispredictions === 'number'
    super.record(areNumbers ? branches - mispredictions : Number.NaN, mispredictions)
  }
}

/**
 * Defines the hardware families in a registry, or finds them there, and returns what records them.
 *
 * @throws as `counter()`
 *
 * @example
 * const metrics = hardwareMetrics()
 * const cosine = metrics.simdRecorder({
 *   instructionSet: 'avx512', operation: 'cosine_similarity', instructionType: 'fma', vectorWidth: 16,
 * })
 * cosine.record(96, 120)
 * metrics.recordCachePerformance('l1', 'sequential', 990, 10)
 */
export function hardwareMetrics(options: CatalogOptions = {}): HardwareCatalogMetrics {
  const families = defineFamilies(FAMILIES, options)

  const simdRecorder = (kernel: SimdKernel): SimdRecorder => {
    const { instructionSet, operation, instructionType, vectorWidth } = kernel ?? {}
    const labels = {
      instruction_set: oneOf(INSTRUCTION_SETS, instructionSet),
      operation,
      instruction_type: instructionType,
      vector_width: oneOf(VECTOR_WIDTHS, vectorWidth),
    }
    return new PairRecorder(families.simdInstructions.labels(labels), families.simdCycles.labels(labels))
  }
  const cacheRecorder = (level: CatalogCacheLevel, access_pattern: string): CacheRecorder => {
    const labels = { level: oneOf(CACHE_LEVELS, level), access_pattern }
    return new PairRecorder(families.cacheHits.labels(labels), families.cacheMisses.labels(labels))
  }
  const branchRecorder = (component: string): BranchRecorder => {
    const { branches } = families
    return new BranchPair(branches.labels(component, 'predicted'), branches.labels(component, 'mispredicted'))
  }
  return {
    ...families,
    simdRecorder,
    cacheRecorder,
    branchRecorder,
    recordSimdOperation: (kernel, instructions, cycles) => simdRecorder(kernel).record(instructions, cycles),
    recordCachePerformance: (level, accessPattern, hits, misses) =>
      cacheRecorder(level, accessPattern).record(hits, misses),
    recordBranches: (component, branches, mispredictions) => branchRecorder(component).record(branches, mispredictions),
    recordPipelineStalls: (cause, cycles) => {
      // Without an amount a counter would take 1.
      families.pipelineStalls.inc({ cause: oneOf(STALL_CAUSES, cause) }, cycles ?? Number.NaN)
    },
  }
}
