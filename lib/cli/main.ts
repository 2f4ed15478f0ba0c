#!/usr/bin/env node
// The entry of `npx nanotally`.
import { CliError, EXIT } from './command.js'
import { fail, run } from './run.js'

for (const stream of [process.stdout, process.stderr]) {
  // Who reads has seen enough, as `head` has.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(EXIT.ok)
    process.exit(fail(new CliError(EXIT.unwritable, `the output cannot be written: ${error.message}`), process))
  })
}
run(process.argv.slice(2), process).then((code) => {
  process.exitCode = code
})
