// The package's types as compilers find them: publint, are-the-types-wrong, and TypeScript 7 in each kind of project, which
// looks into the declarations too (skipLibCheck: false) and has no types of Node.
import { rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ended, type Run } from './commands.js'
import { changedTarball, Project, project } from './project.js'
import { TOOLS, tarball } from './tarball.js'

const tool = (path: string) => ['node', join(TOOLS, 'node_modules', path)]
const publint = (archive: string) => project().run([...tool('publint/src/cli.js'), 'run', archive, '--strict'])
// Without a configuration: no rule is ignored.
const areTheTypesWrong = (archive: string) =>
  project().run([...tool('@arethetypeswrong/cli/dist/index.js'), archive, '--format', 'json'])

/** Types that only `import` finds are missing. */
const withoutModuleTypes = () => changedTarball((folder) => rmSync(join(folder, 'dist/index.d.mts')))

test('publint has not even a suggestion', async () => {
  const { stdout } = ended(await publint(tarball()))
  expect(stdout).toContain('All good!')
  expect((await publint(await withoutModuleTypes())).exitCode).not.toBe(0)
})

test('are-the-types-wrong finds no problem, however the package is resolved', async () => {
  const problemsOf = ({ stdout }: Run) => Object.values(JSON.parse(stdout).problems ?? {}).flat()
  const { analysis } = JSON.parse(ended(await areTheTypesWrong(tarball())).stdout)
  expect(analysis.problems).toEqual([])
  const resolutions = Object.values<{ resolution?: { fileName: string } }>(analysis.entrypoints['.'].resolutions)
  expect(resolutions.map(({ resolution }) => resolution?.fileName.replace(/^.*\/dist\//, ''))).toEqual([
    'index.d.ts', // node10
    'index.d.ts', // node16 from CommonJS
    'index.d.mts', // node16 from ES modules
    'index.d.mts', // bundler
  ])
  const wrong = await areTheTypesWrong(await withoutModuleTypes())
  expect(wrong.exitCode).not.toBe(0)
  expect(problemsOf(wrong)).not.toEqual([])
})

const BODY = `
const requests = counter({ name: 'requests_total', help: 'Requests.', labels: ['method', 'status'] })
requests.inc({ method: 'GET', status: 200 })
requests.labels('GET', 200).inc(2)
// @ts-expect-error a wrong label
requests.inc({ method: 'GET', code: 200 })
// @ts-expect-error a missing label
requests.inc({ method: 'GET' })
// @ts-expect-error a missing value
requests.labels('GET')
const seconds = histogram({ name: 'request_seconds', help: 'Time.', unit: 'seconds', buckets: [0.1, 1] })
seconds.observe(0.5)
// @ts-expect-error a label where none is declared
seconds.observe({ method: 'GET' }, 0.5)

export async function scrape(other: Registry): Promise<Uint8Array> {
  const exporter = await startExporter({ port: 0, registry: other })
  const text: string = await registry.metrics()
  const { body } = await registry.render({ accept: text })
  await exporter.close()
  const error: Error = new NanotallyError('ERR', exporter.url)
  if (error instanceof NanotallyError && error.code === 'ERR_NANOTALLY_LISTEN') throw error
  return body
}
`
const NAMES = 'counter, histogram, NanotallyError, Registry, registry, startExporter'
const FROM_ESM = `import { ${NAMES} } from 'nanotally'\n${BODY}`
const FROM_CJS = `import nanotally = require('nanotally')
const { ${NAMES.replace(' Registry,', '')} } = nanotally
type Registry = nanotally.Registry\n${BODY}`

interface Kind {
  module: string
  moduleResolution: string
  files: Readonly<Record<string, string>>
}

const PROJECTS: readonly Kind[] = [
  { module: 'node16', moduleResolution: 'node16', files: { 'main.mts': FROM_ESM, 'main.cts': FROM_CJS } },
  { module: 'nodenext', moduleResolution: 'nodenext', files: { 'main.mts': FROM_ESM, 'main.cts': FROM_CJS } },
  { module: 'esnext', moduleResolution: 'bundler', files: { 'main.ts': FROM_ESM } },
  { module: 'preserve', moduleResolution: 'bundler', files: { 'main.mts': FROM_ESM, 'main.cts': FROM_CJS } },
]

/** The file of the package that a source's import led to, as `--explainFiles` tells. */
function declarationsFor(source: string, explained: string): string | undefined {
  let file = ''
  for (const line of explained.split('\n')) {
    if (!line.startsWith(' ')) file = basename(line)
    else if (line.includes("Imported via 'nanotally'") && line.includes(`/${source}'`)) return file
  }
  return undefined
}

describe('TypeScript', () => {
  let app: Project
  beforeAll(async () => {
    app = new Project()
    await app.install(tarball())
  })
  afterAll(() => app.remove())

  /** Compiles a project of these files, and says what the compiler looked at and found fault with. */
  async function compile(options: object, files: Readonly<Record<string, string>>, folder: string): Promise<Run> {
    const compilerOptions = { ...options, target: 'es2022', strict: true, types: [], noEmit: true, skipLibCheck: false }
    const config = { compilerOptions, files: Object.keys(files) }
    const all = { ...files, 'tsconfig.json': JSON.stringify(config) }
    app.write(Object.fromEntries(Object.entries(all).map(([path, text]) => [join(folder, path), text])))
    return app.run([...tool('typescript/bin/tsc'), '--project', folder, '--explainFiles'])
  }

  test.each(PROJECTS)('$module, $moduleResolution', async ({ files, ...options }) => {
    const { stdout } = ended(await compile({ ...options, exactOptionalPropertyTypes: true }, files, options.module))
    const found = Object.keys(files).map((source) => declarationsFor(source, stdout))
    expect(found).toEqual(Object.keys(files).map((source) => (source === 'main.cts' ? 'index.d.ts' : 'index.d.mts')))
    expect(stdout).not.toContain('@types/node')
  })

  test('a label that is wrong or missing is an error where nothing marks it as one', async () => {
    const files = { 'main.mts': FROM_ESM.replaceAll(/^\/\/ @ts-expect-error.*$/gm, '') }
    const { exitCode, stdout } = await compile({ module: 'nodenext' }, files, 'unmarked')
    expect(exitCode).not.toBe(0)
    const errors = stdout.match(/^\S+ error TS\d+/gm) ?? []
    expect(errors).toHaveLength(4)
    expect(stdout).toContain("'code' does not exist in type")
    expect(stdout).toContain("Property 'status' is missing in type")
  })

  test('declarations with an error in them are one', async () => {
    const broken = new Project()
    try {
      await broken.install(
        await changedTarball((folder) => {
          rmSync(join(folder, 'dist/errors.d.ts'))
        }),
      )
      broken.write({ 'main.mts': FROM_ESM })
      const flags = ['--noEmit', '--module', 'nodenext', '--types', '', '--skipLibCheck', 'false']
      const { stdout } = await broken.run([...tool('typescript/bin/tsc'), ...flags, 'main.mts'])
      expect(stdout).toMatch(/nanotally\/dist\/\S+ error TS7016/)
    } finally {
      broken.remove()
    }
  })
})
