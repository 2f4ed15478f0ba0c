// Lints the names of metrics: what `promtool check metrics` finds fault with, and a little more. Pure functions over what a
// metric says of itself. Sources: Prometheus, "Metric and label naming"; promtool's rules (client_golang, promlint);
// OpenMetrics 1.0, "Metric naming".
import allowList from './lint-allow-list.json'
import { isPlainLabelName, isPlainMetricName } from './names.js'

/** A metric as it was defined, or as the HELP, TYPE and UNIT lines of text 0.0.4 tell it. */
export interface LintedMetric {
  /** As samples have it: a counter's with its `_total`, a histogram's without `_bucket`. */
  name: string
  type: 'counter' | 'gauge' | 'histogram' | 'summary' | 'info' | 'stateset' | 'unknown' | 'untyped'
  help?: string | undefined
  unit?: string | undefined
  /** Without the `le` of a histogram and the `quantile` of a summary. */
  labels?: readonly string[] | undefined
}

export interface LintFinding {
  rule: LintRule
  /** What to do about it. */
  message: string
}

export type LintRule = keyof typeof RULES

const allowed: readonly { name: string; rules: readonly string[] }[] = allowList

const BASE_UNITS = 'amperes bytes celsius grams joules kelvin meters metres seconds volts'.split(' ')
const PREFIXES = 'pico nano micro milli centi deci deca hecto kilo kibi mega mebi mibi giga gibi tera tebi peta pebi'
const OTHER_UNITS: Readonly<Record<string, readonly string[]>> = {
  seconds: ['minutes', 'hours', 'days', 'weeks'],
  celsius: ['fahrenheit', 'rankine'],
  kelvin: ['kelvins'],
  meters: ['inches', 'yards', 'miles'],
  bytes: ['bits'],
  joules: ['calories'],
  grams: ['pounds', 'ounces'],
  // Not promtool's: ratios of 0 to 1 are the base unit ("Metric and label naming", section "Base units").
  ratio: ['percent', 'percentage'],
}
/** Unit, with and without prefixes, to base unit. Base units lead to themselves. */
const BASE_OF = new Map<string, string>()
for (const [base, units] of [...BASE_UNITS.map((unit) => [unit, [unit]] as const), ...Object.entries(OTHER_UNITS)]) {
  for (const unit of units) {
    BASE_OF.set(unit, base)
    if (base !== 'ratio') for (const prefix of PREFIXES.split(' ')) BASE_OF.set(prefix + unit, base)
  }
}
const ABBREVIATIONS = new Set('s ms us ns sec b kb mb gb tb pb m h d'.split(' '))
const TYPES = new Set(['counter', 'gauge', 'histogram', 'summary'])
const CAMEL_CASE = /[a-z][A-Z]/

const words = (name: string) => name.split('_')
/** Behind the first word, as promtool has it: `ms_office_files` abbreviates nothing. */
const laterWords = (name: string) => words(name.toLowerCase()).slice(1)
const isTyped = ({ type }: LintedMetric) => type !== 'unknown' && type !== 'untyped'
const isDistribution = ({ type }: LintedMetric) => type === 'histogram' || type === 'summary'

function listed(names: readonly string[]): string | undefined {
  return names.length === 0 ? undefined : names.map((name) => JSON.stringify(name)).join(', ')
}

/** A rule's message where it is broken. */
type Check = (metric: LintedMetric) => string | undefined | false

const RULES = {
  'no-help': ({ help }) => (help ?? '').trim() === '' && 'add a help text',

  'counter-suffix': ({ name, type }) => type === 'counter' && !name.endsWith('_total') && 'end a counter in _total',

  'total-suffix': (metric) =>
    isTyped(metric) && metric.type !== 'counter' && metric.name.endsWith('_total') && 'keep _total for counters',

  'info-suffix': ({ name, type }) => type === 'info' && !name.endsWith('_info') && 'end an info metric in _info',

  'reserved-suffix': (metric) => {
    if (!isTyped(metric)) return undefined
    const reserved =
      metric.type === 'histogram' ? [] : isDistribution(metric) ? ['_bucket'] : ['_bucket', '_count', '_sum']
    const suffix = reserved.find((one) => metric.name.endsWith(one))
    return suffix && `${suffix} ends samples of ${suffix === '_bucket' ? 'histograms' : 'histograms and summaries'}`
  },

  'reserved-label': (metric) => {
    const labels = isTyped(metric) ? (metric.labels ?? []) : []
    const reserved = listed(labels.filter((label) => label === 'le' || label === 'quantile'))
    return reserved && `rename the label ${reserved}: it tells the parts of histograms or summaries`
  },

  'type-in-name': ({ name }) => {
    const type = laterWords(name).find((word) => TYPES.has(word))
    return type && `leave the type out of the name: ${type}`
  },

  colon: ({ name }) => name.includes(':') && 'keep colons for the names of recording rules',

  'camel-case': ({ name, labels = [] }) => {
    const camels = listed([name, ...labels].filter((one) => CAMEL_CASE.test(one)))
    return camels && `write in snake_case: ${camels}`
  },

  'abbreviated-unit': ({ name }) => {
    const unit = laterWords(name).find((word) => ABBREVIATIONS.has(word))
    return unit && `write units out: ${unit}`
  },

  'base-unit': ({ name }) => {
    const unit = words(name).find((word) => BASE_OF.has(word))
    const base = unit === undefined ? undefined : BASE_OF.get(unit)
    return base !== unit && `use the base unit ${base} instead of ${unit}`
  },

  // OpenMetrics: the unit is the last part of a family's name.
  'unit-suffix': ({ name, unit }) =>
    unit && !name.replace(/_total$/, '').endsWith(`_${unit}`) && `end the name in its unit, _${unit}`,

  'label-as-metric': ({ name, type, labels = [] }) =>
    type !== 'stateset' && labels.includes(name) && 'name no label as the metric: that is how state sets name states',

  'quoted-name': ({ name, labels = [] }) => {
    const quoted = listed([
      ...(isPlainMetricName(name) ? [] : [name]),
      ...labels.filter((label) => !isPlainLabelName(label)),
    ])
    return quoted && `queries have to quote ${quoted}, and Prometheus before version 3 sees it escaped`
  },
} satisfies Record<string, Check>

export const LINT_RULES = Object.keys(RULES) as LintRule[]

/** What a metric's name, unit, help and labels break, one finding for each rule at most; empty when all is well. */
export function lintMetric(metric: LintedMetric): LintFinding[] {
  return Object.entries<Check>(RULES).flatMap(([rule, check]) => {
    const message = check(metric)
    return message ? [{ rule: rule as LintRule, message }] : []
  })
}

/**
 * Whether the metric may break the rule all the same: its name was given, by the documents behind nanotally's catalogs or
 * by prom-client, whose dashboards ask for it. lint-allow-list.json says which and why.
 */
export function isAllowed(name: string, rule: LintRule): boolean {
  return allowed.some((entry) => entry.name === name && entry.rules.includes(rule))
}
