// What the watch of nanotally/integrations/alertmanager calls its alerts: as the rules here are called that are about the same
// threshold of a catalog, so that people and receivers have one name for one trouble.

/**
 * @typedef {import('./build.mjs').AlertSource} AlertSource
 * @typedef {import('./build.mjs').RuleFile} RuleFile
 * @typedef {import('nanotally/catalogs').Catalog} Catalog
 */

/**
 * @param {RuleFile[]} files
 * @param {readonly Catalog[]} catalogs
 * @returns {string} lib/integrations/internal/watch/rules.ts, not yet formatted
 */
export function watchRules(files, catalogs) {
  const catalogOf = new Map(
    catalogs.flatMap(({ name, families }) => Object.values(families).map((family) => [family.name, name])),
  )
  const rules = files
    .flatMap(({ groups }) => groups.flatMap((group) => group.rules))
    .flatMap(({ alert, family, labels, annotations, source }) => {
      if (alert === undefined || family === undefined) return []
      const { level, severity, expr } = /** @type {AlertSource} */ (source)
      const catalog = catalogOf.get(family.name)
      // Of other programs nothing is in the process.
      if (catalog === undefined) return []
      const key = [catalog, family.name, level ?? severity].join(' ')
      const rule = { alert, ...labels, summary: annotations?.summary, runbook: annotations?.runbook_url }
      return [{ key, rule, isOwn: expr !== undefined }]
    })
  // Where there are several, the one whose expression is the threshold itself: others refine or predict it.
  const chosen = new Map(
    [...rules.filter(({ isOwn }) => isOwn).reverse(), ...rules.filter(({ isOwn }) => !isOwn)].map(({ key, rule }) => [
      key,
      rule,
    ]),
  )
  const rows = [...chosen].sort(([a], [b]) => (a < b ? -1 : 1)).map((row) => JSON.stringify(row))
  return `// Written by scripts/alert-rules.mjs from alerts/src: the rules about the thresholds of catalogs, by catalog, family and level.

/** What a rule of alerts/ calls its alerts. */
export interface KnownRule {
  readonly alert: string
  readonly severity: string
  readonly component: string
  readonly subsystem: string
  readonly summary: string
  /** The address of a page. */
  readonly runbook: string
}

export const RULES: ReadonlyMap<string, KnownRule> = new Map([
${rows.map((row) => `  ${row},`).join('\n')}
])
`
}
