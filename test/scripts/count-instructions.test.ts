// count-instructions.mjs refuses counts that differ from the baseline, paths that are in one of the two only, and runs that
// counted nothing. valgrind and the program are stand-ins here: the stage `instructions` runs the real ones.
import { spawnSync } from 'node:child_process'
import { chmodSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../support/temporary.js'

const SCRIPT = fileURLToPath(new URL('../../scripts/count-instructions.mjs', import.meta.url))
const COMMITTED = new URL('../../native/bench/instructions.json', import.meta.url)

const ABOUT = { compiler: 'gcc 1.2.3', architecture: 'x86-64', rseq: false }
/** What the stand-in takes for one operation of each path, beside 1 000 000 for its start. */
const COSTS: Record<string, number> = { add: 40, render: 120_000 }

/** A valgrind that counts without running anything, and a program that tells what it is. */
function standIns(costs: Record<string, number>, noise: number) {
  const folder = temporaryFolder({
    valgrind: `#!${process.execPath}
      const [path, times] = process.argv.slice(-2)
      // Twice as many take somewhat longer to start.
      const noise = ['1280', '128000'].includes(times) ? ${JSON.stringify(noise)} : 0
      if (times === 'about') process.stdout.write(${JSON.stringify(JSON.stringify({ ...ABOUT, paths: Object.keys(costs) }))})
      else process.stderr.write('==1== Collected : ' + (1e6 + noise + ${JSON.stringify(costs)}[path] * times) + '\\n')`,
  })
  chmodSync(join(folder, 'valgrind'), 0o755)
  return folder
}

function count(baseline: unknown, costs = COSTS, args: string[] = [], noise = 0) {
  const bin = standIns(costs, noise)
  const file = join(temporaryFolder({ 'baseline.json': JSON.stringify(baseline) }), 'baseline.json')
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [SCRIPT, '--program', 'program', '--baseline', file, ...args],
    { encoding: 'utf8', env: { ...process.env, PATH: `${bin}:${process.env.PATH}` } },
  )
  return { status, stdout, stderr, baseline: JSON.parse(readFileSync(file, 'utf8')) as unknown }
}

const baselineOf = (instructions: Record<string, number>, compiler = ABOUT.compiler) => [
  { compiler, architecture: ABOUT.architecture, instructions },
]

test('counts that are those of the baseline pass, and it says how many were compared', () => {
  const { status, stdout, stderr } = count(baselineOf(COSTS))
  expect(stderr).toBe('')
  expect(stdout).toMatch(/add +40 +40 +\+0\.00 %/)
  expect(stdout).toContain('which valgrind lacks: the fallback')
  expect(stdout).toContain('count-instructions: 2 paths compared, 0 differ\n')
  expect(status).toBe(0)
})

test('two starts that differ by some hundred instructions make no difference', () => {
  const { status, stdout } = count(baselineOf(COSTS), COSTS, [], 400)
  expect(stdout).toMatch(/add +40 +40 +\+0\.00 %/)
  expect(status).toBe(0)
})

test.each([
  ['a count that rose', { ...COSTS, add: 39 }, 'add takes 40 instructions, 39 in the baseline'],
  ['a count that fell', { ...COSTS, add: 41 }, 'add takes 40 instructions, 41 in the baseline'],
  ['a path that is gone', { ...COSTS, gone: 1 }, 'gone is in the baseline only'],
  ['a path that is new', { add: 40 }, 'render is not in the baseline'],
])('%s fails', (_, instructions, fault) => {
  const { status, stdout, stderr } = count(baselineOf(instructions))
  expect(stderr).toContain(`count-instructions: ${fault}\n`)
  expect(stderr).toContain('--update')
  expect(stdout).toContain(', 1 differ\n')
  expect(status).toBe(1)
})

test('what is within the tolerance of 1 % passes', () => {
  expect(count(baselineOf({ ...COSTS, render: 119_000 })).status).toBe(0)
  expect(count(baselineOf({ ...COSTS, render: 118_000 })).status).toBe(1)
})

test('for another compiler there is no baseline, and it says so', () => {
  const { status, stdout } = count(baselineOf({ add: 1 }, 'gcc 1.2.4'))
  expect(stdout).toContain('2 paths counted and compared with nothing: there is no baseline for gcc 1.2.3 on x86-64')
  expect(stdout).toContain('only for gcc 1.2.4 on x86-64')
  expect(status).toBe(0)
})

test('--update keeps the baselines of other compilers, and then passes', () => {
  const other = baselineOf({ add: 1 }, 'gcc 1.2.4')
  const updated = count([...other, ...baselineOf({ add: 7 })], COSTS, ['--update'])
  expect(updated.status).toBe(0)
  expect(updated.baseline).toEqual([...other, ...baselineOf(COSTS)])
  expect(count(updated.baseline).stdout).toContain('0 differ')
})

test('nothing counted is a failure', () => {
  expect(count(baselineOf({}), {})).toMatchObject({ status: 1, stderr: expect.stringContaining('nothing was counted') })
  const free = count(baselineOf({ add: 0 }), { add: 0 })
  expect(free).toMatchObject({ status: 1, stderr: expect.stringContaining('took 0 more instructions') })
})

test('the committed baseline has counts for every path', () => {
  const baselines = JSON.parse(readFileSync(COMMITTED, 'utf8')) as ReturnType<typeof baselineOf>
  expect(baselines.length).toBeGreaterThan(0)
  const program = readFileSync(new URL('../../native/bench/instructions.cc', import.meta.url), 'utf8')
  const paths = [...program.matchAll(/^ {6}\{"(\w+)",$/gm)].map(([, path]) => path)
  expect(paths.length).toBeGreaterThan(0)
  for (const { instructions } of baselines) expect(Object.keys(instructions).sort()).toEqual(paths.sort())
})
