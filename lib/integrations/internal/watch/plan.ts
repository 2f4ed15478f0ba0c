// Which thresholds of which catalogs a watch evaluates, and why not the others. A plan is plain data: a worker can be given it.
import type { Catalog, Threshold } from '../../../catalogs/shared/catalog.js'
import { type Expression, partsOf, readExpression, Unsupported } from './expression.js'
import { RULES } from './rules.js'
import type { LabelSet } from './store.js'

/** A threshold that is evaluated. */
export interface WatchedThreshold {
  readonly catalog: string
  /** The family's. */
  readonly name: string
  /** What its alerts are called: as the rule of `alerts/` about this threshold, where there is one, else as the family. */
  readonly alert: string
  readonly severity: 'warning' | 'critical'
  readonly query: string
  readonly above: number | undefined
  readonly below: number | undefined
  readonly forSeconds: number
}

/** A threshold that is not evaluated. */
export interface UnwatchedThreshold {
  readonly catalog: string
  readonly name: string
  readonly severity: 'warning' | 'critical'
  readonly query: string
  readonly reason: string
}

/** A threshold with what its alerts say. */
export interface PlannedThreshold extends WatchedThreshold {
  readonly expression: Expression
  /** Labels of its alerts, which those of the series do not change. */
  readonly labels: LabelSet
  /** Further ones, where the series have none of the name. */
  readonly defaults: LabelSet
  /** Annotations of its alerts. */
  readonly annotations: LabelSet
  /** How far its rates look back, at most, in milliseconds. */
  readonly windowMs: number
}

export interface Plan {
  readonly thresholds: readonly PlannedThreshold[]
  readonly unwatched: readonly UnwatchedThreshold[]
}

const SEVERITIES = ['warning', 'critical'] as const

/** Shortens the windows of rates to `windowMs`; of increases, whose figures would be others, it does not. */
function shorten(expression: Expression, windowMs: number): Expression {
  switch (expression.kind) {
    case 'range':
      return expression.of === 'rate'
        ? { ...expression, windowMs: Math.min(expression.windowMs, windowMs) }
        : expression
    case 'aggregation':
      return { ...expression, operand: shorten(expression.operand, windowMs) }
    case 'call':
      return { ...expression, operands: expression.operands.map((operand) => shorten(operand, windowMs)) }
    case 'binary':
      return { ...expression, left: shorten(expression.left, windowMs), right: shorten(expression.right, windowMs) }
    default:
      return expression
  }
}

function longestWindow(expression: Expression): number {
  return Math.max(0, ...[...partsOf(expression)].map((part) => (part.kind === 'range' ? part.windowMs : 0)))
}

/**
 * @param rateWindowMs - windows of rates are shortened to it
 * @param maxWindowMs - what looks further back is not watched
 */
export function makePlan(catalogs: readonly Catalog[], rateWindowMs: number, maxWindowMs: number): Plan {
  const thresholds: PlannedThreshold[] = []
  const unwatched: UnwatchedThreshold[] = []
  for (const { name: catalog, families } of catalogs) {
    for (const { name, help, query, planned, ...family } of Object.values(families)) {
      const read = planned === undefined ? readFor(query, rateWindowMs, maxWindowMs) : `planned: waits for ${planned}`
      for (const severity of SEVERITIES) {
        const threshold: Threshold | undefined = family[severity]
        if (threshold === undefined) continue
        const { above, below, forSeconds = 0 } = threshold
        const head = { catalog, name, severity, query }
        if (typeof read === 'string') unwatched.push({ ...head, reason: read })
        else {
          const windowMs = longestWindow(read)
          const told = toldOf(catalog, name, severity, help)
          thresholds.push({ ...head, above, below, forSeconds, expression: read, windowMs, ...told })
        }
      }
    }
  }
  return { thresholds, unwatched }
}

/** What its alerts are called: those of our catalogs as the rules of Prometheus are, so that both are one trouble to people. */
function toldOf(catalog: string, name: string, severity: string, help: string) {
  const rule = RULES.get(`${catalog} ${name} ${severity}`)
  if (rule === undefined) {
    const labels = { alertname: name, severity }
    const defaults = { component: catalog, subsystem: catalog }
    return { alert: name, labels, defaults, annotations: { summary: help } }
  }
  const { alert, component, subsystem, summary, runbook } = rule
  const labels = { alertname: alert, severity: rule.severity, component, subsystem }
  return { alert, labels, defaults: {}, annotations: { summary, runbook_url: runbook } }
}

/** The expression, or why there is none. */
function readFor(query: string, rateWindowMs: number, maxWindowMs: number): Expression | string {
  try {
    const expression = shorten(readExpression(query), rateWindowMs)
    if (![...partsOf(expression)].some(({ kind }) => kind === 'selector')) return 'it asks about no series'
    const longest = longestWindow(expression)
    if (longest <= maxWindowMs) return expression
    return `it looks back for ${longest / 1000} s, more than maxWindowMs`
  } catch (error) {
    if (error instanceof Unsupported) return error.message
    throw error
  }
}
