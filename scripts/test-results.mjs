// The result files that test runners leave: what passed, what failed, and which tests those were.
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'

/**
 * The result files of a stage: those in `folder` whose names `files` matches.
 * @typedef {{ folder: string, files: RegExp, format: 'vitest' | 'ctest' | 'gtest' }} Results
 * @typedef {{ passed: number, failed: number, skipped: number, failures: string[] }} Counts
 */

/** Old results must not be counted in place of new ones. @param {string} cwd @param {Results} results */
export function removeResults(cwd, { folder, files }) {
  mkdirSync(join(cwd, folder), { recursive: true })
  for (const file of readdirSync(join(cwd, folder))) {
    if (files.test(file)) rmSync(join(cwd, folder, file))
  }
}

/**
 * Sums the result files of a stage.
 * @param {string} cwd
 * @param {Results} results
 * @returns {Counts}
 * @throws where there is no file, or where one tells of no test that ran; of several native programs one may skip all of its tests
 */
export function countResults(cwd, { folder, files, format }) {
  const found = readdirSync(join(cwd, folder)).filter((file) => files.test(file))
  if (found.length === 0) throw new Error(`left no results in ${folder}`)
  const sum = { passed: 0, failed: 0, skipped: 0, failures: [] }
  for (const file of found) {
    const { failures, ...counts } = COUNTERS[format](readFileSync(join(cwd, folder, file), 'utf8'))
    const mayBeSkipped = format === 'gtest' && found.length > 1 && counts.skipped > 0
    if (counts.passed + counts.failed === 0 && !mayBeSkipped) throw new Error(`ran no tests (${file})`)
    for (const key of Object.keys(counts)) sum[key] += counts[key]
    sum.failures.push(...failures.map((failure) => (found.length > 1 ? `${failure} (${file})` : failure)))
  }
  if (sum.passed + sum.failed === 0) throw new Error(`ran no tests (${found.join(', ')})`)
  return sum
}

/** @type {Record<Results['format'], (text: string) => Counts>} */
const COUNTERS = {
  /** vitest's JSON reporter. A file that could not be loaded has no tests to fail: it counts as one failure. */
  vitest(text) {
    const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } = JSON.parse(text)
    const broken = testResults.filter(
      ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
    )
    const failed = testResults.flatMap(({ assertionResults }) =>
      assertionResults.filter(({ status }) => status === 'failed'),
    )
    return {
      passed: numPassedTests,
      failed: numFailedTests + broken.length,
      skipped: numPendingTests + numTodoTests,
      failures: [
        ...broken.map(({ name, message }) => `${name}: ${firstLine(message)}`),
        ...failed.map(({ fullName, failureMessages }) => `${fullName}: ${firstLine(failureMessages?.[0])}`),
      ],
    }
  },
  /** ctest --output-junit. */
  ctest(text) {
    const [, suite] = /<testsuite\b([^>]*)>/.exec(text) ?? []
    if (suite === undefined) throw new Error('ctest.xml holds no <testsuite>')
    const [tests, failed, disabled, skipped] = ['tests', 'failures', 'disabled', 'skipped'].map((name) =>
      Number(new RegExp(`\\b${name}="(\\d+)"`).exec(suite)[1]),
    )
    return {
      passed: tests - failed - disabled - skipped,
      failed,
      skipped: skipped + disabled,
      failures: [...text.matchAll(/<testcase name="([^"]*)"[^>]*status="fail"/g)].map(([, name]) => decode(name)),
    }
  },
  /** --gtest_output=xml. Only its suites count what was skipped; `tests` includes what is disabled. */
  gtest(text) {
    const suites = [...text.matchAll(/<testsuite\b([^>]*)>/g)].map(([, suite]) => suite)
    const sum = (name) =>
      suites.reduce((total, suite) => total + Number(new RegExp(`\\b${name}="(\\d+)"`).exec(suite)[1]), 0)
    const failed = sum('failures') + sum('errors')
    const skipped = sum('skipped') + sum('disabled')
    return {
      passed: sum('tests') - failed - skipped,
      failed,
      skipped,
      failures: [...text.matchAll(/<testcase name="([^"]*)"[^>]*classname="([^"]*)"[^>]*(?<!\/)>\s*<failure\b/g)].map(
        ([, name, suite]) => decode(`${suite}.${name}`),
      ),
    }
  },
}

const firstLine = (message) => `${message ?? ''}`.split('\n')[0]

const ENTITIES = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' }
const decode = (xml) => xml.replace(/&(\w+);/g, (entity, name) => ENTITIES[name] ?? entity)
