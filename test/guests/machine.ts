// The machines on which test/guests/suite runs: boots one, and tells what came of it. scripts/test-guests.sh has built what
// runs there.
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

/** On a busy host; a quiet one takes a minute at most. Less than the deadline of a test. */
const GUEST_SECONDS = '900'
const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/**
 * One of this machine's threads executes all CPUs, in turns. With a thread each, those that wait for a CPU whose thread
 * this machine has stopped take its time, and have been seen to do so to the end of the test.
 */
const ONE_THREAD = ['-accel', 'tcg,thread=single']
/** To prepare a machine on which no native test may skip itself for lack of nodes. */
export const HAS_NODES = 'export NANOTALLY_TEST_NUMA=1'

/** Those of test/guests/suite. */
export const SUITES = ['topology', 'pmu', 'placement', 'regions', 'process'] as const

export interface Machine {
  name: string
  arch: 'amd64' | 'arm64'
  /** What else QEMU is told; without -smp it is 4 CPUs in 2 nodes. */
  qemu?: readonly string[]
  /** Shell commands that come first. */
  prepare?: string
  suites: readonly string[]
}

/** What test/guests/suite/run.mjs leaves. */
interface Report {
  assertions: number
  tests: number
  failures: string[]
  branches: string[]
}

export interface Outcome {
  code: number
  /** What was printed in the guest, and by what booted it. */
  output: string
  /** Of all suites; undefined where they left nothing. */
  suite?: Report
  /** Of that of the topology, run once more with libnuma. */
  libnuma?: Report
  /** `names`: of those that ran, as `native: Suite.Test`. */
  native: { ran: number; failed: number; skipped: number; names: string[] }
}

/** Boots a machine. `files`: more of them, by their paths in it. */
export async function boot(machine: Machine, files: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'nanotally-guest-'))
  try {
    const run = `${machine.prepare ?? ''}\nexec sh /app/test/guests/suite/run.sh ${machine.suites.join(' ')}\n`
    for (const [path, text] of Object.entries({ ...files, '/run.sh': run })) {
      mkdirSync(dirname(join(folder, 'payload', path)), { recursive: true })
      writeFileSync(join(folder, 'payload', path), text)
    }
    const results = join(folder, 'results')
    const layers = [node(machine.arch), join(ROOT, 'build', 'guests', `${machine.arch}.cpio`)]
    const args = [...layers.flatMap((layer) => ['--layer', layer]), machine.arch, join(folder, 'payload'), results]
    args.push('--', ...ONE_THREAD, ...(machine.qemu ?? []))
    const { code, output } = await runToTheEnd(join(ROOT, 'scripts', 'guest.sh'), args)
    const report = (name: string): Report | undefined =>
      existsSync(join(results, name)) ? JSON.parse(readFileSync(join(results, name), 'utf8')) : undefined
    return {
      code,
      output,
      suite: report('suite.json'),
      libnuma: report('libnuma.json'),
      native: nativeResults(results),
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function node(arch: Machine['arch']): string {
  const layer = process.env[`NANOTALLY_GUEST_NODE_${arch.toUpperCase()}`]
  if (!layer) throw new Error('these tests are run by: npm run test:guests')
  return layer
}

function runToTheEnd(program: string, args: readonly string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    execFile(program, args, { maxBuffer: 1 << 26, env: { ...process.env, GUEST_SECONDS } }, (error, stdout, stderr) => {
      const code = error ? (typeof error.code === 'number' ? error.code : -1) : 0
      resolve({ code, output: `${stdout}${stderr}` })
    })
  })
}

/** What gtest left, of all its programs. */
function nativeResults(results: string): Outcome['native'] {
  const folder = join(results, 'native')
  const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.xml')) : []
  const text = files.map((name) => readFileSync(join(folder, name), 'utf8')).join('')
  const count = (what: string) => text.split(what).length - 1
  return {
    ran: count('result="completed"'),
    failed: count('<failure '),
    skipped: count('result="skipped"'),
    names: [...text.matchAll(/<testcase name="([^"]*)".*? result="completed".* classname="([^"]*)"/g)].map(
      ([, name, suite]) => `native: ${suite}.${name}`,
    ),
  }
}

/**
 * What is wrong with an outcome. `branches` are the answers that the machine's kernel is known to give: were one lost, the
 * suites would go by another, and pass.
 */
export function problems({ code, suite, libnuma, native }: Outcome, branches: readonly string[]): string[] {
  const found: string[] = []
  for (const [name, report] of Object.entries({ suites: suite, 'topology with libnuma': libnuma })) {
    if (report === undefined) found.push(`${name}: no report`)
    else if (report.assertions === 0) found.push(`${name}: nothing was asserted`)
    for (const failure of report?.failures ?? []) found.push(`${name}: ${failure}`)
  }
  if (native.ran === 0) found.push('native tests: none ran')
  if (native.failed > 0) found.push(`native tests: ${native.failed} failed`)
  const taken = [...(suite?.branches ?? []), ...native.names]
  for (const branch of branches) if (!taken.includes(branch)) found.push(`not found there: ${branch}`)
  if (libnuma && !libnuma.branches.includes('topology from libnuma')) found.push('libnuma was not found')
  if (code !== 0) found.push(`exit code ${code}`)
  return found
}

/** Boots the machine, and tests that all passed there. */
export function testMachine(machine: Machine, branches: readonly string[]): void {
  test(machine.name, async () => {
    const outcome = await boot(machine)
    const { output, suite, libnuma, native } = outcome
    const found = problems(outcome, ['topology from sysfs', ...branches])
    if (found.length > 0) console.log(output)
    const assertions = (suite?.assertions ?? 0) + (libnuma?.assertions ?? 0)
    console.log(
      `${machine.name}: ${assertions} assertions in ${(suite?.tests ?? 0) + (libnuma?.tests ?? 0)} tests, ` +
        `${native.ran} native tests ran, ${native.skipped} were skipped; ` +
        (suite?.branches ?? []).join(', '),
    )
    expect(found).toEqual([])
  })
}
