// What of an alert is no news: what Alertmanager repeats, what its peers tell as well, and what comes late.
import type { Alert } from './alert.js'
import type { Moment } from './clock.js'

const SECOND = 1000
/**
 * A message that an alert fires may come behind that of its end for as long: peers of a cluster wait 15 s for one another. Less than
 * Alertmanager's `group_interval`: what it sends with the next message of a group is not late, and would not come again before
 * `repeat_interval`.
 */
const LATE_MS = 45 * SECOND
/** Alertmanager repeats an end for as long, when it was not heard to have arrived. */
const REMEMBER_MS = 3600 * SECOND

/** An end that was told. */
export interface KnownEnd {
  /** What began until then, in milliseconds since the Unix epoch, has ended by it. */
  readonly at: number
  /** Until when a message that it fires may be late, by the clock that nobody sets. */
  readonly lateUntil: number
  /** Until when it is known if it is told again, by that clock. */
  readonly knownUntil: number
}

/** What is known of an alert. */
export interface Known {
  /** When it began, in milliseconds since the Unix epoch; undefined where it does not fire. */
  readonly firesSince: number | undefined
  /** Its end; undefined where it fires, or is not known. */
  readonly end: KnownEnd | undefined
}

/**
 * Whether it says nothing new. What the watch tells comes in order, whatever the times in it: somebody may have set the clock.
 *
 * @param windowMs - Alertmanagers may know of starts that lie apart by as much
 */
export function isKnown(alert: Alert, { firesSince, end }: Known, windowMs: number, { elapsed }: Moment): boolean {
  const isOfWatch = alert.source === 'watch'
  const start = alert.startsAt.getTime()
  if (alert.status === 'firing') {
    // It fires on, unless it began much later: the end between was not told (`send_resolved: false`).
    if (firesSince !== undefined) return isOfWatch || start <= firesSince + windowMs
    // It is late. What is too late for that fires on: Alertmanager took it for ended while it heard nothing of it.
    return !isOfWatch && end !== undefined && start <= end.at && elapsed < end.lateUntil
  }
  // It has ended, or what came before that has.
  if (firesSince === undefined) return end !== undefined && start <= end.at && elapsed < end.knownUntil
  // What came before that which fires has ended. Of two Alertmanagers one may know of an earlier start, which is then that of all: it
  // ends what is known by a later one.
  return !isOfWatch && start < firesSince && (alert.endsAt ?? alert.startsAt).getTime() <= firesSince
}

/** The end that an alert tells: not later than now, as that would hide what begins until then. */
export function endOf({ startsAt, endsAt = startsAt }: Alert, { firesSince }: Known, moment: Moment): KnownEnd {
  const at = Math.max(startsAt.getTime(), firesSince ?? -Infinity, Math.min(endsAt.getTime(), moment.now))
  return { at, lateUntil: moment.elapsed + LATE_MS, knownUntil: moment.elapsed + REMEMBER_MS }
}

/** The end of what is taken for gone, which nobody told: what is heard of it then is not late. */
export function endUnheard(firesSince: number, { now, elapsed }: Moment): KnownEnd {
  return { at: Math.max(firesSince, now), lateUntil: elapsed, knownUntil: elapsed + REMEMBER_MS }
}
