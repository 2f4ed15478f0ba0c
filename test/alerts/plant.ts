// A simulated instance with everything that the rules ask about: the series that Prometheus would have of what goes on in it
// (plant-state.ts), with noise that lingers.
import { randomWords } from '../support/random.js'
import { type InputSeries, seriesText } from '../support/rule-tests.js'
import { type Change, calmState, DAY, type State, WORKERS } from './plant-state.js'

/** Seconds between two scrapes. */
export const SCRAPE = 30

type Labels = Record<string, string>
/** Of a series the value at a time, or of a counter its increase per second; undefined where there is no series. */
type Level = (state: State, time: number) => number | undefined

interface Source {
  name: string
  labels: Labels
  level: Level
  isRate: boolean
}

const gauge = (name: string, level: Level, labels: Labels = {}): Source => ({ name, labels, level, isRate: false })
const counter = (name: string, level: Level, labels: Labels = {}): Source => ({ name, labels, level, isRate: true })
/** Two counters of which one has a share of the whole rate. */
const parts = (name: string, rate: Level, share: Level, of: Labels, rest: Labels): Source[] => [
  counter(name, (state, time) => (rate(state, time) ?? 0) * (share(state, time) ?? 0), of),
  counter(name, (state, time) => (rate(state, time) ?? 0) * (1 - (share(state, time) ?? 0)), rest),
]

/** How steep the distribution of times is: the 95th percentile is 2.7 medians, the 99th 4.6. */
const STEEPNESS = 3

/** A log-logistic distribution of times around a median, in classic buckets that are powers of two. */
function histogram(name: string, rate: Level, median: Level, labels: Labels, [from, to]: [number, number]): Source[] {
  const bounds = Array.from({ length: to - from + 1 }, (_, i) => 2 ** (from + i))
  const share = (le: number, middle: number) => 1 / (1 + (middle / le) ** STEEPNESS)
  const bucket = (le: number) =>
    counter(`${name}_bucket`, (s, t) => (rate(s, t) ?? 0) * share(le, median(s, t) ?? 0), { ...labels, le: String(le) })
  return [
    ...bounds.map(bucket),
    counter(`${name}_bucket`, rate, { ...labels, le: '+Inf' }),
    counter(`${name}_count`, rate, labels),
  ]
}

const ROUTE = { method: 'GET', route: '/recall' }
const SIMD = { instruction_set: 'avx512', operation: 'dot', instruction_type: 'fma', vector_width: '512' }
const L1 = { level: 'l1', access_pattern: 'random' }
const NODES = { source_node: '0', target_node: '1' }
const PSI = { resource: 'memory', scope: 'cgroup', kind: 'some' }

const SERVER = { server: 'postgres:5432' }
const answered = (up: number, value: number) => (up === 0 ? undefined : value)
/** A file system of half a terabyte. */
const disk = (mountpoint: string, left: Level, readonly: number): Source[] => {
  const labels = { device: `/dev/${mountpoint === '/' ? 'sda1' : 'sr0'}`, fstype: 'ext4', mountpoint }
  return [
    gauge('node_filesystem_avail_bytes', (s, t) => Math.round(5e11 * (left(s, t) ?? 0)), labels),
    gauge('node_filesystem_size_bytes', () => 5e11, labels),
    gauge('node_filesystem_readonly', () => readonly, labels),
  ]
}

const STREAMING: Source[] = [
  counter('engram_streaming_observations_total', (s) => s.observations * (1 - s.rejected), {
    memory_space: 'noun',
    priority: 'normal',
  }),
  counter('engram_streaming_observations_rejected_total', (s) => s.observations * s.rejected, {
    memory_space: 'noun',
    reason: 'queue_full',
  }),
  // All observations are of one priority: its lane fills up, and the others are empty.
  gauge('engram_streaming_queue_depth', (s) => Math.round(1000 * s.queued), { priority: 'normal' }),
  ...['high', 'low'].map((priority) => gauge('engram_streaming_queue_depth', () => 0, { priority })),
  ...['high', 'normal', 'low'].map((priority) => gauge('engram_streaming_queue_capacity', () => 1000, { priority })),
  gauge('engram_streaming_queue_memory_bytes', (s) => s.queueMemory),
  gauge('engram_streaming_backpressure_state', (s) => s.backpressure, { memory_space: 'noun' }),
  counter('engram_streaming_backpressure_activations_total', (s) => s.activations, {
    memory_space: 'noun',
    level: 'warning',
  }),
  ...WORKERS.flatMap((worker) => {
    const labels = { worker_id: String(worker) }
    return [
      gauge('engram_streaming_worker_utilization', (s) => s.busy[worker], labels),
      counter('engram_streaming_batches_processed_total', (s) => s.batches[worker], labels),
      counter('engram_streaming_work_stolen_total', (s) => (s.batches[worker] ?? 0) * s.stolen, labels),
      gauge('engram_streaming_batch_failures_total', (s) => s.failedBatches[worker], {
        ...labels,
        error_type: 'index',
      }),
    ]
  }),
  // Three failed on another day.
  gauge('engram_streaming_batch_failures_total', () => 3, { worker_id: '1', error_type: 'timeout' }),
  ...histogram(
    'engram_streaming_observation_latency_seconds',
    (s) => s.observations,
    (s) => s.observationTime,
    { memory_space: 'noun' },
    [-7, 0],
  ),
  ...histogram(
    'engram_streaming_recall_latency_seconds',
    () => 50,
    (s) => s.recallTime,
    { memory_space: 'noun' },
    [-9, -1],
  ),
].map(({ level, ...source }) => ({ ...source, level: (s: State, t: number) => (s.streams ? level(s, t) : undefined) }))

const SOURCES: readonly Source[] = [
  counter('allocations_total', (s) => s.allocations),
  counter('allocation_failures_total', (s) => s.allocations * s.failedAllocations),
  gauge('allocation_column_utilization_ratio', (s) => s.activeColumns),
  ...histogram(
    'allocation_duration',
    (s) => s.allocations,
    (s) => s.allocationTime,
    {},
    [-7, 0],
  ),
  ...STREAMING,
  counter('engram_spreads_per_second', (s) => s.spreads, { tier: 'hot' }),
  counter('engram_spreading_failures', (s) => s.failedSpreads, { error_type: 'timeout' }),
  gauge('engram_spreading_concurrent_spreads', (s) => s.concurrentSpreads),
  gauge('engram_circuit_breaker_state', (s) => s.breaker),
  ...histogram(
    'engram_spreading_latency',
    (s) => s.spreads,
    (s) => s.spreadTime,
    { tier: 'hot' },
    [-10, -3],
  ),
  gauge('engram_memory_pool_utilization', (s) => s.pool, { pool_type: 'vectors', numa_node: '0' }),
  gauge('engram_memory_pool_fragmentation_ratio', (s) => s.fragmented, { pool_type: 'vectors' }),
  gauge('engram_memory_pool_fragmented_bytes', (s) => s.fragmented * 2 ** 28, { pool_type: 'vectors' }),
  counter('engram_zero_allocation_violations', (s) => s.heapAllocations, { component: 'batches' }),
  ...parts(
    'engram_checked_allocations_total',
    () => 500,
    (s) => s.aligned / 100,
    { alignment: '64_byte', aligned: 'true' },
    { alignment: '64_byte', aligned: 'false' },
  ),
  gauge('engram_cls_hippocampal_weight_ratio', (s) => s.hippocampalRecent, { consolidation_state: 'recent' }),
  gauge('engram_cls_neocortical_weight_ratio', (s) => 1 - s.hippocampalRecent, { consolidation_state: 'recent' }),
  gauge('engram_cls_hippocampal_weight_ratio', (s) => s.hippocampalRemote, { consolidation_state: 'remote' }),
  gauge('engram_cls_neocortical_weight_ratio', (s) => 1 - s.hippocampalRemote, { consolidation_state: 'remote' }),
  gauge('engram_false_memory_generation_rate', (s) => s.falseMemories, {
    paradigm: 'drm',
    plausibility_threshold: '0.7',
  }),
  counter('engram_consolidation_transition_duration_ms_count', (s) => s.transitions, {
    from_state: 'recent',
    to_state: 'consolidating',
  }),
  counter('engram_simd_instructions_total', (s) => 1e6 * s.simd, SIMD),
  counter('engram_simd_cycles_total', () => 1e8, SIMD),
  counter('engram_cache_hits_total', (s) => 1e7 * s.l1Hits, L1),
  counter('engram_cache_misses_total', (s) => 1e7 * (1 - s.l1Hits), L1),
  ...parts(
    'engram_branches_total',
    () => 1e7,
    (s) => s.predicted,
    { component: 'hnsw_traversal', outcome: 'predicted' },
    { component: 'hnsw_traversal', outcome: 'mispredicted' },
  ),
  ...parts(
    'engram_numa_accesses_total',
    () => 1e6,
    (s) => s.remote,
    { ...NODES, locality: 'remote' },
    { ...NODES, locality: 'local' },
  ),
  gauge('engram_numa_node_imbalance_ratio', (s) => s.nodeImbalance, { metric_type: 'memory_allocation' }),
  gauge('engram_numa_cross_socket_bandwidth_gbps', (s) => s.crossSocket, { direction: 'read' }),
  counter('perf_socket_link_bytes_total', (s) => 1e9 * s.crossSocket, { node: '0', direction: 'read' }),
  ...histogram(
    'engram_health_check_duration_ms',
    () => 0.2,
    (s) => s.healthCheckTime,
    { component: 'queue' },
    [-1, 6],
  ),
  gauge('nanotally_health_check_status', (s) => s.health, { check: 'queue' }),
  gauge('engram_performance_regression_detected', (s) => s.regression, { metric: 'recall', significance: '5_percent' }),
  gauge('engram_graceful_degradation_events', (s) => s.degradations, { trigger: 'memory', threshold: '0.9' }),
  counter('engram_lock_free_contentions_total', (s) => s.contentions, { component: 'ring', operation: 'push' }),
  counter('engram_atomic_operation_cycles_total', (s) => 1000 * s.atomicTime, { operation: 'fetch_add' }),
  counter('engram_atomic_operations_total', () => 1000, { operation: 'fetch_add' }),
  gauge('engram_streaming_aggregation_lag_ms', (s) => s.aggregationLag, { queue_depth: '100' }),
  gauge('nodejs_eventloop_stall_seconds', (s) => s.stall, { thread: 'worker-0' }),
  // Works in Atomics.wait, and never turns its loop.
  gauge('nodejs_eventloop_stall_seconds', (_, time) => 500 + time, { thread: 'worker-1' }),
  gauge('nodejs_threadpool_waiting_seconds', (s) => s.poolWait),
  ...histogram(
    'nodejs_eventloop_delay_seconds',
    () => 50,
    (s) => s.loopDelay,
    { thread: 'main' },
    [-8, 2],
  ),
  gauge('nodejs_heap_size_used_bytes', (s) => Math.round(4e9 * s.heap), { thread: 'main' }),
  gauge('nodejs_heap_size_limit_bytes', () => 4e9, { thread: 'main' }),
  gauge('process_open_fds', (s) => Math.round(10_000 * s.descriptors)),
  gauge('process_max_fds', () => 10_000),
  // All that is free is full of page cache.
  gauge('process_cgroup_memory_headroom_bytes', (s) =>
    Math.round(8e9 * Math.min(0.001, 1 - s.containerMemory - s.neighbours)),
  ),
  gauge('process_cgroup_memory_usage_bytes', (s) => Math.round(8e9 * (0.999 - s.neighbours))),
  gauge('process_cgroup_memory_working_set_bytes', (s) => Math.round(8e9 * s.containerMemory)),
  gauge('process_cgroup_memory_limit_bytes', () => 8e9),
  counter('process_cgroup_memory_events_total', (s) => s.outOfMemory, { event: 'oom_kill' }),
  counter('process_cgroup_cpu_periods_total', () => 10),
  counter('process_cgroup_cpu_throttled_periods_total', (s) => 10 * s.throttled),
  gauge('process_pressure_ratio', (s) => s.pressure, PSI),
  ...parts(
    'http_requests_total',
    (s) => s.requests,
    (s) => s.httpErrors,
    { ...ROUTE, status_class: '5xx' },
    { ...ROUTE, status_class: '2xx' },
  ),
  ...histogram(
    'http_request_duration_seconds',
    (s) => s.requests,
    (s) => s.httpTime,
    ROUTE,
    [-5, 5],
  ),
  counter('postgres_query_errors_total', (s) => s.queries * s.queryErrors, {
    pool: 'main',
    operation: 'select',
    sqlstate_class: '40',
  }),
  ...histogram(
    'postgres_query_duration_seconds',
    (s) => s.queries,
    (s) => s.queryTime,
    { pool: 'main', operation: 'select' },
    [-9, 4],
  ),
  counter('postgres_pool_acquire_failures_total', (s) => s.queries * s.unconnected, {
    pool: 'main',
    reason: 'network',
  }),
  counter('postgres_pool_acquire_duration_seconds_count', (s) => s.queries, { pool: 'main' }),
  gauge('http_requests_in_flight', (s) => s.inFlight, { method: 'GET' }),
  counter('redis_command_errors_total', (s) => 500 * s.redisErrors, {
    client: 'cache',
    command_class: 'string',
    kind: 'connection',
  }),
  counter('redis_blocking_command_duration_seconds_count', () => 1, { client: 'cache', command_class: 'list' }),
  counter('redis_reconnects_total', (s) => s.reconnects, { client: 'cache' }),
  gauge('redis_pending_commands', (s) => s.pendingCommands, { client: 'cache' }),
  ...parts(
    'alerting_notifications_total',
    () => 0.05,
    (s) => s.unnotified,
    { dispatcher: 'pager', outcome: 'failed' },
    { dispatcher: 'pager', outcome: 'delivered' },
  ),
  counter('alerting_refusals_total', (s) => s.refusals, { source: 'alertmanager', reason: 'unauthenticated' }),
  gauge('postgres_pool_connections', (s) => Math.round(40 * s.connections), { pool: 'main', state: 'used' }),
  gauge('postgres_pool_max_connections', () => 40, { pool: 'main' }),
  gauge('postgres_pool_waiting_requests', (s) => s.waitingQueries, { pool: 'main' }),
  // One connection, which always works; at times somebody waits for it.
  gauge('postgres_pool_connections', () => 1, { pool: 'migrations', state: 'used' }),
  gauge('postgres_pool_max_connections', () => 1, { pool: 'migrations' }),
  gauge('postgres_pool_waiting_requests', (_, time) => (time % 300 === 0 ? 1 : 0), { pool: 'migrations' }),
  gauge('redis_connections', (s) => s.redisReady, { client: 'cache', state: 'ready' }),
  gauge('redis_connections', (s) => 1 - s.redisReady, { client: 'cache', state: 'reconnecting' }),
  // Lazy, and not used yet; one more was closed.
  gauge('redis_connections', () => 0, { client: 'reports', state: 'ready' }),
  gauge('redis_connections', () => 1, { client: 'reports', state: 'waiting' }),
  gauge('redis_connections', () => 1, { client: 'reports', state: 'closed' }),
  ...histogram(
    'redis_command_duration_seconds',
    () => 500,
    (s) => s.redisTime,
    { command_class: 'read' },
    [-9, 1],
  ),
  // What the exporters tell; nothing of a database that does not answer.
  gauge('pg_up', (s) => s.postgresUp),
  gauge('pg_stat_activity_count', (s) => answered(s.postgresUp, Math.round(97 * s.serverConnections)), {
    ...SERVER,
    datname: 'main',
    state: 'active',
  }),
  gauge('pg_settings_max_connections', (s) => answered(s.postgresUp, 100), SERVER),
  gauge('pg_settings_superuser_reserved_connections', (s) => answered(s.postgresUp, 3), SERVER),
  gauge('redis_up', (s) => s.redisUp),
  gauge('redis_memory_used_bytes', (s) => answered(s.redisUp, Math.round(4e9 * s.redisMemory))),
  gauge('redis_memory_max_bytes', (s) => answered(s.redisUp, 4e9)),
  gauge('redis_instance_info', (s) => answered(s.redisUp, 1), { maxmemory_policy: 'noeviction', role: 'master' }),
  ...disk('/', (s) => s.diskLeft, 0),
  // A medium is full, and cannot be written.
  ...disk('/media/cdrom', () => 0, 1),
  gauge('node_memory_MemAvailable_bytes', (s) => Math.round(32e9 * s.hostMemory)),
  gauge('node_memory_MemTotal_bytes', () => 32e9),
  counter('nanotally_exporter_restarts_total', (s) => s.restarts),
  counter('nanotally_exporter_dropped_connections_total', (s) => s.dropped, { reason: 'too_many' }),
  gauge('nanotally_exporter_certificate_expiry_seconds', (s, time) => time + s.certificateDays * DAY, {
    file: 'a.pem',
  }),
  counter('nanotally_rejected_total', (s) => s.rejectedRecords, { metric: 'jobs_total', reason: 'value' }),
  counter('nanotally_overflowed_total', (s) => s.overflowed, { metric: 'jobs_total' }),
  gauge('nanotally_series', (s) => Math.round(s.series), { state: 'live' }),
  gauge('nanotally_collect_age_seconds', (s) => s.collectAge, { thread: 'main' }),
  counter('nanotally_render_seconds_total', (s) => 0.07 * (s.renderTime / 1000)),
  counter('nanotally_renders_total', () => 0.07),
]

/** The names of all that is simulated. */
export const simulated: ReadonlySet<string> = new Set(SOURCES.map(({ name }) => name))

export interface Course {
  instance: string
  /** Of the day at which it begins. */
  startSeconds: number
  minutes: number
  seed: number
  /** From when on something is not as in calm, and what. */
  onsetMinutes?: number
  change?: Change
}

const round = (value: number) => Number(value.toPrecision(6))

/** In promtool's notation, which is the quicker to read the less there is of it. */
function written(values: readonly (number | string)[]): string {
  const runs: { value: number | string; more: number }[] = []
  for (const value of values) {
    const last = runs.at(-1)
    if (last?.value === value && typeof value === 'number') last.more++
    else runs.push({ value, more: 0 })
  }
  return runs.map(({ value, more }) => (more === 0 ? value : `${value}x${more}`)).join(' ')
}

/** What Prometheus has of the instance, a sample for each scrape. */
export function simulate({ instance, startSeconds, minutes, seed, onsetMinutes = 0, change }: Course): InputSeries[] {
  const target = { job: 'engram', instance }
  const word = randomWords(seed)
  const random = () => word() / 2 ** 32
  const lingering: number[] = []
  const scrapes = (minutes * 60) / SCRAPE + 1
  const states = Array.from({ length: scrapes }, (_, scrape) => {
    let asked = 0
    // About normal, in units of the spread; a twentieth of it is new at each scrape.
    const noise = (around: number, spread = 0.1) => {
      const fresh = (random() + random() + random() + random() - 2) * Math.sqrt(3)
      const value = 0.9 * (lingering[asked] ?? fresh) + Math.sqrt(1 - 0.9 ** 2) * fresh
      lingering[asked++] = value
      return Math.max(0, around * (1 + spread * Math.max(-2.5, Math.min(2.5, value))))
    }
    const state = calmState(startSeconds + scrape * SCRAPE, noise)
    const since = (scrape * SCRAPE) / 60 - onsetMinutes
    return change === undefined || since < 0 ? state : { ...state, ...change(state, since) }
  })
  const values = ({ level, isRate }: Source) => {
    let total = 0
    return states.map((state, scrape) => {
      const value = level(state, scrape * SCRAPE)
      // A process that is gone begins anew; Prometheus marks what ends.
      if (state.up === 0) total = 0
      if (state.up === 0 || value === undefined) return state.up === 0 || scrape > 0 ? 'stale' : '_'
      if (!isRate) return round(value)
      total += value * SCRAPE
      return Number(total.toFixed(3))
    })
  }
  return [
    { series: seriesText('up', target), values: written(states.map(({ up }) => up)) },
    ...SOURCES.map((source) => ({
      series: seriesText(source.name, { ...target, ...source.labels }),
      values: written(values(source)),
    })),
  ]
}
