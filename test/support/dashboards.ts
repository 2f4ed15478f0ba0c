// Reads the dashboards of dashboards/*.json, as far as tests are about them.
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const FOLDER = fileURLToPath(new URL('../../dashboards', import.meta.url))

export interface PanelTarget {
  refId: string
  expr: string
  legendFormat?: string
  instant?: boolean
  format?: string
}

export interface Thresholds {
  steps: { value: number | null; color: string }[]
}

export interface PanelJson {
  id: number
  type: string
  title: string
  description?: string
  gridPos: { x: number; y: number; w: number; h: number }
  targets?: PanelTarget[]
  links?: { title: string; url: string }[]
  fieldConfig?: {
    defaults: { unit?: string; thresholds?: Thresholds }
    overrides: { matcher: { id: string; options?: unknown }; properties: { id: string; value: unknown }[] }[]
  }
  /** Of a row. */
  collapsed?: boolean
  panels?: PanelJson[]
}

export interface DashboardJson {
  uid: string
  title: string
  refresh: string
  time: { from: string; to: string }
  schemaVersion: number
  panels: PanelJson[]
  links: { title: string; type: string; url?: string; tags: string[] }[]
  tags: string[]
  annotations: { list: { name: string; expr: string; enable: boolean }[] }
  templating: { list: { name: string; type: string; query: unknown; definition?: string }[] }
}

/** A dashboard by the name of its file, without the extension. */
export interface DashboardFile {
  name: string
  text: string
  dashboard: DashboardJson
}

export const dashboardFiles: readonly DashboardFile[] = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.json'))
  .map((file) => {
    const text = readFileSync(join(FOLDER, file), 'utf8')
    return { name: basename(file, '.json'), text, dashboard: JSON.parse(text) }
  })

/** The dashboard of a file, by its name without the extension. @throws Error where there is none */
export function dashboardNamed(wanted: string): DashboardJson {
  const file = dashboardFiles.find(({ name }) => name === wanted)
  if (file === undefined) throw new Error(`there is no dashboard ${wanted}`)
  return file.dashboard
}

/** A panel, with the title of the row that it is in. */
export interface PlacedPanel {
  panel: PanelJson
  row: string
  isCollapsed: boolean
}

/** All panels but rows, those in collapsed rows among them. */
export function panelsOf({ panels }: DashboardJson): PlacedPanel[] {
  const placed: PlacedPanel[] = []
  let row = ''
  for (const panel of panels) {
    if (panel.type !== 'row') placed.push({ panel, row, isCollapsed: false })
    else {
      row = panel.title
      placed.push(...(panel.panels ?? []).map((inner) => ({ panel: inner, row, isCollapsed: true })))
    }
  }
  return placed
}

/** The panels of all dashboards. */
export const allPanels: readonly PlacedPanel[] = dashboardFiles.flatMap(({ dashboard }) => panelsOf(dashboard))

/** A panel by the name of its dashboard's file and its title. @throws Error where there is none */
export function panelNamed(dashboard: string, title: string): PanelJson {
  const placed = panelsOf(dashboardNamed(dashboard)).find(({ panel }) => panel.title === title)
  if (placed === undefined) throw new Error(`${dashboard} has no panel ${title}`)
  return placed.panel
}

/** A panel's query as Grafana would send it. @param instances - a pattern; default: all of them */
export function asSent(expr: string, { rateInterval = '1m', instances = '.*' } = {}): string {
  return expr.replaceAll('$__rate_interval', rateInterval).replaceAll('$instance', instances)
}
