// nanotally lint beside promtool check metrics: whatever promtool complains about, lint does, of the same metric.
import { expect, test } from 'vitest'
import { type ExpositionFinding, lintExposition } from '../../dist/cli/lint.js'
import { parseExposition } from '../../dist/exposition/parse.js'
import { serveText } from '../support/cli.js'
import { startPrometheus } from '../support/prometheus.js'
import { checkMetrics } from '../support/promtool.js'
import { until } from '../support/until.js'

/** promtool's words, and the rules that are their counterparts. */
const COUNTERPARTS: [RegExp, ExpositionFinding['rule']][] = [
  [/^no help text/, 'no-help'],
  [/^counter metrics should have "_total" suffix/, 'counter-suffix'],
  [/^non-counter metrics should not have "_total" suffix/, 'total-suffix'],
  [/^non-histogram(?: and non-summary)? metrics should not have "_\w+" suffix/, 'reserved-suffix'],
  [/^non-(?:histogram|summary) metrics should not have "\w+" label/, 'reserved-label'],
  [/^metric name should not include type/, 'type-in-name'],
  [/^metric names should not contain ':'/, 'colon'],
  [/^(?:metric|label) names should be written in 'snake_case'/, 'camel-case'],
  [/^metric names should not contain abbreviated units/, 'abbreviated-unit'],
  [/^use base unit/, 'base-unit'],
]

const family = (name: string, type: string, ...samples: string[]) =>
  `# HELP ${name} h\n# TYPE ${name} ${type}\n${samples.map((sample) => `${sample}\n`).join('')}`

const NAMES = {
  'no help': 'x 1\n# TYPE y gauge\ny 1\n# HELP z\nz 1\n',
  counters: family('jobs', 'counter', 'jobs 1') + family('ok_total', 'counter', 'ok_total 1'),
  totals: family('x_total', 'gauge', 'x_total 1') + family('y_total', 'summary', 'y_total{quantile="0.5"} 1'),
  suffixes: ['bucket', 'count', 'sum'].map((end) => family(`x_${end}`, 'gauge', `x_${end} 1`)).join(''),
  labels:
    family('x', 'gauge', 'x{le="1"} 1', 'x{quantile="1"} 1') +
    family('y', 'histogram', 'y_bucket{le="+Inf",quantile="1"} 1'),
  types: family('x_gauge', 'gauge', 'x_gauge 1') + family('x_counter_total', 'counter', 'x_counter_total 1'),
  colons: family('a:b', 'gauge', 'a:b 1'),
  camels: family('queueDepth', 'gauge', 'queueDepth{tenantId="1"} 1'),
  abbreviations: 's ms us ns sec b kb mb gb tb pb m h d'
    .split(' ')
    .map((unit) => family(`x_${unit}`, 'gauge', `x_${unit} 1`))
    .join(''),
  units: 'milliseconds minutes hours days weeks kilobytes bits fahrenheit miles pounds calories kelvins'
    .split(' ')
    .map((unit) => family(`x_${unit}`, 'gauge', `x_${unit} 1`))
    .join(''),
}

test.each(Object.entries(NAMES))('%s', async (_, text) => {
  const complaints = await checkMetrics(text)
  expect(complaints.length).toBeGreaterThan(0)
  const findings = lintExposition(parseExposition(Buffer.from(text)), true)
  const uncounted = complaints.filter((complaint) => {
    const [name = '', ...words] = complaint.split(' ')
    const rule = COUNTERPARTS.find(([pattern]) => pattern.test(words.join(' ')))?.[1]
    return !findings.some((finding) => finding.name === name && finding.rule === rule)
  })
  expect(uncounted).toEqual([])
})

test('every counterpart was asked for', async () => {
  const complaints = (await Promise.all(Object.values(NAMES).map((text) => checkMetrics(text)))).flat()
  const words = complaints.map((complaint) => complaint.split(' ').slice(1).join(' '))
  expect(COUNTERPARTS.filter(([pattern]) => !words.some((text) => pattern.test(text)))).toEqual([])
})

/** One fault each: promtool reads no further. */
const UNREADABLE = [
  'x\n',
  'x{} y\n',
  '1x 2\n',
  'x{a} 1\n',
  'x{a=b} 1\n',
  'x{a="b} 1\n',
  'x{a="b" c="d"} 1\n',
  'x{a="b\\t"} 1\n',
  'x{a="b",a="c"} 1\n',
  'x{__name__="b"} 1\n',
  'x 1 1.5\n',
  'x 1 1e3\n',
  'x 1 \n',
  'x 1e400\n',
  '# TYPE x gauge \nx 1\n',
  'x 1 2 3\n',
  'x 1',
  'x{a="\xff"} 1\n',
  '# TYPE x info\nx 1\n',
  '# TYPE x gauge\n# TYPE x gauge\nx 1\n',
  '# HELP x a\n# HELP x b\nx 1\n',
  'x 1\n# TYPE x gauge\n',
  '# TYPE h histogram\nh_bucket{le="x"} 1\n',
  '# TYPE s summary\ns{quantile="x"} 1\n',
]

test.each(UNREADABLE)('%j, at the same line', async (text) => {
  const bytes = Buffer.from(text, 'latin1')
  const [complaint = ''] = await checkMetrics(bytes)
  const line = Number(/^error while linting: .*line (\d+)/.exec(complaint)?.[1])
  expect(line).toBeGreaterThan(0)
  const rules = ['syntax', 'disputed', 'metadata-twice', 'metadata-late', 'part-label']
  const faults = lintExposition(parseExposition(bytes), true).filter(({ rule }) => rules.includes(rule))
  expect(faults.map((fault) => fault.line)).toContain(line)
})

/** Whether Prometheus scrapes it. */
const SCRAPED: [string, boolean][] = [
  ['x 1 9223372036854775807\n', true],
  ['x 1 9223372036854775808\n', false],
  ['x 1 1e3\n', false],
  ['x 1 5.0\n', false],
  ['x 1 2 \n', true],
  ['x{a="b" c="d"} 1\n', true],
  ['x{a="b\\t"} 1\n', true],
  ['# HELP x a\\\nx 1\n', true],
  ['x 1', true],
  ['x 1e400\n', false],
  ['x -NaN\n', false],
  ['x 1\r\n', false],
  ['# TYPE x gauge \nx 1\n', false],
  ['# TYPE x\nx 1\n', false],
  ['# TYPE x\tgauge\nx 1\n', true],
]

test('the real Prometheus refuses what has a fault of syntax, and nothing else', async () => {
  const urls = await Promise.all(SCRAPED.map(([text]) => serveText(text)))
  await using prometheus = await startPrometheus({ targets: urls.map((url) => new URL(url).host) })
  const scraped = async () => {
    const targets = await prometheus.targets()
    // What took longer than a scrape may, on a busy machine, tells of no text.
    const isTold = targets.map(({ health, lastError }) => health !== 'unknown' && !/deadline exceeded/.test(lastError))
    return targets.length === urls.length && !isTold.includes(false) && targets
  }
  const targets = await until('a scrape of each', scraped)
  for (const [i, [text, isScraped]] of SCRAPED.entries()) {
    const target = targets.find(({ url }) => url === `${urls[i]}/metrics`)
    expect({ text, health: target?.health }).toEqual({ text, health: isScraped ? 'up' : 'down' })
    const faults = parseExposition(Buffer.from(text)).problems.filter(({ rule }) => rule === 'syntax')
    expect({ text, faults: faults.length }).toEqual({ text, faults: isScraped ? 0 : 1 })
  }
})

test('what promtool accepts has no fault of syntax', async () => {
  const texts = [
    family('x_total', 'counter', 'x_total{a="b",} 1 123', 'x_total { c = "d" } +Inf'),
    family(
      'h_seconds',
      'histogram',
      'h_seconds_bucket{le="1"} 1',
      'h_seconds_bucket{le="+Inf"} 1',
      'h_seconds_sum 1',
      'h_seconds_count 1',
    ),
    family('s_seconds', 'summary', 's_seconds{quantile="0.5"} NaN', 's_seconds_sum 0', 's_seconds_count 0'),
    `# a comment\n\n${family('g', 'untyped', 'g -1e-3')}`,
  ]
  for (const text of texts) {
    expect(await checkMetrics(text)).toEqual([])
    expect(lintExposition(parseExposition(Buffer.from(text)), true)).toEqual([])
  }
})
