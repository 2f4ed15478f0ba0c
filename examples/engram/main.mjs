// The demo's command line: serves metrics, runs the engine, shows it live, and ends with the engine's tally beside what
// the registry says. Exit codes: 0 all equal; 1 a difference or a failure; 2 wrong usage; 130 or 143 a signal while
// WordNet is loading.
import { inspect } from 'node:util'
import { NanotallyError, registry, startExporter } from 'nanotally'
import { compare } from './books/compare.mjs'
import { Ends } from './ends.mjs'
import { start } from './engine/engine.mjs'
import { HELP, parseOptions, UsageError } from './options.mjs'
import { Scrape } from './view/exposition.mjs'
import { LiveReport } from './view/live.mjs'
import { comparisonTable, Display, loadingLine, verdictLine } from './view/screen.mjs'
import { WordNetMissingError } from './wordnet/wordnet.mjs'

/** @typedef {import('./options.mjs').Options} Options */

/** A failure that is told in one line, without a stack. */
class DemoError extends Error {}

/** Prints a fact as one line, and sends it too where a parent has forked the demo. @param {object} fact */
function tell(fact) {
  process.stdout.write(`${JSON.stringify(fact)}\n`)
  process.send?.(fact)
}

/** @param {number} port */
async function serve(port) {
  try {
    return await startExporter({ port })
  } catch (error) {
    if (!(error instanceof NanotallyError)) throw error
    throw new DemoError(`${error.message}. Choose with --port P; --port 0 takes a free one`, { cause: error })
  }
}

/** @param {Options} options @returns {Promise<number>} the exit code */
async function run(options) {
  const display = new Display(process.stdout)
  const quiet = options.quiet || options.json
  // However it ends, the terminal gets its cursor back.
  process.on('exit', () => display.settle())
  const ends = new Ends()
  const exporter = await serve(options.port)
  if (options.hold) ends.watchStarter()

  let file = ''
  const engine = await start({
    workers: options.workers,
    seed: options.seed,
    rate: options.rate,
    scenario: options.scenario,
    onFailure: () => ends.askToStop(),
    onProgress: (progress) => {
      if (quiet) return
      if (display.inPlace) {
        display.redraw([loadingLine(progress.done, progress.total, progress.file, display.columns)])
      } else if (progress.file !== file) {
        display.print([`loading WordNet: ${progress.file}`])
      }
      file = progress.file
    },
  })
  ends.running()
  display.wipe()
  const beganMs = performance.now()
  if (options.json) {
    const { workers, seed, scenario } = options
    tell({ event: 'ready', url: exporter.url, pid: process.pid, workers, seed, scenario })
  } else {
    const { synsetCount, edgeCount } = engine.graph
    display.print([
      `WordNet is loaded: ${synsetCount} synsets and ${edgeCount} relations in ${engine.loadSeconds.toFixed(2)} s`,
      `scrape ${exporter.url}`,
      '',
    ])
  }

  const facts = () => ({
    url: exporter.url,
    workers: options.workers,
    seed: options.seed,
    scenario: options.scenario,
    elapsed: (performance.now() - beganMs) / 1000,
    seconds: options.seconds,
    answer: engine.answer,
  })
  const report = new LiveReport(display, facts, () => ends.askToStop())
  if (!quiet) await report.start()
  const timer = options.seconds === undefined ? undefined : setTimeout(() => ends.askToStop(), options.seconds * 1000)
  await ends.stop
  clearTimeout(timer)
  if (!quiet) await report.stop()

  const tally = await engine.stop()
  const rows = compare(tally, new Scrape(await registry.metrics()))
  const equal = rows.every((row) => row.equal)
  if (options.json) {
    const differing = rows.filter((row) => !row.equal)
    tell({ event: 'stopped', equal, compared: rows.length, differing, tally, reached: engine.reachedSynsets })
  } else {
    display.print(['', ...comparisonTable(rows, display.style), '', verdictLine(rows, display.style)])
  }

  if (options.hold) {
    ends.holding()
    if (!options.json) display.print([`metrics stay at ${exporter.url} until Ctrl-C`])
    await ends.leave
    ends.unwatchStarter()
  }
  await exporter.close()
  return equal ? 0 : 1
}

process.stdout.on('error', (error) => {
  // Whoever read the output has gone (`npm run demo | head`).
  if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EPIPE') process.exit(1)
  throw error
})
try {
  const options = parseOptions(process.argv.slice(2))
  if (options.help) process.stdout.write(HELP)
  else process.exitCode = await run(options)
} catch (error) {
  const told = [UsageError, DemoError, WordNetMissingError].some((known) => error instanceof known)
  process.stderr.write(`engram: ${told ? /** @type {Error} */ (error).message : inspect(error)}\n`)
  // Not exitCode: what failed may have left workers or the exporter behind, which would keep the process.
  process.exit(error instanceof UsageError ? 2 : 1)
}
