import { twoLevels } from './levels.mjs'

/** @type {import('./build.mjs').FileSource} */
export const reliability = {
  file: 'reliability',
  component: 'reliability',
  about: 'Alerts on health, regressions and degradation (document 003).',
  groups: [
    {
      name: 'engram_systems_health',
      intervalSeconds: 60,
      rules: [
        {
          alert: 'HealthCheckLatencyHigh',
          family: 'engram_health_check_duration_ms',
          frees: ['component'],
          severity: 'warning',
          subsystem: 'health_monitoring',
          summary: 'A health check is slow',
          description:
            'Every second run of the check {{ $labels.exported_component }} of {{ $labels.instance }} takes {{ $value | humanize }} ms or longer',
          measure: 'the median of the time of a health check over 5 min',
          documents: ['003'],
          differs:
            'Document 003 compares the histogram itself, which has no sample of that name, and of cache_coherence only. A check runs seldom: of the few runs of 5 min a single one that waited for its processor would decide a higher quantile. The label component of the series makes way for the one of the alert.',
        },
        {
          alert: 'PerformanceRegressionDetected',
          family: 'engram_performance_regression_detected',
          severity: 'critical',
          subsystem: 'performance_monitoring',
          summary: 'Something is slower than its baseline',
          description:
            '{{ $labels.metric }} of {{ $labels.instance }} is more than 5 % slower than its baseline, with significance ({{ $value }})',
          measure: '1 while a measurement is slower than its baseline',
          documents: ['003'],
        },
        {
          alert: 'GracefulDegradationActivated',
          family: 'engram_graceful_degradation_events',
          firstIncrease: true,
          severity: 'warning',
          subsystem: 'reliability',
          summary: 'The program does less than it could',
          description:
            '{{ $labels.instance }} degraded {{ $value | humanize }} times within 5 minutes for {{ $labels.trigger }}, at {{ $labels.threshold }}',
          measure: 'times that the program began to do less, over 5 min',
          documents: ['003'],
          differs:
            'A rate of a counter that appears with its first event is 0 until the second one: a new series counts as an increase, too.',
        },
      ],
    },
    {
      name: 'nanotally_health',
      intervalSeconds: 15,
      rules: twoLevels(
        {
          alert: 'HealthCheckFailing',
          family: 'nanotally_health_check_status',
          subsystem: 'health_monitoring',
          summary: 'A health check is degraded',
          description:
            'The health check {{ $labels.check }} of {{ $labels.instance }} is at {{ $value }} (1 well, 0.5 degraded, 0 failed)',
          measure: 'the status of a health check (1 well, 0.5 degraded, 0 failed)',
          documents: ['002'],
          differs:
            'Document 002 asks that health checks detect failures within 30 seconds, and gives no rule. They do: with their defaults 15 to 20 s after a dependency is gone `/readyz` answers 503, and so load balancers know. The alert waits, as a process that starts is unhealthy until its checks have run, and what has never worked is unhealthy at once: after a restart in which a database answers with the third scrape nobody has to get up.',
        },
        { summary: 'A health check fails' },
      ),
    },
  ],
}
