// The states of thresholds over time: what is past one for long enough fires, what no longer is has been resolved.
import { createHash } from 'node:crypto'
import type { EvaluationOutcome } from '../../../catalogs/alerting.js'
import { Ambiguous, Evaluation, type Value } from './evaluate.js'
import { type Expression, partsOf } from './expression.js'
import type { PlannedThreshold } from './plan.js'
import type { LabelSet, SeriesStore } from './store.js'

/** What a threshold says has begun or ended. Plain data. */
export interface WatchAlert {
  /** Whose threshold: two catalogs may have one of the same name. */
  readonly catalog: string
  readonly fingerprint: string
  readonly status: 'firing' | 'resolved'
  readonly labels: LabelSet
  readonly annotations: LabelSet
  /** When it fired, in milliseconds since the Unix epoch. */
  readonly startsAt: number
  readonly endsAt: number | undefined
  readonly value: number
}

/** What one evaluation of all thresholds found. */
export interface Round {
  readonly alerts: readonly WatchAlert[]
  readonly outcomes: ReadonlyMap<EvaluationOutcome, number>
  /** Thresholds that some series are past. */
  readonly violated: readonly PlannedThreshold[]
  /** Thresholds that cannot be evaluated any more, and why. */
  readonly givenUp: readonly { readonly threshold: PlannedThreshold; readonly reason: string }[]
}

/** A set of labels that is past a threshold. */
interface Past {
  readonly labels: LabelSet
  /** By a clock that is not set. */
  readonly since: number
  /** In milliseconds since the Unix epoch; undefined before it fires. */
  firedAt: number | undefined
  value: number
  /** Not resolved before, by the clock of `since`: it fired before this thread knew of anything. */
  readonly keptUntil: number
}

/** Labels of an alert: those of the series, of which `exported_NAME` is what would hide behind the alert's own. */
function labelsOf({ labels: own, defaults }: PlannedThreshold, labels: LabelSet): LabelSet {
  const freed = Object.entries(labels).map(([name, value]) => [name in own ? `exported_${name}` : name, value])
  return { ...defaults, ...Object.fromEntries(freed), ...own }
}

/** The catalog is not always among the labels: series may have a component and a subsystem of their own. */
function fingerprintOf({ catalog }: PlannedThreshold, labels: LabelSet): string {
  const entries = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256')
    .update(JSON.stringify([catalog, entries]))
    .digest('hex')
    .slice(0, 16)
}

/**
 * The end of an alert that nobody looks after any more: whether its series is past the threshold still is not known. It is told as
 * resolved, as nobody would tell the end otherwise, and says why.
 *
 * @param at - milliseconds since the Unix epoch
 */
export function endUnwatched(alert: WatchAlert, at: number, reason: string): WatchAlert {
  const description = `${alert.annotations.description} It is not watched any more: ${reason}.`
  const annotations = { ...alert.annotations, description, unwatched: reason }
  return { ...alert, status: 'resolved', endsAt: at, annotations }
}

function isPast(value: number, { above, below }: PlannedThreshold): boolean {
  return (above !== undefined && value > above) || (below !== undefined && value < below)
}

/** What a query came to. */
interface Answer {
  readonly outcome: EvaluationOutcome
  readonly values?: readonly Value[]
  /** Why it is to be given up. */
  readonly reason?: string
}

/** A query, which is evaluated once for all thresholds on it. */
class Query {
  readonly #evaluation: Evaluation
  #at = Number.NaN
  #answer: Answer = { outcome: 'no_data' }

  constructor(expression: Expression) {
    this.#evaluation = new Evaluation(expression)
  }

  answer(store: SeriesStore, at: number): Answer {
    if (this.#at !== store.now) this.#answer = this.#evaluate(store, at)
    this.#at = store.now
    return this.#answer
  }

  #evaluate(store: SeriesStore, at: number): Answer {
    if (this.#evaluation.names.some((name) => store.hasOverflowed(name))) {
      return { outcome: 'overflow', reason: 'there are more series than maxSeries' }
    }
    try {
      const values = this.#evaluation.evaluate(store, at / 1000)
      return { outcome: values.length === 0 ? 'no_data' : 'evaluated', values }
    } catch (error) {
      if (error instanceof Ambiguous) return { outcome: 'ambiguous', reason: error.message }
      throw error
    }
  }
}

/** One threshold, and who is past it. */
class WatchedOne {
  readonly threshold: PlannedThreshold
  readonly query: Query
  readonly #past = new Map<string, Past>()
  isGivenUp = false

  constructor(threshold: PlannedThreshold, query: Query, known: readonly WatchAlert[], now: number) {
    this.threshold = threshold
    this.query = query
    for (const { catalog, fingerprint, labels, startsAt, value } of known) {
      if (catalog !== threshold.catalog) continue
      const { alertname, severity } = threshold.labels
      if (labels.alertname !== alertname || labels.severity !== severity) continue
      const keptUntil = now + threshold.windowMs
      this.#past.set(fingerprint, { labels, since: now, firedAt: startsAt, value, keptUntil })
    }
  }

  /** Takes in what the expression came to. `now`: by a clock that is not set; `at`: milliseconds since the Unix epoch. */
  *update(values: readonly Value[], now: number, at: number): Generator<WatchAlert, undefined> {
    const still = new Set<string>()
    for (const { labels, value } of values) {
      if (!isPast(value, this.threshold)) continue
      const own = labelsOf(this.threshold, labels)
      const fingerprint = fingerprintOf(this.threshold, own)
      let past = this.#past.get(fingerprint)
      if (past === undefined) {
        past = { labels: own, since: now, firedAt: undefined, value, keptUntil: 0 }
        this.#past.set(fingerprint, past)
      }
      still.add(fingerprint)
      past.value = value
      if (past.firedAt !== undefined || now - past.since < this.threshold.forSeconds * 1000) continue
      past.firedAt = at
      yield this.#alert(fingerprint, past, 'firing', at, undefined)
    }
    for (const [fingerprint, past] of this.#past) {
      if (still.has(fingerprint) || now < past.keptUntil) continue
      this.#past.delete(fingerprint)
      if (past.firedAt !== undefined) yield this.#alert(fingerprint, past, 'resolved', past.firedAt, at)
    }
  }

  /** Ends what fires, for good: at once, what fired before this thread knew of anything, too. */
  *giveUp(at: number, reason: string): Generator<WatchAlert, undefined> {
    this.isGivenUp = true
    for (const [fingerprint, past] of this.#past) {
      if (past.firedAt === undefined) continue
      yield endUnwatched(this.#alert(fingerprint, past, 'firing', past.firedAt, undefined), at, reason)
    }
    this.#past.clear()
  }

  #alert(
    fingerprint: string,
    { labels, value }: Past,
    status: WatchAlert['status'],
    startsAt: number,
    endsAt: number | undefined,
  ): WatchAlert {
    const { catalog, annotations: told, query, above, below } = this.threshold
    const bounds = [above === undefined ? [] : `above ${above}`, below === undefined ? [] : `below ${below}`].flat()
    const annotations = { ...told, description: `${query} is ${value}, and should not be ${bounds.join(' or ')}.` }
    return { catalog, fingerprint, status, labels, annotations, startsAt, endsAt, value }
  }
}

/** All thresholds of a watch. */
export class Thresholds {
  readonly #watched: readonly WatchedOne[]
  readonly #startedAt: number

  /**
   * @param known - alerts that fire, as another thread before this one found
   * @param now - by the clock of the stores that will be evaluated
   */
  constructor(thresholds: readonly PlannedThreshold[], known: readonly WatchAlert[], now: number) {
    const queries = new Map<Expression, Query>()
    this.#watched = thresholds.map((threshold) => {
      const query = queries.get(threshold.expression) ?? new Query(threshold.expression)
      queries.set(threshold.expression, query)
      return new WatchedOne(threshold, query, known, now)
    })
    this.#startedAt = now
  }

  /** @param at - milliseconds since the Unix epoch */
  evaluate(store: SeriesStore, at: number): Round {
    const alerts: WatchAlert[] = []
    const violated: PlannedThreshold[] = []
    const givenUp: Round['givenUp'][number][] = []
    const outcomes = new Map<EvaluationOutcome, number>()
    for (const one of this.#watched) {
      if (one.isGivenUp) continue
      const { threshold } = one
      const { outcome, values = [], reason } = this.#evaluateOne(one, store, at)
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
      if (reason !== undefined) {
        givenUp.push({ threshold, reason })
        alerts.push(...one.giveUp(at, reason))
        continue
      }
      if (values.some(({ value }) => isPast(value, threshold))) violated.push(threshold)
      alerts.push(...one.update(values, store.now, at))
    }
    return { alerts, outcomes, violated, givenUp }
  }

  #evaluateOne({ threshold, query }: WatchedOne, store: SeriesStore, at: number): Answer {
    // Rates are too low at first, which only what looks for low ones would take for trouble.
    const isWarming = threshold.below !== undefined && store.now - this.#startedAt < threshold.windowMs
    return isWarming ? { outcome: 'warming' } : query.answer(store, at)
  }
}

/** The windows of rates, in milliseconds, by the names that are asked for; of what is asked for as it is, none. */
export function windowsOf(thresholds: readonly PlannedThreshold[]): Map<string, number[]> {
  const windows = new Map<string, Set<number>>()
  const add = (name: string, windowMs?: number) => {
    const own = windows.get(name) ?? new Set()
    if (windowMs !== undefined) own.add(windowMs)
    windows.set(name, own)
  }
  for (const { expression } of thresholds) {
    for (const part of partsOf(expression)) {
      if (part.kind === 'selector') add(part.name)
      else if (part.kind === 'range') add(part.selector.name, part.windowMs)
    }
  }
  return new Map([...windows].map(([name, own]) => [name, [...own]]))
}
