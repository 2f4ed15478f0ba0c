// The command line: defaults, every flag, and one line for what cannot be used.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { HELP, parseOptions, UsageError } from '../../../examples/engram/options.mjs'

const DEFAULTS = {
  seconds: undefined,
  port: 9464,
  workers: 2,
  seed: 1,
  rate: 4000,
  scenario: 'calm',
  hold: false,
  quiet: false,
  json: false,
  help: false,
}

test('no flags: the defaults', () => {
  expect(parseOptions([])).toEqual(DEFAULTS)
})

test('every flag is read, and named in the help and in the README', () => {
  const args =
    '--seconds 2.5 --port 0 --workers=8 --seed=-3 --rate 0 --scenario stall --hold --quiet --json --help'.split(' ')
  expect(parseOptions(args)).toEqual({
    seconds: 2.5,
    port: 0,
    workers: 8,
    seed: -3,
    rate: 0,
    scenario: 'stall',
    hold: true,
    quiet: true,
    json: true,
    help: true,
  })
  const flags = Object.keys(DEFAULTS).sort()
  const readme = readFileSync(new URL('../../../examples/engram/README.md', import.meta.url), 'utf8')
  expect(Array.from(HELP.matchAll(/^ {2}--([a-z]+)/gm), ([, flag]) => flag).sort()).toEqual(flags)
  expect(Array.from(readme.matchAll(/^\| `--([a-z]+)/gm), ([, flag]) => flag).sort()).toEqual(flags)
})

test.each([
  ['--bogus', "Unknown option '--bogus'"],
  ['stray', "Unexpected argument 'stray'"],
  ['--port', 'argument missing'],
  ['--port=65536', '--port: expected an integer from 0 to 65535, received "65536"'],
  ['--port=80a', 'received "80a"'],
  ['--workers=0', '--workers: expected an integer from 1 to 32'],
  ['--workers=1.5', '--workers: expected an integer'],
  ['--seconds=0', '--seconds: expected a number'],
  ['--seconds=', '--seconds: expected a number'],
  ['--rate=-1', '--rate: expected a number from 0 to 1000000'],
  ['--rate=1e3', '--rate: expected a number'],
  ['--seed=x', '--seed: expected an integer'],
  ['--scenario=storm', '--scenario: expected one of calm, overload, stall, imbalance, corrupt, received "storm"'],
  ['--quiet=yes', '--quiet'],
])('%s is refused in one line', (arg, message) => {
  const parse = () => parseOptions([arg])
  expect(parse).toThrow(UsageError)
  expect(parse).toThrow(message)
  expect(parse).not.toThrow(/\n/)
})
