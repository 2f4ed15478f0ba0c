// vitest 4 with the installed package, in each of its pools, without a configuration.
import { copyFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ended } from './commands.js'
import { Project } from './project.js'
import { TOOLS, tarball } from './tarball.js'

const VITEST = ['node', join(TOOLS, 'node_modules/vitest/vitest.mjs'), 'run', '--globals']
const REPORT = ['--reporter=json', '--outputFile=results.json']

let app: Project
beforeAll(async () => {
  app = new Project()
  await app.install(tarball())
  app.addFixtures('vitest')
  for (const copy of ['second', 'third']) {
    copyFileSync(join(app.folder, 'first.test.mjs'), join(app.folder, `${copy}.test.mjs`))
  }
})
afterAll(() => app.remove())

test.each([
  { pool: 'forks', args: ['--maxWorkers=2'] },
  { pool: 'threads', args: ['--maxWorkers=2'] },
  { pool: 'vmForks', args: ['--maxWorkers=2'] },
  { pool: 'vmThreads', args: ['--maxWorkers=2'] },
  { pool: 'threads', args: ['--maxWorkers=1', '--no-isolate'] },
])('$pool $args', async ({ pool, args }) => {
  const run = ended(await app.run([...VITEST, ...REPORT, `--pool=${pool}`, ...args]))
  // Where a pool's process or thread did not end, it would say so.
  expect(run.stderr).toBe('')
  const results = JSON.parse(readFileSync(join(app.folder, 'results.json'), 'utf8'))
  expect(results).toMatchObject({ success: true, numPassedTestSuites: 3, numPassedTests: 12, numTotalTests: 12 })
})
