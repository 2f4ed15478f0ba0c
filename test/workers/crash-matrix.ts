// The crash matrix: programs that end, or drop what they hold, at the worst moment. Each run is a forked child whose exit
// code and signal are told from outside; each run strikes at another moment.
import { describe, expect, test } from 'vitest'
import { assertEnded, type ChildResult, ENDING_FLAGS, runChild } from '../support/children.js'

interface CrashCase {
  /** The file in fixtures/crash. */
  script: string
  exitCode: number
  /** What the child must have come to: a case that ends too early would prove nothing. */
  reached: RegExp
  /** All it may say on stderr. */
  stderr?: RegExp
}

const CASES: Readonly<Record<string, CrashCase>> = {
  'process.exit() with live workers and scrapes in flight': {
    script: 'exit-live.mjs',
    exitCode: 3,
    reached: /^reached: 3 scrapes in flight\n$/,
  },
  'process.exit() in a worker': { script: 'exit-in-worker.mjs', exitCode: 0, reached: /^reached: the end\n$/ },
  'process.exit() right after render()': {
    script: 'exit-after-render.mjs',
    exitCode: 4,
    reached: /^reached: the exit\n$/,
  },
  'worker.terminate() during render()': {
    script: 'terminate-render.mjs',
    exitCode: 0,
    reached: /^reached: the end\n$/,
  },
  'module resets': { script: 'module-resets.mjs', exitCode: 0, reached: /^reached: the end\n$/ },
  'vm contexts': {
    script: 'vm-contexts.mjs',
    exitCode: 0,
    reached: /^reached: the end\n$/,
    stderr: /NANOTALLY_DROPPED/,
  },
  'a garbage collection of everything': { script: 'collected.mjs', exitCode: 0, reached: /^reached: the end\n$/ },
  'an uncaught exception while rendering': {
    script: 'uncaught.mjs',
    exitCode: 1,
    reached: /^reached: the exception\n$/,
    stderr: /Error: uncaught/,
  },
  'an uncaught exception in a worker while rendering': {
    script: 'uncaught-in-worker.mjs',
    exitCode: 0,
    reached: /^reached: the end\n$/,
  },
}

/** Children at a time: each has several threads of its own. */
const AT_ONCE = 2

/**
 * Defines a test for each case, and returns how many processes they start in all.
 *
 * @param defaultRuns - runs of each case unless the environment variable NANOTALLY_CRASH_RUNS says another number
 * @throws RangeError when that variable is no whole number above 0
 */
export function crashMatrix(defaultRuns: number): number {
  const runs = Number(process.env.NANOTALLY_CRASH_RUNS ?? defaultRuns)
  if (!Number.isInteger(runs) || runs < 1) throw new RangeError(`NANOTALLY_CRASH_RUNS: ${runs} is no number of runs`)
  describe(`${runs} runs each`, () => {
    test.each(Object.entries(CASES))('%s', async (_, crashCase) => {
      const results = await runAll(crashCase, runs)
      expect(results).toHaveLength(runs)
      for (const result of results) {
        assertEnded(result, { exitCode: crashCase.exitCode })
        expect(result.stdout).toMatch(crashCase.reached)
        expect(result.stderr).toMatch(crashCase.stderr ?? /^$/)
      }
    })
  })
  return runs * Object.keys(CASES).length
}

/** Runs a case so many times, AT_ONCE at a time. */
export async function runAll({ script }: Pick<CrashCase, 'script'>, runs: number): Promise<ChildResult[]> {
  const results: ChildResult[] = []
  let next = 0
  async function lane(): Promise<void> {
    while (next < runs) {
      const run = next++
      const url = new URL(`fixtures/crash/${script}`, import.meta.url)
      results[run] = await runChild(url, { args: [String(run)], nodeFlags: ['--expose-gc', ...ENDING_FLAGS] })
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, lane))
  return results
}
