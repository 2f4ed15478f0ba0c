// What an exporter means for the life of its process: references, signals, preloads. Each in a process of its own.
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { describe, expect, test } from 'vitest'
import { assertEnded, Child, isAlive, runChild } from '../../support/children.js'
import { ask } from '../../support/http.js'
import { until } from '../../support/until.js'

const SCRIPT = new URL('fixtures/process.mjs', import.meta.url)
const SIGNALS = new URL('fixtures/signals.mjs', import.meta.url)
const PRELOAD = fileURLToPath(new URL('fixtures/preload.cjs', import.meta.url))

interface Started {
  url: string
  listeners: number
}

/** Starts a scenario whose program goes on, and scrapes it once. */
async function startScenario(scenario: string): Promise<{ child: Child; listeners: number }> {
  const child = new Child(SCRIPT, { args: [scenario] })
  const { url, listeners } = (await child.nextMessage()) as Started
  expect(await (await fetch(url, { headers: { connection: 'close' } })).text()).toContain('c_total 1')
  return { child, listeners }
}

test('it keeps the process alive, and leaves signals to the program', async () => {
  const { child, listeners } = await startScenario('plain')
  expect(listeners).toBe(0)
  expect(isAlive(child.pid as number)).toBe(true)
  child.kill('SIGTERM')
  assertEnded(await child.finished, { signal: 'SIGTERM' })
})

test('unref: the process ends by itself', async () => {
  const result = await runChild(SCRIPT, { args: ['unref'] })
  assertEnded(result)
  expect(result.messages).toHaveLength(1)
})

test.each(['SIGINT', 'SIGTERM'] as const)('closeOnSignals: %s closes it, then ends the process', async (signal) => {
  const { child, listeners } = await startScenario('close-on-signals')
  expect(listeners).toBe(2)
  child.kill(signal)
  const result = await child.finished
  assertEnded(result, { signal })
  expect(result.stderr).toBe('')
})

test('closeOnSignals: a program that listens too hears of the signal once, and decides what comes of it', async () => {
  const { child, listeners } = await startScenario('own-handler')
  expect(listeners).toBe(2)
  child.kill('SIGTERM')
  const result = await child.finished
  assertEnded(result, { exitCode: 7 })
  expect(result.messages.at(-1)).toEqual({ signals: 1 })
})

test('closeOnSignals: one that is closed first does not end the process of another that still answers', async () => {
  const child = new Child(SIGNALS)
  const [quick, slow] = (await child.nextMessage()) as [string, string]
  const scrape = ask(slow)
  expect(await child.nextMessage()).toBe('asked')
  child.kill('SIGTERM')
  await until('the first to be closed', () =>
    ask(quick).then(
      () => false,
      () => true,
    ),
  )
  child.send('answer')
  const { status, body } = await scrape
  expect([status, String(body)]).toEqual([200, expect.stringContaining('g 1\n')])
  const result = await child.finished
  assertEnded(result, { signal: 'SIGTERM' })
  expect(result.stderr).toBe('')
})

test('closeOnSignals is refused in a worker, which would hear none', async () => {
  const outcomeOf = async (closeOnSignals: boolean) => {
    const worker = new Worker(SIGNALS, { workerData: { port: 0, closeOnSignals } })
    const [code] = await once(worker, 'message')
    return code
  }
  expect(await outcomeOf(true)).toBe('ERR_NANOTALLY_INVALID_VALUE')
  expect(await outcomeOf(false)).toBeUndefined()
})

test('closeOnSignals leaves no listeners behind', async () => {
  const result = await runChild(SCRIPT, { args: ['start-and-close'] })
  assertEnded(result)
  expect(result.messages).toEqual([{ listeners: 0 }])
  expect(result.stderr).toBe('')
})

test('an uncaught error ends the process as it would without it', async () => {
  const result = await runChild(SCRIPT, { args: ['throw'] })
  assertEnded(result, { exitCode: 1 })
  expect(result.stderr).toContain('Error: the program failed')
})

describe('preloads of the program do not run in its thread', () => {
  test('NODE_OPTIONS', async () => {
    const env = { NODE_OPTIONS: `--require ${JSON.stringify(PRELOAD)}` }
    const result = await runChild(SCRIPT, { args: ['unref'], env })
    assertEnded(result)
    expect(result.stdout).toBe('preload in the main thread\n')
  })

  test('flags', async () => {
    const result = await runChild(SCRIPT, { args: ['unref'], nodeFlags: ['--require', PRELOAD] })
    assertEnded(result)
    expect(result.stdout).toBe('preload in the main thread\n')
  })
})
