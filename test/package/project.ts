// A user's project in a temporary folder. Commands in it see of this machine Node, npm and a shell: no compiler, no
// configuration, an empty HOME, and a registry's address where nobody answers.
import { cpSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { ended, onPath, type Run, type RunOptions, run } from './commands.js'
import { TOOLS, tarball } from './tarball.js'

/** Nothing listens on this port: it is privileged, and its service, tcpmux, is extinct. */
export const NO_REGISTRY = 'http://127.0.0.1:1/'

const FIXTURES = fileURLToPath(new URL('fixtures', import.meta.url))

export class Project {
  /** Where its package.json is. */
  readonly folder: string
  /** Of every command in it. */
  readonly env: Readonly<Record<string, string>>
  readonly #root: string

  constructor(manifest: object = {}) {
    // macOS has a link there, which tools follow or not.
    this.#root = realpathSync(mkdtempSync(join(tmpdir(), 'nanotally-project-')))
    this.folder = join(this.#root, 'app')
    const [home, bin, temporary] = ['home', 'bin', 'tmp'].map((name) => join(this.#root, name)) as [
      string,
      string,
      string,
    ]
    for (const folder of [this.folder, home, bin, temporary]) mkdirSync(folder)
    const commands = { node: process.execPath, sh: onPath('sh'), npm: onPath('npm'), npx: onPath('npx') }
    for (const [name, path] of Object.entries(commands)) symlinkSync(realpathSync(path), join(bin, name))
    this.env = {
      HOME: home,
      PATH: bin,
      TMPDIR: temporary,
      npm_config_globalconfig: join(home, 'no-npmrc'),
      npm_config_registry: NO_REGISTRY,
      // Else that of all users, when root runs it.
      YARN_CACHE_FOLDER: join(home, 'yarn'),
      YARN_REGISTRY: NO_REGISTRY,
      YARN_NPM_REGISTRY_SERVER: NO_REGISTRY,
      YARN_ENABLE_TELEMETRY: '0',
    }
    this.write({ 'package.json': JSON.stringify({ name: 'app', version: '1.0.0', license: 'MIT', ...manifest }) })
  }

  remove(): void {
    rmSync(this.#root, { recursive: true, force: true })
  }

  /** Writes texts to files, by their paths in it. */
  write(files: Readonly<Record<string, string>>): void {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(this.folder, path)), { recursive: true })
      writeFileSync(join(this.folder, path), text)
    }
  }

  /** Copies what is in a folder of test/package/fixtures. */
  addFixtures(name: string): void {
    cpSync(join(FIXTURES, name), this.folder, { recursive: true })
  }

  /** Links a package of test/package/tools into it, with its command, as if it were installed. */
  addTool(name: string, bin: string): void {
    const bins = join(this.folder, 'node_modules', '.bin')
    mkdirSync(bins, { recursive: true })
    symlinkSync(join(TOOLS, 'node_modules', name), join(this.folder, 'node_modules', name))
    symlinkSync(join(TOOLS, 'node_modules', name, bin), join(bins, name))
  }

  /** Runs a command in its folder; `env` is added to that of the project. */
  run(command: readonly string[], options: Partial<RunOptions> = {}): Promise<Run> {
    return run(command, { cwd: this.folder, ...options, env: { ...this.env, ...options.env } })
  }

  /** Installs tarballs with npm, as its users do. */
  async install(...tarballs: string[]): Promise<void> {
    ended(await this.run(['npm', 'install', '--no-audit', ...tarballs], { withoutNetwork: true }))
  }
}

/** A project that lives as long as the test. */
export function project(manifest?: object): Project {
  const made = new Project(manifest)
  onTestFinished(() => made.remove())
  return made
}

/** The paths of the files in a folder, from it, sorted. */
export function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort()
}

/** Unpacks the tarball, lets `change` do something to the package's folder and packs it again: a fault, to see it found. */
export async function changedTarball(change: (folder: string) => void): Promise<string> {
  const scratch = mkdtempSync(join(tmpdir(), 'nanotally-tarball-'))
  onTestFinished(() => rmSync(scratch, { recursive: true, force: true }))
  const options = { cwd: scratch, env: { PATH: process.env.PATH ?? '' } }
  ended(await run(['tar', '-xzf', tarball()], options))
  change(join(scratch, 'package'))
  ended(await run(['tar', '-czf', 'nanotally.tgz', 'package'], options))
  return join(scratch, 'nanotally.tgz')
}
