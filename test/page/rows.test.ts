// The live page's list: what search, type and folding leave of it.
import { expect, test } from 'vitest'
import { Model } from '../../page/src/model/model.js'
import { type ListState, rowsOf } from '../../page/src/model/rows.js'
import { documentAt, family } from '../support/live-document.js'

const model = new Model()
model.snapshot(
  documentAt(0, [
    family('gauge', 'temperature_celsius', [[{ room: 'Kitchen' }, 20]], { help: 'Of the air.' }),
    family('counter', 'requests_total', [
      [{ shard: '10', path: '/a' }, 1],
      [{ shard: '9', path: '/b' }, 1],
    ]),
    family(
      'histogram',
      'wait_seconds',
      Array.from({ length: 30 }, (_, i) => [{ queue: `q${i}` }, []]),
    ),
  ]),
)
model.changes(documentAt(1, [family('counter', 'late_total', [[{}, 1]])]))

function rows(state: Partial<ListState> = {}, tick = 1): string[] {
  const all: ListState = { search: '', type: '', folded: new Set(), unfolded: new Set(), opened: new Set(), ...state }
  return rowsOf(model, all, tick).map((row) => {
    if (row.kind === 'family') return `${row.family.name}: ${row.shown}`
    return row.kind === 'more' ? `more: ${row.hidden}` : `${row.kind} ${row.series.text}`
  })
}

test('families go by name, series by labels with numbers by their size; long families are cut short', () => {
  const all = rows()
  expect(all.slice(0, 6)).toEqual([
    'late_total: 1',
    'series ',
    'requests_total: 2',
    'series shard="9", path="/b"',
    'series shard="10", path="/a"',
    'temperature_celsius: 1',
  ])
  expect(all.slice(-2)).toEqual(['series queue="q19"', 'more: 10'])
  expect(rows({ unfolded: new Set(['wait_seconds']) }).at(-1)).toBe('series queue="q29"')
})

test.each([
  ['KITCHEN', ['temperature_celsius: 1', 'series room="Kitchen"']],
  ['of the air', ['temperature_celsius: 1', 'series room="Kitchen"']],
  ['requests /b', ['requests_total: 1', 'series shard="9", path="/b"']],
  ['shard="10"', ['requests_total: 1', 'series shard="10", path="/a"']],
  ['q29', ['wait_seconds: 1', 'series queue="q29"']],
  ['requests kitchen', []],
  ['  ', undefined],
])('a search for "%s"', (search, expected) => {
  expect(rows({ search })).toEqual(expected ?? rows())
})

test("the program's own families come before those about its process", () => {
  const mixed = new Model()
  const names = ['nanotally_series', 'process_open_fds', 'zebras', 'nodejs_heap_bytes', 'processed']
  mixed.snapshot(
    documentAt(
      0,
      names.map((name) => family('gauge', name, [[{}, 1]])),
    ),
  )
  const state = { search: '', type: '' as const, folded: new Set(names), unfolded: new Set(''), opened: new Set('') }
  const order = ['processed', 'zebras', 'nanotally_series', 'nodejs_heap_bytes', 'process_open_fds']
  expect(rowsOf(mixed, state, 0).map(({ key }) => key)).toEqual(order)
})

test('a type, folded families, opened series', () => {
  expect(rows({ type: 'gauge' })).toEqual(['temperature_celsius: 1', 'series room="Kitchen"'])
  expect(rows({ type: 'gauge', folded: new Set(['temperature_celsius']) })).toEqual(['temperature_celsius: 1'])
  const opened = new Set(['temperature_celsius [["room","Kitchen"]]'])
  expect(rows({ type: 'gauge', opened }).at(-1)).toBe('panel room="Kitchen"')
})

test('what came after the tick is not there yet', () => {
  expect(rows({}, 0)[0]).toBe('requests_total: 2')
})
