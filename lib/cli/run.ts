// One call of the CLI: finds the command, prints help, and turns whatever happens into an exit code.
import { cardinality } from './cardinality.js'
import { Arguments, CliError, type Command, EXIT, endOptions, type Io, usageError } from './command.js'
import { demo } from './demo.js'
import { globalHelp, helpOf } from './help.js'
import { lint } from './lint.js'
import { numa } from './numa.js'
import { pmu } from './pmu.js'
import { scrape } from './scrape.js'
import { COLOR_OPTION, say } from './screen.js'
import { printable, withoutCredentials } from './text.js'
import { top } from './top.js'
import { packageVersion } from './version.js'

const COMMANDS: Readonly<Record<string, Command>> = { scrape, top, cardinality, lint, numa, pmu, demo }

/**
 * Runs the CLI.
 *
 * @param words - behind `nanotally`
 * @returns the exit code; never rejects
 */
export async function run(words: readonly string[], io: Io): Promise<number> {
  try {
    return await dispatch(words, io)
  } catch (error) {
    return fail(error, io)
  }
}

async function dispatch([name = '', ...words]: readonly string[], io: Io): Promise<number> {
  if (name === '--version' || name === '-V') {
    say(io, packageVersion())
    return EXIT.ok
  }
  if (name === '--help' || name === '-h') {
    say(io, globalHelp(COMMANDS))
    return EXIT.ok
  }
  if (name === 'help') return dispatch([...words, '--help'], io)
  const command = commandOf(COMMANDS, name)
  if (command === undefined) {
    throw usageError(
      `${name === '' ? 'a command is missing' : `no command ${printable(withoutCredentials(name))}`}: see nanotally --help`,
    )
  }
  return runCommand(name, command, words, io)
}

function commandOf(commands: Readonly<Record<string, Command>>, name = ''): Command | undefined {
  return Object.hasOwn(commands, name) ? commands[name] : undefined
}

async function runCommand(name: string, command: Command, given: readonly string[], io: Io): Promise<number> {
  const inner = commandOf(command.commands ?? {}, given[0])
  if (inner !== undefined) return runCommand(`${name} ${given[0]}`, inner, given.slice(1), io)
  if (command.commands !== undefined && given[0] !== undefined && !given[0].startsWith('-')) {
    throw usageError(`no command ${name} ${printable(given[0])}: see nanotally ${name} --help`)
  }
  const options = { ...command.options, ...COLOR_OPTION }
  const words = command.takesCommand ? endOptions(given, options) : given
  const own = words.includes('--') ? words.slice(0, words.indexOf('--')) : words
  if (own.some((word) => word === '--help' || word === '-h')) {
    say(io, helpOf(name, { ...command, options }))
    return EXIT.ok
  }
  try {
    return await command.run(new Arguments(words, options, command.positionals), io)
  } catch (error) {
    if (!(error instanceof CliError) || error.exitCode !== EXIT.usage) throw error
    throw usageError(`${error.message}; see nanotally ${name} --help`)
  }
}

/** Tells what was thrown, in one line where it is no fault of ours. @returns the exit code */
export function fail(error: unknown, { stderr }: Pick<Io, 'stderr'>): number {
  if (error instanceof CliError) {
    stderr.write(`nanotally: ${printable(error.message)}\n`)
    return error.exitCode
  }
  const lines = String(error instanceof Error ? error.stack : error).split('\n')
  stderr.write(`nanotally: ${lines.map(printable).join('\n')}\n`)
  return EXIT.internal
}
