#!/usr/bin/env node
// The entry of `npx nanotally`: finds the command, prints help, and turns whatever happens into an exit code.

import { cardinality } from './cardinality.js'
import { Arguments, CliError, type Command, EXIT, usageError } from './command.js'
import { demo } from './demo.js'
import { globalHelp, helpOf } from './help.js'
import { lint } from './lint.js'
import { scrape } from './scrape.js'
import { COLOR_OPTION, say } from './screen.js'
import { printable } from './text.js'
import { top } from './top.js'
import { packageVersion } from './version.js'

const COMMANDS: Readonly<Record<string, Command>> = { scrape, top, cardinality, lint, demo }

async function main([name = '', ...words]: string[]): Promise<number> {
  if (name === '--version' || name === '-V') {
    say(packageVersion())
    return EXIT.ok
  }
  if (name === '--help' || name === '-h') {
    say(globalHelp(COMMANDS))
    return EXIT.ok
  }
  if (name === 'help') return main([...words, '--help'])
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (command === undefined) {
    throw usageError(`${name === '' ? 'a command is missing' : `no command ${printable(name)}`}: see nanotally --help`)
  }
  const options = { ...command.options, ...COLOR_OPTION }
  if (words.some((word) => word === '--help' || word === '-h')) {
    say(helpOf(name, { ...command, options }))
    return EXIT.ok
  }
  try {
    return await command.run(new Arguments(words, options, command.positionals))
  } catch (error) {
    if (!(error instanceof CliError) || error.exitCode !== EXIT.usage) throw error
    throw usageError(`${error.message}; see nanotally ${name} --help`)
  }
}

function fail(error: unknown): number {
  if (error instanceof CliError) {
    process.stderr.write(`nanotally: ${printable(error.message)}\n`)
    return error.exitCode
  }
  const lines = String(error instanceof Error ? error.stack : error).split('\n')
  process.stderr.write(`nanotally: ${lines.map(printable).join('\n')}\n`)
  return EXIT.internal
}

for (const stream of [process.stdout, process.stderr]) {
  // Who reads has seen enough, as `head` has.
  stream.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? EXIT.ok : fail(error)))
}
main(process.argv.slice(2))
  .catch(fail)
  .then((code) => {
    process.exitCode = code
  })
