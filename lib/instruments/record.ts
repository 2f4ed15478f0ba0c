// record(): one call for programs that do not care to define their metrics first.
import { invalidType, invalidValue, textOfThrown } from '../errors.js'
import { isPlainLabelName, isPlainMetricName } from '../names.js'
import { registry } from '../registry.js'
import { Counter, counter } from './counter.js'
import { disabled, type LabelValue } from './definition.js'
import { Gauge, gauge } from './gauge.js'
import { Histogram, histogram } from './histogram.js'

// biome-ignore lint/suspicious/noExplicitAny: the labels are known at the first call only
type AnyMetric = Counter<any, any> | Gauge<any, any> | Histogram<any, any>

const NO_LABELS = {}

/**
 * Records into the metric `name` of the default registry. The first call defines it unless it is defined already: as a
 * counter if it ends in `_total`, a histogram in seconds if it ends in `_seconds`, else a gauge; its labels are the keys
 * given then. Counters are increased, histograms observe, gauges are set.
 *
 * Names that need quotes, such as `http.route`, are recorded into when they are defined, but define nothing by themselves:
 * what comes here unannounced with blanks, slashes or dots is mostly data that went into a name.
 *
 * Never throws: what cannot be recorded is dropped and counted. Binding a metric's labels once is several times faster.
 *
 * @example record('jobs_total', 1, { kind: 'x' })
 */
export function record(name: string, value: number, labels: Readonly<Record<string, LabelValue>> = NO_LABELS): void {
  if (disabled) return // nothing is registered, so there would be nothing to find the next time
  if (typeof labels !== 'object' || labels === null) {
    registry._reject(registry._find(name), 'labels', 'record(): its labels are not an object')
    return
  }
  const metric = (registry._find(name) as AnyMetric | undefined) ?? infer(name, labels)
  if (metric instanceof Counter) metric.inc(labels, value)
  else if (metric instanceof Histogram) metric.observe(labels, value)
  else if (metric instanceof Gauge) metric.set(labels, value)
  else if (metric !== undefined)
    registry._reject(metric, 'definition', 'record(): it is no counter, gauge or histogram')
}

function infer(name: string, labels: unknown): AnyMetric | undefined {
  try {
    const names = Object.keys(labels as object)
    checkPlain(name, names)
    const options = { name, help: `Recorded as ${name}.`, labels: names }
    if (name.endsWith('_total')) return counter(options)
    if (name.endsWith('_seconds')) return histogram({ ...options, unit: 'seconds' })
    return gauge(options)
  } catch (error) {
    registry._reject(undefined, 'definition', `record(): ${textOfThrown(error)}`)
    return undefined
  }
}

/** @throws `ERR_NANOTALLY_INVALID_TYPE`, `ERR_NANOTALLY_INVALID_NAME`, `ERR_NANOTALLY_INVALID_LABEL` */
function checkPlain(name: string, labels: readonly string[]): void {
  if (typeof name !== 'string') throw invalidType('name', 'a string', name)
  if (!isPlainMetricName(name)) {
    throw invalidValue(
      'name',
      'a metric name [a-zA-Z_:][a-zA-Z0-9_:]* (others are defined first)',
      name,
      'ERR_NANOTALLY_INVALID_NAME',
    )
  }
  const other = labels.find((label) => !isPlainLabelName(label))
  if (other !== undefined)
    throw invalidValue(
      'labels',
      'label names [a-zA-Z_][a-zA-Z0-9_]* (others are defined first)',
      other,
      'ERR_NANOTALLY_INVALID_LABEL',
    )
}
