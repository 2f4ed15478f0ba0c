// The command line of the demo: its flags, their checks, the help text.
import { parseArgs } from 'node:util'
import { MAX_WORKERS } from './books/tally.mjs'
import { SCENARIOS } from './engine/scenarios.mjs'

/** A flag that cannot be used; the message is one line for the terminal. */
export class UsageError extends Error {
  name = 'UsageError'
}

export const HELP = `usage: npm run demo -- [flags]

A small memory engine over the WordNet graph, measured by nanotally.

  --seconds N    stop the load after N seconds (default: at Ctrl-C)
  --port P       port to serve metrics on; 0 takes a free one (default 9464)
  --workers N    worker threads, 1 to 32 (default 2)
  --seed S       seed of the load, an integer (default 1)
  --rate R       jobs per second to aim at; 0 is as many as the workers take (default 4000)
  --scenario S   what goes wrong: ${SCENARIOS.join(', ')} (default calm: nothing)
  --hold         go on serving metrics after the load stopped, until a signal comes or stdin ends
  --quiet        no progress and no live view
  --json         machine-readable lines: {"event":"ready",...} and {"event":"stopped",...}
  --help         this text
`

const FLAGS = /** @type {const} */ ({
  seconds: { type: 'string' },
  port: { type: 'string', default: '9464' },
  workers: { type: 'string', default: '2' },
  seed: { type: 'string', default: '1' },
  rate: { type: 'string', default: '4000' },
  scenario: { type: 'string', default: 'calm' },
  hold: { type: 'boolean', default: false },
  quiet: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
})

const INTEGER = /^-?\d+$/
const DECIMAL = /^\d+(\.\d+)?$/

/**
 * @param {string} flag @param {string} text @param {RegExp} form @param {number} least @param {number} most
 * @returns {number}
 */
function number(flag, text, form, least, most) {
  const value = Number(text)
  if (form.test(text) && value >= least && value <= most) return value
  const kind = form === INTEGER ? 'an integer' : 'a number'
  throw new UsageError(`--${flag}: expected ${kind} from ${least} to ${most}, received ${JSON.stringify(text)}`)
}

/** @param {string} flag @param {string} text @param {readonly string[]} known @returns {string} */
function oneOf(flag, text, known) {
  if (known.includes(text)) return text
  throw new UsageError(`--${flag}: expected one of ${known.join(', ')}, received ${JSON.stringify(text)}`)
}

/**
 * @typedef {object} Options
 * @property {number | undefined} seconds
 * @property {number} port
 * @property {number} workers
 * @property {number} seed
 * @property {number} rate
 * @property {string} scenario
 * @property {boolean} hold
 * @property {boolean} quiet
 * @property {boolean} json
 * @property {boolean} help
 */

/**
 * @param {string[]} args
 * @returns {Options}
 * @throws {UsageError} for an unknown flag or a value out of range
 */
export function parseOptions(args) {
  let values
  try {
    values = parseArgs({ args, options: FLAGS, allowPositionals: false }).values
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new UsageError(error.message.split(/\. |\n/)[0])
  }
  return {
    // A timer holds 2^31 - 1 ms, which is about 24 days.
    seconds: values.seconds === undefined ? undefined : number('seconds', values.seconds, DECIMAL, 0.001, 2_000_000),
    port: number('port', values.port, INTEGER, 0, 65_535),
    workers: number('workers', values.workers, INTEGER, 1, MAX_WORKERS),
    seed: number('seed', values.seed, INTEGER, -(2 ** 31), 2 ** 32 - 1),
    rate: number('rate', values.rate, DECIMAL, 0, 1_000_000),
    scenario: oneOf('scenario', values.scenario, SCENARIOS),
    hold: values.hold,
    quiet: values.quiet,
    json: values.json,
    help: values.help,
  }
}
