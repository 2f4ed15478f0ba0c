// Label values and help texts of any characters come back from the text as they were, but for what UTF-8 text cannot carry.
import fc from 'fast-check'
import { counter, Registry } from 'nanotally'
import { expect, test } from 'vitest'
import { scrape } from '../support/registry.js'
import './settings.js'

/** Strings of any 16-bit units, many of them special: quotes, escapes, line ends, NUL, halves of surrogate pairs. */
const units = fc.oneof(
  fc.constantFrom(...'"\\\n\r\0,={} \t\u0085\u2028\ufeff\ufffd', '\ud83d\ude00', '\ud800', '\udfff', '\\n', '\\"'),
  fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
  fc.string({ unit: 'grapheme', maxLength: 5 }),
)
const texts = fc.array(units, { maxLength: 20 }).map((parts) => parts.join(''))
/** Lone surrogates and NUL become U+FFFD. */
const carried = (text: string) => text.replace(/[\0\ud800-\udfff]/gu, '\ufffd')

test('label values', async () => {
  let checked = 0
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(texts, texts), { minLength: 1, maxLength: 20 }), async (pairs) => {
      const registry = new Registry()
      const c = counter({ name: 'c_total', help: 'h', labels: ['a'], optionalLabels: ['b'], registry })
      const expected = new Map<string, number>()
      for (const [a, b] of pairs) {
        c.inc({ a, b })
        c.labels(a, b).inc(0.5)
        // An empty value is an absent label.
        const labels = Object.entries({ a: carried(a), b: carried(b) }).filter(([, value]) => value !== '')
        const key = JSON.stringify(Object.fromEntries(labels))
        expected.set(key, (expected.get(key) ?? 0) + 1.5)
        checked++
      }
      const samples = (await scrape(registry)).get('c_total')?.samples ?? []
      expect(new Map(samples.map(({ labels, value }) => [JSON.stringify(labels), value]))).toEqual(expected)
      registry.close()
    }),
    { numRuns: 1000 },
  )
  expect(checked).toBeGreaterThan(1000)
})

test('help texts', async () => {
  await fc.assert(
    fc.asyncProperty(texts, async (help) => {
      const registry = new Registry()
      counter({ name: 'c_total', help, registry })
      // The format does not say where a help text begins among blanks.
      expect((await scrape(registry)).get('c_total')?.help).toBe(carried(help).replace(/^[ \t]+/, ''))
      registry.close()
    }),
    { numRuns: 1000 },
  )
})
