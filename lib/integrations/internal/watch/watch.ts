// The watch as the program has it: starts the worker thread, again where it ends, and hands on what it tells. Once nobody looks any
// more, it tells the end of what fires: a receiver would take that to be firing for ever.
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type SHARE_ENV, Worker } from 'node:worker_threads'
import type { AlertingMetrics, RefusalReason } from '../../../catalogs/alerting.js'
import { NanotallyError, type Registry } from '../../../index.js'
import { type Alert, makeAlert } from '../alerts/alert.js'
import { messageOf } from '../thrown.js'
import type { FromWatchWorker, ToWatchWorker, WatchSetup } from './messages.js'
import type { Plan, UnwatchedThreshold } from './plan.js'
import { endUnwatched, type WatchAlert } from './thresholds.js'
import { Untold } from './untold.js'

const FIRST_RESTART_MS = 100
const LONGEST_RESTART_MS = 30_000
/** A thread that ran for this long begins anew. */
const STABLE_MS = 60_000
const TELL_AGAIN_MS = 250

export interface WatchSettings {
  readonly registry: Registry
  readonly intervalMs: number
  readonly collectTimeoutMs: number
  readonly maxSeries: number
  readonly unref: boolean
  readonly accept: (alerts: readonly Alert[]) => RefusalReason | undefined
}

/** NODE_OPTIONS would run the program's preloads again in the thread. */
function environmentOfWorker(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _, ...env } = process.env
  return env
}

function warn(message: string): void {
  process.emitWarning(message, { type: 'NanotallyWarning', code: 'NANOTALLY_WATCH' })
}

function registryClosed(): NanotallyError {
  return new NanotallyError('ERR_NANOTALLY_REGISTRY_CLOSED', 'the registry of the watch was closed while it began')
}

function alertOf({ catalog: _, startsAt, endsAt, ...rest }: WatchAlert): Alert {
  return makeAlert({
    ...rest,
    startsAt: new Date(startsAt),
    endsAt: endsAt === undefined ? undefined : new Date(endsAt),
    source: 'watch',
  })
}

export class WatchThread {
  readonly unwatched: UnwatchedThreshold[]
  readonly #settings: WatchSettings
  readonly #plan: Plan
  readonly #metrics: AlertingMetrics
  readonly #untold: Untold
  /** Alerts that fire, by fingerprint. */
  readonly #firing = new Map<string, WatchAlert>()
  #worker: Worker | undefined
  #closing: Promise<void> | undefined
  /** Nobody looks any more, and what fired has ended. */
  #isOver = false
  #timer: NodeJS.Timeout | undefined
  #tellAgain: NodeJS.Timeout | undefined
  #restarts = 0
  /** What was warned of once, as it may come again and again. */
  readonly #warned = new Set<RefusalReason>()

  constructor(settings: WatchSettings, plan: Plan, metrics: AlertingMetrics) {
    this.#settings = settings
    this.#plan = plan
    this.#metrics = metrics
    this.unwatched = [...plan.unwatched]
    this.#untold = new Untold(
      (alerts) => this.#accept(alerts),
      (amount, reason) => metrics.refused.inc({ source: 'watch', reason }, amount),
    )
  }

  get untold(): number {
    return this.#untold.size
  }

  /** Thresholds that could not be evaluated any more. */
  isGivenUp({ catalog, name, severity }: { catalog: string; name: string; severity: string }): boolean {
    return this.unwatched.some((one) => one.catalog === catalog && one.name === name && one.severity === severity)
  }

  /**
   * Resolves once everything was evaluated for the first time.
   *
   * @throws `ERR_NANOTALLY_WATCH`, `ERR_NANOTALLY_REGISTRY_CLOSED` (rejects)
   */
  start(): Promise<void> {
    const { registry, intervalMs, collectTimeoutMs, maxSeries, unref } = this.#settings
    const setup: WatchSetup = {
      registry: registry.name as string,
      thresholds: this.#plan.thresholds.filter((threshold) => !this.isGivenUp(threshold)),
      known: [...this.#firing.values()],
      intervalMs,
      collectTimeoutMs,
      maxSeries,
    }
    return new Promise((resolve, reject) => {
      const worker = new Worker(join(__dirname, 'worker.js'), {
        name: 'nanotally-watch',
        workerData: setup,
        execArgv: [],
        // It makes garbage four times a second: a large young generation would only be more of it.
        resourceLimits: { maxYoungGenerationSizeMb: 8 },
        env: environmentOfWorker() as typeof SHARE_ENV | NodeJS.ProcessEnv,
      })
      this.#worker = worker
      let watchingSince = Number.NaN
      let failure: unknown = new NanotallyError('ERR_NANOTALLY_WATCH', 'the thread of the watch ended unexpectedly')
      worker.on('message', (message: FromWatchWorker) => {
        if (message.type !== 'watching') {
          this.#hear(message)
          return
        }
        // Closed meanwhile: the thread made one of that name anew.
        if (this.#endWithRegistry()) {
          void worker.terminate()
          return
        }
        watchingSince = performance.now()
        // Not before: what awaits the start must not end the process by it. Nor what awaits the end.
        if (unref && this.#closing === undefined) worker.unref()
        resolve()
      })
      // Without a listener an error in the thread would end the program.
      worker.on('error', (error) => {
        failure = error
      })
      worker.on('exit', () => {
        this.#worker = undefined
        if (Number.isNaN(watchingSince)) reject(this.#isOver ? registryClosed() : failure)
        else this.#restartLater(failure, performance.now() - watchingSince)
      })
    })
  }

  /**
   * Ends the thread, then tells what is untold, for as long as it takes up to `timeoutMs`; what is untold then never will be. It tells
   * once at least, however short the time.
   */
  close(timeoutMs: number): Promise<void> {
    this.#closing ??= this.#close(timeoutMs)
    return this.#closing
  }

  async #close(timeoutMs: number): Promise<void> {
    const end = performance.now() + timeoutMs
    clearTimeout(this.#timer)
    clearTimeout(this.#tellAgain)
    await this.#endThread(timeoutMs)
    this.#end('the watch was closed')
    while (!this.#untold.tell([])) {
      const left = end - performance.now()
      if (left <= 0) break
      await delay(Math.min(left, TELL_AGAIN_MS))
    }
    const lost = this.#untold.giveUp()
    if (lost > 0) warn(`nanotally’s watch was closed before its receiver took all alerts: ${lost} are lost`)
  }

  /** What it told before it ended was heard when this resolves. */
  async #endThread(timeoutMs: number): Promise<void> {
    const worker = this.#worker
    if (worker === undefined) return
    worker.ref()
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => void worker.terminate(), timeoutMs)
      worker.once('exit', () => {
        clearTimeout(timer)
        resolve()
      })
      worker.postMessage({ type: 'close' } satisfies ToWatchWorker)
    })
  }

  /** Ends what fires, as nobody looks any more. */
  #end(reason: string): void {
    if (this.#isOver) return
    this.#isOver = true
    for (const threshold of this.#plan.thresholds) {
      const { catalog, name, severity, query } = threshold
      if (!this.isGivenUp(threshold)) this.unwatched.push({ catalog, name, severity, query, reason })
    }
    const now = Date.now()
    this.#take([...this.#firing.values()].map((alert) => endUnwatched(alert, now, reason)))
  }

  /** True where the registry was closed, by whichever thread: there is nothing left to watch. */
  #endWithRegistry(): boolean {
    const { registry } = this.#settings
    registry._catchUp()
    if (!registry._isClosed) return false
    this.#hear({ type: 'ended' })
    return true
  }

  #hear(message: Exclude<FromWatchWorker, { type: 'watching' }>): void {
    if (message.type === 'alerts') this.#take(message.alerts)
    else if (message.type === 'given-up') {
      const { reason } = message
      for (const threshold of message.thresholds) {
        this.unwatched.push({ ...threshold, reason })
        warn(`nanotally does not watch ${threshold.name} (${threshold.severity}) any more: ${reason}`)
      }
    } else {
      warn('nanotally’s watch has ended, as its registry was closed')
      this.#end('its registry was closed')
    }
  }

  #take(alerts: readonly WatchAlert[]): void {
    for (const alert of alerts) {
      if (alert.status === 'firing') this.#firing.set(alert.fingerprint, alert)
      else this.#firing.delete(alert.fingerprint)
    }
    this.#tell(alerts.map(alertOf))
  }

  #tell(alerts: readonly Alert[]): void {
    if (this.#untold.tell(alerts) || this.#closing !== undefined) return
    this.#tellAgain ??= setTimeout(() => {
      this.#tellAgain = undefined
      this.#tell([])
    }, TELL_AGAIN_MS).unref()
  }

  /** A receiver that throws is tried again, as one without room is. */
  #accept(alerts: readonly Alert[]): RefusalReason | undefined {
    try {
      const refusal = this.#settings.accept(alerts)
      if (refusal === 'closed') this.#warnOnce('closed', 'the receiver of nanotally’s watch is closed: alerts are lost')
      return refusal
    } catch (error) {
      this.#warnOnce('failed', `the receiver of nanotally’s watch failed, and is tried again: ${messageOf(error)}`)
      return 'failed'
    }
  }

  #warnOnce(reason: RefusalReason, message: string): void {
    if (!this.#warned.has(reason)) warn(message)
    this.#warned.add(reason)
  }

  /** @param ranMs - for how long the thread had watched */
  #restartLater(failure: unknown, ranMs: number): void {
    if (this.#closing !== undefined || this.#isOver) return
    if (ranMs >= STABLE_MS) this.#restarts = 0
    const delayMs = Math.min(FIRST_RESTART_MS * 2 ** this.#restarts++, LONGEST_RESTART_MS)
    if (this.#restarts === 1) warn(`the thread of nanotally’s watch ended and is started again: ${failure}`)
    this.#timer = setTimeout(() => {
      if (this.#endWithRegistry()) return
      this.#metrics.watchRestarts.inc()
      this.start().catch((error) => this.#restartLater(error, 0))
    }, delayMs)
    if (this.#settings.unref) this.#timer.unref()
  }
}
