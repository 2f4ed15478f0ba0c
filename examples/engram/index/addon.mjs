// Loads the addon of ../native, and gives its parts that belong to the process: kernels and pools. Each thread loads it
// for itself; all of them share what is in it.
import { createRequire } from 'node:module'
import { nativeInterface } from 'nanotally'

/** The addon is not there, or cannot be loaded. */
export class AddonMissingError extends Error {
  name = 'AddonMissingError'
  code = 'ERR_ENGRAM_ADDON_MISSING'
}

/** @returns {any} */
function load() {
  try {
    return createRequire(import.meta.url)('../native/build/Release/engram.node')
  } catch (cause) {
    const advice = 'run scripts/demo.sh --set-up-only, which builds it'
    throw new AddonMissingError(`the addon of examples/engram/native cannot be loaded: ${advice}`, { cause })
  }
}

/** The addon's functions, as native/index_functions.cc and tool_functions.cc describe them. */
export const addon = load()

/**
 * Lets the addon record: searches, and what is allocated from now on. Call it once in a process, after the metrics of the
 * catalogs `graph` and `memory` were defined, whose series it finds then; again is harmless. Where they are not defined it
 * defines those that it needs itself, with the labels that it gives.
 * @throws {Error} when a metric of one of the names has another type or other labels
 */
export function recordMetrics() {
  const status = addon.attach(nativeInterface())
  if (status !== 0) throw new Error(`the addon cannot record its metrics: nanotally_status ${status}`)
}

/**
 * @typedef {object} Kernel
 * @property {string} name of the instruction set: scalar, sse4_2, avx2, neon; or broken
 * @property {number} lanes floats in a register
 * @property {number} error the largest error against double precision, of vectors of unit length
 * @property {boolean} isRight whether the error is one of rounding: below 1e-5
 */

/** The instruction set that distances are computed with. @returns {string} */
export const activeKernel = () => addon.activeKernel()

/** Runs every kernel of this CPU against double precision: about 40 µs. @returns {Kernel[]} the active one first */
export const checkKernels = () => addon.checkKernels()

/**
 * Takes another kernel, in the whole process.
 * @param {string} [name] default: the fastest. `broken` leaves out the end of each vector
 * @throws {RangeError} for a name that is none of this CPU's
 */
export function useKernel(name = '') {
  if (!addon.useKernel(name)) throw new RangeError(`expected the name of a kernel, received ${JSON.stringify(name)}`)
}

/**
 * A pool's books. In bytes, capacity = requested + internal + external + empty, and used = requested + internal.
 * @typedef {object} PoolBooks
 * @property {number} capacity of all slabs
 * @property {number} used of the blocks that are out, each as large as its size class
 * @property {number} requested what was asked for of these
 * @property {number} internal the rest of these
 * @property {number} external in slabs with a block out: free blocks, and the rest at the end
 * @property {number} empty in slabs with no block out
 * @property {number} slabs
 * @property {number} allocations
 * @property {number} allocatedBytes of all blocks that ever went out
 * @property {number} frees
 * @property {number} aligned allocations that began at a cache line
 * @property {number} failures allocations that gave nothing
 * @property {number} refused frees of what was no block that is out
 * @property {number} utilization used / capacity
 * @property {number} fragmentation (internal + external) / (capacity - empty)
 */

/** The books of the process's pools. @returns {{ vector_arena: PoolBooks, edge_arena: PoolBooks }} */
export const pools = () => addon.pools()

/** Sets the gauges of the pools' fragmentation. @returns {void} */
export const recordPools = () => addon.recordPools()

/** Gives the pools' empty slabs back to the system. @returns {number} bytes */
export const trimPools = () => addon.trimPools()
