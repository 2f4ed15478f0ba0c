// Counters of other processes, and what is made of their counts: estimates, differences, ratios.
import { constants } from 'node:os'
import { type PerfEvent, perfEvents } from '../../hardware/perf-events.js'
import { native } from '../../native.js'
import { type Arguments, usageError } from '../command.js'
import { printable } from '../text.js'

/** What is counted where nothing is asked for: as many as most processors count without taking turns. */
const DEFAULT_EVENTS = [
  'task_clock_seconds',
  'context_switches',
  'cpu_migrations',
  'page_faults',
  'cycles',
  'instructions',
  'stalled_cycles_frontend',
  'stalled_cycles_backend',
  'branches',
  'branch_misses',
  'l1d_loads',
  'l1d_load_misses',
  'llc_loads',
  'llc_load_misses',
]

/** The events that --events names, or the usual ones. @throws CliError for names of none, and for those of whole sockets */
export function eventsOf(args: Arguments): PerfEvent[] {
  const listed = new Map(perfEvents().map((event) => [event.name, event]))
  const names = args.text('events')?.split(',') ?? DEFAULT_EVENTS
  return [...new Set(names)].map((name) => {
    const event = listed.get(name.trim())
    if (event === undefined)
      throw usageError(`--events: no event is named '${printable(name)}': nanotally pmu lists them`)
    if (event.kind === 'uncore')
      throw usageError(`--events: ${event.name} is counted for whole sockets, not for a process`)
    return event
  })
}

/** A count as it was read. */
export interface Count {
  value: number
  /** Nanoseconds, of the kernel: while it was to be counted, and while it was. */
  enabled: number
  running: number
}

/** By event; what is not open is absent. */
export type Counts = ReadonlyMap<string, Count>

export interface CountersTarget {
  pid: number
  withChildren: boolean
  fromExecOn: boolean
}

/** Open counters of a thread or process. */
export class Counters {
  readonly events: readonly PerfEvent[]
  readonly #handle: number

  /** Opens what is available of the events. */
  constructor(events: readonly PerfEvent[], { pid, withChildren, fromExecOn }: CountersTarget) {
    this.events = events.filter(({ available }) => available)
    const names = this.events.map(({ name }) => name)
    this.#handle = native.openCounters(pid, -1, names, withChildren, fromExecOn)
  }

  /** The code of the error for each event that could not be opened, such as `EACCES`. */
  errors(): Map<string, string> {
    const numbers = native.counterErrors(this.#handle)
    return new Map(this.events.flatMap(({ name }, i) => (numbers[i] ? [[name, errorCode(numbers[i])] as const] : [])))
  }

  read(): Counts {
    const values = native.readCounters(this.#handle)
    return new Map(
      this.events.flatMap(({ name }, i) => {
        const [value = Number.NaN, enabled = 0, running = 0] = values.subarray(3 * i, 3 * i + 3)
        return Number.isNaN(value) ? [] : [[name, { value, enabled, running }] as const]
      }),
    )
  }

  close(): void {
    native.closeCounters(this.#handle)
  }
}

const CODES = new Map(Object.entries(constants.errno).map(([code, number]) => [number as number, code]))

function errorCode(number: number): string {
  return CODES.get(number) ?? `error ${number}`
}

/** What was counted since. */
export function countsSince(before: Counts, now: Counts): Counts {
  return new Map(
    [...now].flatMap(([event, count]) => {
      const then = before.get(event)
      if (then === undefined) return []
      const since = {
        value: count.value - then.value,
        enabled: count.enabled - then.enabled,
        running: count.running - then.running,
      }
      return [[event, since] as const]
    }),
  )
}

/** The part of the time for which an event was counted; 1 where it was not to be counted at all. */
export function countedRatio({ enabled, running }: Count): number {
  return enabled > 0 ? Math.min(1, running / enabled) : 1
}

/** The count, or what it would be if the event had been counted all the time; undefined where it never was. */
export function estimateOf(count: Count | undefined, kind: PerfEvent['kind']): number | undefined {
  if (count === undefined) return undefined
  const { value, enabled, running } = count
  // The kernel counts its own events all the time.
  if (kind === 'software') return value
  if (running === 0) return enabled > 0 ? undefined : value
  return running < enabled ? value * (enabled / running) : value
}
