// The families of the reliability catalog, as data.
import type { CatalogFamilies } from '../shared/catalog.js'

/** Classes of a share that something is degraded at: what is above one, up to the next. */
export const THRESHOLD_CLASSES = [
  '0.1',
  '0.2',
  '0.3',
  '0.4',
  '0.5',
  '0.6',
  '0.7',
  '0.8',
  '0.9',
  '1',
  'above_1',
] as const
export type ThresholdClass = (typeof THRESHOLD_CLASSES)[number]

/** Boundaries around the 5 ms that a check may take, in milliseconds. */
const CHECK_BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000]

export const FAMILIES = {
  healthCheckDuration: {
    name: 'engram_health_check_duration_ms',
    type: 'histogram',
    help: 'Time that a run of a health check took, in milliseconds.',
    labels: ['component'],
    buckets: CHECK_BUCKETS,
    // The median: of the few runs of a check, a single one that waited for its processor would be any higher quantile.
    query: 'histogram_quantile(0.5, sum by (le, component) (rate(engram_health_check_duration_ms_bucket[5m])))',
    queryUnit: 'milliseconds',
    expected: [0.01, 5],
    warning: { above: 5, forSeconds: 120 },
    source: 'health.report(), each run of a check once',
    documents: ['003'],
  },
  healthChecks: {
    name: 'engram_health_checks_total',
    type: 'counter',
    help: 'Runs of health checks, and looks at built-in ones, by what came of them.',
    labels: ['component', 'outcome'],
    values: { outcome: ['success', 'failure'] },
    query: 'sum by (component) (rate(engram_health_checks_total[5m]))',
    queryUnit: 'per second',
    expected: [0.01, 10],
    source: 'health.report()',
    documents: ['003'],
  },
  healthCheckSuccessRatio: {
    name: 'engram_health_check_success_ratio',
    type: 'gauge',
    unit: 'ratio',
    help: 'Successes per run of a health check, since recording began.',
    labels: ['component'],
    derived: { of: [{ family: 'healthChecks', where: { outcome: 'success' } }], to: [{ family: 'healthChecks' }] },
    // A check that fails from the start has no success to be counted.
    query:
      '(sum by (component) (rate(engram_health_checks_total{outcome="success"}[5m])) or 0 * sum by (component) (rate(engram_health_checks_total[5m]))) / sum by (component) (rate(engram_health_checks_total[5m]))',
    queryUnit: 'of all runs',
    expected: [0.99, 1],
    warning: { below: 0.9, forSeconds: 300 },
    source: 'computed from engram_health_checks_total',
    documents: ['003'],
  },
  errorRecovery: {
    name: 'engram_error_recovery_duration_ms',
    type: 'histogram',
    help: 'Time from an error until all was well again, in milliseconds.',
    labels: ['error_type'],
    query: 'histogram_quantile(0.99, sum by (le, error_type) (rate(engram_error_recovery_duration_ms_bucket[5m])))',
    queryUnit: 'milliseconds',
    expected: [0, 5000],
    source: 'whoever recovers',
    documents: ['003'],
  },
  gracefulDegradation: {
    name: 'engram_graceful_degradation_events',
    type: 'counter',
    help: 'Times that the program began to do less, by what made it and the class of share that this was degraded at.',
    labels: ['trigger', 'threshold'],
    values: { threshold: THRESHOLD_CLASSES },
    query: 'sum by (trigger, threshold) (increase(engram_graceful_degradation_events[5m]))',
    queryUnit: 'in 5 minutes',
    expected: [0, 0],
    warning: { above: 0, forSeconds: 60 },
    source: 'whoever degrades',
    documents: ['003'],
  },
  performanceRegression: {
    name: 'engram_performance_regression_detected',
    type: 'gauge',
    help: '1 where measurements show that something is more than 5 % slower than its baseline (Welch test at the 5 % level, one-sided), else 0.',
    labels: ['metric', 'significance'],
    values: { significance: ['5_percent'] },
    aggregate: 'last',
    query: 'max by (metric) (engram_performance_regression_detected{significance="5_percent"})',
    queryUnit: '1 while there is one',
    expected: [0, 0],
    critical: { above: 0 },
    source: 'computed from a baseline and the last measurements',
    documents: ['003'],
  },
} as const satisfies CatalogFamilies
