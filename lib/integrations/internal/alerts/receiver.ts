// A receiver of alerts: what it knows of them, to whom it tells them, and when it escalates. It holds everything in memory.
import type { AlertSource, NotificationOutcome, RefusalReason } from '../../../catalogs/alerting.js'
import { messageOf } from '../thrown.js'
import type { Alert } from './alert.js'
import { type Moment, momentOf } from './clock.js'
import { type AlertNotification, Delivery } from './delivery.js'
import { nextDueIn, stepDue } from './escalation.js'
import { type AlertGroup, AlertGroups, type GroupChange, type OpenGroup } from './groups.js'
import { type ReceiverMetrics, receiverMetrics } from './metrics.js'
import type { ReceiverSettings } from './settings.js'

/** Groups that are over are looked for as often, at least. */
const PRUNE_MS = 60_000

/** What could not be delivered before the receiver was closed. */
export interface Undelivered {
  readonly dispatcher: string
  readonly notification: AlertNotification
}

/** Why alerts are not accepted: all of a payload, or none. */
export type Refusal = Extract<RefusalReason, 'backlog' | 'closed'>

/** The receiver without its HTTP. */
export class ReceiverCore {
  readonly settings: ReceiverSettings
  readonly #recorder: ReceiverMetrics
  readonly #groups: AlertGroups
  readonly #deliveries: readonly Delivery[]
  /** Dispatchers that failed the last time. */
  readonly #failing = new Set<string>()
  #notified = 0
  #timer: { cancel(): void } | undefined
  #closing: Promise<Undelivered[]> | undefined

  /** @throws as `counter()` */
  constructor(settings: ReceiverSettings) {
    this.settings = settings
    this.#recorder = receiverMetrics(settings.registry)
    const { metrics, live } = this.#recorder
    this.#groups = new AlertGroups(settings.groups)
    const events = {
      attempted: this.#attempted,
      retried: metrics.recordRetry,
      delivered: metrics.recordDelivery,
      superseded: metrics.recordSuperseded,
    }
    this.#deliveries = settings.dispatchers.map(
      (dispatcher) => new Delivery(dispatcher, settings.delivery, settings.clock, events),
    )
    // There from the start: the first of them would else be no increase.
    for (const { name } of this.#deliveries) metrics.recordSuperseded(name, 0)
    live.add(this)
  }

  get openGroups(): ReadonlySet<OpenGroup> {
    return this.#groups.open
  }

  get deliveries(): readonly Delivery[] {
    return this.#deliveries
  }

  moment(): Moment {
    return momentOf(this.settings.clock)
  }

  get groups(): AlertGroup[] {
    return [...this.#groups.open].filter(({ isFiring }) => isFiring).map((group) => group.show())
  }

  get pending(): number {
    return this.#deliveries.reduce((sum, { size }) => sum + size, 0)
  }

  refuse(source: AlertSource, reason: RefusalReason): void {
    this.#recorder.metrics.recordRefused(source, reason)
  }

  /** Takes all of these, or none and says why. */
  accept(alerts: readonly Alert[]): Refusal | undefined {
    if (this.#closing !== undefined) return 'closed'
    const moment = this.moment()
    this.#prune(moment)
    const { metrics } = this.#recorder
    // Repeated ones need no room: Alertmanager repeats what fires all the time. Of those that end, one may fire anew behind it.
    const changing = new Set(
      alerts.filter((alert) => !this.#groups.isKnown(alert, moment)).map(({ fingerprint }) => fingerprint),
    )
    const news = alerts.filter(({ fingerprint }) => changing.has(fingerprint))
    if (news.length > 0 && !(this.#groups.hasRoomFor(news) && this.#hasRoomFor(news.length))) return 'backlog'
    const changes = this.#groups.add(news, moment)
    const added = new Set(changes.flatMap((change) => change.alerts))
    for (const alert of alerts) {
      metrics.recordReceived(alert.source, alert.status, alert.severity)
      if (!added.delete(alert)) metrics.recordDeduplicated(alert.source)
    }
    // Those that are left nobody handed in: they have ended without a word.
    this.#tell(changes, added.size)
    this.#escalate(moment)
    return undefined
  }

  /** Delivers what is pending, and hands back what cannot be within the time. Idempotent. */
  close(timeoutMs: number): Promise<Undelivered[]> {
    this.#closing ??= this.#close(timeoutMs)
    return this.#closing
  }

  async #close(timeoutMs: number): Promise<Undelivered[]> {
    this.#timer?.cancel()
    // Not unref'd: what awaits this must not end the process by it.
    let timer: NodeJS.Timeout | undefined
    const tooLong = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, timeoutMs)
    })
    await Promise.race([tooLong, Promise.all(this.#deliveries.map((delivery) => delivery.drain()))])
    clearTimeout(timer)
    this.#recorder.live.delete(this)
    return this.#deliveries.flatMap((delivery) =>
      delivery.stop().map((notification) => ({ dispatcher: delivery.name, notification })),
    )
  }

  /** Why a dispatcher fails is told once, until it has worked again. */
  readonly #attempted = (dispatcher: string, outcome: NotificationOutcome, error: unknown): void => {
    this.#recorder.metrics.recordNotification(dispatcher, outcome)
    if (outcome === 'delivered') this.#failing.delete(dispatcher)
    else if (!this.#failing.has(dispatcher)) {
      this.#failing.add(dispatcher)
      const { timeoutMs } = this.settings.delivery
      const why = outcome === 'timed_out' ? `took longer than ${timeoutMs} ms` : `failed: ${messageOf(error)}`
      const options = { type: 'NanotallyWarning', code: 'NANOTALLY_ALERTS' }
      process.emitWarning(`nanotally’s dispatcher '${dispatcher}' ${why}. It is tried again until it works.`, options)
    }
  }

  #hasRoomFor(alerts: number): boolean {
    return this.#deliveries.every((delivery) => delivery.hasRoomFor(alerts, this.settings.maxPending))
  }

  #prune(moment: Moment): void {
    const changes = this.#groups.prune(moment)
    this.#tell(
      changes,
      changes.reduce((sum, { alerts }) => sum + alerts.length, 0),
    )
  }

  /** Those that have expired are told whoever has room: no more of them than alerts that had fired. */
  #tell(changes: readonly GroupChange[], expired: number): void {
    if (expired > 0) this.#recorder.metrics.recordExpired(expired)
    for (const { group, alerts } of changes) this.#notify('alerts', alerts, group)
  }

  #notify(
    kind: AlertNotification['kind'],
    alerts: readonly Alert[],
    group: OpenGroup,
    names?: readonly string[],
  ): void {
    const id = `${group.id}-${++this.#notified}`
    for (const delivery of this.#deliveries) {
      if (names === undefined || names.includes(delivery.name)) delivery.add(id, kind, alerts, group)
    }
  }

  /** Takes the steps that are due, whoever has room (there are but few for each group), and sets the clock for those that will be. */
  #escalate(moment: Moment): void {
    const { escalation, clock } = this.settings
    for (const group of this.#groups.open) {
      const step = stepDue(group, escalation, moment)
      if (step === undefined) continue
      const firing = group.firing.map(({ alert }) => alert)
      group.level = step.level
      this.#recorder.metrics.recordEscalation(group.severity, step.level)
      this.#notify('escalation', firing, group, step.dispatchers)
    }
    this.#timer?.cancel()
    this.#timer = undefined
    if (this.#groups.open.size === 0) return
    const due = nextDueIn(this.#groups.open, escalation, moment)
    this.#timer = clock.after(Math.min(Math.max(due, 0), PRUNE_MS), () => {
      const then = this.moment()
      this.#prune(then)
      this.#escalate(then)
    })
  }
}
