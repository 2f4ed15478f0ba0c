// What an exporter means for the life of its process: references, signals, preloads. Each in a process of its own.
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { assertEnded, Child, isAlive, runChild } from '../../support/children.js'

const SCRIPT = new URL('fixtures/process.mjs', import.meta.url)
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
