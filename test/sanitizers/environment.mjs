// The environment of every process under test: the sanitized addon in place of the built one, the sanitizers' runtimes, and
// how these behave. vitest.config.mts gives it to the processes of the project `sanitized`, which pass it on to theirs.
import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** @param {Record<string, string | number>} values */
const options = (values) =>
  Object.entries(values)
    .map(([name, value]) => `${name}=${value}`)
    .join(':')

/**
 * Empty unless scripts/test-sanitized-addon.sh is what runs, which says where it built the sanitized addons.
 *
 * @returns {Record<string, string>}
 * @throws Error when the compiler cannot tell where the sanitizers' runtimes are
 */
export function sanitizedEnvironment() {
  const build = process.env.NANOTALLY_SANITIZED_BUILD
  if (build === undefined) return {}
  const reports = join(build, 'reports')
  rmSync(reports, { recursive: true, force: true })
  mkdirSync(reports, { recursive: true })
  return {
    NANOTALLY_ADDON: join(build, 'nanotally/build/Release/nanotally.node'),
    NANOTALLY_PROBE: join(build, 'probe/build/Release/probe.node'),
    NANOTALLY_REPORTS: reports,
    NANOTALLY_TEST_DEADLINE_MS: '280000',
    NODE_OPTIONS: `--require=${join(ROOT, 'test/sanitizers/preload.cjs')}`,
    // Node is no sanitized program: the runtimes have to be there before it is.
    LD_PRELOAD: ['libasan.so', 'libubsan.so'].map(pathOfLibrary).join(' '),
    ...reportingTo(reports),
  }
}

/**
 * What makes the reports of a process go to files in a folder. An error aborts it; a leak is only reported.
 *
 * @param {string} folder
 * @returns {Record<string, string>}
 */
export function reportingTo(folder) {
  return {
    NANOTALLY_REPORTS: folder,
    ASAN_OPTIONS: options({
      log_path: join(folder, 'address'),
      abort_on_error: 1,
      detect_leaks: 1,
      detect_stack_use_after_return: 1,
      strict_string_checks: 1,
      // Node's own handler of SIGSEGV, which is for WebAssembly, would take the report's place.
      handle_segv: 2,
      // With the module of every frame: whose a leak is shows in them.
      stack_trace_format: "'    #%n <%m> %F %L'",
    }),
    // Node leaves blocks behind at its exit, so every process has leaks: they must not change its exit code.
    LSAN_OPTIONS: options({ exitcode: 0 }),
    UBSAN_OPTIONS: options({ log_path: join(folder, 'undefined'), abort_on_error: 1, print_stacktrace: 1 }),
  }
}

/** @param {string} name */
function pathOfLibrary(name) {
  const path = execFileSync(process.env.CXX ?? 'g++', [`-print-file-name=${name}`], { encoding: 'utf8' }).trim()
  if (path === name) throw new Error(`the compiler knows no ${name}`)
  return path
}
