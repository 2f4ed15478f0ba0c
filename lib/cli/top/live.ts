// Shows something that is read at intervals: in a terminal a screen that keys steer, elsewhere a block an interval.
import { setTimeout as delay } from 'node:timers/promises'
import type { ReadStream, WriteStream } from 'node:tty'
import { type Arguments, CliError, EXIT, type Io, type OptionTable, usageError } from '../command.js'
import { columnsOf, isDumb, type Style, say, styleOf } from '../screen.js'
import { printable } from '../text.js'
import { firstChoice, pressKey } from './state.js'
import type { LiveTable } from './table.js'
import { Terminal } from './terminal.js'
import { drawBlock, drawScreen, type Note, pageRows, type Shown, type Status, withinPages } from './view.js'

/** The beginning of a live command's help. */
export const LIVE_HELP = `In a terminal: q quits, ? tells the other keys. Elsewhere, where TERM is dumb, and with --once and
--count, a block of text is printed at the end of each interval.`

/** What is watched. */
export interface Live<R> {
  /** As messages and the screen name it. */
  readonly name: string
  readonly table: LiveTable<R>
  /** Of the last readings. */
  readonly rows: readonly R[]
  readonly note: Note
  /**
   * Reads once more.
   *
   * @returns the bytes of an answer
   * @throws CliError where it cannot be read
   */
  read(signal: AbortSignal): Promise<number | undefined>
}

interface Settings {
  io: Io
  intervalSeconds: number
  style: Style
  sort: string
}

/** The options of a live command, but for those that say what is watched. */
export function liveOptions(sorts: readonly string[], reads: string): OptionTable {
  return {
    interval: { type: 'string', short: 'i', value: 'SECONDS', help: `between two ${reads} (default 1)` },
    sort: { type: 'string', value: sorts.join('|'), help: `the order at first (default ${sorts[0]})` },
    once: { type: 'boolean', help: 'print one block, then end' },
    count: { type: 'string', value: 'N', help: 'print N blocks, then end' },
  }
}

/** The order that is asked for. @throws CliError for one that is none */
export function sortOf(args: Arguments, sorts: readonly string[]): string {
  const sort = args.text('sort') ?? sorts[0] ?? ''
  if (!sorts.includes(sort)) throw usageError(`--sort: expected ${sorts.join(', ')}, received ${printable(sort)}`)
  return sort
}

/**
 * Watches until a key, a signal or --count ends it.
 *
 * @throws CliError where the first reading fails: then the address is wrong, or the program not there yet
 */
export async function runLive<R>(live: Live<R>, args: Arguments, io: Io): Promise<number> {
  const settings: Settings = {
    io,
    intervalSeconds: args.number('interval', 1, { min: 0.1, max: 3600 }),
    style: styleOf(args, io),
    sort: sortOf(args, live.table.sorts),
  }
  const count = args.number('count', args.flag('once') ? 1 : Infinity, { min: 1, max: 1e9, integer: true })
  const watch = new Watch(live, settings.intervalSeconds)
  const isScreen = io.stdin.isTTY && io.stdout.isTTY && !isDumb() && count === Infinity
  return isScreen ? runScreen(watch, settings) : runBlocks(watch, settings, count)
}

/** Reads at intervals until it is stopped. */
class Watch<R> {
  readonly live: Live<R>
  readonly #intervalSeconds: number
  readonly #stopped = new AbortController()
  #lastGood = 0
  #exitCode: number = EXIT.ok
  status: Status
  paused = false

  constructor(live: Live<R>, intervalSeconds: number) {
    this.live = live
    this.#intervalSeconds = intervalSeconds
    this.status = { target: live.name, seconds: 0, intervalSeconds }
  }

  /** Of the last reading. */
  get exitCode(): number {
    return this.#exitCode
  }

  stop(): void {
    this.#stopped.abort()
  }

  /**
   * Runs until `stop`.
   *
   * @param onRead - called after each reading, good or not
   * @throws CliError where the first reading fails
   */
  async run(onRead: (isFirst: boolean) => void): Promise<void> {
    try {
      await this.#read()
      onRead(true)
      while (await this.#interval()) {
        if (this.paused) continue
        await this.#read().catch((error) => this.#fail(error))
        if (!this.#stopped.signal.aborted) onRead(false)
      }
    } catch (error) {
      if (!this.#stopped.signal.aborted) throw error
    }
  }

  async #read(): Promise<void> {
    const began = performance.now()
    const bytes = await this.live.read(this.#stopped.signal)
    const now = performance.now()
    this.#lastGood = now
    this.#exitCode = EXIT.ok
    this.status = { ...this.status, error: undefined, seconds: (now - began) / 1000, bytes }
  }

  #fail(error: unknown): void {
    if (!(error instanceof CliError)) throw error
    this.#exitCode = error.exitCode
    const reason = error.message.replace(`${this.status.target}: `, '')
    this.status = { ...this.status, error: reason, downSeconds: (performance.now() - this.#lastGood) / 1000 }
  }

  /** Whether it goes on. */
  async #interval(): Promise<boolean> {
    const { signal } = this.#stopped
    await delay(this.#intervalSeconds * 1000, undefined, { signal }).catch((error: Error) => {
      if (error.name !== 'AbortError') throw error
    })
    return !signal.aborted
  }
}

/** Steered by keys, until one of them ends it. */
async function runScreen<R>(watch: Watch<R>, { io, style, sort }: Settings): Promise<number> {
  const { live } = watch
  let choice = firstChoice(sort)
  let answered = false
  const terminal = new Terminal(io.stdin as ReadStream, io.stdout as WriteStream, {
    key(key) {
      // From where the view is: a filter, or the end, may have left the offset far behind it.
      const within = withinPages(choice, live.rows, live.table, terminal.size)
      const next = pressKey(within, key, pageRows(terminal.size), live.table.sorts)
      if (next === 'quit') {
        watch.stop()
        return
      }
      choice = next
      watch.paused = choice.paused
      draw()
    },
    resize: () => draw(),
    interrupt: () => watch.stop(),
  })
  function draw() {
    // Before the first answer there is nothing to draw: it may be an error, which has no screen.
    if (answered) terminal.draw(drawScreen(shownOf(watch, choice), live.table, style, terminal.size))
  }
  terminal.listen()
  try {
    await watch.run(() => {
      answered = true
      draw()
    })
  } finally {
    terminal.leave()
  }
  return EXIT.ok
}

/** A block each interval, `count` of them. */
async function runBlocks<R>(watch: Watch<R>, { io, style, sort }: Settings, count: number): Promise<number> {
  const choice = firstChoice(sort)
  let left = count
  const interrupt = () => watch.stop()
  process.once('SIGINT', interrupt)
  try {
    await watch.run((isFirst) => {
      // There are no rates before the second reading.
      if (isFirst) return
      say(io, [...drawBlock(shownOf(watch, choice), watch.live.table, style, columnsOf(io)), ''].join('\n'))
      if (--left === 0) watch.stop()
    })
  } finally {
    process.off('SIGINT', interrupt)
  }
  return left === 0 ? watch.exitCode : EXIT.ok
}

function shownOf<R>({ live, status }: Watch<R>, choice: Shown<R>['choice']): Shown<R> {
  return { status, note: live.note, rows: live.rows, choice }
}
