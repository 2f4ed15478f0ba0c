// The end of a worker changes no total, not even in the last bit: Prometheus takes any drop of a counter for a reset.
import { expect, test } from 'vitest'
import { assertEnded, runChild } from '../support/children.js'
import { definedFamilies } from '../support/text-format.js'

const values = (text: string) =>
  definedFamilies(text).flatMap(({ samples }) =>
    samples.map(({ name, labels, value }) => [`${name}${JSON.stringify(labels)}`, value] as const),
  )

test('totals of fractions stay the same when workers end', async () => {
  const result = await runChild(new URL('fixtures/churn.mjs', import.meta.url), { timeoutMs: 120_000 })
  assertEnded(result)
  const texts = result.messages[0] as [before: string, after: string][]
  let compared = 0
  for (const [before, after] of texts) {
    const expected = values(before)
    expect(values(after)).toEqual(expected)
    compared += expected.length
  }
  expect(texts).toHaveLength(30)
  expect(compared).toBe(30 * (200 + 20 * 4))
  // Each worker added to each counter, so a fold that lost or doubled one would have shown.
  const [first, last] = [texts[0]?.[0], texts.at(-1)?.[1]].map((text) => values(text ?? ''))
  const risen = (last ?? []).filter(([name, value], i) => name === first?.[i]?.[0] && value > first[i][1])
  expect(risen.length).toBeGreaterThanOrEqual(200)
})
