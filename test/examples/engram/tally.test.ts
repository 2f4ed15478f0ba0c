// The engine's own tally, and its comparison with a scrape.
import { expect, test } from 'vitest'
import { compare } from '../../../examples/engram/books/compare.mjs'
import { SLOTS, Tally, WORKER_SLOTS } from '../../../examples/engram/books/tally.mjs'
import { Scrape } from '../../../examples/engram/view/exposition.mjs'

const HITS = 'engram_recalls_total{outcome="hit"}'

/** The tally of some recalls that hit. */
function tallyOf(hits: number) {
  const tally = new Tally(Tally.createBuffer(1), 1, 0)
  tally.add(SLOTS.recalls[0], hits)
  return tally.read()
}

/** Text exposition that agrees with a tally. */
function textOf(rows: ReturnType<Tally['read']>) {
  return rows.map(({ sample, value }) => `${sample} ${value}\n`).join('')
}

test('rows of threads are added up, and falling gauges taken off', () => {
  const buffer = Tally.createBuffer(2)
  const rows = [0, 1, 2].map((row) => new Tally(buffer, 2, row))
  rows[0].add(SLOTS.queueDepth[1], 5)
  rows[1].add(SLOTS.queueDepth[1], -2)
  rows[2].add(SLOTS.queueDepth[1], -2)
  rows[1].add(SLOTS.evictions)
  rows[2].add(SLOTS.evictions)
  const values = Object.fromEntries(rows[0].read().map(({ sample, value }) => [sample, value]))
  expect(values['engram_streaming_queue_depth{priority="normal"}']).toBe(1)
  expect(values.engram_evictions_total).toBe(2)
  expect(Object.values(values).filter((value) => value !== 0)).toHaveLength(2)
})

test('a worker has samples of its own, and there are no more than there are workers', () => {
  const buffer = Tally.createBuffer(2)
  new Tally(buffer, 2, 2).add(WORKER_SLOTS[1].workStolen, 7)
  const rows = new Tally(buffer, 2, 0).read()
  const stolen = rows.filter(({ name }) => name === 'engram_streaming_work_stolen_total')
  expect(stolen.map(({ labels, value }) => [labels.worker_id, value])).toEqual([
    ['0', 0],
    ['1', 7],
  ])
  expect(rows.filter(({ value }) => value !== 0)).toHaveLength(1)
})

test('each sample is named once, and by name and labels too', () => {
  const rows = tallyOf(1)
  expect(new Set(rows.map(({ sample }) => sample)).size).toBe(rows.length)
  expect(rows.find(({ sample }) => sample === HITS)).toEqual({
    sample: HITS,
    type: 'counter',
    name: 'engram_recalls_total',
    labels: { outcome: 'hit' },
    value: 1,
  })
})

test('a sum that no float64 holds is told', () => {
  expect(() => tallyOf(Number.MAX_SAFE_INTEGER)).not.toThrow()
  const tally = new Tally(Tally.createBuffer(1), 1, 0)
  tally.add(SLOTS.evictions, Number.MAX_SAFE_INTEGER)
  tally.add(SLOTS.evictions, 1)
  expect(() => tally.read()).toThrow('engram_evictions_total is 9007199254740992')
})

test('an equal scrape is equal, whatever the order of its lines and labels', () => {
  const rows = tallyOf(3)
  const text = textOf(rows).replace('kind="observe",priority="low"', 'priority="low",kind="observe"')
  const lines = text.trim().split('\n').reverse().join('\n')
  const compared = compare(rows, new Scrape(lines))
  expect(compared).toHaveLength(rows.length)
  expect(compared.every(({ equal }) => equal)).toBe(true)
})

test('one too many, one missing, and one that was not tallied are told', () => {
  const rows = tallyOf(3)
  const more = compare(rows, new Scrape(textOf(rows).replace(`${HITS} 3`, `${HITS} 4`)))
  expect(more.filter(({ equal }) => !equal)).toMatchObject([{ tally: 3, registry: 4 }])

  const missing = compare(rows, new Scrape(textOf(rows).replace(`${HITS} 3\n`, '')))
  expect(missing.filter(({ equal }) => !equal)).toMatchObject([{ tally: 3, registry: undefined }])

  const overflow = '# TYPE engram_recalls_total counter\nengram_recalls_total{otel_metric_overflow="true"} 2\n'
  const unknown = compare(rows, new Scrape(textOf(rows) + overflow))
  expect(unknown.filter(({ equal }) => !equal)).toMatchObject([{ tally: undefined, registry: 2 }])

  const histogram = '# TYPE engram_x_seconds histogram\nengram_x_seconds_count 5\nengram_x_seconds_sum 0.1\n'
  const uncounted = compare(rows, new Scrape(textOf(rows) + histogram))
  expect(uncounted.filter(({ equal }) => !equal)).toMatchObject([{ name: 'engram_x_seconds_count', registry: 5 }])
})
