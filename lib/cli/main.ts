#!/usr/bin/env node
// The entry of `npx nanotally`.
import { EXIT } from './command.js'
import { fail, run } from './run.js'

for (const stream of [process.stdout, process.stderr]) {
  // Who reads has seen enough, as `head` has.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? EXIT.ok : fail(error, process))
  })
}
run(process.argv.slice(2), process).then((code) => {
  process.exitCode = code
})
