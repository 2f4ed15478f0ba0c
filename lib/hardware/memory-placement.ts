// On which NUMA nodes the memory that nanotally records into lies.
import { native } from '../native.js'

/** Where the memory of all threads' cells lies, by the kernel's word. */
export type MemoryPlacement =
  | {
      available: true
      /** Ascending by node; those alone that have any. */
      nodes: { node: number; bytes: number }[]
      /** Not touched yet: the kernel places a page when it is first written. */
      unplacedBytes: number
    }
  | {
      available: false
      reason: 'seccomp' | 'kernel' | 'system'
      /** For people. */
      message: string
      /** What to change; empty where nothing helps. */
      hint: string
    }

/**
 * Asks the kernel for the NUMA node of the pages that all threads record into: of each, or of 8192 that stand for the others.
 * Takes about a millisecond at most; the families `nanotally_arena_node_bytes` of `collectHardwareMetrics()` tell the same.
 *
 * @example
 * const placement = memoryPlacement()
 * console.log(placement.available ? placement.nodes : placement.message)
 */
export function memoryPlacement(): MemoryPlacement {
  const { nodes, bytes, reason, message, hint } = native.arenaNodes()
  if (reason !== '') return { available: false, reason, message, hint }
  const places = nodes.map((node, i) => ({ node, bytes: bytes[i] as number }))
  return {
    available: true,
    nodes: places.filter(({ node }) => node >= 0),
    unplacedBytes: places.find(({ node }) => node < 0)?.bytes ?? 0,
  }
}
