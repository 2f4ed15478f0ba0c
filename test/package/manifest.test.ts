// What package.json of the tarball promises and runs.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { packedFile, packedFiles, ROOT } from './tarball.js'

const manifest = JSON.parse(packedFile('package.json'))
const files = packedFiles()

/** npm runs these when a package is installed, some of them only from git. */
const RUN_BY_INSTALLS = ['preinstall', 'install', 'postinstall', 'preprepare', 'prepare', 'postprepare', 'prepublish']

/** The files that `exports` leads to, under whatever conditions; nothing where it closes a path. */
function targetsOf(exported: unknown): string[] {
  if (exported === null) return []
  if (typeof exported === 'string') return [exported]
  return Object.values(exported as object).flatMap(targetsOf)
}

describe('installing', () => {
  test('runs no script: none is there, and nothing that npm would make one of', () => {
    expect(Object.keys(manifest.scripts)).toContain('build:native')
    expect(Object.keys(manifest.scripts).filter((name) => RUN_BY_INSTALLS.includes(name))).toEqual([])
    expect(files).not.toContain('binding.gyp')
    expect(files).toContain('native/binding.gyp')
    expect(manifest.gypfile).toBeUndefined()
  })

  test('brings no other package', () => {
    const { dependencies, optionalDependencies, bundleDependencies, bundledDependencies } = manifest
    expect({ ...dependencies, ...optionalDependencies }).toEqual({})
    expect([bundleDependencies, bundledDependencies]).toEqual([undefined, undefined])
  })

  test('asks for no other package: peers are optional', () => {
    // With ranges npm would ask the registry for each peer, so that the tarball alone would not install without a network.
    expect(manifest.peerDependencies).toBeUndefined()
    const optional = { optional: true }
    expect(manifest.peerDependenciesMeta).toEqual({
      express: optional,
      fastify: optional,
      ioredis: optional,
      pg: optional,
    })
  })

  test('is for Node 20.19 and newer, as the documents say', () => {
    expect(manifest.engines).toEqual({ node: '>=20.19' })
    expect(packedFile('docs/getting-started.md')).toContain('Node.js 20.19 or newer')
    expect(packedFile('docs/platform-support.md')).toContain('20 (from 20.19 on)')
  })
})

describe('files', () => {
  test('all that main, types, bin and exports lead to are there', () => {
    const { main, types, bin, exports } = manifest
    const targets = [main, types, ...Object.values<string>(bin), ...targetsOf(exports)]
    expect(targets.length).toBeGreaterThanOrEqual(8)
    const isThere = (path: string) => {
      const [before = '', after] = path.replace(/^\.\//, '').split('*')
      if (after === undefined) return files.includes(before)
      return files.some((file) => file.startsWith(before) && file.endsWith(after))
    }
    expect(targets.filter((path) => !isThere(path))).toEqual([])
  })

  test('of each pair of conditions the types come first, or no compiler would look at them', () => {
    for (const condition of ['import', 'require']) {
      expect(Object.keys(manifest.exports['.'][condition])).toEqual(['types', 'default'])
    }
  })

  test('no tests, benches, models, or what belongs to a checkout', () => {
    expect(files.length).toBeGreaterThan(200)
    const strange =
      /(^|\/)(tests?|bench|model|fuzz|build|examples|scripts|node_modules|\.[^/]*)(\/|$)|\.(test|spec)\.|\.tgz$/
    expect(files.filter((path) => strange.test(path))).toEqual([])
  })

  test('the license is there, and is the one that is named', () => {
    expect(manifest.license).toBe('MIT')
    expect(packedFile('LICENSE')).toMatch(/^MIT License/)
  })
})

describe('the version', () => {
  test('is that of the checkout, and a plain one', () => {
    expect(manifest.version).toBe(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).version)
    expect(manifest.version).toMatch(/^\d+\.\d+\.\d+$/)
  })

  test('is the one that the README names', () => {
    const named = packedFile('README.md').match(/nanotally-(\d+\.\d+\.\d+)\.tgz/g)
    expect(new Set(named)).toEqual(new Set([`nanotally-${manifest.version}.tgz`]))
  })

  test('is the newest of the changelog, unless none is released', () => {
    const released = [...packedFile('CHANGELOG.md').matchAll(/^## \[?(\d+\.\d+\.\d+)/gm)].map(([, version]) => version)
    expect(packedFile('CHANGELOG.md')).toMatch(/^## (Unreleased|\[?\d)/m)
    expect(released[0] ?? manifest.version).toBe(manifest.version)
  })
})
