// Names of any text: metrics and labels keep it, whole, and two names never lead to one series.
import fc from 'fast-check'
import { counter, gauge, type LabelValue, Registry } from 'nanotally'
import { expect, test } from 'vitest'
import './settings.js'

const isReserved = (name: string) => name.startsWith('__') || name === 'otel_metric_overflow'
/** Any name that a definition takes, many of them near others: quotes, escapes, what looks like a label, inherited ones. */
const names = fc
  .array(
    fc.oneof(
      fc.constantFrom(...'"\\\n\r,={}.: a_1\u2028', '="', '",', '\\n', '\\"', '😀', 'constructor', 'toString', '0'),
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 4 }),
    ),
    { minLength: 1, maxLength: 4 },
  )
  .map((parts) => parts.join(''))
  .filter((name) => name.isWellFormed() && !name.includes('\0') && !isReserved(name))
const distinct = fc.uniqueArray(names, { minLength: 1, maxLength: 6 })

/** What stands between the braces, as the UTF-8 form of the text format has it. */
function labelText(labels: readonly (readonly [string, string])[]): string {
  const escaped = (text: string) => text.replace(/["\\]/g, '\\$&').replaceAll('\n', '\\n')
  const quoted = (name: string) => (/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name) ? name : `"${escaped(name)}"`)
  return labels.map(([name, value]) => `${quoted(name)}="${escaped(value)}"`).join(',')
}

async function utf8Text(registry: Registry): Promise<string> {
  return (await registry.render({ accept: 'text/plain; version=1.0.0; escaping=allow-utf-8' })).body.toString()
}

test('labels', async () => {
  let checked = 0
  await fc.assert(
    fc.asyncProperty(distinct, async (labels) => {
      const registry = new Registry()
      const all = counter({ name: 'all_total', help: 'h', labels, registry })
      const some = counter({ name: 'some_total', help: 'h', optionalLabels: labels, registry })
      const values = labels.map((_, i) => String(i))
      const given = Object.fromEntries(labels.map((name, i) => [name, i as LabelValue]))
      all.inc(given)
      all.inc(given) // found by the compiled look-up this time
      all.labels(...values).inc()
      for (const name of labels) {
        some.inc({ [name]: name })
        some.inc({ [name]: name }, 2)
      }
      const text = await utf8Text(registry)
      const lines = [
        `all_total{${labelText(labels.map((name, i) => [name, String(i)]))}} 3`,
        ...labels.map((name) => `some_total{${labelText([[name, name]])}} 3`),
      ]
      for (const line of lines) expect(text).toContain(`\n${line}\n`)
      expect(text.split('\n').filter((line) => /^(all|some)_total/.test(line))).toHaveLength(lines.length)
      checked += lines.length
      registry.close()
    }),
    { numRuns: 500 },
  )
  expect(checked).toBeGreaterThan(1000)
})

test('metrics', async () => {
  process.removeAllListeners('warning')
  let checked = 0
  await fc.assert(
    fc.asyncProperty(distinct, async (metrics) => {
      const registry = new Registry()
      const made = metrics.map((name, i) => {
        const metric = gauge({ name, help: 'h', unit: `u${i}`, registry })
        for (let n = 0; n <= i; n++) metric.inc(Number.NaN)
        return metric
      })
      expect(made.map(({ name }) => name)).toEqual(metrics)
      const text = await utf8Text(registry)
      for (const [i, name] of metrics.entries()) {
        // The name as C++ kept it comes back as a label's value.
        const labels = labelText([
          ['metric', name],
          ['reason', 'not_a_number'],
        ])
        expect(text).toContain(`\nnanotally_rejected_total{${labels}} ${i + 1}\n`)
        checked++
      }
      for (const name of metrics) expect(registry.remove(name)).toBe(true)
      for (const name of metrics) expect(registry.remove(name)).toBe(false)
      registry.close()
    }),
    { numRuns: 200 },
  )
  expect(checked).toBeGreaterThan(400)
})
