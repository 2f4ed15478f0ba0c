// The vitest projects: which tests there are, and the deadlines they run under.
// Tests import the built package by its name, so `npm run build` comes first.
//   unit               test/{lib,page,native,examples,bench,scripts,alerts,dashboards,deploy}: one thing at a time, no servers
//   browser            test/browser: the live page in Chromium
//   property           test/property: fast-check, the seed printed on failure
//   workers            test/workers: worker threads, teardown, forked children
//   native-interface   test/native-interface: addons and native threads that record through the C ABI
//   sanitized          test/sanitizers: the addon under AddressSanitizer, UBSan and LeakSanitizer; scripts/test-sanitized-addon.sh
//                      builds it so, and runs them
//   package            test/package: what npm packs, installed and used as users do; scripts/test-package.sh packs it
//   guests             test/guests: emulated machines, by scripts/guest.sh
//   crash              the *.long.test.ts of test/workers: the crash matrix of npm run test:full
//   support            test/support-tests: the helpers of test/support, with the servers that they start
//   integration-quick  the *.quick.test.ts of test/integration: what npm test shows against real servers
//   integration-alone  the *.alone.test.ts of test/integration: what wants the processors for itself
//   integration        the rest of test/integration
import { defineConfig } from 'vitest/config'
import { sanitizedEnvironment } from './test/sanitizers/environment.mjs'
import { TIME_FACTOR } from './test/support/time-factor.mjs'

const long = '**/*.long.test.ts'
const quick = '**/*.quick.test.ts'
const alone = '**/*.alone.test.ts'
const second = 1_000

// The tests' processes run by another Node than vitest's own, which has to be of this machine's architecture
// (scripts/portable-arm64.sh): vitest starts them, as tests start their children, by process.execPath.
if (process.env.NANOTALLY_TEST_NODE) process.execPath = process.env.NANOTALLY_TEST_NODE
/** What is left out by a caller, separated by blanks: --exclude does not reach the projects. */
const leftOut = (process.env.NANOTALLY_TEST_EXCLUDE ?? '').split(' ').filter((glob) => glob !== '')

/** Deadlines are generous: a loaded machine is slow, and no test waits for one that it does not need. */
function project(
  name: string,
  include: string[],
  exclude: string[],
  seconds: number,
  env: Record<string, string> = {},
) {
  const timeout = seconds * second * TIME_FACTOR
  return {
    extends: true as const,
    test: { name, include, exclude: [...exclude, ...leftOut], env, testTimeout: timeout, hookTimeout: timeout },
  }
}

export default defineConfig({
  test: {
    // Each file in a process of its own: a registry lives as long as its process, and an abort fails one file only.
    pool: 'forks',
    isolate: true,
    maxWorkers: 2,
    // dist/ is what users load. It is loaded by Node itself, never transformed: import and require then meet in one
    // module instance and one addon.
    server: { deps: { external: [/\/dist\/.*\.m?js$/, /\.node$/] } },
    projects: [
      project(
        'unit',
        ['test/{lib,page,native,examples,bench,scripts,alerts,dashboards,deploy}/**/*.test.ts'],
        [long],
        60,
      ),
      project('browser', ['test/browser/**/*.test.ts'], [], 180),
      project('property', ['test/property/**/*.test.ts'], [long], 120),
      project('workers', ['test/workers/**/*.test.ts'], [long], 180),
      project('native-interface', ['test/native-interface/**/*.test.ts'], [long], 180),
      project('sanitized', ['test/sanitizers/**/*.test.ts'], [], 300, sanitizedEnvironment()),
      project('package', ['test/package/**/*.test.ts'], ['**/node_modules/**'], 300),
      project('guests', ['test/guests/**/*.test.ts'], [], 1000),
      project('crash', ['test/workers/**/*.long.test.ts'], [], 600),
      project('support', ['test/support-tests/**/*.test.ts'], [], 120),
      project('integration-quick', ['test/integration/**/*.quick.test.ts'], [], 180),
      project('integration-alone', ['test/integration/**/*.alone.test.ts'], [], 300),
      project('integration', ['test/integration/**/*.test.ts'], [quick, alone], 300),
    ],
    coverage: {
      provider: 'v8',
      // What runs is dist/; its source maps lead back to lib/, and the report is about lib/.
      // Of the live page the model runs here, from its sources; the views run in Chromium, as a bundle.
      include: ['dist/**/*.{js,mjs}', 'page/src/model/**/*.ts'],
      exclude: ['dist/live/**'],
      reporter: ['text', 'json-summary', 'html'],
      thresholds: { lines: 90, functions: 90, branches: 90, statements: 90 },
    },
  },
})
