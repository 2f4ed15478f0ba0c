// What a watch makes of PromQL: as promtool does, over the same series, for every query of every catalog; and what it refuses.
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { catalogs } from 'nanotally/catalogs'
import { describe, expect, test } from 'vitest'
import { Evaluation, type Value } from '../../../../dist/integrations/internal/watch/evaluate.js'
import { type Expression, partsOf, readExpression } from '../../../../dist/integrations/internal/watch/expression.js'
import { quantileOf } from '../../../../dist/integrations/internal/watch/quantile.js'
import { readHead, SeriesStore } from '../../../../dist/integrations/internal/watch/store.js'
import { familyOf } from '../../../support/catalogs.js'
import { refusal } from '../../../support/registry.js'
import { toolPath } from '../../../support/server.js'
import { temporaryFolder } from '../../../support/temporary.js'

const STEP_SECONDS = 5
const END_SECONDS = 1200
const STEPS = END_SECONDS / STEP_SECONDS

/** A line of promtool's language: from `start` on, more by `slope` at each step. */
interface Line {
  head: string
  start: number
  slope: number
}

function windowsOf(expressions: readonly Expression[]): Map<string, number[]> {
  const windows = new Map<string, number[]>()
  for (const part of expressions.flatMap((one) => [...partsOf(one)])) {
    if (part.kind === 'selector') windows.set(part.name, windows.get(part.name) ?? [])
    if (part.kind === 'range') {
      const { name } = part.selector
      windows.set(name, [...new Set([...(windows.get(name) ?? []), part.windowMs])])
    }
  }
  return windows
}

/** The store that saw these lines, as often as promtool does. */
function storeOf(lines: readonly Line[], expressions: readonly Expression[]): SeriesStore {
  const store = new SeriesStore(windowsOf(expressions), 1_000_000)
  for (let step = 0; step <= STEPS; step++) {
    const text = lines.map(({ head, start, slope }) => `${head} ${start + slope * step}\n`).join('')
    store.update(text, step * STEP_SECONDS * 1000)
  }
  return store
}

/** What promtool says to each query at the end, by its labels as JSON. It tells when something else is expected of it. */
function askPromtool(lines: readonly Line[], queries: readonly string[]): Map<string, Value[]> {
  const folder = temporaryFolder()
  const file = join(folder, 'test.yml')
  const tests = {
    interval: `${STEP_SECONDS}s`,
    input_series: lines.map(({ head, start, slope }) => ({ series: head, values: `${start}+${slope}x${STEPS}` })),
    promql_expr_test: queries.map((expr) => ({
      expr,
      eval_time: `${END_SECONDS}s`,
      exp_samples: [{ labels: 'expected_of_no_query', value: 1 }],
    })),
  }
  writeFileSync(file, JSON.stringify({ rule_files: [], evaluation_interval: '5s', tests: [tests] }))
  const { stdout, stderr } = spawnSync(toolPath('promtool'), ['test', 'rules', file], { encoding: 'utf8' })
  const answers = new Map<string, Value[]>()
  const told = /expr: ("(?:\\.|[^"\\])*"), time: \w+,\s+exp:[^\n]*\n\s*got:([^\n]*)/g
  for (const [, expr, got = ''] of `${stdout}\n${stderr}`.matchAll(told)) {
    const values = [...got.matchAll(/(\{.*?\}) ([^\s,]+)/g)].map(([, labels = '', value = '']) => ({
      labels: readHead(labels.replaceAll(', ', ',').replace(/__name__="[^"]*",?/, '')).labels,
      value: Number(value.replace(/^([+-]?)Inf$/, '$1Infinity')),
    }))
    answers.set(JSON.parse(expr as string), values)
  }
  return answers
}

const byLabels = (values: readonly Value[]) =>
  new Map(
    values.map(({ labels: { __name__: _, ...labels }, value }) => [
      JSON.stringify(Object.entries(labels).sort()),
      value,
    ]),
  )

/** Series of a family, of two values for each label, or of all that it may have. */
function linesOf(name: string, random: () => number): Line[] {
  const family = familyOf(name)
  const labels = [...(family?.labels ?? []), ...(family?.optionalLabels ?? [])]
  let heads: [string, string][][] = [[]]
  for (const label of labels) {
    const values = (family?.values?.[label] ?? ['a', 'b']).slice(0, 3)
    heads = heads.flatMap((head) => values.map((value): [string, string][] => [...head, [label, value]]))
  }
  const isBucket = name.endsWith('_bucket')
  return heads.slice(0, 40).flatMap((pairs) => {
    const head = (more: [string, string][] = []) =>
      `${name}{${[...pairs, ...more].map(([label, value]) => `${label}="${value}"`).join(',')}}`
    if (!isBucket) return [{ head: head(), start: Math.ceil(random() * 100), slope: Math.floor(random() * 10) }]
    let slope = 0
    return ['0.001', '0.25', '1', '8', '+Inf'].map((le) => {
      slope += Math.floor(random() * 3)
      return { head: head([['le', le]]), start: slope, slope }
    })
  })
}

test('every query of every catalog comes to what promtool says', () => {
  const MAX_WINDOW_MS = 900_000
  const readable = catalogs.flatMap(({ families }) =>
    Object.values(families).flatMap(({ query }) => {
      try {
        const expression = readExpression(query)
        const isNear = [...partsOf(expression)].every((one) => one.kind !== 'range' || one.windowMs <= MAX_WINDOW_MS)
        return isNear ? [{ query, expression }] : []
      } catch {
        return []
      }
    }),
  )
  const expressions = readable.map(({ expression }) => expression)
  let seed = 7
  const random = () => {
    seed = (seed * 16807) % 2147483647
    return seed / 2147483647
  }
  const lines = [...windowsOf(expressions).keys()].flatMap((name) => linesOf(name, random))
  const store = storeOf(lines, expressions)
  const answers = askPromtool(
    lines,
    readable.map(({ query }) => query),
  )
  let values = 0
  let ambiguous = 0
  for (const { query, expression } of readable) {
    const expected = answers.get(query)
    // promtool refuses what has several answers.
    if (expected === undefined) {
      ambiguous++
      continue
    }
    const own = byLabels(new Evaluation(expression).evaluate(store, END_SECONDS))
    const theirs = byLabels(expected)
    expect([query, [...own.keys()].sort()]).toEqual([query, [...theirs.keys()].sort()])
    for (const [labels, value] of theirs) {
      const mine = own.get(labels) as number
      const isClose = Object.is(mine, value) || mine === value || Math.abs(mine - value) <= 1e-9 * Math.abs(value)
      expect([query, labels, isClose ? value : mine]).toEqual([query, labels, value])
      values++
    }
  }
  expect([readable.length > 250, values > 500, ambiguous]).toEqual([true, true, 0])
})

test('the parts that no catalog uses', () => {
  const lines: Line[] = [
    { head: 'a{x="1",y="p"}', start: 1, slope: 2 },
    { head: 'a{x="2",y="p"}', start: 10, slope: 0 },
    { head: 'a{x="3"}', start: -5, slope: 1 },
    { head: 'b{x="1",y="p",z="q"}', start: 3, slope: 1 },
    { head: 'b{x="2",y="r",z="q"}', start: 4, slope: 4 },
  ]
  const queries = [
    'a > 20',
    'a > bool 20',
    '20 < a',
    'a == 10 or a{x="1"}',
    'a and on (x) b',
    'a unless ignoring (z) b',
    'a / on (x, y) b',
    'a * ignoring (z) b',
    'count without (x) (a)',
    'avg by (y) (a)',
    'sum without (y, z) (b) % 7',
    '-sum(a) + 2 * 3 - (4 - 1)',
    'a{x=~"1|3", y!~".+"}',
    'a{y=""}',
    'vector(2) + 1',
    'abs(-a)',
    'increase(a[2m]) >= 48',
    'sum(rate(b[1m])) # a remark',
    'histogram_quantile(2, b)',
    '1 == bool 1',
    'time() - 200',
  ]
  const expressions = queries.map(readExpression)
  const store = storeOf(lines, expressions)
  const answers = askPromtool(lines, queries)

  queries.forEach((query, i) => {
    const own = byLabels(new Evaluation(expressions[i] as Expression).evaluate(store, END_SECONDS))
    expect([query, own]).toEqual([query, byLabels(answers.get(query) ?? [{ labels: { no: 'answer' }, value: 0 }])])
  })
})

test.each([
  ['sum(', 'it ends too early'],
  ['rate(a[0s])', 'a window of no time is not supported'],
  ['a offset 5m', 'offset is not supported there'],
  ['rate(a[5m:1m])', ':1m is not supported there'],
  ['a[5m]', '[ is not supported there'],
  ['rate(a)', ') is not supported there'],
  ['a / on (x) group_left b', 'group_left is not supported there'],
  ['topk(3, a)', 'topk() is not supported'],
  ['absent(a)', 'absent() is not supported'],
  ['toString(a)', 'toString() is not supported'],
  ['a ^ 2', '^ is not supported there'],
  ['sum(1)', 'sum() takes series'],
  ['abs(1)', 'abs() takes series'],
  ['abs(a, a)', 'abs() takes 1 operands'],
  ['histogram_quantile(a, a)', 'histogram_quantile() takes a number'],
  ['a or 1', 'or takes series'],
  ['1 > 2', '> of two numbers takes bool'],
  ['a{x=~"("}', 'the pattern ( is not supported'],
  ['a{x<"1"}', '"1" is not supported there'],
  ['{x="1"}', '{ is not supported there'],
  ['a & b', 'at 1:  & b'],
  [`${'('.repeat(60)}a${')'.repeat(60)}`, 'more than 50 levels are not supported'],
])('refused: %s', (query, reason) => {
  expect(refusal(() => readExpression(query)).message).toBe(reason)
})

describe('the past of series', () => {
  const windows = new Map([['c', [60_000]]])

  test('what a counter grew by, resets among it, equals the sum of its steps', () => {
    const steps = fc.array(
      fc.record({ add: fc.nat(100), reset: fc.boolean(), ms: fc.integer({ min: 50, max: 9000 }) }),
      {
        minLength: 2,
        maxLength: 80,
      },
    )
    fc.assert(
      fc.property(steps, (all) => {
        const store = new SeriesStore(windows, 10)
        const grown: { at: number; by: number }[] = []
        let [now, value] = [0, 5]
        store.update('c 5\n', now)
        for (const { add, reset, ms } of all) {
          now += ms
          const isReset = reset && add < value
          value = isReset ? add : value + add
          grown.push({ at: now, by: add })
          store.update(`c ${value}\n`, now)
        }
        const [series] = store.seriesOf('c')
        const rate = store.rateOf(series as never, 60_000) as number
        // The window begins at a point that is kept: as long as it says, or up to the step and the slot that it fell into longer.
        const sumSince = (since: number) => grown.reduce((sum, { at, by }) => (at > since ? sum + by : sum), 0)
        const candidates = [0, ...grown.map(({ at }) => at)].filter((at) => now - at >= 60_000 || at === 0)
        const answers = candidates.map((at) => sumSince(at) / (Math.max(60_000, now - at) / 1000))
        expect(answers.some((answer) => Math.abs(answer - rate) < 1e-9)).toBe(true)
        const newest = Math.max(...candidates)
        const chosen = candidates[answers.findIndex((answer) => Math.abs(answer - rate) < 1e-9)] as number
        expect(newest - chosen).toBeLessThanOrEqual(1000 + 9000)
      }),
    )
  })

  const grownIn = (store: SeriesStore, x: string) => {
    const series = [...store.seriesOf('c')].find(({ labels }) => labels.x === x)
    const rate = series && store.rateOf(series, 60_000)
    return rate === undefined ? undefined : rate * 60
  }

  test('a series that is new in a known family began at 0, one that comes back did not', () => {
    const store = new SeriesStore(windows, 10)
    store.update('# TYPE c counter\n', 0)
    store.update('# TYPE c counter\nc{x="a"} 3\n', 1000)
    expect(grownIn(store, 'a')).toBe(3)
    for (let now = 2000; now < 80_000; now += 1000) store.update('# TYPE c counter\n', now)
    expect(store.size).toBe(0)
    store.update('c{x="a"} 4\n', 80_000)
    expect(grownIn(store, 'a')).toBe(1)
  })

  test('a family that is new as a whole begins with what it has', () => {
    const store = new SeriesStore(windows, 10)
    store.update('', 0)
    store.update('# TYPE c counter\nc{x="a"} 1000\n', 1000)
    expect(grownIn(store, 'a')).toBe(undefined)
    store.update('# TYPE c counter\nc{x="a"} 1001\n', 2000)
    expect(grownIn(store, 'a')).toBe(1)
  })

  test('a boundary that a histogram shows from now on has counted what is below it', () => {
    const store = new SeriesStore(new Map([['h_bucket', [60_000]]]), 10)
    store.update('# TYPE h histogram\nh_bucket{le="1"} 100\nh_bucket{le="+Inf"} 100\n', 0)
    store.update(
      '# TYPE h histogram\nh_bucket{le="1"} 100\nh_bucket{le="16"} 100\nh_bucket{le="32"} 101\nh_bucket{le="+Inf"} 101\n',
      1000,
    )
    const grown = [...store.seriesOf('h_bucket')].map((series) => (store.rateOf(series, 60_000) as number) * 60)
    expect(grown).toEqual([0, 1, 0, 1])
  })

  test('labels are read as they were', () => {
    const store = new SeriesStore(windows, 10)
    store.update('c{x="q\\"\\\\ }\\n {",y="é"} 3\n', 0)
    expect([...store.seriesOf('c')].map(({ labels }) => labels)).toEqual([{ x: 'q"\\ }\n {', y: 'é' }])
  })

  test('of a name that has too many series none is kept', () => {
    const store = new SeriesStore(
      new Map([
        ['c', [60_000]],
        ['g', []],
      ]),
      3,
    )
    store.update('g 1\nc{x="1"} 1\nc{x="2"} 1\n', 0)
    expect([store.size, store.hasOverflowed('c')]).toEqual([3, false])
    store.update('g 1\nc{x="1"} 1\nc{x="2"} 1\nc{x="3"} 1\n', 1000)
    expect([store.size, store.hasOverflowed('c'), store.hasOverflowed('g')]).toEqual([1, true, false])
  })
})

test.each([
  [0.5, [], Number.NaN],
  [0.5, [[1, 5]], Number.NaN],
  [
    0.5,
    [
      [1, 0],
      [Infinity, 0],
    ],
    Number.NaN,
  ],
  [
    Number.NaN,
    [
      [1, 1],
      [Infinity, 1],
    ],
    Number.NaN,
  ],
  [
    -1,
    [
      [1, 1],
      [Infinity, 1],
    ],
    -Infinity,
  ],
  [
    0.9,
    [
      [1, 1],
      [Infinity, 10],
    ],
    1,
  ],
  [
    0.5,
    [
      [-1, 10],
      [Infinity, 10],
    ],
    -1,
  ],
  [
    0.5,
    [
      [1, 10],
      [2, 9],
      [Infinity, 10],
    ],
    0.5,
  ],
])('quantile %f of %j', (quantile, buckets, expected) => {
  expect(
    quantileOf(
      quantile,
      buckets.map(([upTo, count]) => ({ upTo: upTo as number, count: count as number })),
    ),
  ).toBe(expected)
})
