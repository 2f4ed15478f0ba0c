// Jest 30 with the installed package: modules that are reset, VM contexts, its worker processes, and an end by itself.
import { copyFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { linesOf, type Run } from './commands.js'
import { Project } from './project.js'
import { TOOLS, tarball } from './tarball.js'

const JEST = ['node', join(TOOLS, 'node_modules/jest/bin/jest.js'), '--json', '--outputFile=results.json']
/** Without the times of an earlier run, by which Jest may find two processes not worth it. */
const IN_TWO = ['--maxWorkers=2', '--cacheDirectory=./another-cache']
/** All that Jest says when nothing is open and nobody has to be forced to end. */
const SAYS = [
  /^PASS \S+\.test\.js( \([\d.]+ s\))?$/, // with its time where it took more than 5 s
  /^(Test Suites|Tests): +(\d+) passed, \2 total$/,
  /^Snapshots: +0 total$/,
  /^Time: /,
  /^Ran all test suites\.$/,
  /^Test results written to: results\.json$/,
]

/** A project with these fixtures, where each test file is there twice. */
async function jestProject(fixtures: string, files: readonly string[]): Promise<Project> {
  const made = new Project({ jest: { cacheDirectory: './cache' } })
  await made.install(tarball())
  made.addFixtures(fixtures)
  for (const file of files) {
    copyFileSync(join(made.folder, `${file}.test.js`), join(made.folder, `${file}-again.test.js`))
  }
  return made
}

const unexpectedLines = (run: Run) => linesOf(run).filter((line) => !SAYS.some((pattern) => pattern.test(line)))

describe('modules, errors, exporters', () => {
  let app: Project
  beforeAll(async () => {
    app = await jestProject('jest', ['modules', 'exporter'])
  })
  afterAll(() => app.remove())

  test.each([
    { how: 'in band', args: ['--runInBand'], processes: 1 },
    { how: 'in two processes', args: IN_TWO, processes: 2 },
  ])('$how', async ({ args, processes }) => {
    app.write({ pids: '' })
    const run = await app.run([...JEST, ...args])
    expect(unexpectedLines(run)).toEqual([])
    expect({ exitCode: run.exitCode, signal: run.signal }).toEqual({ exitCode: 0, signal: null })
    const results = JSON.parse(readFileSync(join(app.folder, 'results.json'), 'utf8'))
    expect(results).toMatchObject({ numPassedTestSuites: 4, numPassedTests: 16, numTotalTests: 16 })
    const pids = readFileSync(join(app.folder, 'pids'), 'utf8').trim().split('\n')
    expect(pids).toHaveLength(4)
    expect(new Set(pids).size).toBe(processes)
  })
})

describe('an exporter that is left open is complained of', () => {
  let app: Project
  beforeAll(async () => {
    app = await jestProject('jest-leak', ['leak'])
  })
  afterAll(() => app.remove())

  test('in band, where Jest then does not end', async () => {
    const run = await app.run([...JEST, '--runInBand'], { killAt: /did not exit/ })
    expect(run.signal).toBe('SIGKILL')
    expect(unexpectedLines(run).join('\n')).toContain('Jest did not exit')
  })

  test('in two processes, which Jest then kills', async () => {
    const run = await app.run([...JEST, ...IN_TWO])
    expect(unexpectedLines(run).join('\n')).toContain('failed to exit gracefully')
  })
})
