// Validation of metric definitions, and the types that make labels checked by the compiler.
import { invalidType, invalidValue } from '../errors.js'
import { isName, MAX_NAME_LENGTH } from '../names.js'
import type { NativeDefinition } from '../native.js'
import { registry as defaultRegistry, Registry } from '../registry.js'
import { checkInitial } from './initial.js'

/** A label value, taken by its text: `200` and `'200'` are one series. Numbers are finite. */
export type LabelValue = string | number | boolean | bigint

/** Label names in their declared order. */
export type LabelNames = readonly string[]

/** The labels object of a metric with required labels `L` and optional ones `O`. */
export type Labels<L extends LabelNames, O extends LabelNames> = [L[number] | O[number]] extends [never]
  ? Record<string, never>
  : { readonly [K in L[number]]: LabelValue } & { readonly [K in O[number]]?: LabelValue | undefined }

/** The same by position: required values, then any of the optional ones. */
export type LabelTuple<L extends LabelNames, O extends LabelNames> = [
  ...{ [I in keyof L]: LabelValue },
  ...Partial<{ [I in keyof O]: LabelValue }>,
]

/**
 * The arguments of a recording call: labels come first where the metric has any, and may be left out where none is
 * required.
 */
export type WithLabels<L extends LabelNames, O extends LabelNames, Rest extends unknown[]> = [L[number]] extends [never]
  ? [O[number]] extends [never]
    ? Rest
    : Rest | [labels: Labels<L, O>, ...Rest]
  : [labels: Labels<L, O>, ...Rest]

/** What all metrics have. */
export interface MetricOptions<L extends LabelNames, O extends LabelNames> {
  /**
   * 1 to 1000 characters. `[a-zA-Z_:][a-zA-Z0-9_:]*` is what every Prometheus knows and needs no quotes in queries; other
   * text is for version 3 and is escaped for older ones. Counters end in `_total` by convention.
   */
  name: string
  /** One or more lines for people. */
  help: string
  /** The unit in the plural, such as `seconds` or `bytes`; part of the metric's identity. */
  unit?: string | undefined
  /**
   * Required labels in the order of positional values; names as of metrics, but without colons if no quotes are wanted.
   * Not `__*`, nor `otel_metric_overflow`, nor `le` on a histogram.
   */
  labels?: L | undefined
  /** Labels that may be absent; absent and empty are the same, and are not exposed. */
  optionalLabels?: O | undefined
  /** Label sets beyond this many share one overflow series. Default 2000. */
  maxSeries?: number | undefined
  /**
   * After so many milliseconds without a recording a series is hidden, until it is recorded again. When no thread holds a
   * handle of it any more it expires: its memory is used anew. 100 to 2^31 - 1; default: never. It is noticed within a
   * quarter of that time, or 100 ms, and a second more where that quarter is longer than one.
   */
  idleTimeoutMs?: number | undefined
  /**
   * Label sets whose series exist at zero from now on, so that `rate()` sees their first increase; at most `maxSeries`.
   * Series that exist keep their values. Not part of the metric's identity: defining it again may add others.
   */
  initial?: readonly Labels<L, O>[] | undefined
  /** Default: the process-wide default registry. */
  registry?: Registry | undefined
  /** `false` makes recordings no-ops and exposes nothing. Default: true, unless NANOTALLY_DISABLED=1 is set. */
  enabled?: boolean | undefined
}

/** What a definition says once it is validated. */
export interface Definition {
  native: NativeDefinition
  registry: Registry
  enabled: boolean
  /** The label texts of series that exist from the start, see initial.ts. */
  initial: readonly (readonly string[])[]
}

const NAME = `1 to ${MAX_NAME_LENGTH} characters without NUL or lone surrogates`
const UNIT = /^[a-zA-Z0-9_:]+$/
const OVERFLOW_LABEL = 'otel_metric_overflow'
const DEFAULT_MAX_SERIES = 2000
/** A million series of one metric are 8 MB of cells per thread; more is a mistake. */
const MAX_MAX_SERIES = 1_000_000

/** The registry looks ten times a second at most. */
const SHORTEST_IDLE_MS = 100
const LONGEST_IDLE_MS = 2 ** 31 - 1

/** Whether NANOTALLY_DISABLED=1 turns everything into no-ops. */
export const disabled = process.env.NANOTALLY_DISABLED === '1'

/** @throws `ERR_NANOTALLY_INVALID_TYPE`, `ERR_NANOTALLY_INVALID_NAME` */
export function checkMetricName(name: unknown): string {
  if (typeof name !== 'string') throw invalidType('name', 'a string', name)
  if (!isName(name)) throw invalidValue('name', NAME, name, 'ERR_NANOTALLY_INVALID_NAME')
  return name
}

function checkLabelName(name: unknown, isHistogram: boolean): string {
  if (typeof name !== 'string') throw invalidType('labels', 'label names', name)
  if (!isName(name)) throw invalidValue('labels', NAME, name, 'ERR_NANOTALLY_INVALID_LABEL')
  if (name.startsWith('__') || name === OVERFLOW_LABEL || (isHistogram && name === 'le')) {
    throw invalidValue('labels', 'no reserved label name', name, 'ERR_NANOTALLY_RESERVED_LABEL')
  }
  return name
}

function checkNames(names: unknown, option: string): readonly unknown[] {
  if (names === undefined) return []
  if (!Array.isArray(names)) throw invalidType(option, 'an array of label names', names)
  return names
}

/**
 * @throws `ERR_NANOTALLY_INVALID_TYPE`, `ERR_NANOTALLY_INVALID_LABEL` (also for a name given twice),
 * `ERR_NANOTALLY_RESERVED_LABEL`
 */
export function checkLabelNames(labels: unknown, option: string, isHistogram = false): string[] {
  const names = checkNames(labels, option).map((name) => checkLabelName(name, isHistogram))
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined) throw invalidValue(option, 'each label once', twice, 'ERR_NANOTALLY_INVALID_LABEL')
  return names
}

/** The parts of a definition that derived gauges have too. */
export function checkHead(options: { name: string; help: string; unit?: string | undefined }): {
  name: string
  help: string
  unit: string
} {
  if (typeof options !== 'object' || options === null) throw invalidType('options', 'an object', options)
  const name = checkMetricName(options.name)
  const { help, unit = '' } = options
  if (typeof help !== 'string') throw invalidType('help', 'a string', help)
  if (typeof unit !== 'string') throw invalidType('unit', 'a string', unit)
  if (unit !== '' && !UNIT.test(unit)) throw invalidValue('unit', 'letters, digits and underscores', unit)
  return { name, help, unit }
}

export function checkRegistry(registry: unknown): Registry {
  if (registry === undefined) return defaultRegistry
  if (!(registry instanceof Registry)) throw invalidType('registry', 'a Registry', registry)
  return registry
}

function checkIdleTimeout(timeoutMs: unknown): number {
  if (timeoutMs === undefined) return 0
  if (!Number.isInteger(timeoutMs)) throw invalidType('idleTimeoutMs', 'an integer', timeoutMs)
  const ms = timeoutMs as number
  if (ms < SHORTEST_IDLE_MS || ms > LONGEST_IDLE_MS) {
    throw invalidValue('idleTimeoutMs', `${SHORTEST_IDLE_MS} to ${LONGEST_IDLE_MS}`, ms)
  }
  return ms
}

/**
 * Validates what all metrics have.
 *
 * @throws `ERR_NANOTALLY_INVALID_TYPE`, `..._INVALID_NAME`, `..._INVALID_LABEL`, `..._RESERVED_LABEL`, `..._INVALID_VALUE`
 */
export function checkDefinition(
  type: NativeDefinition['type'],
  options: Omit<MetricOptions<LabelNames, LabelNames>, 'initial'> & { initial?: unknown },
): Definition {
  const head = checkHead(options)
  const { maxSeries = DEFAULT_MAX_SERIES, enabled = !disabled } = options
  if (!Number.isInteger(maxSeries)) throw invalidType('maxSeries', 'an integer', maxSeries)
  if (maxSeries < 1 || maxSeries > MAX_MAX_SERIES) throw invalidValue('maxSeries', `1 to ${MAX_MAX_SERIES}`, maxSeries)
  if (typeof enabled !== 'boolean') throw invalidType('enabled', 'a boolean', enabled)
  const idleTimeoutMs = checkIdleTimeout(options.idleTimeoutMs)
  const optional = checkNames(options.optionalLabels, 'optionalLabels')
  const labels = checkLabelNames([...checkNames(options.labels, 'labels'), ...optional], 'labels', type === 'histogram')
  return {
    native: { ...head, type, labels, optionalCount: optional.length, maxSeries, idleTimeoutMs },
    registry: checkRegistry(options.registry),
    enabled: enabled && !disabled,
    initial: checkInitial(options.initial, labels, labels.length - optional.length, maxSeries),
  }
}
