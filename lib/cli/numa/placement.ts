// Where the memory of a running program's metrics lies, by its own word.
import type { Family } from '../../exposition/family.js'
import { bytesText } from './machine.js'

/** What a program tells once it has called collectHardwareMetrics(), and what any exporter of nanotally tells: the sum. */
const NODE_FAMILY = 'nanotally_arena_node_bytes'
export const ARENA_FAMILY = 'nanotally_arena_bytes'

export interface Placement {
  /** Who says so. */
  target: string
  byNode: Map<number, number>
  /** Of no node: not touched yet where `byNode` tells of others, else the program does not tell. */
  unplacedBytes: number
}

/** What is to be said of the memory that is on no node, in a line; empty where all of it is on one. */
export function unplacedText({ byNode, unplacedBytes }: Placement): string {
  if (byNode.size === 0) return 'the program does not tell of which nodes it is'
  return unplacedBytes > 0 ? `not touched yet: ${bytesText(unplacedBytes)}` : ''
}

/** Undefined where the program does not tell of its arena at all. */
export function placementOf(target: string, families: readonly Family[]): Placement | undefined {
  const named = (wanted: string) => families.find(({ name }) => name === wanted)
  const family = named(NODE_FAMILY) ?? named(ARENA_FAMILY)
  if (family === undefined || family.samples.length === 0) return undefined
  const placement: Placement = { target, byNode: new Map(), unplacedBytes: 0 }
  for (const { labels, value } of family.samples) {
    if (!(value >= 0)) continue
    const node = /^\d+$/.test(labels.node ?? '') ? Number(labels.node) : undefined
    if (node === undefined) placement.unplacedBytes += value
    else placement.byNode.set(node, (placement.byNode.get(node) ?? 0) + value)
  }
  return placement
}
