// Other processes of the suites.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const CLI = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url))

/** @returns what a process printed; one that failed throws what it said */
export function run(program, args, options = {}) {
  const { status, signal, error, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', ...options })
  if (error) throw error
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status ?? signal}:\n${stdout}${stderr}`)
  return stdout
}

/** Runs a command of nanotally. */
export const runCli = (args, options) => run(process.execPath, [CLI, ...args], options)

/** Runs a module's text with the package at hand; it prints JSON. @returns what that is */
export function runModule(text, options) {
  return JSON.parse(
    run(process.execPath, ['--input-type=module', '--eval', text], {
      cwd: fileURLToPath(new URL('.', import.meta.url)),
      ...options,
    }),
  )
}
