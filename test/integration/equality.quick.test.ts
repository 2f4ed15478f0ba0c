// The main job against the real Prometheus: what it scraped from the demo equals what the demo counted by other code.
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { assertEnded, Child } from '../support/children.js'
import { type Prometheus, startPrometheus } from '../support/prometheus.js'

const DEMO = fileURLToPath(new URL('../../examples/engram/main.mjs', import.meta.url))

/** One line of the demo's tally, which it keeps in a SharedArrayBuffer and never reads from nanotally. */
interface Tallied {
  name: string
  type: string
  labels: Record<string, string>
  value: number
}

const keyOf = (name: string, labels: Record<string, string>) =>
  JSON.stringify([
    name,
    ...Object.entries(labels)
      .filter(([label]) => label !== 'job' && label !== 'instance')
      .sort(),
  ])

/** The tallied samples that Prometheus does not hold with the same value, each with what it holds. */
async function differences(prometheus: Prometheus, tally: readonly Tallied[]): Promise<string[]> {
  const found: string[] = []
  for (const name of new Set(tally.map((line) => line.name))) {
    const results = await prometheus.query(name)
    const values = new Map(results.map(({ labels: { __name__, ...labels }, value }) => [keyOf(name, labels), value]))
    for (const line of tally.filter((candidate) => candidate.name === name)) {
      const key = keyOf(name, line.labels)
      if (values.get(key) !== line.value) found.push(`${key}: tallied ${line.value}, scraped ${values.get(key)}`)
      values.delete(key)
    }
    // A series that nobody tallied would be one that nobody recorded.
    for (const [key, value] of values) found.push(`${key}: not tallied, scraped ${value}`)
  }
  return found
}

test('every counter and histogram count that Prometheus scraped equals the tally', async () => {
  const demo = new Child(DEMO, {
    args: ['--json', '--hold', '--port', '0', '--seconds', '8', '--workers', '3', '--rate', '0'],
  })
  onTestFinished(() => demo.kill('SIGKILL')) // where the test did not get as far as ending it well
  const ready = (await demo.nextMessage()) as { event: string; url: string }
  expect(ready.event).toBe('ready')
  await using prometheus = await startPrometheus({ targets: [new URL(ready.url).host] })
  await prometheus.untilScraped() // at least once under load

  const stopped = (await demo.nextMessage()) as { event: string; equal: boolean; tally: Tallied[] }
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
