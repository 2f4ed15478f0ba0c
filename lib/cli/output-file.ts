// A file that an option names for what a command has to tell.
import { closeSync, openSync, writeFileSync } from 'node:fs'
import { type Arguments, CliError, EXIT, usageError } from './command.js'
import { printable } from './text.js'

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such folder',
  ENOTDIR: 'there is no such folder',
  EACCES: 'it may not be written',
  EROFS: 'it may not be written',
  EISDIR: 'it is a folder',
  ENOSPC: 'no space is left',
}

/** Open from the beginning: a command that takes hours does not find at its end that it cannot be told. */
export class OutputFile {
  readonly #name: string
  readonly #descriptor: number

  private constructor(name: string) {
    this.#name = name
    this.#descriptor = this.#tried(() => openSync(name, 'w'))
  }

  /**
   * The file that the option names; undefined where it is not given.
   *
   * @throws CliError where it cannot be written
   */
  static of(args: Arguments, option: string): OutputFile | undefined {
    const name = args.text(option)
    if (name === '') throw usageError(`--${option}: expected a file's name, received nothing`)
    return name === undefined ? undefined : new OutputFile(name)
  }

  /** Writes all that it is to hold. @throws CliError */
  write(text: string): void {
    this.#tried(() => {
      writeFileSync(this.#descriptor, text)
      closeSync(this.#descriptor)
    })
  }

  #tried<T>(act: () => T): T {
    try {
      return act()
    } catch (error) {
      const { code = '', message } = error as NodeJS.ErrnoException
      const why = REASONS[code] ?? message
      throw new CliError(EXIT.unwritable, `${printable(this.#name)}: cannot be written: ${why}`, { cause: error })
    }
  }
}
