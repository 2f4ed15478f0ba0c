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
/** A message is kept, and sent to every probe. */
const LONGEST_MESSAGE_BYTES = 1024

interface Judged {
  status: HealthStatus
  message: string
}

function judge(outcome: unknown): Judged {
  if (outcome === undefined || outcome === true) return { status: 'healthy', message: 'ok' }
  if (typeof outcome === 'object' && outcome !== null) {
    const { status, message } = outcome as { status?: HealthStatus; message?: unknown }
    if (status && HEALTH_STATUSES.includes(status)) return { status, message: String(message ?? status) }
  }
  if (outcome === false) return { status: 'unhealthy', message: 'the check returned false' }
  return { status: 'unhealthy', message: 'the check returned neither a boolean nor { status }' }
}

/** Without throwing again: what was thrown may do so when it is looked at. */
function reasonOf(thrown: unknown): string {
  try {
    if (thrown instanceof Error) return String(thrown.message)
  } catch {}
  return textOfThrown(thrown)
}

/** What fits of a message, in whole characters. */
function cut(message: string): string {
  return message.slice(0, new TextEncoder().encodeInto(message, new Uint8Array(LONGEST_MESSAGE_BYTES)).read)
}

export class RegisteredCheck {
  readonly #place = native.openHealth()
  readonly #name: string
  readonly #check: (signal: AbortSignal) => unknown
  readonly #settings: HealthCheckSettings
  #timer: NodeJS.Timeout | undefined
  #failures = 0
  /** Whether it was ever anything but failed. */
  #hasWorked = false
  /** Undefined while no call of the check is going on. */
  #calledAt: number | undefined
  #stopped = false

  constructor(name: string, check: (signal: AbortSignal) => unknown, settings: HealthCheckSettings) {
    this.#name = name
    this.#check = check
    this.#settings = settings
    // Until it has run once, nobody knows; a process that is starting is not ready.
    this.#post({ status: 'unhealthy', message: 'has not run yet' }, 0)
    this.#schedule(0)
  }

  stop(): void {
    if (this.#stopped) return
    this.#stopped = true
    clearTimeout(this.#timer)
    native.closeHealth(this.#place)
  }

  #schedule(delayMs: number): void {
    clearTimeout(this.#timer)
    if (this.#stopped) return
    this.#timer = setTimeout(() => {
      // Where there is no memory to post it, the last result is told until it is due: no reason to end the program.
      this.#run().catch(() => this.#schedule(this.#settings.intervalMs))
    }, delayMs)
    this.#timer.unref()
  }

  async #run(): Promise<void> {
    if (this.#calledAt !== undefined) {
      this.#failHanging(performance.now() - this.#calledAt)
      return
    }
    const start = performance.now()
    const runAgain = () => this.#schedule(Math.max(this.#settings.intervalMs - (performance.now() - start), 0))
    const abort = new AbortController()
    const called = this.#call(abort.signal)
    const judged = await this.#untilDeadline(called, abort)
    const durationMs = performance.now() - start
    if (this.#stopped) return
    this.#conclude(this.#timed(judged, durationMs), durationMs)
    if (this.#calledAt === undefined) runAgain()
    else {
      this.#scheduleFailure()
      called.then(runAgain)
    }
  }

  /**
   * One that ignores its signal is not called over the call that hangs: the pool that it waits for, say, would gain a waiter
   * with each.
   */
  #failHanging(ms: number): void {
    const message = `has not answered for ${Math.round(ms)} ms: not called again until it has`
    this.#conclude({ status: 'unhealthy', message }, ms)
    this.#scheduleFailure()
  }

  /** When a further call would have been cut off. */
  #scheduleFailure(): void {
    this.#schedule(Math.max(this.#settings.intervalMs, this.#settings.timeoutMs))
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

  /** Never rejects. */
  async #call(signal: AbortSignal): Promise<Judged> {
    this.#calledAt = performance.now()
    try {
      return judge(await this.#check(signal))
    } catch (error) {
      return { status: 'unhealthy', message: reasonOf(error) }
    } finally {
      this.#calledAt = undefined
    }
  }

  /** A check that hangs is cut off by its deadline: what it answers after that changes nothing. */
  async #untilDeadline(called: Promise<Judged>, abort: AbortController): Promise<Judged> {
    const { timeoutMs } = this.#settings
    let timer: NodeJS.Timeout | undefined
    const cutOff = new Promise<Judged>((resolve) => {
      timer = setTimeout(() => {
        resolve({ status: 'unhealthy', message: `no answer within ${timeoutMs} ms` })
        abort.abort()
      }, timeoutMs)
      timer.unref()
    })
    try {
      return await Promise.race([called, cutOff])
    } finally {
      clearTimeout(timer)
    }
  }

  #post({ status, message }: Judged, durationMs: number): void {
    const { critical, intervalMs, timeoutMs } = this.#settings
    native.postHealth(
      this.#place,
      this.#name,
      HEALTH_STATUSES.indexOf(status),
      cut(message),
      critical,
      this.#failures,
      durationMs / 1000,
      Date.now() / 1000,
      intervalMs + timeoutMs + GRACE_MS,
    )
  }
}
