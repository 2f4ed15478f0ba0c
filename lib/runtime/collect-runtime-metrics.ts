// collectRuntimeMetrics(): what the process, its threads and Node do, in the names that dashboards know.
import { checkRegistry, disabled } from '../instruments/definition.js'
import { info } from '../instruments/info.js'
import { native } from '../native.js'
import type { Registry } from '../registry.js'
import { threadName } from '../thread-name.js'
import { COLLECTIONS, collectionDurations, observeGarbageCollections } from './garbage-collection.js'
import { HEAP_NAMES, HeapGauges } from './heap.js'

/** Options of `collectRuntimeMetrics()`. */
export interface RuntimeMetricsOptions {
  /** Default: the process-wide default registry. */
  registry?: Registry | undefined
}

/** Runtime metrics that are being collected. */
export interface RuntimeMetrics {
  /** Stops them: what this thread tells goes at once, what the process tells with the last thread that collects. Idempotent. */
  stop(): void
}

const VERSION = 'nodejs_version_info'
const NAMES = [VERSION, COLLECTIONS, ...HEAP_NAMES]

function setVersion(registry: Registry): void {
  const [, major = '', minor = '', patch = ''] = /^v(\d+)\.(\d+)\.(\d+)/.exec(process.version) ?? []
  info({
    name: VERSION,
    help: 'The version of Node.js.',
    labels: ['version', 'major', 'minor', 'patch'],
    registry,
  }).set({ version: process.version, major, minor, patch })
}

const running = new Set<Collection>()

/** Node ends the thread pool, which is probed for us, before it runs what native code has registered for the end. */
function endAll(): void {
  for (const one of running) one.end()
}

/** What this thread collects into a registry, for all who asked for it. */
class Collection {
  readonly #registry: Registry
  readonly #heap: HeapGauges
  #observer: ReturnType<typeof observeGarbageCollections> | undefined
  #starts = 0

  constructor(registry: Registry) {
    this.#registry = registry
    this.#heap = new HeapGauges(registry, threadName())
  }

  start(): void {
    if (this.#starts === 0) this.#begin()
    this.#starts++
  }

  stop(): void {
    if (--this.#starts > 0) return
    running.delete(this)
    if (running.size === 0) process.off('exit', endAll)
    this.#observer?.disconnect()
    // With a registry that was closed all of it is gone.
    if (this.#registry._isClosed) return
    native.stopRuntimeMetrics(this.#registry._handle)
    this.#heap.stop()
  }

  /** The thread is at its end. */
  end(): void {
    if (!this.#registry._isClosed) native.stopRuntimeMetrics(this.#registry._handle)
  }

  #begin(): void {
    const registry = this.#registry
    const isDefined = (name: string) => registry._find(name) !== undefined
    const before = NAMES.filter(isDefined)
    try {
      this.#heap.define()
      const durations = collectionDurations(registry)
      setVersion(registry)
      native.startRuntimeMetrics(registry._handle)
      this.#heap.start()
      this.#observer = observeGarbageCollections(durations, threadName())
      if (running.size === 0) process.on('exit', endAll)
      running.add(this)
    } catch (error) {
      // All of them or none.
      for (const name of NAMES) if (isDefined(name) && !before.includes(name)) registry.remove(name)
      throw error
    }
  }
}

const collections = new WeakMap<Registry, Collection>()

/**
 * Collects metrics of the process and of the calling thread: call it once in each thread that is to be told of. Families of
 * the process are the same whoever asks; those of threads have a `thread` label. docs/runtime-metrics.md lists them.
 *
 * The process is read by whoever serves a scrape. A thread pays for its own: two clock readings for each turn of its event
 * loop, a record for each garbage collection, and reading its heap's statistics at each scrape.
 *
 * @throws `ERR_NANOTALLY_METRIC_CONFLICT` where a name is taken by another metric, `ERR_NANOTALLY_INVALID_TYPE`,
 * `ERR_NANOTALLY_REGISTRY_CLOSED`
 *
 * @example
 * const runtime = collectRuntimeMetrics()
 * runtime.stop()
 */
export function collectRuntimeMetrics(options: RuntimeMetricsOptions = {}): RuntimeMetrics {
  const registry = checkRegistry(options.registry)
  registry._assertOpen()
  if (disabled) return { stop: () => {} }
  const started = collections.get(registry) ?? new Collection(registry)
  started.start()
  collections.set(registry, started)
  let stopped = false
  return {
    stop: () => {
      if (stopped) return
      stopped = true
      started.stop()
    },
  }
}
