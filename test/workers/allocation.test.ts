// A bound record in optimised code allocates nothing.
import { expect, test } from 'vitest'
import { assertEnded, runChild } from '../support/children.js'

interface Measured {
  /** Bytes that the young generation grew by, and how often it was collected, during 10 million records. */
  results: Record<string, { grown: number; collections: number }>
  counted: number[]
  noise: number
}

test('10 million records of each kind leave the young generation as it is; the control does not', async () => {
  const script = new URL('fixtures/allocation.mjs', import.meta.url)
  // With semi-spaces of 1 MiB even a tenth of a byte for each record would force a collection.
  const nodeFlags = ['--expose-gc', '--max-semi-space-size=1']
  const result = await runChild(script, { nodeFlags, timeoutMs: 170_000 })
  assertEnded(result)
  const { results, counted, noise } = result.messages[0] as Measured
  const { control, ...records } = results
  expect(Object.keys(records)).toHaveLength(7)
  for (const count of counted) expect(count).toBeGreaterThanOrEqual(10_000_000)
  const allocates = ({ grown, collections }: { grown: number; collections: number }) => grown > noise || collections > 0
  for (const [name, measured] of Object.entries(records)) {
    expect(allocates(measured), `${name}: ${JSON.stringify(measured)}`).toBe(false)
  }
  expect(control && allocates(control)).toBe(true)
  expect(control?.collections).toBeGreaterThan(10)
})
