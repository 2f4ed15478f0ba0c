// What an operator has, under the sanitizers: runtime metrics, health checks and all routes, in a process that closes them and
// in one that ends in the midst of them; starts and stops that end nowhere; what tells of hardware.
import { expect, test } from 'vitest'
import { assertEnded, runChild } from '../support/children.js'
import { ENDING, expectNoFindings, READING, watchProcesses } from './watch.js'

const folder = watchProcesses(import.meta.url)
await import('../workers/operated.test.js')
await import('../lib/hardware/perf.test.js')
await import('../lib/hardware/memory-placement.test.js')
await import('../lib/hardware/topology.test.js')

test('runtime metrics that are started and stopped again and again', async () => {
  const result = await runChild(new URL('../workers/fixtures/runtime-cycles.mjs', import.meta.url), {
    args: ['200', '2'],
    nodeFlags: ['--expose-gc'],
    timeoutMs: 280_000,
  })
  assertEnded(result)
  expect(result.messages[0]).toHaveLength(2)
})

test('counters of a thread, closed and left open', async () => {
  const { Counters } = await import('../../dist/cli/pmu/counting.js')
  const { perfEvents } = await import('nanotally/hardware')
  const target = { pid: process.pid, withChildren: false, fromExecOn: false }
  const [one, other] = [new Counters(perfEvents(), target), new Counters(perfEvents(), target)]
  expect(one.read().size + one.errors().size).toBe(one.events.length)
  one.close()
  expect(other.read().size + other.errors().size).toBe(other.events.length)
})

const uncalled = ['removeMetric', 'reject', 'defineDerived', 'nativeInterface', 'recordExemplar']
expectNoFindings(folder, 1 + 4, [...uncalled, ...ENDING, ...READING])
