// Instances of the package that module resets and VM contexts leave behind are collected, and nothing is lost with them.
import { expect, test } from 'vitest'
import { assertEnded, ENDING_FLAGS, runChild } from '../support/children.js'

test('fifty instances in one environment: none is kept, all that they recorded is', async () => {
  const script = new URL('fixtures/instances.mjs', import.meta.url)
  const result = await runChild(script, { args: ['50'], nodeFlags: ['--expose-gc', ...ENDING_FLAGS] })
  assertEnded(result)
  const { alive, unlike, recorded, cleared } = result.messages[0] as {
    alive: number
    unlike: number
    recorded: string
    cleared: string
  }
  expect(unlike, 'errors from C++ that are not of the class of the instance that called').toBe(0)
  expect(alive).toBe(0)
  expect(recorded.match(/^jobs_total\{i="\d"\} 5$/gm)).toHaveLength(5)
  expect(recorded).toContain('\njob_seconds_sum 1225\n')
  expect(recorded).toContain('\njob_seconds_count 50\n')
  expect(recorded).not.toContain('own_total')
  expect(cleared).toContain('nanotally_series{state="waiting"} 0\n')
  expect(cleared).not.toContain('jobs_total{')
})
