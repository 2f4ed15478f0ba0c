// Databases as the program sees them and as they see themselves, planning document 004: PostgreSQL and Redis.
import { dashboard } from './library/dashboard.js'
import { graph, heat, stat } from './library/panels.js'
import { quantiles } from './library/queries.js'

const QUERIES = 'postgres_query_duration_seconds'
const COMMANDS = 'redis_command_duration_seconds'

export const databases = dashboard({
  name: 'databases',
  title: 'Databases',
  about:
    'Queries to PostgreSQL and commands to Redis as the program sees them: duration, errors, pools, connections; and the servers themselves, from their exporters.',
  sections: [
    {
      title: 'PostgreSQL',
      panels: [
        stat('Queries', [
          { of: QUERIES, query: `sum(rate(${QUERIES}_count[5m]))`, measure: 'per second', legend: 'per second' },
        ]),
        stat('Failed queries', [{ of: 'postgres_query_errors_total', legend: 'of all queries', orZero: true }]),
        stat('Pools in use', ['postgres_pool_connections']),
        stat('Waiting for a connection', ['postgres_pool_waiting_requests']),
        graph('Duration of queries, P99', [QUERIES]),
        graph('Queries by operation', [
          { of: QUERIES, query: `sum by (operation) (rate(${QUERIES}_count[5m]))`, measure: 'per second' },
        ]),
        heat('Duration of queries', QUERIES),
        graph('Errors of queries', [
          {
            of: 'postgres_query_errors_total',
            query: 'sum by (operation, sqlstate_class) (rate(postgres_query_errors_total[5m]))',
            measure: 'per second',
          },
          {
            of: 'postgres_pool_acquire_failures_total',
            legend: 'no connection, of all requests for one: {{pool}}',
            orZero: true,
          },
        ]),
        graph('Waiting for a connection, P99', ['postgres_pool_acquire_duration_seconds']),
        graph('Connections', [
          {
            of: 'postgres_pool_connections',
            query: 'sum by (pool, state) (postgres_pool_connections)',
            measure: 'connections',
          },
          { of: 'postgres_pool_max_connections', legend: '{{pool}}: may be' },
        ]),
        graph('Connections opened and closed', [
          { of: 'postgres_pool_connections_opened_total', legend: 'opened: {{pool}}' },
          { of: 'postgres_pool_connections_closed_total', legend: 'closed: {{pool}}' },
        ]),
        heat('Waiting for a connection, as a distribution', 'postgres_pool_acquire_duration_seconds'),
      ],
    },
    {
      title: 'Redis',
      panels: [
        stat('Commands', [
          { of: COMMANDS, query: `sum(rate(${COMMANDS}_count[5m]))`, measure: 'per second', legend: 'per second' },
        ]),
        stat('Failed commands', [{ of: 'redis_command_errors_total', legend: 'of all commands', orZero: true }]),
        stat('Connections that are ready', ['redis_connections']),
        stat('Reconnects in 5 minutes', ['redis_reconnects_total']),
        graph('Duration of commands, P99', [COMMANDS]),
        graph('Commands by class', [
          { of: COMMANDS, query: `sum by (command_class) (rate(${COMMANDS}_count[5m]))`, measure: 'per second' },
          { of: 'redis_blocking_command_duration_seconds', legend: 'blocking: {{command_class}}' },
        ]),
        heat('Duration of commands', COMMANDS),
        heat('Duration of blocking commands', 'redis_blocking_command_duration_seconds'),
        graph('Errors of commands', [
          {
            of: 'redis_command_errors_total',
            query: 'sum by (command_class, kind) (rate(redis_command_errors_total[5m]))',
            measure: 'per second',
          },
        ]),
        graph('Queues', [
          { of: 'redis_offline_queue_commands', legend: 'offline: {{client}}' },
          { of: 'redis_pending_commands', legend: 'pending: {{client}}' },
        ]),
        graph('Batches', quantiles('redis_batch_commands', [0.5, 0.99], ['kind'])),
      ],
    },
    {
      title: 'The server itself: PostgreSQL',
      panels: [
        stat('PostgreSQL answers', ['pg_up']),
        stat('Connections in use, of the server', ['pg_stat_activity_count']),
        stat('Oldest transaction', [
          {
            of: 'pg_stat_activity_max_tx_duration',
            query: 'max by (instance) (pg_stat_activity_max_tx_duration)',
            measure: 'seconds',
          },
        ]),
        stat('Deadlocks', ['pg_stat_database_deadlocks']),
        graph('Connections of the server', [
          {
            of: 'pg_stat_activity_count',
            query: 'sum by (instance, state) (pg_stat_activity_count)',
            measure: 'connections',
          },
          { of: 'pg_settings_max_connections', legend: 'may be' },
        ]),
        graph('Transactions', [
          { of: 'pg_stat_database_xact_commit', legend: 'committed: {{instance}}' },
          { of: 'pg_stat_database_xact_rollback', legend: 'rolled back: {{instance}}' },
        ]),
        graph('Blocks found in the cache', ['pg_stat_database_blks_hit']),
        graph('Size of databases', ['pg_database_size_bytes']),
      ],
    },
    {
      title: 'The server itself: Redis',
      panels: [
        stat('Redis answers', ['redis_up']),
        stat('Clients', [
          { of: 'redis_connected_clients', legend: 'connected' },
          { of: 'redis_blocked_clients', legend: 'blocked' },
        ]),
        stat('Connections turned away', ['redis_rejected_connections_total']),
        stat('Memory in use, of maxmemory', ['redis_memory_used_bytes']),
        graph('Memory of Redis', [
          {
            of: 'redis_memory_used_bytes',
            query: 'redis_memory_used_bytes',
            measure: 'bytes',
            legend: 'in use',
          },
          { of: 'redis_memory_max_bytes', query: 'redis_memory_max_bytes > 0', legend: 'may be' },
        ]),
        graph('Look-ups that hit', ['redis_keyspace_hits_total']),
        graph('Commands of all clients', ['redis_commands_processed_total']),
        graph('Keys that went', [
          { of: 'redis_evicted_keys_total', legend: 'evicted' },
          { of: 'redis_expired_keys_total', legend: 'expired' },
        ]),
      ],
    },
  ],
})
