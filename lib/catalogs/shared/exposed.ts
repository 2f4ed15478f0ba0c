// Rows of families that something else of nanotally exposes: what most of them have in common is written once.
import type { CatalogFamilies, CatalogFamily } from './catalog.js'

/** A row of `exposedFamilies()`; what is left out is found by the family's name and its type. */
export interface ExposedFamily
  extends Omit<CatalogFamily, 'name' | 'type' | 'unit' | 'query' | 'aggregate' | 'buckets' | 'derived' | 'exposedBy'> {
  /** Default: a counter where the name ends in `_total`, else a gauge. */
  readonly type?: CatalogFamily['type']
  /** Default: a gauge itself; a counter's rate, by its labels; a histogram's 99th percentile. */
  readonly query?: string
  /** Default: what the name ends in, before `_total`: `bytes`, `cores`, `ratio` or `seconds`. `''`: it has none all the same. */
  readonly unit?: string
}

/** The units of nanotally's own families. Where a name ends in one, it is part of the metric. */
const UNIT = /_(bytes|cores|ratio|seconds)(?:_total)?$/

function queryOf(name: string, type: CatalogFamily['type'], labels: readonly string[]): string {
  const by = labels.length === 0 ? '' : ` by (${labels.join(', ')}) `
  if (type === 'counter') return `sum${by}(rate(${name}[5m]))`
  if (type === 'gauge') return name
  return `histogram_quantile(0.99, sum by (${['le', ...labels].join(', ')}) (rate(${name}_bucket[5m])))`
}

function familyOf(name: string, row: ExposedFamily, exposedBy: string): CatalogFamily {
  const { type = name.endsWith('_total') ? 'counter' : 'gauge', labels = [], optionalLabels = [] } = row
  const { unit = UNIT.exec(name)?.[1] ?? '', ...rest } = row
  return {
    name,
    type,
    ...(unit === '' ? {} : { unit }),
    query: queryOf(name, type, [...labels, ...optionalLabels]),
    ...(type === 'counter' ? { queryUnit: unit === '' ? 'per second' : `${unit} per second` } : {}),
    ...rest,
    exposedBy,
  }
}

/** The families of such rows, their names being their keys. `exposedBy` is the call that exposes them. */
export function exposedFamilies(exposedBy: string, rows: Readonly<Record<string, ExposedFamily>>): CatalogFamilies {
  return Object.fromEntries(Object.entries(rows).map(([name, row]) => [name, familyOf(name, row, exposedBy)]))
}
