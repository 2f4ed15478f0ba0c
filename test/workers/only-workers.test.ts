// A process whose main thread never loads the package: totals outlive every worker that recorded them.
import { expect, test } from 'vitest'
import { assertEnded, runChild } from '../support/children.js'
import { parseTextFormat, sampleValue } from '../support/text-format.js'

test('all workers exit, a new one starts: the totals are still there', async () => {
  const result = await runChild(new URL('fixtures/only-workers.mjs', import.meta.url))
  assertEnded(result)
  const [{ text }, { loadedByMain }] = result.messages as [{ text: string[] }, { loadedByMain: string[] }]
  expect(loadedByMain).toEqual([])
  expect(text).toHaveLength(2)
  for (const families of text.map(parseTextFormat)) {
    expect(sampleValue(families, 'c_total')).toBe(15)
    expect(sampleValue(families, 'h_count')).toBe(10)
    expect(sampleValue(families, 'h_sum')).toBe(1)
    expect(sampleValue(families, 'up_and_down')).toBe(10)
    expect(sampleValue(families, 'last')).toBe(7)
  }
})
