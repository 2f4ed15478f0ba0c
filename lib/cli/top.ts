// `nanotally top URL`: a target's metrics, live: in a terminal a screen that keys steer, elsewhere a block an interval.
import { setTimeout as delay } from 'node:timers/promises'
import type { ReadStream, WriteStream } from 'node:tty'
import { type Arguments, CliError, type Command, EXIT, type Io, usageError } from './command.js'
import { FILTER_HELP, FILTER_OPTIONS, filtersOf } from './filters.js'
import { formatOf, formatOption, QUANTILE_HELP, readTarget } from './read.js'
import { columnsOf, isDumb, type Style, say, styleOf } from './screen.js'
import {
  parseTarget,
  type RequestSettings,
  requestSettings,
  TARGET_HELP,
  TARGET_OPTIONS,
  type Target,
} from './target.js'
import { printable } from './text.js'
import { TopModel } from './top/model.js'
import { type Choice, firstChoice, pressKey, SORTS, type Sort } from './top/state.js'
import { Terminal } from './top/terminal.js'
import { drawBlock, drawScreen, pageRows, type Shown, type Status, withinPages } from './top/view.js'

interface Settings {
  io: Io
  target: Target
  request: RequestSettings
  format: 'text' | 'openmetrics'
  intervalSeconds: number
  style: Style
  sort: Sort
}

/** Scrapes a target at intervals until it is stopped. */
class Watch {
  readonly model: TopModel
  readonly #settings: Settings
  readonly #stopped = new AbortController()
  #lastGood = 0
  #exitCode: number = EXIT.ok
  status: Status
  paused = false

  constructor(settings: Settings, model: TopModel) {
    const { target, intervalSeconds } = settings
    this.#settings = settings
    this.model = model
    this.status = { target: target.name, scrapeSeconds: 0, bytes: 0, intervalSeconds }
  }

  /** Of the last scrape. */
  get exitCode(): number {
    return this.#exitCode
  }

  stop(): void {
    this.#stopped.abort()
  }

  /**
   * Runs until `stop`.
   *
   * @param onScrape - called after each scrape, good or not
   * @throws CliError where the first scrape fails: then the address is wrong, or the program not there yet
   */
  async run(onScrape: (isFirst: boolean) => void): Promise<void> {
    try {
      await this.#scrape()
      onScrape(true)
      while (await this.#interval()) {
        if (this.paused) continue
        await this.#scrape().catch((error) => this.#fail(error))
        if (!this.#stopped.signal.aborted) onScrape(false)
      }
    } catch (error) {
      if (!this.#stopped.signal.aborted) throw error
    }
  }

  async #scrape(): Promise<void> {
    const { target, request, format } = this.#settings
    const began = performance.now()
    const { families, bytes } = await readTarget(target, { ...request, signal: this.#stopped.signal }, format)
    const now = performance.now()
    this.model.update(families, now / 1000)
    this.#lastGood = now
    this.#exitCode = EXIT.ok
    this.status = { ...this.status, error: undefined, scrapeSeconds: (now - began) / 1000, bytes }
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
    await delay(this.#settings.intervalSeconds * 1000, undefined, { signal }).catch((error: Error) => {
      if (error.name !== 'AbortError') throw error
    })
    return !signal.aborted
  }
}

function shownOf({ model, status }: Watch, choice: Choice): Shown {
  return { status, rows: model.rows, stalled: model.stalled, watchedThreads: model.watchedThreads, choice }
}

/** Steered by keys, until one of them ends it. */
async function runScreen(watch: Watch, { io, style, sort }: Settings): Promise<number> {
  let choice = firstChoice(sort)
  let answered = false
  const terminal = new Terminal(io.stdin as ReadStream, io.stdout as WriteStream, {
    key(key) {
      // From where the view is: a filter, or the end, may have left the offset far behind it.
      const next = pressKey(withinPages(choice, watch.model.rows, terminal.size), key, pageRows(terminal.size))
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
    if (answered) terminal.draw(drawScreen(shownOf(watch, choice), style, terminal.size))
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
async function runBlocks(watch: Watch, { io, style, sort }: Settings, count: number): Promise<number> {
  const choice = firstChoice(sort)
  let left = count
  const interrupt = () => watch.stop()
  process.once('SIGINT', interrupt)
  try {
    await watch.run((isFirst) => {
      // There are no rates before the second scrape.
      if (isFirst) return
      say(io, [...drawBlock(shownOf(watch, choice), style, columnsOf(io)), ''].join('\n'))
      if (--left === 0) watch.stop()
    })
  } finally {
    process.off('SIGINT', interrupt)
  }
  return left === 0 ? watch.exitCode : EXIT.ok
}

async function run(args: Arguments, io: Io): Promise<number> {
  const target = parseTarget(args.positionals[0] ?? '')
  const sort = args.text('sort') ?? 'name'
  if (!SORTS.includes(sort as Sort)) {
    throw usageError(`--sort: expected ${SORTS.join(', ')}, received ${printable(sort)}`)
  }
  const settings: Settings = {
    io,
    target,
    request: requestSettings(args, target.url),
    format: formatOf(args, 'text'),
    intervalSeconds: args.number('interval', 1, { min: 0.1, max: 3600 }),
    style: styleOf(args, io),
    sort: sort as Sort,
  }
  const count = args.number('count', args.flag('once') ? 1 : Infinity, { min: 1, max: 1e9, integer: true })
  const watch = new Watch(settings, new TopModel(filtersOf(args)))
  const isScreen = io.stdin.isTTY && io.stdout.isTTY && !isDumb() && count === Infinity
  return isScreen ? runScreen(watch, settings) : runBlocks(watch, settings, count)
}

export const top: Command = {
  summary: 'watch rates, quantiles and stalled threads, live',
  usage: '[options] URL',
  about: `In a terminal: q quits, ? tells the other keys. Elsewhere, where TERM is dumb, and with --once and
--count, a block of text is printed at the end of each interval. A target that dies is shown as
such, and watched on; one that is not there at first is an error.

${QUANTILE_HELP}

${TARGET_HELP}

${FILTER_HELP}`,
  options: {
    interval: { type: 'string', short: 'i', value: 'SECONDS', help: 'between two scrapes (default 1)' },
    sort: { type: 'string', value: 'name|rate|change', help: 'the order at first (default name)' },
    once: { type: 'boolean', help: 'print one block, then end' },
    count: { type: 'string', value: 'N', help: 'print N blocks, then end' },
    ...FILTER_OPTIONS,
    ...formatOption('text'),
    ...TARGET_OPTIONS,
  },
  examples: [
    { command: 'top localhost:9464', does: 'everything, each second' },
    { command: "top :9464 --interval 2 --sort rate --name 'demo_*'", does: 'some families, the busiest first' },
    { command: 'top :9464 --once', does: 'one interval, as text' },
  ],
  positionals: { min: 1, max: 1 },
  run,
}
