// The catalog of a program's use of Redis, seen from its client: commands, errors, connections, queues. Planning document 004,
// "Redis Metrics". The integration ioredis records it.
import type { Catalog, CatalogFamilies, Instruments } from './shared/catalog.js'
import { type CatalogOptions, defineFamilies } from './shared/catalog.js'

/** Groups of commands, as Redis' documentation has them. */
export const COMMAND_CLASSES = [
  'bitmap',
  'cluster',
  'connection',
  'generic',
  'geo',
  'hash',
  'hyperloglog',
  'list',
  'pubsub',
  'scripting',
  'server',
  'set',
  'sorted_set',
  'stream',
  'string',
  'transactions',
  'other',
] as const
export type CommandClass = (typeof COMMAND_CLASSES)[number]

/** What fails: the connection, a time-out of the client, the client itself, or the error's first word from the server. */
export const CLIENT_ERRORS = ['connection', 'timeout', 'client'] as const
export const SERVER_ERRORS = [
  'ASK',
  'BUSY',
  'BUSYGROUP',
  'BUSYKEY',
  'CLUSTERDOWN',
  'CROSSSLOT',
  'ERR',
  'EXECABORT',
  'LOADING',
  'MASTERDOWN',
  'MISCONF',
  'MOVED',
  'NOAUTH',
  'NOGROUP',
  'NOPERM',
  'NOREPLICAS',
  'NOSCRIPT',
  'OOM',
  'READONLY',
  'TRYAGAIN',
  'UNBLOCKED',
  'WRONGPASS',
  'WRONGTYPE',
] as const
export const ERROR_KINDS = [...CLIENT_ERRORS, ...SERVER_ERRORS, 'other'] as const
export type RedisErrorKind = (typeof ERROR_KINDS)[number]

export const CONNECTION_STATES = ['ready', 'connecting', 'reconnecting', 'waiting', 'closed'] as const
export type ConnectionState = (typeof CONNECTION_STATES)[number]

export const BATCH_KINDS = ['pipeline', 'multi'] as const
export type BatchKind = (typeof BATCH_KINDS)[number]

const COMMAND_VALUES = { command_class: COMMAND_CLASSES } as const

const FAMILIES = {
  commandDuration: {
    name: 'redis_command_duration_seconds',
    type: 'histogram',
    unit: 'seconds',
    help: 'Time from handing a command to its client until its reply, failed ones too; waiting in the client included.',
    labels: ['client', 'command_class'],
    values: COMMAND_VALUES,
    query: 'histogram_quantile(0.99, sum by (le, command_class) (rate(redis_command_duration_seconds_bucket[5m])))',
    expected: [0.0001, 0.01],
    warning: { above: 0.05, forSeconds: 300 },
    critical: { above: 0.5, forSeconds: 120 },
    source: 'the integration ioredis, at the end of each command that does not block',
    documents: ['004'],
  },
  blockingCommandDuration: {
    name: 'redis_blocking_command_duration_seconds',
    type: 'histogram',
    unit: 'seconds',
    help: 'The same of commands that wait for something to happen, such as BLPOP: their time is the program’s own choice.',
    labels: ['client', 'command_class'],
    values: COMMAND_VALUES,
    query: 'sum by (command_class) (rate(redis_blocking_command_duration_seconds_count[5m]))',
    // They give up after seconds or minutes.
    classicRange: [0.001, 600],
    queryUnit: 'per second',
    expected: [0, 10_000],
    source: 'the integration ioredis, at the end of each command that blocks',
    documents: ['004'],
  },
  commandErrors: {
    name: 'redis_command_errors_total',
    type: 'counter',
    help: 'Commands that failed, by kind.',
    labels: ['client', 'command_class', 'kind'],
    values: { ...COMMAND_VALUES, kind: ERROR_KINDS },
    // A program may have commands of one kind only. `or vector(0)` would be of no instance, and match none.
    query:
      'sum(rate(redis_command_errors_total[5m])) / (sum(rate(redis_command_duration_seconds_count[5m])) + sum(rate(redis_blocking_command_duration_seconds_count[5m])) or sum(rate(redis_command_duration_seconds_count[5m])) or sum(rate(redis_blocking_command_duration_seconds_count[5m])))',
    queryUnit: 'of all commands',
    expected: [0, 0.001],
    warning: { above: 0.01, forSeconds: 300 },
    critical: { above: 0.1, forSeconds: 120 },
    source: 'the integration ioredis, at the end of each failed command',
    documents: ['004'],
  },
  connections: {
    name: 'redis_connections',
    type: 'gauge',
    help: 'Connections, by their state; those of a cluster are its nodes’.',
    labels: ['client', 'state'],
    values: { state: CONNECTION_STATES },
    aggregate: 'sum',
    onExit: 'drop',
    // A lazy client that was not used yet and one that was closed have nothing that could be ready. One that never was ready may
    // have no such series.
    query:
      '(sum by (client) (redis_connections{state="ready"}) or 0 * sum by (client) (redis_connections{state!~"waiting|closed"})) / sum by (client) (redis_connections{state!~"waiting|closed"})',
    queryUnit: 'of all connections that are wanted',
    expected: [1, 1],
    warning: { below: 1, forSeconds: 60 },
    critical: { below: 0.5, forSeconds: 60 },
    source: 'the integration ioredis, from the client at each scrape',
    documents: ['004'],
  },
  reconnects: {
    name: 'redis_reconnects_total',
    type: 'counter',
    help: 'Times that a client set out to connect again.',
    labels: ['client'],
    query: 'sum by (client) (increase(redis_reconnects_total[5m]))',
    expected: [0, 0],
    warning: { above: 3, forSeconds: 0 },
    critical: { above: 30, forSeconds: 60 },
    source: 'the integration ioredis, from the client’s events',
    documents: ['004'],
  },
  offlineQueue: {
    name: 'redis_offline_queue_commands',
    type: 'gauge',
    help: 'Commands that wait for a connection.',
    labels: ['client'],
    aggregate: 'sum',
    onExit: 'drop',
    query: 'sum by (client) (redis_offline_queue_commands)',
    expected: [0, 0],
    warning: { above: 100, forSeconds: 60 },
    critical: { above: 10_000, forSeconds: 30 },
    source: 'the integration ioredis, from the client at each scrape',
    documents: ['004'],
  },
  pendingCommands: {
    name: 'redis_pending_commands',
    type: 'gauge',
    help: 'Commands that were sent and wait for their replies.',
    labels: ['client'],
    aggregate: 'sum',
    onExit: 'drop',
    query: 'sum by (client) (redis_pending_commands)',
    expected: [0, 100],
    warning: { above: 1000, forSeconds: 120 },
    source: 'the integration ioredis, from the client at each scrape',
    documents: ['004'],
  },
  batchSize: {
    name: 'redis_batch_commands',
    type: 'histogram',
    help: 'Commands of a pipeline or transaction that was sent at once; MULTI and EXEC do not count.',
    labels: ['client', 'kind'],
    values: { kind: BATCH_KINDS },
    query: 'histogram_quantile(0.5, sum by (le, kind) (rate(redis_batch_commands_bucket[5m])))',
    queryUnit: 'commands',
    expected: [1, 1000],
    source: 'the integration ioredis, when a pipeline is executed',
    documents: ['004'],
  },
} as const satisfies CatalogFamilies

/** The catalog as data. */
export const redis: Catalog = {
  name: 'redis',
  about: 'Commands to Redis, connections and queues, as the program sees them.',
  families: FAMILIES,
}

/** Redis metrics of a registry. Its functions never throw: what cannot be recorded is dropped and counted. */
export interface RedisMetrics extends Instruments<typeof FAMILIES> {
  recordCommand(client: string, commandClass: CommandClass, durationSeconds: number): void
  /** Of commands that wait for something to happen. */
  recordBlockingCommand(client: string, commandClass: CommandClass, durationSeconds: number): void
  /** Beside `recordCommand`, which counts the command. */
  recordCommandError(client: string, commandClass: CommandClass, kind: RedisErrorKind): void
  updateConnections(client: string, state: ConnectionState, connections: number): void
  recordReconnect(client: string): void
  updateOfflineQueue(client: string, commands: number): void
  updatePendingCommands(client: string, commands: number): void
  recordBatch(client: string, kind: BatchKind, commands: number): void
}

/**
 * Defines the Redis families in a registry, or finds them there, and returns what records them. The integration ioredis does
 * that by itself: this is for clients that there is none for.
 *
 * @throws as `counter()`
 *
 * @example
 * const metrics = redisMetrics()
 * metrics.recordCommand('cache', 'string', 0.0004)
 */
export function redisMetrics(options: CatalogOptions = {}): RedisMetrics {
  const families = defineFamilies(FAMILIES, options)
  return {
    ...families,
    recordCommand: (client, command_class, durationSeconds) =>
      families.commandDuration.observe({ client, command_class }, durationSeconds),
    recordBlockingCommand: (client, command_class, durationSeconds) =>
      families.blockingCommandDuration.observe({ client, command_class }, durationSeconds),
    recordCommandError: (client, command_class, kind) => families.commandErrors.inc({ client, command_class, kind }),
    updateConnections: (client, state, connections) => families.connections.set({ client, state }, connections),
    recordReconnect: (client) => families.reconnects.inc({ client }),
    updateOfflineQueue: (client, commands) => families.offlineQueue.set({ client }, commands),
    updatePendingCommands: (client, commands) => families.pendingCommands.set({ client }, commands),
    recordBatch: (client, kind, commands) => families.batchSize.observe({ client, kind }, commands),
  }
}
