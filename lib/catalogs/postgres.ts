// The catalog of a program's use of PostgreSQL, seen from its client: queries, errors, pools. Planning document 004,
// "Database Metrics". The integration pg records it.
import type { Catalog, CatalogFamilies, Instruments } from './shared/catalog.js'
import { type CatalogOptions, defineFamilies } from './shared/catalog.js'

export const POOL_CONNECTION_STATES = ['idle', 'used'] as const
export type PoolConnectionState = (typeof POOL_CONNECTION_STATES)[number]

/**
 * Why a pool gave no connection: its own time-out; no way to the server, such as a refused connection; the server's refusal,
 * such as a wrong password or too many clients; the pool was ended; anything else.
 */
export const ACQUIRE_FAILURES = ['timeout', 'network', 'server', 'ended', 'other'] as const
export type AcquireFailure = (typeof ACQUIRE_FAILURES)[number]

/** The class of errors that did not come from the server, such as a connection that broke: there is no SQLSTATE. */
export const NO_SQLSTATE = 'none'

const FAMILIES = {
  queryDuration: {
    name: 'postgres_query_duration_seconds',
    type: 'histogram',
    unit: 'seconds',
    help: 'Time from handing a query to its client until its end, failed ones too; waiting in the client included.',
    labels: ['pool', 'operation'],
    query: 'histogram_quantile(0.99, sum by (le, operation) (rate(postgres_query_duration_seconds_bucket[5m])))',
    expected: [0.0005, 0.1],
    warning: { above: 0.5, forSeconds: 300 },
    critical: { above: 5, forSeconds: 300 },
    source: 'the integration pg, at the end of each query',
    documents: ['004'],
  },
  queryErrors: {
    name: 'postgres_query_errors_total',
    type: 'counter',
    help: 'Queries that failed, by the class of their SQLSTATE.',
    labels: ['pool', 'operation', 'sqlstate_class'],
    query: 'sum(rate(postgres_query_errors_total[5m])) / sum(rate(postgres_query_duration_seconds_count[5m]))',
    queryUnit: 'of all queries',
    expected: [0, 0.001],
    warning: { above: 0.01, forSeconds: 300 },
    critical: { above: 0.1, forSeconds: 120 },
    source: 'the integration pg, at the end of each failed query',
    documents: ['004'],
  },
  poolConnections: {
    name: 'postgres_pool_connections',
    type: 'gauge',
    help: 'Connections of a pool; those that are being made are used.',
    labels: ['pool', 'state'],
    values: { state: POOL_CONNECTION_STATES },
    aggregate: 'sum',
    onExit: 'drop',
    query: 'sum by (pool) (postgres_pool_connections{state="used"}) / sum by (pool) (postgres_pool_max_connections)',
    queryUnit: 'of those that may be',
    expected: [0, 0.7],
    warning: { above: 0.8, forSeconds: 300 },
    critical: { above: 0.95, forSeconds: 120 },
    source: 'the integration pg, from the pool at each scrape',
    documents: ['004'],
  },
  poolMaxConnections: {
    name: 'postgres_pool_max_connections',
    type: 'gauge',
    help: 'Connections that a pool may have.',
    labels: ['pool'],
    aggregate: 'sum',
    onExit: 'drop',
    query: 'sum by (pool) (postgres_pool_max_connections)',
    expected: [1, 100],
    source: 'the integration pg, from the pool’s options at each scrape',
    documents: ['004'],
  },
  poolWaiting: {
    name: 'postgres_pool_waiting_requests',
    type: 'gauge',
    help: 'Requests for a connection that wait for one to become free.',
    labels: ['pool'],
    aggregate: 'sum',
    onExit: 'drop',
    query: 'sum by (pool) (postgres_pool_waiting_requests)',
    expected: [0, 1],
    warning: { above: 10, forSeconds: 120 },
    critical: { above: 100, forSeconds: 60 },
    source: 'the integration pg, from the pool at each scrape',
    documents: ['004'],
  },
  poolAcquireDuration: {
    name: 'postgres_pool_acquire_duration_seconds',
    type: 'histogram',
    unit: 'seconds',
    help: 'Time until a pool gave a connection, made a new one or failed.',
    labels: ['pool'],
    query: 'histogram_quantile(0.99, sum by (le, pool) (rate(postgres_pool_acquire_duration_seconds_bucket[5m])))',
    expected: [0, 0.01],
    warning: { above: 0.1, forSeconds: 300 },
    critical: { above: 1, forSeconds: 120 },
    source: 'the integration pg, for each connection that was asked for, by queries through the pool too',
    documents: ['004'],
  },
  poolAcquireFailures: {
    name: 'postgres_pool_acquire_failures_total',
    type: 'counter',
    help: 'Requests for a connection that failed.',
    labels: ['pool', 'reason'],
    values: { reason: ACQUIRE_FAILURES },
    query:
      'sum by (pool) (rate(postgres_pool_acquire_failures_total[5m])) / sum by (pool) (rate(postgres_pool_acquire_duration_seconds_count[5m]))',
    queryUnit: 'of all requests for a connection',
    expected: [0, 0],
    warning: { above: 0.001, forSeconds: 300 },
    critical: { above: 0.05, forSeconds: 60 },
    source: 'the integration pg, when a pool gives no connection',
    documents: ['004'],
  },
  poolConnectionsOpened: {
    name: 'postgres_pool_connections_opened_total',
    type: 'counter',
    help: 'Connections that a pool has made.',
    labels: ['pool'],
    query: 'sum by (pool) (rate(postgres_pool_connections_opened_total[5m]))',
    queryUnit: 'per second',
    expected: [0, 1],
    warning: { above: 10, forSeconds: 300 },
    source: 'the integration pg, from the pool’s events',
    documents: ['004'],
  },
  poolConnectionsClosed: {
    name: 'postgres_pool_connections_closed_total',
    type: 'counter',
    help: 'Connections that a pool has closed or lost.',
    labels: ['pool'],
    query: 'sum by (pool) (rate(postgres_pool_connections_closed_total[5m]))',
    queryUnit: 'per second',
    expected: [0, 1],
    warning: { above: 10, forSeconds: 300 },
    source: 'the integration pg, from the pool’s events',
    documents: ['004'],
  },
} as const satisfies CatalogFamilies

/** The catalog as data. */
export const postgres: Catalog = {
  name: 'postgres',
  about: 'Queries to PostgreSQL and pools of connections, as the program sees them.',
  families: FAMILIES,
}

/** PostgreSQL metrics of a registry. Its functions never throw: what cannot be recorded is dropped and counted. */
export interface PostgresMetrics extends Instruments<typeof FAMILIES> {
  /** @param operation - a keyword such as `SELECT`, never the query's text */
  recordQuery(pool: string, operation: string, durationSeconds: number): void
  /**
   * Beside `recordQuery`, which counts the query.
   *
   * @param sqlstate - the error's code, such as `23505`, of which the class is kept; undefined where it has none
   */
  recordQueryError(pool: string, operation: string, sqlstate: string | undefined): void
  updatePoolConnections(pool: string, state: PoolConnectionState, connections: number): void
  updatePoolMaxConnections(pool: string, connections: number): void
  updatePoolWaiting(pool: string, requests: number): void
  recordPoolAcquire(pool: string, durationSeconds: number): void
  /** Beside `recordPoolAcquire`, which counts the request. */
  recordPoolAcquireFailure(pool: string, reason: AcquireFailure): void
  recordPoolConnectionOpened(pool: string): void
  recordPoolConnectionClosed(pool: string): void
}

/**
 * The class of a SQLSTATE: its first two characters, `none` for what is no SQLSTATE (Node's errors have codes, too).
 */
export function sqlstateClass(sqlstate: unknown): string {
  return typeof sqlstate === 'string' && /^[0-9A-Z]{5}$/.test(sqlstate) && !/^E[A-Z]{4}$/.test(sqlstate)
    ? sqlstate.slice(0, 2)
    : NO_SQLSTATE
}

/**
 * Defines the PostgreSQL families in a registry, or finds them there, and returns what records them. The integration pg does
 * that by itself: this is for clients that there is none for.
 *
 * @throws as `counter()`
 *
 * @example
 * const metrics = postgresMetrics()
 * metrics.recordQuery('main', 'SELECT', 0.002)
 * metrics.recordQueryError('main', 'INSERT', '23505')
 */
export function postgresMetrics(options: CatalogOptions = {}): PostgresMetrics {
  const families = defineFamilies(FAMILIES, options)
  return {
    ...families,
    recordQuery: (pool, operation, durationSeconds) =>
      families.queryDuration.observe({ pool, operation }, durationSeconds),
    recordQueryError: (pool, operation, sqlstate) =>
      families.queryErrors.inc({ pool, operation, sqlstate_class: sqlstateClass(sqlstate) }),
    updatePoolConnections: (pool, state, connections) => families.poolConnections.set({ pool, state }, connections),
    updatePoolMaxConnections: (pool, connections) => families.poolMaxConnections.set({ pool }, connections),
    updatePoolWaiting: (pool, requests) => families.poolWaiting.set({ pool }, requests),
    recordPoolAcquire: (pool, durationSeconds) => families.poolAcquireDuration.observe({ pool }, durationSeconds),
    recordPoolAcquireFailure: (pool, reason) => families.poolAcquireFailures.inc({ pool, reason }),
    recordPoolConnectionOpened: (pool) => families.poolConnectionsOpened.inc({ pool }),
    recordPoolConnectionClosed: (pool) => families.poolConnectionsClosed.inc({ pool }),
  }
}
