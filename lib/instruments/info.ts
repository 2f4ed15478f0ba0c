// Info metrics: facts told in labels, such as a version; the value is always 1.
//
// Underneath a gauge whose aggregate is `max` and which keeps what ended threads told: a fact that several threads tell,
// as they do when all of them load one module, is 1 and not their number, and it stays true when one of them ends.
import { invalidValue } from '../errors.js'
import { checkDefinition, type LabelNames, type Labels, type MetricOptions, type WithLabels } from './definition.js'
import { type BoundGauge, GAUGE_HANDLES } from './gauge.js'
import { define, Instrument } from './instrument.js'

const SUFFIX = '_info'

/** Options of `info()`. */
export interface InfoOptions<L extends LabelNames, O extends LabelNames>
  extends Omit<MetricOptions<L, O>, 'unit' | 'initial'> {
  /** Ends in `_info`. */
  name: string
}

/** An info metric with required labels `L` and optional ones `O`. Made by `info()`. */
export class Info<L extends LabelNames = LabelNames, O extends LabelNames = LabelNames> extends Instrument<BoundGauge> {
  /**
   * Tells a fact: from now on the series with these labels is exposed with the value 1, beside those of other label values.
   * Never throws: unusable labels are dropped and counted.
   */
  set(...args: WithLabels<L, O, []>): void
  set(labels?: unknown): void {
    if (labels === undefined) this._handleWithout().set(1)
    else if (typeof labels === 'object' && labels !== null) this._tree.get(labels as Record<string, unknown>).set(1)
    else this._tree.getValues([labels]).set(1)
  }

  /** Takes a fact back, in all threads: see `Counter.remove`. */
  remove(labels: Labels<L, O>): boolean {
    return this._remove(labels, [labels])
  }
}

/**
 * Defines an info metric, or returns the one that is already defined so. OpenMetrics tells it as `info`, the older text
 * format as a gauge.
 *
 * @throws as `counter`; `ERR_NANOTALLY_INVALID_NAME` also where the name does not end in `_info`
 *
 * @example
 * info({ name: 'build_info', help: 'What runs.', labels: ['version'] }).set({ version: '1.2.3' })
 */
export function info<const L extends LabelNames = [], const O extends LabelNames = []>(
  options: InfoOptions<L, O>,
): Info<L, O> {
  const definition = checkDefinition('gauge', options)
  const { name, unit } = definition.native
  if (!name.endsWith(SUFFIX) || name === SUFFIX) {
    throw invalidValue('name', `a name that ends in ${SUFFIX}`, name, 'ERR_NANOTALLY_INVALID_NAME')
  }
  if (unit !== '') throw invalidValue('unit', 'no unit for an info metric', unit)
  Object.assign(definition.native, { kind: 'info', aggregate: 'max', onExit: 'keep' })
  return define(definition, (id) => new Info<L, O>(definition, id, GAUGE_HANDLES))
}
