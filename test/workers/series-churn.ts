// The churn of label sets, at two sizes: what it must show.
import { expect } from 'vitest'
import { assertEnded, ENDING_FLAGS, runChild } from '../support/children.js'

/** What fixtures/series-churn.mjs sends. */
interface Seen {
  scrapes: number
  checked: number
  wrong: [id: string, value: number][]
  mostSlots: number
  outOfStep: [least: number, total: number, most: number][]
  workers: number
  blocks: number
  resident: number[]
  total: number
  recorded: number
}

export async function churn(labelSets: number, maxSeries: number, blockMs: number): Promise<Seen> {
  const result = await runChild(new URL('fixtures/series-churn.mjs', import.meta.url), {
    args: [labelSets, maxSeries, blockMs].map(String),
    // A young generation of one size, and one arena for all threads: else V8's growth, and how many threads met in glibc's
    // arenas, move the resident memory by more than all else.
    nodeFlags: ['--expose-gc', '--min-semi-space-size=16', '--max-semi-space-size=16', ...ENDING_FLAGS],
    env: { MALLOC_ARENA_MAX: '1' },
    timeoutMs: 550_000,
  })
  assertEnded(result)
  const seen = result.messages[0] as Seen
  expect(seen.wrong, 'another series value').toEqual([])
  expect(seen.outOfStep, 'live + overflow + expired against what was recorded').toEqual([])
  expect(seen.total).toBe(seen.recorded)
  expect(seen.recorded).toBeGreaterThanOrEqual(labelSets)
  expect(seen.mostSlots).toBeLessThanOrEqual(maxSeries)
  expect(seen.mostSlots, 'the limit was reached').toBeGreaterThan(maxSeries * 0.9)
  expect(seen.checked).toBeGreaterThan(maxSeries)
  expect(seen.workers).toBeGreaterThan(4)
  expect(seen.blocks, 'a blocked worker in every part').toBeGreaterThanOrEqual(16)
  return seen
}
