// One registered health check: runs it again and again on the thread that registered it, and posts what comes of it.
import { textOfThrown } from '../errors.js'
import { HEALTH_STATUSES, type HealthStatus, native } from '../native.js'

/** What a check may tell: nothing or true is healthy, false is a failure, and so is what it throws. */
export type HealthCheckOutcome = undefined | boolean | { status: HealthStatus; message?: string | undefined }

/** The options of a check, all of them given. */
export interface HealthCheckSettings {
  thresholdMs: number
  timeoutMs: number
  intervalMs: number
  failAfter: number
  critical: boolean
}

/** How much later than it is due a check may run before nobody believes its last result any more. */
const GRACE_MS = 2000

interface Judged {
  status: HealthStatus
  message: string
}

function isOutcome(value: unknown): value is { status: HealthStatus; message?: unknown } {
  return (
    typeof value === 'object' && value !== null && 'status' in value && HEALTH_STATUSES.includes(value.status as never)
  )
}

function judge(outcome: unknown): Judged {
  if (outcome === undefined || outcome === true) return { status: 'healthy', message: 'ok' }
  if (isOutcome(outcome)) return { status: outcome.status, message: String(outcome.message ?? outcome.status) }
  if (outcome === false) return { status: 'unhealthy', message: 'the check returned false' }
  return { status: 'unhealthy', message: 'the check returned neither a boolean nor { status }' }
}

export class RegisteredCheck {
  readonly #name: string
  readonly #check: (signal: AbortSignal) => unknown
  readonly #settings: HealthCheckSettings
  #timer: NodeJS.Timeout | undefined
  #failures = 0
  /** Whether it was ever anything but failed. */
  #hasWorked = false
  #stopped = false

  constructor(name: string, check: (signal: AbortSignal) => unknown, settings: HealthCheckSettings) {
    this.#name = name
    this.#check = check
    this.#settings = settings
    // Until it has run once, nobody knows; a process that is starting is not ready.
    this.#post({ status: 'unhealthy', message: 'has not run yet' }, 0)
    this.#timer = setTimeout(() => this.#run(), 0)
    this.#timer.unref()
  }

  stop(): void {
    if (this.#stopped) return
    this.#stopped = true
    clearTimeout(this.#timer)
    native.withdrawHealth(this.#name)
  }

  async #run(): Promise<void> {
    const start = performance.now()
    const judged = await this.#judge()
    const durationMs = performance.now() - start
    if (this.#stopped) return
    this.#conclude(this.#timed(judged, durationMs), durationMs)
    this.#timer = setTimeout(() => this.#run(), Math.max(this.#settings.intervalMs - durationMs, 0))
    this.#timer.unref()
  }

  /** A check that holds its thread answers before its deadline is looked at: it has failed all the same. */
  #timed(judged: Judged, durationMs: number): Judged {
    const { thresholdMs, timeoutMs } = this.#settings
    const took = `took ${Math.round(durationMs)} ms, more than`
    if (judged.status !== 'unhealthy' && durationMs > timeoutMs) {
      return { status: 'unhealthy', message: `${took} ${timeoutMs} ms` }
    }
    if (judged.status !== 'healthy' || durationMs <= thresholdMs) return judged
    return { status: 'degraded', message: `${took} ${thresholdMs} ms` }
  }

  /** A few failures are no news of what has worked; what never has is not there, and the process not ready. */
  #conclude({ status, message }: Judged, durationMs: number): void {
    const failed = status === 'unhealthy'
    this.#failures = failed ? this.#failures + 1 : 0
    this.#hasWorked ||= !failed
    const isSpared = failed && this.#hasWorked && this.#failures < this.#settings.failAfter
    this.#post({ status: isSpared ? 'degraded' : status, message }, durationMs)
  }

  /** A check that hangs is cut off by its deadline: what it does after that changes nothing. */
  async #judge(): Promise<Judged> {
    const { timeoutMs } = this.#settings
    const abort = new AbortController()
    let timer: NodeJS.Timeout | undefined
    const cutOff = new Promise<Judged>((resolve) => {
      timer = setTimeout(() => {
        resolve({ status: 'unhealthy', message: `no answer within ${timeoutMs} ms` })
        abort.abort()
      }, timeoutMs)
      timer.unref()
    })
    try {
      const asked = Promise.resolve(this.#check(abort.signal)).then(judge)
      // Nobody waits for one that was cut off.
      asked.catch(() => {})
      return await Promise.race([asked, cutOff])
    } catch (error) {
      return { status: 'unhealthy', message: textOfThrown(error instanceof Error ? error.message : error) }
    } finally {
      clearTimeout(timer)
    }
  }

  #post({ status, message }: Judged, durationMs: number): void {
    const { critical, intervalMs, timeoutMs } = this.#settings
    native.postHealth(
      this.#name,
      HEALTH_STATUSES.indexOf(status),
      message,
      critical,
      this.#failures,
      durationMs / 1000,
      Date.now() / 1000,
      intervalMs + timeoutMs + GRACE_MS,
    )
  }
}
