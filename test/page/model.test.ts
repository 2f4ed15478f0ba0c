// The live page's model: what documents make of it, and what a look at one of its ticks shows.
import { describe, expect, test } from 'vitest'
import { quantileColumns, rates, reading, spanOf, times, values } from '../../page/src/model/columns.js'
import type { Family } from '../../page/src/model/model.js'
import { Model } from '../../page/src/model/model.js'
import type { Series } from '../../page/src/model/series.js'
import { documentAt, family, type WireFamily } from '../support/live-document.js'

function only(model: Model, name = 'm'): { family: Family; series: Series } {
  const found = model.families.get(name) as Family
  return { family: found, series: [...found.series.values()][0] as Series }
}

/** A model that has taken in a snapshot and then changes, a second apart; an absent member stands for no change. */
function fed(...seconds: (WireFamily | undefined)[]): Model {
  const model = new Model()
  seconds.forEach((each, i) => {
    const document = documentAt(100 + i, each === undefined ? [] : [each])
    if (i === 0) model.snapshot(document)
    else model.changes(document)
  })
  return model
}

const counter = (value: number | 'NaN') => family('counter', 'm', [[{}, value]])
const gauge = (value: number | 'NaN' | '+Inf') => family('gauge', 'm', [[{}, value]])

describe('a counter', () => {
  test('has no rate before its second sample, and then one for each interval', () => {
    const model = fed(counter(10))
    const { family, series } = only(model)
    expect(reading(model, family, series, 0)).toEqual({ value: 10, rate: undefined, quantiles: undefined })
    model.changes(documentAt(101, [counter(14)]))
    model.changes(documentAt(103, [counter(20)]))
    expect(rates(model, series, 2)).toEqual([null, 4, 3])
    expect(times(model, 2)).toEqual([100, 101, 103])
    expect(reading(model, family, series, 2)).toMatchObject({ value: 20, rate: 3 })
  })

  test('that did not change has rate 0', () => {
    const model = fed(counter(10), undefined, counter(11), undefined)
    const { family, series } = only(model)
    expect(rates(model, series, 3)).toEqual([null, 0, 1, 0])
    expect(reading(model, family, series, 3)).toMatchObject({ value: 11, rate: 0 })
  })

  test('that begins anew never has a negative rate', () => {
    const model = fed(counter(1000), counter(3), counter(5))
    expect(rates(model, only(model).series, 2)).toEqual([null, 3, 2])
  })

  test('that comes later has no rate at first, and nothing before', () => {
    const model = fed(undefined, undefined, counter(7), counter(9))
    expect(rates(model, only(model).series, 3)).toEqual([null, null, null, 2])
  })
})

test('a gauge keeps its value between changes; what is no number is no point', () => {
  const model = fed(gauge(3), undefined, gauge('NaN'), gauge('+Inf'), gauge(0))
  const { family, series } = only(model)
  expect(values(model, series, 4)).toEqual([3, 3, null, null, 0])
  expect(reading(model, family, series, 2).value).toBeNaN()
  expect(reading(model, family, series, 3).value).toBe(Number.POSITIVE_INFINITY)
  expect(reading(model, family, series, 4).rate).toBeUndefined()
})

describe('a histogram', () => {
  const histogram = (low: number, high: number) =>
    family('histogram', 'm', [
      [
        {},
        [
          [1, 2, low],
          [8, 16, high],
        ],
      ],
    ])

  test('has the quantiles of each interval, and none where nothing was observed', () => {
    const model = fed(histogram(1000, 1), histogram(1000, 11), undefined, histogram(1010, 11))
    const { family, series } = only(model)
    const [median] = quantileColumns(model, series, 3)
    expect(median).toEqual([null, expect.closeTo(8 * Math.SQRT2), null, expect.closeTo(Math.SQRT2)])
    expect(rates(model, series, 3)).toEqual([null, 10, 0, 10])
    expect(reading(model, family, series, 2).quantiles).toBeUndefined()
  })

  test('that begins anew has the quantiles of what it holds', () => {
    const model = fed(histogram(50, 50), histogram(1, 0))
    const { series } = only(model)
    expect(rates(model, series, 1)).toEqual([null, 1])
    expect(quantileColumns(model, series, 1)[0]).toEqual([null, expect.closeTo(Math.SQRT2)])
  })

  test('gives up the oldest buckets when there are too many, and keeps its quantiles', () => {
    const model = new Model(12)
    model.snapshot(documentAt(0, [histogram(0, 0)]))
    for (let i = 1; i <= 5; i++) model.changes(documentAt(i, [histogram(i, i)]))
    const { series } = only(model)
    expect(series.samples.map(({ buckets }) => buckets?.length)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      6,
      6,
    ])
    expect(quantileColumns(model, series, 5)[2]?.filter((value) => value !== null)).toHaveLength(5)
  })

  /** How many samples of the series of `m` with these labels have buckets. */
  const kept = (model: Model, of: string) =>
    [...(model.families.get('m') as Family).series.values()]
      .find(({ labels }) => labels.of === of)
      ?.samples.filter(({ buckets }) => buckets?.length).length
  const waits = (of: string, count: number) => family('histogram', 'm', [[{ of }, [[1, 2, count]]]])

  test('gives the room of its buckets to others when it is gone', () => {
    const model = new Model(12)
    model.snapshot(documentAt(0, [waits('a', 0), waits('b', 0)]))
    for (let i = 1; i <= 2; i++) model.changes(documentAt(i, [waits('b', i)]))
    for (let i = 3; i <= 4; i++) model.changes(documentAt(i, [waits('a', i)]))
    model.changes(documentAt(5, [], { ended: [{ name: 'm', labels: { of: 'a' } }] }))
    for (let i = 6; i <= 10; i++) model.changes(documentAt(i, []))
    expect(kept(model, 'a')).toBeUndefined()
    for (let i = 11; i <= 12; i++) model.changes(documentAt(i, [waits('b', i)]))
    expect(kept(model, 'b')).toBe(4)
  })

  test('gives the room of its buckets to others when they are out of sight', () => {
    const model = new Model(12)
    model.snapshot(documentAt(0, [waits('a', 0), waits('b', 0)]))
    model.changes(documentAt(1, [waits('a', 1)]))
    for (let i = 2; i <= 301; i++) model.changes(documentAt(i, []))
    for (let i = 302; i <= 305; i++) model.changes(documentAt(i, [waits('b', i)]))
    expect(kept(model, 'a')).toBe(0)
    expect(kept(model, 'b')).toBe(4)
  })
})

describe('a new connection', () => {
  test('keeps the history of series whose labels match, and knows no rate of its first interval', () => {
    const model = fed(counter(10), counter(14))
    model.snapshot(documentAt(140, [family('counter', 'm', [[{}, 5]])]))
    model.changes(documentAt(141, [family('counter', 'm', [[{}, 6]])]))
    expect(rates(model, only(model).series, 3)).toEqual([null, 4, null, 1])
  })

  test('leaves a gap in a gauge, also in one that did not change meanwhile', () => {
    const model = fed(gauge(3), gauge(4))
    model.snapshot(documentAt(160, [gauge(4)]))
    model.changes(documentAt(161, []))
    const { family, series } = only(model)
    expect(values(model, series, 3)).toEqual([3, 4, null, 4])
    expect(reading(model, family, series, 2).value).toBe(4)
  })

  test('leaves what was before it in sight', () => {
    const model = fed(gauge(3), gauge(4))
    expect(spanOf(model, 1)).toEqual([41, 101])
    model.snapshot(documentAt(200, [gauge(4)]))
    expect(spanOf(model, 2)).toEqual([99, 200])
    model.changes(documentAt(1000, [gauge(4)]))
    expect(spanOf(model, 3)).toEqual([700, 1000])
  })

  test('leaves a gap in quantiles', () => {
    const waits = (count: number) => family('histogram', 'm', [[{}, [[1, 2, count]]]])
    const model = fed(waits(0), waits(5))
    model.snapshot(documentAt(160, [waits(9)]))
    model.changes(documentAt(161, [waits(10)]))
    const median = expect.closeTo(Math.SQRT2)
    expect(quantileColumns(model, only(model).series, 3)[0]).toEqual([null, median, null, median])
  })

  test('ends what its snapshot does not name', () => {
    const model = fed(
      family('gauge', 'm', [
        [{ a: '1' }, 1],
        [{ a: '2' }, 2],
      ]),
    )
    model.snapshot(documentAt(101, [family('gauge', 'm', [[{ a: '2' }, 2]])]))
    expect([...(model.families.get('m') as Family).series.values()].map(({ endedTick }) => endedTick)).toEqual([
      1,
      undefined,
    ])
  })
})

describe('a series that ends', () => {
  test('is marked, then gone; its family goes with its last one', () => {
    const model = fed(gauge(1))
    model.changes(documentAt(101, [], { ended: [{ name: 'm', labels: {} }] }))
    const { series } = only(model)
    expect(series.endedTick).toBe(1)
    expect(values(model, series, 1)).toEqual([1, null])
    for (let i = 2; i <= 5; i++) model.changes(documentAt(100 + i, []))
    expect(model.families.size).toBe(1)
    model.changes(documentAt(106, []))
    expect(model.families.size).toBe(0)
  })

  test('may come back', () => {
    const model = fed(gauge(1))
    model.changes(
      documentAt(101, [], {
        ended: [
          { name: 'm', labels: {} },
          { name: 'other', labels: {} },
        ],
      }),
    )
    model.changes(documentAt(102, [gauge(2)]))
    expect(only(model).series.endedTick).toBeUndefined()
    for (let i = 3; i < 20; i++) model.changes(documentAt(100 + i, []))
    expect(model.families.size).toBe(1)
  })

  test('labels in another order are the same series', () => {
    const model = fed(family('gauge', 'm', [[{ a: '1', b: '2' }, 1]]))
    model.changes(documentAt(101, [family('gauge', 'm', [[{ b: '2', a: '1' }, 3]])]))
    expect((model.families.get('m') as Family).series.size).toBe(1)
  })
})

test('a family that is defined anew with another type takes the place of the old one', () => {
  const model = fed(counter(1), gauge(2))
  expect(only(model).family.type).toBe('gauge')
  expect(values(model, only(model).series, 1)).toEqual([null, 2])
})

test('the window ends at the tick that is looked at, and what no look needs is let go', () => {
  const model = fed(gauge(0))
  for (let i = 1; i < 1000; i++) model.changes(documentAt(100 + i, i % 7 === 0 ? [gauge(i)] : []))
  const { series } = only(model)
  expect(model.newest).toBe(999)
  expect(times(model, 999)).toHaveLength(300)
  expect(times(model, 999)[0]).toBe(800)
  expect(series.samples.length).toBeLessThan(300 / 7 + 2)
  const column = values(model, series, 999)
  expect(column[0]).toBe(700) // of the sample before the window
  expect(column.at(-1)).toBe(994)
})

test('a tick that is held stays whole while documents go on coming', () => {
  const model = fed(counter(0), counter(5))
  model.hold(1)
  const { series } = only(model)
  model.changes(documentAt(102, [], { ended: [{ name: 'm', labels: {} }] }))
  for (let i = 3; i < 500; i++) model.changes(documentAt(100 + i, []))
  expect(rates(model, series, 1)).toEqual([null, 5])
  expect(only(model).series).toBe(series)
  model.hold(undefined)
  model.changes(documentAt(700, []))
  expect(model.families.size).toBe(0)
  expect(times(model, model.newest)).toHaveLength(300)
})

test('a page that is paused for long keeps a bounded history', () => {
  const model = fed(gauge(0))
  model.hold(0)
  for (let i = 1; i < 3000; i++) model.changes(documentAt(100 + i, [gauge(i)]))
  expect(model.newest - model.oldest).toBe(1800)
  expect(only(model).series.samples.length).toBeLessThanOrEqual(1801)
})

test('a clock that was set back turns no chart round', () => {
  const model = fed(counter(0))
  model.changes(documentAt(50, [counter(4)]))
  model.changes(documentAt(51, [counter(6)]))
  expect(times(model, 2)).toEqual([100, 101, 102])
  expect(rates(model, only(model).series, 2)).toEqual([null, 4, 2])
})
