// Health: the program's own checks, and what all checks come to.
import { invalidType, invalidValue, NanotallyError } from '../errors.js'
import { native } from '../native.js'
import { registry as defaultRegistry, type Registry } from '../registry.js'
import { type HealthCheckOutcome, RegisteredCheck } from './check.js'
import { type HealthReport, reportOf } from './report.js'

/** Options of `health.register()`. Numbers are integers. */
export interface HealthCheckOptions {
  /** A check that takes longer is degraded, in milliseconds, 0 to 60000. Default 1000. */
  thresholdMs?: number | undefined
  /**
   * A check that takes longer is cut off and has failed, in milliseconds, 1 to 60000. It is called again once it has come to
   * an end; until then it goes on failing. Default 5000.
   */
  timeoutMs?: number | undefined
  /** From the start of one run to that of the next, in milliseconds, 10 to 3600000. Default 5000. */
  intervalMs?: number | undefined
  /** So many failures in a row are unhealthy, fewer are degraded; all are while it has only failed. 1 to 1000. Default 3. */
  failAfter?: number | undefined
  /** `false`: the process can do its work without; it is degraded while the check is unhealthy. Default true. */
  critical?: boolean | undefined
}

/** A check that is being run. */
export interface RegisteredHealthCheck {
  /** Stops it; reports do not tell of it any more. Idempotent. */
  stop(): void
}

const NAME = /^[a-zA-Z_][a-zA-Z0-9_.-]{0,99}$/
/** The built-in checks, of native/binding/system_health.cc: known before there are any results of theirs. */
const TAKEN = new Set([
  'cgroup_memory',
  'event_loop_delay',
  'event_loops',
  'memory_pressure',
  'numa_imbalance',
  'rejected_recordings',
  'scrape_age',
  'thread_pool',
])

const registered = new Map<string, RegisteredCheck>()

function checkInteger(name: string, value: unknown, lowest: number, highest: number): number {
  if (typeof value !== 'number') throw invalidType(name, 'an integer', value)
  if (!Number.isInteger(value) || value < lowest || value > highest) {
    throw invalidValue(name, `an integer of ${lowest} to ${highest}`, value)
  }
  return value
}

/**
 * Runs a health check on this thread again and again. Its results are read by every thread, also while this one is stalled:
 * a check that did not run when it was due is unhealthy.
 *
 * @param name of letters, digits and `_.-`, beginning with a letter or `_`. Where several threads have a check of
 *   one name, the worst of their results is told
 * @param check healthy: it returns (or resolves to) nothing or true. Failed: it returns false, throws, or does not answer
 *   within `timeoutMs`, when its signal is aborted. Else what the `status` that it returns says: `unavailable` is for what
 *   cannot be checked on this machine.
 * @throws `ERR_NANOTALLY_INVALID_TYPE`, `ERR_NANOTALLY_INVALID_VALUE`, `ERR_NANOTALLY_HEALTH_CHECK_EXISTS` where this thread
 *   has one of that name, or a built-in one has it
 *
 * @example
 * const ping = health.register('database', async (signal) => {
 *   await database.ping({ signal })
 * }, { thresholdMs: 200, failAfter: 3 })
 * ping.stop()
 */
function register(
  name: string,
  check: (signal: AbortSignal) => HealthCheckOutcome | Promise<HealthCheckOutcome> | void | Promise<void>,
  options: HealthCheckOptions = {},
): RegisteredHealthCheck {
  if (typeof name !== 'string') throw invalidType('name', 'a string', name)
  if (!NAME.test(name)) throw invalidValue('name', 'a letter or _, then letters, digits, _, . or -', name)
  if (typeof check !== 'function') throw invalidType('check', 'a function', check)
  const { thresholdMs = 1000, timeoutMs = 5000, intervalMs = 5000, failAfter = 3, critical = true } = options
  if (typeof critical !== 'boolean') throw invalidType('critical', 'a boolean', critical)
  const settings = {
    thresholdMs: checkInteger('thresholdMs', thresholdMs, 0, 60_000),
    timeoutMs: checkInteger('timeoutMs', timeoutMs, 1, 60_000),
    intervalMs: checkInteger('intervalMs', intervalMs, 10, 3_600_000),
    failAfter: checkInteger('failAfter', failAfter, 1, 1000),
    critical,
  }
  if (registered.has(name) || TAKEN.has(name)) {
    throw new NanotallyError('ERR_NANOTALLY_HEALTH_CHECK_EXISTS', `there is a health check ${name} already`)
  }
  const made = new RegisteredCheck(name, check, settings)
  registered.set(name, made)
  return {
    stop: () => {
      made.stop()
      if (registered.get(name) === made) registered.delete(name)
    },
  }
}

/**
 * What all checks of the process come to now. The built-in ones are about a registry that is served, and are missing where
 * none is.
 *
 * @param registry default: the process-wide default registry
 */
function report(registry: Registry = defaultRegistry): HealthReport {
  registry._assertOpen()
  return reportOf(native.readHealth(registry._handle))
}

/** Health checks of the program and of nanotally itself. */
export const health = { register, report }
