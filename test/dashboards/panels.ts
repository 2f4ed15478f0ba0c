// What panels are about, for the tests of this folder: the families that they ask for, and what those are held against.
import type { CatalogFamily } from 'nanotally/catalogs'
import { SERVER_FAMILIES } from '../../dashboards/src/library/servers.js'
import { families, seriesOf } from '../support/catalogs.js'
import { asSent, type PanelJson, type PanelTarget, type Thresholds } from '../support/dashboards.js'
import { readPromql } from '../support/promql.js'

/** The series that queries may be about: of catalogs, and of servers. */
export const knownSeries = seriesOf([...families, ...SERVER_FAMILIES])

/** The families that a panel asks about. */
export function familiesOf({ targets = [] }: PanelJson): CatalogFamily[] {
  return targets
    .flatMap(({ expr }) => readPromql(asSent(expr)).selectors)
    .map(({ name }) => knownSeries.get(name)?.family)
    .filter((family) => family !== undefined)
}

/** The thresholds that some queries of a panel have in place of its own. */
export function overriddenThresholds({ fieldConfig }: PanelJson): Thresholds[] {
  const own = (fieldConfig?.overrides ?? []).flatMap(({ properties }) => properties)
  return own.filter(({ id }) => id === 'thresholds').map(({ value }) => value as Thresholds)
}

/** The thresholds that a panel's query is held against: its own, or those of all. */
export function thresholdsOf({ fieldConfig }: PanelJson, { refId }: PanelTarget): Thresholds | undefined {
  const override = fieldConfig?.overrides.find(
    ({ matcher, properties }) =>
      matcher.id === 'byFrameRefID' && matcher.options === refId && properties.some(({ id }) => id === 'thresholds'),
  )
  const own = override?.properties.find(({ id }) => id === 'thresholds')?.value
  return (own as Thresholds | undefined) ?? fieldConfig?.defaults.thresholds
}
