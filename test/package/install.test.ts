// The package installed by each package manager, from nothing but its tarball: no network, no compiler, no configuration,
// nothing in a cache. No script runs, nobody warns, and it works at once.
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { canTakeNetworkAway, ended, linesOf } from './commands.js'
import { installedFolder, installWith, MANAGERS, type Manager, unexpectedLines } from './managers.js'
import { runProgram } from './programs.js'
import { changedTarball, filesIn, NO_REGISTRY, type Project, project } from './project.js'
import { packedFiles, tarball } from './tarball.js'

const PREBUILT = `prebuilds/linux-${process.arch}/nanotally.node`

/** A project with a tarball in it. */
function projectWith(archive: string): Project {
  const made = project()
  cpSync(archive, join(made.folder, 'nanotally.tgz'))
  return made
}

describe.each(MANAGERS)('$name', (manager) => {
  test('installs it in silence, as it was packed, and it works', async () => {
    const app = projectWith(tarball())
    const install = ended(await installWith(manager, app, './nanotally.tgz'))
    expect(unexpectedLines(manager, install)).toEqual([])
    expect(linesOf(install).filter((line) => manager.done.test(line))).toHaveLength(1)

    const folder = installedFolder(manager, app)
    expect(folder.startsWith(app.folder)).toBe(true)
    // Its sources are in it, and nothing was made of them.
    expect(filesIn(folder).filter((file) => !manager.adds?.includes(file))).toEqual(packedFiles())
    expect(packedFiles()).toContain('native/binding.gyp')

    app.addFixtures('programs')
    for (const script of ['main.mjs', 'main.cjs']) {
      const { jobs, addons } = await runProgram(app, [...manager.node, script])
      expect(jobs).toEqual({ main: 1, worker: 2 })
      expect(addons).toEqual([join(folder, PREBUILT)])
    }
  })
})

describe('the commands of these tests', () => {
  test('find no compiler', async () => {
    const { stdout, exitCode } = await project().run([
      'sh',
      '-c',
      'command -v cc c++ gcc g++ clang make python3 python',
    ])
    expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 127 })
    expect(ended(await project().run(['sh', '-c', 'command -v node'])).stdout).toMatch(/\/bin\/node\n$/)
  })

  test('find no configuration of this machine', async () => {
    const list = ended(await project().run(['npm', 'config', 'list', '--json'])).stdout
    expect(JSON.parse(list)).toMatchObject({ registry: NO_REGISTRY, cache: expect.stringMatching(/\/home\/\.npm$/) })
    expect(JSON.parse(list).userconfig).toMatch(/\/nanotally-project-\w+\/home\/\.npmrc$/)
  })

  // Not where the kernel refuses a network namespace: there the closed port of the registry has to do.
  test.skipIf(!canTakeNetworkAway)('reach no network', async () => {
    const server = createServer((_, response) => response.end('reached'))
    onTestFinished(() => void server.close())
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
    const { port } = server.address() as AddressInfo
    const ask = ['node', '-e', `fetch('http://127.0.0.1:${port}').then((got) => got.text()).then(console.log)`]
    expect(ended(await project().run(ask)).stdout).toBe('reached\n')
    expect((await project().run(ask, { withoutNetwork: true })).stderr).toContain('fetch failed')
  })
})

describe('the checks can fail', () => {
  const managed = (name: string) => MANAGERS.find((manager) => manager.name === name) as Manager

  test('a binding.gyp at the top is an install script, which each of them treats in its own way', async () => {
    const archive = await changedTarball((folder) =>
      cpSync(join(folder, 'native', 'binding.gyp'), join(folder, 'binding.gyp')),
    )
    const compiling = await installWith(managed('npm with install scripts'), projectWith(archive), './nanotally.tgz')
    expect(compiling.exitCode).not.toBe(0)
    expect(compiling.stderr).toContain('node-gyp rebuild')

    const ignoring = managed('pnpm 10')
    const ignored = await installWith(ignoring, projectWith(archive), './nanotally.tgz')
    expect(unexpectedLines(ignoring, ignored).join('\n')).toContain('Ignored build scripts: nanotally')

    const disabling = managed('yarn 4, node_modules')
    const disabled = await installWith(disabling, projectWith(archive), './nanotally.tgz')
    expect(unexpectedLines(disabling, disabled).join('\n')).toContain('lists build scripts')
  })

  test('a script that leaves something behind', async () => {
    const archive = await changedTarball((folder) => {
      const path = join(folder, 'package.json')
      const manifest = JSON.parse(readFileSync(path, 'utf8'))
      manifest.scripts.install = `node -e "fs.mkdirSync('build'); fs.writeFileSync('build/made', '')"`
      writeFileSync(path, JSON.stringify(manifest))
    })
    for (const name of ['npm with install scripts', 'yarn 1']) {
      const app = projectWith(archive)
      ended(await installWith(managed(name), app, './nanotally.tgz'))
      expect(filesIn(installedFolder(managed(name), app)), name).toContain('build/made')
    }
  })

  test('a dependency, which needs the registry', async () => {
    const archive = await changedTarball((folder) => {
      const path = join(folder, 'package.json')
      writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), dependencies: { ms: '2.1.3' } }))
    })
    const npm = managed('npm without install scripts')
    const manager = { ...npm, env: { npm_config_fetch_retries: '0' } }
    const failed = await installWith(manager, projectWith(archive), './nanotally.tgz')
    expect(failed.exitCode).not.toBe(0)
    expect(failed.stderr).toMatch(/ms|ENETUNREACH|ECONNREFUSED/)
  })
})
