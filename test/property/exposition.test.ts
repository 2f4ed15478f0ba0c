// The CLI's parser against nanotally's own expositions, with the strict parsers of test/support as the judges; and against
// bytes of any kind.
import fc from 'fast-check'
import { counter, gauge, histogram, Registry } from 'nanotally'
import { expect, test } from 'vitest'
import { checkFamily } from '../../dist/exposition/check.js'
import { parseExposition } from '../../dist/exposition/parse.js'
import { parseQuotedText } from '../support/quoted-text.js'
import { parseTextFormat } from '../support/text-format.js'

const NAME = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 10 })
  .filter((text) => text.isWellFormed() && !text.includes('\0'))
const VALUE = fc.double({ noNaN: true, noDefaultInfinity: true, min: 0 })
const METRIC = fc.record({
  kind: fc.constantFrom('counter', 'gauge', 'histogram', 'explicit'),
  name: fc.oneof(NAME, fc.stringMatching(/^[a-z_]{1,8}(_total|_seconds)?$/)),
  // Text formats leave blanks before it out, or keep them: their specification does not say.
  help: fc.string({ unit: 'grapheme', maxLength: 20 }).map((help) => help.trimStart()),
  label: NAME,
  records: fc.array(fc.tuple(fc.string({ unit: 'binary', maxLength: 8 }), VALUE), { minLength: 1, maxLength: 5 }),
})

function define(
  registry: Registry,
  { kind, name, help, label, records }: typeof METRIC extends fc.Arbitrary<infer T> ? T : never,
) {
  const options = { name, help, labels: [label] as const, registry }
  try {
    if (kind === 'counter') for (const [l, value] of records) counter(options).inc({ [label]: l }, value)
    if (kind === 'gauge') for (const [l, value] of records) gauge(options).set({ [label]: l }, value)
    if (kind === 'histogram') for (const [l, value] of records) histogram(options).observe({ [label]: l }, value)
    if (kind === 'explicit') {
      for (const [l, value] of records) histogram({ ...options, buckets: [0.5, 1, 1e6] }).observe({ [label]: l }, value)
    }
  } catch (error) {
    // Reserved names and metrics that are there already are no matter here.
    if (!(error as { code?: string }).code?.startsWith('ERR_NANOTALLY')) throw error
  }
}

type Judged = Iterable<{
  name: string
  type: string
  help?: string
  samples: { name: string; labels: object; value: number }[]
}>

/** What both parsers have to say in the same way: names without what the formats spell differently. */
function comparable(families: Judged) {
  return [...families].map(({ name, type, help = '', samples }) => ({
    name: type === 'counter' ? name.replace(/_total$/, '') : name,
    type: type === 'untyped' ? 'unknown' : type,
    help,
    samples: samples.map((sample) => [sample.name, Object.entries(sample.labels), sample.value]),
  }))
}

const FORMATS = [
  ['text/plain', parseTextFormat],
  ['text/plain;version=1.0.0;escaping=allow-utf-8', (body: Uint8Array) => parseQuotedText(body, 'text-1.0.0')],
  [
    'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8',
    (body: Uint8Array) => parseQuotedText(body, 'openmetrics'),
  ],
] as const

test.each(FORMATS)('%s is read as it was meant', async (accept, judge) => {
  process.removeAllListeners('warning')
  let compared = 0
  await fc.assert(
    fc.asyncProperty(fc.array(METRIC, { minLength: 1, maxLength: 6 }), async (metrics) => {
      const registry = new Registry()
      // Escaped names may become equal, which a strict reader of plain text refuses.
      for (const metric of accept === 'text/plain' ? metrics.slice(0, 1) : metrics) define(registry, metric)
      const { body } = await registry.render({ accept })
      registry.close()
      const { families, problems } = parseExposition(body)
      expect(problems).toEqual([])
      expect(families.flatMap((family) => checkFamily(family))).toEqual([])
      expect(comparable(families)).toEqual(comparable(judge(body).values()))
      compared += families.reduce((sum, { samples }) => sum + samples.length, 0)
    }),
    { numRuns: 150 },
  )
  expect(compared).toBeGreaterThan(300)
})

test('any bytes: a result, never an exception', () => {
  const piece = fc.constantFrom(
    'x',
    '{',
    '}',
    '"',
    '\\',
    ',',
    '=',
    ' ',
    '\n',
    '# ',
    '# TYPE x ',
    'HELP',
    'gauge',
    '# EOF',
    '1',
    '_bucket',
    'le',
    '# {} 1',
  )
  const text = fc.array(piece, { maxLength: 40 }).map((pieces) => Buffer.from(pieces.join('')))
  let syntax = 0
  fc.assert(
    fc.property(
      fc.oneof(text, fc.uint8Array({ maxLength: 60 })),
      fc.constantFrom(undefined, 'text' as const, 'openmetrics' as const),
      (bytes, format) => {
        const { families, problems } = parseExposition(bytes, { format, maxSyntaxProblems: 5 })
        for (const family of families) checkFamily(family)
        syntax += problems.filter(({ rule }) => rule === 'syntax').length
      },
    ),
    { numRuns: 3000 },
  )
  expect(syntax).toBeGreaterThan(1000)
})
