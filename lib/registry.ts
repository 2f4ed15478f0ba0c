// A registry as one environment sees it: its open chunks, the metrics that it has defined here, rendering, removal.
import { invalidType, invalidValue, NanotallyError, textOfThrown } from './errors.js'
import {
  type Exposition,
  type NativeDefinition,
  type NativeDerivedDefinition,
  type NativeListener,
  type NativeRenderRequest,
  native,
  type RegistryHandle,
} from './native.js'
import { sinkCells, sinkWords } from './sink.js'
import { threadName } from './thread-name.js'
import { warnOnce } from './warnings.js'

/** What a registry needs to know of the metrics that instruments/ makes. */
export interface RegisteredMetric {
  readonly name: string
  /** @internal */
  readonly _id: number
  /** Redirects every handle of this environment to the sink: the metric is gone. @internal */
  _release(): void
  /** The same for one series. @internal */
  _endSeries(series: number, values: readonly string[]): void
  /** An idle series: whether nobody can record into it through this environment any more. @internal */
  _letGo(series: number, values: readonly string[]): boolean
  /** The collect callback, where the metric has one. @internal */
  _collect?: (() => void | Promise<void>) | undefined
}

export interface RenderOptions {
  /**
   * An `Accept` header, which chooses the format: text 0.0.4 (the default), text 1.0.0, OpenMetrics 0.0.1 and 1.0.0, or
   * delimited protobuf with native histograms. Its `escaping` parameter says what becomes of names that are not
   * `[a-zA-Z_:][a-zA-Z0-9_:]*`. Where it accepts none of these the answer is text 0.0.4.
   */
  accept?: string | undefined
  /**
   * Only the families of these names, or with a sample of such a name (`x_bucket`); no others are even merged. Default,
   * and when empty: all.
   */
  names?: readonly string[] | undefined
  /**
   * How long to wait for `collect` callbacks of other threads, in milliseconds. Default 25. One that is late is asked
   * again only after it has answered; until then its last values are shown.
   */
  collectTimeoutMs?: number | undefined
}

const DEFAULT_COLLECT_TIMEOUT_MS = 25
/** An own callback that never settles must not hold a scrape for ever. */
const OWN_COLLECT_TIMEOUT_MS = 1000
const DEFAULT_NAME = 'default'

native.nameThread(threadName())

const named = new Map<string, Registry>()
const reasons = new Map(native.rejectionNames.map((name, index) => [name, index]))

/**
 * A set of metrics that is scraped together.
 *
 * `new Registry('name')` is the process-wide registry of that name: every thread that opens it records into the same
 * series. `new Registry()` is private to the thread that made it, so that tests do not see each other.
 *
 * @example
 * const registry = new Registry()
 * counter({ name: 'jobs_total', help: 'Jobs done.', registry }).inc()
 * console.log(await registry.metrics())
 */
export class Registry {
  /** The name of a process-wide registry; undefined for a private one. */
  readonly name: string | undefined
  /** @internal */
  readonly _handle: RegistryHandle
  /**
   * C++ holds it weakly, and leaves the registry once it is collected, so what leads to cells must lead to it: handles
   * lead to their metric, and that leads here. @internal
   */
  readonly _listener: NativeListener
  /** Views over this environment's chunks, by chunk; the sink where it has not opened one. Always packed. @internal */
  readonly _chunks: Float64Array[] = []
  /** The same memory as 32-bit words. @internal */
  readonly _words: Int32Array[] = []
  readonly #metrics = new Map<string, RegisteredMetric>()
  readonly #byId = new Map<number, RegisteredMetric>()
  #closed = false

  /**
   * @param name 1 to 200 characters.
   * @throws `ERR_NANOTALLY_INVALID_TYPE`, `ERR_NANOTALLY_INVALID_VALUE`
   */
  constructor(name?: string) {
    if (name !== undefined && typeof name !== 'string') throw invalidType('name', 'a string', name)
    if (name !== undefined && (name === '' || name.length > 200))
      throw invalidValue('name', '1 to 200 characters', name)
    this.name = name
    const existing = name === undefined ? undefined : named.get(name)
    existing?._catchUp()
    if (existing !== undefined && !existing.#closed) {
      this._handle = existing._handle
      this._listener = existing._listener
      // biome-ignore lint/correctness/noConstructorReturn: one registry of a name per environment, whoever opens it
      return existing
    }
    this._listener = (event, token) => {
      if (event === 'removed') this._catchUp()
      else Promise.resolve(this._collectOwn()).finally(() => native.collected(token))
    }
    this._handle = native.openRegistry(name ?? null, this._listener)
    if (name !== undefined) named.set(name, this)
  }

  /** The content type of `metrics()`. */
  get contentType(): string {
    return native.textContentType
  }

  /**
   * Renders all metrics, of all threads, on nanotally's own thread: the calling thread is held only while its own
   * `collect` callbacks run. The body is a Buffer that was never copied; it is not compressed.
   *
   * @throws `ERR_NANOTALLY_REGISTRY_CLOSED`, `ERR_NANOTALLY_INVALID_TYPE`, `ERR_NANOTALLY_INVALID_VALUE` (rejects)
   */
  async render(options: RenderOptions = {}): Promise<Exposition> {
    const { accept = '', names = [], collectTimeoutMs: timeoutMs = DEFAULT_COLLECT_TIMEOUT_MS } = options
    if (typeof accept !== 'string') throw invalidType('accept', 'a string', accept)
    if (!Array.isArray(names)) throw invalidType('names', 'an array of names', names)
    const noString = names.find((name) => typeof name !== 'string')
    if (noString !== undefined) throw invalidType('names', 'strings', noString)
    if (!Number.isInteger(timeoutMs) || timeoutMs < 0 || timeoutMs > 60_000) {
      throw invalidValue('collectTimeoutMs', 'an integer of 0 to 60000', timeoutMs)
    }
    const [exposition] = await this._renderAll([[accept, names]], timeoutMs)
    return exposition as Exposition
  }

  /**
   * The text exposition as a string. Converting it takes the calling thread 0.5 to 2.5 ms per MB; `render()` does without.
   *
   * @throws as `render`
   */
  async metrics(): Promise<string> {
    const { body } = await this.render()
    return (body as Buffer).toString()
  }

  /**
   * Takes a metric out of the registry, in all threads; the name may be defined anew, as anything. Recordings through old
   * handles are dropped and counted as soon as their thread has heard of it.
   *
   * @returns false when there is no metric of that name.
   * @throws `ERR_NANOTALLY_REGISTRY_CLOSED`
   */
  remove(name: string): boolean {
    this._assertOpen()
    const removed = native.removeMetric(this._handle, name)
    this._catchUp()
    return removed
  }

  /**
   * Closes the registry for the whole process: nothing of it is exposed any more, recordings into it are dropped, its
   * memory is freed. A name may then be opened anew. Idempotent.
   *
   * @throws `ERR_NANOTALLY_DEFAULT_REGISTRY` for the default registry, which lives as long as the process.
   */
  close(): void {
    if (this.name === DEFAULT_NAME) {
      throw new NanotallyError('ERR_NANOTALLY_DEFAULT_REGISTRY', 'the default registry cannot be closed')
    }
    if (this.#closed) return
    native.closeRegistry(this._handle)
    this.#leave()
  }

  /** What is asked for, of one snapshot. @internal */
  async _renderAll(requests: readonly NativeRenderRequest[], collectTimeoutMs: number): Promise<Exposition[]> {
    this._assertOpen()
    await this._collectOwn()
    return await new Promise((resolve, reject) => {
      native.render(this._handle, requests, collectTimeoutMs, resolve, reject)
    })
  }

  /** What has changed since a feed was last asked. @internal */
  async _changes(feed: number, collectTimeoutMs: number): Promise<Exposition[]> {
    await this._collectOwn()
    return await new Promise((resolve, reject) => native.changes(feed, collectTimeoutMs, resolve, reject))
  }

  /** Process-wide number by which another environment of this process can open it. @internal */
  get _nativeId(): number {
    this._assertOpen()
    return native.registryId(this._handle)
  }

  /** @internal */
  get _isClosed(): boolean {
    return this.#closed
  }

  /** @internal */
  _assertOpen(): void {
    if (this.#closed) throw new NanotallyError('ERR_NANOTALLY_REGISTRY_CLOSED', 'the registry is closed')
  }

  /** Defines a metric, or returns the one that this environment has already made of the same definition. @internal */
  _register<M extends RegisteredMetric>(definition: NativeDefinition, make: (id: number) => M): M {
    this._assertOpen()
    this._catchUp()
    const { id, helpDiffers } = native.defineMetric(this._handle, definition)
    if (helpDiffers) {
      warnOnce(`help:${definition.name}`, `metric ${definition.name} was defined with another help text, which holds`)
    }
    const existing = this.#byId.get(id)
    if (existing !== undefined) return existing as M // the same definition makes the same kind of metric
    const metric = make(id)
    this.#metrics.set(metric.name, metric)
    this.#byId.set(id, metric)
    return metric
  }

  /** @internal */
  _registerDerived(definition: NativeDerivedDefinition): void {
    this._assertOpen()
    this._catchUp()
    native.defineDerived(this._handle, definition)
  }

  /** The metric of that name as this environment has defined it. @internal */
  _find(name: string): RegisteredMetric | undefined {
    return this.#metrics.get(name)
  }

  /** @internal */
  _startCollecting(): void {
    native.setCollecting(this._handle)
  }

  /** Opens the chunk that an address lies in, so that _chunks and _words lead to its cells. @internal */
  _openChunk(index: number): void {
    for (let i = this._chunks.length; i <= index; i++) {
      this._chunks.push(sinkCells)
      this._words.push(sinkWords)
    }
    if (this._chunks[index] !== sinkCells) return
    const cells = native.openChunk(this._handle, index)
    this._words[index] = new Int32Array(cells.buffer, cells.byteOffset, cells.length * 2)
    this._chunks[index] = cells
  }

  /** Counts a dropped recording and warns of the first of its kind. @internal */
  _reject(metric: RegisteredMetric | undefined, reason: string, detail: string): void {
    const name = metric?.name ?? ''
    const dropped = reason === 'exemplar' ? 'an exemplar' : 'a recording'
    warnOnce(`${reason}:${name}`, `nanotally dropped ${dropped}${name && ` of ${name}`} (${reason}): ${detail}`)
    if (!this.#closed) native.reject(this._handle, metric?._id ?? 0, reasons.get(reason) as number)
  }

  /**
   * Gives up what was removed or closed, by whichever thread, and what is idle: redirects the handles, then lets the cells
   * go. @internal
   */
  _catchUp(): void {
    if (this.#closed) return
    const removals = native.pendingRemovals(this._handle)
    for (const { metric, series, values } of removals) {
      if (series < 0) this.#forget(metric)
      else this.#byId.get(metric)?._endSeries(series, values)
    }
    if (removals.length > 0) {
      native.acknowledge(
        this._handle,
        removals.map(({ epoch }) => epoch),
      )
    }
    for (const { metric, series, values } of native.takeIdle(this._handle)) {
      if (this.#byId.get(metric)?._letGo(series, values) !== false) native.letGo(this._handle, metric, series)
    }
    if (native.isRegistryClosed(this._handle)) this.#leave()
  }

  /** @internal */
  _letGo(metric: number, series: number): void {
    if (!this.#closed) native.letGo(this._handle, metric, series)
  }

  /** Runs this environment's collect callbacks; resolves when all have, or when their time is up. @internal */
  _collectOwn(): Promise<void> | undefined {
    const pending: Promise<void>[] = []
    let failures = 0
    for (const metric of this.#metrics.values()) {
      if (metric._collect === undefined) continue
      const failed = (error: unknown) => {
        failures++
        this._reject(metric, 'collect', `its collect callback failed: ${textOfThrown(error)}`)
      }
      try {
        const result = metric._collect()
        if (result !== undefined) pending.push(Promise.resolve(result).catch(failed))
      } catch (error) {
        failed(error)
      }
    }
    const done = () => {
      if (failures === 0 && !this.#closed) native.noteCollected(this._handle)
    }
    if (pending.length === 0) {
      done()
      return undefined
    }
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, OWN_COLLECT_TIMEOUT_MS)
      Promise.all(pending).then(() => {
        done()
        clearTimeout(timer)
        resolve()
      })
    })
  }

  #leave(): void {
    for (const id of [...this.#byId.keys()]) this.#forget(id)
    this._chunks.fill(sinkCells)
    this._words.fill(sinkWords)
    this.#closed = true
    if (this.name !== undefined && named.get(this.name) === this) named.delete(this.name)
    native.leaveRegistry(this._handle)
  }

  #forget(id: number): void {
    const metric = this.#byId.get(id)
    if (metric === undefined) return
    metric._release()
    this.#byId.delete(id)
    if (this.#metrics.get(metric.name) === metric) this.#metrics.delete(metric.name)
  }
}

/** The process-wide default registry: what metrics belong to when no other is named. */
export const registry = new Registry(DEFAULT_NAME)
