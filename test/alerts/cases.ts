// For each alert the series that it is about, at a value of one's choice: what its expression gives is that value.

/** A series of one target: a gauge's constant value, or a counter's increase per second from 0 at the start. */
export interface Signal {
  name: string
  labels?: Record<string, string>
  value?: number
  /** Of the first sample, where that is another: of a value's constant, or where a rate begins that is none of a counter. */
  first?: number
  /** Seconds before the first sample. */
  after?: number
  rate?: number
}

export interface Case {
  /** Series for which the rule's expression, without its limit, is `value`. */
  at?: (value: number) => Signal[]
  /** Values on either side of the limit. Default: 2 % past it and 2 % before it; of a limit of 0, 1 and 0. */
  ill?: Partial<Record<'warning' | 'critical', number>>
  well?: Partial<Record<'warning' | 'critical', number>>
  /** Where the expression has no value of that kind. */
  series?: { ill: Signal[]; well: Signal[] }
  /** Other states that have to be told at the same time, or never, each of a target of its own. */
  others?: { ill?: Signal[][]; well?: Signal[][] }
  /** What the alert has besides its own labels and the target's. */
  labels?: Record<string, string>
  /** It is about all targets together, and its alert is of none. */
  isAlone?: boolean
  /** Seconds after the start at which the expression is first true of the ill one, or for each level. Default 0. */
  trueAfter?: number | Record<'warning' | 'critical', number>
}

const gauge = (name: string, value: number, labels?: Record<string, string>): Signal => ({
  name,
  value,
  labels: labels ?? {},
})
const counter = (name: string, rate: number, labels?: Record<string, string>): Signal => ({
  name,
  rate,
  labels: labels ?? {},
})

/** A histogram whose quantile `q` of late observations, 100 a second, is `value`. */
function histogram(name: string, q: number, value: number, labels: Record<string, string> = {}): Signal[] {
  const upTo = { [value / 2]: 50 * q, [value]: 100 * q, [value * 2]: 100, '+Inf': 100 }
  const buckets = Object.entries(upTo).map(([le, rate]) => counter(`${name}_bucket`, rate, { ...labels, le }))
  return [...buckets, counter(`${name}_count`, 100, labels)]
}

/** A rate needs two samples. */
const TWO_SAMPLES = 15
/** Before it is full, a rate over a window is too low. */
const FIVE_MINUTES = 300
const ONE_MINUTE = 60

const OBSERVATIONS = { memory_space: 'noun', priority: 'normal' }
const queue = (waiting: Record<string, number>) =>
  Object.entries(waiting).flatMap(([priority, observations]) => [
    gauge('engram_streaming_queue_depth', observations, { priority }),
    gauge('engram_streaming_queue_capacity', 1000, { priority }),
  ])
const oneLane = (share: number) => queue({ high: 0, normal: 1000 * share, low: 0 })
const waiting = gauge('engram_streaming_queue_depth', 3, { priority: 'low' })
const capacity = gauge('engram_streaming_queue_capacity', 1000, { priority: 'normal' })
const observed = (rate: number) => counter('engram_streaming_observations_total', rate, OBSERVATIONS)
const refused = (rate: number) =>
  counter('engram_streaming_observations_rejected_total', rate, { memory_space: 'noun', reason: 'queue_full' })
/** Batches per second of each worker. */
const stored = (...rates: number[]) =>
  rates.map((rate, worker) => counter('engram_streaming_batches_processed_total', rate, { worker_id: String(worker) }))
const batchFailures = (rate: number) =>
  counter('engram_streaming_batch_failures_total', rate, { worker_id: '0', error_type: 'index' })
const spreads = (underWay: number, rate: number) => [
  gauge('engram_spreading_concurrent_spreads', underWay),
  counter('engram_spreads_per_second', rate, { tier: 'hot' }),
]
const transitions = (rate: number) =>
  counter('engram_consolidation_transition_duration_ms_count', rate, { from_state: 'recent', to_state: 'remote' })

const redisMemory = (used: number, most: number, maxmemory_policy: string) => [
  gauge('redis_memory_used_bytes', used),
  gauge('redis_memory_max_bytes', most),
  gauge('redis_instance_info', 1, { maxmemory_policy, role: 'master' }),
]
const ON_DISK = { device: '/dev/sda1', fstype: 'ext4', mountpoint: '/var' }
/** Of a terabyte. @param rate - what becomes of the bytes that are left, per second */
const disk = (left: number, labels: Record<string, string> = {}, readonly = 0, rate?: number): Signal[] => {
  const all = { ...ON_DISK, ...labels }
  const avail = { name: 'node_filesystem_avail_bytes', labels: all }
  return [
    rate === undefined ? { ...avail, value: left } : { ...avail, first: left, rate },
    gauge('node_filesystem_size_bytes', 1e12, all),
    gauge('node_filesystem_readonly', readonly, all),
  ]
}

/** In the order of docs/alerts.md. */
export const cases: Readonly<Record<string, Case>> = {
  HighAllocationLatency: { at: (p99) => histogram('allocation_duration', 0.99, p99), trueAfter: TWO_SAMPLES },
  HighAllocationErrorRate: {
    at: (share) => [counter('allocation_failures_total', 100 * share), counter('allocations_total', 100)],
    trueAfter: TWO_SAMPLES,
  },
  AllocationColumnsExhausted: { at: (share) => [gauge('allocation_column_utilization_ratio', share)] },

  HighQueueDepth: { at: oneLane },
  CriticalQueueDepth: { at: oneLane },
  // Of the 3000 that the queue has room for a worker's part is 1500, of which a hundredth is 15.
  WorkerDown: {
    series: {
      ill: [...queue({ high: 0, normal: 10, low: 6 }), ...stored(0, 9)],
      well: [...queue({ high: 0, normal: 10, low: 5 }), ...stored(0, 9)],
    },
    others: {
      well: [
        [...queue({ high: 0, normal: 900, low: 0 }), ...stored(0.1, 9)],
        // Idle.
        [...queue({ high: 0, normal: 0, low: 0 }), ...stored(0, 0)],
        // The index refuses all of its batches.
        [...queue({ high: 0, normal: 900, low: 0 }), ...stored(0, 9), batchFailures(1)],
      ],
    },
    labels: { worker_id: '0' },
    trueAfter: TWO_SAMPLES,
  },
  WorkerUtilizationImbalance: {
    at: (points) =>
      [10, 30, 10 + points].map((value, i) =>
        gauge('engram_streaming_worker_utilization', value, { worker_id: String(i) }),
      ),
  },
  HighQueueMemory: { at: (bytes) => [gauge('engram_streaming_queue_memory_bytes', bytes)] },
  // Of all targets; one of several is in units.test.ts.
  StreamingMetricsAbsent: { series: { ill: [gauge('up', 1)], well: [gauge('up', 1), capacity] }, isAlone: true },
  HighObservationLatency: {
    at: (p99) => histogram('engram_streaming_observation_latency_seconds', 0.99, p99, { memory_space: 'noun' }),
    trueAfter: TWO_SAMPLES,
  },
  HighRecallLatency: {
    at: (p99) => histogram('engram_streaming_recall_latency_seconds', 0.99, p99, { memory_space: 'noun' }),
    trueAfter: TWO_SAMPLES,
  },
  FrequentBackpressure: {
    at: (rate) =>
      ['warning', 'critical'].map((level) =>
        counter('engram_streaming_backpressure_activations_total', rate / 2, { memory_space: 'noun', level }),
      ),
    trueAfter: FIVE_MINUTES,
  },
  PersistentBackpressure: {
    at: (state) => [gauge('engram_streaming_backpressure_state', state, { memory_space: 'noun' })],
    labels: { memory_space: 'noun' },
  },
  HighRejectionRate: {
    at: (share) => [refused(1000 * share), observed(1000 * (1 - share))],
    // Nothing was stored ever.
    others: { ill: [[refused(10)]] },
    trueAfter: TWO_SAMPLES,
  },
  BatchInsertionFailures: {
    at: (rate) => [batchFailures(rate)],
    labels: { error_type: 'index' },
    trueAfter: TWO_SAMPLES,
  },
  StreamingStalled: {
    series: { ill: [waiting, observed(0)], well: [waiting, observed(0.1)] },
    others: {
      well: [
        [...queue({ low: 0 }), observed(0)],
        [waiting, observed(0), batchFailures(1)],
      ],
    },
  },
  LowThroughput: {
    at: (rate) => [observed(rate), capacity],
    // Nothing was stored ever.
    others: { ill: [[{ ...capacity, after: TWO_SAMPLES }]] },
    trueAfter: TWO_SAMPLES,
  },
  ExcessiveWorkStealing: {
    at: (share) => [
      counter('engram_streaming_work_stolen_total', 100 * share, { worker_id: '1' }),
      counter('engram_streaming_batches_processed_total', 100, { worker_id: '1' }),
    ],
    trueAfter: TWO_SAMPLES,
  },

  SpreadingLatencyHigh: {
    at: (p95) => histogram('engram_spreading_latency', 0.95, p95, { tier: 'hot' }),
    trueAfter: TWO_SAMPLES,
  },
  SpreadingFailures: {
    at: (rate) => [counter('engram_spreading_failures', rate, { error_type: 'timeout' })],
    trueAfter: FIVE_MINUTES,
  },
  SpreadingStalled: {
    series: {
      ill: spreads(2, 0),
      well: spreads(2, 1),
    },
    others: {
      well: [spreads(0, 0), [...spreads(2, 0), counter('engram_spreading_failures', 1, { error_type: 'timeout' })]],
    },
  },
  // A constant predicts itself, once half an hour of it has been recorded. What climbs from 0 is 2 % below three quarters of the
  // limit at the end, and will be far past it.
  SpreadingLatencyPredicted: {
    at: (p95) => histogram('engram_spreading_latency', 0.95, p95, { tier: 'hot' }),
    // In place of what records it.
    others: { well: [[counter('spreading:latency:p95', (0.98 * 0.0075) / 2475)]] },
    trueAfter: 1815,
  },
  CircuitBreakerOpen: { at: (state) => [gauge('engram_circuit_breaker_state', state)] },

  CLSSystemImbalance: {
    at: (difference) =>
      ['recent', 'remote'].flatMap((consolidation_state) => [
        gauge('engram_cls_hippocampal_weight_ratio', (1 + difference) / 2, { consolidation_state }),
        gauge('engram_cls_neocortical_weight_ratio', (1 - difference) / 2, { consolidation_state }),
      ]),
  },
  FalseMemoryGenerationSpike: {
    at: (share) => [
      gauge('engram_false_memory_generation_rate', share, { paradigm: 'drm', plausibility_threshold: '0.7' }),
    ],
    labels: { paradigm: 'drm', plausibility_threshold: '0.7' },
  },
  ConsolidationStalled: {
    at: (rate) => [transitions(rate), observed(10)],
    others: {
      // Without streaming metrics nobody knows whether anything comes in.
      ill: [[transitions(0)]],
      // The second one has never stored anything.
      well: [
        [transitions(0), observed(0)],
        [transitions(0), capacity],
      ],
    },
    trueAfter: TWO_SAMPLES,
  },

  SIMDUtilizationLow: {
    at: (percent) => {
      const labels = { instruction_set: 'avx512', operation: 'dot', instruction_type: 'fma', vector_width: '512' }
      return [
        counter('engram_simd_instructions_total', percent, labels),
        counter('engram_simd_cycles_total', 100, labels),
      ]
    },
    labels: { operation: 'dot' },
    trueAfter: TWO_SAMPLES,
  },
  CacheHitRatioDeterioration: {
    at: (share) => [
      counter('engram_cache_hits_total', 100 * share, { level: 'l1', access_pattern: 'random' }),
      counter('engram_cache_misses_total', 100 * (1 - share), { level: 'l1', access_pattern: 'random' }),
      counter('engram_cache_misses_total', 100, { level: 'l2', access_pattern: 'random' }),
    ],
    trueAfter: TWO_SAMPLES,
  },
  BranchPredictionDegradation: {
    at: (share) => [
      counter('engram_branches_total', 100 * share, { component: 'hnsw_traversal', outcome: 'predicted' }),
      counter('engram_branches_total', 100 * (1 - share), { component: 'hnsw_traversal', outcome: 'mispredicted' }),
    ],
    labels: { exported_component: 'hnsw_traversal' },
    trueAfter: TWO_SAMPLES,
  },

  NUMARemoteAccessRatioHigh: {
    at: (share) => [
      counter('engram_numa_accesses_total', 100 * share, { source_node: '0', target_node: '1', locality: 'remote' }),
      counter('engram_numa_accesses_total', 100 * (1 - share), {
        source_node: '0',
        target_node: '1',
        locality: 'local',
      }),
    ],
    labels: { source_node: '0', target_node: '1' },
    trueAfter: TWO_SAMPLES,
  },
  NUMANodeImbalance: {
    at: (ratio) => [gauge('engram_numa_node_imbalance_ratio', ratio, { metric_type: 'memory_allocation' })],
  },
  CrossSocketBandwidthSaturation: {
    at: (rate) => [gauge('engram_numa_cross_socket_bandwidth_gbps', rate, { direction: 'read' })],
    labels: { direction: 'read' },
  },
  SocketLinkSaturated: {
    at: (rate) => [counter('perf_socket_link_bytes_total', rate, { node: '0', direction: 'read' })],
    labels: { node: '0', direction: 'read' },
    trueAfter: FIVE_MINUTES,
  },

  MemoryPoolUtilizationHigh: {
    at: (share) => [gauge('engram_memory_pool_utilization', share, { pool_type: 'vectors', numa_node: '0' })],
    labels: { pool_type: 'vectors', numa_node: '0' },
  },
  MemoryPoolFragmentation: {
    at: (share) => [
      gauge('engram_memory_pool_fragmentation_ratio', share, { pool_type: 'vectors' }),
      gauge('engram_memory_pool_fragmented_bytes', 2 ** 22, { pool_type: 'vectors', numa_node: '0' }),
      // Little of it, however large a share.
      gauge('engram_memory_pool_fragmentation_ratio', 1, { pool_type: 'edges' }),
      gauge('engram_memory_pool_fragmented_bytes', 2 ** 16, { pool_type: 'edges', numa_node: '0' }),
    ],
    labels: { pool_type: 'vectors' },
  },
  ZeroAllocationViolation: {
    at: (rate) => [counter('engram_zero_allocation_violations', rate, { component: 'batches' })],
    labels: { exported_component: 'batches' },
    trueAfter: TWO_SAMPLES,
  },
  CacheAlignmentDegraded: {
    at: (percent) => [
      counter('engram_checked_allocations_total', percent, { alignment: '64_byte', aligned: 'true' }),
      counter('engram_checked_allocations_total', 100 - percent, { alignment: '64_byte', aligned: 'false' }),
    ],
    labels: { alignment: '64_byte' },
    trueAfter: TWO_SAMPLES,
  },
  MemoryPoolExhaustionPredicted: {
    at: (share) => [gauge('engram_memory_pool_utilization', share, { pool_type: 'vectors', numa_node: '0' })],
    others: {
      well: [
        [counter('engram_memory_pool_utilization', (0.98 * 0.675) / 2460, { pool_type: 'vectors', numa_node: '0' })],
      ],
    },
    labels: { pool_type: 'vectors', numa_node: '0' },
    trueAfter: 1800,
  },

  HealthCheckLatencyHigh: {
    at: (median) => histogram('engram_health_check_duration_ms', 0.5, median, { component: 'cache_coherence' }),
    labels: { exported_component: 'cache_coherence' },
    trueAfter: TWO_SAMPLES,
  },
  PerformanceRegressionDetected: {
    at: (is) => [gauge('engram_performance_regression_detected', is, { metric: 'recall', significance: '5_percent' })],
    labels: { metric: 'recall' },
  },
  GracefulDegradationActivated: {
    at: (rate) => [counter('engram_graceful_degradation_events', rate, { trigger: 'memory', threshold: '0.9' })],
    labels: { trigger: 'memory', threshold: '0.9' },
    trueAfter: TWO_SAMPLES,
  },
  HealthCheckFailing: {
    at: (status) => [gauge('nanotally_health_check_status', status, { check: 'queue' })],
    ill: { warning: 0.5, critical: 0 },
    well: { warning: 1, critical: 0.5 },
    labels: { check: 'queue' },
  },

  LockFreeContentionSpike: {
    at: (rate) => [counter('engram_lock_free_contentions_total', rate, { component: 'ring', operation: 'push' })],
    labels: { exported_component: 'ring', operation: 'push' },
    trueAfter: ONE_MINUTE,
  },
  AtomicOperationContentionHigh: {
    at: (cycles) => [
      counter('engram_atomic_operation_cycles_total', 100 * cycles, { operation: 'fetch_add', numa_node: '0' }),
      counter('engram_atomic_operations_total', 100, { operation: 'fetch_add', numa_node: '0' }),
    ],
    labels: { operation: 'fetch_add' },
    trueAfter: TWO_SAMPLES,
  },
  MetricsAggregationLag: {
    at: (milliseconds) => [gauge('engram_streaming_aggregation_lag_ms', milliseconds, { queue_depth: '100' })],
  },

  EventLoopStalled: {
    at: (time) => [{ ...gauge('nodejs_eventloop_stall_seconds', time, { thread: 'main' }), first: 0.02 }],
    labels: { thread: 'main' },
    trueAfter: 15,
  },
  ThreadPoolStalled: { at: (time) => [gauge('nodejs_threadpool_waiting_seconds', time)] },
  EventLoopDelayHigh: {
    at: (p99) => histogram('nodejs_eventloop_delay_seconds', 0.99, p99, { thread: 'main' }),
    labels: { thread: 'main' },
    trueAfter: TWO_SAMPLES,
  },
  HeapNearlyFull: {
    at: (share) => [
      gauge('nodejs_heap_size_used_bytes', 4e9 * share, { thread: 'main' }),
      gauge('nodejs_heap_size_limit_bytes', 4e9, { thread: 'main' }),
    ],
    labels: { thread: 'main' },
  },
  FileDescriptorsNearlyExhausted: {
    at: (share) => [gauge('process_open_fds', 1024 * share), gauge('process_max_fds', 1024)],
  },
  ContainerMemoryNearlyFull: {
    // The own group has a fourth of it in use, and a tenth in page cache; the rest is a neighbour's in the same pod.
    at: (share) => [
      gauge('process_cgroup_memory_headroom_bytes', 2 ** 30 * (0.9 - share)),
      gauge('process_cgroup_memory_usage_bytes', 2 ** 30 * 0.35),
      gauge('process_cgroup_memory_working_set_bytes', 2 ** 30 * 0.25),
      gauge('process_cgroup_memory_limit_bytes', 2 ** 30),
    ],
  },
  ContainerOutOfMemory: {
    at: (rate) => [
      counter('process_cgroup_memory_events_total', rate, { event: 'oom_kill' }),
      counter('process_cgroup_memory_events_total', 1, { event: 'high' }),
    ],
    labels: { event: 'oom_kill' },
    trueAfter: TWO_SAMPLES,
  },
  ContainerCpuThrottled: {
    at: (share) => [
      counter('process_cgroup_cpu_throttled_periods_total', 10 * share),
      counter('process_cgroup_cpu_periods_total', 10),
    ],
    trueAfter: TWO_SAMPLES,
  },
  MemoryPressureHigh: {
    at: (share) => [
      gauge('process_pressure_ratio', share, { resource: 'memory', scope: 'cgroup', kind: 'some' }),
      gauge('process_pressure_ratio', 1, { resource: 'cpu', scope: 'cgroup', kind: 'some' }),
    ],
    labels: { resource: 'memory', scope: 'cgroup', kind: 'some' },
  },

  HttpErrorRateHigh: {
    at: (share) => [
      counter('http_requests_total', 100 * share, { method: 'GET', route: '/', status_class: '5xx' }),
      counter('http_requests_total', 100 * (1 - share), { method: 'GET', route: '/', status_class: '2xx' }),
      counter('http_requests_total', 900, { method: 'GET', route: '/', status_class: 'aborted' }),
    ],
    trueAfter: TWO_SAMPLES,
  },
  HttpLatencyHigh: {
    at: (p99) =>
      histogram('http_request_duration_seconds', 0.99, p99, { method: 'GET', route: '/', status_class: '2xx' }),
    trueAfter: TWO_SAMPLES,
  },
  PostgresErrorRateHigh: {
    at: (share) => [
      counter('postgres_query_errors_total', 100 * share, { pool: 'main', operation: 'select', sqlstate_class: '40' }),
      counter('postgres_query_duration_seconds_count', 100, { pool: 'main', operation: 'select' }),
    ],
    trueAfter: TWO_SAMPLES,
  },
  HttpRequestsPilingUp: { at: (requests) => [gauge('http_requests_in_flight', requests, { method: 'GET' })] },
  PostgresLatencyHigh: {
    at: (p99) => histogram('postgres_query_duration_seconds', 0.99, p99, { pool: 'main', operation: 'SELECT' }),
    labels: { operation: 'SELECT' },
    trueAfter: TWO_SAMPLES,
  },
  PostgresConnectionsFailing: {
    at: (share) => [
      counter('postgres_pool_acquire_failures_total', 1000 * share, { pool: 'main', reason: 'network' }),
      counter('postgres_pool_acquire_duration_seconds_count', 1000, { pool: 'main' }),
    ],
    labels: { pool: 'main' },
    trueAfter: TWO_SAMPLES,
  },
  PostgresPoolNearlyExhausted: {
    at: (share) => [
      gauge('postgres_pool_connections', 20 * share, { pool: 'main', state: 'used' }),
      gauge('postgres_pool_connections', 20 * (1 - share), { pool: 'main', state: 'idle' }),
      gauge('postgres_pool_max_connections', 20, { pool: 'main' }),
      gauge('postgres_pool_waiting_requests', 1, { pool: 'main' }),
      // It works.
      gauge('postgres_pool_connections', 2, { pool: 'small', state: 'used' }),
      gauge('postgres_pool_max_connections', 2, { pool: 'small' }),
      gauge('postgres_pool_waiting_requests', 0, { pool: 'small' }),
    ],
    labels: { pool: 'main' },
  },
  RedisDisconnected: {
    at: (share) => [
      gauge('redis_connections', 4 * share, { client: 'cache', state: 'ready' }),
      gauge('redis_connections', 4 * (1 - share), { client: 'cache', state: 'reconnecting' }),
      // Wants none: not used yet, or no more.
      ...['waiting', 'closed'].flatMap((state) => [
        gauge('redis_connections', 0, { client: state, state: 'ready' }),
        gauge('redis_connections', 1, { client: state, state }),
      ]),
    ],
    // It was never ready.
    others: { ill: [[gauge('redis_connections', 1, { client: 'cache', state: 'connecting' })]] },
    ill: { warning: 0.75, critical: 0.25 },
    well: { warning: 1, critical: 0.5 },
    labels: { client: 'cache' },
  },
  RedisReconnecting: {
    at: (times) => [counter('redis_reconnects_total', times / FIVE_MINUTES, { client: 'cache' })],
    labels: { client: 'cache' },
    trueAfter: FIVE_MINUTES,
  },
  RedisCommandsPending: {
    at: (commands) => [gauge('redis_pending_commands', commands, { client: 'cache' })],
    labels: { client: 'cache' },
  },
  RedisErrorRateHigh: {
    at: (share) => [
      counter('redis_command_errors_total', 100 * share, { client: 'cache', command_class: 'string', kind: 'OOM' }),
      // No command that blocks, whose series are not there then.
      counter('redis_command_duration_seconds_count', 100, { client: 'cache', command_class: 'string' }),
    ],
    trueAfter: TWO_SAMPLES,
  },
  RedisLatencyHigh: {
    at: (p99) => histogram('redis_command_duration_seconds', 0.99, p99, { client: 'cache', command_class: 'read' }),
    labels: { command_class: 'read' },
    trueAfter: TWO_SAMPLES,
  },

  PostgresDown: {
    at: (up) => [gauge('pg_up', up)],
    ill: { critical: 0 },
    well: { critical: 1 },
  },
  PostgresConnectionsNearlyUsed: {
    // Of a hundred three are for superusers.
    at: (share) => [
      gauge('pg_stat_activity_count', 97 * share - 5, { datname: 'a', state: 'active', server: 'a:5432' }),
      gauge('pg_stat_activity_count', 5, { datname: 'b', state: 'idle', server: 'a:5432' }),
      gauge('pg_settings_max_connections', 100, { server: 'a:5432' }),
      gauge('pg_settings_superuser_reserved_connections', 3, { server: 'a:5432' }),
    ],
    labels: { server: 'a:5432' },
  },
  RedisDown: {
    at: (up) => [gauge('redis_up', up)],
    ill: { critical: 0 },
    well: { critical: 1 },
  },
  RedisMemoryNearlyFull: {
    at: (share) => redisMemory(1e9 * share, 1e9, 'noeviction'),
    others: {
      ill: [redisMemory(1e9, 1e9, 'volatile-lru')],
      // A cache is full by design, and what has no limit has no share of it.
      well: [redisMemory(1e9, 1e9, 'allkeys-lru'), redisMemory(1e9, 0, 'noeviction')],
    },
  },
  DiskNearlyFull: {
    at: (share) => disk(1e12 * share),
    others: { well: [disk(0, { fstype: 'tmpfs' }), disk(0, { fstype: 'fuse.lxcfs' }), disk(0, {}, 1)] },
    labels: ON_DISK,
  },
  // Of 199 GB a day takes 216 of the ill one. Of the other it takes 190, which is too little for longer than the test lasts.
  DiskFullPredicted: {
    series: { ill: disk(199e9, {}, 0, -2.5e6), well: disk(199e9, {}, 0, -2.2e6) },
    others: {
      well: [
        // A fifth is left for longer than the alert may be pending.
        disk(209e9, {}, 0, -2.5e6),
        disk(199e9, { fstype: 'tmpfs' }, 0, -2.5e6),
        disk(199e9, {}, 1, -2.5e6),
        disk(1e9),
      ],
    },
    labels: ON_DISK,
    trueAfter: TWO_SAMPLES,
  },
  HostMemoryNearlyFull: {
    at: (share) => [gauge('node_memory_MemAvailable_bytes', 16e9 * share), gauge('node_memory_MemTotal_bytes', 16e9)],
  },

  ScrapeFailing: { series: { ill: [gauge('up', 0)], well: [gauge('up', 1)] } },
  ExporterRestarted: { at: (rate) => [counter('nanotally_exporter_restarts_total', rate)], trueAfter: TWO_SAMPLES },
  ExporterConnectionsDropped: {
    at: (rate) => [counter('nanotally_exporter_dropped_connections_total', rate, { reason: 'too_many' })],
    labels: { reason: 'too_many' },
    trueAfter: FIVE_MINUTES,
  },
  // promtool's clock begins at the epoch; the time that passes in a test is left out of what is left.
  ExporterCertificateExpiring: {
    at: (days) => [gauge('nanotally_exporter_certificate_expiry_seconds', days * 86_400, { file: 'cert.pem' })],
  },
  RecordsRejected: {
    at: (rate) => [counter('nanotally_rejected_total', rate, { metric: 'jobs_total', reason: 'value' })],
    labels: { metric: 'jobs_total', reason: 'value' },
    trueAfter: TWO_SAMPLES,
  },
  SeriesOverflowed: {
    at: (rate) => [counter('nanotally_overflowed_total', rate, { metric: 'jobs_total' })],
    labels: { metric: 'jobs_total' },
    trueAfter: TWO_SAMPLES,
  },
  CardinalityHigh: { at: (series) => [gauge('nanotally_series', series, { state: 'live' })] },
  MetricsCollectStale: {
    at: (age) => [
      gauge('nanotally_collect_age_seconds', age, { thread: 'worker-1' }),
      gauge('nanotally_collect_age_seconds', 1, { thread: 'main' }),
    ],
    labels: { thread: 'worker-1' },
  },
  MetricsExportSlow: {
    at: (milliseconds) => [
      counter('nanotally_render_seconds_total', milliseconds / 1000),
      counter('nanotally_renders_total', 1),
    ],
    trueAfter: TWO_SAMPLES,
  },
  AlertNotificationsFailing: {
    at: (share) => [
      counter('alerting_notifications_total', 10 * share, { dispatcher: 'pager', outcome: 'failed' }),
      counter('alerting_notifications_total', 10 * (1 - share), { dispatcher: 'pager', outcome: 'delivered' }),
    ],
    labels: { dispatcher: 'pager' },
    trueAfter: TWO_SAMPLES,
  },
  AlertsRefused: {
    at: (times) => [
      counter('alerting_refusals_total', times / FIVE_MINUTES, { source: 'alertmanager', reason: 'unauthenticated' }),
    ],
    labels: { source: 'alertmanager', reason: 'unauthenticated' },
    // Of any at all it is true with the second sample.
    trueAfter: { warning: TWO_SAMPLES, critical: FIVE_MINUTES },
  },
}
