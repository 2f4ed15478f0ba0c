// The gate over the models takes nothing for granted: no model passes without a full search, and no fault without its violation.
import { spawnSync } from 'node:child_process'
import { chmodSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../support/temporary.js'

const SCRIPTS = fileURLToPath(new URL('../../scripts/', import.meta.url))

const MODEL = `//   fault FAULT_A breaks invariant: something is wrong
#ifdef FAULT_A
#endif
init { skip }
`
const FULL_SEARCH = 'State-vector 12 byte, depth reached 9, errors: 0\n      7 states, stored\n'
const VIOLATION = 'pan:1: assertion violated invariant (at depth 3)\n      5 states, stored\n'

/** Runs the gate where spin passes its -D option on to a verifier that says one thing for the model, another for the fault. */
function run({ model = MODEL, sound = FULL_SEARCH, faulty = VIOLATION }) {
  const copy = (name: string) => ({ [`scripts/${name}`]: readFileSync(join(SCRIPTS, name), 'utf8') })
  const folder = temporaryFolder({
    ...copy('check-models.sh'),
    ...copy('tools.sh'),
    ...copy('tools-guests.sh'),
    ...copy('tools-recordings.sh'),
    ...copy('tools-roots.sh'),
    ...copy('tools-servers.sh'),
    ...copy('tools-suites.sh'),
    ...copy('setup.sh'),
    'native/model/protocol.pml': model,
    'native/model/included.pml': '// only there to be included\n',
    'sound.txt': sound,
    'faulty.txt': faulty,
    'bin/spin': '#!/bin/sh\ncase "$*" in *-DFAULT_A*) echo faulty ;; *) echo sound ;; esac >which\n',
    'bin/gcc': '#!/bin/sh\n{ echo "#!/bin/sh"; echo "cat ../../../$(cat which).txt"; } >pan\nchmod +x pan\n',
  })
  for (const command of ['spin', 'gcc']) chmodSync(join(folder, 'bin', command), 0o755)
  const { status, stdout } = spawnSync('bash', [join(folder, 'scripts/check-models.sh')], {
    encoding: 'utf8',
    env: { ...process.env, PATH: `${join(folder, 'bin')}:${process.env.PATH}` },
  })
  const xml = readFileSync(join(folder, 'build/test-results/models.xml'), 'utf8')
  return { status, stdout, lastLine: stdout.trimEnd().split('\n').at(-1), xml }
}

test('a model and its fault that go as they must are counted', () => {
  const { status, stdout, lastLine, xml } = run({})
  expect(stdout).toMatch(/^ok +protocol +7 states/m)
  expect(stdout).toMatch(/^ok +protocol with FAULT_A breaks invariant +5 states/m)
  expect(lastLine).toBe('2 passed, 0 failed')
  expect(xml).toContain('tests="2" failures="0"')
  expect(status).toBe(0)
})

test.each([
  ['an error', 'pan:1: invalid end state (at depth 3)\nerrors: 1\n 7 states, stored\n', 'invalid end state'],
  ['a bounded depth', `error: max search depth too small\n${FULL_SEARCH}`, 'max search depth too small'],
  ['too little memory', `pan: reached -DMEMLIM bound\n${FULL_SEARCH}`, 'reached -DMEMLIM bound'],
  ['a search cut short', `Warning: Search not completed\n${FULL_SEARCH}`, 'Search not completed'],
  ['no word of errors', '      7 states, stored\n', 'it does not say that there was no error'],
  ['no search at all', '', 'the search did not end'],
])('a model fails with %s', (_, sound, trouble) => {
  const { status, stdout, lastLine, xml } = run({ sound })
  expect(stdout).toMatch(new RegExp(`^FAILED +protocol .*${trouble}`, 'm'))
  expect(lastLine).toBe('1 passed, 1 failed')
  expect(xml).toContain('tests="2" failures="1"')
  expect(status).toBe(1)
})

test.each([
  ['finds nothing', FULL_SEARCH, 'nothing was found'],
  ['breaks something else', VIOLATION.replace('invariant', 'other'), 'assertion violated other'],
  ['breaks what only begins with its name', VIOLATION.replace('invariant', 'invariants'), 'violated invariants'],
  ['cannot be built', '', 'the search did not end'],
])('a fault fails that %s', (_, faulty, trouble) => {
  const { status, stdout, lastLine } = run({ faulty })
  expect(stdout).toMatch(new RegExp(`^FAILED +protocol with FAULT_A .*${trouble}`, 'm'))
  expect(lastLine).toBe('1 passed, 1 failed')
  expect(status).toBe(1)
})

test.each([
  ['that its head does not tell of', `${MODEL}#ifdef FAULT_B\n#endif\n`, '2 passed, 1 failed'],
  ['that is not there', MODEL.replaceAll('#ifdef FAULT_A\n#endif\n', ''), '2 passed, 1 failed'],
  ['at all: it has none', 'init { skip }\n', '1 passed, 1 failed'],
])('a model fails for a fault %s', (_, model, counts) => {
  const { status, stdout, lastLine } = run({ model })
  expect(stdout).toMatch(/^FAILED +protocol's list of faults/m)
  expect(lastLine).toBe(counts)
  expect(status).toBe(1)
})
