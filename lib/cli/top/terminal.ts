// The terminal of `nanotally top`: its alternate screen, its keys and its size. However the program ends, it is given back.
import { emitKeypressEvents } from 'node:readline'
import type { ReadStream, WriteStream } from 'node:tty'
import type { Key } from './state.js'
import type { Size } from './view.js'

const ENTER = '\x1b[?1049h\x1b[?25l'
const LEAVE = '\x1b[?25h\x1b[?1049l'
const HOME = '\x1b[H'
/** Before a line's text: behind a line that fills the screen's width it would take the last character away. */
const CLEAR_LINE = '\x1b[2K'
/** Terminals that know these show a frame at once; others ignore them. */
const BEGIN_FRAME = '\x1b[?2026h'
const END_FRAME = '\x1b[?2026l'
/** Signals that end a program that does not listen. */
const ENDINGS = ['SIGTERM', 'SIGHUP', 'SIGQUIT'] as const

export interface TerminalEvents {
  key(key: Key): void
  resize(): void
  /** Ctrl-C from elsewhere, or the terminal is gone. */
  interrupt(): void
}

export class Terminal {
  readonly #input: ReadStream
  readonly #output: WriteStream
  readonly #events: TerminalEvents
  #listening = false
  #entered = false
  readonly #leave = () => this.leave()
  readonly #end = (signal: NodeJS.Signals) => {
    this.leave()
    process.kill(process.pid, signal)
  }
  readonly #keypress = (_: string | undefined, key: Key) => this.#events.key(key)

  constructor(input: ReadStream, output: WriteStream, events: TerminalEvents) {
    this.#input = input
    this.#output = output
    this.#events = events
  }

  get size(): Size {
    return { columns: this.#output.columns || 80, lines: this.#output.rows || 24 }
  }

  /** Takes the keys and signals, the screen as it is. */
  listen(): void {
    this.#listening = true
    // Also where an error ends the process.
    process.on('exit', this.#leave)
    process.on('SIGINT', this.#events.interrupt)
    for (const signal of ENDINGS) process.on(signal, this.#end)
    this.#output.on('resize', this.#events.resize)
    emitKeypressEvents(this.#input)
    this.#input.setRawMode(true)
    this.#input.on('keypress', this.#keypress).on('end', this.#events.interrupt)
    this.#input.resume()
  }

  /** Idempotent. */
  leave(): void {
    if (!this.#listening) return
    this.#listening = false
    process.off('exit', this.#leave)
    process.off('SIGINT', this.#events.interrupt)
    for (const signal of ENDINGS) process.off(signal, this.#end)
    this.#input.off('keypress', this.#keypress).off('end', this.#events.interrupt)
    this.#input.setRawMode(false)
    this.#input.pause()
    this.#output.off('resize', this.#events.resize)
    if (this.#entered) this.#output.write(LEAVE)
    this.#entered = false
  }

  /** Shows a screen's lines, as many as it has; the first ones on a screen of their own. */
  draw(lines: readonly string[]): void {
    if (!this.#entered) this.#output.write(ENTER)
    this.#entered = true
    this.#output.write(BEGIN_FRAME + HOME + lines.map((line) => CLEAR_LINE + line).join('\r\n') + END_FRAME)
  }
}
