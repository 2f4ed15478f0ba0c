// The sections of the baselines in docs/operations.md, and what to do about each family in a few words: at a warning, and at the
// critical figure where it has one. The figures are the catalogs', the runbooks those of the alerts.

/**
 * @typedef {object} BaselineSection
 * @property {string} title
 * @property {string} about
 * @property {readonly string[]} catalogs whose families it has; `exporters` are those of alerts/src/exporters.mjs
 * @property {boolean} [all] those without a figure to look at, too
 * @property {Readonly<Record<string, string | readonly [warning: string, critical: string]>>} actions by family; text alone is for
 *   a family with one figure
 */

/** @type {readonly BaselineSection[]} */
export const sections = [
  {
    title: 'Streaming',
    about: 'The families of document 001, and the capacity that it compares with.',
    catalogs: ['streaming'],
    all: true,
    actions: {
      engram_streaming_observations_total: 'see whether clients send; then whether queues are full',
      engram_streaming_observations_rejected_total: 'by reason: lower the load, or tell who sends what is invalid',
      engram_streaming_backpressure_activations_total: 'the load is at a threshold: add workers, or lower it',
      engram_streaming_batch_failures_total: 'the index refuses: check and repair it; what is refused is lost',
      engram_streaming_work_stolen_total: 'spread contexts over more workers',
      engram_streaming_queue_depth: [
        'find out whether load or workers changed; add workers',
        'lower the load now: rejections are next',
      ],
      engram_streaming_worker_utilization: 'look for hot contexts, and for a worker that hangs',
      engram_streaming_backpressure_state: 'add workers; tell clients to heed it',
      engram_streaming_queue_memory_bytes: 'check the configured capacity and the size of observations',
      engram_streaming_observation_latency_seconds: 'waiting or storing? compare with the wait in the queue',
      engram_streaming_recall_latency_seconds: 'look at spreading, then at CPU',
    },
  },
  {
    title: 'Spreading',
    about: 'The families of document 002.',
    catalogs: ['spreading'],
    all: true,
    actions: {
      engram_spreading_latency: 'look at tiers, hops and CPU, in this order',
      engram_spreading_failures: 'by kind of error; stop what was deployed last',
    },
  },
  {
    title: 'Cognitive',
    about: 'The families of document 003 about cognition.',
    catalogs: ['cognitive', 'graph'],
    all: true,
    actions: {
      engram_cls_hippocampal_weight_ratio: 'see which system is not asked, and whether replay runs',
      engram_false_memory_generation_rate: 'raise the threshold of plausibility; look at what was learned last',
      engram_consolidation_transition_duration_ms: 'replay stands still: see whether workers find time for it',
      engram_graph_edge_compression_ratio: 'the encoding costs memory: look at what is encoded',
    },
  },
  {
    title: 'Allocation',
    about: 'The families of document 000.',
    catalogs: ['allocation'],
    all: true,
    actions: {
      allocation_failures_total: 'see whether columns or memory are exhausted',
      allocation_column_utilization_ratio: 'add columns, or let idle ones go',
      allocation_duration: 'look at convergence, then at CPU and collections',
      allocation_convergence_seconds: 'too many columns compete: raise the threshold of taking part',
    },
  },
  {
    title: 'Memory pools and what threads share',
    about: 'Those with a figure to look at.',
    catalogs: ['memory'],
    actions: {
      engram_memory_pool_utilization: 'enlarge the pool, or find what is not given back',
      engram_memory_pool_fragmentation_ratio: 'compact or rebuild at a quiet hour',
      engram_zero_allocation_violations: 'enlarge that component’s pool; latencies there are no longer bounded',
      engram_cache_aligned_allocations_percent: 'find what allocates beside the pools',
      engram_lock_free_contentions_total: 'fewer threads on that structure, or more of it',
      engram_atomic_operation_contention: 'fewer threads on that variable; see whether they run on other nodes',
    },
  },
  {
    title: 'Hardware and NUMA',
    about:
      'Those with a figure to look at. What begins with `perf_` needs hardware counters, which most virtual machines lack.',
    catalogs: ['hardware', 'numa'],
    actions: {
      engram_simd_utilization_percent: 'see whether another kernel was chosen after a move or a build',
      engram_cache_hit_ratio: 'look at locality and at what else runs on the machine; throughput falls with it',
      engram_branch_prediction_accuracy: 'compare the input and the build with those before',
      perf_events_total: 'memory or prediction: see L1 hits and branches',
      perf_multiplexing_ratio: 'ask for fewer events at once',
      perf_event_available: 'read the reasons in its label `reason`',
      perf_socket_link_bytes_total: 'bring threads to their memory; see remote accesses',
      perf_cache_hit_ratio: 'as engram_cache_hit_ratio',
      perf_branch_accuracy_ratio: 'as engram_branch_prediction_accuracy',
      perf_region_multiplexing_ratio: 'ask for fewer events at once',
      perf_region_branch_accuracy_ratio: 'look at that region’s input and build',
      perf_region_l1d_hit_ratio: 'look at how that region’s data lie',
      hardware_branch_accuracy_ratio: 'as engram_branch_prediction_accuracy',
      hardware_numa_local_ratio: 'pin threads to the node of their memory',
      engram_numa_remote_access_ratio: 'pin threads to the node of their memory',
      engram_numa_node_imbalance_ratio: 'spread allocations; the full node swaps or fails first',
      numa_thread_samples_total: 'pin threads: the kernel moves them',
      numa_imbalance_ratio: 'draw the nodes, on that machine: `npx nanotally numa`; see what fills one',
      numa_node_memory_bytes: 'free memory there, or start elsewhere',
      numa_node_allocations_total: 'as engram_numa_remote_access_ratio, for all processes',
    },
  },
  {
    title: 'Runtime',
    about: 'The process, its threads and what is around it: those with a figure to look at.',
    catalogs: ['runtime'],
    actions: {
      nodejs_eventloop_stall_seconds: [
        'find the callback that holds it: the live page names the thread',
        'restart the process, if it does not end by itself',
      ],
      nodejs_active_resources_total: 'look for timers and sockets that are not closed',
      nodejs_eventloop_active_seconds_total: 'the thread is the limit: move work to workers',
      nodejs_eventloop_delay_seconds: [
        'split long callbacks; look at collections',
        'take load away from this instance',
      ],
      nodejs_eventloop_idle_seconds_total: 'the thread is the limit: move work to workers',
      nodejs_eventloop_lag_max_seconds: 'one long callback a minute: find its timer',
      nodejs_eventloop_lag_mean_seconds: 'all turns are long: less work on this thread',
      nodejs_eventloop_lag_p50_seconds: 'most turns are long: less work on this thread',
      nodejs_eventloop_lag_p90_seconds: 'split long callbacks',
      nodejs_eventloop_lag_p99_seconds: ['split long callbacks', 'take load away from this instance'],
      nodejs_eventloop_lag_seconds: 'see nodejs_eventloop_stall_seconds',
      nodejs_eventloop_utilization_ratio: 'the thread is the limit: move work to workers',
      nodejs_gc_duration_seconds: 'look at the heap’s limit and at what allocates',
      nodejs_heap_size_used_bytes: [
        'look for what grows; raise the limit for a while',
        'restart at a moment of your choice: else it ends itself',
      ],
      nodejs_threadpool_queue_wait_seconds: 'see what keeps it busy: files, DNS, crypto, zlib',
      nodejs_threadpool_waiting_seconds: [
        'see what keeps it busy: files, DNS, crypto, zlib',
        'something in it hangs: a file system or a name server, mostly',
      ],
      process_allocator_bytes: 'fragmented native memory: another malloc, or a restart',
      process_open_fds: ['find what is not closed', 'restart: new connections and files fail next'],
      process_swap_bytes: 'free memory on the machine',
      process_threads: 'find what starts threads and does not end them',
      process_network_receive_drops_total: 'see whether the process has CPU to read',
      process_network_receive_errors_total: 'the interface or its driver',
      process_network_tcp_retransmitted_segments_total:
        'the way to the peers: [connection trouble](#connection-trouble-of-clients)',
      process_network_transmit_drops_total: 'the interface’s queue, or a filter',
      process_network_transmit_errors_total: 'the interface or its driver',
      process_cgroup_cpu_seconds_total: 'raise the quota',
      process_cgroup_cpu_throttled_periods_total: 'raise the quota, or run fewer threads',
      process_cgroup_cpu_throttled_seconds_total: 'raise the quota, or run fewer threads',
      process_cgroup_memory_events_total: 'something was killed: see what, raise the limit',
      process_cgroup_memory_working_set_bytes: ['raise the limit, or hold less', 'restart before the kernel does'],
      process_cgroup_pids: 'raise the limit, or start fewer threads',
      process_pressure_ratio: ['memory is short: see who takes it', 'stop what can be stopped on the machine'],
      process_pressure_stalled_seconds_total: 'by resource: CPU, memory or I/O is short',
      thread_cpu_seconds_total: 'that thread is the limit: share its work',
      thread_run_queue_wait_seconds_total: 'too few CPUs, a quota, or neighbours',
    },
  },
  {
    title: 'Health and reliability',
    about: 'Those with a figure to look at.',
    catalogs: ['reliability'],
    actions: {
      engram_health_check_duration_ms: 'the check’s subject is slow, or the machine',
      engram_health_check_success_ratio: 'read the check’s message at /health',
      engram_graceful_degradation_events: 'see what triggered it, and who is served less',
      engram_performance_regression_detected: 'compare with the release before; go back to it',
    },
  },
  {
    title: 'nanotally itself',
    about: 'Those with a figure to look at.',
    catalogs: ['exporter'],
    actions: {
      engram_metrics_export_duration_ms: 'fewer series, or fewer scrapers',
      nanotally_arena_bytes: 'find the metric with most series: `npx nanotally cardinality`',
      nanotally_render_seconds_total: 'fewer series; the program itself is not held up',
      nanotally_series: 'find the label whose values never end',
      nanotally_overflowed_total: 'raise `maxSeries` of that metric, or take the label away',
      nanotally_rejected_total: 'by metric and reason: mend what records',
      nanotally_collect_age_seconds: 'that thread is blocked, or its callbacks are slow',
      nanotally_record_seconds: 'the machine is slow or busy',
      nanotally_health_check_status: [
        'read its message at /health',
        'the process does not do its work: take it out of rotation',
      ],
      nanotally_health_check_consecutive_failures: 'a dependency is gone',
      nanotally_health_check_duration_seconds: 'a dependency is slow',
      nanotally_exporter_restarts_total: 'read the warning on stderr',
      nanotally_exporter_certificate_expiry_seconds: ['renew it', 'renew it now: scrapes fail when it ends'],
      nanotally_exporter_dropped_connections_total: 'too many readers, or clients that break off',
    },
  },
  {
    title: 'Services',
    about:
      'HTTP, PostgreSQL and Redis as the program sees them. Under OpenTelemetry’s names: [metrics](metrics.md#http-semantic).',
    catalogs: ['http', 'postgres', 'redis'],
    actions: {
      http_requests_total: ['by route: one, or all?', 'go back to the release before, if one was deployed'],
      http_request_duration_seconds: ['by route; then databases and the event loop', 'take load away; add instances'],
      http_requests_in_flight: 'answers are slower than requests come',
      postgres_query_duration_seconds: ['waiting or running? compare with acquiring', 'look for locks at the server'],
      postgres_query_errors_total: ['by SQLSTATE’s class', 'is the server there, and writable?'],
      postgres_pool_connections: [
        'find slow queries and connections that are kept',
        'callers fail next: take load away',
      ],
      postgres_pool_waiting_requests: [
        'find slow queries and connections that are kept',
        'callers fail next: take load away',
      ],
      postgres_pool_acquire_duration_seconds: [
        'find slow queries and connections that are kept',
        'callers fail next: take load away',
      ],
      postgres_pool_acquire_failures_total: ['the pool’s time-out is passed', 'is the server there?'],
      postgres_pool_connections_opened_total: 'connections live too short',
      postgres_pool_connections_closed_total: 'connections live too short, or the server closes them',
      redis_command_duration_seconds: ['large keys, or a slow server', 'is the event loop held?'],
      redis_command_errors_total: ['by kind', 'is the server there, and has it memory?'],
      redis_connections: ['wait for it to connect anew', 'none is ready: server or network'],
      redis_reconnects_total: ['the server’s log, its limit of clients', 'the network'],
      redis_offline_queue_commands: ['wait for the connection', 'they are lost with the process: take load away'],
      redis_pending_commands: 'the server does not keep up',
    },
  },
  {
    title: 'Servers',
    about:
      'The machine, PostgreSQL and Redis themselves, as [their exporters](deploy.md#the-machine-and-the-databases) tell of them. The demo has none.',
    catalogs: ['exporters'],
    actions: {
      node_filesystem_avail_bytes: [
        'delete what can be had again; enlarge it',
        'databases on it end next: make room now',
      ],
      node_memory_MemAvailable_bytes: 'find who has it, before the kernel chooses',
      pg_up: 'its log: a full disk, no memory, a restart',
      pg_stat_activity_count: ['by state: who keeps them', 'end what is idle in a transaction; take load away'],
      redis_up: 'its log; then expect a cold cache',
      redis_memory_used_bytes: 'large keys, keys without an end; else a higher maxmemory',
    },
  },
  {
    title: 'Business',
    about: 'Those with a figure to look at.',
    catalogs: ['business'],
    actions: {
      user_actions_total: ['by action', 'go back to the release before, if one was deployed'],
      onboarding_completed_total: 'find the step where they leave',
      onboarding_abandoned_total: 'find the step where they leave',
      collaboration_conflicts_total: 'edits arrive late: latencies',
      knowledge_extraction_duration_seconds: 'larger documents, or a slow extractor',
      knowledge_extraction_failures_total: ['by reason', 'stop what feeds it'],
      memory_operations_total: ['by operation', 'is the store there?'],
      memory_operation_duration_seconds: ['by operation; then databases', 'take load away'],
    },
  },
  {
    title: 'Alerting',
    about:
      'Our receiver and the watch in the process, where they run. What has no alert here is on [Alert status](panels.md#alert-status).',
    catalogs: ['alerting'],
    actions: {
      alerting_alerts_received_total: 'what fires so often, and why',
      alerting_refusals_total: ['by reason: credentials, size, form', 'alerts do not arrive: tell people by hand'],
      alerting_alerts_firing: 'one cause, mostly: the group that began first',
      alerting_oldest_alert_age_seconds: ['somebody has to take it', 'mend it, or change its limit'],
      alerting_groups_open: 'something that all components share',
      alerting_notifications_total: ['that dispatcher’s service fails', 'tell people by hand'],
      alerting_notification_retries_total: 'a dispatcher’s service begins to fail',
      alerting_notifications_pending: [
        'a dispatcher is slow or down',
        'tell people by hand: a restart would lose what waits',
      ],
      alerting_delivery_duration_seconds: ['a dispatcher is slow or down', 'tell people by hand'],
      alerting_watch_duration_seconds: ['watch fewer catalogs', 'or less often'],
      alerting_watch_lag_seconds: ['its thread gets no CPU', 'its alerts are late'],
      alerting_watch_restarts_total: ['read the warning on stderr', 'nothing is watched in between'],
    },
  },
]
