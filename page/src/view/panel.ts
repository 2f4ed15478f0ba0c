// The panel below an opened series: large charts, and for a histogram its heat map with the quantiles drawn over it.
import { type Column, rates } from '../model/columns.js'
import { ABSENT, formatCount, formatValue } from '../model/format.js'
import { type HeatMap, heatMap, position, valueAt } from '../model/heat.js'
import { axisPlaces, isZeroRow } from '../model/heat-axis.js'
import type { Family, Model } from '../model/model.js'
import { selectorOf } from '../model/selector.js'
import type { Series } from '../model/series.js'
import { element } from './dom.js'
import { paintHeatMap } from './heat-map.js'
import { kindOf } from './readings.js'
import type { RowOf, RowView } from './row-views.js'
import { TitledChart } from './titled-chart.js'

const CHART_HEIGHT = 200
const HEAT_HEIGHT = 280
const RATE_HEIGHT = 110

/** The charts of a panel, and what brings them to a tick. */
interface Charts {
  readonly all: readonly TitledChart[]
  update(tick: number): void
}

export function panelRow({ family, series }: RowOf<'panel'>, model: Model): RowView {
  const selector = selectorOf(family.name, series.labels)
  const root = element('section', `panel ${family.type}`, element('p', 'selector', selector))
  root.setAttribute('aria-label', selector)
  let charts: Charts | undefined
  return {
    element: root,
    update(_, tick) {
      // Not before the panel is in the page, where it has a width.
      charts ??= (family.type === 'histogram' ? histogramCharts : plainChart)(root, model, family, series, selector)
      charts.update(tick)
    },
    redraw() {
      for (const { chart } of charts?.all ?? []) {
        chart.fit()
        chart.redraw()
      }
    },
    destroy() {
      for (const { chart } of charts?.all ?? []) chart.destroy()
    },
  }
}

const textOf = (value: number | null | undefined, format: (value: number) => string) =>
  value == null ? ABSENT : format(value)

/** The rate of a counter, the value of a gauge. */
function plainChart(root: HTMLElement, model: Model, family: Family, series: Series, of: string): Charts {
  const kind = kindOf(family)
  const format = (value: number) => kind.format(value, family.unit)
  let columns: readonly Column[] = []
  const main = new TitledChart(root, model, {
    title: family.type === 'counter' ? 'Rate' : 'Value',
    of,
    lines: kind.lines,
    height: CHART_HEIGHT,
    fromZero: family.type === 'counter',
    format,
    describe: (index) => textOf(columns[0]?.[index], format),
  })
  return {
    all: [main],
    update(tick) {
      columns = kind.columns(model, series, tick)
      main.update(tick, columns)
    },
  }
}

/** The heat map with the quantiles over it, and the observations per second. */
function histogramCharts(root: HTMLElement, model: Model, family: Family, series: Series, of: string): Charts {
  const kind = kindOf(family)
  const [, ...lineNames] = kind.headings
  const format = (value: number) => formatValue(value, family.unit)
  const countRate = (value: number) => `${formatCount(value)}/s`
  let shown = 0
  let map: HeatMap | undefined
  let quantiles: readonly Column[] = []
  let rate: Column = []
  const heat = new TitledChart(root, model, {
    title: 'Observations by value',
    of,
    lines: kind.lines,
    lineNames,
    height: HEAT_HEIGHT,
    fromZero: false,
    range: () => (map === undefined ? [0, 1] : [map.bottom, map.bottom + map.rows * map.step]),
    splits: () => (map === undefined ? [] : axisPlaces(map, family.unit)),
    format: (place) => (map === undefined ? '' : isZeroRow(map, place) ? '0' : format(valueAt(map, place))),
    backdrop: (plot) => map !== undefined && paintHeatMap(plot, model, map, shown),
    describe: (index) => lineNames.map((name, i) => `${name} ${textOf(quantiles[i]?.[index], format)}`).join(' · '),
  })
  const perSecond = new TitledChart(root, model, {
    title: 'Observations per second',
    of,
    lines: [{ stroke: 'counter', fill: 'counter-fill' }],
    height: RATE_HEIGHT,
    fromZero: true,
    format: countRate,
    describe: (index) => textOf(rate[index], countRate),
  })
  return {
    all: [heat, perSecond],
    update(tick) {
      shown = tick
      map = heatMap(model, series, tick)
      quantiles = kind.columns(model, series, tick)
      rate = rates(model, series, tick)
      const place = (value: number | null) => (value === null || map === undefined ? null : position(map, value))
      heat.update(
        tick,
        quantiles.map((column) => column.map(place)),
      )
      perSecond.update(tick, [rate])
    },
  }
}
