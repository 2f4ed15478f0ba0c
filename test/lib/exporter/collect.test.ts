// Threads that are blocked: a scrape is answered without them, by the values that they set last, and tells which they are.
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { gauge, Registry } from 'nanotally'
import { expect, onTestFinished, test } from 'vitest'
import { assertEnded, Child } from '../../support/children.js'
import { scrapeOf, start } from '../../support/exporter.js'
import { temporaryFolder } from '../../support/temporary.js'
import { sampleValue } from '../../support/text-format.js'
import { until } from '../../support/until.js'
import { Actor } from '../../workers/actor.js'

const STALL = 'nodejs_eventloop_stall_seconds'
const AGE = 'nanotally_collect_age_seconds'
/** Less than this is no stall: some of the turns before may be told with one. */
const NO_STALL_SECONDS = 0.2

/** The values of a family by thread, as a scrape tells them. */
async function byThread(url: string, family: string): Promise<Record<string, number>> {
  const samples = (await scrapeOf(url)).get(family)?.samples ?? []
  return Object.fromEntries(samples.map(({ labels, value }) => [labels.thread, value]))
}

/** A worker with a collect callback in the registry `collecting`, and an exporter of that. */
async function startCollecting() {
  const words = new Int32Array(new SharedArrayBuffer(8))
  words[1] = 1
  const worker = new Worker(new URL('fixtures/collecting.mjs', import.meta.url), { workerData: { words } })
  const [threadId] = await once(worker, 'message')
  const registry = new Registry('collecting')
  const release = () => {
    Atomics.store(words, 0, 0)
    Atomics.notify(words, 0)
  }
  const exited = once(worker, 'exit')
  const end = async () => {
    release()
    worker.postMessage('end')
    await exited
  }
  onTestFinished(async () => {
    await end()
    registry.close()
  })
  const { url } = await start({ registry })
  const asked = async () => sampleValue(await scrapeOf(url), 'asked')
  await until('the callback to answer in time', async () => (await asked()) === 1)
  return {
    thread: `worker-${threadId}`,
    url,
    asked,
    release,
    end,
    /** From now on the callback blocks its thread. */
    block: () => Atomics.store(words, 0, 1),
    tell: (value: number) => Atomics.store(words, 1, value),
  }
}

test('a callback that blocks its thread: the last values are served, and their age', async () => {
  const { thread, url, asked, block, release, tell } = await startCollecting()
  block()
  tell(2)
  const ages: number[] = []
  for (let i = 0; i < 5; i++) {
    expect(await asked()).toBe(1)
    ages.push((await byThread(url, AGE))[thread] as number)
  }
  expect(ages).toEqual([...ages].sort((a, b) => a - b))
  expect(new Set(ages).size).toBe(ages.length)
  release()
  await until('the callback to answer again', async () => (await asked()) === 2)
  const old = ages.at(-1) as number
  await until('a younger age', async () => ((await byThread(url, AGE))[thread] as number) < old)
})

test('a blocked thread is told by its name, while it is blocked', async () => {
  const { thread, url, asked, block, release } = await startCollecting()
  const stalls = () => byThread(url, STALL)
  expect(Object.keys(await stalls())).toEqual(
    expect.arrayContaining(['main', thread, expect.stringMatching(/^nanotally-exporter-\d+$/)]),
  )
  block()
  await asked() // which asks the callback
  const first = await until('the stall to show', async () => {
    const seconds = (await stalls())[thread] as number
    return seconds > 2 * NO_STALL_SECONDS && seconds
  })
  const later = await stalls()
  expect(later[thread]).toBeGreaterThan(first)
  for (const [name, seconds] of Object.entries(later)) {
    if (name !== thread) expect([name, seconds < (later[thread] as number)]).toEqual([name, true])
  }
  release()
  await until('the stall to be over', async () => ((await stalls())[thread] as number) < NO_STALL_SECONDS)
})

// Nobody has looked at the loop before: what it did until then is told by what it noted itself.
test.each([
  ['waits', false],
  ['turns all the time', true],
])('a scrape tells all of a stall of a loop that %s, and no more', async (_, turns) => {
  const registry = new Registry()
  const { url } = await start({ registry })
  const known = new Set(Object.keys(await byThread(url, STALL)))
  const worker = new Actor()
  await worker.run((_, state, turning) => {
    state.turn = () => setImmediate(state.turn)
    if (turning) state.turn()
  }, turns)
  await delay(1000)
  const flag = new Int32Array(new SharedArrayBuffer(4))
  const asked = performance.now()
  const blocked = worker.run((_, __, held) => {
    Atomics.store(held, 0, 1)
    while (Atomics.load(held, 0) === 1);
  }, flag)
  while (Atomics.load(flag, 0) === 0) await delay(1)
  const seen = performance.now()
  await delay(300)
  const before = performance.now()
  const stalls = Object.entries(await byThread(url, STALL)).filter(([thread]) => !known.has(thread))
  const after = performance.now()
  Atomics.store(flag, 0, 2)
  await blocked
  expect(stalls).toHaveLength(1)
  const stalled = (stalls[0] as [string, number])[1] * 1000
  expect(stalled).toBeGreaterThanOrEqual(before - seen)
  // A note is up to 50 ms and a turn old, and a busy machine makes turns long; the second before is not told.
  expect(stalled).toBeLessThanOrEqual(after - asked + 500)
})

// The loop's own time is of before its timers: a turn that they make long is not noted soon after another.
test('a loop that waits is not stalled, however long the timers of its last turn took', async () => {
  const registry = new Registry()
  const { url } = await start({ registry })
  const known = new Set(Object.keys(await byThread(url, STALL)))
  const worker = new Actor()
  await worker.run(
    () =>
      new Promise<void>((resolve) => {
        setTimeout(() => {}, 200)
        setTimeout(() => {
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500)
          resolve()
        }, 212)
      }),
  )
  await until('the worker to wait', async () => {
    const stalls = Object.entries(await byThread(url, STALL)).filter(([thread]) => !known.has(thread))
    return stalls.length === 1 && stalls[0]?.[1] === 0
  })
})

test('a thread that has ended has neither stalls nor an age', async () => {
  const { thread, url, end } = await startCollecting()
  expect([Object.keys(await byThread(url, AGE)), Object.keys(await byThread(url, STALL))]).toEqual([
    [thread],
    expect.arrayContaining([thread]),
  ])
  await end()
  expect(await byThread(url, AGE)).toEqual({})
  expect(await byThread(url, STALL)).not.toHaveProperty(thread)
})

test('a blocked main thread is told, while no thread but the exporter is there to tell it', async () => {
  const file = join(temporaryFolder(), 'release')
  const child = new Child(new URL('fixtures/blocked.mjs', import.meta.url), { args: [file] })
  const url = (await child.nextMessage()) as string
  expect(Object.keys(await byThread(url, STALL))).toEqual(['main', expect.stringMatching(/^nanotally-exporter-\d+$/)])
  child.send('block')
  const stall = async () => (await byThread(url, STALL)).main as number
  const first = await until('the stall to show', async () => {
    const seconds = await stall()
    return seconds > 2 * NO_STALL_SECONDS && seconds
  })
  expect(await stall()).toBeGreaterThan(first)
  writeFileSync(file, '')
  expect(await child.nextMessage()).toBe('free')
  await until('the stall to be over', async () => (await stall()) < NO_STALL_SECONDS)
  child.send('end')
  assertEnded(await child.finished)
})

test('a callback that fails leaves the last values, and their age grows', async () => {
  const registry = new Registry()
  let isBroken = false
  gauge({
    name: 'g',
    help: 'h',
    registry,
    collect(g) {
      if (isBroken) throw new Error('no')
      g.set(1)
    },
  })
  const { url } = await start({ registry })
  const age = async () => (await byThread(url, AGE)).main as number
  await until('the callback to answer in time', async () => sampleValue(await scrapeOf(url), 'g') === 1)
  isBroken = true
  const [first, second] = [await age(), await age()]
  expect(second).toBeGreaterThan(first)
  expect(sampleValue(await scrapeOf(url), 'g')).toBe(1)
})

test('what a recording costs is measured, once it was scraped', async () => {
  const { url } = await start({ registry: new Registry() })
  const costs = await until('the costs', async () => (await scrapeOf(url)).get('nanotally_record_seconds')?.samples)
  expect(costs.map(({ labels }) => labels)).toEqual([{ instrument: 'counter' }, { instrument: 'histogram' }])
  for (const { value } of costs) {
    expect(value).toBeGreaterThan(1e-10)
    expect(value).toBeLessThan(1e-3)
  }
})
