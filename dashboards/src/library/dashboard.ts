// A dashboard: its variables, annotations and links, and its panels, row by row in 24 columns.
import * as grafana from '@grafana/grafana-foundation-sdk/dashboard'
import { familyOf } from './families.js'
import { guideLink, menu, runbooksLink, TAG, uidOf } from './links.js'
import { DATA_SOURCE, type Panel } from './panels.js'

const COLUMNS = 24
/** The dashboards' schema that Grafana 9 writes. Later ones raise it as they load it; none lowers a later one. */
const SCHEMA_VERSION = 36
const IN_MENU = grafana.DashboardLinkPlacement.InControlsMenu

export interface Section {
  title: string
  panels: readonly Panel[]
  collapsed?: boolean
}

export interface DashboardOptions {
  /** Of its file, and of its address. */
  name: string
  title: string
  about: string
  /** The family by which its instances are found: a counter or a gauge that all have. Default: whatever is scraped. */
  instancesOf?: string
  /** How often it asks again. Default every 30 s. */
  refresh?: string
  sections: readonly Section[]
  /** Panels about families that nothing exposes yet. */
  planned?: readonly Panel[]
  /** Panels about what only a machine with a PMU counts. */
  needsPmu?: readonly Panel[]
}

export interface Dashboard {
  readonly name: string
  readonly title: string
  /** In the order of its rows. */
  readonly panels: readonly Panel[]
  build(docs: string): grafana.Dashboard
}

export const PLANNED_ROW = 'Planned: not exposed yet'
export const PMU_ROW = 'Needs a PMU: hardware counters, which most virtual machines lack'
export const TWINS_ROW = 'Classic twins of the heat maps, for a Prometheus without native histograms'

/** @throws RangeError for a panel that is in the wrong row, or wider than there are columns */
export function dashboard(options: DashboardOptions): Dashboard {
  const { name, title, sections, planned = [], needsPmu = [] } = options
  const isPlanned = (panel: Panel) => panel.families.some((family) => family.planned !== undefined)
  for (const panel of [...sections.flatMap(({ panels }) => panels), ...needsPmu]) {
    if (isPlanned(panel)) throw new RangeError(`${panel.title} of ${name} asks about a planned family`)
  }
  for (const panel of planned) {
    if (!isPlanned(panel)) throw new RangeError(`${panel.title} of ${name} asks about no planned family`)
  }
  const twinsOf = (panels: readonly Panel[]) => panels.flatMap(({ twin }) => twin ?? [])
  const twins = twinsOf([...sections.flatMap(({ panels }) => panels), ...needsPmu])
  const rows: Section[] = [
    ...sections,
    { title: TWINS_ROW, panels: twins, collapsed: true },
    { title: PMU_ROW, panels: needsPmu, collapsed: true },
    { title: PLANNED_ROW, panels: [...planned, ...twinsOf(planned)], collapsed: true },
  ]
  return { name, title, panels: rows.flatMap(({ panels }) => panels), build: (docs) => build(options, docs, rows) }
}

function build(options: DashboardOptions, docs: string, rows: Section[]) {
  const { name, title, about, instancesOf = 'up', refresh = '30s' } = options
  const builder = new grafana.DashboardBuilder(title)
    .uid(uidOf(name))
    .description(about)
    .tags([TAG])
    .refresh(refresh)
    .time({ from: 'now-30m', to: 'now' })
    .tooltip(grafana.DashboardCursorSync.Crosshair)
    .timepicker(new grafana.TimePickerBuilder())
    .link(menu())
    .link(guideLink(title))
    .link(runbooksLink())
    .annotation(firingAlerts())
    .variables([dataSourceVariable(), instanceVariable(instancesOf), docsVariable(docs)])
  const layout = new Layout()
  for (const row of rows) if (row.panels.length > 0) layout.add(builder, row)
  return withoutPlacement({ ...builder.build(), schemaVersion: SCHEMA_VERSION })
}

/** The SDK would have links and annotations in a menu of Grafana 12, out of sight. */
function withoutPlacement(built: grafana.Dashboard): grafana.Dashboard {
  return JSON.parse(
    JSON.stringify(built, (key, value) => (key === 'placement' && value === IN_MENU ? undefined : value)),
  )
}

/** Panels from left to right, a new line where one does not fit. */
class Layout {
  #id = 1
  #y = 0

  add(builder: grafana.DashboardBuilder, { title, panels, collapsed = false }: Section): void {
    const row = new grafana.RowBuilder(title)
      .id(this.#id++)
      .collapsed(collapsed)
      .gridPos({ x: 0, y: this.#y++, w: COLUMNS, h: 1 })
    let [x, y, lineHeight] = [0, this.#y, 0]
    const placed = panels.map((panel) => {
      const { width, height } = panel
      if (width > COLUMNS) throw new RangeError(`${panel.title} is ${width} columns wide`)
      if (x + width > COLUMNS) [x, y, lineHeight] = [0, y + lineHeight, 0]
      const at = { x, y, w: width, h: height }
      x += width
      lineHeight = Math.max(lineHeight, height)
      return panel.place(this.#id++, at)
    })
    if (collapsed) for (const panel of placed) row.withPanel(panel)
    else this.#y = y + lineHeight
    builder.withRow(row)
    if (!collapsed) for (const panel of placed) builder.withPanel(panel)
  }
}

function dataSourceVariable(): grafana.DatasourceVariableBuilder {
  return new grafana.DatasourceVariableBuilder('datasource').label('Data source').type('prometheus')
}

function instanceVariable(instancesOf: string): grafana.QueryVariableBuilder {
  const query = `label_values(${familyOf(instancesOf).name}, instance)`
  return (
    new grafana.QueryVariableBuilder('instance')
      .label('Instance')
      .datasource(DATA_SOURCE)
      .query({ query, refId: 'StandardVariableQuery' })
      .definition(query)
      .refresh(grafana.VariableRefresh.OnTimeRangeChanged)
      .sort(grafana.VariableSort.AlphabeticalAsc)
      .multi(true)
      .includeAll(true)
      // Not the list of all: a long one makes long queries, and what is new is in this one at once.
      .allValue('.*')
      .current({ selected: true, text: ['All'], value: ['$__all'] })
  )
}

function docsVariable(docs: string): grafana.ConstantVariableBuilder {
  return new grafana.ConstantVariableBuilder('docs').label('Where docs/ is served').value(docs)
}

function firingAlerts(): grafana.AnnotationQueryBuilder {
  return new grafana.AnnotationQueryBuilder()
    .name('Firing alerts')
    .datasource(DATA_SOURCE)
    .enable(true)
    .iconColor('red')
    .expr('ALERTS{alertstate="firing", instance=~"$instance|"}')
    .step('15s')
    .titleFormat('{{alertname}}')
    .textFormat('{{severity}} {{component}} {{subsystem}}')
    .tagKeys('alertname,severity,component')
}
