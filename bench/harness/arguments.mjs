// The command line of the benches.
import { parseArgs } from 'node:util'

export const USAGE = `Usage: node bench/run.mjs [suite...] [options]

Suites: SUITES (all by default)

  --short             one round and little time in it: shows that the benches run, resolves nothing
  --samples N         rounds, each with a fresh process per contender (each suite has its default)
  --only REGEX        only the cases whose "suite: name" matches
  --contenders REGEX  only the contenders whose name matches
  --node PATH         the Node.js binary that runs the contenders
  --json FILE         where the samples go (default bench/results/DATE.json)
  --strict            exit with 1 when a budget is missed
  --list              print the cases and run nothing
  --help`

/**
 * @param {string[]} argv Without the binary and the script.
 * @param {string[]} known The suites there are.
 * @throws {TypeError} For anything that is not on the list above.
 */
export function parseArguments(argv, known) {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      short: { type: 'boolean', default: false },
      samples: { type: 'string' },
      only: { type: 'string' },
      contenders: { type: 'string' },
      node: { type: 'string', default: process.execPath },
      json: { type: 'string' },
      strict: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const unknown = positionals.find((name) => !known.includes(name))
  if (unknown !== undefined) throw new TypeError(`expected a suite (${known.join(', ')}), received '${unknown}'`)
  if (values.samples !== undefined && !/^[1-9][0-9]*$/.test(values.samples)) {
    throw new TypeError(`expected --samples to be a positive integer, received '${values.samples}'`)
  }
  return {
    ...values,
    suites: positionals.length > 0 ? positionals : known,
    samples: values.samples === undefined ? undefined : Number(values.samples),
    only: values.only === undefined ? undefined : new RegExp(values.only),
    contenders: values.contenders === undefined ? undefined : new RegExp(values.contenders),
  }
}
