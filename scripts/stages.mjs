// Runs the test stages of one tier: node scripts/stages.mjs quick|full|release|long [--only NAME]... [--bail] [--list]
// Each stage's seconds, counts and failed tests are printed as it ends, all of them again at the end; the last line is
// `N passed, N failed`. A failed stage does not stop the others, unless they need it or --bail is given.
import { spawn } from 'node:child_process'
import { realpathSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { countResults, removeResults } from './test-results.mjs'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const RESULTS = join('build', 'test-results')

/**
 * A stage runs one command in the top folder. `results` names the files in which it leaves its counts, as a folder and
 * a pattern; a stage without them counts as one check. `needs` names the stages without which it makes no sense, and
 * `minutes` is when it is taken for hung and killed (default 15).
 * @typedef {{ name: string, run: string[], results?: import('./test-results.mjs').Results, needs?: string[],
 *   minutes?: number }} Stage
 */

const VITEST = ['node', 'node_modules/vitest/vitest.mjs', 'run', '--allowOnly=false']

/**
 * @param {number} [minutes]
 * @param {{ needs?: string[], command?: string[] }} [options]
 * @returns {Stage} a stage that runs the vitest project of the same name, or what another command runs where one is given
 */
function vitest(name, minutes, { needs = [], command = [...VITEST, `--project=${name}`] } = {}) {
  const file = `${name}.json`
  return {
    name,
    run: [...command, '--reporter=default', '--reporter=json', `--outputFile.json=${join(RESULTS, file)}`],
    results: { folder: RESULTS, files: new RegExp(`^${file}$`), format: 'vitest' },
    needs: ['set-up', 'build', 'demo-set-up', ...needs],
    minutes,
  }
}

/** @returns {Stage} a stage that runs the native suite under one sanitizer, with its seeded faults */
function native(name, sanitizer) {
  const folder = join('build', `native-${sanitizer}`)
  return {
    name,
    run: ['scripts/test-native.sh', sanitizer],
    results:
      sanitizer === 'none'
        ? { folder, files: /^ctest\.xml$/, format: 'ctest' }
        : { folder: join(folder, 'results'), files: /_test.*\.xml$/, format: 'gtest' },
    needs: ['set-up'],
  }
}

/** @returns {Stage} a stage that runs the native suite emulated: by qemu-user, or in a guest */
function nativeArm64(mode) {
  return {
    name: `native-arm64-${mode}`,
    run: ['scripts/test-native-arm64.sh', mode],
    results: { folder: join('build', 'native-arm64', `results-${mode}`), files: /_test\.xml$/, format: 'gtest' },
    needs: ['set-up'],
    minutes: 20,
  }
}

/** @returns {Stage[]} a stage that runs the portable suite, or a part of it, emulated; none where `portable` is on arm64 */
function portableArm64(minutes, ...options) {
  const stage = {
    name: 'portable-arm64',
    run: ['scripts/portable-arm64.sh', RESULTS, ...options],
    results: { folder: RESULTS, files: /^portable-arm64-.*\.json$/, format: 'vitest' },
    needs: ['set-up', 'build', 'addons'],
    minutes,
  }
  return process.arch === 'arm64' ? [] : [stage]
}

const setUp = {
  name: 'set-up',
  run: [
    'bash',
    '-c',
    '. scripts/setup.sh; ensure_node; ensure_compiler; ensure_packages; scripts/tools.sh prometheus promtool openmetrics-parser googletest cmake',
  ],
}

/** The packages of the demo: its tests need WordNet. */
const demoSetUp = { name: 'demo-set-up', run: ['scripts/demo.sh', '--set-up-only'], needs: ['set-up', 'build'] }

/** What records through the C ABI: the example for users, and the addon of the tests. */
const addons = { name: 'addons', run: ['scripts/build-addons.sh'], needs: ['set-up'] }

/** The servers and checkers of the suites, fetched before a test's deadline begins. */
const tools = {
  name: 'tools',
  run: ['scripts/tools.sh', 'postgresql', 'redis-server', 'amtool', 'newer-amtool', 'promtool-3'],
  needs: ['set-up'],
}

const build = { name: 'build', run: ['bash', '-c', '. scripts/setup.sh; ensure_build'], needs: ['set-up'] }

/** The TypeScript suites, all at once for the sake of the second core, and how much of lib/ they cover. */
const suites = vitest('suites', 20, {
  needs: ['addons', 'tools', 'demo-set-up'],
  command: [
    ...[...VITEST, '--coverage'],
    ...['unit', 'property', 'workers', 'native-interface', 'support', 'integration-quick'].map(
      (name) => `--project=${name}`,
    ),
  ],
})

/** What npm packs, installed and used as users do. */
const packed = vitest('package', 20, { command: ['scripts/test-package.sh'] })

/** @returns {Stage} a stage that runs the portable suite with the binary that ships on each Node, or what OPTIONS leave of it */
function portable(...options) {
  return {
    name: 'portable',
    run: ['scripts/portable.sh', RESULTS, ...options],
    results: { folder: RESULTS, files: /^portable-v.*\.json$/, format: 'vitest' },
    needs: ['set-up', 'build', 'addons'],
    minutes: 30,
  }
}

/** The stages of each tier, in order. A new stage goes here. @type {Record<string, Stage[]>} */
export const TIERS = {
  // npm test: about half an hour on 2 slow cores.
  quick: [
    setUp,
    { name: 'lint', run: ['npm', 'run', '--silent', 'lint'], needs: ['set-up'] },
    { name: 'format-native', run: ['node', 'scripts/format-native.mjs'], needs: ['set-up'] },
    { name: 'build', run: ['npm', 'run', '--silent', 'build'], needs: ['set-up'] },
    demoSetUp,
    { name: 'boundaries', run: ['node', 'scripts/generate-boundaries.mjs', '--check'], needs: ['set-up'] },
    { name: 'types', run: ['node_modules/.bin/tsc', '-p', 'test/types'], needs: ['set-up', 'build'] },
    { name: 'types-demo', run: ['node_modules/.bin/tsc', '-p', 'examples/engram'], needs: ['demo-set-up'] },
    native('native', 'none'),
    native('native-thread', 'thread'),
    native('native-address', 'address'),
    addons,
    tools,
    suites,
  ],
  // npm run test:full: what npm test leaves out, another three quarters of an hour.
  full: [
    setUp,
    build,
    demoSetUp,
    addons,
    packed,
    portable('--brief'),
    ...portableArm64(30, '--brief'),
    {
      ...vitest('sanitized', 15, { needs: ['addons'], command: ['scripts/test-sanitized-addon.sh'] }),
      name: 'addon-address',
    },
    // What is about hardware, where there are several nodes and PMUs, and what is about arm64.
    vitest('guests', 30, { command: ['scripts/test-guests.sh'] }),
    {
      name: 'models',
      run: ['scripts/check-models.sh'],
      results: { folder: RESULTS, files: /^models\.xml$/, format: 'ctest' },
      needs: ['set-up'],
    },
    vitest('crash', 30),
    vitest('integration', 20),
    vitest('integration-alone'),
    { name: 'chromium', run: ['scripts/tools.sh', 'chromium'], needs: ['set-up'] },
    vitest('browser', 20, { needs: ['chromium'] }),
    { name: 'instructions', run: ['node', 'scripts/count-instructions.mjs'], needs: ['set-up'] },
    { name: 'bench-short', run: ['node', 'bench/run.mjs', '--short'], needs: ['set-up', 'build', 'demo-set-up'] },
    { name: 'demo', run: ['scripts/demo.sh', '--seconds', '20'], needs: ['set-up', 'build'], minutes: 5 },
  ],
  // scripts/release-check: the part of npm run test:full that is about what is released.
  release: [setUp, build, demoSetUp, addons, packed, portable(), ...portableArm64(30)],
  // npm run test:long: by hand.
  long: [
    setUp,
    build,
    demoSetUp,
    addons,
    ...portableArm64(240, '--all'),
    nativeArm64('user'),
    nativeArm64('guest'),
    { name: 'bench', run: ['node', 'bench/run.mjs'], needs: ['set-up', 'build', 'demo-set-up'], minutes: 240 },
  ],
}

/**
 * Runs stages in order and prints what became of them.
 * @param {Stage[]} stages
 * @param {{ cwd?: string, bail?: boolean }} [options]
 * @returns {Promise<{ passed: number, failed: number }>} the sums over all stages; a stage not run counts as failed
 */
export async function runStages(stages, { cwd = ROOT, bail = false } = {}) {
  const outcomes = []
  const broken = new Set()
  for (const stage of stages) {
    const missing = bail && broken.size > 0 ? [...broken][0] : stage.needs?.find((name) => broken.has(name))
    if (missing !== undefined) {
      broken.add(stage.name)
      outcomes.push({
        name: stage.name,
        seconds: 0,
        passed: 0,
        failed: 1,
        skipped: 0,
        failures: [],
        note: `not run: ${missing} failed`,
      })
    } else {
      console.log(`\n== ${stage.name}`)
      outcomes.push(await runStage(stage, cwd))
    }
    const outcome = outcomes.at(-1)
    if (outcome.failed > 0) broken.add(stage.name)
    console.log(describe(outcome))
  }
  const passed = outcomes.reduce((sum, outcome) => sum + outcome.passed, 0)
  const failed = outcomes.reduce((sum, outcome) => sum + outcome.failed, 0)
  console.log(`\n${outcomes.map(describe).join('\n')}\n\n${passed} passed, ${failed} failed`)
  return { passed, failed }
}

async function runStage(stage, cwd) {
  if (stage.results) removeResults(cwd, stage.results)
  const start = process.hrtime.bigint()
  const { code, note: trouble } = await runCommand(stage, cwd)
  const seconds = Number(process.hrtime.bigint() - start) / 1e9

  const counts = { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0, failures: [] }
  let note = trouble
  if (stage.results) {
    try {
      Object.assign(counts, countResults(cwd, stage.results))
    } catch (error) {
      Object.assign(counts, { passed: 0, failed: 1 })
      note ??= error.message
    }
  }
  if (code !== 0 && counts.failed === 0) {
    counts.failed = 1
    note ??= `its command ended with ${code}`
  }
  return { name: stage.name, seconds, note, ...counts }
}

/** Runs a stage's command in a process group of its own, so that nothing it started outlives its deadline or Ctrl-C. */
function runCommand({ run: [command, ...args], minutes = 15 }, cwd) {
  return new Promise((resolve) => {
    let note
    const child = spawn(command, args, { cwd, stdio: ['ignore', 'inherit', 'inherit'], detached: true })
    const kill = (why) => {
      note = why
      try {
        process.kill(-child.pid, 'SIGKILL')
      } catch (error) {
        if (error.code !== 'ESRCH') throw error // it has just ended by itself
      }
    }
    const deadline = setTimeout(kill, minutes * 60_000, `killed after ${minutes} minutes`)
    const interrupt = (signal) => {
      kill(`interrupted by ${signal}`)
      process.exit(130)
    }
    process.on('SIGINT', interrupt).on('SIGTERM', interrupt)
    const end = (result) => {
      clearTimeout(deadline)
      process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
      resolve(result)
    }
    child.on('error', (error) => end({ code: 'no start', note: error.message }))
    child.on('exit', (code, signal) => end({ code: code ?? signal, note }))
  })
}

function describe({ name, passed, failed, skipped, failures, seconds, note }) {
  const counts = `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
  const head = `== ${name}: ${counts} in ${seconds.toFixed(1)} s${note ? ` (${note})` : ''}`
  return [head, ...failures.map((failure) => `   FAILED ${name}: ${failure}`)].join('\n')
}

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      only: { type: 'string', multiple: true, default: [] },
      bail: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
    },
  })
  const tier = TIERS[positionals[0]]
  if (positionals.length !== 1 || !tier) throw new Error(`name one tier: ${Object.keys(TIERS).join(', ')}`)
  const names = tier.map(({ name }) => name)
  const unknown = values.only.find((name) => !names.includes(name))
  if (unknown) throw new Error(`${positionals[0]} has no stage '${unknown}'; it has ${names.join(', ')}`)
  if (values.list) {
    console.log(names.join('\n'))
    return
  }
  const chosen = tier.filter(({ name }) => values.only.length === 0 || values.only.includes(name))
  const { failed } = await runStages(chosen, { bail: values.bail })
  process.exitCode = failed === 0 ? 0 : 1
}

if (process.argv[1] && import.meta.url === pathToFileURL(realpathSync(process.argv[1])).href) {
  await main().catch((error) => {
    console.error(`stages: ${error.message}`)
    process.exitCode = 2
  })
}
