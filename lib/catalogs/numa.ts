// The numa catalog: whose memory lies on which NUMA node, and who reaches for it from elsewhere. Planning document 003.
import { type MemoryPlacement, memoryPlacement } from '../hardware.js'
import { EXPOSED, FAMILIES } from './families/numa.js'
import { type Catalog, type CatalogOptions, defineFamilies, type Instruments } from './shared/catalog.js'
import { PairRecorder } from './shared/pair-recorder.js'
import { amountOrNoNumber, isAmount, NO_NUMBER, numaNodeLabel } from './shared/recording.js'

/** The component of nanotally's own cells. */
export const METRICS_COMPONENT = 'metrics_counters'

/** The catalog as data. */
export const numa: Catalog = {
  name: 'numa',
  about: 'NUMA nodes: where memory lies, how much of it is reached for from afar, how even it is.',
  families: { ...FAMILIES, ...EXPOSED },
}

/** Takes samples of a pair of nodes. Keep it: a record is two memory adds. Belongs to its thread. Never throws. */
export interface NumaRecorder {
  /** Accesses to memory of the source node, and to that of the target. */
  record(local: number, remote: number): void
}

/** NUMA metrics of a registry. Its functions never throw: what cannot be recorded is dropped and counted. */
export interface NumaCatalogMetrics extends Instruments<typeof FAMILIES> {
  /** For hot kernels on threads of `sourceNode` that reach for memory of `targetNode`. Nodes are 0 to 1023. */
  numaRecorder(sourceNode: number, targetNode: number): NumaRecorder
  recordAccesses(sourceNode: number, targetNode: number, local: number, remote: number): void
  updateMemoryAllocation(node: number, component: string, bytes: number): void
  /**
   * Asks the kernel where nanotally's own cells lie, about a millisecond, and sets `component="metrics_counters"`. Where it
   * does not tell, nothing is set. Returns what it said.
   */
  updateMetricsMemory(): MemoryPlacement
  /**
   * How even nodes are: (largest - smallest) / largest. Of less than two nodes nothing is set. Linear in the nodes, without
   * allocating.
   *
   * @param metricType - what the amounts are of, a short fixed text: `memory_allocation`
   * @param amounts - one of each node, finite and not negative; an amount that is not so drops all of it
   * @returns the ratio; undefined where nothing was set
   */
  recordNodeBalance(metricType: string, amounts: ArrayLike<number>): number | undefined
  /** @param reason - a short fixed text: `load_balancing` */
  recordThreadMigration(reason: string): void
}

/**
 * (largest - smallest) / largest: 0 where all are the same, 1 where one has nothing, whatever the number of nodes;
 * undefined where an amount is none.
 */
function imbalanceOf(amounts: ArrayLike<number>): number | undefined {
  let least = Infinity
  let most = 0
  for (let i = 0; i < amounts.length; i++) {
    const amount = amounts[i]
    if (!isAmount(amount)) return undefined
    least = Math.min(least, amount)
    most = Math.max(most, amount)
  }
  return most === 0 ? 0 : (most - least) / most
}

/**
 * Defines the NUMA families in a registry, or finds them there, and returns what records them.
 *
 * @throws as `counter()`
 *
 * @example
 * const metrics = numaMetrics()
 * metrics.numaRecorder(0, 1).record(1024, 16)
 * metrics.recordNodeBalance('memory_allocation', [3_000_000, 2_400_000])
 */
export function numaMetrics(options: CatalogOptions = {}): NumaCatalogMetrics {
  const families = defineFamilies(FAMILIES, options)
  const nodesWithMetrics = new Set<number>()

  const numaRecorder = (sourceNode: number, targetNode: number): NumaRecorder => {
    const nodes = { source_node: numaNodeLabel(sourceNode), target_node: numaNodeLabel(targetNode) }
    const { accesses } = families
    return new PairRecorder(
      accesses.labels({ ...nodes, locality: 'local' }),
      accesses.labels({ ...nodes, locality: 'remote' }),
    )
  }
  const updateMemoryAllocation = (node: number, component: string, bytes: number) =>
    families.memoryAllocation.set({ node: numaNodeLabel(node), component }, amountOrNoNumber(bytes))

  return {
    ...families,
    numaRecorder,
    recordAccesses: (sourceNode, targetNode, local, remote) =>
      numaRecorder(sourceNode, targetNode).record(local, remote),
    updateMemoryAllocation,
    updateMetricsMemory: () => {
      const placement = memoryPlacement()
      if (!placement.available) return placement
      // What has left a node since lies on it with 0 bytes.
      const bytesOf = new Map([...nodesWithMetrics].map((node) => [node, 0]))
      for (const { node, bytes } of placement.nodes) bytesOf.set(node, bytes)
      for (const [node, bytes] of bytesOf) {
        updateMemoryAllocation(node, METRICS_COMPONENT, bytes)
        nodesWithMetrics.add(node)
      }
      return placement
    },
    recordNodeBalance: (metric_type, amounts) => {
      const count = amounts?.length
      if (typeof count === 'number' && count < 2) return undefined
      const ratio = typeof count === 'number' ? imbalanceOf(amounts) : undefined
      families.nodeImbalance.set({ metric_type }, ratio ?? NO_NUMBER)
      return ratio
    },
    recordThreadMigration: (reason) => families.threadMigrations.inc({ reason }),
  }
}
