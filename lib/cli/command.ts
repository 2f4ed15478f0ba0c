// What a command of the CLI is, how its arguments are read, and the ways in which it can fail.
import type { Readable, Writable } from 'node:stream'
import type { ReadStream, WriteStream } from 'node:tty'
import { parseArgs } from 'node:util'
import { withoutCredentials } from './text.js'

/** The exit codes of every command; `--help` and docs/cli.md tell them. */
export const EXIT = {
  ok: 0,
  /** The command worked, and found something: a finding of lint, or that nothing matches. */
  found: 1,
  usage: 2,
  /** The target or file cannot be reached or read. */
  unreachable: 3,
  /** The target answered, but not with metrics: another status, another content, too much of it. */
  notMetrics: 4,
  /** What the command has to tell cannot be written. */
  unwritable: 5,
  /** What is no fault of the user's or of the target's. */
  internal: 70,
} as const

export const EXIT_CODES_HELP = `Exit codes:
  0   fine
  1   lint found something, or no metrics; scrape found nothing that matches
  2   wrong usage
  3   the target or file cannot be reached or read, or answers too late
  4   the target's answer is an error, too large, or no Prometheus exposition
  5   the output cannot be written
  70  a fault of nanotally itself`

/** A failure that is told in one line, without a stack. */
export class CliError extends Error {
  readonly exitCode: number

  constructor(exitCode: number, message: string, options?: ErrorOptions) {
    super(message, options)
    this.exitCode = exitCode
  }
}

export function usageError(message: string): CliError {
  return new CliError(EXIT.usage, message)
}

export interface Option {
  type: 'boolean' | 'string'
  short?: string
  multiple?: boolean
  /** What stands for the value in the help, such as `SECONDS`. */
  value?: string
  help: string
}

export type OptionTable = Readonly<Record<string, Option>>

export interface Example {
  /** Behind `nanotally `. */
  command: string
  does: string
}

/** The streams of a call: a process' own, or a test's. */
export interface Io {
  stdin: Readable & Partial<Pick<ReadStream, 'isTTY'>>
  stdout: Writable & Partial<Pick<WriteStream, 'isTTY' | 'columns'>>
  stderr: Writable
}

export interface Command {
  /** In one line. */
  summary: string
  /** Behind the command's name, such as `[options] URL`. */
  usage: string
  /** What the help says below the usage; each line as it is. */
  about: string
  options: OptionTable
  examples: readonly Example[]
  /** How many words it takes besides its options. */
  positionals: { min: number; max: number }
  /** Whether its words are another command's: from the first one on, options belong to that. */
  takesCommand?: boolean
  /** What its first word may name in its stead. */
  commands?: Readonly<Record<string, Command>>
  /** @returns the exit code */
  run(args: Arguments, io: Io): Promise<number>
}

/** The words with a -- before the first that is neither an option nor an option's value. */
export function endOptions(words: readonly string[], options: OptionTable): readonly string[] {
  const known = Object.entries(options).map(([name, { type, short }]) => [name, short ? { type, short } : { type }])
  const { tokens } = parseArgs({
    args: [...words],
    options: Object.fromEntries(known),
    ...{ allowPositionals: true, strict: false, tokens: true },
  })
  const first = tokens.find(({ kind }) => kind !== 'option')
  return first?.kind === 'positional' ? words.toSpliced(first.index, 0, '--') : words
}

type Values = Record<string, string | boolean | (string | boolean)[] | undefined>

/** The arguments of one call, checked as they are asked for. */
export class Arguments {
  readonly positionals: readonly string[]
  readonly #values: Values

  /** @throws CliError for unknown options, lacking values, and too few or too many words */
  constructor(words: readonly string[], options: OptionTable, { min, max }: Command['positionals']) {
    const config = Object.entries(options).map(([name, { type, short, multiple = false }]) => {
      return [name, short === undefined ? { type, multiple } : { type, multiple, short }] as const
    })
    try {
      const parsed = parseArgs({ args: [...words], options: Object.fromEntries(config), allowPositionals: true })
      this.#values = parsed.values
      this.positionals = parsed.positionals
    } catch (error) {
      if (!(error instanceof TypeError)) throw error
      const dashed = /^Option '(--?[\w-]+).*' argument is ambiguous/.exec(error.message)?.[1]
      if (dashed !== undefined) throw usageError(`${dashed}: a value that begins with - is given as --NAME=-VALUE`)
      // The first sentence: the rest tells of programs' own calls of parseArgs.
      throw usageError(error.message.split(/\. |\n/)[0] ?? '')
    }
    if (this.positionals.length < min) throw usageError('a target is missing')
    if (this.positionals.length > max)
      throw usageError(`one word too many: ${withoutCredentials(this.positionals[max] ?? '')}`)
  }

  flag(name: string): boolean {
    return this.#values[name] === true
  }

  text(name: string): string | undefined {
    return this.#values[name] as string | undefined
  }

  texts(name: string): string[] {
    return (this.#values[name] as string[] | undefined) ?? []
  }

  /** @throws CliError for what is no number of `min` to `max` */
  number(name: string, fallback: number, { min, max, integer = false }: NumberRange): number {
    const text = this.text(name)
    if (text === undefined) return fallback
    const number = /^[-+.\d]/.test(text) ? Number(text) : Number.NaN
    if (!(number >= min && number <= max) || (integer && !Number.isInteger(number))) {
      const kind = integer ? 'a whole number' : 'a number'
      throw usageError(`--${name}: expected ${kind} of ${min} to ${max}, received ${text}`)
    }
    return number
  }
}

export interface NumberRange {
  min: number
  max: number
  integer?: boolean
}
