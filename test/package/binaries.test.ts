// The prebuilt binaries ask little of a system: an old glibc, no other library, and they show others nothing of their own.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { type Binary, isNewer, readBinary } from './binaries.js'
import { ROOT, unpacked } from './tarball.js'

const OLDEST_GLIBC = '2.28'
const ENTRIES = ['napi_register_module_v1', 'node_api_module_get_api_version_v1']

const tooNew = (binary: Binary) =>
  binary.undefined.filter(({ version }) => version !== '' && isNewer(version, OLDEST_GLIBC))

describe.each([
  ['x64', ['ld-linux-x86-64.so.2', 'libc.so.6', 'libm.so.6']],
  ['arm64', ['ld-linux-aarch64.so.1', 'libc.so.6', 'libm.so.6']],
])('linux-%s', (arch, libraries) => {
  let binary: Binary
  beforeAll(() => {
    binary = readBinary(join(unpacked(), 'prebuilds', `linux-${arch}`, 'nanotally.node'))
  })

  test(`binds no symbol that is newer than glibc ${OLDEST_GLIBC}`, () => {
    expect(binary.undefined.filter(({ version }) => version !== '').length).toBeGreaterThan(50)
    expect(tooNew(binary)).toEqual([])
  })

  test('needs glibc alone: without a version there are but Node-API and libuv, which are in Node', () => {
    expect(libraries).toEqual(expect.arrayContaining(binary.needed))
    expect(binary.needed).toContain('libc.so.6')
    const others = binary.undefined.filter(({ version, weak }) => version === '' && !weak).map(({ name }) => name)
    expect(others.filter((name) => !/^(napi|node_api|uv)_/.test(name))).toEqual([])
    expect(others.length).toBeGreaterThan(20)
  })

  test('exports the entry points of Node-API and nothing else', () => {
    expect(binary.exported.sort()).toEqual(ENTRIES)
  })

  test('is never unloaded', () => {
    expect(binary.flags).toContain('NODELETE')
  })
})

test('these checks can fail: the addon of this checkout is for this system alone', () => {
  const built = readBinary(join(ROOT, 'native/build/Release/nanotally.node'))
  expect(built.needed).toContain('libstdc++.so.6')
  expect(tooNew(built).map(({ name }) => name)).toEqual(expect.arrayContaining(['log2']))
  const libstdcxx = execFileSync('g++', ['-print-file-name=libstdc++.so.6'], { encoding: 'utf8' }).trim()
  expect(readBinary(libstdcxx).exported.length).toBeGreaterThan(1000)
})

test('versions are compared as numbers', () => {
  expect(['GLIBC_2.2.5', 'GLIBC_2.9', 'GLIBC_2.28'].filter((version) => isNewer(version, '2.28'))).toEqual([])
  const newer = ['GLIBC_2.29', 'GLIBC_2.100', 'GLIBC_3.0', 'GLIBCXX_3.4', 'GLIBC_PRIVATE', 'GCC_3.0']
  expect(newer.filter((version) => isNewer(version, '2.28'))).toEqual(newer)
})
