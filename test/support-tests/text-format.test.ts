// The strict parser of the text format: reads what the specification allows, refuses the rest.
import { describe, expect, test } from 'vitest'
import { parseTextFormat, sampleValue } from '../support/text-format.js'

const HISTOGRAM = `# TYPE h histogram
h_bucket{le="0.5"} 1
h_bucket{le="2"} 3
h_bucket{le="+Inf"} 4
h_sum 7.5
h_count 4
`

test('the example of the specification', () => {
  const families = parseTextFormat(`# HELP http_requests_total The total number of HTTP requests.
# TYPE http_requests_total counter
http_requests_total{method="post",code="200"} 1027 1395066363000
http_requests_total{method="post",code="400"}    3 1395066363000

# Escaping in label values:
msdos_file_access_time_seconds{path="C:\\\\DIR\\\\FILE.TXT",error="Cannot find file:\\n\\"FILE.TXT\\""} 1.458255915e9

# Minimalistic line:
metric_without_timestamp_and_labels 12.47

# A weird metric from before the epoch:
something_weird{problem="division by zero"} +Inf -3982045

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
  expect([...families.keys()]).toEqual([
    'http_requests_total',
    'msdos_file_access_time_seconds',
    'metric_without_timestamp_and_labels',
    'something_weird',
    'http_request_duration_seconds',
    'rpc_duration_seconds',
  ])
  expect(families.get('http_requests_total')).toEqual({
    name: 'http_requests_total',
    help: 'The total number of HTTP requests.',
    type: 'counter',
    samples: [
      { name: 'http_requests_total', labels: { method: 'post', code: '200' }, value: 1027, timestampMs: 1395066363000 },
      { name: 'http_requests_total', labels: { method: 'post', code: '400' }, value: 3, timestampMs: 1395066363000 },
    ],
  })
  expect(families.get('msdos_file_access_time_seconds')?.samples[0]?.labels).toEqual({
    path: 'C:\\DIR\\FILE.TXT',
    error: 'Cannot find file:\n"FILE.TXT"',
  })
  expect(families.get('something_weird')).toMatchObject({ type: 'untyped', samples: [{ timestampMs: -3982045 }] })
  expect(sampleValue(families, 'something_weird', { problem: 'division by zero' })).toBe(Number.POSITIVE_INFINITY)
  expect(sampleValue(families, 'http_requests_total', { code: '400', method: 'post' })).toBe(3)
  expect(sampleValue(families, 'http_requests_total', { code: '400' })).toBeUndefined()
  expect(sampleValue(families, 'rpc_duration_seconds_sum')).toBe(17560473)
})

test.each([
  ['NaN', Number.NaN],
  ['+Inf', Number.POSITIVE_INFINITY],
  ['-Inf', Number.NEGATIVE_INFINITY],
  ['-0', -0],
  ['5e-324', 5e-324],
  ['1e308', 1e308],
  ['9007199254740992', 2 ** 53],
  ['.5', 0.5],
  ['+1.', 1],
])('the value %s', (text, value) => {
  expect(sampleValue(parseTextFormat(`x ${text}\n`), 'x')).toBe(value)
})

test('label values and help may hold almost anything', () => {
  const value = 'a}",=#\r\u2028\u{1F600}\t\\\n'
  const escaped = value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
  const help = ' "quoted" \\\n\u2028 '
  const escapedHelp = help.trimStart().replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
  const families = parseTextFormat(Buffer.from(`# HELP x ${escapedHelp}\nx{a="${escaped}",__proto__="p",} 1\n`))
  expect(families.get('x')?.help).toBe(help.trimStart())
  expect(Object.entries(families.get('x')?.samples[0]?.labels ?? {})).toEqual([
    ['a', value],
    ['__proto__', 'p'],
  ])
})

test('nothing is an exposition without families', () => {
  expect(parseTextFormat('').size).toBe(0)
  expect(parseTextFormat('\n# a comment\n').size).toBe(0)
})

test('a histogram with labels, two series', () => {
  const series = (a: string) =>
    HISTOGRAM.replace(/^#.*\n/, '')
      .replaceAll('{', `{a="${a}",`)
      .replace(/^(h_(?:sum|count))/gm, `$1{a="${a}"}`)
  const families = parseTextFormat(`# TYPE h histogram\n${series('1')}${series('2')}`)
  expect(families.get('h')?.samples).toHaveLength(10)
  expect(sampleValue(families, 'h_bucket', { a: '2', le: '2' })).toBe(3)
})

const refused: [what: string, text: string, message: string][] = [
  ['no line feed at the end', 'x 1', 'does not end with a line feed'],
  ['no value', 'x\n', 'neither a comment nor a sample'],
  ['no space before the value', 'x1\n', 'neither a comment nor a sample'],
  ['an invalid name', '1x 1\n', 'neither a comment nor a sample'],
  ['a name with a dash', 'x-y 1\n', 'neither a comment nor a sample'],
  ['a fractional timestamp', 'x 1 1.5\n', 'neither a comment nor a sample'],
  ['more after the timestamp', 'x 1 1 1\n', 'neither a comment nor a sample'],
  ['a hexadecimal value', 'x 0x10\n', "malformed value '0x10'"],
  ['a value of JavaScript', 'x Infinity\n', "malformed value 'Infinity'"],
  ['a decimal comma', 'x 1,5\n', "malformed value '1,5'"],
  ['an unquoted label', 'x{a=b} 1\n', 'malformed label'],
  ['an unclosed label', 'x{a="b} 1\n', 'malformed label'],
  ['a label without a comma', 'x{a="b"c="d"} 1\n', 'malformed label'],
  ['two commas', 'x{a="b",,} 1\n', 'malformed label'],
  ['an invalid label name', 'x{a:b="c"} 1\n', 'malformed label'],
  ['a label twice', 'x{a="1",a="2"} 1\n', 'label a twice'],
  ['an unknown escape', 'x{a="\\t"} 1\n', 'unknown escape \\t'],
  ['an unknown escape in help', '# HELP x \\"\n', 'unknown escape \\"'],
  ['a backslash at the end of help', '# HELP x \\\n', 'unknown escape \\'],
  ['a lone surrogate', 'x{a="\ud800"} 1\n', 'a lone surrogate'],
  ['a second HELP', '# HELP x a\n# HELP x a\n', 'second HELP of x'],
  ['a second TYPE', '# TYPE x gauge\n# TYPE x gauge\n', 'second TYPE of x'],
  ['an unknown type', '# TYPE x toString\n', "unknown type 'toString'"],
  ['TYPE without a type', '# TYPE x\n', "unknown type ''"],
  ['HELP without a name', '# HELP\n', 'HELP without a valid metric name'],
  ['TYPE after the samples', 'x 1\n# TYPE x gauge\n', 'TYPE of x after its samples'],
  ['HELP after the samples', 'x 1\n# HELP x y\n', 'HELP of x after its samples'],
  ['TYPE of a histogram after its samples', 'h_count 1\n# TYPE h histogram\n', 'h_count belongs to both'],
  ['a family in two places', 'x{a="1"} 1\ny 1\nx{a="2"} 1\n', 'the lines of x do not stand together'],
  ['a TYPE away from its samples', '# TYPE x gauge\ny 1\nx 1\n', 'the lines of x do not stand together'],
  ['a sample twice', 'x{a="1",b="2"} 1\nx{b="2",a="1"} 1\n', 'second sample of x'],
  ['a bare sample in a histogram', '# TYPE h histogram\nh 1\n', 'h is no sample of the histogram h'],
  ['a family inside a histogram', `${HISTOGRAM}# TYPE h_count gauge\n`, 'h_count belongs to both h and h_count'],
  ['a bucket without le', HISTOGRAM.replace('{le="2"}', '{a="2"}'), 'h_bucket lacks the label le'],
  ['a sum with le', HISTOGRAM.replace('h_sum', 'h_sum{le="1"}'), 'h_sum has the label le'],
  ['no +Inf', HISTOGRAM.replace('h_bucket{le="+Inf"} 4\n', ''), 'has no bucket le="+Inf"'],
  ['no _count', HISTOGRAM.replace('h_count 4\n', ''), 'has no _count'],
  ['no _sum', HISTOGRAM.replace('h_sum 7.5\n', ''), 'has no _sum'],
  ['_count unlike +Inf', HISTOGRAM.replace('h_count 4', 'h_count 5'), '_count 5 differs from +Inf 4'],
  ['buckets not cumulative', HISTOGRAM.replace('} 3', '} 0'), 'buckets are not cumulative: 1, 0, 4'],
  ['a NaN bucket', HISTOGRAM.replace('} 1', '} NaN'), 'buckets are not cumulative'],
  ['boundaries out of order', HISTOGRAM.replace('"0.5"', '"3"'), 'le does not increase'],
  ['a boundary twice, written otherwise', HISTOGRAM.replace('"0.5"', '"2.0"'), 'le does not increase'],
  ['a boundary that is no number', HISTOGRAM.replace('"0.5"', '"half"'), "malformed value 'half'"],
  [
    'quantiles out of order',
    '# TYPE s summary\ns{quantile="1"} 1\ns{quantile="0"} 1\ns_sum 1\ns_count 1\n',
    'quantile does',
  ],
]

describe('refused', () => {
  test.each(refused)('%s', (_, text, message) => {
    let error: unknown
    try {
      parseTextFormat(text)
    } catch (caught) {
      error = caught
    }
    expect(error).toBeInstanceOf(SyntaxError)
    expect((error as Error).message).toContain(message)
  })

  test('bytes that are not UTF-8', () => {
    expect(() => parseTextFormat(Uint8Array.of(0x78, 0x20, 0xff, 0x0a))).toThrow(TypeError)
  })

  test('the error tells the line', () => {
    expect(() => parseTextFormat('x 1\n\ny\n')).toThrow('line 3: ')
  })
})
