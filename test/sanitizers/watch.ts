// The test files of the project `sanitized` run under the sanitizers, as do all processes that they start. A file says so
// with `watchProcesses`, at its top, and in its last test, with `expectNoFindings`, looks at what all of them reported.
import { mkdirSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, join } from 'node:path'
import { expect, test } from 'vitest'
import { reportingTo } from './environment.mjs'
import { readReports } from './reports.js'

interface Preload {
  reportTo(folder: string): void
  writeCounts(): void
  checkLeaks(): void
}

/** What preload.cjs left for this process. */
function preload(): Preload {
  const found = (globalThis as Record<symbol, unknown>)[Symbol.for('nanotally/test/sanitizers/counts')]
  if (found === undefined) {
    throw new Error('not under the sanitizers: these tests are run by scripts/test-sanitized-addon.sh')
  }
  return found as Preload
}

/**
 * Makes the reports of this process, and of those that it starts from now on, go to a folder of their own, now empty.
 *
 * @param file - the test file
 * @returns the folder
 */
export function watchProcesses(file: string): string {
  const { reportTo } = preload()
  const folder = join(process.env.NANOTALLY_REPORTS as string, basename(file))
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  reportTo(folder)
  Object.assign(process.env, reportingTo(folder))
  return folder
}

/** The native functions, by their places in a report's counts: '' where the addon has another property. */
function nativeFunctions(): string[] {
  const path = process.env.NANOTALLY_ADDON as string
  const addon = createRequire(import.meta.url)(path)
  return Object.getOwnPropertyNames(addon).map((name) => (typeof addon[name] === 'function' ? name : ''))
}

/** The native functions that read histograms and their boundaries: threads.test.ts sees to it that they are called. */
export const READING = [
  'readHistogram',
  'readHistogramTotal',
  'histogramBuckets',
  'histogramQuantile',
  'mergeHistograms',
  'boundariesAround',
]

/** The native functions that end series or let go of them: likewise. */
export const ENDING = ['removeSeries', 'clearMetric', 'resetMetric', 'letGo']

/** The native functions of what only operators ask for: serving.test.ts sees to it that they are called. */
export const OPERATING = [
  'openFeed',
  'closeFeed',
  'changes',
  'changesSync',
  'startRuntimeMetrics',
  'stopRuntimeMetrics',
  'openHealth',
  'postHealth',
  'closeHealth',
  'readHealth',
  'setRecordCost',
  'startHardwareMetrics',
  'stopHardwareMetrics',
]

/** The native functions that tell of hardware: likewise. */
export const HARDWARE = [
  'perfMachine',
  'openCounters',
  'readCounters',
  'counterErrors',
  'closeCounters',
  'topology',
  'arenaNodes',
  'openRegion',
  'isCurrentRegion',
  'beginRegion',
  'endRegion',
  'endMeasure',
  'dropRegion',
]

/**
 * Defines the last test of a file.
 *
 * @param folder - where the processes reported to
 * @param processes - how many there were, this one among them
 * @param uncalled - the native functions that none of them need have called; they called all others
 */
export function expectNoFindings(folder: string, processes: number, uncalled: readonly string[] = []): void {
  test('no sanitizer found anything, and each process was looked at', () => {
    const { checkLeaks, writeCounts } = preload()
    // Of this process, which vitest kills.
    checkLeaks()
    writeCounts()

    const names = nativeFunctions()
    const reports = [...readReports(folder).values()]
    const calls = names.map((_, i) => reports.reduce((sum, report) => sum + (report.calls?.[i] ?? 0), 0))
    const counted = names.flatMap((name, i) => (name === '' ? [] : [`${name} ${calls[i]}`]))
    const foreign = reports.reduce((sum, report) => sum + report.foreign, 0)
    console.log(
      `${basename(folder)}: ${reports.length} processes; native calls: ${counted.join(', ')}; ` +
        `${foreign} leak records of foreign origin left out`,
    )
    expect(reports.flatMap(({ findings }) => findings)).toEqual([])
    expect(reports).toHaveLength(processes)
    for (const { canary, calls } of reports)
      expect({ canary, ended: calls !== undefined }).toEqual({ canary: true, ended: true })
    expect(counted.length).toBeGreaterThan(uncalled.length)
    expect(names.filter((name, i) => name !== '' && calls[i] === 0 && !uncalled.includes(name))).toEqual([])
  })
}
