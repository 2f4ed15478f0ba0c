// top without a terminal: what the model makes of scrapes, what keys change, and what is drawn.
import { describe, expect, test } from 'vitest'
import type { Style } from '../../../dist/cli/screen.js'
import { widthOf } from '../../../dist/cli/text.js'
import { HISTORY_LENGTH, type Row, type Stall, TopModel } from '../../../dist/cli/top/model.js'
import { SERIES_TABLE, shortRowText, sparkline } from '../../../dist/cli/top/rows.js'
import { stallNote } from '../../../dist/cli/top/stalls.js'
import { type Choice, chosenRows, firstChoice, type Key, pressKey } from '../../../dist/cli/top/state.js'
import * as view from '../../../dist/cli/top/view.js'
import { parseExposition } from '../../../dist/exposition/parse.js'

const ALL = { family: () => true, series: () => true }
const familiesOf = (text: string) => {
  const { families, problems } = parseExposition(Buffer.from(text))
  expect(problems).toEqual([])
  return families
}

/** The rows after scrapes a second apart, by name and labels. */
function rowsAfter(...texts: string[]): Map<string, Row> {
  const model = new TopModel(ALL)
  for (const [seconds, text] of texts.entries()) model.update(familiesOf(text), seconds)
  return new Map(model.rows.map((row) => [row.name + Object.values(row.labels).join(), row]))
}

const counterText = (value: number) => `# TYPE x_total counter\nx_total ${value}\n`
const histogramText = (counts: [string, number][]) =>
  `# TYPE h histogram\n${counts.map(([le, count]) => `h_bucket{le="${le}"} ${count}\n`).join('')}h_count ${counts.at(-1)?.[1]}\n`

describe('the model', () => {
  test('rates of counters', () => {
    expect(rowsAfter(counterText(5)).get('x_total')).toMatchObject({ value: 5, history: [] })
    expect(rowsAfter(counterText(5)).get('x_total')).not.toHaveProperty('rate')
    expect(rowsAfter(counterText(5), counterText(8)).get('x_total')).toMatchObject({ value: 8, rate: 3, history: [3] })
  })

  test('a rate is one over the time that has passed', () => {
    const model = new TopModel(ALL)
    model.update(familiesOf(counterText(0)), 10)
    model.update(familiesOf(counterText(30)), 14)
    expect(model.rows[0]?.rate).toBe(7.5)
  })

  test('a reset counts from 0', () => {
    expect(rowsAfter(counterText(100), counterText(7)).get('x_total')).toMatchObject({ rate: 7 })
    const created = (value: number, at: number) => `# TYPE x counter\nx_total ${value}\nx_created ${at}\n# EOF\n`
    expect(rowsAfter(created(5, 1), created(6, 2)).get('x_total')).toMatchObject({ rate: 6 })
    expect(rowsAfter(created(5, 1), created(6, 1)).get('x_total')).toMatchObject({ rate: 1 })
  })

  test('gauges have values, no rates; info metrics are left out', () => {
    const text = (value: number) => `# TYPE g gauge\ng ${value}\n# TYPE b_info gauge\nb_info{v="1"} 1\n`
    const rows = rowsAfter(text(1), text(-4))
    expect([...rows.keys()]).toEqual(['g'])
    expect(rows.get('g')).toMatchObject({ value: -4, history: [1, -4], change: 5 / 4 })
    expect(rows.get('g')).not.toHaveProperty('rate')
  })

  test('quantiles are those of the interval', () => {
    const before = histogramText([
      ['1', 1000],
      ['2', 1000],
      ['+Inf', 1000],
    ])
    const after = histogramText([
      ['1', 1000],
      ['2', 1010],
      ['+Inf', 1010],
    ])
    expect(rowsAfter(before, after).get('h')).toMatchObject({ rate: 10, quantiles: { p50: 1.5, p90: 1.9, p99: 1.99 } })
    expect(rowsAfter(before).get('h')).not.toHaveProperty('quantiles')
    expect(rowsAfter(before, before).get('h')).toMatchObject({ rate: 0, history: [Number.NaN] })
    expect(rowsAfter(before, before).get('h')).not.toHaveProperty('quantiles')
  })

  test('a histogram that was reset, and one that got new boundaries', () => {
    const before = histogramText([
      ['1', 100],
      ['+Inf', 100],
    ])
    const reset = histogramText([
      ['1', 10],
      ['+Inf', 10],
    ])
    expect(rowsAfter(before, reset).get('h')).toMatchObject({ rate: 10, quantiles: { p50: 0.5 } })
    const finer = histogramText([
      ['0.5', 40],
      ['1', 100],
      ['2', 110],
      ['+Inf', 110],
    ])
    expect(rowsAfter(before, finer).get('h')?.quantiles?.p99).toBeLessThanOrEqual(2)
    expect(rowsAfter(before, finer).get('h')?.rate).toBe(10)
  })

  test('summaries tell their own', () => {
    const text = '# TYPE s summary\ns{quantile="0.5"} 2\ns{quantile="0.99"} 3\ns_count 4\n'
    expect(rowsAfter(text).get('s')).toMatchObject({ value: 4, quantiles: { p50: 2, p90: Number.NaN, p99: 3 } })
  })

  test('a series that ends takes its history along; one that is new begins', () => {
    const text = (...labels: string[]) =>
      `# TYPE x_total counter\n${labels.map((l) => `x_total{l="${l}"} 1\n`).join('')}`
    const rows = rowsAfter(text('a'), text('a', 'b'), text('b'), text('a', 'b'))
    expect(rows.get('x_totala')).toMatchObject({ history: [] })
    expect(rows.get('x_totalb')).toMatchObject({ history: [0, 0] })
  })

  test('the history is bounded', () => {
    const rows = rowsAfter(...Array.from({ length: HISTORY_LENGTH + 10 }, (_, i) => counterText(i * i)))
    expect(rows.get('x_total')?.history).toHaveLength(HISTORY_LENGTH)
    expect(rows.get('x_total')?.history.at(-1)).toBe(2 * (HISTORY_LENGTH + 9) - 1)
  })

  test('stalled threads, the longest first', () => {
    const model = new TopModel({ ...ALL, family: ({ name }) => name === 'x' })
    const threads = { main: 3.5, a: 0, b: 1, c: 7 }
    const lines = Object.entries(threads).map(
      ([thread, s]) => `nodejs_eventloop_stall_seconds{thread="${thread}"} ${s}\n`,
    )
    model.update(familiesOf(`# TYPE nodejs_eventloop_stall_seconds gauge\n${lines.join('')}`), 0)
    expect(model.stalled).toEqual([
      { thread: 'c', seconds: 7 },
      { thread: 'main', seconds: 3.5 },
    ])
    expect(model.watchedThreads).toBe(4)
    expect(model.rows).toEqual([])
  })
})

describe('keys', () => {
  const press = (...keys: (Key | string)[]): Choice | 'quit' => {
    let choice: Choice | 'quit' = firstChoice('name')
    for (const key of keys) {
      if (choice === 'quit') throw new Error('a key after the end')
      choice = pressKey(choice, typeof key === 'string' ? { name: key, sequence: key } : key, 10, SERIES_TABLE.sorts)
    }
    return choice
  }
  const named = (name: string): Key => ({ name, sequence: `\x1b[${name}` })

  test('q and Ctrl-C quit; in a filter q is a letter', () => {
    expect(press('q')).toBe('quit')
    expect(press({ name: 'c', ctrl: true, sequence: '\x03' })).toBe('quit')
    expect(press('/', 'q')).toMatchObject({ typed: 'q' })
    expect(press('/', { name: 'c', ctrl: true, sequence: '\x03' })).toBe('quit')
    expect(press('?', 'q')).toBe('quit')
  })

  test('sort, reverse, pause, help', () => {
    expect(press('s')).toMatchObject({ sort: 'rate' })
    expect(press('s', 's')).toMatchObject({ sort: 'change' })
    expect(press('s', 's', 's')).toMatchObject({ sort: 'name' })
    expect(press('r')).toMatchObject({ reverse: true })
    expect(press(' ')).toMatchObject({ paused: true })
    expect(press(' ', ' ')).toMatchObject({ paused: false })
    expect(press('?')).toMatchObject({ help: true })
    expect(press('?', 's')).toMatchObject({ help: false, sort: 'name' })
    expect(press('?', named('down'))).toMatchObject({ help: true, helpOffset: 1, offset: 0 })
    expect(press('?', named('down'), 'x', '?')).toMatchObject({ help: true, helpOffset: 0 })
  })

  test('a filter is typed, entered, left, taken away', () => {
    expect(press('/', 'a', 'B', named('backspace'), 'c', '\x07')).toMatchObject({ typed: 'ac', filter: '' })
    expect(press('/', 'a', named('return'))).toMatchObject({ typed: undefined, filter: 'a' })
    expect(press('/', 'a', named('return'), '/', 'b', named('escape'))).toMatchObject({ typed: undefined, filter: 'a' })
    expect(press('/', 'a', named('return'), named('escape'))).toMatchObject({ filter: '' })
    expect(press('/', 'a', { name: 'u', ctrl: true })).toMatchObject({ typed: '' })
  })

  test('scrolling', () => {
    expect(press(named('up'))).toMatchObject({ offset: 0 })
    expect(press(named('down'), named('pagedown'), named('up'))).toMatchObject({ offset: 10 })
    expect(press(named('pagedown'), named('pageup'))).toMatchObject({ offset: 0 })
    expect(press(named('end'), named('home'))).toMatchObject({ offset: 0 })
    expect(press(named('down'), 's')).toMatchObject({ offset: 0 })
  })
})

const row = (name: string, more: Partial<Row> = {}): Row => ({
  ...{ key: name, name, labels: {}, type: 'counter', value: 1, history: [], change: 0 },
  ...more,
})

test('rows by name, rate, change; reversed; filtered without regard to case', () => {
  const rows = [
    row('b', { rate: 1, change: 0.1 }),
    row('C', { labels: { l: 'Xy' }, change: 0.5 }),
    row('a', { rate: 9 }),
    row('d', { rate: 1 }),
  ]
  const names = (choice: Partial<Choice>) =>
    chosenRows(rows, { ...firstChoice('name'), ...choice }, SERIES_TABLE).map(({ name }) => name)
  expect(names({})).toEqual(['C', 'a', 'b', 'd'])
  expect(names({ reverse: true })).toEqual(['d', 'b', 'a', 'C'])
  expect(names({ sort: 'rate' })).toEqual(['a', 'b', 'd', 'C'])
  expect(names({ sort: 'change' })).toEqual(['C', 'b', 'a', 'd'])
  expect(names({ filter: 'l="xY' })).toEqual(['C'])
  expect(names({ filter: 'l="xY', typed: 'b' })).toEqual(['b'])
})

describe('drawing', () => {
  const mark = (kind: string) => (text: string) => `<${kind}>${text}</${kind}>`
  const plain = (text: string) => text
  const PLAIN = { bold: plain, dim: plain, red: plain, green: plain, inverse: plain }
  const MARKED = { bold: plain, dim: plain, red: mark('red'), green: mark('green'), inverse: plain }
  const note = (stalled: readonly Stall[], watchedThreads = 2) => stallNote({ stalled, watchedThreads })
  const shown = (more: Partial<view.Shown<Row>> = {}): view.Shown<Row> => ({
    status: { target: 'http://t/metrics', seconds: 0.0042, bytes: 12_345, intervalSeconds: 1 },
    note: note([]),
    rows: Array.from({ length: 100 }, (_, i) => row(`row_${`${i}`.padStart(2, '0')}`, { value: i })),
    choice: firstChoice('name'),
    ...more,
  })
  const drawScreen = (what: view.Shown<Row>, style: Style, size: view.Size) =>
    view.drawScreen(what, SERIES_TABLE, style, size)
  const drawBlock = (what: view.Shown<Row>, style: Style, columns: number) =>
    view.drawBlock(what, SERIES_TABLE, style, columns)

  test.each([
    [80, 24],
    [200, 60],
    [20, 6],
    [8, 3],
    [1, 1],
  ])('fills %d columns and %d lines, and no more', (columns, lines) => {
    for (const choice of [firstChoice('name'), { ...firstChoice('name'), help: true }]) {
      const screen = drawScreen(shown({ choice }), PLAIN, { columns, lines })
      expect(screen).toHaveLength(lines)
      expect(Math.max(...screen.map(widthOf))).toBeLessThanOrEqual(columns)
    }
  })

  test('a page of rows', () => {
    const screen = drawScreen(shown(), PLAIN, { columns: 100, lines: 10 })
    expect(screen.slice(0, 4)).toEqual([
      'http://t/metrics  up  4.2 ms  12.3 kB  every 1 s',
      'no stalled threads (2 watched)',
      '1 to 5 of 100 rows  by name',
      'SERIES  VALUE  RATE/s  P50  P90  P99       TREND',
    ])
    expect(screen.slice(4, 9).map((line) => line.trimEnd())).toEqual(
      ['0', '1', '2', '3', '4'].map((i) => `row_0${i}      ${i}`),
    )
    const last = drawScreen(shown({ choice: { ...firstChoice('name'), offset: 1e9 } }), PLAIN, {
      columns: 100,
      lines: 10,
    })
    expect(last[2]).toBe('96 to 100 of 100 rows  by name')
  })

  test('what is wrong stands out', () => {
    const status = { ...shown().status, error: 'nothing listens there', downSeconds: 3.2 }
    const stalled = [{ thread: 'ma\x1bin', seconds: 4.25 }]
    const screen = drawScreen(shown({ status, note: note(stalled) }), MARKED, { columns: 100, lines: 10 })
    expect(screen.slice(0, 2)).toEqual([
      '<red>http://t/metrics  DOWN for 3 s: nothing listens there  every 1 s</red>',
      '<red>STALLED: ma\\u{1b}in for 4.3 s</red>',
    ])
    expect(drawScreen(shown(), MARKED, { columns: 100, lines: 10 })[0]).toMatch(/^<green>/)
    expect(drawScreen(shown({ note: note([], 0) }), PLAIN, { columns: 100, lines: 10 })[1]).toMatch(
      /^stalled threads: not told/,
    )
  })

  test('the choice is told, and the filter while it is typed', () => {
    const choice = { ...firstChoice('rate'), reverse: true, filter: 'row_1', paused: true }
    expect(drawScreen(shown({ choice }), PLAIN, { columns: 100, lines: 30 })[2]).toBe(
      '10 rows  by rate, reversed  filter: row_1  PAUSED',
    )
    const typing = { ...firstChoice('name'), typed: 'ro' }
    expect(drawScreen(shown({ choice: typing }), PLAIN, { columns: 100, lines: 30 }).at(-1)).toBe('filter: ro_')
  })

  test('a block has every row, whole in a pipe, and as wide as a terminal', () => {
    const long = row('x'.repeat(500))
    const block = drawBlock(shown({ rows: [...shown().rows, long] }), PLAIN, Infinity)
    expect(block).toHaveLength(3 + 101)
    expect(block.at(-1)).toMatch(/^x{500} /)
    const narrow = drawBlock(shown({ rows: [...shown().rows, long] }), PLAIN, 40)
    expect(narrow).toHaveLength(3 + 101)
    expect(Math.max(...narrow.map(widthOf))).toBe(40)
  })

  test('the keys are all told at 60 columns', () => {
    const screen = (choice: Partial<Choice>) =>
      drawScreen(shown({ choice: { ...firstChoice('name'), ...choice } }), PLAIN, { columns: 60, lines: 24 })
    expect(screen({}).at(-1)).toBe('? help  q quit  s sort  r reverse  / filter  space pause')
    const help = screen({ help: true })
    expect(help.at(-1)).toBe('arrows, page keys scroll  q quit  any other key goes back')
    expect(help.join('')).not.toContain('…')
    expect(
      help.filter((line) => /^(q,|s |r |\/ |space|arrows {2}|RATE|P50|TREND|change|name)/.test(line)),
    ).toHaveLength(11)
  })

  test('a help that is too long for the screen is scrolled to its end', () => {
    const size = { columns: 80, lines: 10 }
    const choice = { ...firstChoice('name'), help: true }
    const lines = (helpOffset: number, within = size) =>
      drawScreen(shown({ choice: { ...choice, helpOffset } }), PLAIN, within).slice(4, -1)
    const whole = lines(0, { columns: 80, lines: 40 }).join('\n').trimEnd().split('\n')
    expect(lines(0)).toEqual(whole.slice(0, 5))
    expect(lines(3)).toEqual(whole.slice(3, 8))
    expect(lines(1e9)).toEqual(whole.slice(-5))
  })

  test('offsets end where the last page begins, of the rows that the filter leaves', () => {
    const size = { columns: 80, lines: 10 }
    const within = (choice: Partial<Choice>) =>
      view.withinPages(
        { ...firstChoice('name'), offset: 1e9, helpOffset: 1e9, ...choice },
        shown().rows,
        SERIES_TABLE,
        size,
      )
    expect(within({}).offset).toBe(95)
    expect(within({ filter: 'row_1' }).offset).toBe(5)
    expect(within({ filter: 'row_1', typed: 'row_15' }).offset).toBe(0)
    expect(within({ offset: 3 }).offset).toBe(3)
    expect(within({}).helpOffset).toBeLessThan(20)
  })

  describe('narrow screens', () => {
    const KINDS = ['decode', 'resize', 'encode']
    const THREADS = ['main', 'demo-1', 'demo-2']
    const quantiles = { p50: 0.004749, p90: 0.01237, p99: 0.0153 }
    const busy = { value: 123_456, rate: 152.2, history: [1, 2, 3] }
    /** As the demo has them. */
    const demoRows = [
      ...KINDS.map((kind) => row('demo_job_duration_seconds', { ...busy, quantiles, labels: { kind } })),
      ...KINDS.flatMap((kind) =>
        THREADS.map((thread) => row('demo_jobs_total', { ...busy, labels: { kind, thread } })),
      ),
      ...THREADS.map((thread) => row('nodejs_eventloop_stall_seconds', { value: 0, labels: { thread } })),
    ]
    const screen = (columns: number) => drawScreen(shown({ rows: demoRows }), PLAIN, { columns, lines: 24 })
    const seriesOn = (columns: number) =>
      screen(columns)
        .slice(4, -1)
        .filter((line) => line !== '')
        .map((line) => line.split(/ {2,}/)[0])

    test.each([
      [200, 'SERIES VALUE RATE/s P50 P90 P99 TREND'],
      [100, 'SERIES VALUE RATE/s P50 P90 P99 TREND'],
      [80, 'SERIES VALUE RATE/s P50 P90 P99'],
      [70, 'SERIES VALUE RATE/s P90 P99'],
      [60, 'SERIES VALUE RATE/s P99'],
      [40, 'SERIES VALUE RATE/s P99'],
    ])('%d columns show %s', (columns, titles) => {
      expect(screen(columns)[3]?.split(/ +/).join(' ')).toBe(titles)
    })

    test.each([200, 80, 60])('all series can be told apart at %d columns', (columns) => {
      expect(new Set(seriesOn(columns)).size).toBe(demoRows.length)
      const text = columns === 200 ? 'demo_jobs_total{kind="encode",thread="demo-1"}' : 'demo_jobs_total{encode,demo-1}'
      expect(screen(columns).join('\n')).toContain(text)
    })

    test('something of the series is left at any width', () => {
      expect(screen(20)[4]).toMatch(/^…s\{de…e\} {2}123456 /)
    })

    test('columns that fit beside short series stay', () => {
      const short = drawScreen(shown({ rows: [row('x', busy)] }), PLAIN, { columns: 60, lines: 24 })
      expect(short[3]).toMatch(/^SERIES .* P50 .* TREND$/)
    })

    test('a name gives way before the values of labels, and keeps a third', () => {
      const name = 'http_requests_total'
      const labels = { method: 'GET', path: '/a\nb' }
      expect(shortRowText({ name, labels }, 40)).toBe('http_requests_total{GET,/a\\nb}')
      expect(shortRowText({ name, labels }, 20)).toBe('…ts_total{GET,/a\\nb}')
      expect(shortRowText({ name, labels: { path: 'x'.repeat(50) } }, 20)).toBe('…total{xxxxxx…xxxxx}')
      expect(shortRowText({ name, labels: {} }, 9)).toBe('…ts_total')
    })
  })

  test('trends', () => {
    const trend = (history: number[], rate?: number) => sparkline({ history, ...(rate !== undefined && { rate }) })
    expect(trend([1, 2, 3, 8])).toBe('▁▂▃█'.padStart(HISTORY_LENGTH))
    expect(trend([7, 7], 7)).toBe('██'.padStart(HISTORY_LENGTH))
    expect(trend([7, 7])).toBe('▁▁'.padStart(HISTORY_LENGTH))
    expect(trend([0, Number.NaN, 5], 5)).toBe('▁ █'.padStart(HISTORY_LENGTH))
    expect(sparkline({ history: [9, 0, 1, 2, 3], rate: 3 }, 3)).toBe('▃▆█')
    expect(trend([])).toBe(' '.repeat(HISTORY_LENGTH))
  })
})
