// The binaries that ship, loaded where glibc is the oldest that Debian's mirror has: in a root folder of bullseye, which
// has 2.31, by each Node of the matrix. For arm64 the emulator takes the libraries from such a root.
import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, cpSync, linkSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ROOT, tarball } from './tarball.js'

const GLIBC = '2.31'
/** Built here, with this machine's libraries. */
const NEWER = join(ROOT, 'native/build/Release/nanotally.node')
const PREBUILT = `node_modules/nanotally/prebuilds/linux-${process.arch}/nanotally.node`

function tools(...names: string[]): string[] {
  const args = { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] } as const
  return execFileSync(join(ROOT, 'scripts/tools.sh'), names, args).trim().split('\n')
}
/** The version is the folder's name: <package>/<version>/bin/node. */
const versionOf = (node: string) => basename(dirname(dirname(node)))
const nodes = tools('node-matrix').map((node) => ({ node, version: versionOf(node) }))

let folder: string
let root: string
let app: string

/** The root, copied, with a user's program in /app. */
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'nanotally-test-'))
  root = join(folder, 'root')
  app = join(root, 'app')
  cpSync(tools('bullseye-root')[0] as string, root, { recursive: true, verbatimSymlinks: true })
  mkdirSync(app)
  execFileSync('npm', ['install', '--silent', '--offline', '--no-audit', '--prefix', app, tarball()])
  copyFileSync(fileURLToPath(new URL('fixtures/tour.cjs', import.meta.url)), join(app, 'tour.cjs'))
  for (const { node, version } of nodes) {
    try {
      linkSync(node, join(root, version))
    } catch {
      copyFileSync(node, join(root, version)) // another file system
    }
  }
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function run(command: string, args: string[], env: Record<string, string> = {}) {
  return spawnSync(command, args, { encoding: 'utf8', env: { PATH: process.env.PATH, ...env }, timeout: 120_000 })
}

/** Runs the tour in the root. It has no /proc and no /dev: to have them takes more rights than to change the root. */
function tour(version: string, env?: Record<string, string>) {
  const inRoot = ['chroot', root, `/${version}`, '/app/tour.cjs', GLIBC]
  const [command, ...args] = process.getuid?.() === 0 ? inRoot : ['unshare', '--map-root-user', ...inRoot]
  const result = run(command as string, args, env)
  if (/^(chroot|unshare): /.test(result.stderr)) {
    throw new Error(`to change the root takes root, or user namespaces (unshare --map-root-user): ${result.stderr}`)
  }
  return result
}

const success = (version: string, arch: string) => ({
  stderr: '',
  stdout: `toured on glibc ${GLIBC}, Node v${version}, ${arch}\n`,
  status: 0,
})

test.each(nodes)('Node $version', ({ version }) => {
  expect(tour(version)).toMatchObject(success(version, process.arch))
})

describe('a binary that needs a newer glibc is found out', () => {
  // What the machine lacks, the file, and the advice.
  const error = (path: string) => new RegExp(`ERR_NANOTALLY_NATIVE_LOAD[^]*${path}: [^\n]*\`GLIBC_[\\d.]+' not found`)

  test.each(nodes)('in the place of the one that ships, by Node $version', ({ version }) => {
    const shipped = join(folder, 'shipped.node')
    renameSync(join(app, PREBUILT), shipped)
    try {
      copyFileSync(NEWER, join(app, PREBUILT))
      const { status, stderr, stdout } = tour(version)
      expect(stderr).toMatch(error(`/app/${PREBUILT}`))
      expect(stderr).toContain(`(glibc ${GLIBC}), Node v${version}`)
      expect(stderr).toContain('The prebuilt binary needs glibc 2.28 or newer. On an older system, build it')
      expect([status, stdout]).toEqual([1, ''])
    } finally {
      renameSync(shipped, join(app, PREBUILT))
    }
  })

  test('as NANOTALLY_ADDON', () => {
    const { version } = nodes[0] as { version: string }
    copyFileSync(NEWER, join(root, 'newer.node'))
    const { status, stderr, stdout } = tour(version, { NANOTALLY_ADDON: '/newer.node' })
    expect(stderr).toMatch(error('/newer.node'))
    expect(stderr).toContain('NANOTALLY_ADDON names this file: unset it, or mend it.')
    expect([status, stdout]).toEqual([1, ''])
  })
})

// On an arm64 machine the tests above are about the arm64 binary.
describe.skipIf(process.arch === 'arm64')('arm64, emulated', () => {
  const [emulator, libraries, ...binaries] = tools('qemu-aarch64', 'bullseye-root-arm64', 'node-matrix-arm64')

  test.each(binaries.map((node) => ({ node, version: versionOf(node) })))('Node $version', ({ node, version }) => {
    const args = ['-L', libraries as string, node, join(app, 'tour.cjs'), GLIBC]
    expect(run(emulator as string, args)).toMatchObject(success(version, 'arm64'))
  })
})
