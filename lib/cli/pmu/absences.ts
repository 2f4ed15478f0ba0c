// Which events are not counted, why, and what would change that. Pure.
import type { PerfEvent } from '../../hardware/perf-events.js'
import { fold } from '../text.js'

/** Why an event is absent. */
interface Why {
  reason: string
  message: string
  /** Empty where nothing can be changed. */
  hint: string
}

/** Events that are absent for one reason. */
export interface Absence extends Why {
  events: string[]
}

/** What it means that an event cannot be opened that this machine offers; others are told by their code. */
const ERRORS: Readonly<Record<string, Why>> = {
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

const NEVER: Why = {
  reason: 'not_running',
  message: 'Others had the counters all the time.',
  hint: 'Count fewer events, or for longer.',
}

function ofError(code: string): Why {
  const known = ERRORS[SAME_AS[code] ?? code]
  return known ?? { reason: 'refused', message: `The kernel refused it with ${code}.`, hint: '' }
}

/** One reason for many events is told once: those with the same reason, message and hint are together. */
export function groupAbsences(events: readonly ({ name: string } & Why)[]): Absence[] {
  const groups = new Map<string, Absence>()
  for (const { name, reason, message, hint } of events) {
    const key = JSON.stringify([reason, message, hint])
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { events: [name], reason, message, hint })
    else group.events.push(name)
  }
  return [...groups.values()]
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
  return groupAbsences(
    events.flatMap((event) => {
      if (!event.available) return event
      const { name } = event
      const error = errors.get(name)
      if (error !== undefined) return { name, ...ofError(error) }
      return never.includes(name) ? { name, ...NEVER } : []
    }),
  )
}

/** What lines are folded at. */
const COLUMNS = 80

export function absenceLines(absences: readonly Absence[]): string[] {
  return absences.flatMap(({ events, reason, message, hint }) => [
    ...fold(`not counted: ${events.join(', ')}`, COLUMNS),
    ...fold(`${reason}: ${[message, hint].join(' ').trimEnd()}`, COLUMNS, '  '),
  ])
}
