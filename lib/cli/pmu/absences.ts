// Which events are not counted, why, and what would change that. Pure.
import type { PerfEvent } from '../../hardware/perf-events.js'
import { fold } from '../text.js'

/** Events that are absent for one reason. */
export interface Absence {
  events: string[]
  reason: string
  message: string
  /** Empty where nothing can be changed. */
  hint: string
}

/** What it means that an event cannot be opened that this machine offers; others are told by their code. */
const ERRORS: Readonly<Record<string, Omit<Absence, 'events'>>> = {
  EACCES: {
    reason: 'permission',
    message: "The process is another user's, or may not be looked into.",
    hint: 'Run as its user or as root, or with CAP_PERFMON.',
  },
  EMFILE: {
    reason: 'descriptors',
    message: 'Too many files are open: each event and each thread takes one.',
    hint: 'Raise ulimit -n, or count fewer events.',
  },
}
const SAME_AS: Readonly<Record<string, string>> = { EPERM: 'EACCES', ENFILE: 'EMFILE' }

const NEVER: Omit<Absence, 'events'> = {
  reason: 'not_running',
  message: 'Others had the counters all the time.',
  hint: 'Count fewer events, or for longer.',
}

function ofError(code: string): Omit<Absence, 'events'> {
  const known = ERRORS[SAME_AS[code] ?? code]
  return known ?? { reason: 'refused', message: `The kernel refused it with ${code}.`, hint: '' }
}

/**
 * @param errors - of events that are available and could not be opened
 * @param never - events that never were on a counter
 */
export function absencesOf(
  events: readonly PerfEvent[],
  errors: ReadonlyMap<string, string>,
  never: readonly string[],
): Absence[] {
  const absences: Absence[] = []
  for (const event of events) {
    const error = errors.get(event.name)
    const why = !event.available
      ? event
      : error !== undefined
        ? ofError(error)
        : never.includes(event.name)
          ? NEVER
          : undefined
    if (why === undefined) continue
    const { reason, message, hint } = why
    const same = absences.find((one) => one.reason === reason && one.message === message && one.hint === hint)
    if (same === undefined) absences.push({ events: [event.name], reason, message, hint })
    else same.events.push(event.name)
  }
  return absences
}

/** What lines are folded at. */
const COLUMNS = 80

export function absenceLines(absences: readonly Absence[]): string[] {
  return absences.flatMap(({ events, reason, message, hint }) => [
    ...fold(`not counted: ${events.join(', ')}`, COLUMNS),
    ...fold(`${reason}: ${[message, hint].join(' ').trimEnd()}`, COLUMNS, '  '),
  ])
}
