// Thresholds of catalogs that no alert watches, and why. Panels show them, and `watchThresholds` compares them. A test says that
// each threshold is watched or here, and not both. `FAMILY critical` is that one of the two.

/** @type {readonly { why: string, thresholds: readonly string[] }[]} */
export const unwatched = [
  {
    why: 'What a product does is its owner’s to judge: which of these is worth waking somebody differs.',
    thresholds: [
      ...['user_actions_total', 'onboarding_completed_total', 'onboarding_abandoned_total'],
      ...['collaboration_conflicts_total', 'knowledge_extraction_duration_seconds'],
      ...['knowledge_extraction_failures_total', 'memory_operations_total', 'memory_operation_duration_seconds'],
    ],
  },
  {
    why: 'The same requests under OpenTelemetry’s names: a program has one or the other. Whoever chose these copies `HttpErrorRateHigh` and `HttpRequestsPilingUp`.',
    thresholds: ['http_server_request_duration_seconds', 'http_server_active_requests'],
  },
  {
    why: 'The same figures under other names: `BranchPredictionDegradation`, `CacheHitRatioDeterioration`, `NUMARemoteAccessRatioHigh` and `NUMANodeImbalance` tell of kernels. Of a whole process or machine they are no fault by themselves.',
    thresholds: [
      ...['perf_events_total', 'perf_cache_hit_ratio', 'perf_branch_accuracy_ratio'],
      ...['perf_region_branch_accuracy_ratio', 'perf_region_l1d_hit_ratio', 'hardware_branch_accuracy_ratio'],
      ...['hardware_numa_local_ratio', 'numa_thread_samples_total', 'numa_imbalance_ratio'],
      'numa_node_allocations_total',
    ],
  },
  {
    why: 'How well the counters of the processor can be read, which harms their figures only.',
    thresholds: ['perf_multiplexing_ratio', 'perf_event_available', 'perf_region_multiplexing_ratio'],
  },
  {
    why: 'A matter of data and parameters, not of an hour of the night.',
    thresholds: ['allocation_convergence_seconds', 'engram_graph_edge_compression_ratio'],
  },
  {
    why: '`HealthCheckFailing` and `HealthCheckLatencyHigh` tell of checks.',
    thresholds: [
      ...['engram_health_check_success_ratio', 'nanotally_health_check_consecutive_failures'],
      'nanotally_health_check_duration_seconds',
    ],
  },
  {
    why: '`MetricsExportSlow` and `CardinalityHigh` tell of what metrics cost.',
    thresholds: ['engram_metrics_export_duration_ms', 'nanotally_arena_bytes', 'nanotally_record_seconds'],
  },
  {
    why: '`PostgresPoolNearlyExhausted` asks who waits, and `PostgresConnectionsFailing` tells of those who waited in vain; the rest is where to look for causes.',
    thresholds: [
      ...['postgres_pool_waiting_requests', 'postgres_pool_acquire_duration_seconds'],
      ...['postgres_pool_connections_opened_total', 'postgres_pool_connections_closed_total'],
    ],
  },
  {
    why: '`RedisDisconnected` is critical by then: commands wait because nothing is connected.',
    thresholds: ['redis_offline_queue_commands'],
  },
  {
    why: '`RedisReconnecting` warns of connections that break and are back. Where that harms, `RedisErrorRateHigh` or `RedisLatencyHigh` is critical by then.',
    thresholds: ['redis_reconnects_total critical'],
  },
  {
    why: '`EventLoopDelayHigh`, `EventLoopStalled` and `ThreadPoolStalled` tell of loops and the pool once it harms; these are the same in other words, or why.',
    thresholds: [
      ...['nodejs_eventloop_active_seconds_total', 'nodejs_eventloop_idle_seconds_total'],
      ...['nodejs_eventloop_lag_max_seconds', 'nodejs_eventloop_lag_mean_seconds', 'nodejs_eventloop_lag_p50_seconds'],
      ...['nodejs_eventloop_lag_p90_seconds', 'nodejs_eventloop_lag_p99_seconds', 'nodejs_eventloop_lag_seconds'],
      ...['nodejs_eventloop_utilization_ratio', 'nodejs_gc_duration_seconds', 'nodejs_threadpool_queue_wait_seconds'],
      ...['thread_cpu_seconds_total', 'thread_run_queue_wait_seconds_total'],
    ],
  },
  {
    why: '`ContainerMemoryNearlyFull`, `MemoryPressureHigh`, `ContainerCpuThrottled` and `FileDescriptorsNearlyExhausted` tell of resources; these rise with them, or cost little.',
    thresholds: [
      ...['nodejs_active_resources_total', 'process_allocator_bytes', 'process_swap_bytes', 'process_threads'],
      ...['process_cgroup_cpu_seconds_total', 'process_cgroup_cpu_throttled_seconds_total', 'process_cgroup_pids'],
      ...['process_pressure_stalled_seconds_total', 'numa_node_memory_bytes'],
    ],
  },
  {
    why: 'Of the machine’s network, which what watches machines tells of; of a program it shows as latency and errors.',
    thresholds: [
      ...['process_network_receive_drops_total', 'process_network_receive_errors_total'],
      ...['process_network_tcp_retransmitted_segments_total', 'process_network_transmit_drops_total'],
      'process_network_transmit_errors_total',
    ],
  },
  {
    why: 'About alerts that have been told already, or will be: `AlertNotificationsFailing` tells of those that are not.',
    thresholds: [
      ...['alerting_alerts_received_total', 'alerting_alerts_firing', 'alerting_oldest_alert_age_seconds'],
      ...['alerting_groups_open', 'alerting_notification_retries_total', 'alerting_notifications_pending'],
      'alerting_delivery_duration_seconds',
    ],
  },
  {
    why: 'The watch within a process is started again where its thread ends; these rules go on without it.',
    thresholds: ['alerting_watch_duration_seconds', 'alerting_watch_lag_seconds', 'alerting_watch_restarts_total'],
  },
]
