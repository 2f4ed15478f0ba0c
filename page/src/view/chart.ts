// Charts: uPlot with the page's colours, its time window and its way to write numbers.
import uPlot from 'uplot'
import { spanOf, times } from '../model/columns.js'
import { formatTime, trimZeros } from '../model/format.js'
import type { Model } from '../model/model.js'
import { color } from './theme.js'

/** A line by the name of its colour; `fill` names the colour below it. */
export interface Line {
  readonly stroke: string
  readonly fill?: string
}

export interface ChartOptions {
  readonly model: Model
  readonly lines: readonly Line[]
  readonly height: number
  /** Whether the vertical axis begins at 0. */
  readonly fromZero: boolean
  /** Axes, grid and cursor: undefined for a sparkline. */
  readonly large?: {
    readonly name: string
    readonly format: (value: number) => string
    /** Where the vertical axis has its numbers; left out: where uPlot sees fit. */
    readonly splits?: () => number[]
    /** What the cursor stands on: an index of the window, null where it is nowhere. */
    readonly onCursor: (index: number | null) => void
    readonly syncKey: string
  }
  /** The ends of the vertical axis, where the data does not tell. */
  readonly range?: () => [number, number]
  /** Draws below the lines, which are then set off from it. */
  readonly backdrop?: (plot: uPlot) => void
}

/** How far a line is set off on both its sides. */
const HALO = 1.5
/** Pixels to the right of a large chart, and those that a time takes. */
const LARGE_PADDING = 12
const TIME_WIDTH = 50
const FONT = '11px Inter, system-ui, sans-serif'

export class Chart {
  readonly #plot: uPlot
  readonly #model: Model
  readonly #container: HTMLElement
  readonly #hasHalos: boolean
  #tick = 0

  constructor(container: HTMLElement, options: ChartOptions) {
    const { model, lines, height, large, range, backdrop } = options
    this.#model = model
    this.#container = container
    this.#hasHalos = backdrop !== undefined
    const width = large === undefined ? 1.25 : 1.75
    // All below all lines, so that none is cut where another one is near.
    const halos = lines.map(() => series({ stroke: 'surface' }, width, HALO))
    this.#plot = new uPlot(
      {
        width: Math.max(container.clientWidth, 1),
        height,
        padding: large === undefined ? [3, 2, 3, 0] : [8, LARGE_PADDING, 0, 0],
        legend: { show: false },
        cursor: large === undefined ? { show: false } : cursor(large.syncKey),
        select: { show: false, left: 0, top: 0, width: 0, height: 0 },
        scales: {
          x: { range: () => this.#window() },
          y: { range: range ?? ((_, low, high) => span(low, high, options.fromZero)) },
        },
        axes: large === undefined ? [{ show: false }, { show: false }] : axes(large),
        series: [{}, ...(this.#hasHalos ? halos : []), ...lines.map((line) => series(line, width))],
        hooks: {
          ...(backdrop === undefined ? {} : { drawClear: [backdrop] }),
          ...(large === undefined ? {} : { setCursor: [(plot: uPlot) => large.onCursor(plot.cursor.idx ?? null)] }),
        },
      },
      undefined,
      container,
    )
    const { canvas } = this.#plot.ctx
    if (large === undefined) canvas.setAttribute('aria-hidden', 'true')
    else {
      canvas.setAttribute('role', 'img')
      canvas.setAttribute('aria-label', large.name)
    }
  }

  update(tick: number, columns: readonly (readonly (number | null)[])[]): void {
    this.#tick = tick
    const halos = this.#hasHalos ? columns : []
    this.#plot.setData([times(this.#model, tick), ...halos, ...columns] as uPlot.AlignedData)
  }

  /** Takes on the container's width. */
  fit(): void {
    const width = Math.max(this.#container.clientWidth, 1)
    if (width !== this.#plot.width) this.#plot.setSize({ width, height: this.#plot.height })
  }

  redraw(): void {
    this.#plot.redraw()
  }

  destroy(): void {
    this.#plot.destroy()
  }

  #window(): [number, number] {
    // uPlot asks before it has data, too.
    return spanOf(this.#model, Math.max(this.#tick, this.#model.oldest))
  }
}

function series({ stroke, fill }: Line, width: number, halo = 0): uPlot.Series {
  return {
    stroke: () => color(stroke),
    ...(fill === undefined ? {} : { fill: () => color(fill) }),
    width: width + 2 * halo,
    // A dot for a value whose neighbours are not known, which no line can show.
    points: { show: true, size: 4 + 2 * halo, filter: (plot, index) => alone(plot.data[index] as (number | null)[]) },
  }
}

/** The indices of values without neighbours. */
function alone(column: readonly (number | null)[]): number[] {
  const isNone = (i: number) => (column[i] ?? null) === null
  return [...column.keys()].filter((i) => !isNone(i) && isNone(i - 1) && isNone(i + 1))
}

function cursor(key: string): uPlot.Cursor {
  return { y: false, drag: { x: false, y: false }, points: { show: false }, sync: { key } }
}

function axes({ format, splits }: NonNullable<ChartOptions['large']>): uPlot.Axis[] {
  const common = {
    stroke: () => color('muted'),
    font: FONT,
    grid: { stroke: () => color('grid'), width: 1 },
    ticks: { show: false },
  }
  return [
    {
      ...common,
      size: 24,
      gap: 6,
      space: 80,
      grid: { show: false },
      // None is cut off by the chart's edge.
      values: (plot, splits) =>
        splits.map((each) => (isNearEnd(plot, each) ? '' : formatTime(each).replace(/:00$/, ''))),
    },
    {
      ...common,
      size: 64,
      gap: 8,
      space: 34,
      ...(splits === undefined ? {} : { splits }),
      values: (_, places) => places.map((each) => trimZeros(format(each))),
    },
  ]
}

function isNearEnd(plot: uPlot, time: number): boolean {
  const width = plot.bbox.width / devicePixelRatio
  return width - plot.valToPos(time, 'x') < TIME_WIDTH / 2 - LARGE_PADDING
}

/** The vertical axis: some room above and below, also around a line that is level. */
function span(low: number | null, high: number | null, fromZero: boolean): [number, number] {
  if (low === null || high === null) return [0, 1]
  const bottom = fromZero ? Math.min(low, 0) : low
  const room = high > bottom ? (high - bottom) * 0.08 : Math.abs(high) * 0.1 || 1
  return [fromZero && bottom === 0 ? 0 : bottom - room, high + room]
}
