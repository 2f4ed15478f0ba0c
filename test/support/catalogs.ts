// What queries and documents may name: the families of all catalogs, their series and labels.
import { type CatalogFamily, catalogs } from 'nanotally/catalogs'
import { readPromql } from './promql.js'

export const families: readonly CatalogFamily[] = catalogs.flatMap((catalog) => Object.values(catalog.families))

/** What Prometheus adds to every series. */
const TARGET_LABELS = ['instance', 'job']

/** The series names of families, and the labels that a query may ask them for. */
export function seriesOf(
  some: readonly CatalogFamily[],
): Map<string, { family: CatalogFamily; labels: readonly string[] }> {
  const series = new Map<string, { family: CatalogFamily; labels: readonly string[] }>()
  for (const family of some) {
    const labels = [...(family.labels ?? []), ...(family.optionalLabels ?? []), ...TARGET_LABELS]
    // An exponential histogram is asked about as a native one, too, by its bare name.
    series.set(family.name, { family, labels })
    if (family.type !== 'histogram') continue
    series.set(`${family.name}_bucket`, { family, labels: [...labels, 'le'] })
    for (const part of ['count', 'sum']) series.set(`${family.name}_${part}`, { family, labels })
  }
  return series
}

const ofCatalogs = seriesOf(families)

/** The family that a series name belongs to. */
export function familyOf(name: string): CatalogFamily | undefined {
  return ofCatalogs.get(name)?.family
}

/**
 * What is wrong with a PromQL query over the catalogs' families: syntax, names, labels.
 *
 * @param others - families that no catalog has and that it may name, too
 */
export function faultsOf(query: string, others: readonly CatalogFamily[] = []): string[] {
  const series = new Map([...ofCatalogs, ...seriesOf(others)])
  const { errors, selectors, groupings } = readPromql(query)
  const faults = [...errors]
  if (selectors.length === 0) faults.push('it asks about nothing')
  for (const { name, labels } of selectors) {
    const known = series.get(name)
    if (known === undefined) faults.push(`no catalog has ${name}`)
    else
      faults.push(...labels.filter((label) => !known.labels.includes(label)).map((label) => `${name} has no ${label}`))
  }
  const asked = selectors.flatMap(({ name }) => series.get(name)?.labels ?? [])
  faults.push(...groupings.filter((label) => !asked.includes(label)).map((label) => `nothing in it has ${label}`))
  return faults
}
