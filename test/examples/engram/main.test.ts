// The demo's command line in a process of its own, with WordNet: its events, its exit codes, its clean end.
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { catalogs } from 'nanotally/catalogs'
import { expect, test } from 'vitest'
import { compare } from '../../../examples/engram/books/compare.mjs'
import type { TallyRow } from '../../../examples/engram/books/tally.mjs'
import { Scrape } from '../../../examples/engram/view/exposition.mjs'
import { assertEnded, Child, runChild } from '../../support/children.js'
import { ask } from '../../support/http.js'
import { DEADLINE_MS, until } from '../../support/until.js'

const MAIN = fileURLToPath(new URL('../../../examples/engram/main.mjs', import.meta.url))

interface Stopped {
  event: string
  equal: boolean
  compared: number
  differing: unknown[]
  tally: TallyRow[]
}

/** What the README says that the engine exposes: its own table, and of the catalogs that it names all but those it excepts. */
function documentedFamilies(): Map<string, string> {
  const readme = readFileSync(new URL('../../../examples/engram/README.md', import.meta.url), 'utf8')
  const own = Array.from(readme.matchAll(/^\| `(engram_\w+)` *\| (?:derived )?(\w+)/gm), ([, name = '', type = '']) => [
    name,
    type,
  ])
  const named = Array.from(readme.matchAll(/^\| `([a-z]+)` +\|/gm), ([, name]) => name)
  const fed = catalogs.filter(({ name }) => named.includes(name))
  expect(fed.length).toBe(6)
  const [, excepted = ''] = /not fed are (.*?):/s.exec(readme) ?? []
  const all = fed.flatMap(({ families }) => Object.values(families).map(({ name, type }) => [name, type]))
  return new Map([...own, ...all.filter(([name]) => !excepted.includes(`\`${name}\``))] as [string, string][])
}

/** The families of the engine that have samples, by their names. */
function fedFamilies(scrape: Scrape): Map<string, string> {
  const fed = [...scrape.types].filter(([name, type]) => {
    const sample = type === 'histogram' ? `${name}_count` : name
    return name.startsWith('engram_') && [...scrape.select(sample)].length > 0
  })
  return new Map(fed)
}

async function scrape(url: string) {
  const { status, body } = await ask(url)
  expect(status).toBe(200)
  return new Scrape(body.toString())
}

test('a signal stops the load, the metrics stay and equal the tally, a second signal ends it', async () => {
  const child = new Child(MAIN, { args: ['--json', '--hold', '--port', '0', '--seed', '7', '--rate', '0'] })
  const ready = (await child.nextMessage()) as { event: string; url: string }
  expect(ready).toMatchObject({ event: 'ready', pid: child.pid, workers: 2, seed: 7 })
  await until('2 000 recalls', async () => (await scrape(ready.url)).sum('engram_recalls_total') > 2000)
  // Some are measured every few seconds.
  await expect
    .poll(async () => fedFamilies(await scrape(ready.url)), { timeout: DEADLINE_MS })
    .toEqual(documentedFamilies())
  child.kill('SIGTERM')
  const stopped = (await child.nextMessage()) as Stopped
  expect(stopped).toMatchObject({ event: 'stopped', equal: true, differing: [] })
  expect(stopped.compared).toBe(stopped.tally.length)

  const rows = compare(stopped.tally, await scrape(ready.url))
  expect(rows.filter(({ equal }) => !equal)).toEqual([])
  const recorded = stopped.tally.filter(({ name, value }) => name === 'engram_activations_total' && value > 0)
  expect(recorded.length).toBeGreaterThan(20)

  child.kill('SIGTERM')
  const result = await child.finished
  assertEnded(result)
  expect(result.stderr).toBe('')
  const lines = result.stdout.trim().split('\n')
  expect(lines.map((line) => JSON.parse(line))).toEqual([ready, stopped])
})

test('after its seconds it prints its tally beside the registry, and ends well', async () => {
  const result = await runChild(MAIN, { args: ['--quiet', '--port', '0', '--seconds', '0.5', '--workers', '1'] })
  assertEnded(result)
  expect(result.stdout).toMatch(/^WordNet is loaded: 117791 synsets and 378203 relations in /)
  expect(result.stdout).toMatch(/^scrape http:\/\/127\.0\.0\.1:\d+\/metrics$/m)
  expect(result.stdout).toMatch(/^engram_recall_hops_count +([\d,]+) +\1 {2}✓$/m)
  expect(result.stdout).toMatch(/\n\n\d+ samples compared, all equal\n$/)
})

test('corrupt: the index is found broken, refuses, is mended, and every sample equals the tally', async () => {
  const child = new Child(MAIN, { args: ['--json', '--port', '0', '--scenario', 'corrupt'] })
  const { url } = (await child.nextMessage()) as { url: string }
  await until('it to be mended, and to have refused something before', async () => {
    const now = await scrape(url)
    return (
      now.sum('engram_error_recovery_duration_ms_count') > 0 &&
      now.sum('engram_streaming_observations_rejected_total', { reason: 'index_error' }) > 0
    )
  })
  child.kill('SIGTERM')
  const { tally, equal } = (await child.nextMessage()) as Stopped
  assertEnded(await child.finished)
  expect(equal).toBe(true)
  const sum = (name: string, labels: Record<string, string> = {}) =>
    tally
      .filter(
        (row) => row.name === name && Object.entries(labels).every(([label, value]) => row.labels[label] === value),
      )
      .reduce((all, { value }) => all + value, 0)
  expect(sum('engram_streaming_batch_failures_total', { error_type: 'index_corrupt' })).toBeGreaterThan(0)
  expect(sum('engram_streaming_observations_rejected_total', { reason: 'index_error' })).toBeGreaterThan(0)
  for (const component of ['hnsw_integrity', 'simd_correctness']) {
    expect(sum('engram_health_checks_total', { component, outcome: 'failure' })).toBeGreaterThan(0)
    expect(sum('engram_health_checks_total', { component, outcome: 'success' })).toBeGreaterThan(0)
  }
  expect(sum('engram_graceful_degradation_events')).toBe(1)
  // Stored before and after.
  expect(sum('engram_streaming_observations_total')).toBeGreaterThan(0)
})

test('metrics that are off are a difference, not a success', async () => {
  const result = await runChild(MAIN, {
    args: ['--json', '--port', '0', '--seconds', '0.1'],
    env: { NANOTALLY_DISABLED: '1' },
  })
  assertEnded(result, { exitCode: 1 })
  const stopped = result.messages.at(-1) as Stopped
  expect(stopped.equal).toBe(false)
  // What was never counted may be absent.
  const counted = stopped.tally.filter(({ type, value }) => type === 'gauge' || value !== 0)
  expect(counted.length).toBeGreaterThan(50)
  expect(stopped.differing).toHaveLength(counted.length)
})

test('wrong usage is one line and exit code 2', async () => {
  const result = await runChild(MAIN, { args: ['--workers', 'many'] })
  assertEnded(result, { exitCode: 2 })
  expect(result.stderr).toBe('engram: --workers: expected an integer from 1 to 32, received "many"\n')
  expect(result.stdout).toBe('')
})

test('a taken port is one line with advice and exit code 1', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    const { port } = server.address() as { port: number }
    const result = await runChild(MAIN, { args: ['--port', String(port)] })
    assertEnded(result, { exitCode: 1 })
    expect(result.stderr).toMatch(new RegExp(`^engram: port ${port} .* is in use.*--port 0 takes a free one\n$`))
    expect(result.stdout).toBe('')
  } finally {
    server.close()
  }
})

test('--help is the help', async () => {
  const result = await runChild(MAIN, { args: ['--help'] })
  assertEnded(result)
  expect(result.stdout).toMatch(/^usage: npm run demo/)
})
