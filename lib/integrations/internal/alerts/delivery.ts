// Hands notifications to a dispatcher until it has them: tries again, later each time; so many at a time; of each alert one after the
// other, so that nothing is resolved before it fired. What is due when goes by the clock that nobody sets. Each notification waits for
// itself alone once it has failed, and what is due first is first: a dispatcher may fail at one kind of them, such as what is too long
// for it, and that must not hold up the others. So none is a probe for the rest.
import type { NotificationOutcome } from '../../../catalogs/alerting.js'
import type { Alert } from './alert.js'
import type { AlertClock } from './clock.js'
import type { AlertGroup, OpenGroup } from './groups.js'
import { Schedule } from './schedule.js'

/** What a dispatcher is told. */
export interface AlertNotification {
  /** The same at each attempt, so that who is told twice can know: an attempt that seemed to fail may have come through. */
  readonly id: string
  /** `alerts`: some have changed. `escalation`: none has, for too long. */
  readonly kind: 'alerts' | 'escalation'
  /** What is new, the cause first. Of an escalation, all that fire. */
  readonly alerts: readonly Alert[]
  /** As it is at this attempt. */
  readonly group: AlertGroup
  /** 1 for the first. */
  readonly attempt: number
}

/** Who tells people, or systems. */
export interface AlertDispatcher {
  /** A short fixed text, which is a label. */
  readonly name: string
  /**
   * Resolves once it is told. What it rejects with, or throws, has it called again. `signal` tells that its time is up: it is
   * called again then, whatever becomes of this call.
   */
  dispatch(notification: AlertNotification, signal: AbortSignal): Promise<unknown> | unknown
}

export interface DeliverySettings {
  /** Calls of a dispatcher at a time. */
  readonly concurrency: number
  readonly retryFirstMs: number
  readonly retryLongestMs: number
  readonly timeoutMs: number
}

/** What is told of deliveries. */
export interface DeliveryEvents {
  attempted(dispatcher: string, outcome: NotificationOutcome, error: unknown): void
  retried(dispatcher: string): void
  delivered(dispatcher: string, seconds: number): void
  /** So many tidings will not be told, as there are later ones of the same alerts. */
  superseded(dispatcher: string, alerts: number): void
}

/** Of one alert as many tidings wait, at most, once a queue is full: that it has ended, say, and that it fires anew. */
const MOST_OF_ONE = 2
/** Calls that begin in one turn of the event loop: a dispatcher that fails at once would else let nobody have a turn. */
const MOST_OF_A_TURN = 64

interface Pending {
  readonly id: string
  readonly kind: AlertNotification['kind']
  /** Dispatchers are shown copies. */
  alerts: readonly Alert[]
  readonly group: OpenGroup
  readonly order: number
  readonly since: number
  attempts: number
  isRunning: boolean
  /** Under way while later tidings would have had it give way. */
  isLate: boolean
  /** Not before. */
  dueAt: number
  /** For how many of its alerts an older one is told first. */
  behind: number
  /** Those that are behind this, once for each alert. */
  next: Pending[]
}

/** The queue of one dispatcher. It has no bound of its own: who adds to it asks `hasRoomFor()`. */
export class Delivery {
  readonly name: string
  readonly #dispatcher: AlertDispatcher
  readonly #settings: DeliverySettings
  readonly #clock: AlertClock
  readonly #events: DeliveryEvents
  /** The oldest first. */
  readonly #pending = new Set<Pending>()
  /** By the fingerprint of an alert: the newest of its notifications, behind which the next one waits. */
  readonly #newest = new Map<string, Pending>()
  /** Those that are behind none, and not under way. */
  readonly #ready = new Schedule<Pending>()
  #added = 0
  #running = 0
  /** In this turn of the event loop. */
  #begun = 0
  /** Whether something may give way: not where that was looked for, and nothing was added since. */
  #mayGiveWay = false
  #timer: { cancel(): void } | undefined
  #timerAt = Infinity
  #alerts = 0
  #stopped = false
  #idle: (() => void) | undefined

  constructor(dispatcher: AlertDispatcher, settings: DeliverySettings, clock: AlertClock, events: DeliveryEvents) {
    this.name = dispatcher.name
    this.#dispatcher = dispatcher
    this.#settings = settings
    this.#clock = clock
    this.#events = events
  }

  /** Notifications that are not delivered yet. */
  get size(): number {
    return this.#pending.size
  }

  /**
   * Whether so many alerts more may wait, of at most so many. Where not, those give way of which later tidings wait. What is larger
   * than the bound has room where nothing waits: refused, it would come again for ever.
   */
  hasRoomFor(alerts: number, most: number): boolean {
    if (this.#mayGiveWay && this.#alerts + alerts > most) this.#giveWay()
    return this.#alerts === 0 || this.#alerts + alerts <= most
  }

  add(id: string, kind: AlertNotification['kind'], alerts: readonly Alert[], group: OpenGroup): void {
    const now = this.#clock.elapsed()
    const one = {
      ...{ id, kind, alerts, group, order: ++this.#added, since: now, dueAt: now },
      ...{ attempts: 0, isRunning: false, isLate: false, behind: 0, next: [] },
    }
    this.#pending.add(one)
    this.#alerts += alerts.length
    this.#mayGiveWay = true
    this.#lineUp(one)
    if (one.behind === 0) this.#ready.add(one)
    this.#start()
  }

  /** Tries at once what waits to be tried again; resolves when nothing is pending. */
  drain(): Promise<void> {
    const now = this.#clock.elapsed()
    for (const one of this.#pending) one.dueAt = now
    this.#lineUpAll()
    return new Promise((resolve) => {
      this.#idle = resolve
      this.#start()
    })
  }

  /** Ends the trying, and hands back what is not delivered: of calls that are under way nobody knows. */
  stop(): AlertNotification[] {
    this.#stopped = true
    this.#timer?.cancel()
    return [...this.#pending].map((one) => show(one))
  }

  /** Of each alert its latest tidings stay, of each group its latest escalation while it fires; and what is under way. */
  #giveWay(): void {
    const before = this.#alerts
    const ofAlert = new Map<string, number>()
    const escalated = new Set<OpenGroup>()
    this.#mayGiveWay = false
    for (const one of [...this.#pending].reverse()) {
      let staying = one.alerts
      if (one.kind === 'escalation') {
        if (escalated.has(one.group) || !one.group.isFiring) staying = []
        escalated.add(one.group)
      } else {
        staying = one.alerts.filter(({ fingerprint }) => {
          const later = ofAlert.get(fingerprint) ?? 0
          ofAlert.set(fingerprint, later + 1)
          return later < MOST_OF_ONE
        })
      }
      if (staying.length === one.alerts.length) continue
      if (one.isRunning) one.isLate = true
      else this.#keep(one, staying)
    }
    if (this.#alerts === before) return
    this.#lineUpAll()
    this.#events.superseded(this.name, before - this.#alerts)
  }

  /** Leaves of a notification what is said of these. */
  #keep(one: Pending, alerts: readonly Alert[]): void {
    this.#alerts -= one.alerts.length - alerts.length
    one.alerts = alerts
    if (alerts.length === 0) this.#pending.delete(one)
  }

  /** Behind the newest of each of its alerts. */
  #lineUp(one: Pending): void {
    for (const { fingerprint } of one.alerts) {
      const older = this.#newest.get(fingerprint)
      older?.next.push(one)
      one.behind += Number(older !== undefined)
      this.#newest.set(fingerprint, one)
    }
  }

  #lineUpAll(): void {
    this.#newest.clear()
    for (const one of this.#pending) {
      one.behind = 0
      one.next = []
      this.#lineUp(one)
    }
    this.#ready.set([...this.#pending].filter(({ behind, isRunning }) => behind === 0 && !isRunning))
  }

  #start(): void {
    if (this.#stopped) return
    if (this.#pending.size === 0) this.#idle?.()
    const now = this.#clock.elapsed()
    while (this.#running < this.#settings.concurrency && this.#begun < MOST_OF_A_TURN) {
      const one = this.#ready.first
      if (one === undefined) return
      if (one.dueAt > now) {
        this.#wake(one.dueAt, now)
        return
      }
      this.#ready.take()
      this.#attempt(one)
    }
  }

  #wake(at: number, now: number): void {
    if (at >= this.#timerAt) return
    this.#timer?.cancel()
    this.#timerAt = at
    this.#timer = this.#clock.after(at - now, () => {
      this.#timerAt = Infinity
      this.#start()
    })
  }

  #attempt(one: Pending): void {
    if (this.#begun++ === 0) {
      setImmediate(() => {
        this.#begun = 0
        this.#start()
      })
    }
    this.#running++
    one.isRunning = true
    if (one.attempts++ > 0) this.#events.retried(this.name)
    const abort = new AbortController()
    let isOver = false
    const over = (outcome: NotificationOutcome, error?: unknown) => {
      if (isOver) return
      isOver = true
      timer.cancel()
      this.#running--
      one.isRunning = false
      if (this.#stopped) return
      if (outcome === 'delivered') this.#delivered(one)
      else this.#failed(one)
      this.#start()
      // Last, as it says what was thrown: nothing that goes wrong there keeps the queue waiting.
      this.#events.attempted(this.name, outcome, error)
    }
    const timer = this.#clock.after(this.#settings.timeoutMs, () => {
      over('timed_out')
      abort.abort()
    })
    // Not before this turn has ended: a dispatcher may hand in alerts itself.
    Promise.resolve()
      .then(() => this.#dispatcher.dispatch(show(one), abort.signal))
      .then(
        () => over('delivered'),
        (error) => over('failed', error),
      )
  }

  #delivered(one: Pending): void {
    this.#pending.delete(one)
    this.#alerts -= one.alerts.length
    for (const { fingerprint } of one.alerts) {
      if (this.#newest.get(fingerprint) === one) this.#newest.delete(fingerprint)
    }
    for (const next of one.next) if (--next.behind === 0) this.#ready.add(next)
    this.#events.delivered(this.name, (this.#clock.elapsed() - one.since) / 1000)
  }

  #failed(one: Pending): void {
    one.dueAt = this.#clock.elapsed() + this.#delayAfter(one.attempts)
    this.#ready.add(one)
    this.#mayGiveWay ||= one.isLate
    one.isLate = false
  }

  /** Doubled each time. */
  #delayAfter(attempts: number): number {
    const { retryFirstMs, retryLongestMs } = this.#settings
    return Math.min(retryFirstMs * 2 ** Math.min(attempts - 1, 30), retryLongestMs)
  }
}

function show({ id, kind, alerts, group, attempts }: Pending): AlertNotification {
  return { id, kind, alerts: [...alerts], group: group.show(), attempt: attempts }
}
