// Reading text exposition: labels and their escapes, values, buckets of an interval, quantiles.
import { expect, test } from 'vitest'
import { bucketsSince, quantile, Scrape } from '../../../examples/engram/view/exposition.mjs'

test('names, labels, escapes and special values', () => {
  const scrape = new Scrape(
    [
      '# HELP a_total Some help with "quotes".',
      '# TYPE a_total counter',
      'a_total{x="1",y="a\\"b\\\\c\\nd,}"} 3 1700000000000',
      'a_total{x="2",y=""} 4e+06',
      'b NaN',
      'c{le="+Inf",} -Inf',
      '',
    ].join('\n'),
  )
  expect(scrape.types).toEqual(new Map([['a_total', 'counter']]))
  expect(scrape.select('a_total')).toEqual([
    { name: 'a_total', labels: { x: '1', y: 'a"b\\c\nd,}' }, value: 3 },
    { name: 'a_total', labels: { x: '2', y: '' }, value: 4e6 },
  ])
  expect(scrape.sum('a_total')).toBe(4_000_003)
  expect(scrape.sum('a_total', { x: '1' })).toBe(3)
  expect(scrape.sum('absent')).toBe(0)
  expect(scrape.select('b')[0].value).toBeNaN()
  expect(scrape.select('c')[0].value).toBe(Number.NEGATIVE_INFINITY)
  expect(scrape.names()).toEqual(['a_total', 'b', 'c'])
})

test.each(['a', 'a{x=1} 2', 'a{x="1" 2', '{x="1"} 2', 'a{x="1"y="2} 3'])('%s is no text exposition', (line) => {
  expect(() => new Scrape(line)).toThrow(SyntaxError)
})

test('series with other boundaries are added up, and a new boundary is no new observation', () => {
  const before = new Scrape('h_bucket{p="a",le="1"} 2\nh_bucket{p="a",le="+Inf"} 3\n')
  const now = new Scrape(
    [
      'h_bucket{p="a",le="0.5"} 1',
      'h_bucket{p="a",le="1"} 5',
      'h_bucket{p="a",le="+Inf"} 6',
      'h_bucket{p="b",le="2"} 7',
      'h_bucket{p="b",le="+Inf"} 7',
    ].join('\n'),
  )
  const inf = Number.POSITIVE_INFINITY
  const all = [
    { le: 0.5, count: 1 },
    { le: 1, count: 5 },
    { le: 2, count: 12 },
    { le: inf, count: 13 },
  ]
  expect(now.buckets('h')).toEqual(all)
  expect(now.buckets('h', { p: 'b' })).toEqual([
    { le: 2, count: 7 },
    { le: inf, count: 7 },
  ])
  expect(bucketsSince(now.buckets('h', { p: 'a' }), before.buckets('h'))).toEqual([
    { le: 0.5, count: 1 },
    { le: 1, count: 3 },
    { le: inf, count: 3 },
  ])
})

test('quantiles are interpolated as PromQL does it', () => {
  const buckets = [
    { le: 1, count: 0 },
    { le: 2, count: 10 },
    { le: 4, count: 20 },
    { le: Number.POSITIVE_INFINITY, count: 21 },
  ]
  expect(quantile(buckets, 0)).toBe(1)
  expect(quantile(buckets, 10.5 / 21)).toBe(2.1)
  expect(quantile(buckets, 15 / 21)).toBe(3)
  expect(quantile(buckets, 1)).toBe(4)
  expect(quantile([{ le: 5, count: 4 }], 0.5)).toBe(2.5)
  expect(quantile([{ le: Number.POSITIVE_INFINITY, count: 4 }], 0.5)).toBeUndefined()
  expect(quantile([{ le: 5, count: 0 }], 0.5)).toBeUndefined()
  expect(quantile([], 0.5)).toBeUndefined()
})
