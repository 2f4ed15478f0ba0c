import { observed } from './least.mjs'
import { inAnHour } from './prediction.mjs'

const SPREADS_END =
  'sum by (job, instance) (rate(engram_spreads_per_second[2m])) > 0 or sum by (job, instance) (rate(engram_spreading_failures[2m])) > 0'

/** @type {import('./build.mjs').FileSource} */
export const spreading = {
  file: 'spreading',
  component: 'spreading',
  about: 'Alerts on activation that spreads through a graph (document 002).',
  groups: [
    {
      name: 'engram_spreading',
      intervalSeconds: 15,
      rules: [
        {
          alert: 'SpreadingLatencyHigh',
          family: 'engram_spreading_latency',
          severity: 'warning',
          subsystem: 'latency',
          summary: 'Spreads are slow',
          description:
            'One in twenty spreads of {{ $labels.instance }} takes {{ $value | humanizeDuration }} or longer',
          least: observed('engram_spreading_latency', 'spreads'),
          measure: 'the 95th percentile of spreading latency over 5 min',
          documents: ['002'],
          differs: 'Document 002 calls it spreading_latency_high and writes p95(), which is no PromQL.',
        },
        {
          alert: 'SpreadingFailures',
          family: 'engram_spreading_failures',
          severity: 'critical',
          subsystem: 'errors',
          summary: 'Spreads fail',
          description: '{{ $value | printf "%.2f" }} spreads of {{ $labels.instance }} fail a second',
          measure: 'spreads that failed, over 5 min',
          documents: ['002'],
          differs:
            'Document 002 calls it spreading_failures and compares each kind of error alone; here all of an instance count together.',
        },
        {
          alert: 'CircuitBreakerOpen',
          family: 'engram_circuit_breaker_state',
          severity: 'critical',
          subsystem: 'reliability',
          summary: 'The circuit breaker of spreading is open',
          description: 'The circuit breaker of {{ $labels.instance }} is open ({{ $value }}): spreads are refused',
          measure: '1 while the circuit breaker is open',
          documents: ['002'],
          differs: 'Document 002 calls it circuit_breaker_open.',
        },
        {
          alert: 'SpreadingStalled',
          expr: `sum by (job, instance) (engram_spreading_concurrent_spreads) > 0\nunless on (job, instance) (${SPREADS_END})`,
          forSeconds: 120,
          severity: 'critical',
          subsystem: 'deadlock',
          summary: 'Spreads are under way and none ends',
          description: '{{ $value }} spreads of {{ $labels.instance }} are under way, and none ended in 2 minutes',
          measure: 'spreads are under way, and within 2 min none succeeded or failed',
          documents: ['000'],
          differs: 'Document 000 asks for the detection of deadlocks and gives no rule.',
        },
      ],
    },
    {
      name: 'engram_spreading_prediction',
      intervalSeconds: 60,
      rules: [
        // A quantile has no series of its own to draw a line through.
        {
          record: 'spreading:latency:p95',
          family: 'engram_spreading_latency',
          measure: 'the 95th percentile of spreading latency over 5 min, in seconds, for the prediction',
          documents: ['002'],
        },
        {
          alert: 'SpreadingLatencyPredicted',
          family: 'engram_spreading_latency',
          level: 'warning',
          expr: (_, limit) => inAnHour('spreading:latency:p95', limit),
          forSeconds: 600,
          severity: 'warning',
          subsystem: 'prediction',
          summary: 'Spreads will be too slow within the hour',
          description:
            'At the pace of the last hour one in twenty spreads of {{ $labels.instance }} will take {{ $value | humanizeDuration }} or longer in an hour',
          measure:
            'the 95th percentile of spreading latency that the line through the last hour comes to in an hour, where three quarters of the limit are passed already',
          documents: ['002'],
          differs: 'Document 002 asks for predictive monitoring and gives no rule.',
        },
      ],
    },
  ],
}
