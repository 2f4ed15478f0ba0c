// Looks at the commands of a document without running them: do the scripts, stages, tools and files exist that they name?
import { accessSync, constants, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import vitestConfig from '../../vitest.config.mjs'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
const projects = (vitestConfig.test?.projects ?? []).map((project) => (project as { test: { name: string } }).test.name)
const { TIERS } = (await import(new URL('../../scripts/stages.mjs', import.meta.url).href)) as {
  TIERS: Record<string, { name: string }[]>
}
const TIER_OF_SCRIPT: Record<string, string> = { test: 'quick', 'test:full': 'full', 'test:long': 'long' }

/** Commands of the system and of npm whose words say nothing about this repository. */
const SYSTEM = ['git', 'curl', 'mkdir', 'cp']
/** Of Prometheus and Alertmanager: what matters is that the files are there. */
const CHECKERS = ['promtool', 'amtool']
const NPM = ['ci', 'pack', 'publish', 'version']
/** What users have, in the documents' examples. */
const OF_USERS = { files: ['app.mjs', 'out/app.mjs'], tools: ['esbuild'], installs: ['nanotally', tarball()] }

function tarball(): string {
  return `./${manifest.name}-${manifest.version}.tgz`
}

/** What the block names and is not there, a line each; empty when all of it is. */
export function checkShell(code: string): string[] {
  const commands = code
    .split('\n')
    .map((line) => line.replace(/(^|\s)#.*$/, '').trim())
    .flatMap((line) => line.split(/\s*(?:&&|\||;)\s*/))
    .filter((command) => command !== '')
  if (commands.length === 0) return ['a block without a command']
  return commands.flatMap((command) => checkCommand(wordsOf(command)).map((trouble) => `${command}: ${trouble}`))
}

function wordsOf(command: string): string[] {
  const words = [...command.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
    (match) => match[1] ?? match[2] ?? match[3] ?? '',
  )
  return words.slice(words.findIndex((word) => !/^[A-Z_0-9]+=/.test(word)))
}

function checkCommand([command = '', ...rest]: string[]): string[] {
  if (SYSTEM.includes(command)) return []
  if (CHECKERS.includes(command)) return rest.flatMap(checkFile)
  if (command === 'cd') return rest[0] === manifest.name ? [] : [`no folder ${rest[0]}`]
  if (command === 'npm') return checkNpm(rest)
  if (command === 'npx') return checkTool(rest)
  const files = rest.flatMap(checkFile)
  if (command === 'node') return rest.some((word) => word.endsWith('js')) ? files : ['no script for node', ...files]
  if (command.includes('/')) return [...checkExecutable(command), ...files]
  return [`nobody knows how to check ${command}`]
}

function checkNpm([command = '', ...rest]: string[]): string[] {
  if (NPM.includes(command)) return []
  if (command === 'test') return checkScript(['test', ...rest])
  if (command === 'run') return checkScript(rest)
  if (command === 'install') return rest.filter((name) => !OF_USERS.installs.includes(name)).map((name) => `no ${name}`)
  if (command === 'explore' && rest[0] === manifest.name && rest[1] === '--') return checkCommand(rest.slice(2))
  return [`nobody knows how to check npm ${command}`]
}

function checkScript([script = '', ...rest]: string[]): string[] {
  if (manifest.scripts[script] === undefined) return [`no script ${script} in package.json`]
  const stages = TIERS[TIER_OF_SCRIPT[script] ?? '']?.map(({ name }) => name)
  const unknown = valuesOf('--only', rest).filter((stage) => stages !== undefined && !stages.includes(stage))
  return [...unknown.map((stage) => `no stage ${stage} of npm run ${script}`), ...rest.flatMap(checkFile)]
}

function checkTool([tool = '', ...rest]: string[]): string[] {
  const troubles = rest.flatMap(checkFile)
  const isThere =
    OF_USERS.tools.includes(tool) || tool in manifest.bin || existsSync(join(ROOT, 'node_modules/.bin', tool))
  if (!isThere) troubles.push(`no ${tool}`)
  if (tool === 'vitest') {
    const unknown = valuesOf('--project', rest).filter((name) => !projects.includes(name))
    troubles.push(...unknown.map((name) => `no vitest project ${name}`))
  }
  return troubles
}

function valuesOf(option: string, words: readonly string[]): string[] {
  return words.filter((_, i) => words[i - 1] === option)
}

/** What looks like a path has to be one: a slash in it, or the extension of a script. */
function checkFile(word: string): string[] {
  const file = word.replace(/^--\w+=/, '')
  if (!/^[\w.][\w./-]*\/|^[\w./-]+\.m?js$/.test(file) || OF_USERS.files.includes(file)) return []
  return existsSync(join(ROOT, file)) ? [] : [`no file ${file}`]
}

function checkExecutable(file: string): string[] {
  try {
    accessSync(join(ROOT, file), constants.X_OK)
    return []
  } catch {
    return [`${file} cannot be executed`]
  }
}
