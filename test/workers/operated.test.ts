// All that an operator has, on at once in one process, which ends with it closed or in the midst of it.
import { expect, test } from 'vitest'
import { assertEnded, ENDING_FLAGS, runChild } from '../support/children.js'

interface Seen {
  asked: { codes: number[]; events: string[] }[]
  checks: string[]
  told: number
}

test.each(['closed', 'live'])('everything on, %s at the end', async (end) => {
  const result = await runChild(new URL('fixtures/operated.mjs', import.meta.url), {
    args: [end],
    nodeFlags: ENDING_FLAGS,
    timeoutMs: 170_000,
  })
  assertEnded(result)
  expect(result.stderr).toBe('')
  const [{ asked, checks, told }] = result.messages as [Seen]
  expect(asked).toHaveLength(2)
  for (const { codes, events } of asked) {
    expect(codes).toEqual([200, 200, 200, 200, 200, 200])
    expect(events.slice(0, 3)).toEqual(['snapshot', 'changes', 'changes'])
  }
  expect(checks).toHaveLength(8 + 3)
  expect(told).toBeGreaterThan(60)
})
