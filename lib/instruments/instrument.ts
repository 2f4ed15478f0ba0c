// What counters, gauges and histograms share, all of it cold: binding label sets to cells, refusing, releasing.
import { invalidValue } from '../errors.js'
import { native } from '../native.js'
import type { RegisteredMetric, Registry } from '../registry.js'
import { CHUNK_BITS, OFFSET_MASK, SINK_SERIES, sinkCells, sinkWords } from '../sink.js'
import type { Definition } from './definition.js'
import { LabelTree } from './label-tree.js'

function invalidLabels(why: string): RangeError {
  return invalidValue('labels', 'a label set of the metric', why, 'ERR_NANOTALLY_INVALID_LABEL')
}

/** Where a series lies in this environment's shard. */
export interface Place {
  cells: Float64Array
  words: Int32Array
  /** The series' first cell. */
  at: number
  /** The series' number within its metric, or IN_SINK. */
  series: number
}

export const IN_SINK = -1
const SINK: Place = { cells: sinkCells, words: sinkWords, at: SINK_SERIES, series: IN_SINK }

/** What every handle has. */
export interface Handle {
  /** The program was given the handle, and may keep it: see `_letGo`. @internal */
  _held: boolean
  /** The series' number within its metric, or IN_SINK. @internal */
  readonly _series: number
}

/** How an instrument makes its handles. */
export interface Handles<Bound extends Handle> {
  /** A handle on the cells at `place`. */
  make(metric: Instrument<Bound>, place: Place): Bound
  /** The prototype of handles that record nothing and call `_drop`. */
  dropping: object
}

/**
 * A metric of this environment. `Bound` is its handle class.
 *
 * Handles keep their cells in plain underscore fields: `#private` fields measured 1.7 times slower, and one class per
 * instrument keeps call sites monomorphic.
 */
export class Instrument<Bound extends Handle> implements RegisteredMetric {
  readonly name: string
  /** @internal */
  readonly _id: number
  /** @internal */
  readonly _registry: Registry
  /** @internal */
  readonly _tree: LabelTree<Bound>
  /** The handle of a metric that is recorded without labels; refuses where labels are required. @internal */
  _unlabelled: Bound
  readonly #handles: Handles<Bound>
  readonly #enabled: boolean
  readonly #maxSeries: number
  #bound = 0
  #overflow: Bound | undefined
  /** Handles that only the program keeps, of series that were idle; by series. */
  #parted: Map<number, WeakRef<Bound>> | undefined
  #refusing: Bound | undefined
  #removed = false
  /** Why a label set was refused last. */
  #refusal = { reason: 'labels', detail: 'it was recorded without its labels' }

  /** @internal */
  constructor(definition: Definition, id: number, handles: Handles<Bound>) {
    const { name, labels, optionalCount, maxSeries } = definition.native
    this.name = name
    this._id = id
    this._registry = definition.registry
    this.#handles = handles
    this.#enabled = definition.enabled
    this.#maxSeries = maxSeries
    this._tree = new LabelTree<Bound>(labels, labels.length - optionalCount, {
      bind: (texts) => this.#bind(texts),
      refuse: (detail) => this.#refuse(detail),
    })
    // Bound at once, so that it is exposed from the start and an increase from 0 can be seen. With optional labels the
    // series without any of them is made when it is first recorded.
    this._unlabelled = this.#refusingHandle()
    if (labels.length === 0) this.#bindUnlabelled()
  }

  /** The handle of what a recording call was given in place of labels. @internal */
  _handleWithout(): Bound {
    return this._tree._names.length === 0 ? this._unlabelled : this._tree.getValues([])
  }

  /** @internal */
  _handleOf(first: unknown, values: readonly unknown[]): Bound {
    const bound =
      typeof first === 'object' && first !== null
        ? this._tree.get(first as Record<string, unknown>)
        : this._tree.getValues(values)
    bound._held = true
    return bound
  }

  /**
   * Ends all series of the metric, in all threads: recordings through their handles are dropped and counted as soon as
   * their thread has heard of it. A label set that is recorded later begins anew, with a new created time.
   *
   * @throws `ERR_NANOTALLY_REGISTRY_CLOSED`, `ERR_NANOTALLY_METRIC_REMOVED`
   */
  clear(): void {
    if (!this.#enabled) return
    this._registry._assertOpen()
    native.clearMetric(this._registry._handle, this._id)
    this._registry._catchUp()
  }

  /**
   * Starts all series of the metric again, in all threads: counters and histograms at zero with a new created time, gauges
   * as if they had never been set. Handles stay as they are.
   *
   * @throws `ERR_NANOTALLY_REGISTRY_CLOSED`, `ERR_NANOTALLY_METRIC_REMOVED`
   */
  reset(): void {
    if (!this.#enabled) return
    this._registry._assertOpen()
    native.resetMetric(this._registry._handle, this._id)
  }

  /** Ends one series. False when there is none. @internal */
  _remove(first: unknown, values: readonly unknown[]): boolean {
    const texts = this._tree.textsOf(first, values)
    if (typeof texts === 'string') throw invalidLabels(texts)
    if (!this.#enabled) return false
    this._registry._assertOpen()
    const removed = native.removeSeries(this._registry._handle, this._id, texts)
    this._registry._catchUp()
    return removed
  }

  /** Every handle that records, some more than once. @internal */
  *_handles(): Generator<Bound> {
    yield* this._tree.handles()
    if (this.#overflow !== undefined) yield this.#overflow
    for (const parted of this.#parted?.values() ?? []) {
      const bound = parted.deref()
      if (bound !== undefined) yield bound
    }
  }

  /** A recording went to a handle that leads nowhere. @internal */
  _drop(bound: Handle): void {
    if (this.#removed) this.#count('removed', 'the metric was removed')
    else if (bound !== this.#refusing) this.#count('removed', 'the series was removed')
    else this.#count(this.#refusal.reason, this.#refusal.detail)
  }

  /** A recording could not get its cells. @internal */
  _dropAfter(error: unknown): void {
    this.#catchUpAfter(error)
    this._drop(this.#refusingHandle())
  }

  /** @internal */
  _reject(reason: string, value: unknown): void {
    const shown = typeof value === 'number' || typeof value === 'bigint' ? String(value) : `of type ${typeof value}`
    this.#count(reason, `the value is ${shown}`)
  }

  /** @internal */
  _release(): void {
    this.#removed = true
    for (const bound of this._handles()) this.#redirect(bound)
    this.#parted = undefined
    this._tree.clear()
    this._unlabelled = this.#refusingHandle()
    if (this._tree._names.length === 0) this._tree._root = this._unlabelled
  }

  /** @internal */
  _endSeries(series: number, values: readonly string[]): void {
    const bound = this.#parted?.get(series)?.deref() ?? this.#take(series, values)
    this.#parted?.delete(series)
    if (bound === undefined) return
    this.#redirect(bound)
    if (this._tree._names.length === 0 && !this.#removed) this.#bindUnlabelled()
  }

  /** @internal */
  _letGo(series: number, values: readonly string[]): boolean {
    if (this._tree._names.length === 0) return false
    const bound = this._tree.take(values, (leaf) => leaf._series === series)
    if (bound === undefined) return this.#parted?.has(series) !== true
    if (!bound._held) {
      this.#redirect(bound) // nobody records through it, but its exemplars may still be looked after
      return true
    }
    const ref = new WeakRef(bound)
    this.#parted ??= new Map()
    this.#parted.set(series, ref)
    collected.register(bound, { metric: this as Instrument<Handle>, series, ref })
    return false
  }

  /** The program has let go of a parted handle. @internal */
  _collected(series: number, ref: WeakRef<Handle>): void {
    if (this.#parted?.get(series) !== ref) return
    this.#parted.delete(series)
    this._registry._letGo(this._id, series)
  }

  /** Its labels may lead to a newer series by now, if they were looked up before this thread heard of the removal. */
  #take(series: number, values: readonly string[]): Bound | undefined {
    if (this._tree._names.length === 0) return this._unlabelled._series === series ? this._unlabelled : undefined
    if (values.length > 0) return this._tree.take(values, (leaf) => leaf._series === series)
    const overflow = this.#overflow
    if (overflow?._series !== series) return undefined
    this.#overflow = undefined
    return overflow
  }

  #bindUnlabelled(): void {
    this._unlabelled = this.#bind([]).bound
    this._tree._root = this._unlabelled
  }

  /** To the sink, and to the class that counts instead of recording: no branch in the handles that still record. */
  #redirect(bound: Bound): void {
    Object.assign(bound, this.#handles.make(this, SINK))
    Object.setPrototypeOf(bound, this.#handles.dropping)
  }

  #refusingHandle(): Bound {
    if (this.#refusing === undefined) {
      this.#refusing = this.#handles.make(this, SINK)
      Object.setPrototypeOf(this.#refusing, this.#handles.dropping)
    }
    return this.#refusing
  }

  #refuse(detail: string): Bound {
    this.#refusal = { reason: 'labels', detail }
    return this.#refusingHandle()
  }

  #count(reason: string, detail: string): void {
    if (this.#enabled) this._registry._reject(this, reason, detail)
  }

  #bind(texts: readonly string[]): { bound: Bound; cached: boolean } {
    if (this.#removed) return { bound: this.#refusingHandle(), cached: false }
    // As many as enabled metrics would keep: a no-op must not grow without bound either.
    if (!this.#enabled) return { bound: this.#handles.make(this, SINK), cached: this.#bound++ < this.#maxSeries }
    try {
      const { address, series, overflow } = native.resolveSeries(this._registry._handle, this._id, texts)
      if (overflow && this.#overflow !== undefined) return { bound: this.#overflow, cached: false }
      const parted = this.#parted?.get(series)?.deref()
      this.#parted?.delete(series)
      if (parted !== undefined) return { bound: parted, cached: true }
      const bound = this.#handles.make(this, this.#placeOf(address, series))
      if (overflow) this.#overflow = bound
      return { bound, cached: !overflow }
    } catch (error) {
      this.#catchUpAfter(error)
      return { bound: this.#refusingHandle(), cached: false }
    }
  }

  /** Recording never throws: what cannot be had (memory, a metric that another thread removed) is dropped and counted. */
  #catchUpAfter(error: unknown): void {
    this._registry._catchUp()
    this.#refusal = { reason: 'memory', detail: String(error) }
  }

  #placeOf(address: number, series: number): Place {
    const chunk = address >>> CHUNK_BITS
    this._registry._openChunk(chunk)
    return {
      cells: this._registry._chunks[chunk] as Float64Array,
      words: this._registry._words[chunk] as Int32Array,
      at: address & OFFSET_MASK,
      series,
    }
  }
}

/** Hears when the program has let go of a parted handle, so that its series may expire. */
const collected = new FinalizationRegistry<{ metric: Instrument<Handle>; series: number; ref: WeakRef<Handle> }>(
  ({ metric, series, ref }) => metric._collected(series, ref),
)

let disabledId = 0

/** Registers an enabled metric; a disabled one is known to nobody. @internal */
export function define<M extends Instrument<Handle>>(definition: Definition, make: (id: number) => M): M {
  return definition.enabled ? definition.registry._register(definition.native, make) : make(--disabledId)
}
