// Which alerts are about a family, and so which runbooks tell what to do about what a panel shows.
import { type DynamicConfigValue, MappingType } from '@grafana/grafana-foundation-sdk/dashboard'
import { type CatalogFamily, catalogs } from 'nanotally/catalogs'
import { type AlertSource, buildRules, measureOf, type Rule, runbookOf } from '../../../alerts/src/build.mjs'
import { sources } from '../../../alerts/src/index.mjs'
import { isServerFamily } from './families.js'
import { DOCS } from './links.js'
import { familiesIn } from './queries.js'

/** A rule of its own is about the families that it names; `up` is there to leave out what is gone, but for where it is all. */
function aboutWhat({ family, expr }: Rule): readonly CatalogFamily[] {
  if (family !== undefined) return [family]
  const named = familiesIn(expr)
  return named.some((each) => !isServerFamily(each)) ? named.filter((each) => !isServerFamily(each)) : named
}

const alertsByFamily = new Map<CatalogFamily, Set<string>>()
/** What alerts ask for beside their families' figures, a sentence each. */
const moreByFamily = new Map<CatalogFamily, Set<string>>()
for (const rule of buildRules(sources, catalogs)
  .flatMap(({ groups }) => groups)
  .flatMap(({ rules }) => rules)) {
  if (rule.alert === undefined) continue
  for (const family of aboutWhat(rule)) {
    const alerts = alertsByFamily.get(family) ?? new Set()
    alertsByFamily.set(family, alerts.add(rule.alert))
  }
  const source = rule.source as AlertSource
  if (rule.family === undefined || source.least === undefined) continue
  const more = moreByFamily.get(rule.family) ?? new Set()
  moreByFamily.set(rule.family, more.add(`${rule.alert} asks for more than this colour: ${measureOf(source)}.`))
}

/**
 * That one of two requests fails is red at once, while the alert waits for more of them: the line is to be there at night, too, so
 * that the panel says so instead. Empty where the alerts about a family are about its figure alone.
 */
export function moreThanTheFigure(family: CatalogFamily): string[] {
  return [...(moreByFamily.get(family) ?? [])]
}

/** The names of the alerts about any of some families, each once. */
export function alertsAbout(families: readonly CatalogFamily[]): string[] {
  return [...new Set(families.flatMap((family) => [...(alertsByFamily.get(family) ?? [])]))]
}

/** Names of alerts as those of their pages, each a link; alerts of others lead to the page about all runbooks. */
export function runbookColumn(): DynamicConfigValue[] {
  const names = new Set([...alertsByFamily.values()].flatMap((alerts) => [...alerts]))
  const pages = [...names].sort().map((alert, index) => [alert, { text: runbookOf(alert), index }] as const)
  return [
    {
      id: 'mappings',
      value: [
        { type: MappingType.ValueToText, options: Object.fromEntries(pages) },
        { type: MappingType.RegexToText, options: { pattern: '.*', result: { text: 'README', index: pages.length } } },
      ],
    },
    {
      id: 'links',
      value: [{ title: 'Runbook', url: `${DOCS}/runbooks/\${__value.text}.md`, targetBlank: true }],
    },
  ]
}
