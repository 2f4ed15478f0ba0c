// The native addon and its typed interface. What each function does is told in native/binding.
import { NanotallyError } from './errors.js'
import { loadAddon } from './native-loader.js'

/** A registry as this environment has it open; means nothing to another environment. */
export type RegistryHandle = number

/** What makes a metric the same metric, as C++ compares it. Contents are validated by the caller. */
export interface NativeDefinition {
  name: string
  help: string
  unit: string
  type: 'counter' | 'gauge' | 'histogram'
  /** Required names, then the optional ones. */
  labels: readonly string[]
  optionalCount: number
  maxSeries: number
  aggregate?: string
  onExit?: string
  /** Exponential histograms. */
  schema?: number
  /** Explicit histograms: ascending, finite. */
  bounds?: readonly number[]
  /** Exponential histograms: the `le` boundaries of the text formats, as those of a coarser schema or one by one. */
  classicSchema?: number
  classicBounds?: readonly number[]
  /** Gauges: what the formats that know more than gauges tell them as. Default `gauge`. */
  kind?: 'gauge' | 'info' | 'stateset'
  /** Default 0: series do not expire. */
  idleTimeoutMs?: number
}

/** An operand of a derived gauge. */
export interface NativeOperand {
  metric: number
  part: 'value' | 'count' | 'sum'
  whereNames: readonly string[]
  whereValues: readonly string[]
  minus: boolean
}

export interface NativeDerivedDefinition {
  name: string
  help: string
  unit: string
  labels: readonly string[]
  of: readonly NativeOperand[]
  /** Empty for a rate. */
  to: readonly NativeOperand[]
  /** 0 for a ratio. */
  windowMs: number
  scale: number
}

/** A metric or a series that ended, or a series that is idle. */
export interface NativeRemoval {
  /** By which it is acknowledged. */
  epoch: number
  metric: number
  /** -1: the whole metric. */
  series: number
  /** The label values of the series in the order of the labels, empty for absent ones; none for the overflow series. */
  values: string[]
}

/** `collect`: run the registry's collect callbacks, then call `collected(token)`. `removed`: look at `pendingRemovals`. */
export type NativeListener = (event: 'collect' | 'removed', token: number) => void

/** An exposition: what a scrape is answered with. */
export interface Exposition {
  contentType: string
  /** A Buffer. Its type is that of any bytes, so that nanotally's types ask for none of Node's. */
  body: Uint8Array<ArrayBuffer>
}

/** An Accept header (empty: text 0.0.4) or null for JSON, and the names of the families that are wanted (none: all). */
export type NativeRenderRequest = readonly [accept: string | null, names: readonly string[]]

/** In the order of native/binding/health_board.h. */
export const HEALTH_STATUSES = ['healthy', 'degraded', 'unhealthy', 'unavailable'] as const
export type HealthStatus = (typeof HEALTH_STATUSES)[number]

/** The result of a health check. The last three are those of a check that the program registered. */
export interface HealthCheckResult {
  name: string
  status: HealthStatus
  /** What was seen, for people. */
  message: string
  /** Whether the process cannot do its work while the check is unhealthy. */
  critical: boolean
  consecutiveFailures?: number
  durationSeconds?: number
  /** Seconds since the Unix epoch. */
  lastRun?: number
}

/** What nanotally can count, and what this machine says to it: native/os/perf_events.h. */
export interface NativePerfEvent {
  name: string
  group: string
  kind: 'hardware' | 'software' | 'uncore'
  unit: string
  help: string
  available: boolean
  /** Where it is not available; empty otherwise. */
  reason: string
  message: string
  hint: string
  /** Where it is available; empty otherwise. */
  encoding: string
  source: string
  userReads: boolean
}

export interface NativePerfMachine {
  vendor: string
  model: string
  modelName: string
  pmus: string[]
  paranoid?: number
  userAccess?: number
  container: boolean
  cpuCounting: boolean
  features: string[]
  widestVectorBits: number
  events: NativePerfEvent[]
}

/** native/binding/perf_functions.cc */
export interface NativePerfFunctions {
  perfMachine(): NativePerfMachine
}

/** As native/os/topology.h has it; what is absent there is no property here. */
export interface NativeTopology {
  source: 'libnuma' | 'sysfs' | 'flat'
  nodes: {
    number: number
    cpus: number[]
    memoryBytes?: number
    freeBytes?: number
    distances: number[]
    allowed: boolean
  }[]
  cpus: {
    number: number
    online: boolean
    allowed: boolean
    node?: number
    package?: number
    die?: number
    core?: number
    siblings: number[]
    kind?: 'performance' | 'efficiency'
  }[]
  caches: {
    level: number
    type: 'data' | 'instruction' | 'unified'
    bytes?: number
    lineBytes?: number
    ways?: number
    cpus: number[]
  }[]
  affinity?: number[]
  cpuset?: number[]
  cpuQuota?: number
}

/** native/binding/topology_functions.cc */
export interface NativeTopologyFunctions {
  /** `root`: what all paths are below; '' for this machine. */
  topology(root: string): NativeTopology
}

/** native/binding/numa_functions.cc */
export interface NativeNumaFunctions {
  /** Bytes of the arena by node, -1 where no page is there yet; or why the kernel does not tell. */
  arenaNodes(): {
    nodes: number[]
    bytes: number[]
    reason: '' | 'seccomp' | 'kernel' | 'system'
    message: string
    hint: string
  }
}

/** A region as this environment has it open: given back with this object. */
export interface NativeRegion {
  /** What the functions below take it by. */
  readonly region: object
  /** Names: what was asked for, and what of it is counted. */
  readonly events: readonly string[]
  readonly counted: readonly string[]
}

/** native/binding/region_functions.cc: what each does is told in native/record/perf_region.h. None needs a `this`. */
export interface NativeRegionFunctions {
  /** `events`: names; null: those that the region has, or the default ones. */
  openRegion(registry: RegistryHandle, name: string, events: readonly string[] | null): NativeRegion
  /** Whether its families are still those that it was made with: if not, it is to be opened anew. */
  isCurrentRegion(region: object): boolean
  /** The place of this run among those open on the thread; -1: refused and counted. */
  beginRegion(region: object): number
  /** False where it is not the run that was begun last: that one and those above it are dropped and counted. */
  endRegion(region: object, place: number): boolean
  /** The same for what encloses a call: what is above it alone is dropped. */
  endMeasure(region: object, place: number): boolean
  /** Drops the run and those above it: it is still open when its job is over. */
  dropRegion(region: object, place: number): void
}

/** native/binding/counter_functions.cc: open counters of other threads, processes and CPUs, and families of them. */
export interface NativeCounterFunctions {
  /** `pid` and `cpu` as native/os/perf_counters.h has them. */
  openCounters(pid: number, cpu: number, events: readonly string[], withChildren: boolean, fromExecOn: boolean): number
  /** Value, enabled and running nanoseconds of each event, one after another; NaN for what is not open. */
  readCounters(counters: number): Float64Array
  /** An errno for each event, 0 for one that is open. */
  counterErrors(counters: number): number[]
  closeCounters(counters: number): void
  /** `events`: names; none: the default ones. */
  startHardwareMetrics(registry: RegistryHandle, events: readonly string[], perCpu: boolean): void
  stopHardwareMetrics(registry: RegistryHandle): void
}

export interface NativeAddon
  extends NativePerfFunctions,
    NativeTopologyFunctions,
    NativeNumaFunctions,
    NativeRegionFunctions,
    NativeCounterFunctions {
  readonly rejectionNames: readonly string[]
  readonly textContentType: string
  /** What C++ throws is of this class. */
  readonly NanotallyError: typeof NanotallyError
  /**
   * `null`: a private one. The listener is held weakly, and the registry left when it is collected: whoever can record holds
   * it.
   */
  openRegistry(name: string | null, listener: NativeListener): RegistryHandle
  openRegistryById(id: number): RegistryHandle
  registryId(registry: RegistryHandle): number
  /** Ends the registry for the whole process; its environments are told and leave. */
  closeRegistry(registry: RegistryHandle): void
  isRegistryClosed(registry: RegistryHandle): boolean
  /** Folds this environment's shard and frees its chunks: no view over them may be used from then on. */
  leaveRegistry(registry: RegistryHandle): void
  defineMetric(registry: RegistryHandle, definition: NativeDefinition): { id: number; helpDiffers: boolean }
  defineDerived(registry: RegistryHandle, definition: NativeDerivedDefinition): void
  removeMetric(registry: RegistryHandle, name: string): boolean
  removeSeries(registry: RegistryHandle, metric: number, values: readonly string[]): boolean
  /** Ends all series of the metric; how many there were. */
  clearMetric(registry: RegistryHandle, metric: number): number
  resetMetric(registry: RegistryHandle, metric: number): void
  /** What anyone removed, whose cells this environment has yet to give up. */
  pendingRemovals(registry: RegistryHandle): NativeRemoval[]
  acknowledge(registry: RegistryHandle, epochs: readonly number[]): void
  /** Idle series that this environment is asked to let go of, once; `epoch` means nothing. */
  takeIdle(registry: RegistryHandle): NativeRemoval[]
  /** Nobody can record into the series through this environment any more. */
  letGo(registry: RegistryHandle, metric: number, series: number): void
  resolveSeries(
    registry: RegistryHandle,
    metric: number,
    values: readonly string[],
  ): { address: number; series: number; overflow: boolean }
  resolveBlock(registry: RegistryHandle, metric: number, series: number, block: number): number
  /** Of a histogram. The identifiers are hexadecimal; no span is ''. */
  recordExemplar(
    registry: RegistryHandle,
    metric: number,
    series: number,
    value: number,
    traceId: string,
    spanId: string,
  ): void
  /** The 8192 cells of a chunk in this environment's shard. */
  openChunk(registry: RegistryHandle, index: number): Float64Array
  /** The values of a series of a histogram, over all threads; what they are is told in native/binding/histograms.h. */
  readHistogram(registry: RegistryHandle, metric: number, series: number): Float64Array
  /** The same of all its series together. */
  readHistogramTotal(registry: RegistryHandle, metric: number): Float64Array
  /** Lower end, upper end and count of each bucket, one after another. `shape`: a schema, or explicit bounds. */
  histogramBuckets(shape: number | Float64Array, values: Float64Array): Float64Array
  histogramQuantile(shape: number | Float64Array, values: Float64Array, q: number): number
  /** At the lower of two schemas. */
  mergeHistograms(
    shape: number | Float64Array,
    values: Float64Array,
    otherShape: number | Float64Array,
    otherValues: Float64Array,
  ): Float64Array
  /** Counts a dropped recording; `reason` indexes `rejectionNames`, metric 0 is none. */
  reject(registry: RegistryHandle, metric: number, reason: number): void
  /**
   * Calls one of the two functions, later, unless the environment ends before. All that is asked for is of one snapshot, and
   * comes in the order of the requests.
   */
  render(
    registry: RegistryHandle,
    requests: readonly NativeRenderRequest[],
    collectTimeoutMs: number,
    resolve: (expositions: Exposition[]) => void,
    reject: (error: NanotallyError) => void,
  ): void
  renderSync(registry: RegistryHandle, requests: readonly NativeRenderRequest[], collectTimeoutMs: number): Exposition[]
  /** A feed of what changes in the registry, for one thread to ask at a time. */
  openFeed(registry: RegistryHandle): number
  closeFeed(feed: number): void
  /** As render; one exposition: JSON of all there is at first, then of what has changed since the last time. */
  changes(
    feed: number,
    collectTimeoutMs: number,
    resolve: (expositions: Exposition[]) => void,
    reject: (error: NanotallyError) => void,
  ): void
  changesSync(feed: number, collectTimeoutMs: number): Exposition[]
  setCollecting(registry: RegistryHandle): void
  collected(token: number): void
  /** The registry's collect callbacks of this environment are done, all of them. */
  noteCollected(registry: RegistryHandle): void
  /** Once in an environment; unique in the process. */
  nameThread(name: string): void
  /** From now on the registry tells what belongs to being served: see native/binding/served_families.h. */
  serve(registry: RegistryHandle): void
  /** Of the process and of this thread's event loop; stopped as often as started. */
  startRuntimeMetrics(registry: RegistryHandle): void
  stopRuntimeMetrics(registry: RegistryHandle): void
  /** A place for the results of one check, where all threads find them. */
  openHealth(): number
  /** Puts the result of a check there; past `believedForMs` it is unhealthy. `status`: an index. */
  postHealth(
    place: number,
    name: string,
    status: number,
    message: string,
    critical: boolean,
    consecutiveFailures: number,
    durationSeconds: number,
    lastRunUnixSeconds: number,
    believedForMs: number,
  ): void
  closeHealth(place: number): void
  /** The built-in checks, where the registry is served, then those on the board. */
  readHealth(registry: RegistryHandle): HealthCheckResult[]
  /** In seconds. */
  setRecordCost(counter: number, histogram: number): void
  /** The lookup tables of schemas 0 to 8, 512 entries each: see BucketMapping::LookupTable. */
  bucketTables(): Int32Array
  /** The 256 boundaries of schema 8 in [1, 2), each the largest double <= 2^(k/256). */
  bucketBoundaries(): Float64Array
  /** The boundary of a schema below a finite value >= 2^-128, and the one at or above it (Infinity from 2^1024 on). */
  boundariesAround(schema: number, value: number): [below: number, above: number]
  /** The C ABI's table of functions, as an External tagged as native/include/nanotally.h says. */
  nativeInterface(): object
}

/**
 * The addon is one for the environment, this object one for each instance of the package: module resets and VM contexts make
 * several, each with an error class of its own.
 */
export const native: NativeAddon = Object.assign(Object.create(loadAddon() as object), { NanotallyError })
