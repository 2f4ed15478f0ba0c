// `nanotally pmu top PID|URL`: which threads or regions stall, and on what, live.
import { type Arguments, type Command, type Io, usageError } from '../command.js'
import { formatOf, formatOption, readTarget } from '../read.js'
import { parseTarget, requestSettings, TARGET_HELP, TARGET_OPTIONS } from '../target.js'
import { LIVE_HELP, type Live, liveOptions, runLive, sortOf } from '../top/live.js'
import { EVENTS_OPTION } from './options.js'
import { Regions } from './regions.js'
import { type CountRow, countTable } from './rows.js'
import type { Threads } from './threads.js'

const SORTS = countTable('THREAD').sorts

async function run(args: Arguments, io: Io): Promise<number> {
  sortOf(args, SORTS)
  const [word = ''] = args.positionals
  if (!/^\d+$/.test(word)) return runLive(liveRegions(word, args), args, io)
  // Other commands need no addon.
  const [{ Threads }, { eventsOf }] = await Promise.all([import('./threads.js'), import('./counting.js')])
  const threads = new Threads(Number(word), eventsOf(args))
  try {
    return await runLive(liveThreads(threads), args, io)
  } finally {
    threads.close()
  }
}

function liveThreads(threads: Threads): Live<CountRow> {
  return {
    name: threads.name,
    table: countTable('THREAD'),
    get rows() {
      return threads.rows
    },
    get note() {
      return threads.note
    },
    async read() {
      threads.read()
      return undefined
    },
  }
}

/** @throws CliError for what is no target, and for --events: what is counted there is the program's choice */
function liveRegions(word: string, args: Arguments): Live<CountRow> {
  const target = parseTarget(word)
  if (args.text('events') !== undefined) throw usageError('--events: a program chooses those of its regions itself')
  const request = requestSettings(args, target.url)
  const format = formatOf(args, 'text')
  const regions = new Regions()
  return {
    name: target.name,
    table: countTable('REGION'),
    get rows() {
      return regions.rows
    },
    get note() {
      return regions.note
    },
    async read(signal) {
      const { families, bytes } = await readTarget(target, { ...request, signal }, format)
      regions.update(families, performance.now() / 1000)
      return bytes
    },
  }
}

export const top: Command = {
  summary: 'watch which threads or regions stall, and on what, live',
  usage: '[options] PID|URL',
  about: `Of a process, by its number, all threads: CPU time, instructions a cycle, stalls, misses, context
switches, migrations and page faults, as far as they can be counted here. It must be your own, or
you root. Of a program that serves its metrics, by its URL, the regions that it has named with
perf.region().

${LIVE_HELP}

${TARGET_HELP} A number alone is a process: a port is :PORT.`,
  options: {
    ...liveOptions(SORTS, 'readings'),
    ...EVENTS_OPTION,
    ...formatOption('text'),
    ...TARGET_OPTIONS,
  },
  examples: [
    { command: 'pmu top :9464', does: "a program's regions, the busiest first" },
    { command: 'pmu top :9464 --once --sort stalls', does: 'one interval, as text' },
    { command: 'pmu top 4711', does: 'the threads of a process' },
  ],
  positionals: { min: 1, max: 1 },
  run,
}
