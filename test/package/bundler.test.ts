// Bundled by esbuild with the command of docs/getting-started.md, and without what that command is about.
import { cpSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseMarkdown } from '../support/markdown.js'
import { ended } from './commands.js'
import { runProgram } from './programs.js'
import { Project, project } from './project.js'
import { packedFile, tarball } from './tarball.js'

const EXTERNAL = ' --external:nanotally'

/** The page's one command, as it is in the package. */
function documentedCommand(): string {
  const { blocks } = parseMarkdown(packedFile('docs/getting-started.md'))
  const commands = blocks.filter(({ heading, language }) => heading === 'Bundlers' && language === 'sh')
  expect(commands).toHaveLength(1)
  expect(commands[0]?.code).toContain(EXTERNAL)
  return (commands[0]?.code ?? '').trim()
}

let app: Project
beforeAll(async () => {
  app = new Project()
  await app.install(tarball())
  app.addTool('esbuild', 'bin/esbuild')
})
afterAll(() => app.remove())

/** Runs a command that writes to out/, and carries that off to another folder, where nothing is but what it made. */
async function bundleBy(command: string): Promise<Project> {
  ended(await app.run(['sh', '-c', command]))
  const elsewhere = project()
  cpSync(join(app.folder, 'out'), elsewhere.folder, { recursive: true })
  return elsewhere
}

test('the documented command makes an app that works once the package is installed beside it', async () => {
  app.write({ 'app.mjs': readFileSync(new URL('fixtures/programs/main.mjs', import.meta.url), 'utf8') })
  const out = await bundleBy(documentedCommand())
  await out.install(tarball())
  const { jobs, addons } = await runProgram(out, ['node', 'app.mjs'])
  expect(jobs).toEqual({ main: 1, worker: 2 })
  expect(addons).toEqual([join(out.folder, `node_modules/nanotally/prebuilds/linux-${process.arch}/nanotally.node`)])
})

describe('without --external', () => {
  test.each(['esm', 'cjs'])('as %s the app ends at once, with what to do', async (format) => {
    // Without top-level await, which CommonJS has not.
    app.write({ 'app.mjs': `import { counter } from 'nanotally'\ncounter({ name: 'a_total', help: 'A.' }).inc()\n` })
    const command = documentedCommand().replace(EXTERNAL, '')
    const out = await bundleBy(
      command.replace('--format=esm', `--format=${format}`).replace('out/app.mjs', 'out/app.js'),
    )
    out.write({ 'package.json': JSON.stringify({ type: format === 'esm' ? 'module' : 'commonjs' }) })
    const { exitCode, signal, stderr } = await out.run(['node', 'app.js'])
    expect({ exitCode, signal }).toEqual({ exitCode: 1, signal: null })
    expect(stderr).toContain("code: 'ERR_NANOTALLY_NATIVE_LOAD'")
    expect(stderr).toContain(
      'If a bundler moved the code, keep nanotally external (docs/getting-started.md, "Bundlers")',
    )
  })
})
