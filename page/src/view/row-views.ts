// The rows of the list: a family's heading, a series with its numbers and sparkline, and what opens the rest of a family.
import { reading } from '../model/columns.js'
import type { Model } from '../model/model.js'
import type { Row } from '../model/rows.js'
import { Chart } from './chart.js'
import { button, element, setText } from './dom.js'
import { kindOf } from './readings.js'

/** What the list asks of each of its rows. */
export interface RowView {
  readonly element: HTMLElement
  /** Shows a tick. The row may be another one of the same key. */
  update(row: Row, tick: number): void
  /** After a change of the page's width or of its colours. */
  redraw(): void
  destroy(): void
}

export type RowOf<K extends Row['kind']> = Extract<Row, { kind: K }>

const SPARK_HEIGHT = 30

export function familyRow(first: RowOf<'family'>, isFolded: () => boolean, onFold: () => void): RowView {
  const { family } = first
  const kind = kindOf(family)
  const count = element('span', 'count')
  const fold = button(
    'fold',
    element('span', 'name', family.name),
    element('span', `type ${family.type}`, family.type),
    count,
  )
  fold.addEventListener('click', onFold)
  const help = element('p', 'help', family.help)
  help.title = family.help
  const headings = element(
    'div',
    `numbers ${family.type}`,
    ...kind.headings.map((heading) => element('span', '', heading)),
  )
  headings.setAttribute('aria-hidden', 'true') // each number says its own
  const root = element('section', 'family', element('h2', '', fold), help, headings)
  return {
    element: root,
    update(row) {
      const { shown } = row as RowOf<'family'>
      setText(count, shown === 1 ? '' : `${shown} series`)
      fold.setAttribute('aria-expanded', String(!isFolded()))
    },
    redraw() {},
    destroy() {},
  }
}

/** Labels, each as its name and its value. */
function labelsOf(labels: Readonly<Record<string, string>>): Node[] {
  const entries = Object.entries(labels)
  if (entries.length === 0) return [element('span', 'unlabelled', 'no labels')]
  return entries.map(([name, value]) => element('span', 'label', element('i', '', `${name}=`), element('b', '', value)))
}

export function seriesRow(first: RowOf<'series'>, model: Model, isOpen: () => boolean, onOpen: () => void): RowView {
  const { family, series } = first
  const kind = kindOf(family)
  const labels = element('span', 'labels', ...labelsOf(series.labels))
  labels.title = series.text
  const spark = element('span', 'spark')
  const numbers = kind.headings.map(() => element('span', 'number'))
  const named = kind.headings.map((heading, i) =>
    element('span', '', element('small', '', `${heading} `), numbers[i] as Node),
  )
  const root = button('series', labels, spark, element('span', `numbers ${family.type}`, ...named))
  root.addEventListener('click', onOpen)
  let chart: Chart | undefined
  return {
    element: root,
    update(_, tick) {
      if (kind.headings.length > 0) {
        // Not before the row is in the page, where it has a width.
        chart ??= new Chart(spark, {
          model,
          lines: kind.lines,
          height: SPARK_HEIGHT,
          fromZero: family.type === 'counter',
        })
        chart.update(tick, kind.sparkColumns(model, series, tick))
      }
      const ended = series.endedTick !== undefined && series.endedTick <= tick
      root.classList.toggle('ended', ended)
      root.setAttribute('aria-expanded', String(isOpen()))
      const texts = kind.numbers(reading(model, family, series, tick), family.unit)
      numbers.forEach((number, i) => {
        setText(number, ended ? (i === 0 ? 'ended' : '') : (texts[i] as string))
      })
    },
    redraw() {
      chart?.fit()
      chart?.redraw()
    },
    destroy() {
      chart?.destroy()
    },
  }
}

export function moreRow(onMore: () => void): RowView {
  const root = button('more')
  root.addEventListener('click', onMore)
  return {
    element: root,
    update(row) {
      setText(root, `Show ${(row as RowOf<'more'>).hidden} more`)
    },
    redraw() {},
    destroy() {},
  }
}
