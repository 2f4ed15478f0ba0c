/** @type {import('./build.mjs').FileSource} */
export const concurrency = {
  file: 'concurrency',
  component: 'concurrency',
  about: 'Alerts on what threads share (document 003).',
  groups: [
    {
      name: 'engram_lock_free_monitoring',
      intervalSeconds: 10,
      rules: [
        {
          alert: 'LockFreeContentionSpike',
          family: 'engram_lock_free_contentions_total',
          frees: ['component'],
          severity: 'critical',
          subsystem: 'concurrency',
          summary: 'Threads contend for a lock-free structure',
          description:
            '{{ $value | humanize }} attempts a second of {{ $labels.operation }} on {{ $labels.exported_component }} of {{ $labels.instance }} fail',
          measure: 'failed attempts on a lock-free structure, over 1 min',
          documents: ['003'],
          differs:
            'Document 003 takes the rate over 30 s, in which a scrape every 15 s leaves one increase, or none. The label component of the series makes way for the one of the alert.',
        },
        {
          alert: 'AtomicOperationContentionHigh',
          family: 'engram_atomic_operation_contention',
          severity: 'warning',
          subsystem: 'atomics',
          summary: 'Atomic operations wait for each other',
          description: '{{ $labels.operation }} of {{ $labels.instance }} takes {{ $value | humanize }} cycles',
          measure: 'cycles of an atomic operation, over 5 min',
          documents: ['003'],
          differs:
            'Document 003 compares the average since the start, which late trouble hardly moves, and of fetch_add only.',
        },
        {
          alert: 'MetricsAggregationLag',
          family: 'engram_streaming_aggregation_lag_ms',
          severity: 'warning',
          subsystem: 'metrics_export',
          summary: 'The aggregation of metrics lags behind',
          description: 'The aggregation of {{ $labels.instance }} is {{ $value | humanize }} ms behind',
          measure: 'how far the aggregation of metrics is behind',
          documents: ['003'],
          differs: 'MetricsCollectStale tells of what can lag in nanotally as it is.',
        },
      ],
    },
  ],
}
