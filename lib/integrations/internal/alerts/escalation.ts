// When a group of alerts is escalated: a policy as data, by age and severity.
import { severityRank } from './alert.js'
import type { Moment } from './clock.js'
import type { OpenGroup } from './groups.js'

/** A step of a policy. */
export interface EscalationStep {
  /** 1 and more. A group goes to the highest level that it has come to; it is told of each once. */
  readonly level: number
  /** For groups in which something as grave as that fires, or graver. */
  readonly severity: 'critical' | 'warning' | 'info'
  /** Once the first of these has fired for as long, in milliseconds. */
  readonly afterMs: number
  /** Whom to tell, by their names, at least one. Default: all dispatchers. */
  readonly dispatchers?: readonly string[] | undefined
}

const MINUTE = 60_000

/** What is critical after 5 and after 15 minutes, what is a warning after an hour. */
export const ESCALATION: readonly EscalationStep[] = [
  { level: 1, severity: 'critical', afterMs: 5 * MINUTE },
  { level: 2, severity: 'critical', afterMs: 15 * MINUTE },
  { level: 1, severity: 'warning', afterMs: 60 * MINUTE },
]

/**
 * In how many milliseconds a group comes to a step, 0 or less where it has; Infinity where it has taken it, or nothing is as grave.
 */
function dueIn(group: OpenGroup, { level, severity, afterMs }: EscalationStep, moment: Moment): number {
  return level > group.level ? afterMs - group.firingFor(severityRank(severity), moment) : Infinity
}

/** The step that a group has come to, the highest of them. */
export function stepDue(
  group: OpenGroup,
  policy: readonly EscalationStep[],
  moment: Moment,
): EscalationStep | undefined {
  return policy.filter((step) => dueIn(group, step, moment) <= 0).sort((a, b) => b.level - a.level)[0]
}

/** In how many milliseconds the next step of any is due; Infinity where none will be. */
export function nextDueIn(groups: Iterable<OpenGroup>, policy: readonly EscalationStep[], moment: Moment): number {
  let next = Infinity
  for (const group of groups) for (const step of policy) next = Math.min(next, dueIn(group, step, moment))
  return next
}
