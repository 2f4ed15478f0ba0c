// A machine arranged as it is drawn: its nodes, in them what shares a package, a kind and a last-level cache, in that the cores.
import type { Topology, TopologyCache, TopologyCpu, TopologyNode } from '../../hardware/topology.js'
import { plural } from '../text.js'

export interface Core {
  /** Hardware threads, ascending; of those online. */
  cpus: TopologyCpu[]
}

/** Cores of a node that share a last-level cache, or have none. */
export interface CoreGroup {
  cache?: TopologyCache
  cores: Core[]
}

/** Cores of a node of one package, die and kind. */
export interface Part {
  /** Empty where it goes without saying. */
  title: string
  groups: CoreGroup[]
}

export interface DrawnNode {
  node: TopologyNode
  /** Such as `node 0, package 0`. */
  title: string
  parts: Part[]
}

/** Alike caches. */
export interface CacheRow {
  level: number
  type: TopologyCache['type']
  bytes?: number
  lineBytes?: number
  ways?: number
  count: number
  coresOfEach: number
}

export interface Machine {
  topology: Topology
  nodes: DrawnNode[]
  /** Numbers of the CPUs that are online and of no node. */
  homeless: number[]
  offline: number[]
  disallowed: number[]
  caches: CacheRow[]
  /** In one line: how many of what there are. */
  summary: string
}

/** Numbers as the kernel writes them: `0-3,8`. */
export function listText(numbers: readonly number[]): string {
  const runs: [number, number][] = []
  for (const number of numbers) {
    const last = runs.at(-1)
    if (last?.[1] === number - 1) last[1] = number
    else runs.push([number, number])
  }
  return runs.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(',')
}

/** Bytes in binary units, with three digits: `31.4 GiB`. */
export function bytesText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']
  let value = bytes
  let unit = 0
  while (value >= 1023.5 && unit < units.length - 1) {
    value /= 1024
    unit++
  }
  const digits = value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2
  return `${Number(value.toFixed(digits))} ${units[unit]}`
}

export function cacheName({ level, type }: Pick<TopologyCache, 'level' | 'type'>): string {
  return `L${level}${type === 'data' ? 'd' : type === 'instruction' ? 'i' : ''}`
}

function groupBy<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>()
  for (const item of items) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [item])
    else group.push(item)
  }
  return groups
}

/** The last-level cache of each CPU: the highest level that it has, where that is shared beyond its core. */
function lastLevelCaches({ caches, cpus }: Topology): Map<number, TopologyCache> {
  const last = new Map<number, TopologyCache>()
  for (const cache of caches) {
    if (cache.type !== 'instruction') for (const cpu of cache.cpus) last.set(cpu, cache)
  }
  for (const { number, siblings } of cpus) {
    const cache = last.get(number)
    if (cache !== undefined && cache.cpus.length <= siblings.length) last.delete(number)
  }
  return last
}

function partTitle(cpu: TopologyCpu, isOnlyPackage: boolean, hasDies: boolean): string {
  const words = []
  if (!isOnlyPackage && cpu.package !== undefined) words.push(`package ${cpu.package}`)
  if (hasDies && cpu.die !== undefined) words.push(`die ${cpu.die}`)
  if (cpu.kind !== undefined) words.push(`${cpu.kind} cores`)
  return words.join(', ')
}

function drawNode(
  node: TopologyNode,
  cpus: readonly TopologyCpu[],
  lastLevel: Map<number, TopologyCache>,
  hasDies: boolean,
): DrawnNode {
  const packages = new Set(cpus.map((cpu) => cpu.package))
  const isOnlyPackage = packages.size === 1
  const [only] = packages
  const title = `node ${node.number}${isOnlyPackage && only !== undefined ? `, package ${only}` : ''}`
  const parts = groupBy(cpus, (cpu) => partTitle(cpu, isOnlyPackage, hasDies))
  return {
    node,
    title,
    parts: [...parts].map(([name, members]) => ({
      title: name,
      groups: [...groupBy(members, (cpu) => lastLevel.get(cpu.number))].map(([cache, sharers]) => ({
        ...(cache && { cache }),
        cores: [...groupBy(sharers, (cpu) => cpu.siblings[0])].map(([, threads]) => ({ cpus: threads })),
      })),
    })),
  }
}

function cacheRows({ caches, cpus }: Topology): CacheRow[] {
  const coreOf = new Map(cpus.map(({ number, siblings }) => [number, siblings[0]]))
  const coresOf = (cache: TopologyCache) => new Set(cache.cpus.map((cpu) => coreOf.get(cpu))).size
  const alike = groupBy(caches, (cache) => JSON.stringify([{ ...cache, cpus: [] }, coresOf(cache)]))
  return [...alike.values()].map((members) => {
    const [first] = members as [TopologyCache]
    const { cpus: _, ...rest } = first
    return { ...rest, count: members.length, coresOfEach: coresOf(first) }
  })
}

function summaryOf({ cpus, nodes }: Topology): string {
  const online = cpus.filter((cpu) => cpu.online)
  const packages = new Set(online.flatMap((cpu) => cpu.package ?? [])).size
  const cores = new Set(online.map((cpu) => cpu.siblings[0])).size
  const memory = nodes.reduce((sum, node) => sum + (node.memoryBytes ?? 0), 0)
  return [
    ...(packages > 0 ? [plural(packages, 'package')] : []),
    plural(nodes.length, 'node'),
    plural(cores, 'core'),
    online.length === cpus.length
      ? plural(cpus.length, 'CPU')
      : `${plural(cpus.length, 'CPU')}, ${online.length} online`,
    ...(memory > 0 ? [bytesText(memory)] : []),
  ].join(', ')
}

export function arrange(topology: Topology): Machine {
  const { nodes, cpus } = topology
  const online = cpus.filter((cpu) => cpu.online)
  const lastLevel = lastLevelCaches(topology)
  const hasDies = new Set(online.map((cpu) => cpu.die)).size > 1
  const byNode = groupBy(online, (cpu) => cpu.node)
  return {
    topology,
    nodes: nodes.map((node) => drawNode(node, byNode.get(node.number) ?? [], lastLevel, hasDies)),
    homeless: (byNode.get(undefined) ?? []).map((cpu) => cpu.number),
    offline: cpus.filter((cpu) => !cpu.online).map((cpu) => cpu.number),
    disallowed: online.filter((cpu) => !cpu.allowed).map((cpu) => cpu.number),
    caches: cacheRows(topology),
    summary: summaryOf(topology),
  }
}

/** What the process may use, a line each. */
export function limitLines({ topology, disallowed }: Machine): string[] {
  const { cpus, nodes, affinity, cpuset, cpuQuota } = topology
  const allowed = cpus.filter((cpu) => cpu.online && cpu.allowed)
  const isAll = disallowed.length === 0
  const lines = [
    isAll ? 'CPUs: all that are online' : `CPUs: ${listText(allowed.map((cpu) => cpu.number))} (${allowed.length})`,
  ]
  if (!isAll && affinity) lines.push(`  by affinity: ${listText(affinity)}`)
  if (!isAll && cpuset) lines.push(`  by the cgroup's cpuset: ${listText(cpuset)}`)
  if (nodes.some((node) => !node.allowed)) {
    lines.push(
      `memory: of nodes ${listText(nodes.filter((node) => node.allowed).map((node) => node.number)) || 'none'}`,
    )
  }
  lines.push(
    cpuQuota === undefined
      ? 'CPU time: no quota'
      : `CPU time: that of ${plural(Number(cpuQuota.toPrecision(4)), 'CPU')}, by the cgroup's quota`,
  )
  return lines
}
