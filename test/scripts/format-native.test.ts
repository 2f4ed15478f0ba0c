// format-native.mjs fails on unformatted C++ and on finding none, and --write repairs.
import { spawnSync } from 'node:child_process'
import { readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../support/temporary.js'

const SCRIPT = fileURLToPath(new URL('../../scripts/format-native.mjs', import.meta.url))
const STYLE = readFileSync(new URL('../../.clang-format', import.meta.url), 'utf8')

function run(root: string, ...args: string[]) {
  return spawnSync(process.execPath, [SCRIPT, '--root', root, ...args], { encoding: 'utf8' })
}

test('an unformatted file fails the check until --write has been there', () => {
  const root = temporaryFolder({
    '.clang-format': STYLE,
    'native/core/a.h': 'int A();\n',
    'native/core/b.cc': 'int  B( ) {return 1;}\n',
    'native/core/notes.txt': 'not C++',
    'test/addon/c.cc': 'int C();\n',
    'test/addon/build/made.h': 'int  not( ) ours;',
    'examples/a/node_modules/b/b.h': 'int  not( ) ours;',
  })
  // As an example has it that stands on this package: following it would never end.
  symlinkSync('../..', join(root, 'examples/loop'))

  const check = run(root)
  expect(check.stderr).toContain('native/core/b.cc:1:')
  expect(check.stderr).not.toContain('native/core/a.h')
  expect(check.stdout).toBe('format-native: 3 files checked\n')
  expect(check.status).toBe(1)

  expect(run(root, '--write').status).toBe(0)
  expect(readFileSync(join(root, 'native/core/b.cc'), 'utf8')).toBe('int B() { return 1; }\n')
  expect(run(root).status).toBe(0)
})

test('no file at all is a failure', () => {
  const { status, stderr } = run(temporaryFolder({ 'native/core/notes.txt': '' }))
  expect(stderr).toContain('no .h or .cc file under native/, examples/ or test/')
  expect(status).toBe(1)
})
