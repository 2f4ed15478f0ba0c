// tools.sh says in one line what is missing and how to install it, and uses what lies in its cache.
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, readdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../support/temporary.js'

const SCRIPT = fileURLToPath(new URL('../../scripts/tools.sh', import.meta.url))
const HIDDEN = ['prometheus', 'promtool', 'apt-get']

/** Runs tools.sh with a PATH that lacks the tools and the means to fetch them. */
function run(home: string, ...names: string[]) {
  const bin = temporaryFolder()
  for (const folder of ['/usr/bin', '/bin']) {
    for (const command of readdirSync(folder)) {
      if (!HIDDEN.includes(command) && !existsSync(join(bin, command))) {
        symlinkSync(join(folder, command), join(bin, command))
      }
    }
  }
  return spawnSync('/bin/bash', [SCRIPT, ...names], { encoding: 'utf8', env: { HOME: home, PATH: bin } })
}

test('what cannot be had ends with one line and exit code 1', () => {
  const { status, stdout, stderr } = run(temporaryFolder(), 'promtool')
  expect(stderr).toBe('tools: promtool is missing; install it with: sudo apt-get install prometheus\n')
  expect(stdout).toBe('')
  expect(status).toBe(1)
})

test('what the cache holds is used', () => {
  const promtool = '.cache/nanotally/tools/prometheus/usr/bin/promtool'
  const home = temporaryFolder({ [promtool]: '#!/bin/sh\n' })
  chmodSync(join(home, promtool), 0o755)
  const { status, stdout, stderr } = run(home, 'promtool')
  expect(stderr).toBe('')
  expect(stdout).toBe(`${join(home, promtool)}\n`)
  expect(status).toBe(0)
})

test('an unknown name is refused, and so is none', () => {
  expect(run(temporaryFolder(), 'nothing')).toMatchObject({
    status: 1,
    stderr: expect.stringContaining("called 'nothing'"),
  })
  expect(run(temporaryFolder())).toMatchObject({ status: 1, stderr: 'tools: usage: scripts/tools.sh NAME...\n' })
})
