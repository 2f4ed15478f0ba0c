// Paints a heat map as the backdrop of a chart, in the chart's own coordinates.
import type uPlot from 'uplot'
import { windowOf } from '../model/columns.js'
import type { HeatMap } from '../model/heat.js'
import type { Model } from '../model/model.js'
import { color } from './theme.js'

/** The shades of --heat-1 to --heat-5, from few observations to many. */
const SHADES = 5

export function paintHeatMap(plot: uPlot, model: Model, map: HeatMap, tick: number): void {
  const { ctx, bbox } = plot
  const { from } = windowOf(model, tick)
  const edges = Array.from({ length: map.rows + 1 }, (_, row) =>
    Math.round(plot.valToPos(map.bottom + row * map.step, 'y', true)),
  )
  ctx.save()
  ctx.beginPath()
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height)
  ctx.clip()
  map.columns.forEach((column, i) => {
    if (column === null) return
    const end = model.time(from + i)
    const left = Math.round(plot.valToPos(end - model.seconds(from + i), 'x', true))
    const right = Math.round(plot.valToPos(end, 'x', true))
    column.forEach((count, row) => {
      if (count === 0) return
      // Few observations stay visible beside many.
      ctx.fillStyle = shade(Math.sqrt(count / map.most))
      const top = edges[row + 1] as number
      ctx.fillRect(left, top, Math.max(right - left, 1), Math.max((edges[row] as number) - top, 1))
    })
  })
  ctx.restore()
}

function shade(share: number): string {
  return color(`heat-${Math.min(Math.floor(share * SHADES), SHADES - 1) + 1}`)
}
