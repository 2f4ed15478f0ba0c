// What makes the rest of these tests worth something: seeded faults inside Node, which must be reported under the same
// settings, in the main thread, in a worker, and in the teardown of workers.
import { mkdirSync, rmSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { assertEnded, runChild } from '../support/children.js'
import { reportingTo } from './environment.mjs'
import { type ProcessReport, readReports } from './reports.js'
import { watchProcesses } from './watch.js'

const folder = watchProcesses(import.meta.url)
const FIXTURE = new URL('fixtures/fault.mjs', import.meta.url)
const PLACES = ['main', 'worker', 'end', 'terminate'] as const
type Place = (typeof PLACES)[number]

/** Node's frame around clean-up hooks. */
const TEARDOWN = / in node::CleanupQueue::Drain\(/

async function commit(fault: string, place: Place) {
  const own = `${folder}-${fault}-${place}`
  rmSync(own, { recursive: true, force: true })
  mkdirSync(own)
  const result = await runChild(FIXTURE, { args: [fault, place], env: reportingTo(own) })
  const reports = [...readReports(own).values()]
  expect(reports).toHaveLength(1)
  return { result, report: reports[0] as ProcessReport }
}

describe.each(PLACES)('%s', (place) => {
  test.each([
    ['use-after-free', /ERROR: AddressSanitizer: heap-use-after-free/, / in UseAfterFree /],
    ['signed-overflow', /runtime error: signed integer overflow/, / in SignedOverflow /],
  ])('%s aborts the process', async (fault, error, frame) => {
    const { result, report } = await commit(fault, place)
    assertEnded(result, { signal: 'SIGABRT' })
    expect(result.stdout).toBe('')
    expect(report.findings).toHaveLength(1)
    expect(report.findings[0]).toMatch(error)
    expect(report.findings[0]).toMatch(frame)
    if (place === 'end' || place === 'terminate') expect(report.findings[0]).toMatch(TEARDOWN)
  })

  test('a leak is found as the process ends', async () => {
    const { result, report } = await commit('leak', place)
    assertEnded(result)
    expect(result.stdout).toBe('reached the end\n')
    expect(report.canary).toBe(true)
    expect(report.findings).not.toEqual([])
    for (const finding of report.findings) {
      expect(finding).toMatch(/^(?:Direct|Indirect) leak of .* in Leak /s)
      if (place === 'end' || place === 'terminate') expect(finding).toMatch(TEARDOWN)
    }
  })

  test('the control has no findings', async () => {
    const { result, report } = await commit('none', place)
    assertEnded(result)
    expect(report).toMatchObject({ findings: [], canary: true })
  })
})

test.each(['main', 'worker'] as const)('a leak of what Node allocated for the addon: %s', async (place) => {
  const { result, report } = await commit('leak-through-node', place)
  assertEnded(result)
  expect(report.findings).not.toEqual([])
  for (const finding of report.findings) expect(finding).toMatch(/ in napi_create_async_work .* in LeakThroughNode /s)
})
