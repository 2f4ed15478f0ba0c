// What rules and dashboards ask of the exporters that deploy/prometheus/prometheus.yml scrapes, in the form of a catalog: names and
// labels are those of Debian's packages (docs/deploy.md says which versions were run, and what later ones have otherwise), the
// figures are ours. Labels are those that all versions have; counters of PostgreSQL’s statistics have no `_total` there.

/** @typedef {import('nanotally/catalogs').CatalogFamily} CatalogFamily */

const NODE = 'the node exporter'
const POSTGRES = 'the PostgreSQL exporter'
const REDIS = 'the Redis exporter'

/** What fills up and harms: neither memory, nor a medium that is written once, nor what a program shows as files. */
export const REAL_FILE_SYSTEMS = 'fstype!~"tmpfs|ramfs|overlay|squashfs|erofs|iso9660|udf|fuse[.].+"'
const ON_DISK = ['device', 'fstype', 'mountpoint']

/** @type {readonly CatalogFamily[]} */
const OF_THE_MACHINE = [
  {
    name: 'node_filesystem_avail_bytes',
    type: 'gauge',
    unit: 'bytes',
    help: 'Bytes of a file system that are left for programs without privileges.',
    labels: ON_DISK,
    query: `node_filesystem_avail_bytes{${REAL_FILE_SYSTEMS}} / node_filesystem_size_bytes and node_filesystem_readonly == 0`,
    expected: [0.2, 1],
    queryUnit: 'of the file system',
    warning: { below: 0.1, forSeconds: 900 },
    critical: { below: 0.05, forSeconds: 300 },
    source: NODE,
  },
  {
    name: 'node_filesystem_size_bytes',
    type: 'gauge',
    unit: 'bytes',
    help: 'Size of a file system.',
    labels: ON_DISK,
    query: 'node_filesystem_size_bytes',
    expected: [1e9, 1e15],
    source: NODE,
  },
  {
    name: 'node_filesystem_readonly',
    type: 'gauge',
    help: 'Whether a file system is mounted read-only.',
    labels: ON_DISK,
    query: 'node_filesystem_readonly',
    expected: [0, 1],
    queryUnit: '1 where it cannot be written',
    source: NODE,
  },
  {
    name: 'node_memory_MemAvailable_bytes',
    type: 'gauge',
    unit: 'bytes',
    help: 'Memory that programs could have without swapping: what is free, and page cache that gives way.',
    query: 'node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes',
    expected: [0.2, 1],
    queryUnit: 'of the memory',
    warning: { below: 0.1, forSeconds: 900 },
    source: NODE,
  },
  {
    name: 'node_memory_MemTotal_bytes',
    type: 'gauge',
    unit: 'bytes',
    help: 'Memory of the machine.',
    query: 'node_memory_MemTotal_bytes',
    expected: [1e9, 1e13],
    source: NODE,
  },
  {
    name: 'node_cpu_seconds_total',
    type: 'counter',
    help: 'Time of each CPU, by what it did.',
    labels: ['cpu', 'mode'],
    query: '1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[5m]))',
    expected: [0, 0.8],
    queryUnit: 'of all CPUs',
    source: NODE,
  },
  {
    name: 'node_load1',
    type: 'gauge',
    help: 'Tasks that run or wait for a CPU or a disk, of the last minute.',
    query: 'node_load1',
    expected: [0, 64],
    queryUnit: 'tasks',
    source: NODE,
  },
  {
    name: 'node_disk_io_time_seconds_total',
    type: 'counter',
    help: 'Time for which a disk had something to do.',
    labels: ['device'],
    query: 'rate(node_disk_io_time_seconds_total[5m])',
    expected: [0, 0.8],
    queryUnit: 'of the time',
    source: NODE,
  },
  ...[
    { name: 'node_disk_read_bytes_total', help: 'Bytes read from a disk.' },
    { name: 'node_disk_written_bytes_total', help: 'Bytes written to a disk.' },
    { name: 'node_network_receive_bytes_total', help: 'Bytes that a network interface received.' },
    { name: 'node_network_transmit_bytes_total', help: 'Bytes that a network interface sent.' },
  ].map(
    ({ name, help }) =>
      /** @type {CatalogFamily} */ ({
        name,
        type: 'counter',
        help,
        labels: ['device'],
        query: `rate(${name}[5m])`,
        expected: [0, 1e9],
        queryUnit: 'bytes per second',
        source: NODE,
      }),
  ),
]

/** @type {readonly CatalogFamily[]} */
const OF_POSTGRES = [
  {
    name: 'pg_up',
    type: 'gauge',
    help: 'Whether PostgreSQL answered the exporter.',
    query: 'pg_up',
    expected: [1, 1],
    queryUnit: '1 while it answers',
    critical: { below: 1, forSeconds: 60 },
    source: POSTGRES,
  },
  {
    name: 'pg_stat_activity_count',
    type: 'gauge',
    help: 'Connections to the server, by database and state.',
    labels: ['datname', 'server', 'state'],
    query:
      'sum by (server) (pg_stat_activity_count) / (min by (server) (pg_settings_max_connections) - min by (server) (pg_settings_superuser_reserved_connections))',
    expected: [0, 0.6],
    queryUnit: 'of those that may be',
    warning: { above: 0.8, forSeconds: 600 },
    critical: { above: 0.95, forSeconds: 60 },
    source: POSTGRES,
  },
  {
    name: 'pg_settings_max_connections',
    type: 'gauge',
    help: 'Connections that the server takes: its setting `max_connections`.',
    labels: ['server'],
    query: 'min by (instance, server) (pg_settings_max_connections)',
    expected: [20, 5000],
    queryUnit: 'connections',
    source: POSTGRES,
  },
  {
    name: 'pg_settings_superuser_reserved_connections',
    type: 'gauge',
    help: 'Those of them that only superusers get.',
    labels: ['server'],
    query: 'min by (instance, server) (pg_settings_superuser_reserved_connections)',
    expected: [0, 20],
    queryUnit: 'connections',
    source: POSTGRES,
  },
  {
    name: 'pg_stat_activity_max_tx_duration',
    type: 'gauge',
    help: 'Age of the oldest transaction, by database and state.',
    labels: ['datname', 'server', 'state'],
    query: 'max by (instance, datname, state) (pg_stat_activity_max_tx_duration)',
    expected: [0, 60],
    queryUnit: 'seconds',
    source: POSTGRES,
  },
  ...[
    { name: 'pg_stat_database_xact_commit', help: 'Transactions that were committed.', most: 1e5 },
    { name: 'pg_stat_database_xact_rollback', help: 'Transactions that were rolled back.', most: 1e3 },
    { name: 'pg_stat_database_blks_read', help: 'Blocks that were not in the buffer cache.', most: 1e5 },
    { name: 'pg_stat_database_deadlocks', help: 'Deadlocks, each of which cost a transaction.', most: 0 },
  ].map(
    ({ name, help, most }) =>
      /** @type {CatalogFamily} */ ({
        name,
        type: 'counter',
        help,
        labels: ['datname'],
        query: `sum by (instance) (rate(${name}[5m]))`,
        expected: [0, most],
        queryUnit: 'per second',
        source: POSTGRES,
      }),
  ),
  {
    name: 'pg_stat_database_blks_hit',
    type: 'counter',
    help: 'Blocks that were found in the buffer cache.',
    labels: ['datname'],
    query:
      'sum by (instance) (rate(pg_stat_database_blks_hit[5m])) / (sum by (instance) (rate(pg_stat_database_blks_hit[5m])) + sum by (instance) (rate(pg_stat_database_blks_read[5m])))',
    expected: [0.9, 1],
    queryUnit: 'of all blocks',
    source: POSTGRES,
  },
  {
    name: 'pg_database_size_bytes',
    type: 'gauge',
    unit: 'bytes',
    help: 'Size of a database on disk.',
    labels: ['datname'],
    query: 'max by (instance, datname) (pg_database_size_bytes)',
    expected: [0, 1e12],
    source: POSTGRES,
  },
]

/** @type {readonly CatalogFamily[]} */
const OF_REDIS = [
  {
    name: 'redis_up',
    type: 'gauge',
    help: 'Whether Redis answered the exporter.',
    query: 'redis_up',
    expected: [1, 1],
    queryUnit: '1 while it answers',
    critical: { below: 1, forSeconds: 60 },
    source: REDIS,
  },
  {
    name: 'redis_memory_used_bytes',
    type: 'gauge',
    unit: 'bytes',
    help: 'Memory that Redis has for its data and for itself.',
    query:
      'redis_memory_used_bytes / (redis_memory_max_bytes > 0) and on (job, instance) redis_instance_info{maxmemory_policy!~"allkeys-.+"}',
    expected: [0, 0.8],
    queryUnit: 'of maxmemory, where not every key may be evicted',
    warning: { above: 0.9, forSeconds: 300 },
    source: REDIS,
  },
  {
    name: 'redis_memory_max_bytes',
    type: 'gauge',
    unit: 'bytes',
    help: 'The setting `maxmemory`; 0 where there is no limit.',
    query: 'redis_memory_max_bytes',
    expected: [0, 1e12],
    source: REDIS,
  },
  {
    name: 'redis_instance_info',
    type: 'gauge',
    help: 'What the server is, in labels.',
    labels: ['maxmemory_policy', 'redis_version', 'role'],
    query: 'redis_instance_info',
    expected: [1, 1],
    queryUnit: 'always 1',
    source: REDIS,
  },
  {
    name: 'redis_connected_clients',
    type: 'gauge',
    help: 'Clients that are connected.',
    query: 'redis_connected_clients',
    expected: [0, 5000],
    queryUnit: 'clients',
    source: REDIS,
  },
  {
    name: 'redis_blocked_clients',
    type: 'gauge',
    help: 'Clients that wait in a command that blocks.',
    query: 'redis_blocked_clients',
    expected: [0, 100],
    queryUnit: 'clients',
    source: REDIS,
  },
  {
    name: 'redis_keyspace_hits_total',
    type: 'counter',
    help: 'Look-ups of keys that were there.',
    query:
      'rate(redis_keyspace_hits_total[5m]) / (rate(redis_keyspace_hits_total[5m]) + rate(redis_keyspace_misses_total[5m]))',
    expected: [0.8, 1],
    queryUnit: 'of all look-ups',
    source: REDIS,
  },
  ...[
    { name: 'redis_keyspace_misses_total', help: 'Look-ups of keys that were not there.', most: 1e5 },
    { name: 'redis_commands_processed_total', help: 'Commands of all clients.', most: 1e5 },
    { name: 'redis_evicted_keys_total', help: 'Keys that gave way at `maxmemory`.', most: 1e3 },
    { name: 'redis_expired_keys_total', help: 'Keys whose time was over.', most: 1e5 },
    { name: 'redis_rejected_connections_total', help: 'Connections turned away at `maxclients`.', most: 0 },
  ].map(
    ({ name, help, most }) =>
      /** @type {CatalogFamily} */ ({
        name,
        type: 'counter',
        help,
        query: `rate(${name}[5m])`,
        expected: [0, most],
        queryUnit: 'per second',
        source: REDIS,
      }),
  ),
]

/** @type {readonly CatalogFamily[]} */
export const EXPORTER_FAMILIES = [...OF_THE_MACHINE, ...OF_POSTGRES, ...OF_REDIS]

/** @param {string} name @returns {string} where docs/ tells of a family, of a catalog or of these */
export function pageOf(name) {
  const isExported = EXPORTER_FAMILIES.some((family) => family.name === name)
  return isExported ? 'deploy.md#the-machine-and-the-databases' : `metrics.md#${name.toLowerCase()}`
}
