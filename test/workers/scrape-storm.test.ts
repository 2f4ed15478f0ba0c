// The storm of the bench, without pause: 200 scrapers at once for 30 s, while 4 threads record and the main thread is blocked
// half of the time. No scrape fails, no counter goes backwards, and the totals are exact at the end.
import { expect, test } from 'vitest'
import { storm } from '../../bench/scrape/storm.mjs'

const SCRAPERS = 200
const SECONDS = 30

test('a storm of scrapes', async () => {
  const seen = await storm({ scrapers: SCRAPERS, seconds: SECONDS, pauseMs: 0 })
  expect(seen.failures).toEqual([])
  expect(seen.backwards).toEqual([])
  expect(seen.slips).toEqual([])
  expect(seen.series).toBe(500)
  expect(seen.recorded).toBeGreaterThan(100_000)
  // Each of them scraped again and again; those without kept connections made new ones.
  expect(seen.scrapes).toBeGreaterThan(SCRAPERS * 3)
  expect(seen.latencies).toHaveLength(seen.scrapes)
  expect(seen.connections).toBeGreaterThan(SCRAPERS * 1.5)
  expect(seen.connections).toBeLessThan(seen.scrapes)
  expect(seen.liveness).toBeGreaterThan(SCRAPERS / 20)
  expect(seen.blocks).toBeGreaterThan(3)
  expect(seen.stalledSeconds).toBeGreaterThan(0.5)
  console.log(
    `${seen.scrapes} scrapes over ${seen.connections} connections, ${seen.recorded} recordings, ${seen.blocks} blocks`,
  )
})
