// Where dashboards lead: to each other, to the pages of docs/, to runbooks.
import { DashboardLinkBuilder, DashboardLinkType } from '@grafana/grafana-foundation-sdk/dashboard'
import type { CatalogFamily } from 'nanotally/catalogs'
import { runbookOf } from '../../../alerts/src/build.mjs'

/** What all of them are found by. */
export const TAG = 'nanotally'

/** Where docs/ is served, a variable of each dashboard. */
export const DOCS = `\${docs}`

/** What is chosen stays chosen. */
const KEEP = `\${__url_time_range}&\${datasource:queryparam}&\${instance:queryparam}`

export const uidOf = (name: string) => `nanotally-${name}`

/** To another dashboard, by the name of its file. */
export function drillDown(name: string): DashboardLinkBuilder {
  return new DashboardLinkBuilder(`More: ${name}`)
    .type(DashboardLinkType.Link)
    .url(`/d/${uidOf(name)}?${KEEP}`)
    .targetBlank(false)
}

/** To the section of docs/metrics.md. */
export function familyLink({ name }: CatalogFamily): DashboardLinkBuilder {
  return new DashboardLinkBuilder(name)
    .type(DashboardLinkType.Link)
    .url(`${DOCS}/metrics.md#${name.toLowerCase()}`)
    .targetBlank(true)
}

/** To what to do about an alert. */
export function runbookLink(alert: string): DashboardLinkBuilder {
  return new DashboardLinkBuilder(`Runbook: ${alert}`)
    .type(DashboardLinkType.Link)
    .url(`${DOCS}/runbooks/${runbookOf(alert)}.md`)
    .targetBlank(true)
}

/** To a dashboard's section of docs/panels.md. */
export function guideLink(title: string): DashboardLinkBuilder {
  const anchor = title
    .toLowerCase()
    .replaceAll(/[^a-z0-9 -]/g, '')
    .replaceAll(' ', '-')
  return new DashboardLinkBuilder('Guide')
    .type(DashboardLinkType.Link)
    .icon('doc')
    .url(`${DOCS}/panels.md#${anchor}`)
    .targetBlank(true)
}

/** To the pages that tell what to do about each alert, by its name. */
export function runbooksLink(): DashboardLinkBuilder {
  return new DashboardLinkBuilder('Runbooks')
    .type(DashboardLinkType.Link)
    .icon('bolt')
    .url(`${DOCS}/runbooks`)
    .targetBlank(true)
}

/** A menu of all of them. */
export function menu(): DashboardLinkBuilder {
  return new DashboardLinkBuilder('nanotally')
    .type(DashboardLinkType.Dashboards)
    .tags([TAG])
    .asDropdown(true)
    .includeVars(true)
    .keepTime(true)
}
