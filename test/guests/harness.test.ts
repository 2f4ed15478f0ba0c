// That what is wrong on a machine shows here: a wrong expectation of a suite, of a native test, and a test of nothing.
import { expect, test } from 'vitest'
import { boot, problems } from './machine.js'

const SEEDED = `
import { assert, branch, test } from './harness.mjs'
branch('a seeded one')
await test('one is one', () => assert.equal(1, 1))
await test('one is two', () => assert.equal(1, 2))
await test('nothing is asserted', () => {})
`
/** Stands for all native tests, and fails. */
const SEEDED_NATIVE = `#!/bin/sh
echo '<testcase name="seeded" result="completed"><failure message="seeded"/></testcase>' >"\${1#--gtest_output=xml:}"
exit 1
`

test('seeded faults are found, and told', async () => {
  const machine = {
    name: 'with faults',
    arch: 'amd64' as const,
    prepare: 'rm /tests/*; cp /seeded_test /tests/; chmod +x /tests/seeded_test',
    suites: ['seeded', 'missing'],
  }
  const outcome = await boot(machine, { '/app/test/guests/suite/seeded.mjs': SEEDED, '/seeded_test': SEEDED_NATIVE })
  expect(outcome.output).toContain('1 !== 2')
  expect(outcome.suite).toMatchObject({ assertions: 2, tests: 4 })
  expect(problems(outcome, ['a seeded one', 'a PMU'])).toEqual([
    'suites: one is two',
    'suites: nothing is asserted',
    'suites: missing loads',
    'topology with libnuma: no report',
    'native tests: 1 failed',
    'not found there: a PMU',
    'exit code 1',
  ])
})

test('a run of nothing is no success', async () => {
  const machine = { name: 'empty', arch: 'amd64' as const, prepare: 'rm /tests/*', suites: [] }
  const outcome = await boot(machine)
  expect(problems(outcome, [])).toEqual([
    'suites: nothing was asserted',
    'topology with libnuma: no report',
    'native tests: none ran',
    'exit code 1',
  ])
})
