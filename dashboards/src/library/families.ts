// The families that panels may ask about: those of nanotally's catalogs, and those of the servers that watch over them.
import { type CatalogFamily, catalogs } from 'nanotally/catalogs'
import { EXPORTER_FAMILIES } from '../../../alerts/src/exporters.mjs'
import { SERVER_FAMILIES } from './servers.js'

const byName = new Map([
  ...catalogs.flatMap(({ families }) => Object.values(families)).map((family) => [family.name, family] as const),
  ...SERVER_FAMILIES.map((family) => [family.name, family] as const),
])

/** @throws RangeError where no catalog has it */
export function familyOf(name: string): CatalogFamily {
  const family = byName.get(name)
  if (family === undefined) throw new RangeError(`no catalog has ${name}`)
  return family
}

/** What the family's own query is measured in, in the words of the catalogs; empty for a number of things. */
export function measureOf({ queryUnit, unit }: CatalogFamily): string {
  return queryUnit ?? unit ?? ''
}

/** Whether Prometheus can have it as a native histogram: where the catalog gives no boundaries. */
export function isNative({ type, buckets }: CatalogFamily): boolean {
  return type === 'histogram' && buckets === undefined
}

export function isServerFamily({ name }: CatalogFamily): boolean {
  return SERVER_FAMILIES.some((family) => family.name === name)
}

/** Of the server families, those of machines and databases: each of several has its limits, as a program has. */
export function isExporterFamily({ name }: CatalogFamily): boolean {
  return EXPORTER_FAMILIES.some((family) => family.name === name)
}
