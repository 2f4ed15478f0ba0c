// What an alert is, whoever raised it.
import {
  ALERT_SOURCES,
  ALERT_STATUSES,
  type AlertSource,
  type AlertStatus,
  SEVERITY_CLASSES,
  severityClass,
} from '../../../catalogs/alerting.js'
import { invalidType, invalidValue } from '../options.js'

export type { AlertSource, AlertStatus }

/** An alert of Prometheus' rules or of the watch, with its labels read. A dispatcher must not change it: others hold it, too. */
export interface Alert {
  /** The same for the same labels. */
  readonly fingerprint: string
  /** The label `alertname`. */
  readonly name: string
  /** The label `severity`, `none` without it. */
  readonly severity: string
  /** The label `component`, else `job`, else `unknown`. */
  readonly component: string
  /** The label `subsystem`; `''` without it. */
  readonly subsystem: string
  readonly status: AlertStatus
  readonly startsAt: Date
  /** Undefined while it fires. */
  readonly endsAt: Date | undefined
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  /** The figure: the watch's, or the annotation `value` where that is a number. */
  readonly value: number | undefined
  /** Who raised it: one of `alertmanager` ends by itself when it is not repeated, one of `watch` fires until its end is told. */
  readonly source: AlertSource
}

/** What of an alert is not found in its labels. */
export type AlertRest = Pick<
  Alert,
  'fingerprint' | 'status' | 'startsAt' | 'endsAt' | 'labels' | 'annotations' | 'value' | 'source'
>

/** An alert of its labels. */
export function makeAlert(rest: AlertRest): Alert {
  const { alertname = '', severity = 'none', component, job, subsystem = '' } = rest.labels
  return { ...rest, name: alertname, severity, component: component ?? job ?? 'unknown', subsystem }
}

/** 0 is the gravest. */
export function severityRank(severity: string): number {
  return SEVERITY_CLASSES.indexOf(severityClass(severity))
}

function isDate(value: unknown): boolean {
  return value instanceof Date && !Number.isNaN(value.getTime())
}

/**
 * Alerts that a program hands in, looked at before anything is done with them: copies, as the program may change its own.
 *
 * @throws `ERR_NANOTALLY_INVALID_TYPE`, `ERR_NANOTALLY_INVALID_VALUE`
 */
export function checkAlerts(alerts: readonly Alert[]): Alert[] {
  if (!Array.isArray(alerts)) throw invalidType('alerts', 'an array', alerts)
  // Not map(), which leaves holes out.
  return Array.from(alerts, (alert, i) => checkAlert(`alerts[${i}]`, alert))
}

function checkAlert(part: string, given: Alert): Alert {
  if (typeof given !== 'object' || given === null) throw invalidType(part, 'an alert', given)
  const alert = { ...given }
  for (const key of ['fingerprint', 'name', 'severity', 'component', 'subsystem'] as const) {
    if (typeof alert[key] !== 'string') throw invalidType(`${part}.${key}`, 'a text', alert[key])
  }
  for (const key of ['labels', 'annotations'] as const) {
    if (typeof alert[key] !== 'object' || alert[key] === null) {
      throw invalidType(`${part}.${key}`, 'an object', alert[key])
    }
  }
  const { status, source, startsAt, endsAt, labels, annotations } = alert
  if (!ALERT_STATUSES.includes(status)) throw invalidValue(`${part}.status`, ALERT_STATUSES.join(' or '), status)
  if (!ALERT_SOURCES.includes(source)) throw invalidValue(`${part}.source`, ALERT_SOURCES.join(' or '), source)
  if (!isDate(startsAt)) throw invalidType(`${part}.startsAt`, 'a valid Date', startsAt)
  const isOver = status === 'resolved'
  if (isOver && !isDate(endsAt)) throw invalidType(`${part}.endsAt`, 'a valid Date', endsAt)
  return {
    ...alert,
    labels: { ...labels },
    annotations: { ...annotations },
    startsAt: new Date(startsAt),
    endsAt: isOver ? new Date(endsAt as Date) : undefined,
  }
}
