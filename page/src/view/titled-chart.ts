// A large chart with its title, the names of its lines, and a line of text that says what they are at the cursor.
import { times } from '../model/columns.js'
import { formatTime } from '../model/format.js'
import type { Model } from '../model/model.js'
import { Chart, type ChartOptions } from './chart.js'
import { element, setText } from './dom.js'

export interface TitledChartOptions extends Omit<ChartOptions, 'model' | 'large'> {
  readonly title: string
  /** The series, for who cannot see the chart; charts of one series share their cursor. */
  readonly of: string
  /** Where there are several. */
  readonly lineNames?: readonly string[]
  /** Writes a number of the vertical axis. */
  readonly format: (value: number) => string
  readonly splits?: () => number[]
  /** What the lines are at an index of the window. */
  readonly describe: (index: number) => string
}

export class TitledChart {
  readonly chart: Chart
  readonly #model: Model
  readonly #describe: (index: number) => string
  readonly #readout = element('span', 'readout')
  #tick = 0
  #cursor: number | null = null

  /** @param container in the page already, as the chart takes on its width */
  constructor(container: HTMLElement, model: Model, options: TitledChartOptions) {
    const { title, of, lineNames = [], format, splits, describe, ...rest } = options
    this.#model = model
    this.#describe = describe
    const keys = lineNames.map((name) => element('span', `key ${name}`, name))
    const box = element('div', 'chart')
    container.append(element('p', 'title', element('span', '', title), ...keys, this.#readout), box)
    const onCursor = (index: number | null) => {
      this.#cursor = index
      this.#showReadout()
    }
    const axis = splits === undefined ? { format } : { format, splits }
    this.chart = new Chart(box, {
      ...rest,
      model,
      large: { name: `${title} of ${of}`, onCursor, syncKey: of, ...axis },
    })
  }

  update(tick: number, columns: readonly (readonly (number | null)[])[]): void {
    this.#tick = tick
    this.chart.update(tick, columns)
    this.#showReadout()
  }

  /** At the cursor, else at the newest tick. */
  #showReadout(): void {
    const seconds = times(this.#model, this.#tick)
    const index = Math.min(this.#cursor ?? seconds.length, seconds.length - 1)
    setText(this.#readout, `${formatTime(seconds[index] as number)} · ${this.#describe(index)}`)
  }
}
