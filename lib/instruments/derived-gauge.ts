// Derived gauges: functions of other metrics, evaluated when a scrape reads them. Nothing is recorded into them.
import { invalidType, invalidValue } from '../errors.js'
import type { NativeOperand } from '../native.js'
import type { Registry } from '../registry.js'
import { Counter } from './counter.js'
import { checkHead, checkLabelNames, checkRegistry, type LabelNames, type LabelValue } from './definition.js'
import { Gauge } from './gauge.js'
import { Histogram } from './histogram.js'
import { Instrument } from './instrument.js'

/** A metric that a derived gauge can read. */
// biome-ignore lint/suspicious/noExplicitAny: the labels of operands do not matter to the derived gauge's type
export type OperandMetric = Counter<any, any> | Gauge<any, any> | Histogram<any, any>

/**
 * Some series of a metric, summed: all of them, or those whose labels have the values in `where`. With `minus` they are
 * subtracted: `[lookups, { metric: misses, minus: true }]` are the hits.
 */
export type Operand =
  | OperandMetric
  | {
      metric: OperandMetric
      where?: Readonly<Record<string, LabelValue>> | undefined
      /** Histograms: `count` (default) or `sum`. */
      part?: 'value' | 'count' | 'sum' | undefined
      /** Subtracted from the sum instead of added to it. Default: false. */
      minus?: boolean | undefined
    }

/** Options of `derivedGauge()`. Give `ratio` or `rate`. */
export interface DerivedGaugeOptions {
  name: string
  help: string
  unit?: string | undefined
  /** The labels by which the operands' series are grouped. Default: none, everything is summed. */
  labels?: LabelNames | undefined
  /** Default: the process-wide default registry. The operands must be in the same one. */
  registry?: Registry | undefined
  /** The sum of `of` over the sum of `to`; absent while that is 0. */
  ratio?: { of: readonly Operand[]; to: readonly Operand[] } | undefined
  /**
   * The growth of the sum of `of` per second, over the last `windowMs` milliseconds (1 000 to 3 600 000) or since there is
   * something to compare with; absent until then. The window is kept to a sixteenth of itself.
   */
  rate?: { of: readonly Operand[]; windowMs: number } | undefined
  /** What the ratio or rate is multiplied by, finite and not 0: 100 for a percentage. Default 1. */
  scale?: number | undefined
}

const MIN_WINDOW_MS = 1000
const MAX_WINDOW_MS = 3_600_000

function checkOperand(operand: unknown, registry: Registry): NativeOperand {
  const given = operand instanceof Instrument ? { metric: operand } : operand
  const {
    metric,
    part,
    where = {},
    minus = false,
  } = (given ?? {}) as { metric?: unknown; part?: unknown; where?: object; minus?: unknown }
  if (!(metric instanceof Counter || metric instanceof Gauge || metric instanceof Histogram)) {
    throw invalidType('operand', 'a counter, gauge or histogram', metric)
  }
  if (metric._registry !== registry) throw invalidValue('operand', 'a metric of the same registry', metric.name)
  const isHistogram = metric instanceof Histogram
  const allowed = isHistogram ? ['count', 'sum'] : ['value']
  const chosen = part ?? allowed[0]
  if (typeof chosen !== 'string' || !allowed.includes(chosen)) {
    throw invalidValue('part', `${allowed.join(' or ')} for ${metric.name}`, chosen)
  }
  if (typeof minus !== 'boolean') throw invalidType('minus', 'a boolean', minus)
  for (const name of Object.keys(where)) {
    if (!metric._tree._names.includes(name)) throw invalidValue('where', `a label of ${metric.name}`, name)
  }
  return {
    metric: metric._id,
    part: chosen as NativeOperand['part'],
    whereNames: Object.keys(where),
    whereValues: Object.values(where).map(String),
    minus,
  }
}

function checkOperands(
  name: string,
  operands: unknown,
  labels: readonly string[],
  registry: Registry,
): NativeOperand[] {
  if (!Array.isArray(operands) || operands.length === 0) throw invalidType(name, 'operands', operands)
  for (const operand of operands) {
    const metric = (operand instanceof Instrument ? operand : operand?.metric) as OperandMetric
    const missing = labels.find((label) => metric instanceof Instrument && !metric._tree._names.includes(label))
    if (missing !== undefined) throw invalidValue('labels', `labels that ${metric.name} has`, missing)
  }
  return operands.map((operand) => checkOperand(operand, registry))
}

/**
 * Defines a gauge that is computed from other metrics in each scrape. `registry.remove(name)` takes it out.
 *
 * @throws `ERR_NANOTALLY_METRIC_CONFLICT`, `ERR_NANOTALLY_INVALID_TYPE`, `ERR_NANOTALLY_INVALID_NAME`,
 * `ERR_NANOTALLY_INVALID_LABEL`, `ERR_NANOTALLY_RESERVED_LABEL`, `ERR_NANOTALLY_INVALID_VALUE`,
 * `ERR_NANOTALLY_METRIC_REMOVED` for an operand that is gone
 *
 * @example
 * const hits = counter({ name: 'hits_total', help: 'Hits.', labels: ['cache'] })
 * const misses = counter({ name: 'misses_total', help: 'Misses.', labels: ['cache'] })
 * derivedGauge({ name: 'hit_ratio', help: 'Hits per lookup.', labels: ['cache'], ratio: { of: [hits], to: [hits, misses] } })
 */
export function derivedGauge(options: DerivedGaugeOptions): void {
  const head = checkHead(options)
  const registry = checkRegistry(options.registry)
  const labels = checkLabelNames(options.labels, 'labels')
  const { ratio, rate, scale = 1 } = options
  if ((ratio === undefined) === (rate === undefined)) throw invalidValue('options', 'either ratio or rate', head.name)
  const windowMs = rate?.windowMs ?? 0
  if (rate !== undefined && !(Number.isInteger(windowMs) && windowMs >= MIN_WINDOW_MS && windowMs <= MAX_WINDOW_MS)) {
    throw invalidValue('windowMs', `an integer of ${MIN_WINDOW_MS} to ${MAX_WINDOW_MS}`, windowMs)
  }
  if (typeof scale !== 'number') throw invalidType('scale', 'a number', scale)
  if (!Number.isFinite(scale) || scale === 0) throw invalidValue('scale', 'a finite number that is not 0', scale)
  const of = checkOperands('of', ratio?.of ?? rate?.of, labels, registry)
  const to = ratio === undefined ? [] : checkOperands('to', ratio.to, labels, registry)
  // A disabled operand is known to nobody, so there is nothing to compute from.
  if ([...of, ...to].some((operand) => operand.metric < 0)) return
  registry._registerDerived({ ...head, labels, of, to, windowMs, scale })
}
