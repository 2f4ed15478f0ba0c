// `nanotally top URL`: a target's metrics, live.
import type { Arguments, Command, Io } from './command.js'
import { FILTER_HELP, FILTER_OPTIONS, filtersOf } from './filters.js'
import { formatOf, formatOption, QUANTILE_HELP, readTarget } from './read.js'
import { parseTarget, requestSettings, TARGET_HELP, TARGET_OPTIONS } from './target.js'
import { LIVE_HELP, liveOptions, runLive, sortOf } from './top/live.js'
import { TopModel } from './top/model.js'
import { SERIES_TABLE } from './top/rows.js'
import { stallNote } from './top/stalls.js'

async function run(args: Arguments, io: Io): Promise<number> {
  const target = parseTarget(args.positionals[0] ?? '')
  sortOf(args, SERIES_TABLE.sorts)
  const request = requestSettings(args, target.url)
  const format = formatOf(args, 'text')
  const model = new TopModel(filtersOf(args))
  const live = {
    name: target.name,
    table: SERIES_TABLE,
    get rows() {
      return model.rows
    },
    get note() {
      return stallNote(model)
    },
    async read(signal: AbortSignal) {
      const { families, bytes } = await readTarget(target, { ...request, signal }, format)
      model.update(families, performance.now() / 1000)
      return bytes
    },
  }
  return runLive(live, args, io)
}

export const top: Command = {
  summary: 'watch rates, quantiles and stalled threads, live',
  usage: '[options] URL',
  about: `${LIVE_HELP} A target that dies is shown as
such, and watched on; one that is not there at first is an error.

${QUANTILE_HELP}

${TARGET_HELP}

${FILTER_HELP}`,
  options: {
    ...liveOptions(SERIES_TABLE.sorts, 'scrapes'),
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
