// What the terminal shows: numbers, the live view within 80 x 24, the final table, and drawing in place.
import { Writable } from 'node:stream'
import { expect, test } from 'vitest'
import type { ComparedRow } from '../../../examples/engram/books/compare.mjs'
import { Scrape } from '../../../examples/engram/view/exposition.mjs'
import { bar, clip, clock, duration, percent, sparkline, styles, whole } from '../../../examples/engram/view/format.mjs'
import {
  comparisonTable,
  Display,
  liveView,
  loadingLine,
  plainLine,
  verdictLine,
} from '../../../examples/engram/view/screen.mjs'
import { RELATIONS } from '../../../examples/engram/wordnet/vocabulary.mjs'

const plain = styles(false)

test.each([
  [0.0000000421, '42.1 ns'],
  [9.9999e-7, '1.00 µs'],
  [0.0000523, '52.3 µs'],
  [0.00099949, '999 µs'],
  [0.00099951, '1.00 ms'],
  [0.0423, '42.3 ms'],
  [0.4236, '424 ms'],
  [0.9999, '1.00 s '],
  [12.34, '12.3 s '],
  [undefined, '-'],
])('%d s reads %s', (seconds, text) => {
  expect(duration(seconds)).toBe(text)
})

test('numbers, shares, times, bars', () => {
  expect(whole(1234567.8)).toBe('1,234,568')
  expect(whole(undefined)).toBe('-')
  expect(percent(1, 8)).toBe('13 %')
  expect(percent(0, 0)).toBe('-')
  expect(clock(3725)).toBe('62:05')
  expect(bar(0, 4)).toBe('    ')
  expect(bar(0.5, 4)).toBe('██  ')
  expect(bar(0.53125, 4)).toBe('██▏ ')
  expect(bar(2, 4)).toBe('████')
  expect(sparkline([0, 1, 4, 8])).toBe(' ▁▄█')
  expect(sparkline([0, 0])).toBe('  ')
})

test('a line that is too long is cut, and loses its colours', () => {
  const coloured = styles(true).green('abcdef')
  expect(clip(coloured, 6)).toBe(coloured)
  expect(clip(coloured, 5)).toBe('abcd…')
})

/** A scrape in which everything has happened `n` times. */
function scrapeOf(n: number, state = 0) {
  const histogram = (name: string, labels: string, les: number[]) => [
    ...les.map((le, i) => `${name}_bucket{${labels}le="${le}"} ${Math.min(n, i * n)}`),
    `${name}_bucket{${labels}le="+Inf"} ${n}`,
    `${name}_count${labels === '' ? '' : `{${labels}}`} ${n}`,
  ]
  const priorities = ['high', 'normal', 'low']
  const spaces = ['noun', 'verb', 'adj', 'adv']
  return new Scrape(
    [
      `engram_stored_observations ${n}`,
      `engram_evictions_total ${n}`,
      ...['hit', 'miss', 'unknown'].map((outcome) => `engram_recalls_total{outcome="${outcome}"} ${n}`),
      ...priorities.map((priority) => `engram_streaming_queue_depth{priority="${priority}"} ${n}`),
      ...priorities.map((priority) => `engram_streaming_queue_capacity{priority="${priority}"} ${10 * n}`),
      ...spaces.map((space) => `engram_streaming_observations_total{memory_space="${space}",priority="low"} ${n}`),
      ...['invalid', 'queue_full', 'overloaded', 'index_error'].map(
        (reason, i) => `engram_streaming_observations_rejected_total{memory_space="adv",reason="${reason}"} ${i * n}`,
      ),
      `engram_streaming_batches_processed_total{worker_id="0"} ${4 * n}`,
      `engram_streaming_work_stolen_total{worker_id="0"} ${n}`,
      `engram_streaming_batch_failures_total{worker_id="0",error_type="exception"} ${n}`,
      ...spaces.map((space) => `engram_streaming_backpressure_state{memory_space="${space}"} ${state}`),
      ...Array.from({ length: 32 }, (_, i) => `engram_streaming_worker_utilization{worker_id="${i}"} ${3 * i + 7}`),
      ...spaces.flatMap((space) =>
        histogram('engram_streaming_recall_latency_seconds', `memory_space="${space}",`, [0.0001, 0.0002]),
      ),
      ...histogram('engram_recall_hops', '', [4, 5]),
      ...RELATIONS.map((relation, i) => `engram_activations_total{relation="${relation}"} ${n * (i + 1)}`),
    ].join('\n'),
  )
}

const facts = {
  url: 'http://127.0.0.1:9464/metrics',
  workers: 32,
  seed: 4_294_967_295,
  scenario: 'imbalance',
  elapsed: 83.4,
  seconds: 600,
  answer: {
    cue: ['ice_cream', 'a_rather_long_lemma_that_is_here_to_be_cut'],
    context: 13,
    outcome: 'hit',
    hops: 4,
    reached: 1000,
    seconds: 0.0001,
    strongest: ['one', 'two', 'three', 'four'],
    observations: [['sundae', 'spoon']],
  },
}

test('the live view shows rates and quantiles of the last interval', () => {
  const before = { scrape: scrapeOf(1000), atMs: 5000 }
  const now = { scrape: scrapeOf(1500), atMs: 7000 }
  const lines = liveView(now, before, facts, plain)
  expect(lines).toHaveLength(23)
  const row = (label: string) => lines.find((line) => line.startsWith(label))?.split(/ {2,}/)
  expect(lines[0]).toMatch(/^engram: imbalance {2,}32 workers/)
  expect(row('observations')).toEqual(['observations', '1,000', '6,000', '1,500 stored, 1,500 evicted'])
  expect(row('rejected')).toEqual(['rejected', '1,500', '9,000', 'index_error 50 %', 'overloaded 33 %'])
  expect(row('batches')).toEqual(['batches', '1,000', '6,000', '25 % stolen, 1,500 failures'])
  expect(row('queues')?.slice(1)).toEqual(['high 1,500', 'normal 1,500', 'low 1,500', 'of 45,000'])
  expect(row('back-pressure')?.slice(1)).toEqual(['noun normal', 'verb normal', 'adj normal', 'adv normal'])
  expect(row('workers')?.[1]).toMatch(/^7 to 100 % busy ▁.{30}█$/)
  expect(row('recalls')).toEqual(['recalls', '750', '4,500', 'hit 33 %', 'miss 33 %', 'unknown 33 %'])
  expect(row('recall ')).toEqual(['recall', '150 µs', '190 µs', '199 µs', '750'])
  expect(row('observation ')).toEqual(['observation', '-', '-', '-'])
  expect(row('hops')?.slice(0, 4)).toEqual(['hops', '4.5', '4.9', '5.0'])
  expect(row('derived_from_adj')?.[1]).toMatch(/^6,750 █+/)
  expect(lines.at(-1)).toMatch(
    /^ice cream, .* \(noun\.food\) -> remembered: sundae, spoon, thought of one, two, three$/,
  )
  expect(plainLine(now, before, facts)).toMatch(/^01:23 {2}1,000 observations\/s {2}750 recalls\/s {2}p50 150 µs/)
  expect(plainLine(now, before, facts)).toMatch(
    /queued 1500\/1500\/1500 \(normal\) {2}9,000 rejected {2}25 % stolen, 1,500 failures$/,
  )
  const pressed = { ...now, scrape: scrapeOf(1500, 3) }
  expect(liveView(pressed, before, facts, plain).join('\n')).toContain('noun overloaded  verb overloaded')
  expect(plainLine(pressed, before, facts)).toContain('(overloaded)')
})

test('all but the last line of the live view fits 80 columns, even with large numbers', () => {
  const before = { scrape: scrapeOf(0), atMs: 0 }
  const now = { scrape: scrapeOf(99_999, 3), atMs: 1000 }
  const long = liveView(now, before, facts, plain)
    .slice(0, -1)
    .filter((line) => line.length > 80)
  expect(long).toEqual([])
  expect(loadingLine(5, 10, 'index.noun', 200).length).toBeLessThanOrEqual(80)
  expect(loadingLine(10, 10, 'data.adj', 40).length).toBeLessThanOrEqual(50)
})

test('the final table marks what is equal and by how much the rest differs', () => {
  const gauge = { name: 'g', type: 'gauge', tally: 5, registry: 5, equal: true }
  const none = { name: 'none_total', type: 'counter', tally: 0, registry: 0, equal: true }
  const rows: ComparedRow[] = [
    { name: 'a_total', labels: {}, type: 'counter', tally: 12345, registry: 12345, equal: true },
    { name: 'b_total', labels: { x: '1' }, type: 'counter', tally: 7, registry: 9, equal: false },
    { name: 'b_total', labels: { x: '2' }, type: 'counter', tally: 7, registry: undefined, equal: false },
    { name: 'c_total', labels: { x: '3' }, type: 'counter', tally: undefined, registry: 1, equal: false },
    { ...gauge, labels: { y: '1' } },
    { ...gauge, labels: { y: '2' } },
    { ...none, labels: { z: '1' } },
    { ...none, labels: { z: '2' } },
  ]
  const cells = comparisonTable(rows, plain).map((line) => line.trim().split(/ {2,}/))
  expect(cells).toEqual([
    ['counted', 'engine', 'nanotally'],
    ['a_total', '12,345', '12,345', '✓'],
    ['b_total'],
    ['x="1"', '7', '9', '+2'],
    ['x="2"', '7', '-', 'absent'],
    ['c_total{x="3"}', '-', '1', 'not tallied'],
    ['g, 2 series', '10', '10', '✓'],
    ['none_total, 2 series', '0', '0', '✓'],
  ])
  expect(verdictLine(rows, plain)).toBe('3 of 8 samples differ')
  expect(verdictLine(rows.slice(0, 1), plain)).toBe('1 samples compared, all equal')
})

/** As much of a terminal as the display uses: it keeps the lines that a person would see. */
class Terminal extends Writable {
  readonly isTTY = true
  columns = 20
  rows = 6
  readonly lines: string[] = []
  cursorShown = true
  #row = 0
  #column = 0

  override _write(chunk: Buffer, _encoding: string, done: () => void) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: terminals are spoken to in control characters
    for (const [token] of chunk.toString().matchAll(/\u001b\[\??\d*[A-Za-z]|[\r\n]|[^\u001b\r\n]+/g)) this.#apply(token)
    done()
  }

  #apply(token: string) {
    const line = this.lines[this.#row] ?? ''
    if (token === '\n') this.#row++
    if (token === '\n' || token === '\r') this.#column = 0
    else if (token === '\u001b[?25l') this.cursorShown = false
    else if (token === '\u001b[?25h') this.cursorShown = true
    else if (token === '\u001b[K') this.lines[this.#row] = line.slice(0, this.#column)
    else if (token === '\u001b[J') this.lines.length = Math.min(this.lines.length, this.#row)
    else if (token.startsWith('\u001b')) this.#row -= Number.parseInt(token.slice(2), 10)
    else {
      this.lines[this.#row] = line.slice(0, this.#column) + token + line.slice(this.#column + token.length)
      this.#column += token.length
    }
  }
}

test('frames replace each other in place, cut to the terminal, and give the cursor back', () => {
  const terminal = new Terminal()
  const display = new Display(terminal as unknown as NodeJS.WriteStream)
  expect(display.inPlace).toBe(true)
  display.print(['before'])
  display.redraw(['one', 'two', 'three'])
  expect(terminal.lines).toEqual(['before', 'one', 'two', 'three'])
  expect(terminal.cursorShown).toBe(false)
  terminal.write('^C')
  display.redraw(['four', 'a line of more than twenty columns'])
  expect(terminal.lines).toEqual(['before', 'four', 'a line of more than…'])
  display.settle()
  expect(terminal.cursorShown).toBe(true)
  display.redraw(Array.from({ length: 9 }, (_, i) => `line ${i}`))
  expect(terminal.lines).toHaveLength(3 + terminal.rows - 1)
  display.wipe()
  display.print(['after'])
  expect(terminal.lines).toEqual(['before', 'four', 'a line of more than…', 'after'])
  expect(terminal.cursorShown).toBe(true)
})

test('a stream that is no terminal gets no control characters', () => {
  let text = ''
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += chunk
      done()
    },
  })
  const display = new Display(stream as unknown as NodeJS.WriteStream)
  expect(display.inPlace).toBe(false)
  display.print([display.style.green('fine')])
  display.settle()
  display.wipe()
  expect(text).toBe('fine\n')
})
