// While the main thread is blocked and libuv's pool is saturated, /metrics answers, and so does render() in a worker.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { assertEnded, Child } from '../support/children.js'
import { temporaryFolder } from '../support/temporary.js'
import { parseTextFormat, sampleValue } from '../support/text-format.js'

const SCRAPES = 50

test('a scrape is answered while the main thread is blocked', async () => {
  const release = join(temporaryFolder(), 'release')
  const child = new Child(new URL('fixtures/stalled.mjs', import.meta.url), { args: [release], timeoutMs: 170_000 })
  const { url, askedBefore } = (await child.nextMessage()) as { url: string; askedBefore: number }
  for (let i = 0; i < SCRAPES; i++) {
    const response = await fetch(url)
    const families = parseTextFormat(await response.text())
    expect(response.status).toBe(200)
    expect(sampleValue(families, 'c_total')).toBe(3)
    // The blocked thread cannot be asked: its last value is shown.
    expect(sampleValue(families, 'asked')).toBe(askedBefore)
  }
  // Only now may the loop end; had a scrape needed the main thread, none would have been answered before.
  writeFileSync(release, '')
  const result = (await child.nextMessage()) as {
    released: boolean
    rendersWhileBlocked: number
    jobsDoneBeforeStat: number
    askedSince: number
  }
  assertEnded(await child.finished)
  expect(result.released).toBe(true)
  expect(result.jobsDoneBeforeStat).toBeGreaterThanOrEqual(4)
  expect(result.rendersWhileBlocked).toBeGreaterThan(0)
  // The stalled thread was asked once in all these scrapes; then by the worker's last render and by the scrape at the end.
  expect(result.askedSince).toBeGreaterThanOrEqual(2)
  expect(result.askedSince).toBeLessThanOrEqual(3)
})
