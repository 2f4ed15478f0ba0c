// The rules as the sources and the catalogs make them, for the tests of this folder.
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type CatalogFamily, catalogs } from 'nanotally/catalogs'
import { buildRules } from '../../alerts/src/build.mjs'
import { sources } from '../../alerts/src/index.mjs'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))
export const FOLDER = `${ROOT}/alerts`

export interface Condition {
  op: '>' | '<'
  limit: number
}

/** What the tests read of an alert. */
export interface Alert {
  alert: string
  file: string
  group: string
  expr: string
  forSeconds: number
  labels: { severity: 'info' | 'warning' | 'critical'; component: string; subsystem: string }
  annotations: { summary: string; description: string; value: string; runbook_url: string }
  source: {
    firstIncrease?: boolean
    frees?: string[]
    least?: { of: string; count: number; things: string }
    expr?: unknown
    level?: 'warning' | 'critical'
    documents?: string[]
  }
  family?: CatalogFamily
  condition?: Condition
}

export const files = buildRules(sources, catalogs)

export const alerts: readonly Alert[] = files.flatMap(({ file, groups }) =>
  groups.flatMap(({ name, rules }) =>
    rules
      .filter((rule) => rule.alert !== undefined)
      .map((rule) => ({ ...rule, file, group: name }) as unknown as Alert),
  ),
)

/** The files that Prometheus loads, by their paths. */
export const rulePaths: readonly string[] = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.yml'))
  .map((name) => `${FOLDER}/${name}`)
