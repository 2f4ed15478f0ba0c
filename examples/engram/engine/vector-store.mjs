// The main thread's side of the index: makes it, looks after its pools, breaks and repairs it on purpose, and reads its books.
import { graphMetrics } from 'nanotally/catalogs/graph'
import { memoryMetrics } from 'nanotally/catalogs/memory'
import { indexRows } from '../books/index-rows.mjs'
import { activeKernel, checkKernels, pools, recordMetrics, recordPools, useKernel } from '../index/addon.mjs'
import { MemoryIndex } from '../index/memory-index.mjs'

/** Small segments: the demo is to have all tiers within a minute. */
const OPTIONS = { m: 8, efConstruction: 32, hotCapacity: 2000, warmSegments: 2, coldSegments: 2 }
/** What is broken on purpose: edges that a search meets, and those that only a check of the whole finds. */
const FAULTS = /** @type {const} */ (['range', 'reach'])

/** The one index of the process, and there for as long as that is. */
export class VectorStore {
  #index

  /** @param {number} dimensions of its vectors */
  constructor(dimensions) {
    graphMetrics()
    memoryMetrics()
    recordMetrics()
    this.#index = MemoryIndex.create({ ...OPTIONS, dimensions })
  }

  /** What workers open it by. */
  get handle() {
    return this.#index.handle
  }

  /** Whether distances are computed by SIMD. */
  get isSimd() {
    return activeKernel() !== 'scalar'
  }

  /** Sets the pools' gauges. They keep what they once needed: each segment needs as much again. */
  look() {
    recordPools()
  }

  /** Breaks edges, and the kernel that computes distances. */
  corrupt() {
    for (const fault of FAULTS) this.#index.corrupt(fault)
    useKernel('broken')
  }

  /** Ends what {@link corrupt} began. */
  repair() {
    // First: by a broken kernel sound vectors look broken.
    useKernel()
    this.#index.repair()
  }

  /** A health check: looks at every node and edge. */
  checkIntegrity() {
    const tiers = Object.entries(this.#index.checkIntegrity())
    const broken = tiers.filter(([, { isSound }]) => !isSound)
    const nodes = tiers.reduce((sum, tier) => sum + tier[1].nodes, 0)
    const message =
      broken.length === 0
        ? `${nodes} nodes are sound`
        : `unsound: ${broken.map(([tier, found]) => `${tier} ${JSON.stringify(found)}`).join(', ')}`
    return { isHealthy: broken.length === 0, message }
  }

  /** A health check: runs each kernel against double precision. */
  checkKernels() {
    const kernels = checkKernels()
    const message = kernels.map(({ name, error }) => `${name} is off by ${error.toExponential(1)}`).join(', ')
    return { isHealthy: kernels.every(({ isRight }) => isRight), message }
  }

  /** The rows of the tally that only the index knows; the last ones, once nobody uses it any more. */
  rows() {
    recordPools()
    return indexRows(this.#index.stats(), pools())
  }
}
