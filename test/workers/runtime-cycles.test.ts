// 2 000 starts and stops of the runtime metrics and of a health check, on the main thread and in each of three workers: the
// second thousand leaves nothing behind.
import { expect, test } from 'vitest'
import { assertEnded, ENDING_FLAGS, runChild } from '../support/children.js'

const CYCLES = 2000
const PARTS = 16
const THREADS = 4
/** Of a garbage collection: one that was not seen before has a series, and its cells may take a chunk for each thread. */
const KINDS = 4
const CHUNK_BYTES = 65_536
/**
 * V8 takes memory for its heaps in steps, at any time: over 12 000 cycles resident memory is flat, over 2 000 it may be such a
 * step higher in each thread. A leak of 2 KiB in each of the second thousand cycles would be as much.
 */
const STEP_BYTES = 2 ** 21

/** What fixtures/runtime-cycles.mjs sends, for each part. */
interface Held {
  resident: number
  files: number
  resources: number
  series: number
  arena: number
  checks: number
  samples: number
}

test('runtime metrics that are started and stopped thousands of times leak nothing', async () => {
  const result = await runChild(new URL('fixtures/runtime-cycles.mjs', import.meta.url), {
    args: [CYCLES, PARTS].map(String),
    // As in series-churn.ts.
    nodeFlags: ['--expose-gc', '--min-semi-space-size=16', '--max-semi-space-size=16', ...ENDING_FLAGS],
    env: { MALLOC_ARENA_MAX: '1' },
    timeoutMs: 170_000,
  })
  assertEnded(result)
  const seen = result.messages[0] as Held[]
  expect(seen).toHaveLength(PARTS)
  const half = seen[PARTS / 2 - 1] as Held
  const last = seen[PARTS - 1] as Held
  console.log(`resident ${seen.map(({ resident }) => (resident / 2 ** 20).toFixed(1)).join(' ')} MiB`)
  for (const key of ['files', 'resources', 'checks', 'samples'] as const) {
    expect([key, last[key]]).toEqual([key, half[key]])
  }
  expect(last.samples).toBe(0)
  expect(last.checks).toBe(0)
  expect(last.series - half.series).toBeLessThanOrEqual(THREADS * KINDS)
  expect(last.arena - half.arena).toBeLessThanOrEqual(THREADS * CHUNK_BYTES)
  expect(half.series).toBeGreaterThan(0)
  expect(half.arena).toBeGreaterThan(0)
  expect(last.resident - half.resident).toBeLessThan(THREADS * STEP_BYTES)
})
