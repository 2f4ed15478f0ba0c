// Alertmanager's webhook payload, version 4 (prometheus.io/docs/alerting/latest/configuration, "webhook_config"), read into
// alerts: all of it or nothing.
import { type Alert, makeAlert } from './alert.js'

/** The only one there is since Alertmanager 0.4; another one may mean anything. */
const VERSION = '4'

/** Why a payload is none: the part, and what was expected. Nothing of what it holds is repeated. */
export class MalformedPayload extends Error {}

function check(is: boolean, part: string, expected: string): void {
  if (!is) throw new MalformedPayload(`${part}: expected ${expected}`)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function readTexts(part: string, value: unknown): Record<string, string> {
  check(isObject(value), part, 'an object')
  const entries = Object.entries(value as object)
  check(
    entries.every(([, text]) => typeof text === 'string'),
    part,
    'texts',
  )
  // A copy, in which __proto__ is a name like any other.
  return Object.fromEntries(entries)
}

function readTime(part: string, value: unknown): Date {
  const time = new Date(typeof value === 'string' ? value : Number.NaN)
  check(!Number.isNaN(time.getTime()), part, 'a time of RFC 3339')
  return time
}

/** Such as rules write it: `value: '{{ $value }}'`. */
function readValue(text: string | undefined): number | undefined {
  const value = text === undefined || text.trim() === '' ? Number.NaN : Number(text)
  return Number.isNaN(value) ? undefined : value
}

function readAlert(part: string, given: unknown): Alert {
  check(isObject(given), part, 'an object')
  const { fingerprint, status, labels, annotations = {}, startsAt, endsAt } = given as Record<string, unknown>
  check(typeof fingerprint === 'string' && fingerprint !== '', `${part}.fingerprint`, 'a text')
  check(status === 'firing' || status === 'resolved', `${part}.status`, "'firing' or 'resolved'")
  const texts = readTexts(`${part}.annotations`, annotations)
  return makeAlert({
    fingerprint: fingerprint as string,
    status: status as Alert['status'],
    labels: readTexts(`${part}.labels`, labels),
    annotations: texts,
    startsAt: readTime(`${part}.startsAt`, startsAt),
    // While it fires that is the year 1, or when Alertmanager would take it for resolved.
    endsAt: status === 'resolved' ? readTime(`${part}.endsAt`, endsAt) : undefined,
    value: readValue(texts.value),
    source: 'alertmanager',
  })
}

/** What a payload tells. */
export interface Payload {
  readonly alerts: Alert[]
  /** How many alerts Alertmanager left out, by its `max_alerts`. */
  readonly truncated: number
}

/**
 * What a payload tells, as it was parsed from JSON.
 *
 * @throws MalformedPayload
 */
export function readPayload(payload: unknown): Payload {
  check(isObject(payload), 'the payload', 'an object')
  // Before Alertmanager 0.21 nothing was left out.
  const { version, alerts, truncatedAlerts = 0 } = payload as Record<string, unknown>
  check(version === VERSION, 'version', `'${VERSION}'`)
  check(Array.isArray(alerts), 'alerts', 'an array')
  check(Number.isInteger(truncatedAlerts) && (truncatedAlerts as number) >= 0, 'truncatedAlerts', 'a number of alerts')
  return {
    alerts: (alerts as unknown[]).map((alert, i) => readAlert(`alerts[${i}]`, alert)),
    truncated: truncatedAlerts as number,
  }
}
