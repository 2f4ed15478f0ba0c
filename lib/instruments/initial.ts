// `initial`: label sets whose series exist at zero from the definition on, so that `rate()` sees their first increase.
import { invalidType, invalidValue } from '../errors.js'
import { type LabelTree, textOf } from './label-tree.js'

const CODE = 'ERR_NANOTALLY_INVALID_LABEL'

/**
 * The label texts of each entry in the order of `names`, of which the first `required` must be there; '' where an optional
 * one is absent.
 *
 * @throws `ERR_NANOTALLY_INVALID_TYPE`, `ERR_NANOTALLY_INVALID_LABEL`, `ERR_NANOTALLY_INVALID_VALUE`
 */
export function checkInitial(
  initial: unknown,
  names: readonly string[],
  required: number,
  maxSeries: number,
): string[][] {
  if (initial === undefined) return []
  if (!Array.isArray(initial)) throw invalidType('initial', 'an array of labels objects', initial)
  if (initial.length > maxSeries) {
    throw invalidValue('initial', `at most maxSeries (${maxSeries}) label sets`, initial.length)
  }
  return Array.from(initial, (labels: unknown) => {
    if (typeof labels !== 'object' || labels === null || Array.isArray(labels)) {
      throw invalidType('initial', 'labels objects', labels)
    }
    const unknown = Object.keys(labels).find((name) => !names.includes(name))
    if (unknown !== undefined) throw invalidValue('initial', 'labels of the metric', unknown, CODE)
    const values = new Map<string, unknown>(Object.entries(labels))
    return names.map((name, i) => {
      const value = values.get(name)
      if (value === undefined && i >= required) return ''
      if (value === undefined) throw invalidValue('initial', `a value for the label ${name}`, value, CODE)
      const text = textOf(value)
      if (text === undefined) throw invalidType('initial', `label values that are text (${name})`, value)
      return text
    })
  })
}

/** Makes these series of a metric, and hands each handle to `start`. Those that exist are left as they are. */
export function makeInitial<Bound, M extends { readonly _tree: LabelTree<Bound> }>(
  metric: M & { readonly _tree: LabelTree<Bound> },
  initial: readonly (readonly string[])[],
  start?: (bound: Bound) => void,
): M {
  for (const texts of initial) {
    const bound = metric._tree.getValues(texts)
    start?.(bound)
  }
  return metric
}
