// What an exposition says, whatever its format: families of metrics and their samples.

/** `unknown` is also what has no TYPE line, and what text 0.0.4 calls `untyped`. */
export type FamilyType =
  | 'counter'
  | 'gauge'
  | 'histogram'
  | 'gaugehistogram'
  | 'summary'
  | 'info'
  | 'stateset'
  | 'unknown'

/** By name, in the order of the line. */
export type LabelSet = Readonly<Record<string, string>>

export interface Exemplar {
  labels: LabelSet
  value: number
  /** Unix seconds. */
  timestamp?: number
}

/** A line of the exposition. */
export interface Sample {
  /** With the suffix that tells its part, such as `_bucket`. */
  name: string
  labels: LabelSet
  value: number
  /** Unix seconds, in either format. */
  timestamp?: number
  exemplar?: Exemplar
  /** Of the exposition, from 1 on. */
  line: number
}

export interface Family {
  /** As its samples have it: a counter's with `_total`, an info's with `_info`, where OpenMetrics leaves them out. */
  name: string
  type: FamilyType
  /** False where there is no TYPE line. */
  typed: boolean
  /** Undefined where there is no HELP line. */
  help: string | undefined
  /** Empty where there is no UNIT line. */
  unit: string
  samples: Sample[]
  /** The first line that speaks of it. */
  line: number
}

/**
 * `syntax` is what makes Prometheus refuse the whole exposition. `disputed` is what one of Prometheus 2.42 and its promtool
 * refuses and the other reads; it is read here.
 */
export const PROBLEM_RULES = [
  'syntax',
  'disputed',
  'metadata-late',
  'metadata-twice',
  'split-family',
  'stray-sample',
] as const

/** Something wrong with an exposition; of each rule the first ones are told. */
export interface Problem {
  /** 0: the exposition as a whole. */
  line: number
  rule: (typeof PROBLEM_RULES)[number]
  /** The family that it is about, where that is known. */
  name?: string
  message: string
}

export type Format = 'text' | 'openmetrics'

export interface Exposition {
  format: Format
  families: Family[]
  problems: Problem[]
}
