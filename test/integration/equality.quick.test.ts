// The main job against the real Prometheus: what it scraped from the demo equals what the demo counted by other code.
import { expect, test } from 'vitest'
import { assertEnded } from '../support/children.js'
import { differences, type Stopped, startDemo, type Tallied } from '../support/demo.js'
import { startPrometheus } from '../support/prometheus.js'

test('every counter and histogram count that Prometheus scraped equals the tally', async () => {
  const demo = startDemo({ seconds: 8, workers: 3 })
  const ready = (await demo.nextMessage()) as { event: string; url: string }
  expect(ready.event).toBe('ready')
  await using prometheus = await startPrometheus({ targets: [new URL(ready.url).host] })
  await prometheus.untilScraped() // at least once under load

  const stopped = (await demo.nextMessage()) as Stopped
  expect(stopped).toMatchObject({ event: 'stopped', equal: true })
  await prometheus.untilScraped() // a scrape that began after the load had stopped
  const counts = stopped.tally.filter(({ type, name }) => type === 'counter' || name.endsWith('_count'))
  const [first, ...rest] = counts
  expect(counts.length).toBeGreaterThan(30)
  expect(counts.reduce((sum, { value }) => sum + value, 0)).toBeGreaterThan(100_000)
  expect(await differences(prometheus, counts)).toEqual([])

  // The comparison can fail: by one more in one sample, by a sample less.
  const tampered = [{ ...(first as Tallied), value: (first as Tallied).value + 1 }, ...rest]
  expect(await differences(prometheus, tampered)).toHaveLength(1)
  const sameName = counts.filter(({ name }) => name === rest.at(-1)?.name)
  expect(await differences(prometheus, sameName.slice(1))).toHaveLength(sameName.length > 1 ? 1 : 0)

  for (const name of new Set(counts.map((line) => line.name))) {
    const resets = await prometheus.query(`max(resets(${name}[5m]))`)
    expect({ name, resets: resets.map(({ value }) => value) }).toEqual({ name, resets: [0] })
  }

  demo.kill('SIGTERM')
  assertEnded(await demo.finished)
})
