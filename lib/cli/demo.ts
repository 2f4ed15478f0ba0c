// `nanotally demo`: a small program to look at, measured by nanotally.
import { type Arguments, CliError, type Command, EXIT, type Io } from './command.js'
import { say } from './screen.js'

const MAX_SECONDS = 86_400

async function run(args: Arguments, io: Io): Promise<number> {
  const port = args.number('port', 9464, { min: 0, max: 65_535, integer: true })
  const seconds = args.number('seconds', Infinity, { min: 0.1, max: MAX_SECONDS })
  const workers = args.number('workers', 2, { min: 0, max: 64, integer: true })
  // Only here: the other commands do without the native addon.
  const { NanotallyError } = await import('../errors.js')
  const { startDemo } = await import('./demo/program.js')
  try {
    const demo = await startDemo({ port, workers, stall: args.flag('stall') })
    // Before it is said that Ctrl-C ends it.
    const ended = untilEnd(seconds)
    const address = demo.url.replace(/^http:\/\/|\/metrics$/g, '')
    say(io, `serving ${demo.url}`)
    say(io, `look at it: npx nanotally top ${address}`)
    say(
      io,
      args.flag('stall')
        ? 'the main thread is blocked for 2 s in every 3 s'
        : 'let it block: npx nanotally demo --stall',
    )
    say(io, seconds === Infinity ? 'Ctrl-C ends it' : `it ends after ${seconds} s, or by Ctrl-C`)
    await ended
    await demo.stop()
    return EXIT.ok
  } catch (error) {
    if (!(error instanceof NanotallyError)) throw error
    throw new CliError(EXIT.unreachable, `${error.message} (--port)`, { cause: error })
  }
}

function untilEnd(seconds: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(end, Math.min(seconds, MAX_SECONDS * 24) * 1000)
    const signals = ['SIGINT', 'SIGTERM'] as const
    function end() {
      clearTimeout(timer)
      for (const signal of signals) process.off(signal, end)
      resolve()
    }
    for (const signal of signals) process.once(signal, end)
  })
}

export const demo: Command = {
  summary: 'run a small program to look at',
  usage: '[options]',
  about: `It decodes, resizes and encodes imaginary pictures on its main thread and in worker threads, and
serves what it measures. With --stall its main thread blocks for 2 s in every 3 s: scrapes go on
all the same.`,
  options: {
    port: { type: 'string', short: 'p', value: 'PORT', help: 'to serve at; 0 takes a free one (default 9464)' },
    seconds: { type: 'string', value: 'N', help: 'end by itself (default: at Ctrl-C)' },
    workers: { type: 'string', value: 'N', help: 'worker threads (default 2)' },
    stall: { type: 'boolean', help: 'block the main thread, again and again' },
  },
  examples: [
    { command: 'demo', does: 'serve at 127.0.0.1:9464 until Ctrl-C' },
    { command: 'demo --port 0 --seconds 5 --stall', does: 'for five seconds, at any port' },
  ],
  positionals: { min: 0, max: 0 },
  run,
}
