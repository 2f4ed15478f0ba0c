// The hardware catalog: what kernels of the program know of SIMD, caches, branches and stalls (planning document 003), and
// what nanotally/hardware exposes.
//
// Samples come from the kernels, which know what they do, or from perf.region(), which counts what the processor does: then
// watchRegions() records it here, under the names and labels of the document.

import { registry as defaultRegistry } from '../index.js'
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
import { checkInterval } from './shared/interval.js'
import { PairRecorder } from './shared/pair-recorder.js'
import { isAmount, oneOf } from './shared/recording.js'
import { type EventCounts, RegionEvents } from './shared/region-events.js'

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

/** What a region of `perf.region()` is to this catalog. What is left out is not recorded. */
export interface WatchedRegion {
  /** A label: its branches, from `branches` and `branch_misses`. */
  component?: string | undefined
  /** A label: its caches, from `l1d_loads`, `l2_references`, `llc_loads` and their misses. */
  accessPattern?: string | undefined
  /** What runs in it: from `cycles`, and `simd_instructions` or `fp_128`, `fp_256`, `fp_512`. */
  kernel?: SimdKernel | undefined
}

/** Options of `watchRegions()`. */
export interface WatchRegionsOptions {
  /** Time between two looks in milliseconds, an integer of 100 to 3600000. Default 5000. */
  intervalMs?: number | undefined
}

/** Regions that are watched. */
export interface RegionWatch {
  /** Looks now, beside the looks at intervals. Rejects for a registry that is closed. */
  look(): Promise<void>
  /** No more looks. Idempotent. */
  stop(): void
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
  /**
   * Records what `perf.region()` counts in some regions, all since they were made: their stalls, and what each entry names. An event that a
   * region does not count, or this machine cannot, leaves out what is made of it. Call it in one thread; it counts all of them.
   *
   * @param regions - by the names of the regions, of the same registry
   * @throws `ERR_NANOTALLY_INVALID_VALUE` for `intervalMs`
   */
  watchRegions(regions: Readonly<Record<string, WatchedRegion>>, options?: WatchRegionsOptions): RegionWatch
}

class BranchPair extends PairRecorder implements BranchRecorder {
  override record(branches: number, mispredictions: number): void {
    // More mispredictions than branches are refused as what they leave: a negative number. Others subtract, or throw.
    const areNumbers = isAmount(branches) && typeof mispredictions === 'number'
    super.record(areNumbers ? branches - mispredictions : Number.NaN, mispredictions)
  }
}

const CLOSED = 'ERR_NANOTALLY_REGISTRY_CLOSED'
const STALL_EVENTS = [
  ['stalled_cycles_frontend', 'frontend'],
  ['stalled_cycles_backend', 'backend'],
] as const
const CACHE_EVENTS = [
  { level: 'l1', loads: 'l1d_loads', misses: 'l1d_load_misses' },
  { level: 'l2', loads: 'l2_references', misses: 'l2_misses' },
  { level: 'l3', loads: 'llc_loads', misses: 'llc_load_misses' },
] as const
/** A machine has the first one or the others. */
const SIMD_EVENTS = ['simd_instructions', 'fp_128', 'fp_256', 'fp_512']

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
  const recordPipelineStalls = (cause: StallCause, cycles: number) => {
    // Without an amount a counter would take 1.
    families.pipelineStalls.inc({ cause: oneOf(STALL_CAUSES, cause) }, cycles ?? Number.NaN)
  }
  const recordRegion = ({ component, accessPattern, kernel }: WatchedRegion, counts: EventCounts) => {
    for (const [event, cause] of STALL_EVENTS) {
      const cycles = counts.get(event)
      if (cycles !== undefined) recordPipelineStalls(cause, cycles)
    }
    const mispredictions = counts.get('branch_misses') ?? 0
    const branches = counts.get('branches')
    // Counts that were multiplexed are estimates, of which one may exceed what it is a part of.
    if (component !== undefined && branches !== undefined && counts.has('branch_misses')) {
      branchRecorder(component).record(branches, Math.min(branches, mispredictions))
    }
    for (const { level, loads, misses } of accessPattern === undefined ? [] : CACHE_EVENTS) {
      const all = counts.get(loads)
      const missed = counts.get(misses)
      if (all === undefined || missed === undefined) continue
      cacheRecorder(level, accessPattern as string).record(Math.max(0, all - missed), Math.min(all, missed))
    }
    const vectors = SIMD_EVENTS.map((event) => counts.get(event)).filter((count) => count !== undefined)
    const cycles = counts.get('cycles')
    if (kernel === undefined || cycles === undefined || vectors.length === 0) return
    simdRecorder(kernel).record(
      vectors.reduce((sum, count) => sum + count, 0),
      cycles,
    )
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
    recordPipelineStalls,
    watchRegions: (regions, { intervalMs = 5000 } = {}) => {
      checkInterval(intervalMs, 100, 3_600_000)
      const events = new RegionEvents(options.registry ?? defaultRegistry)
      const lookOnce = async () => {
        for (const [name, counts] of await events.look()) {
          const watched = Object.hasOwn(regions, name) ? regions[name] : undefined
          if (watched !== undefined) recordRegion(watched, counts)
        }
      }
      // One after the other: of two at once the later might tell less than the earlier, which looks like a reset.
      let last: Promise<void> = Promise.resolve()
      const look = () => {
        last = last.then(lookOnce, lookOnce)
        return last
      }
      const timer = setInterval(() => {
        look().catch((error: Error) => {
          stop()
          // A registry that was closed is watched no more; anything else is told.
          if ((error as { code?: string }).code !== CLOSED) process.emitWarning(error)
        })
      }, intervalMs)
      timer.unref()
      const stop = () => clearInterval(timer)
      return { look, stop }
    },
  }
}
