// perf.region(): named parts of the code whose hardware counts accumulate into ordinary series.
//
// What is counted belongs to a thread, so a run has to begin and end in one job: what the thread runs without giving way to
// anything else. A run that is still open when its job is over is dropped and counted, by a promise reaction that was queued
// when it began: a job's own reactions and those of its awaits are queued behind it. process.nextTick comes before promise
// reactions, so each end also compares the asynchronous execution that it runs in with that of the begin. Reactions that were
// queued before the begin are told apart by neither.
import { executionAsyncId } from 'node:async_hooks'
import { invalidType, invalidValue } from '../errors.js'
import { checkRegistry, disabled } from '../instruments/definition.js'
import { native } from '../native.js'
import type { Registry } from '../registry.js'
import { warnOnce } from '../warnings.js'
import { type PerfEvent, perfEvents, type UnavailablePerfEvent } from './perf-events.js'

/** Options of `perf.region()`. */
export interface PerfRegionOptions {
  /** Default: the process-wide default registry. */
  registry?: Registry | undefined
  /**
   * What is counted: up to 16 names that `perfEvents()` lists, none of them `uncore`, which are of no thread. Default: what
   * the region has already; where it is new, instructions, cycles, branches, loads and their misses as far as the machine
   * counts them, or else what the kernel counts.
   */
  events?: readonly string[] | undefined
}

const MAX_NAME_LENGTH = 200
const MAX_EVENTS = 16
const { isCurrentRegion, beginRegion, endRegion, endMeasure, dropRegion } = native

/** Runs that begin() has begun and nothing has ended, the last one on top, and where and when they began. */
const openRuns: PerfRegion[] = []
const places: number[] = []
const executions: number[] = []
let isArmed = false
const settled = Promise.resolve()

/** Queued by the first begin() of a job. */
function dropOpenRuns(): void {
  isArmed = false
  while (openRuns.length > 0) dropTop()
}

function dropTop(): void {
  const region = openRuns.pop() as PerfRegion
  const place = places.pop() as number
  executions.pop()
  dropRegion(region._region as object, place)
  region._late++
  warnDropped(
    region,
    'async',
    'it was still open when its job was over: a region begins and ends without awaiting anything',
  )
}

function warnDropped(region: PerfRegion, reason: string, detail: string): void {
  warnOnce(
    `${reason}:region:${region.name}`,
    `nanotally dropped a run of the region ${region.name} (${reason}): ${detail}`,
  )
}

/** Whether its body runs later than its call. */
function isDeferred(fn: object): boolean {
  const tag: unknown = (fn as Record<symbol, unknown>)[Symbol.toStringTag]
  return tag === 'AsyncFunction' || tag === 'GeneratorFunction' || tag === 'AsyncGeneratorFunction'
}

/** As `await` finds it, but without throwing. */
function isThenable(value: unknown): boolean {
  if ((typeof value !== 'object' || value === null) && typeof value !== 'function') return false
  try {
    return typeof (value as { then?: unknown }).then === 'function'
  } catch {
    return false
  }
}

/** A named part of the code. Made by `perf.region()`. */
export class PerfRegion {
  readonly name: string
  /** What is counted, of what was asked for. */
  readonly events: readonly string[]
  /** What is not, and why. */
  readonly unavailable: readonly UnavailablePerfEvent[]
  /** Undefined: turned off. @internal */
  readonly _region: object | undefined
  /** Runs that were dropped for being open too long: their ends may come yet, and mean nothing. @internal */
  _late = 0
  /** Its series are of it. @internal */
  readonly _registry: Registry

  /** @internal */
  constructor(
    name: string,
    registry: Registry,
    region: object | undefined,
    events: readonly string[],
    unavailable: readonly UnavailablePerfEvent[],
  ) {
    this.name = name
    this.events = events
    this.unavailable = unavailable
    this._region = region
    this._registry = registry
  }

  /**
   * Calls `fn`, counts what the thread does meanwhile, and returns what it returns; also when it throws.
   *
   * A region within a region counts for both; one that is measured while it is open already counts once. Where `fn` returns
   * a promise, which it should not, the run is dropped and counted and the promise returned as it is: what it stands for is
   * done later, between other things.
   *
   * @throws `ERR_NANOTALLY_INVALID_TYPE` for what is no function, and for async and generator functions, without calling them.
   */
  measure<T>(fn: () => T extends PromiseLike<unknown> ? never : T): T {
    if (typeof fn !== 'function') throw invalidType('fn', 'a function', fn)
    if (isDeferred(fn)) {
      throw invalidType('fn', 'a function that does its work before it returns, not an async or generator one', fn)
    }
    if (this._region === undefined) return fn()
    const begun = openRuns.length
    const place = beginRegion(this._region)
    let result: T
    try {
      result = fn()
    } catch (error) {
      this.#endMeasure(place, begun)
      throw error
    }
    if (isThenable(result)) {
      if (place >= 0) dropRegion(this._region, place)
      forgetFrom(begun)
      warnDropped(this, 'async', 'the function returned a promise: what it stands for is done later')
    } else {
      this.#endMeasure(place, begun)
    }
    return result
  }

  /**
   * Begins a run, for code that is no function of its own: `measure` needs no `finally`. It is to be ended in the same job,
   * without awaiting anything. Never throws.
   */
  begin(): void {
    if (this._region === undefined) return
    const place = beginRegion(this._region)
    if (place < 0) {
      this.#warnRefused()
      return
    }
    openRuns.push(this)
    places.push(place)
    executions.push(executionAsyncId())
    if (isArmed) return
    isArmed = true
    settled.then(dropOpenRuns)
  }

  /**
   * Ends the run that was begun last, which is to be of this region; if it is not, this region's and those begun after it are
   * dropped and counted. So is one that was begun in another job. Never throws.
   */
  end(): void {
    if (this._region === undefined) return
    const top = openRuns.length - 1
    if (openRuns[top] !== this || executions[top] !== executionAsyncId()) {
      this.#endOutOfOrder()
      return
    }
    openRuns.pop()
    executions.pop()
    if (!endRegion(this._region, places.pop() as number)) this.#warnUnpaired()
  }

  #endOutOfOrder(): void {
    let at = openRuns.lastIndexOf(this)
    if (at >= 0 && executions[at] !== executionAsyncId()) {
      while (openRuns.length > at) dropTop()
    }
    if (openRuns.lastIndexOf(this) < 0 && this._late > 0) {
      this._late--
      return
    }
    at = openRuns.lastIndexOf(this)
    // Of what was never begun, or is measured by a call that has yet to return.
    endRegion(this._region as object, at < 0 ? -1 : (places[at] as number))
    if (at >= 0) forgetFrom(at)
    this.#warnUnpaired()
  }

  #endMeasure(place: number, begun: number): void {
    if (place < 0) {
      this.#warnRefused()
      return
    }
    const isEnded = endMeasure(this._region as object, place)
    if (!isEnded || openRuns.length > begun) this.#warnUnpaired()
    forgetFrom(begun)
  }

  #warnRefused(): void {
    warnDropped(this, 'depth', 'more than 64 regions are open on this thread, or there is no memory for it')
  }

  #warnUnpaired(): void {
    warnDropped(this, 'unpaired', 'what was begun last is ended first')
  }
}

/** The addon has dropped them. */
function forgetFrom(length: number): void {
  if (openRuns.length <= length) return
  openRuns.length = length
  places.length = length
  executions.length = length
}

function checkEvents(events: unknown): readonly string[] | null {
  if (events === undefined) return null
  if (!Array.isArray(events)) throw invalidType('events', 'an array of names', events)
  for (const event of events) {
    if (typeof event !== 'string') throw invalidType('events', 'names of events', event)
    const found = eventsByName().get(event)
    if (found === undefined) throw invalidValue('events', 'names that perfEvents() lists', event)
    if (found.kind === 'uncore') throw invalidValue('events', 'events of a thread, not of a whole socket', event)
  }
  const names = [...new Set(events)]
  if (names.length > MAX_EVENTS) throw invalidValue('events', `at most ${MAX_EVENTS} events`, names.length)
  return names
}

function checkName(name: unknown): string {
  if (typeof name !== 'string') throw invalidType('name', 'a string', name)
  if (name === '' || name.length > MAX_NAME_LENGTH) {
    throw invalidValue('name', `1 to ${MAX_NAME_LENGTH} characters`, name)
  }
  return name
}

/** By name; what is asked of the addon once in a thread. */
let knownEvents: ReadonlyMap<string, PerfEvent> | undefined

function eventsByName(): ReadonlyMap<string, PerfEvent> {
  knownEvents ??= new Map(perfEvents().map((event) => [event.name, event]))
  return knownEvents
}

/** By registry and name. */
const regions = new WeakMap<Registry, Map<string, PerfRegion>>()

/** The region of that name, where it has been looked up before and would be found again. */
function findRegion(registry: Registry, name: string, events: readonly string[] | null): PerfRegion | undefined {
  const found = regions.get(registry)?.get(name)
  if (found === undefined || !isCurrentRegion(found._region as object)) return undefined
  if (events === null) return found
  const asked = [...found.events, ...found.unavailable.map((event) => event.name)]
  const isSame = asked.length === events.length && events.every((event) => asked.includes(event))
  return isSame ? found : undefined
}

/**
 * A named part of the code: what the processor and the kernel count in it becomes series with the label `region`, of all
 * threads together. The same name is the same region, in every thread and for native code.
 *
 * Events that this machine does not count are left out, never 0: `region.unavailable` says why. Runs and their time are
 * always there.
 *
 * Finding a region again takes well below a microsecond, so `perf.region('sorting').measure(fn)` may be written where it runs.
 *
 * @param name 1 to 200 characters: one for each place in the code, not for each request.
 * @throws `ERR_NANOTALLY_METRIC_CONFLICT` where the region has other events, or another metric has the name of one of its
 * families; `ERR_NANOTALLY_INVALID_TYPE`, `ERR_NANOTALLY_INVALID_VALUE`, `ERR_NANOTALLY_REGISTRY_CLOSED`
 *
 * @example
 * const sorting = perf.region('sorting')
 * const sorted = sorting.measure(() => Float64Array.from({ length: 1000 }, Math.random).sort())
 * console.log(sorted.length, sorting.events)
 */
function region(name: string, options: PerfRegionOptions = {}): PerfRegion {
  checkName(name)
  if (typeof options !== 'object' || options === null) throw invalidType('options', 'an object', options)
  const registry = checkRegistry(options.registry)
  registry._assertOpen()
  const asked = checkEvents(options.events)
  if (disabled) return new PerfRegion(name, registry, undefined, [], [])
  const found = findRegion(registry, name, asked)
  if (found !== undefined) return found
  registry._catchUp()
  registry._assertOpen()
  const opened = native.openRegion(registry._handle, name, asked)
  const events = opened.events.map((event) => eventsByName().get(event) as PerfEvent)
  const unavailable = events.filter((event) => !event.available)
  const made = new PerfRegion(name, registry, opened.region, opened.counted, unavailable)
  const ofRegistry = regions.get(registry) ?? new Map<string, PerfRegion>()
  regions.set(registry, ofRegistry.set(name, made))
  return made
}

/** What the processor counts in parts of the code. */
export const perf = { region }
