// The strict parser of text 1.0.0 and OpenMetrics: reads what the specifications allow, refuses the rest.
import { describe, expect, test } from 'vitest'
import { parseQuotedText, type QuotedFormat } from '../support/quoted-text.js'

const parse = (text: string, format: QuotedFormat = 'openmetrics') => parseQuotedText(Buffer.from(text), format)
const HEAD = '# HELP x h\n# TYPE x counter\n'
const BUCKETS = '# HELP h h\n# TYPE h histogram\nh_bucket{le="+Inf"} 1'
const EXEMPLAR = ' # {trace_id="a"} 0.5 1.25'

test('OpenMetrics', () => {
  const families = parse(
    '# HELP a_seconds say \\"hi\\" \\\\ \\n.\n# TYPE a_seconds counter\n# UNIT a_seconds seconds\n' +
      'a_seconds_total{l="\\"\\\\\\n,}",le="1"} 2.5\na_seconds_created{l="\\"\\\\\\n,}",le="1"} 1.5e9\n' +
      '# HELP "b.c" h\n# TYPE "b.c" gauge\n{"b.c","ü-l"="v"} -Inf\n{"b.c"} NaN\n' +
      `${BUCKETS}${EXEMPLAR}\nh_count 1\n# EOF\n`,
  )
  expect(families.get('a_seconds')).toEqual({
    name: 'a_seconds',
    help: 'say "hi" \\ \n.',
    type: 'counter',
    unit: 'seconds',
    samples: [
      { name: 'a_seconds_total', labels: { l: '"\\\n,}', le: '1' }, value: 2.5 },
      { name: 'a_seconds_created', labels: { l: '"\\\n,}', le: '1' }, value: 1.5e9 },
    ],
  })
  expect(families.get('b.c')?.samples).toEqual([
    { name: 'b.c', labels: { 'ü-l': 'v' }, value: Number.NEGATIVE_INFINITY },
    { name: 'b.c', labels: {}, value: Number.NaN },
  ])
  expect(families.get('h')?.samples[0]).toEqual({
    ...{ name: 'h_bucket', labels: { le: '+Inf' }, value: 1 },
    exemplar: { labels: { trace_id: 'a' }, value: 0.5, timestampSeconds: 1.25 },
  })
  expect(parse('# EOF\n').size).toBe(0)
})

test('text 1.0.0', () => {
  const families = parse('# HELP "x.y" "h" \\\\\n# TYPE "x.y" counter\n{"x.y",a="1"} 1\n', 'text-1.0.0')
  expect(families.get('x.y')).toMatchObject({ help: '"h" \\', type: 'counter', unit: '' })
  expect(families.get('x.y')?.samples).toEqual([{ name: 'x.y', labels: { a: '1' }, value: 1 }])
})

const refused: [what: string, text: string, message: string, format?: QuotedFormat][] = [
  ['no # EOF', HEAD, 'not # EOF'],
  ['more after # EOF', `# EOF\n${HEAD}`, 'not # EOF'],
  ['no line feed at the end', '# EOF', 'does not end with a line feed'],
  ['a sample without a family', 'x 1\n# EOF\n', 'without a family'],
  ['a counter without _total', `${HEAD}x 1\n# EOF\n`, 'x is no sample of the counter x'],
  ['_total in text', `${HEAD}x_total 1\n`, 'x_total is no sample of the counter x', 'text-1.0.0'],
  ['a name that needs quotes', '# HELP x.y h\n# EOF\n', "expected ' '"],
  ['a label that needs quotes', `${HEAD}x_total{a.b="1"} 1\n# EOF\n`, "expected '='"],
  ['an escape that is none', `${HEAD}x_total{a="\\t"} 1\n# EOF\n`, 'unknown escape \\t'],
  ['an escaped quote in the help of text', '# HELP x \\"\n', 'unknown escape \\"', 'text-1.0.0'],
  ['a label twice', `${HEAD}x_total{a="1",a="1"} 1\n# EOF\n`, 'label a twice'],
  ['a sample twice', `${HEAD}x_total{a="1",b="2"} 1\nx_total{b="2",a="1"} 1\n# EOF\n`, 'second sample'],
  ['a family twice', `${HEAD}${HEAD}# EOF\n`, 'second HELP of x'],
  ['a unit that the name lacks', `${HEAD}# UNIT x seconds\n# EOF\n`, 'does not end with seconds'],
  ['a unit in text', `${HEAD}# UNIT x x\n`, 'expected a metric name', 'text-1.0.0'],
  ['a type of text', '# HELP x h\n# TYPE x untyped\n# EOF\n', 'unknown type untyped'],
  ['a type of OpenMetrics', '# HELP x h\n# TYPE x info\n', 'unknown type info', 'text-1.0.0'],
  ['a hexadecimal value', `${HEAD}x_total 0x1\n# EOF\n`, 'the end of the line'],
  ['an exemplar of a counter', `${HEAD}x_total 1${EXEMPLAR}\n# EOF\n`, 'no bucket'],
  ['an exemplar in text', `${BUCKETS}${EXEMPLAR}\n`, 'the end of the line', 'text-1.0.0'],
  ['an exemplar without a time', `${BUCKETS} # {a="b"} 1\n# EOF\n`, "expected ' '"],
  ['a long exemplar', `${BUCKETS} # {a="${'b'.repeat(128)}"} 1 1\n# EOF\n`, '129 characters'],
]

describe('refused', () => {
  test.each(refused)('%s', (_, text, message, format) => {
    let error: unknown
    try {
      parse(text, format)
    } catch (caught) {
      error = caught
    }
    expect(error).toBeInstanceOf(SyntaxError)
    expect((error as Error).message).toContain(message)
  })

  test('bytes that are not UTF-8', () => {
    expect(() => parseQuotedText(Uint8Array.of(0x78, 0x20, 0xff, 0x0a), 'text-1.0.0')).toThrow(TypeError)
  })
})
