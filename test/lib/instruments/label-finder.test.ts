// Label look-ups with and without code made from text: the same series either way.
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { runChild } from '../../support/children.js'

const SCRIPT = fileURLToPath(new URL('../fixtures/label-lookups.mjs', import.meta.url))

test('where code generation is disallowed, labels lead to the same series', async () => {
  const compiled = await runChild(SCRIPT)
  const interpreted = await runChild(SCRIPT, { nodeFlags: ['--disallow-code-generation-from-strings'] })
  expect(compiled.stdout).toContain('lookups_total{class="x",tenant="t"} 3')
  expect(interpreted.stdout).toBe(compiled.stdout)
  // The flag had its effect: the script asked for code itself.
  expect(compiled.stderr).not.toContain('EvalError')
  expect(interpreted.stderr).toContain('EvalError')
})
