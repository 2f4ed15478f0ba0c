// Metrics of pg's clients and pools: queries by their operation, errors by the class of their SQLSTATE, connections.
//
// The objects that the program hands over are changed, not the module: nothing is recorded that was not asked for. A query is
// recorded where it ends for the program: at its callback, its promise, or, for queries that are objects (cursors, streams), at
// the last that its client tells it. Its text is looked at for its first keyword and kept nowhere.

import {
  type AcquireFailure,
  NO_SQLSTATE,
  type PostgresMetrics,
  postgres,
  postgresMetrics,
  sqlstateClass,
} from '../catalogs/postgres.js'
import type { CatalogFamily } from '../catalogs/shared/catalog.js'
import type { BoundCounter, BoundHistogram, Registry } from '../index.js'
import { Live } from './internal/live.js'
import { checkLabelText, checkOptions, checkRegistry, invalidType } from './internal/options.js'
import { operationOfQuery } from './internal/sql-operation.js'
import { type Instrumentation, type Method, once, wrap } from './internal/wrap.js'

export type { Instrumentation }

/** Options of `instrumentPool()` and `instrumentClient()`. */
export interface InstrumentPgOptions {
  /** Default: the process-wide default registry. */
  registry?: Registry | undefined
  /** The label `pool`. Pools of one name are added up. Default `default`. */
  name?: string | undefined
}

/** What is needed of a client: pg's. */
export interface ClientLike {
  // biome-ignore lint/suspicious/noExplicitAny: pg's has many forms
  query(...args: any[]): any
}

/** What is needed of a pool: pg's. */
export interface PoolLike {
  readonly totalCount: number
  readonly idleCount: number
  readonly waitingCount: number
  // biome-ignore lint/suspicious/noExplicitAny: pg's has two forms
  connect(...args: any[]): any
  // biome-ignore lint/suspicious/noExplicitAny: of an event emitter
  on(event: any, listener: (client: any) => void): unknown
  // biome-ignore lint/suspicious/noExplicitAny: of an event emitter
  removeListener(event: any, listener: (client: any) => void): unknown
}

/** pg's, beyond what it documents. */
interface PgPool extends PoolLike {
  readonly options?: { readonly max?: number }
  readonly _clients?: readonly ClientLike[]
}

/** Series of one operation. */
interface Operation {
  readonly duration: BoundHistogram
  /** By class of SQLSTATE. */
  readonly errors: Map<string, BoundCounter>
}

/** What the pools and clients of one name are recorded in. */
class Recorder {
  readonly metrics: PostgresMetrics
  readonly live: Live<{ pool: PgPool; name: string }>
  readonly name: string
  readonly acquired: BoundHistogram
  readonly #operations = new Map<string, Operation>()

  constructor(metrics: PostgresMetrics, live: Recorder['live'], name: string) {
    this.metrics = metrics
    this.live = live
    this.name = name
    this.acquired = metrics.poolAcquireDuration.labels(name)
  }

  operation(name: string): Operation {
    let operation = this.#operations.get(name)
    if (operation === undefined) {
      operation = { duration: this.metrics.queryDuration.labels(this.name, name), errors: new Map() }
      this.#operations.set(name, operation)
    }
    return operation
  }

  /** A query that began; what is returned takes its end, of which the first counts. */
  begin(query: unknown): (error: unknown) => void {
    const name = operationOfQuery(query)
    const operation = this.operation(name)
    const start = performance.now()
    let ended = false
    return (error) => {
      if (ended) return
      ended = true
      operation.duration.observe((performance.now() - start) / 1000)
      if (error === undefined || error === null) return
      const errorClass = sqlstateClass(codeOf(error))
      let errors = operation.errors.get(errorClass)
      if (errors === undefined) {
        errors = this.metrics.queryErrors.labels(this.name, name, errorClass)
        operation.errors.set(errorClass, errors)
      }
      errors.inc()
    }
  }

  /** The same of a request for a connection. */
  beginAcquire(): (error: unknown) => void {
    const start = performance.now()
    return (error) => {
      this.acquired.observe((performance.now() - start) / 1000)
      if (error) this.metrics.poolAcquireFailures.inc({ pool: this.name, reason: acquireFailure(error) })
    }
  }
}

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null ? (error as { code?: unknown }).code : undefined
}

function acquireFailure(error: unknown): AcquireFailure {
  const code = codeOf(error)
  if (sqlstateClass(code) !== NO_SQLSTATE) return 'server'
  const { message = '' } = error as { message?: string }
  // pg-pool's errors have no codes.
  if (/timeout|timed out/i.test(message) || code === 'ETIMEDOUT') return 'timeout'
  if (/after calling end/.test(message)) return 'ended'
  if (typeof code === 'string' || /terminated|closed/i.test(message)) return 'network'
  return 'other'
}

interface OfRegistry {
  readonly metrics: PostgresMetrics
  readonly live: Recorder['live']
  readonly byName: Map<string, Recorder>
}
const recorders = new WeakMap<Registry, OfRegistry>()

function recorderOf(options: InstrumentPgOptions): { registry: Registry; recorder: Recorder } {
  checkOptions(options, ['registry', 'name'])
  const registry = checkRegistry(options.registry)
  const name = checkLabelText('name', options.name, 'default')
  let ofRegistry = recorders.get(registry)
  if (ofRegistry === undefined) {
    ofRegistry = { metrics: postgresMetrics({ registry }), live: makeLive(registry), byName: new Map() }
    recorders.set(registry, ofRegistry)
  }
  const { metrics, live, byName } = ofRegistry
  let recorder = byName.get(name)
  if (recorder === undefined) {
    recorder = new Recorder(metrics, live, name)
    byName.set(name, recorder)
  }
  return { registry, recorder }
}

function makeLive(registry: Registry): Recorder['live'] {
  const live: Recorder['live'] = new Live()
  const { poolConnections, poolMaxConnections, poolWaiting } = postgres.families
  live.collect(registry, poolConnections as CatalogFamily, ({ pool, name }, add) => {
    add(pool.idleCount, name, 'idle')
    add(pool.totalCount - pool.idleCount, name, 'used')
  })
  live.collect(registry, poolMaxConnections as CatalogFamily, ({ pool, name }, add) =>
    add(pool.options?.max ?? Number.NaN, name),
  )
  live.collect(registry, poolWaiting as CatalogFamily, ({ pool, name }, add) => add(pool.waitingCount, name))
  return live
}

/** Calls `end` before the program hears of it; what the program's function does is its own. */
function tapped(callback: (...args: unknown[]) => unknown, end: (error: unknown) => void) {
  return function (this: unknown, ...args: unknown[]) {
    end(args[0])
    return callback.apply(this, args)
  }
}

/** A promise that is settled as the given one, once `end` was called: the given one's rejection stays the program's to handle. */
function tappedPromise(promise: PromiseLike<unknown>, end: (error: unknown) => void): PromiseLike<unknown> {
  return promise.then(
    (value) => {
      end(undefined)
      return value
    },
    (error) => {
      end(error ?? new Error('a rejection without a reason'))
      throw error
    },
  )
}

interface Submittable {
  submit: unknown
  callback?: unknown
  handleError?: unknown
  handleReadyForQuery?: unknown
}

/** A query that is an object of the program's: its client tells it of its end by these two. */
function tapSubmittable(query: Submittable, end: (error: unknown) => void): void {
  const { handleError, handleReadyForQuery } = query
  if (typeof handleError === 'function') {
    query.handleError = function (this: unknown, error: unknown, ...rest: unknown[]) {
      end(error ?? new Error('an error that is none'))
      return handleError.call(this, error, ...rest)
    }
  }
  if (typeof handleReadyForQuery === 'function') {
    query.handleReadyForQuery = function (this: unknown, ...args: unknown[]) {
      end(undefined)
      return handleReadyForQuery.apply(this, args)
    }
  }
}

function recordQueries(recorder: Recorder): (original: Method) => Method {
  return (original) =>
    function (this: unknown, ...args: unknown[]) {
      const [query] = args
      // What pg refuses at once is no query.
      if (query === null || query === undefined) return original.apply(this, args)
      const end = recorder.begin(query)
      const isObject = typeof query === 'object'
      if (isObject && typeof (query as Partial<Submittable>).submit === 'function') {
        tapSubmittable(query as Submittable, end)
        return original.apply(this, args)
      }
      const at = args.findLastIndex((argument) => typeof argument === 'function')
      if (at > 0) {
        args[at] = tapped(args[at] as () => unknown, end)
      } else if (isObject && typeof (query as { callback?: unknown }).callback === 'function') {
        args[0] = withCallback(query as { callback: () => unknown }, end)
      } else {
        const result = original.apply(this, args)
        return typeof result?.then === 'function' ? tappedPromise(result, end) : result
      }
      return original.apply(this, args)
    }
}

/** The program's configuration of a query with a callback of ours, in an object of the same kind. */
function withCallback<T extends { callback: (...args: never[]) => unknown }>(
  config: T,
  end: (error: unknown) => void,
): T {
  const copy = Object.create(Object.getPrototypeOf(config), Object.getOwnPropertyDescriptors(config)) as T
  const callback = tapped(config.callback as () => unknown, end)
  return Object.defineProperty(copy, 'callback', {
    value: callback,
    enumerable: true,
    configurable: true,
    writable: true,
  })
}

function recordClient(client: ClientLike, registry: Registry, recorder: Recorder): Instrumentation {
  return once(client, registry, () => wrap(client, 'query', recordQueries(recorder)))
}

/**
 * Records the queries of one client of pg that is in no pool: see the catalog `postgres`. A client is recorded once into each
 * registry, however often this is called.
 *
 * @throws `ERR_NANOTALLY_INVALID_TYPE`, `ERR_NANOTALLY_INVALID_VALUE`, and as `counter()`
 */
export function instrumentClient(client: ClientLike, options: InstrumentPgOptions = {}): Instrumentation {
  if (typeof client?.query !== 'function') throw invalidType('client', 'a Client of pg', client)
  const { registry, recorder } = recorderOf(options)
  return recordClient(client, registry, recorder)
}

/**
 * Records the queries of a pool of pg, those of the clients that it gives away included, what it takes to be given one, and
 * the states of its connections, at each scrape: see the catalog `postgres`. A pool is recorded once into each registry, however
 * often this is called.
 *
 * @throws `ERR_NANOTALLY_INVALID_TYPE`, `ERR_NANOTALLY_INVALID_VALUE`, and as `counter()`
 *
 * @example
 * const pool = new pg.Pool({ max: 10 })
 * const instrumented = instrumentPool(pool, { name: 'main' })
 * await pool.end()
 * instrumented.stop()
 */
export function instrumentPool(pool: PoolLike, options: InstrumentPgOptions = {}): Instrumentation {
  if (typeof pool?.connect !== 'function' || typeof pool.on !== 'function') {
    throw invalidType('pool', 'a Pool of pg', pool)
  }
  const { registry, recorder } = recorderOf(options)
  return once(pool, registry, () => startPool(pool, registry, recorder))
}

function startPool(pool: PgPool, registry: Registry, recorder: Recorder): Instrumentation {
  const { metrics, live, name } = recorder
  const clients = new Map<ClientLike, Instrumentation>()
  const onConnect = (client: ClientLike) => {
    opened.inc()
    clients.set(client, recordClient(client, registry, recorder))
  }
  const onRemove = (client: ClientLike) => {
    closed.inc()
    clients.get(client)?.stop()
    clients.delete(client)
  }
  const opened = metrics.poolConnectionsOpened.labels(name)
  const closed = metrics.poolConnectionsClosed.labels(name)
  for (const client of pool._clients ?? []) clients.set(client, recordClient(client, registry, recorder))
  pool.on('connect', onConnect)
  pool.on('remove', onRemove)
  const connect = wrap(pool, 'connect', (original) => {
    return function (this: unknown, ...args: unknown[]) {
      const end = recorder.beginAcquire()
      if (typeof args[0] === 'function') {
        args[0] = tapped(args[0] as () => unknown, end)
        return original.apply(this, args)
      }
      return tappedPromise(original.apply(this, args), end)
    }
  })
  const entry = { pool, name }
  live.add(entry)
  return {
    stop() {
      live.delete(entry)
      connect.stop()
      pool.removeListener('connect', onConnect)
      pool.removeListener('remove', onRemove)
      for (const client of clients.values()) client.stop()
      clients.clear()
    },
  }
}
