// The alerting catalog: what became of alerts on their way to people, and what the watch of thresholds costs. Planning document
// 004. The integration alertmanager records it.
import {
  type Catalog,
  type CatalogFamilies,
  type CatalogOptions,
  defineFamilies,
  type Instruments,
} from './shared/catalog.js'

/** Where alerts come from. */
export const ALERT_SOURCES = ['alertmanager', 'watch'] as const
export type AlertSource = (typeof ALERT_SOURCES)[number]

export const ALERT_STATUSES = ['firing', 'resolved'] as const
export type AlertStatus = (typeof ALERT_STATUSES)[number]

/** The severities that are told apart, the gravest first. Any other is `other`. */
export const SEVERITY_CLASSES = ['critical', 'warning', 'info', 'other'] as const
export type SeverityClass = (typeof SEVERITY_CLASSES)[number]

/** Why a payload, or an alert of the watch, was refused; of one that is `truncated`, what was in it was taken. */
export const REFUSAL_REASONS = [
  'path',
  'unauthenticated',
  'method',
  'content_type',
  'oversized',
  'malformed',
  'consumed',
  'aborted',
  'busy',
  'backlog',
  'closed',
  'truncated',
  'failed',
] as const
export type RefusalReason = (typeof REFUSAL_REASONS)[number]

/** What became of an attempt to notify. */
export const NOTIFICATION_OUTCOMES = ['delivered', 'failed', 'timed_out'] as const
export type NotificationOutcome = (typeof NOTIFICATION_OUTCOMES)[number]

/** What became of an evaluation of a threshold. */
export const EVALUATION_OUTCOMES = ['evaluated', 'no_data', 'warming', 'overflow', 'ambiguous'] as const
export type EvaluationOutcome = (typeof EVALUATION_OUTCOMES)[number]

const RECEIVER = 'the integration alertmanager'
const WATCH = 'the integration alertmanager, in the thread of watchThresholds()'

const FAMILIES = {
  received: {
    name: 'alerting_alerts_received_total',
    type: 'counter',
    help: 'Alerts that were accepted, repeated ones too.',
    labels: ['source', 'status', 'severity'],
    values: { source: ALERT_SOURCES, status: ALERT_STATUSES, severity: SEVERITY_CLASSES },
    query: 'sum by (severity) (rate(alerting_alerts_received_total{status="firing"}[5m]))',
    queryUnit: 'per second',
    expected: [0, 0.1],
    warning: { above: 1, forSeconds: 300 },
    source: `${RECEIVER}, for each alert of a payload that is accepted`,
    documents: ['004'],
  },
  refused: {
    name: 'alerting_refusals_total',
    type: 'counter',
    help: 'Payloads, and alerts of the watch, that were refused, or that something was missing of.',
    labels: ['source', 'reason'],
    values: { source: ALERT_SOURCES, reason: REFUSAL_REASONS },
    query: 'sum by (source, reason) (increase(alerting_refusals_total[5m]))',
    queryUnit: 'in 5 minutes',
    expected: [0, 0],
    warning: { above: 0 },
    critical: { above: 30, forSeconds: 120 },
    source: `${RECEIVER}, with each answer other than 200, and where Alertmanager left alerts out`,
    documents: ['004'],
  },
  deduplicated: {
    name: 'alerting_alerts_deduplicated_total',
    type: 'counter',
    help: 'Alerts that told what was known already.',
    labels: ['source'],
    values: { source: ALERT_SOURCES },
    query: 'sum(rate(alerting_alerts_deduplicated_total[5m])) / sum(rate(alerting_alerts_received_total[5m]))',
    queryUnit: 'of all alerts',
    expected: [0, 1],
    source: `${RECEIVER}, for each alert that repeats what was told, or comes late`,
    documents: ['004'],
  },
  firing: {
    name: 'alerting_alerts_firing',
    type: 'gauge',
    help: 'Alerts that fire.',
    labels: ['severity'],
    values: { severity: SEVERITY_CLASSES },
    aggregate: 'sum',
    onExit: 'drop',
    query: 'sum by (severity) (alerting_alerts_firing)',
    expected: [0, 10],
    warning: { above: 50, forSeconds: 300 },
    source: `${RECEIVER}, at each scrape`,
    documents: ['004'],
  },
  oldestAge: {
    name: 'alerting_oldest_alert_age_seconds',
    type: 'gauge',
    unit: 'seconds',
    help: 'How long the oldest of the alerts that fire has fired; absent where none does.',
    labels: ['severity'],
    values: { severity: SEVERITY_CLASSES },
    aggregate: 'max',
    onExit: 'drop',
    query: 'max by (severity) (alerting_oldest_alert_age_seconds)',
    expected: [0, 3600],
    warning: { above: 14_400 },
    critical: { above: 86_400 },
    source: `${RECEIVER}, at each scrape`,
    documents: ['004'],
  },
  groups: {
    name: 'alerting_groups_open',
    type: 'gauge',
    help: 'Groups of related alerts of which some fire.',
    labels: ['severity'],
    values: { severity: SEVERITY_CLASSES },
    aggregate: 'sum',
    onExit: 'drop',
    query: 'sum(alerting_groups_open)',
    expected: [0, 5],
    warning: { above: 20, forSeconds: 300 },
    source: `${RECEIVER}, at each scrape, by the gravest of a group’s alerts`,
    documents: ['004'],
  },
  escalations: {
    name: 'alerting_escalations_total',
    type: 'counter',
    help: 'Groups that were escalated to a level, as they were grave and had fired for long enough.',
    labels: ['severity', 'level'],
    values: { severity: SEVERITY_CLASSES },
    query: 'sum by (level) (increase(alerting_escalations_total[1h]))',
    queryUnit: 'in an hour',
    expected: [0, 1],
    source: `${RECEIVER}, by the policy that it was given`,
    documents: ['004'],
  },
  notifications: {
    name: 'alerting_notifications_total',
    type: 'counter',
    help: 'Attempts to notify, by what became of them.',
    labels: ['dispatcher', 'outcome'],
    values: { outcome: NOTIFICATION_OUTCOMES },
    query:
      'sum by (dispatcher) (rate(alerting_notifications_total{outcome!="delivered"}[5m])) / sum by (dispatcher) (rate(alerting_notifications_total[5m]))',
    queryUnit: 'of all attempts',
    expected: [0, 0.01],
    warning: { above: 0.1, forSeconds: 120 },
    critical: { above: 0.5, forSeconds: 120 },
    source: `${RECEIVER}, when a dispatcher’s promise settles or its time is up`,
    documents: ['004'],
  },
  retries: {
    name: 'alerting_notification_retries_total',
    type: 'counter',
    help: 'Attempts to notify that followed one that had failed.',
    labels: ['dispatcher'],
    query: 'sum by (dispatcher) (increase(alerting_notification_retries_total[5m]))',
    queryUnit: 'in 5 minutes',
    expected: [0, 1],
    warning: { above: 10 },
    source: RECEIVER,
    documents: ['004'],
  },
  pending: {
    name: 'alerting_notifications_pending',
    type: 'gauge',
    help: 'Notifications that are not delivered yet.',
    labels: ['dispatcher'],
    aggregate: 'sum',
    onExit: 'drop',
    query: 'sum by (dispatcher) (alerting_notifications_pending)',
    expected: [0, 5],
    warning: { above: 100, forSeconds: 60 },
    critical: { above: 1000, forSeconds: 60 },
    source: `${RECEIVER}, at each scrape`,
    documents: ['004'],
  },
  superseded: {
    name: 'alerting_alerts_superseded_total',
    type: 'counter',
    help: 'Alerts that a dispatcher will not be told of, as its queue was full and later tidings of the same alerts wait.',
    labels: ['dispatcher'],
    query: 'sum by (dispatcher) (increase(alerting_alerts_superseded_total[1h]))',
    queryUnit: 'in an hour',
    expected: [0, 0],
    source: `${RECEIVER}, when more would wait than maxPending`,
    documents: ['004'],
  },
  expired: {
    name: 'alerting_alerts_expired_total',
    type: 'counter',
    help: 'Alerts that were told as resolved though Alertmanager had not said so: not repeated for too long, or begun anew.',
    query: 'sum(increase(alerting_alerts_expired_total[1h]))',
    queryUnit: 'in an hour',
    expected: [0, 0],
    source: `${RECEIVER}, after expireMs, and where Alertmanager does not tell ends (send_resolved)`,
    documents: ['004'],
  },
  deliveryDuration: {
    name: 'alerting_delivery_duration_seconds',
    type: 'histogram',
    unit: 'seconds',
    help: 'From when alerts were accepted until a dispatcher had them, retries among it.',
    labels: ['dispatcher'],
    query: 'histogram_quantile(0.99, sum by (le, dispatcher) (rate(alerting_delivery_duration_seconds_bucket[5m])))',
    expected: [0, 1],
    warning: { above: 10, forSeconds: 60 },
    critical: { above: 60, forSeconds: 60 },
    source: `${RECEIVER}, when a notification is delivered`,
    documents: ['004'],
  },
  watchEvaluations: {
    name: 'alerting_watch_evaluations_total',
    type: 'counter',
    help: 'Evaluations of thresholds, by whether there was something to evaluate.',
    labels: ['outcome'],
    values: { outcome: EVALUATION_OUTCOMES },
    query: 'sum(rate(alerting_watch_evaluations_total[1m]))',
    queryUnit: 'per second',
    expected: [0, 2000],
    source: WATCH,
    documents: ['003'],
  },
  watchViolations: {
    name: 'alerting_watch_violations_total',
    type: 'counter',
    help: 'Evaluations that found series past a threshold, each time anew.',
    labels: ['catalog', 'severity'],
    values: { severity: SEVERITY_CLASSES },
    query: 'sum by (severity) (rate(alerting_watch_violations_total[1m]))',
    queryUnit: 'per second',
    expected: [0, 0],
    source: WATCH,
    documents: ['003'],
  },
  watchDuration: {
    name: 'alerting_watch_duration_seconds',
    type: 'histogram',
    unit: 'seconds',
    help: 'Time to render, read and evaluate all that is watched, once.',
    query: 'histogram_quantile(0.99, sum by (le) (rate(alerting_watch_duration_seconds_bucket[5m])))',
    expected: [0, 0.02],
    warning: { above: 0.1, forSeconds: 60 },
    critical: { above: 0.25, forSeconds: 60 },
    source: WATCH,
    documents: ['003'],
  },
  watchLag: {
    name: 'alerting_watch_lag_seconds',
    type: 'histogram',
    unit: 'seconds',
    help: 'How late an evaluation began.',
    query: 'histogram_quantile(0.99, sum by (le) (rate(alerting_watch_lag_seconds_bucket[5m])))',
    expected: [0, 0.02],
    warning: { above: 0.25, forSeconds: 60 },
    critical: { above: 1, forSeconds: 60 },
    source: WATCH,
    documents: ['003'],
  },
  watchSeries: {
    name: 'alerting_watch_series',
    type: 'gauge',
    help: 'Series whose past is kept, as rates are computed from it.',
    aggregate: 'sum',
    onExit: 'drop',
    query: 'sum(alerting_watch_series)',
    expected: [0, 10_000],
    source: WATCH,
    documents: ['003'],
  },
  watchRestarts: {
    name: 'alerting_watch_restarts_total',
    type: 'counter',
    help: 'Times that the thread of a watch had ended and was started again.',
    query: 'sum(increase(alerting_watch_restarts_total[15m]))',
    queryUnit: 'in 15 minutes',
    expected: [0, 0],
    warning: { above: 0 },
    critical: { above: 3 },
    source: `${RECEIVER}, by watchThresholds()`,
    documents: ['003'],
  },
} as const satisfies CatalogFamilies

/** The catalog as data. */
export const alerting: Catalog = {
  name: 'alerting',
  about:
    'Alerts on their way to people: received, grouped, escalated, delivered; and the watch of thresholds in the process.',
  families: FAMILIES,
}

/** Alerting metrics of a registry. Its functions never throw: what cannot be recorded is dropped and counted. */
export interface AlertingMetrics extends Instruments<typeof FAMILIES> {
  /** @param severity - as the alert has it: enters by its class */
  recordReceived(source: AlertSource, status: AlertStatus, severity: string): void
  recordRefused(source: AlertSource, reason: RefusalReason): void
  recordDeduplicated(source: AlertSource): void
  recordEscalation(severity: string, level: number): void
  recordNotification(dispatcher: string, outcome: NotificationOutcome): void
  recordRetry(dispatcher: string): void
  recordSuperseded(dispatcher: string, alerts: number): void
  recordExpired(alerts: number): void
  /** Beside `recordNotification`, which counts the attempt. */
  recordDelivery(dispatcher: string, seconds: number): void
}

/** The class of a severity: itself, or `other`. */
export function severityClass(severity: unknown): SeverityClass {
  return SEVERITY_CLASSES.includes(severity as SeverityClass) ? (severity as SeverityClass) : 'other'
}

/**
 * Defines the alerting families in a registry, or finds them there, and returns what records them. The integration
 * alertmanager does that by itself: this is for what receives alerts in another way.
 *
 * @throws as `counter()`
 *
 * @example
 * const metrics = alertingMetrics()
 * metrics.recordReceived('alertmanager', 'firing', 'critical')
 * metrics.recordNotification('pager', 'delivered')
 */
export function alertingMetrics(options: CatalogOptions = {}): AlertingMetrics {
  const families = defineFamilies(FAMILIES, options)
  return {
    ...families,
    recordReceived: (source, status, severity) =>
      families.received.inc({ source, status, severity: severityClass(severity) }),
    recordRefused: (source, reason) => families.refused.inc({ source, reason }),
    recordDeduplicated: (source) => families.deduplicated.inc({ source }),
    recordEscalation: (severity, level) => families.escalations.inc({ severity: severityClass(severity), level }),
    recordNotification: (dispatcher, outcome) => families.notifications.inc({ dispatcher, outcome }),
    recordRetry: (dispatcher) => families.retries.inc({ dispatcher }),
    recordSuperseded: (dispatcher, alerts) => families.superseded.inc({ dispatcher }, alerts),
    recordExpired: (alerts) => families.expired.inc(alerts),
    recordDelivery: (dispatcher, seconds) => families.deliveryDuration.observe({ dispatcher }, seconds),
  }
}
