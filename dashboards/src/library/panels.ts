// The panels: each names the families that it asks about, and has their units, thresholds, descriptions and links.
import * as bars from '@grafana/grafana-foundation-sdk/bargauge'
import * as common from '@grafana/grafana-foundation-sdk/common'
import * as grafana from '@grafana/grafana-foundation-sdk/dashboard'
import * as dials from '@grafana/grafana-foundation-sdk/gauge'
import * as heatmaps from '@grafana/grafana-foundation-sdk/heatmap'
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus'
import * as stats from '@grafana/grafana-foundation-sdk/stat'
import * as timelines from '@grafana/grafana-foundation-sdk/statetimeline'
import * as tables from '@grafana/grafana-foundation-sdk/table'
import * as graphs from '@grafana/grafana-foundation-sdk/timeseries'
import type { CatalogFamily } from 'nanotally/catalogs'
import { figuresOf } from '../../../scripts/figures.mjs'
import { familyOf, isNative, isServerFamily } from './families.js'
import { drillDown, familyLink, runbookLink } from './links.js'
import { type Ask, type Query, readAsk, withRateInterval } from './queries.js'
import { alertsAbout, moreThanTheFigure, runbookColumn } from './runbooks.js'
import { stepsOf } from './thresholds.js'
import { unitOf } from './units.js'

export const DATA_SOURCE = { type: 'prometheus', uid: `\${datasource}` }

/** What the classic and the native kind of panels have in common; each method changes the builder that it is called on. */
interface AnyBuilder {
  id(id: number): unknown
  title(title: string): unknown
  description(text: string): unknown
  datasource(source: typeof DATA_SOURCE): unknown
  gridPos(place: grafana.GridPos): unknown
  links(links: grafana.DashboardLinkBuilder[]): unknown
  unit(unit: string): unknown
  thresholds(thresholds: grafana.ThresholdsConfigBuilder): unknown
  withTarget(target: DataqueryBuilder): unknown
  overrideByQuery(refId: string, properties: grafana.DynamicConfigValue[]): unknown
  build(): grafana.Panel
}

export interface PanelOptions {
  /** Of the 24 columns. */
  width?: number
  /** In rows of 30 pixels. */
  height?: number
  /** What the catalogs do not say, before what they do. */
  note?: string
  /** The dashboards that show more, by their names. */
  to?: readonly string[]
}

/** A panel before it has its place. */
export interface Panel {
  readonly title: string
  readonly width: number
  readonly height: number
  readonly families: readonly CatalogFamily[]
  /** Those whose figures it draws its lines by. */
  readonly figures: readonly CatalogFamily[]
  /** The alerts about what it asks for. */
  readonly alerts: readonly string[]
  /** The classic twin of a heat map of native histograms. */
  readonly twin?: Panel
  place(id: number, place: grafana.GridPos): { build(): grafana.Panel }
}

interface Made {
  title: string
  queries: readonly Query[]
  options: PanelOptions
  width: number
  height: number
  format?: PromQueryFormat
  isInstant?: boolean
  make(): AnyBuilder
}

function panel({ title, queries, options, format, isInstant = false, make, ...size }: Made): Panel {
  const families = [...new Set(queries.map(({ family }) => family))]
  const figures = [...new Set(queries.flatMap((query) => query.figures ?? []))]
  const alerts = alertsAbout([...new Set([...families, ...queries.flatMap(({ asks }) => asks)])])
  const { width = size.width, height = size.height, note, to = [] } = options
  // All of them have the same window: parts add up to what they are parts of.
  const keepsWindow = queries.some((query) => query.keepsWindow)
  return {
    title,
    width,
    height,
    families,
    figures,
    alerts,
    place(id, place) {
      const builder = make()
      builder.id(id)
      builder.title(title)
      builder.gridPos(place)
      builder.datasource(DATA_SOURCE)
      builder.description(
        [
          ...(note === undefined ? [] : [note]),
          ...toldOf(queries).map(describe),
          ...figures.flatMap(moreThanTheFigure),
        ].join('\n\n'),
      )
      builder.links([
        ...to.map(drillDown),
        ...alerts.map(runbookLink),
        ...families.filter((each) => !isServerFamily(each)).map(familyLink),
      ])
      for (const [i, { expression, legend }] of queries.entries()) {
        const asked = keepsWindow ? expression : withRateInterval(expression)
        builder.withTarget(target(asked, legend, i, format, isInstant))
      }
      measure(builder, queries)
      return builder
    },
  }
}

/** Each family once, with the figures that its query is held against. */
function toldOf(queries: readonly Query[]): CatalogFamily[] {
  const told = new Map<CatalogFamily, CatalogFamily>()
  for (const { family, figures } of queries) {
    if (figures !== undefined || !told.has(family)) told.set(family, figures ?? family)
  }
  return [...told.values()]
}

function describe(family: CatalogFamily): string {
  const { name, help, source, planned } = family
  const waits = planned === undefined ? '' : ` Not exposed yet: it waits for ${planned}.`
  const whose = isServerFamily(family) ? 'Normal' : 'By its catalog'
  return `**${name}**: ${help}${waits} ${whose}: ${figuresOf(family)}. Source: ${source}.`
}

const refId = (index: number) => String.fromCharCode('A'.charCodeAt(0) + index)

function target(expr: string, legend: string, index: number, format: PromQueryFormat | undefined, isInstant: boolean) {
  const builder = new DataqueryBuilder().refId(refId(index)).datasource(DATA_SOURCE).expr(expr)
  if (isInstant) builder.instant()
  else builder.range()
  if (format !== undefined) builder.format(format)
  if (format === PromQueryFormat.Heatmap) builder.exemplar(true)
  return legend === '' ? builder : builder.legendFormat(legend)
}

/** Unit and thresholds: those of the first query for all, and what others have of their own. */
function measure(builder: AnyBuilder, queries: readonly Query[]): void {
  const [first, ...others] = queries
  if (first === undefined) return
  const unit = unitOf(first.measure)
  const thresholds = thresholdsOf(first)
  builder.unit(unit)
  builder.thresholds(new grafana.ThresholdsConfigBuilder().mode(thresholds.mode).steps(thresholds.steps))
  for (const [i, query] of others.entries()) {
    const own = [
      ...(unitOf(query.measure) === unit ? [] : [{ id: 'unit', value: unitOf(query.measure) }]),
      ...(JSON.stringify(thresholdsOf(query)) === JSON.stringify(thresholds)
        ? []
        : [{ id: 'thresholds', value: thresholdsOf(query) }]),
    ]
    if (own.length > 0) builder.overrideByQuery(refId(i + 1), own)
  }
}

function thresholdsOf({ figures }: Query): grafana.ThresholdsConfig {
  return { mode: grafana.ThresholdsMode.Absolute, steps: stepsOf(figures ?? {}) }
}

const hasThresholds = (queries: readonly Query[]) => queries.some((query) => thresholdsOf(query).steps.length > 1)

const lastValue = () => new common.ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false)

/** Numbers, each with its course behind it. */
export function stat(title: string, asks: readonly (Ask | string)[], options: PanelOptions = {}): Panel {
  const queries = asks.map(readAsk)
  const make = () =>
    new stats.PanelBuilder()
      .reduceOptions(lastValue())
      .graphMode(common.BigValueGraphMode.Area)
      .colorMode(hasThresholds(queries) ? common.BigValueColorMode.Background : common.BigValueColorMode.Value)
  return panel({ title, queries, options, width: 6, height: 4, make })
}

export interface GraphOptions extends PanelOptions {
  /** One above the other: parts of a whole. */
  stacked?: boolean
  /** Of series, by what their legend says. */
  colors?: Readonly<Record<string, string>>
}

/** Lines over time. */
export function graph(title: string, asks: readonly (Ask | string)[], options: GraphOptions = {}): Panel {
  const queries = asks.map(readAsk)
  const make = () => {
    const builder = new graphs.PanelBuilder()
      .lineWidth(1)
      .fillOpacity(options.stacked === true ? 40 : 8)
      .showPoints(common.VisibilityMode.Never)
      .axisSoftMin(0)
      .legend(
        new common.VizLegendOptionsBuilder()
          .displayMode(common.LegendDisplayMode.List)
          .placement(common.LegendPlacement.Bottom)
          .showLegend(true),
      )
      .tooltip(
        new common.VizTooltipOptionsBuilder().mode(common.TooltipDisplayMode.Multi).sort(common.SortOrder.Descending),
      )
    if (options.stacked === true) {
      builder.stacking(new common.StackingConfigBuilder().mode(common.StackingMode.Normal).group('A'))
    }
    if (hasThresholds(queries)) {
      builder.thresholdsStyle(
        new common.GraphThresholdsStyleConfigBuilder().mode(common.GraphThresholdsStyleMode.Dashed),
      )
    }
    for (const [series, fixedColor] of Object.entries(options.colors ?? {})) {
      builder.overrideByName(series, [{ id: 'color', value: { mode: grafana.FieldColorModeId.Fixed, fixedColor } }])
    }
    return builder
  }
  return panel({ title, queries, options, width: 12, height: 8, make })
}

/** A dial for each series, from nothing to all. */
export function gauge(title: string, asks: readonly (Ask | string)[], options: PanelOptions = {}): Panel {
  const make = () => new dials.PanelBuilder().reduceOptions(lastValue()).min(0).max(1).showThresholdMarkers(true)
  return panel({ title, queries: asks.map(readAsk), options, width: 12, height: 8, make })
}

/** A bar for each series, as it is now. */
export function bar(title: string, asks: readonly (Ask | string)[], options: PanelOptions = {}): Panel {
  const make = () =>
    new bars.PanelBuilder().reduceOptions(lastValue()).min(0).orientation(common.VizOrientation.Horizontal)
  return panel({ title, queries: asks.map(readAsk), options, width: 12, height: 8, make })
}

/** Series that have one of a few states, each with its colour. @param states - in the order of their values */
export function states(
  title: string,
  ask: Ask | string,
  values: readonly { text: string; color: string }[],
  options: PanelOptions = {},
): Panel {
  const make = () =>
    new timelines.PanelBuilder()
      .mergeValues(true)
      .mappings([
        {
          type: grafana.MappingType.ValueToText,
          options: Object.fromEntries(values.map((value, index) => [String(index), { ...value, index }])),
        },
      ])
      .legend(
        new common.VizLegendOptionsBuilder()
          .displayMode(common.LegendDisplayMode.List)
          .placement(common.LegendPlacement.Bottom)
          .showLegend(true),
      )
  return panel({ title, queries: [readAsk(ask)], options, width: 12, height: 8, make })
}

export interface TableOptions extends PanelOptions {
  /** A column that has names of alerts and shows their runbooks, each as a link. */
  runbooks?: string
}

/** One row for each series, as it is now. */
export function table(title: string, ask: Ask | string, options: TableOptions = {}): Panel {
  const make = () => {
    const builder = new tables.PanelBuilder().filterable(true).withTransformation({
      id: 'organize',
      options: { excludeByName: { Time: true, __name__: true }, indexByName: {}, renameByName: {} },
    })
    return options.runbooks === undefined ? builder : builder.overrideByName(options.runbooks, runbookColumn())
  }
  const [format, isInstant] = [PromQueryFormat.Table, true]
  return panel({ title, queries: [readAsk(ask)], options, width: 24, height: 8, format, isInstant, make })
}

/** The course of many series of one unit, a line of cells for each. */
export function cells(title: string, ask: Ask | string, options: PanelOptions = {}): Panel {
  const queries = [readAsk(ask)]
  const make = () => new heatmaps.PanelBuilder().showValue(common.VisibilityMode.Never).cellGap(1)
  // As time series, each of which is a line: as a heat map, Grafana would take them for cumulative buckets.
  return panel({ title, queries, options, width: 12, height: 8, format: PromQueryFormat.TimeSeries, make })
}

/**
 * The distribution of a histogram over time. Of an exponential one it is of the native histograms that Prometheus keeps, with
 * a twin of its classic buckets for one that keeps none; with boundaries there are only these.
 */
export function heat(title: string, of: string, options: PanelOptions = {}): Panel {
  const family = familyOf(of)
  const measure = family.unit ?? (family.name.endsWith('_seconds') ? 'seconds' : (family.queryUnit ?? ''))
  const make = () =>
    new heatmaps.PanelBuilder()
      .calculate(false)
      .showValue(common.VisibilityMode.Never)
      .cellGap(1)
      .yAxis(new heatmaps.YAxisConfigBuilder().unit(unitOf(measure)))
      .tooltip(
        new heatmaps.HeatmapTooltipBuilder()
          .mode(common.TooltipDisplayMode.Single)
          .yHistogram(true)
          .showColorScale(true),
      )
      .exemplarsColor('rgba(255,0,255,0.7)')
  const shape = { options, width: 12, height: 8, format: PromQueryFormat.Heatmap, make }
  const native = { of, query: `sum(rate(${of}[5m]))`, measure }
  const classic = { of, query: `sum by (le) (rate(${of}_bucket[5m]))`, measure, legend: '{{le}}' }
  if (!isNative(family)) return panel({ ...shape, title, queries: [readAsk(classic)] })
  const twin = panel({ ...shape, title: `${title}, classic buckets`, queries: [readAsk(classic)] })
  return { ...panel({ ...shape, title, queries: [readAsk(native)] }), twin }
}
