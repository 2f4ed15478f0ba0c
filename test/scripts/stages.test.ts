// The stage runner counts what ran, cannot be satisfied by an empty run, and goes on after a failure.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../support/temporary.js'

const SCRIPT = fileURLToPath(new URL('../../scripts/stages.mjs', import.meta.url))

const RUNNER = `
  import { runStages } from ${JSON.stringify(SCRIPT)}
  const revive = (key, value) => (key === 'files' ? new RegExp(value) : value)
  const { failed } = await runStages(JSON.parse(process.argv[2], revive), JSON.parse(process.argv[3]))
  process.exitCode = failed === 0 ? 0 : 1
`

/** Runs stages in a process of their own, as the runner prints to its stdout. */
function run(stages: object[], options: object = {}) {
  const cwd = temporaryFolder({ 'runner.mjs': RUNNER })
  const args = [join(cwd, 'runner.mjs'), JSON.stringify(stages), JSON.stringify({ cwd, ...options })]
  const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  return { status, stdout, lastLine: stdout.trimEnd().split('\n').at(-1) }
}

const passes = { name: 'passes', run: ['true'] }
const fails = { name: 'fails', run: ['false'] }

/** A stage whose command writes a result file and ends with a code. */
function writes(name: string, format: 'vitest' | 'ctest' | 'gtest', text: string, exitCode = 0) {
  const code = `require('fs').writeFileSync('results/${name}', ${JSON.stringify(text)}); process.exitCode = ${exitCode}`
  return { name, run: [process.execPath, '-e', code], results: { folder: 'results', files: `^${name}$`, format } }
}

/** The failed tests that the closing summary names. */
function failuresIn(stdout: string): string[] {
  const summary = stdout.slice(stdout.lastIndexOf('== '))
  return [...summary.matchAll(/^ {3}FAILED (.*)$/gm)].map(([, failure]) => failure as string)
}

function vitestJson(counts: object): string {
  return JSON.stringify({
    numPassedTests: 0,
    numFailedTests: 0,
    numPendingTests: 0,
    numTodoTests: 0,
    testResults: [],
    ...counts,
  })
}

test('a stage without tests counts as one check, and the last line sums up', () => {
  const { status, stdout, lastLine } = run([passes, fails, { ...passes, name: 'last' }])
  expect(stdout).toMatch(/== fails: 0 passed, 1 failed in \d+\.\d s/)
  expect(stdout).toMatch(/== last: 1 passed, 0 failed in \d+\.\d s/)
  expect(lastLine).toBe('2 passed, 1 failed')
  expect(status).toBe(1)
})

test('--bail runs nothing after a failure, and counts what was not run as failed', () => {
  const { stdout, lastLine } = run([fails, passes], { bail: true })
  expect(stdout).toContain('== passes: 0 passed, 1 failed in 0.0 s (not run: fails failed)')
  expect(lastLine).toBe('0 passed, 2 failed')
})

test('a stage whose need failed is not run', () => {
  const { stdout, lastLine } = run([fails, { ...passes, needs: ['fails'] }, { ...passes, name: 'free' }])
  expect(stdout).toContain('(not run: fails failed)')
  expect(lastLine).toBe('1 passed, 2 failed')
})

test('a command that cannot be started is a failure', () => {
  const { stdout, lastLine } = run([{ name: 'gone', run: ['./no-such-command'] }])
  expect(stdout).toContain('ENOENT')
  expect(lastLine).toBe('0 passed, 1 failed')
})

test('a hung stage is killed with what it started, and fails', () => {
  const { stdout, lastLine } = run([{ name: 'hung', run: ['bash', '-c', 'sleep 600 & wait'], minutes: 0.005 }, passes])
  expect(stdout).toContain('(killed after 0.005 minutes)')
  expect(lastLine).toBe('1 passed, 1 failed')
})

test('the tests of vitest are counted, also a file that could not be loaded', () => {
  const text = vitestJson({
    numPassedTests: 7,
    numFailedTests: 2,
    numPendingTests: 3,
    testResults: [
      { name: 'a.test.ts', status: 'failed', message: 'no such file\nat', assertionResults: [] },
      {
        status: 'failed',
        assertionResults: [
          { fullName: 'a sum', status: 'failed', failureMessages: ['expected 1\nat a.test.ts'] },
          { fullName: 'a difference', status: 'passed', failureMessages: [] },
        ],
      },
    ],
  })
  const { stdout, lastLine } = run([writes('v', 'vitest', text, 1)])
  expect(stdout).toContain('== v: 7 passed, 3 failed, 3 skipped in')
  expect(failuresIn(stdout)).toEqual(['v: a.test.ts: no such file', 'v: a sum: expected 1'])
  expect(lastLine).toBe('7 passed, 3 failed')
})

test('the tests of ctest are counted', () => {
  const xml =
    '<?xml version="1.0"?>\n<testsuite name="x"\n\ttests="9"\n\tfailures="2"\n\tdisabled="1"\n\tskipped="1"\n>' +
    '<testcase name="s/A.B&lt;int&gt;" classname="s/A.B&lt;int&gt;" time="1" status="fail"><failure message=""/></testcase>' +
    '<testcase name="s/A.C" classname="s/A.C" time="1" status="run"></testcase>'
  const { stdout, lastLine } = run([writes('c', 'ctest', xml, 8)])
  expect(stdout).toContain('== c: 5 passed, 2 failed, 2 skipped in')
  expect(failuresIn(stdout)).toEqual(['c: s/A.B<int>'])
  expect(lastLine).toBe('5 passed, 2 failed')
})

test('the tests of gtest are counted, suite by suite', () => {
  const xml = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="12" failures="1" disabled="2" errors="1" time="0.1" name="AllTests">
  <testsuite name="A" tests="7" failures="1" disabled="2" skipped="1" errors="0" time="0.1">
    <testcase name="&lt;testsuite skipped=&quot;9&quot;&gt;" status="run" result="completed" />
  </testsuite>
  <testsuite name="B" tests="5" failures="0" disabled="0" skipped="0" errors="1" time="0">
    <testcase name="Adds" status="run" result="completed" time="0" classname="B" />
    <testcase name="Divides" status="run" result="completed" time="0" classname="B">
      <failure message="x" type=""></failure>
    </testcase>
  </testsuite>
</testsuites>`
  const { stdout, lastLine } = run([writes('g', 'gtest', xml, 1)])
  expect(stdout).toContain('== g: 7 passed, 2 failed, 3 skipped in')
  expect(failuresIn(stdout)).toEqual(['g: B.Divides'])
  expect(lastLine).toBe('7 passed, 2 failed')
})

test('a stage that ran no tests is a failure, though its command was content', () => {
  const empty = '<testsuite tests="2" failures="0" disabled="0" skipped="2">'
  const { stdout, lastLine } = run([
    writes('v', 'vitest', vitestJson({})),
    writes('c', 'ctest', empty),
    writes('g', 'gtest', '<testsuites tests="0" failures="0" disabled="0" errors="0"></testsuites>'),
  ])
  expect(stdout).toContain('(ran no tests (v))')
  expect(stdout).toContain('(ran no tests (c))')
  expect(stdout).toContain('(ran no tests (g))')
  expect(lastLine).toBe('0 passed, 3 failed')
})

test('of several native programs one may skip all of its tests, not all of them', () => {
  const suite = (tests: number, skipped: number) =>
    `<testsuites><testsuite tests="${tests}" failures="0" disabled="0" skipped="${skipped}" errors="0" /></testsuites>`
  const stage = (name: string, one: string, other: string) => {
    const code = [one, other].map(
      (text, i) => `require('fs').writeFileSync('results/${name}${i}', ${JSON.stringify(text)})`,
    )
    const results = { folder: 'results', files: `^${name}`, format: 'gtest' }
    return { name, run: [process.execPath, '-e', code.join(';')], results }
  }
  const { stdout, lastLine } = run([
    stage('some', suite(2, 2), suite(3, 1)),
    stage('none', suite(2, 2), suite(1, 1)),
    stage('empty', suite(0, 0), suite(1, 0)),
  ])
  expect(stdout).toContain('== some: 2 passed, 0 failed, 3 skipped in')
  expect(stdout).toContain('(ran no tests (none0, none1))')
  expect(stdout).toContain('(ran no tests (empty0))')
  expect(lastLine).toBe('2 passed, 2 failed')
})

test('a stage that left no results is a failure, and old results do not stand in', () => {
  const once = writes('v', 'vitest', vitestJson({ numPassedTests: 1 }))
  const { stdout, lastLine } = run([once, { ...once, run: ['true'] }])
  expect(stdout).toContain('(left no results in results)')
  expect(lastLine).toBe('1 passed, 1 failed')
})

test('an exit code that the counts do not explain is a failure', () => {
  const { stdout, lastLine } = run([writes('v', 'vitest', vitestJson({ numPassedTests: 4 }), 1)])
  expect(stdout).toContain('(its command ended with 1)')
  expect(lastLine).toBe('4 passed, 1 failed')
})

test('the command line names its tiers and stages, and knows no others', () => {
  const main = (...args: string[]) => spawnSync(process.execPath, [SCRIPT, ...args], { encoding: 'utf8' })
  for (const tier of ['quick', 'full', 'release', 'long']) {
    expect(main(tier, '--list').stdout.split('\n')).toContain('set-up')
  }
  // scripts/release-check is part of CI: what it runs, npm run test:full does.
  const full = main('full', '--list').stdout.split('\n')
  expect(full).toEqual(expect.arrayContaining(main('release', '--list').stdout.split('\n')))
  expect(full).toContain('package')
  expect(main('quick', '--only', 'nothing')).toMatchObject({
    status: 2,
    stderr: expect.stringContaining("no stage 'nothing'"),
  })
  expect(main('slow')).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('name one tier: quick, full, release, long'),
  })
})
