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
  const { stdout } = compiled
  // Every nasty label came through, as text; each of lazy_total's own series was found three times, the empty one six.
  expect(stdout).toContain('"a\\"];process.exit(3)//"="100"')
  expect(stdout).toContain('constructor="109"')
  expect(stdout.match(/^lazy_total{[^\n]+} 3$/gm)).toHaveLength(17)
  expect(stdout).toContain('\nlazy_total 6\n')
  expect(stdout.match(/^nasty_total{[^\n]+} 3$/gm)).toHaveLength(1)
  expect(stdout).toContain('nanotally_rejected_total{metric="nasty_total",reason="labels"} 3\n')
  expect(stdout).toContain('two_total{"p q"="1",r="2"} 1\n')
  expect(stdout).toContain('too_total{p="1","q r"="2"} 1\n')
  // The flag had its effect: the script asked for code itself.
  expect(compiled.stderr).not.toContain('EvalError')
  expect(interpreted.stderr).toContain('EvalError')
})
