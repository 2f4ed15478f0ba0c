// Loading: one instance for import and require, a clear error without an addon, no addon that two versions share.
import { cpSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as imported from 'nanotally'
import { expect, test } from 'vitest'
import { assertEnded, runChild } from '../support/children.js'
import { read } from '../support/registry.js'
import { temporaryFolder } from '../support/temporary.js'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const require = createRequire(import.meta.url)

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
    'counter',
    'derivedGauge',
    'gauge',
    'histogram',
    'info',
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

test('without an addon the error says what was tried and what to do', async () => {
  const folder = temporaryFolder({
    'package.json': '{ "name": "nanotally", "type": "commonjs" }',
    'load.cjs': `
      try { require('./dist/index.js') }
      catch ({ name, code, message, cause }) { process.send({ name, code, message, cause: String(cause) }) }`,
  })
  cpSync(join(ROOT, 'dist'), join(folder, 'dist'), { recursive: true })
  cpSync(join(ROOT, 'node_modules/node-gyp-build'), join(folder, 'node_modules/node-gyp-build'), { recursive: true })
  const result = await runChild(join(folder, 'load.cjs'))
  assertEnded(result)
  const [error] = result.messages as { name: string; code: string; message: string; cause: string }[]
  expect(error).toMatchObject({ name: 'NanotallyError', code: 'ERR_NANOTALLY_NATIVE_LOAD' })
  for (const part of [
    `${process.platform}-${process.arch}`,
    process.version,
    folder,
    'npx node-gyp rebuild',
    error?.cause.replace(/^Error: /, ''),
  ]) {
    expect(error?.message).toContain(part)
  }
})
