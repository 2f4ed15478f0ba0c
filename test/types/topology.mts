// topology() as a reader types it: this file must compile, as ESM.
import { type Topology, type TopologyCache, type TopologyCpu, type TopologyNode, topology } from 'nanotally/hardware'

const machine: Topology = topology()
const source: 'libnuma' | 'sysfs' | 'flat' = machine.source
const node: TopologyNode | undefined = machine.nodes[0]
const bytes: number = node?.memoryBytes ?? 0
const cpu: TopologyCpu | undefined = machine.cpus.find(
  ({ online, allowed, kind }) => online && allowed && kind === 'efficiency',
)
const siblings: readonly number[] = cpu?.siblings ?? []
const cache: TopologyCache | undefined = machine.caches.at(-1)
const line: number = cache?.lineBytes ?? 64
const quota: number = machine.cpuQuota ?? Number.POSITIVE_INFINITY

export { bytes, line, quota, siblings, source }

// @ts-expect-error: it is read, never written
machine.source = 'flat'
// @ts-expect-error: so are its lists
machine.nodes.push()
// @ts-expect-error: it may not be told
export const told: number = machine.nodes[0].memoryBytes
// @ts-expect-error: where files are read is nobody's to choose
topology('/tmp')
