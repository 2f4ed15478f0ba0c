// What the CLI knows about the terminal that it writes to, if it is one.
import type { Arguments, Io, OptionTable } from './command.js'

export const COLOR_OPTION: OptionTable = {
  'no-color': { type: 'boolean', help: 'no colours and no bold; the variable NO_COLOR does the same' },
}

export interface Style {
  bold(text: string): string
  dim(text: string): string
  red(text: string): string
  green(text: string): string
  /** Foreground and background exchanged. */
  inverse(text: string): string
}

const plain = (text: string) => text
const PLAIN: Style = { bold: plain, dim: plain, red: plain, green: plain, inverse: plain }
const sgr = (on: number, off: number) => (text: string) => `\x1b[${on}m${text}\x1b[${off}m`
const STYLED: Style = { bold: sgr(1, 22), dim: sgr(2, 22), red: sgr(31, 39), green: sgr(32, 39), inverse: sgr(7, 27) }

/** Plain where stdout is no terminal, or where the user wants it so. */
export function styleOf(args: Arguments, { stdout }: Io): Style {
  const { NO_COLOR = '' } = process.env
  const wanted = !args.flag('no-color') && NO_COLOR === '' && !isDumb()
  return wanted && stdout.isTTY ? STYLED : PLAIN
}

/** Whether the terminal obeys no escape sequences, as Emacs' shell and some logs of CI. */
export function isDumb(): boolean {
  return process.env.TERM === 'dumb'
}

/** Columns that a line may take: no limit where it is not a terminal. */
export function columnsOf({ stdout }: Io): number {
  return stdout.isTTY ? stdout.columns || 80 : Infinity
}

/** Writes lines to stdout. */
export function say({ stdout }: Io, text: string): void {
  stdout.write(`${text}\n`)
}
