// What can be wrong in a family whose lines can all be read, and what is computed of its series.
import { describe, expect, test } from 'vitest'
import { checkFamily } from '../../../dist/exposition/check.js'
import { MAX_FINDINGS_OF_A_RULE } from '../../../dist/exposition/findings.js'
import { parseExposition } from '../../../dist/exposition/parse.js'
import { quantileOf, seriesOf } from '../../../dist/exposition/series.js'

const familiesOf = (text: string) => parseExposition(Buffer.from(text)).families
const rulesOf = (text: string) =>
  familiesOf(text).flatMap((family) => checkFamily(family).map(({ rule, line }) => [rule, line]))
const HISTOGRAM = '# TYPE h histogram\n'
const OPEN_HISTOGRAM = '# TYPE h histogram\nh_bucket{le="+Inf"} 1\n'

test.each([
  ['x 1\n', 'no-type', 1],
  ['# TYPE x gauge\nx{a="1",b="2"} 1\nx{b="2",a="1"} 2\n', 'duplicate-series', 3],
  [`${HISTOGRAM}h_bucket 1\nh_bucket{le="+Inf"} 1\nh_count 1\n`, 'part-label', 2],
  [`${HISTOGRAM}h_bucket{le="x"} 1\nh_bucket{le="+Inf"} 1\n`, 'part-label', 2],
  [`${HISTOGRAM}h_bucket{le="+Inf"} 1\nh_count{le="1"} 1\n`, 'part-label', 3],
  ['# TYPE s summary\ns{quantile="1.5"} 1\n', 'part-label', 2],
  ['# TYPE s summary\ns 1\n', 'part-label', 2],
  [`${HISTOGRAM}h_bucket{le="1"} 2\nh_bucket{le="+Inf"} 1\nh_count 1\n`, 'bucket-order', 2],
  [`${HISTOGRAM}h_bucket{le="1"} 1\nh_count 1\n`, 'no-inf-bucket', 2],
  [`${HISTOGRAM}h_sum 1\nh_count 0\n`, 'no-inf-bucket', 2],
  [`${HISTOGRAM}h_bucket{le="+Inf"} 2\nh_count 1\n`, 'count-mismatch', 2],
  [`${HISTOGRAM}h_bucket{le="+Inf"} -1\nh_count -1\n`, 'counter-value', 2],
  ['# TYPE x_total counter\nx_total -1\n', 'counter-value', 2],
  ['# TYPE x_total counter\nx_total NaN\n', 'counter-value', 2],
  ['# TYPE x info\nx_info 2\n# EOF\n', 'state-value', 2],
  ['# TYPE x stateset\nx{x="a"} 0.5\n# EOF\n', 'state-value', 2],
  ['# TYPE x gauge\nx 1 # {} 1\n# EOF\n', 'exemplar-place', 2],
  [`${OPEN_HISTOGRAM}h_count 1 # {} 1\n# EOF\n`, 'exemplar-place', 3],
])('%j', (text, rule, line) => {
  expect(rulesOf(text)[0]).toEqual([rule, line])
})

test.each([
  '# TYPE x gauge\nx{a="1"} -1\nx{a="2"} NaN\nx{b="1"} 1\n',
  '# TYPE x_total counter\nx_total 0\n',
  '# TYPE x_total counter\nx_total +Inf\n',
  `${HISTOGRAM}h_bucket{le="+Inf"} 1\nh_bucket{le="1"} 1\nh_count 1\n`,
  '# TYPE h gaugehistogram\nh_bucket{le="+Inf"} 1\nh_gcount 1\nh_gsum -1\n# EOF\n',
  `${OPEN_HISTOGRAM}# EOF\n`,
  '# TYPE h gaugehistogram\nh_bucket{le="+Inf"} NaN\nh_gcount NaN\n# EOF\n',
  '# TYPE s summary\ns{quantile="0.5"} NaN\ns_count 0\ns_sum 0\n',
  '# TYPE x counter\nx_total 1 # {} 1\nx_created 1\n# EOF\n',
])('%j is fine', (text) => {
  expect(rulesOf(text)).toEqual([])
  expect(familiesOf(text)).toHaveLength(1)
})

test.each([
  ['duplicate-series', '# TYPE x gauge\n', 'x 1\n'],
  ['no-inf-bucket', HISTOGRAM, 'h_sum{l="#"} 1\n'],
])('by the hundred thousand, the first %s are told', (rule, head, line) => {
  const lines = Array.from({ length: 200_000 }, (_, i) => line.replace('#', `${i}`))
  const rules = rulesOf(head + lines.join(''))
  expect(rules).toHaveLength(MAX_FINDINGS_OF_A_RULE)
  expect(rules.every(([found]) => found === rule)).toBe(true)
})

describe('quantiles, as histogram_quantile has them', () => {
  const bucketsOf = (...pairs: [number, number][]) => pairs.map(([upper, count]) => ({ upper, count }))

  test.each([
    ['inside a bucket', bucketsOf([1, 10], [2, 20], [Infinity, 20]), 0.75, 1.5],
    ['the first bucket begins at 0', bucketsOf([1, 10], [Infinity, 10]), 0.5, 0.5],
    ['unless it is negative', bucketsOf([-1, 10], [Infinity, 10]), 0.5, -1],
    ['beyond the last boundary', bucketsOf([1, 0], [2, 1], [Infinity, 10]), 0.9, 2],
    ['empty buckets in between', bucketsOf([1, 5], [2, 5], [4, 10], [Infinity, 10]), 0.75, 3],
    ['of nothing', bucketsOf([1, 0], [Infinity, 0]), 0.5, Number.NaN],
    ['without +Inf', bucketsOf([1, 1], [2, 2]), 0.5, Number.NaN],
    ['with +Inf alone', bucketsOf([Infinity, 2]), 0.5, Number.NaN],
    ['without buckets', [], 0.5, Number.NaN],
  ])('%s', (_, buckets, q, value) => {
    expect(quantileOf(buckets, q)).toBe(value)
  })
})

test('series are put together whatever the order of their labels', () => {
  const [family] = familiesOf(
    `${HISTOGRAM}h_bucket{a="1",le="+Inf",b="2"} 3\nh_count{b="2",a="1"} 3\nh_count{a="2"} 0\n`,
  )
  expect(seriesOf(family as NonNullable<typeof family>)).toEqual([
    { labels: { a: '1', b: '2' }, buckets: [{ upper: Infinity, count: 3 }], count: 3 },
    { labels: { a: '2' }, count: 0 },
  ])
})
