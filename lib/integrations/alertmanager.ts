// Alerts as objects: what Alertmanager's webhook sends, and what a watch of thresholds finds in the process, grouped,
// de-duplicated, escalated and handed to dispatchers.
import type { Server } from 'node:http'
import { alertingMetrics } from '../catalogs/alerting.js'
import type { Catalog } from '../catalogs/shared/catalog.js'
import { NanotallyError, type Registry } from '../index.js'
import { type Alert, checkAlerts } from './internal/alerts/alert.js'
import { LONGEST_MS } from './internal/alerts/clock.js'
import type { AlertDispatcher } from './internal/alerts/delivery.js'
import type { AlertGroup } from './internal/alerts/groups.js'
import { type AlertHandler, Webhook } from './internal/alerts/handler.js'
import { ReceiverCore, type Refusal, type Undelivered } from './internal/alerts/receiver.js'
import { closeServer, isLoopback, listen, portOf } from './internal/alerts/server.js'
import { type AlertReceiverOptions, checkInteger, checkReceiver, unauthenticated } from './internal/alerts/settings.js'
import { checkOptions, checkRegistry, invalidType, invalidValue } from './internal/options.js'
import { checkCatalogs } from './internal/watch/catalogs.js'
import { makePlan, type UnwatchedThreshold, type WatchedThreshold } from './internal/watch/plan.js'
import { WatchThread } from './internal/watch/watch.js'

export type { Alert } from './internal/alerts/alert.js'
export { CAUSES, type CauseKind } from './internal/alerts/causes.js'
export type { AlertClock } from './internal/alerts/clock.js'
export type { AlertDispatcher, AlertNotification } from './internal/alerts/delivery.js'
export { ESCALATION, type EscalationStep } from './internal/alerts/escalation.js'
export type { AlertGroup } from './internal/alerts/groups.js'
export type { AlertHandler, AlertRequest } from './internal/alerts/handler.js'
export type { Refusal, Undelivered } from './internal/alerts/receiver.js'
export type { AlertReceiverOptions } from './internal/alerts/settings.js'
export type { UnwatchedThreshold, WatchedThreshold } from './internal/watch/plan.js'

const DEFAULT_PORT = 9465
const DEFAULT_HOST = '127.0.0.1'
const CLOSE_TIMEOUT_MS = 10_000

/** What takes alerts and tells dispatchers of them. */
export interface AlertReceiver {
  /** The webhook, for a server of your own: node:http, Express (`app.use(handle)`), Fastify (`onRequest`, with `raw`). */
  readonly handle: AlertHandler
  /** Groups of which some alert fires. */
  readonly groups: readonly AlertGroup[]
  /** Notifications that are not delivered yet, to all dispatchers. */
  readonly pending: number
  /**
   * Takes copies of your alerts: of all, or of none and says why. `backlog`: too much is pending; hand them in again. Not counted as
   * refused: that is yours to do.
   *
   * @throws `ERR_NANOTALLY_INVALID_TYPE`, `ERR_NANOTALLY_INVALID_VALUE` for what is no alert; none is taken then
   */
  accept(alerts: readonly Alert[]): Refusal | undefined
  /**
   * Refuses what comes from now on (503: Alertmanager sends it again), delivers what is pending, and hands back what could not be
   * delivered. Idempotent.
   *
   * @param timeoutMs - how long to try, in milliseconds, 0 to 2^31 - 1. Default 10 000
   * @throws `ERR_NANOTALLY_INVALID_TYPE`, `ERR_NANOTALLY_INVALID_VALUE` (rejects)
   */
  close(timeoutMs?: number): Promise<readonly Undelivered[]>
}

/** Options of `startAlertReceiver()`. */
export interface StartAlertReceiverOptions extends AlertReceiverOptions {
  /** 0 to 65535; 0 takes any free port. Default 9465. */
  port?: number | undefined
  /** The address to listen on. Default 127.0.0.1. One that other machines can reach needs `credentials`. */
  host?: string | undefined
  /** `true` lets anyone send alerts who reaches an address that is not loopback. Default false. */
  allowUnauthenticated?: boolean | undefined
  /** `true` lets the process end while the receiver runs. Default false. */
  unref?: boolean | undefined
}

/** A receiver with a server of its own. */
export interface ListeningAlertReceiver extends AlertReceiver {
  /** For Alertmanager's `url`. */
  readonly url: string
  readonly port: number
}

class Receiver implements AlertReceiver {
  /** @internal */
  readonly _core: ReceiverCore
  readonly handle: AlertHandler

  constructor(core: ReceiverCore, handle: AlertHandler) {
    this._core = core
    this.handle = handle
  }

  get groups(): readonly AlertGroup[] {
    return this._core.groups
  }

  get pending(): number {
    return this._core.pending
  }

  accept(alerts: readonly Alert[]): Refusal | undefined {
    return this._core.accept(checkAlerts(alerts))
  }

  async close(timeoutMs = CLOSE_TIMEOUT_MS): Promise<readonly Undelivered[]> {
    return this._core.close(checkInteger('timeoutMs', timeoutMs, 0, LONGEST_MS))
  }
}

class ListeningReceiver extends Receiver implements ListeningAlertReceiver {
  readonly url: string
  readonly port: number
  readonly #server: Server

  constructor(core: ReceiverCore, handle: AlertHandler, server: Server, host: string) {
    super(core, handle)
    this.#server = server
    this.port = portOf(server)
    const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
    this.url = `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${this.port}${core.settings.path}`
  }

  override async close(timeoutMs?: number): Promise<readonly Undelivered[]> {
    const undelivered = await super.close(timeoutMs)
    await closeServer(this.#server)
    return undelivered
  }
}

/**
 * A receiver of alerts, by Alertmanager's webhook (payload version 4) in a server of your own, and by `accept()`. It groups those
 * that belong together (one component, begun at about the same time; the cause first), leaves out what it was told already,
 * escalates, and tells each dispatcher until it has heard. All of that is in memory: what is pending ends with the process,
 * unless `close()` is awaited before.
 *
 * @throws `ERR_NANOTALLY_INVALID_TYPE`, `ERR_NANOTALLY_INVALID_VALUE`, and as `counter()`
 *
 * @example
 * const receiver = alertReceiver({
 *   dispatchers: [{ name: 'log', dispatch: ({ alerts, group }) => console.log(group.cause.name, alerts.length) }],
 * })
 * const server = createServer(receiver.handle)
 * await receiver.close()
 */
export function alertReceiver(options: AlertReceiverOptions): AlertReceiver {
  const core = new ReceiverCore(checkReceiver(options))
  return new Receiver(core, new Webhook(core).handle)
}

/**
 * A receiver of alerts with a server of its own, by plain HTTP: where it needs TLS, `alertReceiver()` goes into a server of
 * yours.
 *
 * @throws `ERR_NANOTALLY_PORT_IN_USE`, `ERR_NANOTALLY_PORT_DENIED`, `ERR_NANOTALLY_LISTEN`, `ERR_NANOTALLY_UNAUTHENTICATED`,
 * and as `alertReceiver()` (rejects)
 *
 * @example
 * const receiver = await startAlertReceiver({
 *   port: 0,
 *   credentials: { bearer: 'a-long-secret' },
 *   dispatchers: [{ name: 'log', dispatch: ({ group }) => console.log(group.severity, group.cause.name) }],
 * })
 * console.log(receiver.url)
 * await receiver.close()
 */
export async function startAlertReceiver(options: StartAlertReceiverOptions): Promise<ListeningAlertReceiver> {
  const settings = checkReceiver(options, ['port', 'host', 'allowUnauthenticated', 'unref'])
  const { host = DEFAULT_HOST } = options
  if (typeof host !== 'string') throw invalidType('host', 'an address', host)
  if (host === '') throw invalidValue('host', 'an address', host)
  const port = checkInteger('port', options.port ?? DEFAULT_PORT, 0, 65_535)
  const isOpen = settings.credentials === undefined && options.allowUnauthenticated !== true
  if (isOpen && !isLoopback(host)) throw unauthenticated(host)
  const core = new ReceiverCore(settings)
  const { handle } = new Webhook(core)
  try {
    const server = await listen(handle, host, port)
    if (options.unref === true) server.unref()
    return new ListeningReceiver(core, handle, server, host)
  } catch (error) {
    await core.close(0)
    throw error
  }
}

/** Options of `watchThresholds()`. */
export interface WatchThresholdsOptions {
  /** Whose thresholds are watched: those of nanotally, and any of your own. */
  catalogs: readonly Catalog[]
  /** A registry with a name, as the watch reads it from a thread of its own. Default: the process-wide default registry. */
  registry?: Registry | undefined
  /** Whom the alerts are handed to ... */
  receiver?: Pick<AlertReceiver, 'accept'> | undefined
  /** ... or who is told, by a receiver of the watch's own, which has the defaults of `alertReceiver()`. */
  dispatchers?: readonly AlertDispatcher[] | undefined
  /** How often everything is evaluated, in milliseconds, 10 to 60 000. Default 250. */
  intervalMs?: number | undefined
  /**
   * Windows of rates are shortened to it, in milliseconds, 1000 to `maxWindowMs`: it then reacts sooner, and to less. Default: as the
   * queries have them.
   */
  rateWindowMs?: number | undefined
  /** What looks further back is not watched, in milliseconds, 1000 to a day. Default 15 minutes. */
  maxWindowMs?: number | undefined
  /** Series that are kept, 1 to a million, at 1 KB or so each. Of a name by which there are more none is. Default 20 000. */
  maxSeries?: number | undefined
  /** How long an evaluation waits for `collect` callbacks of other threads, in milliseconds, 0 to 60 000. Default 25. */
  collectTimeoutMs?: number | undefined
  /** `false` keeps the process alive while it watches. Default true. */
  unref?: boolean | undefined
}

/** Thresholds that are being watched. */
export interface ThresholdWatch {
  /** What is evaluated. Whether there are such series is not said: `alerting_watch_evaluations_total` counts what has none. */
  readonly watched: readonly WatchedThreshold[]
  /** What is not, and why: at set-up, and what had to be given up since; once the watch is over, all. */
  readonly unwatched: readonly UnwatchedThreshold[]
  /** Alerts that wait, as the receiver had no room for them yet. */
  readonly untold: number
  /**
   * Ends the thread; then tells what is untold, and the end of what fires: resolved, with the annotation `unwatched`, as nobody would
   * tell it otherwise. What the receiver did not take until then is warned of, and counted in
   * `alerting_refusals_total{source="watch"}`. Then closes the watch's own receiver, where it has one, and hands back what that could
   * not deliver; of another one nothing is handed back, as it delivers on: close that after the watch. Idempotent.
   *
   * @param timeoutMs - how long to try, in milliseconds, 0 to a day; where the receiver is the watch's own, half of that at most
   * until it is closed. A thread that has not ended by then is made to. Default 10 000
   * @throws `ERR_NANOTALLY_INVALID_TYPE`, `ERR_NANOTALLY_INVALID_VALUE` (rejects)
   */
  close(timeoutMs?: number): Promise<readonly Undelivered[]>
}

const WATCH_OPTIONS = [
  ...['catalogs', 'registry', 'receiver', 'dispatchers', 'intervalMs', 'rateWindowMs', 'maxWindowMs', 'maxSeries'],
  ...['collectTimeoutMs', 'unref'],
]
const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

/** The receiver that is told, and the one that is the watch's own. */
function receiversOf({ receiver, dispatchers }: WatchThresholdsOptions, registry: Registry) {
  if ((receiver === undefined) === (dispatchers === undefined)) {
    throw invalidValue('options', 'either receiver or dispatchers', receiver === undefined ? 'neither' : 'both')
  }
  if (dispatchers !== undefined) {
    const own = alertReceiver({ dispatchers, registry })
    return { told: own, own }
  }
  if (typeof receiver?.accept !== 'function') throw invalidType('receiver', 'a receiver', receiver)
  return { told: receiver, own: undefined }
}

/**
 * Evaluates the thresholds of catalogs in the process, four times a second, on a thread of its own that reads the registry, and
 * makes the same alerts of them that a rule of Prometheus' with the query, the figure and `for` would. For what cannot wait until it is
 * scraped. Alerts are handed to the calling thread; if it is blocked they come when it is not: to be told meanwhile, call this in a
 * worker.
 *
 * Queries are PromQL; what cannot be evaluated in the process is among `unwatched`, with the reason: subqueries, offsets, joins of one
 * with many, functions other than `rate`, `increase`, `histogram_quantile`, `abs`, `time` and `vector`, and windows longer than
 * `maxWindowMs`. A thread that dies is started again and counted; it never takes the program with it.
 *
 * @throws `ERR_NANOTALLY_PRIVATE_REGISTRY` for a registry without a name, `ERR_NANOTALLY_REGISTRY_CLOSED`,
 * `ERR_NANOTALLY_WATCH`, `ERR_NANOTALLY_INVALID_TYPE`, `ERR_NANOTALLY_INVALID_VALUE`, and as `counter()` (rejects)
 *
 * @example
 * const watch = await watchThresholds({
 *   catalogs: [streaming], // from nanotally/catalogs/streaming
 *   dispatchers: [{ name: 'log', dispatch: ({ alerts }) => console.log(alerts.map(({ name }) => name)) }],
 * })
 * for (const { name, reason } of watch.unwatched) console.log(name, reason)
 * await watch.close()
 */
export async function watchThresholds(options: WatchThresholdsOptions): Promise<ThresholdWatch> {
  checkOptions(options, WATCH_OPTIONS)
  const registry = checkRegistry(options.registry)
  if (registry.name === undefined) {
    throw new NanotallyError(
      'ERR_NANOTALLY_PRIVATE_REGISTRY',
      "a registry without a name cannot be read from the watch's thread: make it as new Registry('name')",
    )
  }
  const maxWindowMs = checkInteger('maxWindowMs', options.maxWindowMs ?? 15 * MINUTE, 1000, DAY)
  const rateWindowMs = checkInteger('rateWindowMs', options.rateWindowMs ?? maxWindowMs, 1000, maxWindowMs)
  const isShortened = options.rateWindowMs !== undefined
  const catalogs = checkCatalogs(options.catalogs)
  const plan = makePlan(catalogs, isShortened ? rateWindowMs : Infinity, maxWindowMs)
  if (plan.thresholds.length === 0) {
    const reasons = plan.unwatched.slice(0, 3).map(({ name, reason }) => `${name}: ${reason}`)
    const expected = ['a threshold that can be watched', ...reasons].join('; ')
    throw invalidValue('catalogs', expected, 'none')
  }
  const settings = {
    registry,
    intervalMs: checkInteger('intervalMs', options.intervalMs ?? 250, 10, MINUTE),
    collectTimeoutMs: checkInteger('collectTimeoutMs', options.collectTimeoutMs ?? 25, 0, MINUTE),
    maxSeries: checkInteger('maxSeries', options.maxSeries ?? 20_000, 1, 1_000_000),
    unref: options.unref !== false,
  }
  const metrics = alertingMetrics({ registry })
  const { told, own } = receiversOf(options, registry)
  const thread = new WatchThread({ ...settings, accept: (alerts) => told.accept(alerts) }, plan, metrics)
  try {
    await thread.start()
  } catch (error) {
    // It may have told something before.
    await thread.close(0)
    await own?.close(0)
    throw error
  }
  const close = async (timeoutMs: number) => {
    const end = performance.now() + timeoutMs
    await thread.close(own === undefined ? timeoutMs : Math.floor(timeoutMs / 2))
    return (await own?.close(Math.max(Math.round(end - performance.now()), 0))) ?? []
  }
  let closing: Promise<readonly Undelivered[]> | undefined
  return {
    get watched() {
      return plan.thresholds
        .filter((threshold) => !thread.isGivenUp(threshold))
        .map(({ catalog, name, alert, severity, query, above, below, forSeconds }) => {
          return { catalog, name, alert, severity, query, above, below, forSeconds }
        })
    },
    get unwatched() {
      return [...thread.unwatched]
    },
    get untold() {
      return thread.untold
    },
    close: async (timeoutMs = CLOSE_TIMEOUT_MS) => {
      checkInteger('timeoutMs', timeoutMs, 0, DAY)
      closing ??= close(timeoutMs)
      return closing
    },
  }
}
