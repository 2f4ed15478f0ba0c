// The machine as plain data: NUMA nodes, CPUs, caches, and what of them this process may use.
import { native } from '../native.js'

/** A NUMA node that is online: memory, CPUs, or both. */
export interface TopologyNode {
  readonly number: number
  /** Those online, ascending; none for a node of memory alone (CXL, persistent memory, on-package memory). */
  readonly cpus: readonly number[]
  /** 0 for a node of CPUs alone; absent where the kernel does not tell. */
  readonly memoryBytes?: number
  /** When it was read. What the page cache holds is not free, though it can be freed. */
  readonly freeBytes?: number
  /**
   * How far the memory of each node is, in the order of `nodes`: what the firmware says of latency, with 10 for local
   * memory, so 21 is about twice as far. Empty where it is not told.
   */
  readonly distances: readonly number[]
  /** Whether this process may have memory there, by its cpuset. */
  readonly allowed: boolean
}

/** A logical CPU that is present: what runs one thread at a time. */
export interface TopologyCpu {
  readonly number: number
  /** Of one that is offline the rest is not known. */
  readonly online: boolean
  /** Whether this process may run there, by its affinity and its cgroup's cpuset. */
  readonly allowed: boolean
  /** The number of its NUMA node. */
  readonly node?: number
  /** The socket; any number, not always counted from 0. */
  readonly package?: number
  /** Within the package. */
  readonly die?: number
  /** Within the package, the die or the cluster. What tells one core from another everywhere is `siblings`. */
  readonly core?: number
  /** The CPUs of its core (SMT), itself included; itself alone where that is not known. */
  readonly siblings: readonly number[]
  /** Of processors with cores of two kinds; absent on others. */
  readonly kind?: 'performance' | 'efficiency'
}

/** One cache of the machine, however many CPUs share it. */
export interface TopologyCache {
  readonly level: number
  readonly type: 'data' | 'instruction' | 'unified'
  readonly bytes?: number
  /** How many bytes are fetched at a time, and fall to one thread's writes. */
  readonly lineBytes?: number
  readonly ways?: number
  /** Those that share it, ascending; of those online. */
  readonly cpus: readonly number[]
}

/** What `topology()` returns. What the kernel does not tell is no property. */
export interface Topology {
  /**
   * Where the nodes are from: libnuma where it is installed, else sysfs, as CPUs and caches always are. `flat`: this system
   * tells neither, and what is shown is one node with as many CPUs as the process may use.
   */
  readonly source: 'libnuma' | 'sysfs' | 'flat'
  /** By number; at least one. */
  readonly nodes: readonly TopologyNode[]
  /** By number, online or not; at least one. */
  readonly cpus: readonly TopologyCpu[]
  /** By level, then type, then first CPU. None where they are not told, as in many virtual machines. */
  readonly caches: readonly TopologyCache[]
  /** The CPUs that the main thread may use; it hands this on to threads that it starts. May name some that are not present. */
  readonly affinity?: readonly number[]
  /** The CPUs of the cgroup's cpuset. */
  readonly cpuset?: readonly number[]
  /** How many CPUs' worth of time the cgroup may use (`cpu.max`); absent without a quota. */
  readonly cpuQuota?: number
}

function freeze<T extends object>(value: T): T {
  for (const part of Object.values(value)) {
    if (typeof part === 'object') freeze(part)
  }
  return Object.freeze(value)
}

/**
 * The same of a machine whose files below /sys and /proc are below `root`; '' is this machine.
 *
 * @throws NanotallyError where memory is lacking
 */
export function readTopology(root: string): Topology {
  return freeze(native.topology(root))
}

/**
 * The machine as the kernel tells of it now: CPUs come and go, limits change. Frozen plain data, of the reader's own.
 *
 * Each call reads about 15 small files a CPU, on the calling thread: less than a millisecond with 2 CPUs, at most 150 ms with
 * 256 (measured on a busy machine). Keep the result where it is needed often.
 *
 * @example
 * const { nodes, cpus, caches } = topology()
 * const cores = new Set(cpus.filter((cpu) => cpu.online).map((cpu) => cpu.siblings[0])).size
 * const lastLevel = caches.filter((cache) => cache.level === caches.at(-1).level)
 * console.log(`${nodes.length} nodes, ${cores} cores, ${lastLevel.length} last-level caches`)
 */
export function topology(): Topology {
  return readTopology('')
}
