// collectHardwareMetrics(): what the process does to the processor, by the kernel's counters.
import { invalidType, invalidValue } from '../errors.js'
import { checkRegistry, disabled } from '../instruments/definition.js'
import { native } from '../native.js'
import type { Registry } from '../registry.js'

/** Options of `collectHardwareMetrics()`. */
export interface HardwareMetricsOptions {
  /** Default: the process-wide default registry. */
  registry?: Registry | undefined
  /** Names of events, as `npx nanotally pmu` lists them. Default: those that docs/hardware.md names. */
  events?: readonly string[] | undefined
  /**
   * Also counts the events on each CPU, for all processes of the machine, where that is allowed
   * (`kernel.perf_event_paranoid` at 0 or below, or CAP_PERFMON). Default: false.
   */
  perCpu?: boolean | undefined
}

/** Hardware metrics that are being collected. */
export interface HardwareMetrics {
  /** Stops them, with the last of those who collect into the registry. Idempotent. */
  stop(): void
}

function checkEvents(events: readonly string[] | undefined): readonly string[] {
  if (events === undefined) return []
  if (!Array.isArray(events)) throw invalidType('events', 'an array of names', events)
  const known = new Set(native.perfMachine().events.map(({ name }) => name))
  for (const event of events) {
    if (typeof event !== 'string') throw invalidType('events', 'an array of names', event)
    if (!known.has(event)) throw invalidValue('events', 'names that `npx nanotally pmu` lists', event)
  }
  if (events.length === 0) throw invalidValue('events', 'at least one name', events.length)
  return events
}

/**
 * Collects what the kernel counts for the process: cycles, instructions, stalls, misses, switches, faults, and the ratios
 * between them, over all threads that there are when it is called and those that they start. docs/hardware.md lists the
 * families. An event that the machine does not count is absent, and `perf_event_available` has the reason.
 *
 * It is for the process: one call, in any thread, is enough. A further call into the same registry, from whatever thread,
 * shares the counters. It holds a file descriptor for each event and each thread that there is at the time, and costs the
 * threads nothing but what the kernel needs to switch counters along with them.
 *
 * @throws `ERR_NANOTALLY_METRIC_CONFLICT` where a name is taken by another metric, or where other options are in force for
 * the registry, `ERR_NANOTALLY_INVALID_TYPE`, `ERR_NANOTALLY_INVALID_VALUE` for unknown events,
 * `ERR_NANOTALLY_REGISTRY_CLOSED`
 *
 * @example
 * const hardware = collectHardwareMetrics({ events: ['instructions', 'cycles', 'page_faults'] })
 * hardware.stop()
 */
export function collectHardwareMetrics(options: HardwareMetricsOptions = {}): HardwareMetrics {
  if (typeof options !== 'object' || options === null) throw invalidType('options', 'an object', options)
  const registry = checkRegistry(options.registry)
  registry._assertOpen()
  const { perCpu = false } = options
  if (typeof perCpu !== 'boolean') throw invalidType('perCpu', 'a boolean', perCpu)
  const events = checkEvents(options.events)
  if (disabled) return { stop: () => {} }
  native.startHardwareMetrics(registry._handle, events, perCpu)
  let stopped = false
  return {
    stop: () => {
      if (stopped) return
      stopped = true
      // With a registry that was closed all of it is gone.
      if (!registry._isClosed) native.stopHardwareMetrics(registry._handle)
    },
  }
}
