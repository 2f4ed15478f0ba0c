// The options of what receives alerts, and what they are once they were looked at.
import { type Credentials, NanotallyError, type Registry } from '../../../index.js'
import { checkOptions, checkRegistry, invalidType, invalidValue } from '../options.js'
import { CAUSES, type CauseKind } from './causes.js'
import { type AlertClock, SYSTEM_CLOCK } from './clock.js'
import type { AlertDispatcher, DeliverySettings } from './delivery.js'
import { ESCALATION, type EscalationStep } from './escalation.js'
import type { GroupSettings } from './groups.js'

/** Options of `alertReceiver()`. */
export interface AlertReceiverOptions {
  /** Who is told, each by itself, 1 to 50; their names differ. One that fails holds no other up, but for `maxPending`. */
  dispatchers: readonly AlertDispatcher[]
  /** Default: the process-wide default registry. */
  registry?: Registry | undefined
  /** Where payloads are taken, such as `/alerts`, the default. */
  path?: string | undefined
  /** What each payload has to bring: a bearer token, or a name (without a colon) and a password. Default: nothing. */
  credentials?: Credentials | undefined
  /** Bytes of a payload, 1024 to 64 MiB. Default 1 MiB. A larger one is answered 413. */
  maxBodyBytes?: number | undefined
  /**
   * How far the starts of a group's alerts may lie apart, in milliseconds, 0 to a day. Default 5 minutes. An alert of Alertmanager's
   * that fires and began later by more than that than it was known to has ended between.
   */
  groupWindowMs?: number | undefined
  /** What brings on what, the first cause first. Default `CAUSES`. */
  causes?: readonly CauseKind[] | undefined
  /** When groups are escalated. Default `ESCALATION`; `[]`: never. */
  escalation?: readonly EscalationStep[] | undefined
  /** Calls of one dispatcher at a time, 1 to 1000. Default 4. */
  concurrency?: number | undefined
  /** How soon a dispatcher that failed is called again, in milliseconds, 1 to an hour. Default 500. It doubles each time ... */
  retryFirstMs?: number | undefined
  /** ... up to that, in milliseconds, `retryFirstMs` to a day. Default 60 000. */
  retryLongestMs?: number | undefined
  /** How long a dispatcher may take, in milliseconds, 1 to an hour. Default 30 000. */
  dispatchTimeoutMs?: number | undefined
  /**
   * Alerts that may wait for one dispatcher, 1 to a million. Default 10 000. Where more would, of each alert its last two tidings wait,
   * and the others are counted in `alerting_alerts_superseded_total`. A payload that does not fit then, either, is answered 503 and
   * counted, so that Alertmanager sends it again.
   */
  maxPending?: number | undefined
  /**
   * Alerts that may fire at a time, 1 to a million. Default 10 000. A payload that does not fit is answered 503, unless none fires yet.
   */
  maxAlerts?: number | undefined
  /**
   * When an alert of Alertmanager's that it does not repeat is taken for gone, in milliseconds, a second to a year: it is told as
   * resolved then, with the annotation `expired`. Default a day: longer than Alertmanager's `repeat_interval`.
   */
  expireMs?: number | undefined
  /** Time, for tests. */
  clock?: AlertClock | undefined
}

export interface ReceiverSettings {
  readonly dispatchers: readonly AlertDispatcher[]
  readonly registry: Registry
  readonly path: string
  readonly credentials: Credentials | undefined
  readonly maxBodyBytes: number
  readonly groups: GroupSettings
  readonly escalation: readonly EscalationStep[]
  readonly delivery: DeliverySettings
  readonly maxPending: number
  readonly clock: AlertClock
}

const KIB = 1024
const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const MOST_DISPATCHERS = 50

const KNOWN = [
  ...['dispatchers', 'registry', 'path', 'credentials', 'maxBodyBytes', 'groupWindowMs', 'causes', 'escalation'],
  ...[
    'concurrency',
    'retryFirstMs',
    'retryLongestMs',
    'dispatchTimeoutMs',
    'maxPending',
    'maxAlerts',
    'expireMs',
    'clock',
  ],
]

export function checkInteger(name: string, value: unknown, lowest: number, highest: number): number {
  if (typeof value !== 'number') throw invalidType(name, 'an integer', value)
  if (!Number.isInteger(value) || value < lowest || value > highest) {
    throw invalidValue(name, `an integer of ${lowest} to ${highest}`, value)
  }
  return value
}

function checkList<T>(name: string, value: unknown): readonly T[] {
  if (!Array.isArray(value)) throw invalidType(name, 'an array', value)
  return value
}

function checkText(name: string, value: unknown): string {
  if (typeof value !== 'string') throw invalidType(name, 'a text', value)
  if (value === '') throw invalidValue(name, 'a text that is not empty', value)
  return value
}

function checkDispatchers(given: unknown): readonly AlertDispatcher[] {
  const dispatchers = checkList<AlertDispatcher>('dispatchers', given)
  if (dispatchers.length === 0 || dispatchers.length > MOST_DISPATCHERS) {
    throw invalidValue('dispatchers', `1 to ${MOST_DISPATCHERS} of them`, dispatchers.length)
  }
  const names = dispatchers.map((one, i) => {
    if (typeof one?.dispatch !== 'function')
      throw invalidType(`dispatchers[${i}].dispatch`, 'a function', one?.dispatch)
    return checkText(`dispatchers[${i}].name`, one.name)
  })
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined) throw invalidValue('dispatchers', 'names that differ', twice)
  return [...dispatchers]
}

function checkCauses(given: unknown): readonly CauseKind[] {
  const causes = checkList<CauseKind>('causes', given)
  causes.forEach((cause, i) => {
    checkText(`causes[${i}].kind`, cause?.kind)
    for (const word of checkList<string>(`causes[${i}].words`, cause.words)) {
      if (word !== checkText(`causes[${i}].words`, word).toLowerCase()) {
        throw invalidValue(`causes[${i}].words`, 'words in lower case', word)
      }
    }
  })
  return [...causes]
}

function checkEscalation(given: unknown, dispatchers: readonly AlertDispatcher[]): readonly EscalationStep[] {
  const names = dispatchers.map(({ name }) => name)
  const steps = checkList<EscalationStep>('escalation', given)
  steps.forEach((step, i) => {
    const part = `escalation[${i}]`
    if (typeof step !== 'object' || step === null) throw invalidType(part, 'an object', step)
    checkInteger(`${part}.level`, step.level, 1, 100)
    checkInteger(`${part}.afterMs`, step.afterMs, 0, 365 * DAY)
    if (!['critical', 'warning', 'info'].includes(step.severity)) {
      throw invalidValue(`${part}.severity`, 'critical, warning or info', step.severity)
    }
    const told = checkList<string>(`${part}.dispatchers`, step.dispatchers ?? names)
    if (told.length === 0) throw invalidValue(`${part}.dispatchers`, 'at least one', 'none')
    for (const name of told) {
      if (!names.includes(name)) throw invalidValue(`${part}.dispatchers`, `of ${names.join(', ')}`, name)
    }
  })
  return [...steps]
}

/** A token of RFC 6750, section 2.1; a name has no colon (RFC 7617, section 2). */
function checkCredentials(given: AlertReceiverOptions['credentials']): Credentials | undefined {
  if (given === undefined) return undefined
  if (typeof given !== 'object' || given === null) {
    throw invalidType('credentials', '{ bearer } or { username, password }', '(not shown)')
  }
  if ('bearer' in given) {
    if (!/^[A-Za-z0-9._~+/-]+=*$/.test(checkText('credentials.bearer', given.bearer))) {
      throw invalidValue('credentials.bearer', 'letters, digits and -._~+/', '(not shown)')
    }
    return { bearer: given.bearer }
  }
  const username = checkText('credentials.username', given.username)
  if (username.includes(':')) throw invalidValue('credentials.username', 'a name without a colon', username)
  return { username, password: checkText('credentials.password', given.password) }
}

function checkPath(path: unknown): string {
  if (!/^(\/[^/?#]+)+$/.test(checkText('path', path))) throw invalidValue('path', 'a path such as /alerts', path)
  return path as string
}

function checkClock(clock: AlertClock): AlertClock {
  const { now, elapsed, after } = clock ?? {}
  if ([now, elapsed, after].some((one) => typeof one !== 'function')) {
    throw invalidType('clock', '{ now(), elapsed(), after() }', clock)
  }
  return clock
}

/** @throws `ERR_NANOTALLY_INVALID_TYPE`, `ERR_NANOTALLY_INVALID_VALUE` */
export function checkReceiver(options: AlertReceiverOptions, others: readonly string[] = []): ReceiverSettings {
  checkOptions(options, [...KNOWN, ...others])
  const dispatchers = checkDispatchers(options.dispatchers)
  const retryFirstMs = checkInteger('retryFirstMs', options.retryFirstMs ?? 500, 1, HOUR)
  const retryLongestMs = options.retryLongestMs ?? Math.max(60 * SECOND, retryFirstMs)
  return {
    dispatchers,
    registry: checkRegistry(options.registry),
    path: checkPath(options.path ?? '/alerts'),
    credentials: checkCredentials(options.credentials),
    maxBodyBytes: checkInteger('maxBodyBytes', options.maxBodyBytes ?? KIB * KIB, KIB, 64 * KIB * KIB),
    groups: {
      causes: checkCauses(options.causes ?? CAUSES),
      windowMs: checkInteger('groupWindowMs', options.groupWindowMs ?? 5 * MINUTE, 0, DAY),
      maxAlerts: checkInteger('maxAlerts', options.maxAlerts ?? 10_000, 1, 1_000_000),
      expireMs: checkInteger('expireMs', options.expireMs ?? DAY, SECOND, 365 * DAY),
    },
    escalation: checkEscalation(options.escalation ?? ESCALATION, dispatchers),
    delivery: {
      concurrency: checkInteger('concurrency', options.concurrency ?? 4, 1, 1000),
      retryFirstMs,
      retryLongestMs: checkInteger('retryLongestMs', retryLongestMs, retryFirstMs, DAY),
      timeoutMs: checkInteger('dispatchTimeoutMs', options.dispatchTimeoutMs ?? 30 * SECOND, 1, HOUR),
    },
    maxPending: checkInteger('maxPending', options.maxPending ?? 10_000, 1, 1_000_000),
    clock: checkClock(options.clock ?? SYSTEM_CLOCK),
  }
}

/** The error of a server that anybody could reach. */
export function unauthenticated(host: string): NanotallyError {
  return new NanotallyError(
    'ERR_NANOTALLY_UNAUTHENTICATED',
    `${host} can be reached from other machines: give credentials, or say allowUnauthenticated: true`,
  )
}
