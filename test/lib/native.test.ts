// Loading: one instance for import and require, a clear error without an addon, no addon that two versions share.
import { cpSync, realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as imported from 'nanotally'
import { expect, test } from 'vitest'
import { ADDON } from '../support/addon.js'
import { assertEnded, runChild } from '../support/children.js'
import { read } from '../support/registry.js'
import { temporaryFolder } from '../support/temporary.js'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const require = createRequire(import.meta.url)

test('the addon that is loaded is the one under test', () => {
  const loaded = Object.keys(require.cache).filter((path) => path.endsWith('.node'))
  expect(loaded).toEqual([realpathSync(ADDON)])
})

test('import and require lead to one instance', async () => {
  const required = require('nanotally') as typeof imported
  const exported = new Map(Object.entries(imported))
  for (const [name, value] of Object.entries(required)) expect(exported.get(name), name).toBe(value)
  const options = { name: 'shared_total', help: 'h' }
  required.counter(options).inc()
  imported.counter(options).inc()
  expect(await read(imported.registry, 'shared_total')).toBe(2)
})

test('the public API, and nothing else', () => {
  expect(Object.keys(require('nanotally') as object).sort()).toEqual([
    'NanotallyError',
    'Registry',
    'collectRuntimeMetrics',
    'counter',
    'derivedGauge',
    'gauge',
    'health',
    'histogram',
    'info',
    'metricsHandler',
    'nativeInterface',
    'record',
    'registry',
    'setExemplarSource',
    'startExporter',
    'stateSet',
  ])
})

test('what the package exports', () => {
  expect((require('nanotally/package.json') as { name: string }).name).toBe('nanotally')
  expect(() => require('nanotally/dist/native.js')).toThrow(
    expect.objectContaining({ code: 'ERR_PACKAGE_PATH_NOT_EXPORTED' }),
  )
})

/** What a child says that loads the package from a folder with these files in place of addons, and these settings. */
async function load(files: Record<string, string>, { env = {}, before = '' } = {}) {
  const folder = temporaryFolder({
    'package.json': '{ "name": "nanotally", "type": "commonjs" }',
    'load.cjs': `
      ${before}
      try {
        require('./dist/index.js').counter({ name: 'a_total', help: 'h' }).inc()
        process.send({ loaded: true })
      } catch ({ name, code, message, cause }) { process.send({ name, code, message, causes: cause.errors.length }) }`,
    ...files,
  })
  cpSync(join(ROOT, 'dist'), join(folder, 'dist'), { recursive: true })
  const result = await runChild(join(folder, 'load.cjs'), { env: { NANOTALLY_ADDON: undefined, ...env } })
  assertEnded(result)
  return { folder, answer: result.messages[0] as { name: string; code: string; message: string; causes: number } }
}

const LOCAL = 'native/build/Release/nanotally.node'
const PREBUILT = `prebuilds/${process.platform}-${process.arch}/nanotally.node`
const BROKEN = 'no addon'

test('without an addon the error lists what was tried', async () => {
  const { folder, answer } = await load({})
  expect(answer).toMatchObject({ name: 'NanotallyError', code: 'ERR_NANOTALLY_NATIVE_LOAD', causes: 2 })
  expect(answer.message).toContain(`on ${process.platform}-${process.arch} (`)
  expect(answer.message).toContain(`Node ${process.version}`)
  for (const path of [LOCAL, PREBUILT]) expect(answer.message).toContain(`\n  ${join(folder, path)}: no such file`)
})

test('an addon that does not load is listed with what the loader said, and the next one is tried', async () => {
  const { folder, answer } = await load({ [LOCAL]: BROKEN })
  expect(answer.message).toMatch(new RegExp(`${join(folder, LOCAL)}: .*(too short|not a valid|invalid)`))
  expect(answer.message).toContain(`${join(folder, PREBUILT)}: no such file`)
  expect(answer.message).toContain('Delete it, or build it')
})

test('NANOTALLY_ADDON names the one addon that is tried', async () => {
  const env = { NANOTALLY_ADDON: ADDON }
  expect((await load({ [LOCAL]: BROKEN }, { env })).answer).toEqual({ loaded: true })
  const { answer } = await load({}, { env: { NANOTALLY_ADDON: '/nowhere/nanotally.node' } })
  expect(answer).toMatchObject({ code: 'ERR_NANOTALLY_NATIVE_LOAD', causes: 1 })
  expect(answer.message).toContain('\n  /nowhere/nanotally.node: no such file\n')
  expect(answer.message).toContain('NANOTALLY_ADDON names this file')
})

const pretend = (property: string, value: string) =>
  `Object.defineProperty(process, '${property}', { value: '${value}' })`
// Systems that no test here runs on: what Node says of itself is changed.
test.each([
  ['a bundler', `${pretend('platform', 'linux')};${pretend('arch', 'x64')}`, {}, 'keep nanotally external'],
  [
    'an old glibc',
    `${pretend('platform', 'linux')};${pretend('arch', 'x64')}`,
    { 'prebuilds/linux-x64/nanotally.node': BROKEN },
    'needs glibc 2.28 or newer',
  ],
  [
    'Alpine',
    `${pretend('platform', 'linux')}; ${pretend('arch', 'arm64')}; process.report.getReport = () => ({ header: {} })`,
    { 'prebuilds/linux-arm64/nanotally.node': BROKEN },
    '(musl), Node',
  ],
  ['a Mac', pretend('platform', 'darwin'), {}, 'no prebuilt binary for darwin-'],
  ['32 bits', pretend('arch', 'ia32'), {}, 'nanotally is for 64-bit systems'],
] as const)('what to do on %s', async (_, before, files, advice) => {
  const { answer } = await load({ ...files }, { before })
  expect(answer.message).toContain(advice)
  expect(answer.message).not.toContain('undefined')
})
