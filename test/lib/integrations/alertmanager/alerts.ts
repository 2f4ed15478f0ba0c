// Alerts, payloads and time for the tests of the integration alertmanager.
import { Registry } from 'nanotally'
import {
  type Alert,
  type AlertClock,
  type AlertNotification,
  type AlertReceiverOptions,
  alertReceiver,
} from 'nanotally/integrations/alertmanager'
import { onTestFinished } from 'vitest'
import { makeAlert } from '../../../../dist/integrations/internal/alerts/alert.js'
import { ask } from '../../../support/http.js'
import { samplesOf } from '../../../support/registry.js'

/** A moment, in milliseconds since the Unix epoch. */
export const EPOCH = Date.UTC(2026, 0, 1)

/** In milliseconds. */
export const MINUTE = 60_000

export interface AlertLike {
  name?: string
  severity?: string
  component?: string
  status?: 'firing' | 'resolved'
  /** Milliseconds after EPOCH. */
  start?: number
  /** Likewise; a second after its start by default. */
  end?: number
  fingerprint?: string
  source?: Alert['source']
  labels?: Record<string, string>
}

export function alertOf(like: AlertLike = {}): Alert {
  const { name = 'QueueFull', severity = 'critical', component = 'store', status = 'firing', start = 0 } = like
  const { end = start + 1000, source = 'alertmanager' } = like
  return makeAlert({
    fingerprint: like.fingerprint ?? `${component}/${name}`,
    status,
    startsAt: new Date(EPOCH + start),
    endsAt: status === 'firing' ? undefined : new Date(EPOCH + end),
    labels: { alertname: name, severity, component, ...like.labels },
    annotations: {},
    value: undefined,
    source,
  })
}

/** As Alertmanager sends it. */
export function payloadOf(alerts: readonly Alert[]) {
  return {
    version: '4',
    groupKey: '{}:{}',
    truncatedAlerts: 0,
    status: 'firing',
    receiver: 'webhook',
    groupLabels: {},
    commonLabels: {},
    commonAnnotations: {},
    externalURL: 'http://localhost:9093',
    alerts: alerts.map(({ fingerprint, status, startsAt, endsAt, labels, annotations }) => ({
      ...{ fingerprint, status, labels, annotations, startsAt, generatorURL: '' },
      endsAt: endsAt ?? '0001-01-01T00:00:00Z',
    })),
  }
}

/** The status and the body of the answer. */
export async function post(
  url: string,
  payload: unknown,
  headers: Record<string, string> = { 'content-type': 'application/json' },
): Promise<string> {
  const body = typeof payload === 'string' ? payload : JSON.stringify(payload)
  const answer = await ask(url, { method: 'POST', headers, body })
  return `${answer.status} ${answer.body.toString().trim()}`
}

export const namesOf = ({ alerts }: Pick<AlertNotification, 'alerts'>) => alerts.map(({ name }) => name)

export async function refusals(registry: Registry): Promise<Record<string, number>> {
  const samples = await samplesOf(registry, 'alerting_refusals_total')
  return Object.fromEntries(Object.entries(samples).map(([labels, value]) => [JSON.parse(labels).reason, value]))
}

/** Time that stands still until it is moved. */
export class TestClock implements AlertClock {
  #now = EPOCH
  #elapsed = 0
  readonly #timers = new Set<{ at: number; then: () => void }>()

  now(): number {
    return this.#now
  }

  elapsed(): number {
    return this.#elapsed
  }

  /** As somebody does who puts a clock right. */
  set(now: number): void {
    this.#now = now
  }

  after(ms: number, then: () => void) {
    const timer = { at: this.#elapsed + ms, then }
    this.#timers.add(timer)
    return { cancel: () => void this.#timers.delete(timer) }
  }

  /** Runs what is due meanwhile in its order, each with what follows from it. */
  async move(ms: number): Promise<void> {
    const end = this.#elapsed + ms
    for (;;) {
      await settled()
      const [next] = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)
      if (next === undefined) break
      this.#timers.delete(next)
      this.#pass(Math.max(next.at - this.#elapsed, 0))
      next.then()
    }
    this.#pass(end - this.#elapsed)
    await settled()
  }

  #pass(ms: number): void {
    this.#now += ms
    this.#elapsed += ms
  }
}

/** What promises have yet to do is done. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** A receiver with a clock of the test’s, and what it tells. */
export function openReceiver(options: Partial<AlertReceiverOptions> = {}) {
  const registry = new Registry()
  const clock = new TestClock()
  const told: AlertNotification[] = []
  const dispatchers = [{ name: 'test', dispatch: (one: AlertNotification) => void told.push(one) }]
  const receiver = alertReceiver({ registry, clock, dispatchers, escalation: [], ...options })
  onTestFinished(async () => void (await receiver.close(0)))
  return { registry, clock, told, receiver }
}

/** A notification in a line. */
export const described = ({ kind, alerts, group }: AlertNotification) =>
  `${kind} ${group.level} ${group.status}: ${alerts.map(({ name, status }) => `${name} ${status}`).join(', ')}`
