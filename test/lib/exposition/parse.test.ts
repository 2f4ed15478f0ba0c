// The parser of expositions: what each format allows, what it does not, with the line that it stands in.
import { describe, expect, test } from 'vitest'
import type { Format } from '../../../dist/exposition/family.js'
import { parseExposition } from '../../../dist/exposition/parse.js'
import { seriesOf } from '../../../dist/exposition/series.js'

const parse = (text: string, format?: Format) => parseExposition(Buffer.from(text), { format, maxSyntaxProblems: 10 })
const samplesOf = (text: string, format?: Format) =>
  parse(text, format).families.flatMap(({ samples }) => samples.map(({ line, ...sample }) => sample))

describe('text', () => {
  test('the example of the specification', () => {
    const { format, families, problems } = parse(`# HELP http_requests_total The total number of HTTP requests.
# TYPE http_requests_total counter
http_requests_total{method="post",code="200"} 1027 1395066363000
http_requests_total{method="post",code="400"}    3 1395066363000

# Escaping in label values:
msdos_file_access_time_seconds{path="C:\\\\DIR\\\\FILE.TXT",error="Cannot find file:\\n\\"FILE.TXT\\""} 1.458255915e9

# Minimalistic line:
metric_without_timestamp_and_labels 12.47

# A weird metric from before the epoch:
something_weird{problem="division by zero"} +Inf -3982045

# A histogram, which has a pretty complex representation in the text format:
# HELP http_request_duration_seconds A histogram of the request duration.
# TYPE http_request_duration_seconds histogram
http_request_duration_seconds_bucket{le="0.05"} 24054
http_request_duration_seconds_bucket{le="+Inf"} 144320
http_request_duration_seconds_sum 53423
http_request_duration_seconds_count 144320

# HELP rpc_duration_seconds A summary of the RPC duration in seconds.
# TYPE rpc_duration_seconds summary
rpc_duration_seconds{quantile="0.01"} 3102
rpc_duration_seconds{quantile="0.99"} 76656
rpc_duration_seconds_sum 1.7560473e+07
rpc_duration_seconds_count 2693
`)
    expect(format).toBe('text')
    expect(problems).toEqual([{ line: 13, rule: 'disputed', message: 'Prometheus refuses a timestamp with a sign' }])
    expect(families.map(({ name, type, line, samples }) => [name, type, line, samples.length])).toEqual([
      ['http_requests_total', 'counter', 1, 2],
      ['msdos_file_access_time_seconds', 'unknown', 7, 1],
      ['metric_without_timestamp_and_labels', 'unknown', 10, 1],
      ['something_weird', 'unknown', 13, 1],
      ['http_request_duration_seconds', 'histogram', 16, 4],
      ['rpc_duration_seconds', 'summary', 23, 4],
    ])
    expect(families[0]?.help).toBe('The total number of HTTP requests.')
    expect(families[0]?.samples[0]).toEqual({
      name: 'http_requests_total',
      labels: { method: 'post', code: '200' },
      value: 1027,
      timestamp: 1395066363,
      line: 3,
    })
    expect(families[1]?.samples[0]?.labels).toEqual({
      path: 'C:\\DIR\\FILE.TXT',
      error: 'Cannot find file:\n"FILE.TXT"',
    })
    expect(families[3]?.samples[0]).toMatchObject({ value: Infinity, timestamp: -3982.045 })
    expect(families.slice(4).flatMap(seriesOf)).toEqual([
      {
        labels: {},
        buckets: [
          { upper: 0.05, count: 24054 },
          { upper: Infinity, count: 144320 },
        ],
        sum: 53423,
        count: 144320,
      },
      {
        labels: {},
        quantiles: [
          [0.01, 3102],
          [0.99, 76656],
        ],
        sum: 17560473,
        count: 2693,
      },
    ])
  })

  test('blanks where the specification has them', () => {
    expect(samplesOf('  a { b = "c" ,\td="e" , }\t1\t2 \n#HELP x y\n#\n\n# HELPx y\n# TYPE\nb{}2\nc{ } 3\n')).toEqual([
      { name: 'a', labels: { b: 'c', d: 'e' }, value: 1, timestamp: 0.002 },
      { name: 'b', labels: {}, value: 2 },
      { name: 'c', labels: {}, value: 3 },
    ])
  })

  test.each([
    ['1', 1],
    ['+1.5e-3', 0.0015],
    ['.5', 0.5],
    ['5.', 5],
    ['-Inf', -Infinity],
    ['+Inf', Infinity],
    ['inf', Infinity],
    ['NaN', Number.NaN],
    ['nan', Number.NaN],
  ])('the value %s', (text, value) => {
    expect(samplesOf(`x ${text}\n`)).toEqual([{ name: 'x', labels: {}, value }])
  })

  test('quoted names of metrics and labels', () => {
    const text =
      '# HELP "my.noncompliant.metric" help\n# TYPE "my.noncompliant.metric" counter\n{"my.noncompliant.metric","label.name"="value",a="\\""} 1\n{"b\\n"} 2\n'
    expect(parse(text).problems).toEqual([])
    expect(parse(text).families.map(({ name, type, help }) => [name, type, help])).toEqual([
      ['my.noncompliant.metric', 'counter', 'help'],
      ['b\n', 'unknown', undefined],
    ])
    expect(samplesOf(text)[0]?.labels).toEqual({ 'label.name': 'value', a: '"' })
  })

  test.each([
    ['x', 'expected a number, the line ends'],
    ['x{} y', 'expected a number, found "y"'],
    ['1x 2', 'expected the name of a metric, found "1x 2"'],
    ['{a="b"} 1', 'expected the name of a metric'],
    ['x{"y"} 1', 'two names of a metric'],
    ['x{a} 1', 'expected an equals sign, found "} 1"'],
    ['x{a=b} 1', 'expected the value of a label in quotes'],
    ['x{a="b} 1', 'expected a quoted text with its end'],
    ['x{a="b\\"} 1', 'expected a quoted text with its end'],
    ['x{a="b"c="d"} 1', 'expected a comma or a closing brace'],
    ['x{a="b",a="c"} 1', 'the label a is there twice'],
    ['x{__name__="b"} 1', 'the label __name__ is reserved'],
    ['x 1 1.5', 'expected a timestamp in whole milliseconds, found "1.5"'],
    ['x 1 1e3', 'expected a timestamp in whole milliseconds, found "1e3"'],
    ['x 1 NaN', 'expected a timestamp in whole milliseconds, found "NaN"'],
    ['x 1 9223372036854775808', 'the timestamp 9223372036854775808 is too large'],
    ['x 1 -9223372036854775809', 'the timestamp -9223372036854775809 is too large'],
    ['x 1 2 3', 'expected the end of the line, found "3"'],
    ['x 0x10', 'expected the end of the line'],
    ['x 1e400', '1e400 is too large for a number of 64 bits'],
    ['x -NaN', 'expected a number, found "-NaN"'],
    ['x 1 # {} 2', 'expected a timestamp'],
    ['# TYPE x info', '"info" is no type of metric'],
    ['# TYPE x', '"" is no type of metric'],
    ['# TYPE x gauge ', '"gauge " is no type of metric'],
    ['# HELP 1 help', 'expected the name of a metric'],
  ])('refuses %s', (line, message) => {
    const problems = parse(`ok 1\n${line}\nok 2\n`).problems.filter(({ rule }) => rule === 'syntax')
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatchObject({ line: 2 })
    expect(problems[0]?.message).toContain(message)
  })

  test.each([
    ['x 1', { value: 1 }, 'a last line that does not end with a line feed'],
    ['x{a="b\\t\\\\"} 1\n', { labels: { a: 'b\\t\\' } }, '"\\\\t", which is no escape sequence'],
    ['# HELP x a\\\nx 1\n', { value: 1 }, '"\\\\", which is no escape sequence'],
    ['x{a="b" c="d"} 1\n', { labels: { a: 'b', c: 'd' } }, 'labels without a comma'],
    ['x 1 \n', { value: 1 }, 'blanks at the end'],
    ['x 1 2\t\n', { timestamp: 0.002 }, 'blanks at the end'],
    [' x 1\n', { value: 1 }, 'blanks before the name'],
    ['x 1 -2\n', { timestamp: -0.002 }, 'a timestamp with a sign'],
    ['x 1 +9223372036854775807\n', { value: 1 }, 'a timestamp with a sign'],
    ['# TYPE x  gauge\nx 1\n', { value: 1 }, 'a second blank before a type'],
  ])('reads %j, which one of Prometheus and promtool refuses, and tells', (text, sample, message) => {
    const { families, problems } = parse(text)
    expect(families[0]?.samples).toMatchObject([sample])
    expect(problems).toMatchObject([{ rule: 'disputed', message: expect.stringContaining(message) }])
  })

  test('refuses bytes that are not UTF-8', () => {
    const bytes = Buffer.concat([Buffer.from('x 1\nx{a="'), Buffer.from([0xff]), Buffer.from('"} 1\n')])
    expect(parseExposition(bytes).problems).toEqual([{ line: 2, rule: 'syntax', message: 'bytes that are not UTF-8' }])
    expect(parse('')).toEqual({ format: 'text', families: [], problems: [] })
  })

  test.each([
    ['x 1\n# TYPE x gauge\n', 'metadata-late', 2],
    ['# TYPE x gauge\n# TYPE x gauge\nx 1\n', 'metadata-twice', 2],
    ['# HELP x a\n# HELP x a\n', 'metadata-twice', 2],
    ['a{l="1"} 1\nb 1\na{l="2"} 1\nb 2\na{l="3"} 1\n', 'split-family', 3],
    ['# TYPE x histogram\nx 1\n', 'stray-sample', 2],
  ])('tells of structure: %j', (text, rule, line) => {
    const { problems } = parse(text)
    expect(problems[0]).toMatchObject({ rule, line })
    expect(problems.filter((problem) => problem.rule === rule && problem.line !== line).length).toBe(
      rule === 'split-family' ? 1 : 0,
    )
  })

  test('reading ends at as many problems of syntax as are wanted', () => {
    const bytes = Buffer.from('?\n'.repeat(100))
    expect(parseExposition(bytes).problems).toHaveLength(1)
    expect(parseExposition(bytes, { maxSyntaxProblems: 7 }).problems.at(-1)?.line).toBe(7)
  })

  test('of what is wrong in each line the first problems are told, and every line is read', () => {
    const { families, problems } = parse('x 1 \n'.repeat(1000))
    expect(families[0]?.samples).toHaveLength(1000)
    expect(problems).toHaveLength(100)
    expect(problems.at(-1)).toMatchObject({ line: 100, rule: 'disputed' })
  })

  test('values of tens of megabytes, and lines by the hundred thousand', () => {
    const value = `\\\\\\"y`.repeat(5_000_000)
    const { families, problems } = parse(`x{a="${value}"} 1\n`)
    expect(problems).toEqual([])
    expect(families[0]?.samples[0]?.labels.a).toHaveLength(15_000_000)
    expect(samplesOf('x{a="b"} 1\n'.repeat(200_000))).toHaveLength(200_000)
  })
})

describe('OpenMetrics', () => {
  test('everything that it has', () => {
    const { format, families, problems } = parse(`# TYPE jobs counter
# HELP jobs Jobs "done".\\n\\"
jobs_total{kind="a"} 3 1.5 # {trace_id="abc"} 1 2.5
jobs_created{kind="a"} 1000.5
# TYPE build info
build_info{version="1"} 1
# TYPE phase stateset
phase{phase="idle"} 0
# TYPE wait_seconds histogram
# UNIT wait_seconds seconds
wait_seconds_bucket{le="1.0"} 1 # {} 0.5
wait_seconds_bucket{le="+Inf"} 2
wait_seconds_count 2
wait_seconds_sum 3.5
wait_seconds_created 7.0
# TYPE open gaugehistogram
open_bucket{le="+Inf"} 2
open_gcount 2
open_gsum 3
# TYPE any unknown
any 1
# EOF
`)
    expect([format, problems]).toEqual(['openmetrics', []])
    expect(families.map(({ name, type, unit }) => [name, type, unit])).toEqual([
      ['jobs_total', 'counter', ''],
      ['build_info', 'info', ''],
      ['phase', 'stateset', ''],
      ['wait_seconds', 'histogram', 'seconds'],
      ['open', 'gaugehistogram', ''],
      ['any', 'unknown', ''],
    ])
    expect(families[0]?.help).toBe('Jobs "done".\n"')
    expect(families[0]?.samples[0]).toEqual({
      name: 'jobs_total',
      labels: { kind: 'a' },
      value: 3,
      timestamp: 1.5,
      exemplar: { labels: { trace_id: 'abc' }, value: 1, timestamp: 2.5 },
      line: 3,
    })
    const series = families.flatMap(seriesOf)
    expect(series[0]).toEqual({ labels: { kind: 'a' }, value: 3, created: 1000.5 })
    expect(series[3]).toMatchObject({ count: 2, sum: 3.5, created: 7 })
    expect(series[4]).toMatchObject({ count: 2, sum: 3 })
  })

  test.each([
    ['x  1', 'expected a number'],
    ['x\t1', 'expected a space'],
    ['x{a="b" } 1', 'expected a comma or a closing brace'],
    ['x 1 ', 'expected a number, the line ends'],
    ['x 1 2 ', 'expected an exemplar, the line ends'],
    ['', 'an empty line'],
    ['# a comment', 'a comment other than'],
    ['# TYPE x untyped', '"untyped" is no type'],
    ['x 1 # {a="b"}', 'expected a space'],
    [`x 1 # {a="${'y'.repeat(128)}"} 1`, 'hold 129 characters, more than 128'],
    ['x 1 # {"quoted"} 1', 'an exemplar has no name'],
  ])('refuses %j', (line, message) => {
    const problems = parse(`ok 1\n${line}\n# EOF\n`).problems.filter(({ rule }) => rule === 'syntax')
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatchObject({ line: 2 })
    expect(problems[0]?.message).toContain(message)
  })

  test('wants its end, and nothing behind it', () => {
    expect(parse('x 1\n', 'openmetrics').problems).toMatchObject([{ line: 1, rule: 'syntax' }])
    expect(parse('x 1\n# EOF\nx 2\n', 'openmetrics').problems).toMatchObject([{ line: 3, rule: 'syntax' }])
    expect(parse('x 1\n# EOF', 'openmetrics').problems).toEqual([])
    expect(parse('x 1', 'openmetrics').problems).toMatchObject([{ line: 1, rule: 'syntax' }])
  })

  test('a backslash before any other character stands for itself', () => {
    const text = 'x{a="b\\t"} 1\n# EOF\n'
    expect(parse(text).problems).toEqual([])
    expect(samplesOf(text)[0]?.labels).toEqual({ a: 'b\\t' })
  })
})
