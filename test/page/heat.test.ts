// Heat maps: which rows there are, and where observations go.
import { describe, expect, test } from 'vitest'
import { type HeatMap, heatMap, position, valueAt } from '../../page/src/model/heat.js'
import { axisPlaces, isZeroRow } from '../../page/src/model/heat-axis.js'
import { Model } from '../../page/src/model/model.js'
import type { Series } from '../../page/src/model/series.js'
import { documentAt, family } from '../support/live-document.js'

type Row = [number | '-Inf', number | '+Inf', number]

/** The heat map after a snapshot of nothing and a second in which that was observed. */
function mapOf(...buckets: Row[]): HeatMap | undefined {
  const model = new Model()
  model.snapshot(documentAt(0, [family('histogram', 'm', [[{}, []]])]))
  model.changes(documentAt(1, [family('histogram', 'm', [[{}, buckets]])]))
  return heatMap(model, [...(model.families.get('m')?.series.values() ?? [])][0] as Series, 1)
}

const exponential = (index: number, count: number): Row => [2 ** ((index - 1) / 8), 2 ** (index / 8), count]
const sum = (map: HeatMap | undefined) => map?.columns[1]?.reduce((a, b) => a + b, 0)

test('there is none while nothing was observed', () => {
  expect(mapOf()).toBeUndefined()
})

test('buckets of schema 3 have a row each', () => {
  const map = mapOf(exponential(9, 5), exponential(10, 2), exponential(12, 1)) as HeatMap
  expect(map).toMatchObject({ logarithmic: true, bottom: 1, step: 1 / 8, rows: 4, hasZeroRow: false, most: 5 })
  expect(map.columns[0]).toBeNull()
  expect([...(map.columns[1] ?? [])]).toEqual([5, 2, 0, 1])
})

test('many octaves share rows, and no observation is lost', () => {
  const rows = Array.from({ length: 160 }, (_, i) => exponential(i - 100, 3))
  const map = mapOf(...rows) as HeatMap
  expect(map.rows).toBeLessThanOrEqual(48)
  expect(map.rows).toBeGreaterThan(24)
  expect(sum(map)).toBeCloseTo(480, 9)
  expect(map.most).toBeCloseTo(12, 9) // four buckets a row
})

test('a bucket wider than a row is spread over its rows', () => {
  const map = mapOf([1, 2, 8], [2, 2 ** 1.125, 1]) as HeatMap
  expect(map.step).toBe(1 / 8)
  expect([...(map.columns[1] ?? [])]).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 1].map((count) => expect.closeTo(count)))
})

test('explicit buckets, the endless ones too, are drawn', () => {
  const map = mapOf(['-Inf', 0.1, 4], [0.1, 0.5, 2], [0.5, '+Inf', 1]) as HeatMap
  expect(map.logarithmic).toBe(true)
  expect(sum(map)).toBeCloseTo(7, 9)
  expect(valueAt(map, map.bottom)).toBeLessThanOrEqual(0.05)
  expect(valueAt(map, map.bottom + map.rows * map.step)).toBeGreaterThanOrEqual(1)
})

test('zeros have a row of their own below the others', () => {
  const zero: Row = [-(2 ** -128), 2 ** -128, 7]
  const map = mapOf(zero, exponential(1, 2)) as HeatMap
  expect(map).toMatchObject({ hasZeroRow: true, rows: 2 })
  expect([...(map.columns[1] ?? [])]).toEqual([7, 2])
  expect(isZeroRow(map, position(map, 0))).toBe(true)
  expect(isZeroRow(map, position(map, 1.05))).toBe(false)
  expect([...((mapOf(zero) as HeatMap).columns[1] ?? [])]).toContain(7)
})

test('negative observations make the axis linear', () => {
  const map = mapOf([-4, -2, 6], [2, 4, 3]) as HeatMap
  expect(map.logarithmic).toBe(false)
  expect(sum(map)).toBeCloseTo(9, 9)
  expect(position(map, -3)).toBe(-3)
  expect(valueAt(map, -3)).toBe(-3)
  expect(map.bottom).toBeLessThanOrEqual(-4)
})

test.each([
  ['only the endless bucket', ['-Inf', '+Inf', 3] as Row],
  ['a negative endless bucket', ['-Inf', -1, 3] as Row],
  ['a single value', [1e300, 1e300 * 1.09, 3] as Row],
])('%s has a map', (_, row) => {
  const map = mapOf(row) as HeatMap
  expect(sum(map)).toBeCloseTo(3, 9)
  expect(map.rows).toBeGreaterThanOrEqual(1)
  expect(Number.isFinite(map.bottom)).toBe(true)
})

describe('the axis', () => {
  test.each([
    ['a few octaves', [exponential(1, 1), exponential(25, 1)], '', [1, 2, 5]],
    ['bytes', [exponential(81, 1), exponential(104, 1)], 'bytes', [1024, 2048, 4096, 8192]],
    [
      'twenty decades',
      [
        [1e-10, 1.05e-10, 1],
        [1e10, 1.05e10, 1],
      ],
      '',
      [1, 1e3, 1e6],
    ],
    ['less than an octave', [exponential(6, 1)], '', [2 ** (5 / 8), 2 ** (6 / 8)]],
    [
      'an axis of both signs',
      [
        [-4, -2, 6],
        [2, 4, 3],
      ],
      '',
      [-4, -2, 0, 2, 4],
    ],
  ] as [string, Row[], string, number[]][])('has round numbers on %s', (_, rows, unit, numbers) => {
    const map = mapOf(...rows) as HeatMap
    const places = axisPlaces(map, unit).map((place) => valueAt(map, place))
    expect(places.length).toBeLessThanOrEqual(10)
    for (const number of numbers) expect(places).toContainEqual(expect.closeTo(number))
  })

  test('names the zero row', () => {
    const map = mapOf([-(2 ** -128), 2 ** -128, 7], exponential(1, 2)) as HeatMap
    expect(axisPlaces(map, '').filter((place) => isZeroRow(map, place))).toHaveLength(1)
  })
})
