// The type tests of test/types once more, as a bundler resolves the package; `tsc -p test/types` checks them as Node does.
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../support/temporary.js'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const FLAGS = '--ignoreConfig --noEmit --strict --exactOptionalPropertyTypes --target es2022 --module esnext'.split(' ')

/** What the compiler finds fault with. */
async function compile(...files: string[]): Promise<string> {
  const args = [
    'node_modules/typescript/bin/tsc',
    ...FLAGS,
    '--moduleResolution',
    'bundler',
    '--types',
    'node',
    ...files,
  ]
  const run = promisify(execFile)(process.execPath, args, { cwd: ROOT })
  return run.then(
    () => '',
    ({ stdout, stderr }) => `${stdout}${stderr}`,
  )
}

test('what must compile does, and what must not does not', async () => {
  expect(await compile('test/types/facade.mts', 'test/types/refused.mts')).toBe('')
})

test('an error in them would be told', async () => {
  const file = `${temporaryFolder({ 'wrong.mts': `const count: number = 'x'\nexport { count }\n` })}/wrong.mts`
  expect(await compile(file)).toContain('TS2322')
})
