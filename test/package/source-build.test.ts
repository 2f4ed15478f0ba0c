// The addon built from the sources in the package, by the one command that docs/platform-support.md gives, and preferred.
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseMarkdown } from '../support/markdown.js'
import { ended } from './commands.js'
import { runProgram } from './programs.js'
import { project } from './project.js'
import { packedFile, tarball } from './tarball.js'

const MINUTES = 60_000

function documentedCommand(): string {
  const { blocks } = parseMarkdown(packedFile('docs/platform-support.md'))
  const [block, ...others] = blocks.filter(({ heading, language }) => heading === 'Building it' && language === 'sh')
  expect(others).toEqual([])
  return (block?.code ?? '').trim()
}

/** This machine's own environment: a compiler on PATH, and npm's configuration, which may say where Node's headers are. */
function environmentOfThisMachine(): Record<string, string> {
  const kept = Object.entries(process.env).filter(([name]) => !/^(npm_|NANOTALLY_|VITEST|NODE_OPTIONS$)/.test(name))
  const npmrc = process.env.npm_config_userconfig
  // Not optimised, which would take most of the time: nothing here measures what is built.
  return Object.fromEntries([...kept, ...(npmrc ? [['npm_config_userconfig', npmrc]] : []), ['CXXFLAGS', '-O0']])
}

test('npm explore nanotally -- npm run build:native', { timeout: 10 * MINUTES }, async () => {
  const command = documentedCommand()
  expect(command).toBe('npm explore nanotally -- npm run build:native')
  const app = project()
  await app.install(tarball())
  app.addFixtures('programs')
  const folder = join(app.folder, 'node_modules/nanotally')
  expect((await runProgram(app, ['node', 'main.mjs'])).addons).toEqual([
    join(folder, `prebuilds/linux-${process.arch}/nanotally.node`),
  ])

  ended(await app.run(['sh', '-c', command], { env: environmentOfThisMachine(), timeoutMs: 9 * MINUTES }))
  const built = join(folder, 'native/build/Release/nanotally.node')
  for (const script of ['main.mjs', 'main.cjs']) {
    expect(await runProgram(app, ['node', script])).toEqual({ jobs: { main: 1, worker: 2 }, addons: [built] })
  }
})
