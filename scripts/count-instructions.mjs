// Counts the instructions of one record, get, snapshot and render of the native core under valgrind and compares them with
// native/bench/instructions.json: node scripts/count-instructions.mjs [--update] [--json FILE]
//   --update        writes the counts into the baseline, for this compiler and architecture
//   --json FILE     writes them to a file as well
//   --baseline FILE, --program FILE   other files than those of this checkout; tests use them
//
// Unlike times, counts are the same on a busy machine. They hold for one compiler: another one's are compared with nothing,
// which is said and is no failure. A count that fell fails too: left alone, the baseline would let it rise again unseen.
// valgrind has no restartable sequences, so counters and histograms are counted on their fallback, an atomic add.
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
/** By how much a count may differ from its baseline, as a share of it. */
const TOLERANCE = 0.01
/** How often a path is run, and then twice as often: multiples of the 64 values that the programs rotate over. */
const TIMES = 640
/**
 * How often where it is cheap. Two starts may differ by some hundred instructions, such as waits for another thread on a busy
 * machine: of 640 times 47 that was more than the tolerance.
 */
const TIMES_OF_CHEAP = 64_000
const CHEAP = 10_000

const { values: options } = parseArgs({
  options: {
    update: { type: 'boolean', default: false },
    json: { type: 'string' },
    baseline: { type: 'string', default: `${ROOT}native/bench/instructions.json` },
    program: { type: 'string' },
  },
})

try {
  process.exitCode = main()
} catch (error) {
  console.error(`count-instructions: ${error.message}`)
  process.exitCode = 1
}

function main() {
  const program = options.program ?? build()
  const about = JSON.parse(run('valgrind', ['-q', '--tool=none', program, 'about']).stdout)
  const counted = Object.fromEntries(about.paths.map((path) => [path, countOne(program, path)]))
  if (about.paths.length === 0) throw new Error(`${program} has no paths: nothing was counted`)
  const now = { compiler: about.compiler, architecture: about.architecture, instructions: counted }
  if (options.json) write(options.json, now)
  console.log(
    `instructions of one operation, loop included; ${now.compiler}, ${now.architecture}, ` +
      `${about.rseq ? 'with' : 'without'} restartable sequences${about.rseq ? '' : ', which valgrind lacks: the fallback'}`,
  )

  const baselines = JSON.parse(readFileSync(options.baseline, 'utf8'))
  const isThis = ({ compiler, architecture }) => compiler === now.compiler && architecture === now.architecture
  if (options.update) {
    write(options.baseline, [...baselines.filter((baseline) => !isThis(baseline)), now])
    for (const [path, count] of Object.entries(counted)) console.log(row(path, count))
    console.log(`count-instructions: ${about.paths.length} paths written to ${options.baseline}`)
    return 0
  }

  const baseline = baselines.find(isThis)
  if (baseline === undefined) {
    for (const [path, count] of Object.entries(counted)) console.log(row(path, count))
    const known = baselines.map(({ compiler, architecture }) => `${compiler} on ${architecture}`).join(', ')
    console.log(
      `count-instructions: ${about.paths.length} paths counted and compared with nothing: there is no baseline for ` +
        `${now.compiler} on ${now.architecture}, only for ${known || 'nothing'}`,
    )
    return 0
  }
  return compare(counted, baseline.instructions)
}

function compare(counted, baseline) {
  const faults = []
  for (const path of new Set([...Object.keys(baseline), ...Object.keys(counted)])) {
    const [before, after] = [baseline[path], counted[path]]
    if (before === undefined || after === undefined) {
      faults.push(`${path} is ${before === undefined ? 'not in the baseline' : 'in the baseline only'}`)
      continue
    }
    const change = after / before - 1
    console.log(row(path, after, before, change))
    // Written this way round, a count that is no number is a fault.
    if (!(Math.abs(change) <= TOLERANCE)) faults.push(`${path} takes ${after} instructions, ${before} in the baseline`)
  }
  for (const fault of faults) console.error(`count-instructions: ${fault}`)
  if (faults.length > 0) {
    console.error('count-instructions: if that is meant, run: node scripts/count-instructions.mjs --update')
  }
  console.log(`count-instructions: ${Object.keys(counted).length} paths compared, ${faults.length} differ`)
  return faults.length === 0 ? 0 : 1
}

function countOne(program, path) {
  const count = countOver(program, path, TIMES)
  return count < CHEAP ? countOver(program, path, TIMES_OF_CHEAP) : count
}

/** What doing it once more costs: twice as many runs take that much longer, and start and end alike. */
function countOver(program, path, over) {
  const [once, twice] = [over, 2 * over].map((times) => {
    const { stderr } = run('valgrind', [
      '--tool=callgrind',
      '--callgrind-out-file=/dev/null',
      program,
      path,
      String(times),
    ])
    const collected = /Collected : (\d+)/.exec(stderr)?.[1]
    if (collected === undefined) throw new Error(`valgrind printed no count for ${path}:\n${stderr}`)
    return Number(collected)
  })
  const count = Math.round((10 * (twice - once)) / over) / 10
  if (!(count > 0)) throw new Error(`${path}: ${over} more runs took ${twice - once} more instructions`)
  return count
}

function build() {
  run('bash', ['-c', '. scripts/setup.sh; ensure_command valgrind valgrind; scripts/build-native-bench.sh'])
  return `${ROOT}build/native-bench/instructions`
}

function run(command, args) {
  // The same way through the C library's copies on processors with different vector units.
  const env = { ...process.env, GLIBC_TUNABLES: 'glibc.cpu.hwcaps=-AVX2,-AVX,-ERMS' }
  const { status, signal, error, stdout, stderr } = spawnSync(command, args, { cwd: ROOT, encoding: 'utf8', env })
  if (error) throw new Error(`${command} could not be started: ${error.message}`)
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${signal ?? status}\n${stderr}`)
  return { stdout, stderr }
}

function row(path, count, before, change) {
  const against = before === undefined ? '' : `  ${before}  ${change >= 0 ? '+' : ''}${(100 * change).toFixed(2)} %`
  return `   ${path.padEnd(20)}  ${String(count).padStart(10)}${against}`
}

function write(file, content) {
  writeFileSync(file, `${JSON.stringify(content, undefined, 2)}\n`)
}
