// Under the sanitizers: workers that end in every way while scrapes storm, one after another, and without the main thread
// ever loading the package; a program that uses everything; native threads that outlive the worker that attached them, and
// the metrics that they record into; instances of the package that are collected.
import { expect, test } from 'vitest'
import { assertEnded, runChild } from '../support/children.js'
import { ENDING, expectNoFindings, HARDWARE, OPERATING, READING, watchProcesses } from './watch.js'

const folder = watchProcesses(import.meta.url)
await import('../workers/worker-totals.test.js')
await import('../workers/churn.test.js')
await import('../workers/only-workers.test.js')
await import('../workers/disabled.test.js')
await import('../workers/instances.test.js')

const NATIVE = [
  { script: 'only-worker.mjs', args: ['terminate'] },
  { script: 'only-worker.mjs', args: ['exit'] },
  { script: 'only-worker.mjs', args: ['throw'] },
  { script: 'removal.mjs', args: [] },
]
test.each(NATIVE)('native threads: $script $args', async ({ script, args }) => {
  const url = new URL(`../native-interface/fixtures/${script}`, import.meta.url)
  const result = await runChild(url, { args, timeoutMs: 280_000 })
  assertEnded(result)
  expect(result.messages).toHaveLength(1)
})

expectNoFindings(folder, 1 + 9 + NATIVE.length, ['acknowledge', ...ENDING, ...READING, ...OPERATING, ...HARDWARE])
