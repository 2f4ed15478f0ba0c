// The workflow files are what GitHub takes them for, and call scripts that are there.
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { checkShell } from '../support/shell-block.js'
import { temporaryFolder } from '../support/temporary.js'
import { ROOT, TOOLS } from './tarball.js'

const { parse } = createRequire(join(TOOLS, 'package.json'))('yaml') as { parse(text: string): Workflow }

interface Workflow {
  jobs: Record<string, { strategy?: { matrix: Record<string, string[]> }; steps: { run?: string }[] }>
}

const FOLDER = join(ROOT, '.github', 'workflows')
const FILES = readdirSync(FOLDER)

const validate = (path: string) =>
  spawnSync(process.execPath, [join(TOOLS, 'node_modules/@action-validator/cli/cli.mjs'), path], { encoding: 'utf8' })

/** The commands of all jobs, each for every value of its matrix. */
function commandsOf(text: string): string[] {
  return Object.values(parse(text).jobs).flatMap(({ strategy, steps }) => {
    const [[name, values] = ['', ['']]] = Object.entries(strategy?.matrix ?? {})
    return steps.flatMap(({ run }) =>
      run === undefined ? [] : values.map((value) => run.replaceAll(`\${{ matrix.${name} }}`, value)),
    )
  })
}

test('there are two: what runs on each change, and what publishes', () => {
  expect(FILES.sort()).toEqual(['ci.yml', 'release.yml'])
})

test.each(FILES)('%s is a workflow, and its commands are ours', (file) => {
  const { status, stdout, stderr } = validate(join(FOLDER, file))
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' })
  const commands = commandsOf(readFileSync(join(FOLDER, file), 'utf8'))
  const ours = commands.filter((command) => /^(npm|scripts)\b/.test(command))
  expect(ours.length).toBeGreaterThanOrEqual(2)
  for (const command of ours) expect(checkShell(command)).toEqual([])
})

test('CI runs what .ci/run does', () => {
  const tiers = /for script in (.*); do/.exec(readFileSync(join(ROOT, '.ci', 'run'), 'utf8'))?.[1]?.split(' ')
  expect(commandsOf(readFileSync(join(FOLDER, 'ci.yml'), 'utf8'))).toEqual(tiers?.map((script) => `npm run ${script}`))
})

test('a file that is no workflow, and a script that is gone, are found', () => {
  const text = readFileSync(join(FOLDER, 'ci.yml'), 'utf8')
  const folder = temporaryFolder({ 'broken.yml': text.replace('runs-on:', 'runs-onn:') })
  expect(validate(join(folder, 'broken.yml'))).toMatchObject({ status: 1, stderr: expect.stringContaining('runs-onn') })
  const [command = ''] = commandsOf(text.replace("'test', 'test:full'", "'tests'"))
  expect(checkShell(command)).toHaveLength(1)
})
