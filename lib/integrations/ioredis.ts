// Metrics of ioredis' clients, single ones and clusters: commands by their group, errors by kind, connections, queues.
//
// The objects that the program hands over are changed, not the module. A command is recorded where it is settled for the
// program, whatever way it took: sent at once, from the offline queue, again after a reconnection, to another node. Its
// arguments are looked at for BLOCK only.

import {
  type BatchKind,
  CONNECTION_STATES,
  type CommandClass,
  type ConnectionState,
  type RedisErrorKind,
  type RedisMetrics,
  redis,
  redisMetrics,
  SERVER_ERRORS,
} from '../catalogs/redis.js'
import type { CatalogFamily } from '../catalogs/shared/catalog.js'
import type { BoundCounter, BoundHistogram, Registry } from '../index.js'
import { Live } from './internal/live.js'
import { checkLabelText, checkOptions, checkRegistry, invalidType } from './internal/options.js'
import { commandClass, isBlocking } from './internal/redis-commands.js'
import { type Instrumentation, type Method, once, wrap } from './internal/wrap.js'

export type { Instrumentation }

/** Options of `instrumentRedis()`. */
export interface InstrumentRedisOptions {
  /** Default: the process-wide default registry. */
  registry?: Registry | undefined
  /** The label `client`. Clients of one name are added up. Default `default`. */
  name?: string | undefined
}

/** What is needed of a client: a Redis or a Cluster of ioredis. */
export interface RedisLike {
  readonly status: string
  // biome-ignore lint/suspicious/noExplicitAny: ioredis' own commands
  sendCommand(...args: any[]): any
  // biome-ignore lint/suspicious/noExplicitAny: of an event emitter
  on(event: any, listener: (...args: any[]) => void): unknown
  // biome-ignore lint/suspicious/noExplicitAny: of an event emitter
  removeListener(event: any, listener: (...args: any[]) => void): unknown
}

/** ioredis', beyond what it documents. */
interface IoRedis extends RedisLike {
  readonly commandQueue?: { readonly length: number }
  readonly offlineQueue?: { readonly length: number }
  /** Of a cluster. */
  nodes?(role: 'all'): IoRedis[]
}

interface Command {
  readonly name: string
  readonly args: readonly unknown[]
  resolve: (value: unknown) => unknown
  reject: (error: unknown) => unknown
  [recorder: symbol]: true | undefined
}

interface Pipeline {
  readonly length: number
  exec: (...args: unknown[]) => unknown
}

/** Series of one class of commands. */
interface ClassSeries {
  readonly duration: BoundHistogram
  /** Of those that block. */
  blocking: BoundHistogram | undefined
  readonly errors: Map<RedisErrorKind, BoundCounter>
}

/** What the clients of one name are recorded in. */
class Recorder {
  readonly metrics: RedisMetrics
  readonly live: Live<{ client: IoRedis; name: string }>
  readonly name: string
  readonly #classes = new Map<CommandClass, ClassSeries>()
  /** Marks commands that are followed: one that is sent again is the same. */
  readonly #mark = Symbol('nanotally.redis.followed')

  constructor(metrics: RedisMetrics, live: Recorder['live'], name: string) {
    this.metrics = metrics
    this.live = live
    this.name = name
  }

  ofClass(name: CommandClass): ClassSeries {
    let series = this.#classes.get(name)
    if (series === undefined) {
      series = {
        duration: this.metrics.commandDuration.labels(this.name, name),
        blocking: undefined,
        errors: new Map(),
      }
      this.#classes.set(name, series)
    }
    return series
  }

  fail(group: CommandClass, series: ClassSeries, error: unknown): void {
    const kind = errorKind(error)
    let errors = series.errors.get(kind)
    if (errors === undefined) {
      errors = this.metrics.commandErrors.labels(this.name, group, kind)
      series.errors.set(kind, errors)
    }
    errors.inc()
  }

  /** Records a command once it is settled. One that was seen before is followed already. */
  follow(command: Command): void {
    if (command[this.#mark]) return
    command[this.#mark] = true
    const group = commandClass(command.name)
    const series = this.ofClass(group)
    const start = performance.now()
    const { resolve, reject } = command
    let ended = false
    const end = () => {
      if (ended) return false
      ended = true
      const seconds = (performance.now() - start) / 1000
      if (isBlocking(command.name, command.args)) {
        series.blocking ??= this.metrics.blockingCommandDuration.labels(this.name, group)
        series.blocking.observe(seconds)
      } else {
        series.duration.observe(seconds)
      }
      return true
    }
    // Not at the promise: a rejection that is looked at counts as handled, and the program would not hear of it.
    command.reject = (error) => {
      if (end()) this.fail(group, series, error)
      return reject.call(command, error)
    }
    command.resolve = (value) => {
      // It may turn out not to be readable, which rejects.
      const result = resolve.call(command, value)
      if (end()) this.#failInside(command, value)
      return result
    }
  }

  /** Commands of a transaction were answered QUEUED; what became of them is in the answer to EXEC. */
  #failInside({ name }: Command, value: unknown): void {
    if (name !== 'exec' || !Array.isArray(value)) return
    const series = this.ofClass('transactions')
    for (const result of value) if (result instanceof Error) this.fail('transactions', series, result)
  }
}

const KINDS: ReadonlySet<string> = new Set(SERVER_ERRORS)
const SYSTEM_ERROR = /^(E[A-Z]+|UND_ERR)/

function errorKind(error: unknown): RedisErrorKind {
  if (!(error instanceof Error)) return 'other'
  const { message, name, code } = error as Error & { code?: unknown }
  if (name === 'ReplyError') {
    const [first = ''] = message.split(' ')
    return KINDS.has(first) ? (first as RedisErrorKind) : 'other'
  }
  if (/timed out/i.test(message)) return 'timeout'
  if (name === 'MaxRetriesPerRequestError' || name === 'AbortError' || name === 'ClusterAllFailedError')
    return 'connection'
  if (typeof code === 'string' && SYSTEM_ERROR.test(code)) return 'connection'
  if (/connection is closed|isn't writeable|socket/i.test(message)) return 'connection'
  return 'client'
}

const STATES: Readonly<Record<string, ConnectionState>> = {
  ready: 'ready',
  connect: 'connecting',
  connecting: 'connecting',
  monitoring: 'ready',
  reconnecting: 'reconnecting',
  // On its way to reconnecting, or to its end.
  close: 'reconnecting',
  disconnecting: 'closed',
  end: 'closed',
  wait: 'waiting',
}

interface OfRegistry {
  readonly metrics: RedisMetrics
  readonly live: Recorder['live']
  readonly byName: Map<string, Recorder>
}
const recorders = new WeakMap<Registry, OfRegistry>()

function recorderOf(options: InstrumentRedisOptions): { registry: Registry; recorder: Recorder } {
  checkOptions(options, ['registry', 'name'])
  const registry = checkRegistry(options.registry)
  const name = checkLabelText('name', options.name, 'default')
  let ofRegistry = recorders.get(registry)
  if (ofRegistry === undefined) {
    ofRegistry = { metrics: redisMetrics({ registry }), live: makeLive(registry), byName: new Map() }
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

/** A cluster's connections are its nodes'. */
function connectionsOf(client: IoRedis): readonly IoRedis[] {
  return client.nodes?.('all') ?? [client]
}

function makeLive(registry: Registry): Recorder['live'] {
  const live: Recorder['live'] = new Live()
  const { connections, offlineQueue, pendingCommands } = redis.families
  live.collect(registry, connections as CatalogFamily, ({ client, name }, add) => {
    // Those in which there is none are shown, so that the change to one is seen.
    for (const state of CONNECTION_STATES) add(0, name, state)
    for (const { status } of connectionsOf(client)) add(1, name, STATES[status] ?? 'closed')
  })
  live.collect(registry, offlineQueue as CatalogFamily, ({ client, name }, add) => {
    const nodes = connectionsOf(client).filter((node) => node !== client)
    add(
      [client, ...nodes].reduce((sum, node) => sum + (node.offlineQueue?.length ?? 0), 0),
      name,
    )
  })
  live.collect(registry, pendingCommands as CatalogFamily, ({ client, name }, add) => {
    add(
      connectionsOf(client).reduce((sum, node) => sum + (node.commandQueue?.length ?? 0), 0),
      name,
    )
  })
  return live
}

/** Pipelines that this makes tell how many commands they hold when they are first sent. */
function recordBatches(recorder: Recorder, kind: BatchKind): (original: Method) => Method {
  const size = recorder.metrics.batchSize.labels(recorder.name, kind)
  return (original) =>
    function (this: unknown, ...args: unknown[]) {
      const result = original.apply(this, args)
      // Without pipelining MULTI is a command, and this its promise.
      const { exec } = result as Partial<Pipeline>
      if (typeof exec !== 'function') return result
      const pipeline = result as Pipeline
      let sent = false
      pipeline.exec = function (...own) {
        if (!sent) {
          sent = true
          size.observe(pipeline.length - (kind === 'multi' ? 1 : 0))
        }
        return exec.apply(this, own)
      }
      return pipeline
    }
}

/**
 * Records the commands of a client of ioredis, a Redis or a Cluster, what becomes of its connections, and its queues, at each
 * scrape: see the catalog `redis`. A client is recorded once into each registry, however often this is called; those that
 * `duplicate()` makes of it are clients of their own.
 *
 * @throws `ERR_NANOTALLY_INVALID_TYPE`, `ERR_NANOTALLY_INVALID_VALUE`, and as `counter()`
 *
 * @example
 * const client = new Redis({ lazyConnect: true })
 * const instrumented = instrumentRedis(client, { name: 'cache' })
 * client.disconnect()
 * instrumented.stop()
 */
export function instrumentRedis(client: RedisLike, options: InstrumentRedisOptions = {}): Instrumentation {
  if (typeof client?.sendCommand !== 'function' || typeof client.on !== 'function') {
    throw invalidType('client', 'a Redis or a Cluster of ioredis', client)
  }
  const { registry, recorder } = recorderOf(options)
  return once(client, registry, () => start(client, recorder))
}

function start(client: IoRedis, recorder: Recorder): Instrumentation {
  const { live, metrics, name } = recorder
  const replaced = [
    wrap(client, 'sendCommand', (original) => {
      return function (this: unknown, ...args: unknown[]) {
        recorder.follow(args[0] as Command)
        return original.apply(this, args)
      }
    }),
    wrap(client, 'pipeline', recordBatches(recorder, 'pipeline')),
    wrap(client, 'multi', recordBatches(recorder, 'multi')),
  ]
  const reconnects = metrics.reconnects.labels(name)
  const onReconnecting = () => reconnects.inc()
  client.on('reconnecting', onReconnecting)
  const entry = { client, name }
  live.add(entry)
  return {
    stop() {
      live.delete(entry)
      client.removeListener('reconnecting', onReconnecting)
      for (const method of replaced) method.stop()
    },
  }
}
