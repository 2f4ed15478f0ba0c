// Checks of the catalogs that a watch is given: they may be anybody's.
import type { Catalog } from '../../../catalogs/shared/catalog.js'
import { invalidType, invalidValue } from '../options.js'

const LEVELS = ['warning', 'critical'] as const

function checkText(name: string, value: unknown): void {
  if (typeof value !== 'string') throw invalidType(name, 'a text', value)
}

function checkObject(name: string, value: unknown): void {
  if (typeof value !== 'object' || value === null) throw invalidType(name, 'an object', value)
}

function checkNumber(name: string, value: unknown): void {
  if (value === undefined) return
  if (typeof value !== 'number') throw invalidType(name, 'a number', value)
  if (Number.isNaN(value)) throw invalidValue(name, 'a number', value)
}

function checkThreshold(name: string, threshold: { above?: unknown; below?: unknown; forSeconds?: unknown }): void {
  checkObject(name, threshold)
  const { above, below, forSeconds = 0 } = threshold
  checkNumber(`${name}.above`, above)
  checkNumber(`${name}.below`, below)
  if (above === undefined && below === undefined) throw invalidValue(name, 'above or below', 'neither')
  checkNumber(`${name}.forSeconds`, forSeconds)
  if (!((forSeconds as number) >= 0)) throw invalidValue(`${name}.forSeconds`, '0 or more', forSeconds)
}

/**
 * @throws `ERR_NANOTALLY_INVALID_TYPE`, `ERR_NANOTALLY_INVALID_VALUE`, also for two thresholds of one name and level, whose alerts
 * nobody could tell apart
 */
export function checkCatalogs(catalogs: unknown): readonly Catalog[] {
  if (!Array.isArray(catalogs)) throw invalidType('catalogs', 'an array of catalogs', catalogs)
  const known = new Set<string>()
  for (const [i, catalog] of catalogs.entries()) {
    checkText(`catalogs[${i}].name`, catalog?.name)
    checkObject(`catalogs[${i}].families`, catalog.families)
    for (const [key, family] of Object.entries<Catalog['families'][string]>(catalog.families)) {
      const part = `catalogs[${i}].families.${key}`
      checkObject(part, family)
      for (const text of ['name', 'help', 'query'] as const) checkText(`${part}.${text}`, family[text])
      for (const level of LEVELS) {
        if (family[level] === undefined) continue
        checkThreshold(`${part}.${level}`, family[level])
        const own = JSON.stringify([catalog.name, family.name, level])
        if (known.has(own)) throw invalidValue(`${part}.name`, 'a name that no other family of it has', family.name)
        known.add(own)
      }
    }
  }
  return catalogs
}
