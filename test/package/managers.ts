// The package managers that the package is installed with: how, and every line that they say when all is well.
import { readdirSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { linesOf, type Run } from './commands.js'
import type { Project } from './project.js'
import { TOOLS } from './tarball.js'

export interface Manager {
  name: string
  /** Given `file:nanotally.tgz`, it installs that. */
  install: readonly string[]
  env?: Readonly<Record<string, string>>
  /** Each line of its output is one of these. */
  says: readonly RegExp[]
  /** What it says once it is done. */
  done: RegExp
  /** What runs a script. */
  node: readonly string[]
  /** Where the package then is, when that is not node_modules/nanotally. */
  folder?: (project: Project) => string
  /** A file of its own that it puts there. */
  adds?: readonly string[]
}

const tool = (path: string) => join(TOOLS, 'node_modules', path)
const YARN_1 = tool('yarn/bin/yarn.js')
const YARN_4 = tool('@yarnpkg/cli-dist/bin/yarn.js')

const YARN_4_SAYS = [
  /^➤ YN0000: · Yarn 4\.[\d.]+$/,
  /^➤ YN0000: ┌ (Resolution|Fetch|Link) step$/,
  /^➤ YN0000: └ Completed( in \S+ \S+)?$/,
  /^➤ YN0085: │ \+ nanotally@file:/,
  /^➤ YN0013: │ A package was added to the project \(\+ [\d.]+ MiB\)\.$/,
]

/** Says ADDED once the package is installed; what else it says would be a warning. */
const NPM = { says: [], done: /^added 1 package in \d+(ms|s|m)$/, node: ['node'] }

export const MANAGERS: readonly Manager[] = [
  { name: 'npm without install scripts', install: ['npm', 'install', '--no-audit', '--ignore-scripts'], ...NPM },
  { name: 'npm with install scripts', install: ['npm', 'install', '--no-audit'], ...NPM },
  {
    name: 'pnpm 10',
    install: ['node', tool('pnpm/bin/pnpm.cjs'), 'add'],
    says: [
      /^Progress: resolved \d, reused 0, downloaded \d, added \d(, done)?$/,
      /^Packages: \+1$/,
      /^\+$/,
      /^dependencies:$/,
      /^\+ nanotally \d+\.\d+\.\d+$/,
    ],
    done: /^Done in \S+( \S+)? using pnpm v10\.[\d.]+$/,
    node: ['node'],
    // So that the package finds its own command.
    adds: ['node_modules/.bin/nanotally'],
  },
  {
    name: 'yarn 1',
    install: ['node', YARN_1, 'add'],
    says: [
      /^yarn add v1\.[\d.]+$/,
      /^info (No lockfile found\.|Direct dependencies|All dependencies)$/,
      /^\[[1-4]\/4\] (Resolving packages|Fetching packages|Linking dependencies|Building fresh packages)\.\.\.$/,
      /^success Saved (lockfile|1 new dependency)\.$/,
      /^└─ nanotally@\d+\.\d+\.\d+$/,
      /^warning You don't appear to have an internet connection\. /,
    ],
    done: /^Done in [\d.]+s\.$/,
    node: ['node'],
  },
  {
    name: 'yarn 4, node_modules',
    install: ['node', YARN_4, 'add'],
    env: { YARN_NODE_LINKER: 'node-modules' },
    says: YARN_4_SAYS,
    done: /^➤ YN0000: · Done in \S+ \S+$/,
    node: ['node'],
  },
  {
    name: "yarn 4, Plug'n'Play",
    install: ['node', YARN_4, 'add'],
    // Without the loader import finds no package at all, this one or another.
    env: { YARN_NODE_LINKER: 'pnp', YARN_PNP_ENABLE_ESM_LOADER: 'true' },
    says: [...YARN_4_SAYS, /^➤ YN0092: │ ESM support for PnP uses the experimental loader API/],
    done: /^➤ YN0000: · Done with warnings in \S+ \S+$/, // of YN0092
    node: ['node', YARN_4, 'node'],
    // By itself: a package with a .node file in it is never left in its archive.
    folder: ({ folder }) => {
      const unplugged = join(folder, '.yarn', 'unplugged')
      const [entry = 'no entry'] = readdirSync(unplugged)
      return join(unplugged, entry, 'node_modules', 'nanotally')
    },
    adds: ['.ready'],
  },
]

/** Installs a tarball that lies in the project, with no network. */
export function installWith({ install, env = {} }: Manager, project: Project, file: string): Promise<Run> {
  return project.run([...install, `nanotally@file:${file}`], { env, withoutNetwork: true })
}

/** Where it put the package. */
export function installedFolder({ folder }: Manager, project: Project): string {
  return realpathSync(folder?.(project) ?? join(project.folder, 'node_modules', 'nanotally'))
}

/** The lines of its output that it does not say when all is well. */
export function unexpectedLines({ says, done }: Manager, run: Run): string[] {
  return linesOf(run).filter((line) => ![...says, done].some((pattern) => pattern.test(line)))
}
